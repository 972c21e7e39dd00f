/* Who is sent where: apps and devices against the links that not all of them open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lead.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define WECHAT                                                                                                         \
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50"
#define WECOM WECHAT " wxwork/4.1"
#define IPHONE                                                                                                         \
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 "          \
    "Safari/604.1"
#define ANDROID "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36"
#define DESKTOP "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"
#define SCHEME "weixin://dl/business/?t=A"
#define URL_LINK "https://wxaurl.cn/A"

static struct lead lead_to(const char *url, const struct miniprogram *m, enum group_show show, const char *agent)
{
    struct group g = {.id = "g1",
                      .url = (char *)url,
                      .platform = platform_of_url(url),
                      .show = show,
                      .miniprogram = (struct miniprogram *)m};
    struct request r = {.method = HTTP_M_GET};
    if (agent)
        r.header[HTTP_H_USER_AGENT] = (struct span){agent, strlen(agent)};
    return lead_find(&g, &r);
}

static void test_wechat_leaves(void **state)
{
    static const struct {
        const char *url, *agent;
        enum lead_kind kind;
    } table[] = {
        {"https://t.me/+a", WECHAT, LEAD_VIEW},
        {"tg://join?invite=a", WECHAT, LEAD_VIEW},
        {"https://chat.whatsapp.com/a", WECHAT, LEAD_VIEW},
        {"https://discord.gg/a", WECHAT, LEAD_VIEW},
        {"mqqapi://card/a", WECHAT, LEAD_VIEW},
        {"https://qm.qq.com/q/a", WECHAT, LEAD_LINK},
        {"https://example.com/", WECHAT, LEAD_LINK},
        {"https://weixin.qq.com/g/a", WECHAT, LEAD_PAGE},
        {"https://t.me/+a", WECOM, LEAD_LINK},
        {"https://t.me/+a", IPHONE, LEAD_LINK},
        {"https://t.me/+a", ANDROID, LEAD_LINK},
        {"https://t.me/+a", DESKTOP, LEAD_LINK},
        {"https://t.me/+a", NULL, LEAD_LINK},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct lead lead = lead_to(table[i].url, NULL, GROUP_SHOW_AUTO, table[i].agent);
        assert_int_equal(lead.kind, table[i].kind);
        if (lead.kind == LEAD_VIEW)
            assert_int_equal(lead.view, LANDING_VIEW_LEAVE);
    }
    assert_int_equal(lead_to("https://t.me/+a", NULL, GROUP_SHOW_PAGE, WECHAT).kind, LEAD_PAGE);
}

static void test_miniprogram(void **state)
{
    static const struct miniprogram all = {
        .url_link = URL_LINK "B", .code = "https://a.b/code", .fallback_url = "https://a.b/"};
    static const struct miniprogram code = {.code = "https://a.b/code"};
    static const struct {
        const char *url;
        const struct miniprogram *m;
        const char *agent;
        enum lead_kind kind;
        enum landing_view view;
        const char *to;
    } table[] = {
        {SCHEME, &all, WECHAT, LEAD_URL, 0, URL_LINK "B"},
        {SCHEME, &code, WECHAT, LEAD_VIEW, LANDING_VIEW_PRESS, NULL},
        {SCHEME, NULL, WECHAT, LEAD_VIEW, LANDING_VIEW_LEAVE, NULL},
        {URL_LINK, NULL, WECHAT, LEAD_LINK, 0, NULL},
        {URL_LINK, &all, WECHAT, LEAD_URL, 0, URL_LINK "B"},
        {SCHEME, &all, IPHONE, LEAD_VIEW, LANDING_VIEW_OPEN, NULL},
        {SCHEME, NULL, ANDROID, LEAD_VIEW, LANDING_VIEW_OPEN, NULL},
        {SCHEME, NULL, WECOM, LEAD_VIEW, LANDING_VIEW_OPEN, NULL},
        {SCHEME, NULL, NULL, LEAD_VIEW, LANDING_VIEW_OPEN, NULL},
        {URL_LINK, NULL, IPHONE, LEAD_LINK, 0, NULL},
        {URL_LINK, &all, ANDROID, LEAD_LINK, 0, NULL},
        {SCHEME, &all, DESKTOP, LEAD_URL, 0, "https://a.b/"},
        {SCHEME, &code, DESKTOP, LEAD_VIEW, LANDING_VIEW_SCAN, NULL},
        {URL_LINK, NULL, DESKTOP, LEAD_VIEW, LANDING_VIEW_SCAN, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct lead lead = lead_to(table[i].url, table[i].m, GROUP_SHOW_AUTO, table[i].agent);
        assert_int_equal(lead.kind, table[i].kind);
        if (lead.kind == LEAD_VIEW)
            assert_int_equal(lead.view, table[i].view);
        if (lead.kind == LEAD_URL)
            assert_string_equal(lead.url, table[i].to);
    }
    assert_int_equal(lead_to(URL_LINK, NULL, GROUP_SHOW_PAGE, IPHONE).kind, LEAD_PAGE);
    assert_int_equal(lead_to(SCHEME, NULL, GROUP_SHOW_PAGE, IPHONE).kind, LEAD_VIEW);
    assert_int_equal(lead_to(SCHEME, NULL, GROUP_SHOW_REDIRECT, IPHONE).kind, LEAD_LINK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wechat_leaves), cmocka_unit_test(test_miniprogram)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
