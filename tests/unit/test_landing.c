/* The visitor's pages: within their size, nothing unescaped, one code that reads, hashes that fit, dates, languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "landing.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const char wechat_url[] = "https://weixin.qq.com/g/AwYAAJ5LQxyz12";

static int set_up(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    return landing_init();
}

/* The page as it is sent: with "Spring-Run" inserted at path_at. */
static char *whole(struct landing_page *p)
{
    char *out;
    assert_true(p->path_at <= p->len);
    assert_int_equal(strlen(p->html), p->len);
    assert_true(asprintf(&out, "%.*s%s%s", (int)p->path_at, p->html, p->path_at < p->len ? "Spring-Run" : "",
                         p->html + p->path_at) > 0);
    assert_true(strlen(out) < LANDING_PAGE_MAX);
    free(p->html);
    return out;
}

static struct campaign campaign_of(struct group *g, char *title)
{
    return (struct campaign){.slug = "spring-run", .title = title, .enabled = true, .groups = g, .group_count = 1};
}

static char *group_page(char *title, char *name, const char *url, enum platform p, int64_t expires_at,
                        enum landing_language lang, enum landing_app app)
{
    struct group g = {.id = "g1", .name = name, .url = (char *)url, .platform = p, .expires_at = expires_at};
    struct campaign c = campaign_of(&g, title);
    struct landing_page page = {0};
    assert_int_equal(landing_group(&page, &c, 0, lang, app), 0);
    assert_true(page.path_at < page.len);
    return whole(&page);
}

static char *message_page(enum landing_message m, const struct campaign *c, enum landing_language lang)
{
    struct landing_page page = {0};
    assert_int_equal(landing_message(&page, m, c, lang), 0);
    assert_int_equal(page.path_at, page.len);
    return whole(&page);
}

static int count_of(const char *text, const char *what)
{
    int n = 0;
    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

static void assert_has(const char *page, const char *what)
{
    if (!strstr(page, what))
        fail_msg("not in the page: %s", what);
}

static void assert_lacks(const char *page, const char *what)
{
    if (strstr(page, what))
        fail_msg("in the page: %s", what);
}

/* The text between two marks has a hash that the Content-Security-Policy names. */
static void assert_hash_allowed(const char *page, const char *open, const char *close)
{
    const char *from = strstr(page, open);
    if (!from)
        return;
    from += strlen(open);
    const char *to = strstr(from, close);
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[64];
    crypto_hash_sha256(hash, (const unsigned char *)from, (size_t)(to - from));
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    assert_has(landing_csp(), text);
}

/* What every page has, and what none may have. */
static void assert_dressed(const char *page, enum landing_language lang)
{
    assert_memory_equal(page, "<!doctype html>\n", 16);
    assert_has(page, lang == LANDING_ZH ? "<html lang=\"zh-CN\">" : "<html lang=\"en\">");
    assert_has(page, "<meta name=\"viewport\" content=\"width=device-width");
    assert_has(page, "<meta name=\"robots\" content=\"noindex");
    assert_has(page, "<meta name=\"referrer\" content=\"no-referrer\">");
    assert_lacks(page, "{{");
    assert_lacks(page, "}}\n<");
    assert_lacks(page, " style=");
    assert_lacks(page, " onclick=");
    assert_int_equal(count_of(page, "<style>"), 1);
    assert_true(count_of(page, "<script") <= 1);
    assert_hash_allowed(page, "<style>", "</style>");
    assert_hash_allowed(page, "<script>", "</script>");
}

static void test_group_page(void **state)
{
    (void)state;
    for (enum landing_language lang = 0; lang < LANDING_LANGUAGES; lang++) {
        for (enum landing_app app = 0; app < LANDING_APPS; app++) {
            char *page = group_page("春季跑步群", "第 2 群", wechat_url, PLATFORM_WECHAT, 0, lang, app);
            assert_dressed(page, lang);
            assert_int_equal(count_of(page, "<img"), 1);
            assert_int_equal(count_of(page, "src=\"data:image/png;base64,"), 1);
            assert_has(page, "<base href=\"/Spring-Run/\">");
            assert_has(page, "<h1 dir=\"auto\">春季跑步群</h1>");
            assert_has(page, "第 2 群</p>");
            assert_has(page, "action=\"next\"");
            assert_has(page, "<noscript><form method=\"post\" action=\"seat\">");
            assert_lacks(page, "http://");
            assert_lacks(page, "https://");
            assert_lacks(page, "class=\"until\"");
            free(page);
        }
    }
}

static void test_what_to_do(void **state)
{
    static const struct {
        const char *url;
        enum platform platform;
        enum landing_app app;
        const char *zh, *en;
        bool save, open;
    } table[] = {
        {wechat_url, PLATFORM_WECHAT, LANDING_IN_WECHAT, "长按识别二维码进群", "Press and hold the code", false, false},
        {wechat_url, PLATFORM_WECHAT, LANDING_ELSEWHERE, "保存图片，用微信扫一扫", "scan it in WeChat", true, false},
        {"https://work.weixin.qq.com/gm/0a", PLATFORM_WECOM, LANDING_IN_WECHAT, "长按识别二维码进群",
         "Press and hold the code", false, false},
        {"https://work.weixin.qq.com/gm/0a", PLATFORM_WECOM, LANDING_ELSEWHERE, "用企业微信或微信扫一扫",
         "scan it in WeCom or WeChat", true, false},
        {"https://qm.qq.com/q/a", PLATFORM_QQ, LANDING_ELSEWHERE, "打开 QQ 进群", "Open in QQ", false, true},
        {"mqqapi://card/a", PLATFORM_QQ, LANDING_ELSEWHERE, "打开 QQ 进群", "Open in QQ", false, true},
        {"mqqapi://card/a", PLATFORM_QQ, LANDING_IN_WECHAT, "在浏览器打开", "open in your browser", false, false},
        {"https://t.me/+a", PLATFORM_TELEGRAM, LANDING_IN_WECHAT, "在浏览器打开", "open in your browser", false, false},
        {"tg://join?invite=a", PLATFORM_TELEGRAM, LANDING_ELSEWHERE, "打开 Telegram", "Open in Telegram", false, true},
        {"weixin://dl/business/?t=A", PLATFORM_MINIPROGRAM, LANDING_ELSEWHERE, "打开小程序", "mini program", false,
         true},
        {"https://wxaurl.cn/A", PLATFORM_MINIPROGRAM, LANDING_IN_WECHAT, "打开小程序", "mini program", false, true},
        {"https://example.com/a", PLATFORM_WEB, LANDING_IN_WECHAT, "打开链接", "Open the link", false, true},
        {"javascript:alert(1)", PLATFORM_WEB, LANDING_ELSEWHERE, "扫码", "Scan the code", false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        for (enum landing_language lang = 0; lang < LANDING_LANGUAGES; lang++) {
            char href[128];
            char *page = group_page("t", "n", table[i].url, table[i].platform, 0, lang, table[i].app);
            assert_has(page, lang == LANDING_ZH ? table[i].zh : table[i].en);
            assert_int_equal(count_of(page, "id=\"save\""), table[i].save);
            snprintf(href, sizeof href, "<a class=\"button\" href=\"%s\">", table[i].url);
            assert_int_equal(count_of(page, href), table[i].open);
            assert_lacks(page, "javascript:");
            free(page);
        }
    }
}

static void test_code_reads(void **state)
{
    static const char png_mark[] = "base64,";
    static char long_url[2049] = "https://example.com/";
    char path[] = "/tmp/huoma-landing-XXXXXX", command[128], got[4096];

    (void)state;
    for (size_t i = strlen(long_url); i < sizeof long_url - 1; i++)
        long_url[i] = (char)('a' + (i * 11 + i / 7) % 26);
    const char *const urls[] = {wechat_url, "https://t.me/+a", long_url};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        char *page = group_page("t", "n", urls[i], PLATFORM_WECHAT, 0, LANDING_ZH, LANDING_IN_WECHAT);
        int side = atoi(strstr(page, "width=\"") + 7);
        assert_in_range(side, 240, 280);
        unsigned char png[8192];
        size_t len;
        const char *base64 = strstr(page, png_mark) + sizeof png_mark - 1;
        assert_int_equal(sodium_base642bin(png, sizeof png, base64, strcspn(base64, "\""), NULL, &len, NULL,
                                           sodium_base64_VARIANT_ORIGINAL),
                         0);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, png, len, 0), len);
        snprintf(command, sizeof command, "zbarimg -q --raw -Sdisable -Sqrcode.enable %s 2>/dev/null", path);
        FILE *f = popen(command, "r");
        assert_non_null(fgets(got, sizeof got, f));
        assert_int_equal(pclose(f), 0);
        got[strcspn(got, "\n")] = '\0';
        assert_string_equal(got, urls[i]);
        free(page);
    }
    close(fd);
    unlink(path);
}

static void fill(char *out, const char *character, size_t times)
{
    *out = '\0';
    for (size_t i = 0; i < times; i++, out += strlen(character))
        strcpy(out, character);
}

/* The largest of everything, and each text made of what grows most when it is escaped. */
static void test_largest_pages(void **state)
{
    static const char *const characters[] = {"\"", "&", "<", "😀", "活", "a"};
    static char title[801], name[401], text[8001], url[2049];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(characters); i++) {
        fill(title, characters[i], CAMPAIGN_TITLE_MAX);
        fill(name, characters[i], GROUP_NAME_MAX);
        fill(text, characters[i], CAMPAIGN_TEXT_MAX);
        for (enum platform p = 0; p < PLATFORM_COUNT; p++) {
            for (int noise = 0; noise < 2; noise++) {
                strcpy(url, "https://example.com/?");
                for (size_t k = strlen(url); k < sizeof url - 1; k++)
                    url[k] = noise ? (char)('!' + (k * k + k / 3) % 94) : '&';
                for (enum landing_app app = 0; app < LANDING_APPS; app++) {
                    char *page = group_page(title, name, url, p, 1796000000, LANDING_EN, app);
                    assert_dressed(page, LANDING_EN);
                    free(page);
                }
            }
        }
        struct campaign c = campaign_of(NULL, title);
        c.fallback_text = text;
        c.starts_at = 1796000000;
        for (enum landing_message m = 0; m < LANDING_MESSAGES; m++) {
            char *page = message_page(m, &c, LANDING_ZH);
            assert_dressed(page, LANDING_ZH);
            free(page);
        }
        c.fallback_contact = url;
        char *contact = message_page(LANDING_FULL, &c, LANDING_EN);
        assert_dressed(contact, LANDING_EN);
        free(contact);
        struct landing_page page = {0};
        assert_int_equal(landing_tap(&page, &c, LANDING_EN), 0);
        free(whole(&page));
        assert_int_equal(landing_preview(&page, &c, "https://q.example.com", LANDING_EN), 0);
        free(whole(&page));
    }
}

static void test_cut(void **state)
{
    static char text[8001];
    struct campaign c = campaign_of(NULL, "t");

    (void)state;
    fill(text, "😀", CAMPAIGN_TEXT_MAX);
    c.fallback_text = text;
    char *page = message_page(LANDING_FULL, &c, LANDING_ZH);
    assert_true(strstr(page, "😀😀</p>") || strstr(page, "😀…</p>"));
    assert_true(count_of(page, "😀") >= 1000);
    free(page);
    fill(text, "\"", CAMPAIGN_TEXT_MAX);
    page = message_page(LANDING_FULL, &c, LANDING_ZH);
    assert_has(page, "&#34;…</p>");
    free(page);
}

static void test_hostile_text(void **state)
{
    static char bad[] = "</title><script>alert('x')</script><img src=x onerror=\"a\">&amp;\x01\x7f\x1b";
    static const char shown[] = "&lt;/title&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&lt;img src=x "
                                "onerror=&#34;a&#34;&gt;&amp;amp;   ";
    struct campaign c = campaign_of(NULL, bad);
    struct landing_page page = {0};
    char *pages[5];

    (void)state;
    c.fallback_text = bad;
    pages[0] =
        group_page(bad, bad, "https://example.com/?a=\"><script>&b='", PLATFORM_WEB, 0, LANDING_ZH, LANDING_ELSEWHERE);
    assert_int_equal(count_of(pages[0], shown), 3);
    assert_has(pages[0], "href=\"https://example.com/?a=&#34;&gt;&lt;script&gt;&amp;b=&#39;\"");
    pages[1] = message_page(LANDING_FULL, &c, LANDING_EN);
    assert_int_equal(count_of(pages[1], shown), 2);
    assert_int_equal(landing_tap(&page, &c, LANDING_EN), 0);
    pages[2] = whole(&page);
    assert_int_equal(landing_preview(&page, &c, "https://q.example.com", LANDING_EN), 0);
    pages[3] = whole(&page);
    assert_int_equal(count_of(pages[3], shown), 3);
    pages[4] = group_page("\xf0\x9f", "\xff\xfe\xc3", wechat_url, PLATFORM_WECHAT, 0, LANDING_ZH, LANDING_ELSEWHERE);
    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        assert_lacks(pages[i], "<script>alert");
        assert_lacks(pages[i], "onerror=\"");
        assert_dressed(pages[i], i == 0 || i == 4 ? LANDING_ZH : LANDING_EN);
        free(pages[i]);
    }
}

static void test_dates(void **state)
{
    static const struct {
        int64_t at;
        const char *zh, *en;
    } table[] = {
        {1795939200, "有效期至 11 月 29 日<", "Valid until 29 Nov<"}, /* 29 Nov 16:00 there */
        {1795881601, "有效期至 11 月 29 日<", "Valid until 29 Nov<"}, /* one second into it */
        {1795881600, "有效期至 11 月 28 日<", "Valid until 28 Nov<"}, /* midnight: the day before is the last */
        {1798732800, "有效期至 12 月 31 日<", "Valid until 31 Dec<"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char *zh = group_page("t", "n", wechat_url, PLATFORM_WECHAT, table[i].at, LANDING_ZH, LANDING_IN_WECHAT);
        char *en = group_page("t", "n", wechat_url, PLATFORM_WECHAT, table[i].at, LANDING_EN, LANDING_IN_WECHAT);
        assert_has(zh, table[i].zh);
        assert_has(en, table[i].en);
        free(zh);
        free(en);
    }
    struct campaign c = campaign_of(NULL, "t");
    c.starts_at = 1795939200;
    char *zh = message_page(LANDING_NOT_BEGUN, &c, LANDING_ZH), *en = message_page(LANDING_NOT_BEGUN, &c, LANDING_EN);
    assert_has(zh, "11 月 29 日 16:00 开始");
    assert_has(en, "Begins 29 Nov, 16:00");
    free(zh);
    free(en);
    /* A year that the C library cannot write is left out. */
    free(group_page("t", "n", wechat_url, PLATFORM_WECHAT, INT64_MAX, LANDING_EN, LANDING_IN_WECHAT));
}

static void test_messages(void **state)
{
    static const struct {
        enum landing_message m;
        const char *zh, *en;
    } table[] = {
        {LANDING_NOT_FOUND, "没有找到这个码", "not found"}, {LANDING_OFF, "暂时停用", "Stopped"},
        {LANDING_NOT_BEGUN, "还没有开始", "Not open yet"},  {LANDING_ENDED, "已经结束", "ended"},
        {LANDING_FULL, "这一批群都满了", "full"},           {LANDING_BUSY, "稍等", "One moment"},
        {LANDING_BAD_REQUEST, "请再扫一次", "scan"},        {LANDING_WAITING_FULL, "排队的人太多了", "line is full"},
    };

    (void)state;
    assert_int_equal(COUNT_OF(table), LANDING_MESSAGES);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char *zh = message_page(table[i].m, NULL, LANDING_ZH), *en = message_page(table[i].m, NULL, LANDING_EN);
        bool busy = table[i].m == LANDING_BUSY;
        assert_dressed(zh, LANDING_ZH);
        assert_dressed(en, LANDING_EN);
        assert_has(zh, table[i].zh);
        assert_has(en, table[i].en);
        assert_lacks(zh, "<base");
        assert_lacks(zh, "<img");
        assert_int_equal(count_of(zh, "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>"), busy);
        assert_int_equal(count_of(zh, "id=\"wait\""), busy);
        assert_int_equal(count_of(en, "<script>"), busy);
        free(zh);
        free(en);
    }
    struct campaign c = campaign_of(NULL, "");
    c.fallback_text = "加管理员微信 abc\n备注：跑步";
    char *page = message_page(LANDING_FULL, &c, LANDING_ZH);
    assert_has(page, "加管理员微信 abc\n备注：跑步</p>");
    assert_has(page, "spring-run</p>"); /* without a title, the slug */
    free(page);
}

static void test_contact(void **state)
{
    struct campaign c = campaign_of(NULL, "Run");

    (void)state;
    c.fallback_contact = (char *)wechat_url;
    for (enum landing_language lang = 0; lang < LANDING_LANGUAGES; lang++) {
        char *full = message_page(LANDING_FULL, &c, lang), *off = message_page(LANDING_OFF, &c, lang);
        assert_dressed(full, lang);
        assert_int_equal(count_of(full, "<img "), 1);
        assert_has(full, "src=\"data:image/png;base64,");
        assert_has(full, lang == LANDING_ZH ? "或添加管理员" : "Or add the organiser");
        assert_lacks(off, "<img");
        free(full);
        free(off);
    }
}

static void test_list(void **state)
{
    struct group g[] = {
        {.id = "g1",
         .name = "A & B",
         .url = (char *)wechat_url,
         .platform = PLATFORM_WECHAT,
         .limit = 5,
         .enabled = true},
        {.id = "g2", .name = "off", .url = "https://a.b/off", .limit = 5},
        {.id = "g3", .name = "over", .url = "https://a.b/over", .limit = 5, .enabled = true, .expires_at = 100},
        {.id = "g4", .name = "closed", .url = "https://a.b/closed", .enabled = true},
        {.id = "g5", .name = "web", .url = "https://a.b/?c&d", .limit = -1, .enabled = true, .expires_at = 101},
    };
    struct campaign c = campaign_of(g, "<Run>");
    struct landing_page page = {0};

    (void)state;
    c.group_count = COUNT_OF(g);
    c.fallback_url = "https://a.b/full";
    assert_int_equal(landing_list(&page, &c, 100, LANDING_ZH), 0);
    assert_int_equal(page.path_at, page.len);
    char *zh = whole(&page);
    assert_dressed(zh, LANDING_ZH);
    assert_has(zh, "&lt;Run&gt;</h1>");
    assert_has(zh, "A &amp; B</b><i>微信群</i>");
    assert_has(zh, wechat_url);
    assert_has(zh, "https://a.b/?c&amp;d</p>");
    assert_has(zh, "https://a.b/full</p>");
    assert_has(zh, "不占名额");
    assert_lacks(zh, "https://a.b/off");
    assert_lacks(zh, "https://a.b/over");
    assert_lacks(zh, "https://a.b/closed");
    assert_int_equal(count_of(zh, "<a "), 1);
    assert_int_equal(count_of(zh, "href=\"/spring-run\""), 1);
    assert_lacks(zh, "<img");
    free(zh);
    c.fallback_url = NULL;
    assert_int_equal(landing_list(&page, &c, 200, LANDING_EN), 0);
    char *en = whole(&page);
    assert_has(en, "https://weixin.qq.com/");
    assert_lacks(en, "https://a.b/");
    free(en);
    g[0].enabled = false;
    assert_int_equal(landing_list(&page, &c, 200, LANDING_EN), 0);
    char *none = whole(&page);
    assert_has(none, "No group is open");
    assert_lacks(none, "<ul");
    free(none);
}

static void test_long_list(void **state)
{
    static const char *const characters[] = {"\"", "😀", "a"};
    static char title[801], name[401], url[2049];
    struct group g[LANDING_LIST_MAX + 7];
    struct campaign c = campaign_of(g, title);
    struct landing_page page = {0};

    (void)state;
    c.group_count = COUNT_OF(g);
    strcpy(url, "https://a.b/?");
    memset(url + strlen(url), '&', sizeof url - 1 - strlen(url));
    c.fallback_url = url;
    for (size_t i = 0; i < COUNT_OF(characters); i++) {
        fill(title, characters[i], CAMPAIGN_TITLE_MAX);
        fill(name, characters[i], GROUP_NAME_MAX);
        for (size_t k = 0; k < COUNT_OF(g); k++)
            g[k] = (struct group){.id = "g", .name = name, .url = url, .limit = -1, .enabled = true};
        assert_int_equal(landing_list(&page, &c, 100, LANDING_EN), 0);
        char *list = whole(&page);
        assert_dressed(list, LANDING_EN);
        assert_has(list, "and 7 more");
        assert_int_equal(count_of(list, "<li>"), LANDING_LIST_MAX + 1);
        free(list);
    }
}

static char *view_page(struct group *g, enum landing_language lang, enum landing_view view)
{
    struct campaign c = campaign_of(g, "Run");
    struct landing_page page = {0};
    assert_int_equal(landing_view(&page, &c, 0, "https://q.example.com", lang, view), 0);
    char *html = whole(&page);
    assert_dressed(html, lang);
    assert_has(html, "<base href=\"/Spring-Run/\">");
    return html;
}

static void test_views(void **state)
{
    struct miniprogram m = {.code = "https://a.b/code"};
    struct group program = {.id = "g1",
                            .name = "n",
                            .url = "weixin://dl/business/?appid=a&path=b",
                            .platform = PLATFORM_MINIPROGRAM,
                            .miniprogram = &m};
    struct group telegram = {.id = "g1", .name = "n", .url = "https://t.me/+a&b", .platform = PLATFORM_TELEGRAM};

    (void)state;
    for (enum landing_language lang = 0; lang < LANDING_LANGUAGES; lang++) {
        bool zh = lang == LANDING_ZH;
        char *leave = view_page(&telegram, lang, LANDING_VIEW_LEAVE);
        assert_has(leave, "dir=\"ltr\">https://t.me/+a&amp;b</p>");
        assert_has(leave, zh ? "在浏览器打开" : "open in your browser");
        assert_lacks(leave, "<img");
        assert_lacks(leave, "<script");
        assert_lacks(leave, "<form");
        free(leave);
        leave = view_page(&program, lang, LANDING_VIEW_LEAVE);
        assert_has(leave, "dir=\"ltr\">https://q.example.com/spring-run</p>");
        free(leave);
        char *press = view_page(&program, lang, LANDING_VIEW_PRESS),
             *scan = view_page(&program, lang, LANDING_VIEW_SCAN);
        assert_has(press, zh ? "长按识别二维码，打开小程序" : "Press and hold");
        assert_has(scan, zh ? "用手机扫一扫" : "with your phone");
        assert_int_equal(count_of(press, "<img "), 1);
        assert_int_equal(count_of(scan, "<img "), 1);
        assert_int_equal(count_of(press, "class=\"button\" href"), 0);
        free(press);
        free(scan);
        char *open = view_page(&program, lang, LANDING_VIEW_OPEN);
        assert_has(open, "id=\"open\" href=\"weixin://dl/business/?appid=a&amp;path=b\">");
        assert_has(open, zh ? "打开小程序" : "Open the mini program");
        assert_lacks(open, "<img");
        assert_has(open, "iPhone|iPad|iPod");
        free(open);
    }
}

static void test_largest_views(void **state)
{
    static char title[801], name[401], url[2049];
    struct group g = {.id = "g1", .name = name, .url = url, .platform = PLATFORM_MINIPROGRAM};
    struct campaign c = campaign_of(&g, title);
    struct landing_page page = {0};

    (void)state;
    fill(title, "\"", CAMPAIGN_TITLE_MAX);
    fill(name, "&", GROUP_NAME_MAX);
    strcpy(url, "weixin://dl/business/?t=");
    memset(url + strlen(url), '&', sizeof url - 1 - strlen(url));
    for (enum landing_view view = 0; view < LANDING_VIEWS; view++) {
        assert_int_equal(landing_view(&page, &c, 0, "https://q.example.com", LANDING_EN, view), 0);
        free(whole(&page));
    }
}

static void test_tap_and_preview(void **state)
{
    struct group g = {
        .id = "g1", .name = "n", .url = "https://chat.whatsapp.com/SECRET", .platform = PLATFORM_WHATSAPP};
    struct campaign c = campaign_of(&g, "Spring & run");
    struct landing_page page = {0};

    (void)state;
    assert_int_equal(landing_tap(&page, &c, LANDING_ZH), 0);
    char *tap = whole(&page);
    assert_dressed(tap, LANDING_ZH);
    assert_lacks(tap, "<base");
    assert_has(tap, "<form method=\"post\"><button class=\"button\">我要进群</button>");
    assert_lacks(tap, "SECRET");
    assert_lacks(tap, "<script");
    free(tap);
    assert_int_equal(landing_preview(&page, &c, "https://q.example.com/x", LANDING_EN), 0);
    char *preview = whole(&page);
    assert_dressed(preview, LANDING_EN);
    assert_has(preview, "<meta property=\"og:title\" content=\"Spring &amp; run\">");
    assert_has(preview, "<meta property=\"og:type\" content=\"website\">");
    assert_has(preview, "<meta property=\"og:url\" content=\"https://q.example.com/x/spring-run\">");
    assert_has(preview, "<meta property=\"og:description\" content=\"");
    assert_lacks(preview, "SECRET");
    free(preview);
}

/* text, count times; malloc'd. */
static char *repeated(const char *text, size_t count)
{
    size_t len = strlen(text);
    char *out = malloc(len * count + 1);
    assert_non_null(out);
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * len, text, len);
    out[len * count] = '\0';
    return out;
}

static char *waiting_page(const struct campaign *c, bool place, enum landing_language lang)
{
    struct landing_page page = {0};
    struct landing_contact k;
    assert_int_equal(landing_contact_draw(&k, c), 0);
    int failed = place ? landing_place(&page, c, &k, 2, true, lang) : landing_join(&page, c, &k, "\"><b>", lang);
    free(k.png);
    assert_int_equal(failed, 0);
    assert_int_equal(page.path_at, page.len);
    return whole(&page);
}

static void test_waiting_list(void **state)
{
    struct campaign c = campaign_of(NULL, "<Run>");

    (void)state;
    c.waiting = (struct waiting_list){.ask = WAITING_NICKNAME, .promise_seconds = 7200, .limit = 5};
    for (enum landing_language lang = 0; lang < LANDING_LANGUAGES; lang++) {
        char *join = waiting_page(&c, false, lang), *place = waiting_page(&c, true, lang);
        assert_dressed(join, lang);
        assert_dressed(place, lang);
        assert_has(join, "&lt;Run&gt;");
        assert_has(join, "<label for=\"name\">");
        assert_has(join, "role=\"alert\"");
        assert_has(place, lang == LANDING_ZH ? ">第 3 位</h1>" : ">Number 3</h1>");
        assert_has(place, lang == LANDING_ZH ? ">前面还有 2 人</p>" : ">2 before you</p>");
        assert_has(place, lang == LANDING_ZH ? "2 小时" : "2 h");
        assert_has(place, "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>");
        free(join);
        free(place);
    }
}

static void test_largest_waiting_list(void **state)
{
    char *title = repeated("活\"", CAMPAIGN_TITLE_MAX / 2), *text = repeated("<群", CAMPAIGN_TEXT_MAX / 2);
    char *privacy = repeated("&私", WAITING_PRIVACY_MAX / 2), *contact = repeated("a", 1400);
    struct campaign c = campaign_of(NULL, title);

    (void)state;
    memcpy(contact, "https://", 8);
    c.fallback_text = text;
    c.fallback_contact = contact;
    c.waiting = (struct waiting_list){.ask = WAITING_NUMBER, .promise_seconds = 60, .limit = 5, .privacy = privacy};
    for (enum landing_language lang = 0; lang < LANDING_LANGUAGES; lang++) {
        free(waiting_page(&c, false, lang));
        free(waiting_page(&c, true, lang));
    }
    free(title);
    free(text);
    free(privacy);
    free(contact);
}

/* Every kind of page, with the way to report abuse. */
static void test_report(void **state)
{
    struct group g = {.id = "g1", .name = (char *)"G", .url = (char *)wechat_url, .platform = PLATFORM_WECHAT};
    struct campaign c = campaign_of(&g, (char *)"Run");
    struct landing_contact none = {0};
    struct landing_page p;
    char *pages[LANDING_MESSAGES + LANDING_VIEWS + 8];
    size_t count = 0;

    (void)state;
    landing_report_to("mailto:abuse@example.com?cc=a'b@example.com");
    for (int m = 0; m < LANDING_MESSAGES; m++)
        pages[count++] = message_page((enum landing_message)m, &c, LANDING_EN);
    for (int v = 0; v < LANDING_VIEWS; v++) {
        assert_int_equal(landing_view(&p, &c, 0, "https://q.example", LANDING_EN, (enum landing_view)v), 0);
        pages[count++] = whole(&p);
    }
    pages[count++] =
        group_page((char *)"Run", (char *)"G", wechat_url, PLATFORM_WECHAT, 0, LANDING_EN, LANDING_IN_WECHAT);
    assert_int_equal(landing_tap(&p, &c, LANDING_EN), 0);
    pages[count++] = whole(&p);
    assert_int_equal(landing_preview(&p, &c, "https://q.example", LANDING_EN), 0);
    pages[count++] = whole(&p);
    assert_int_equal(landing_list(&p, &c, 0, LANDING_EN), 0);
    pages[count++] = whole(&p);
    assert_int_equal(landing_join(&p, &c, &none, NULL, LANDING_EN), 0);
    pages[count++] = whole(&p);
    assert_int_equal(landing_place(&p, &c, &none, 3, false, LANDING_EN), 0);
    pages[count++] = whole(&p);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(count_of(pages[i],
                                  "<a class=\"report\" href=\"mailto:abuse@example.com?cc=a&#39;b@example.com&amp;"
                                  "subject=Report%3A%20spring-run\">Report abuse</a>"),
                         1);
        free(pages[i]);
    }
    landing_report_to("mailto:abuse@example.com");
    char *page = message_page(LANDING_NOT_FOUND, NULL, LANDING_ZH);
    assert_has(page, "<a class=\"report\" href=\"mailto:abuse@example.com\">\xe4\xb8\xbe\xe6\x8a\xa5</a>");
    free(page);
    page = message_page(LANDING_OFF, &c, LANDING_ZH);
    assert_has(page, "?subject=%E4%B8%BE%E6%8A%A5%EF%BC%9Aspring-run\">");
    free(page);
    landing_report_to("https://example.com/abuse?a=1&b=2");
    page = message_page(LANDING_OFF, &c, LANDING_EN);
    assert_has(page, "href=\"https://example.com/abuse?a=1&amp;b=2\">");
    free(page);
    landing_report_to("");
    page = message_page(LANDING_OFF, &c, LANDING_EN);
    assert_lacks(page, "class=\"report\"");
    free(page);
}

static void test_csp(void **state)
{
    const char *csp = landing_csp();

    (void)state;
    assert_memory_equal(csp, "default-src 'none'; ", 20);
    assert_has(csp, "img-src data:;");
    assert_has(csp, "connect-src 'self';");
    assert_has(csp, "base-uri 'self';");
    assert_has(csp, "frame-ancestors 'none'");
    assert_lacks(csp, "unsafe");
    assert_lacks(csp, "http");
    assert_int_equal(count_of(csp, "'sha256-"), 12);
    assert_int_equal(strcspn(csp, "\r\n"), strlen(csp));
}

static void test_languages(void **state)
{
    enum { ZH = LANDING_ZH, EN = LANDING_EN, FALLBACK = -1 };
    static const struct {
        const char *value;
        int want;
    } table[] = {
        {NULL, FALLBACK},
        {"", FALLBACK},
        {"zh-CN,zh;q=0.9,en;q=0.8", ZH},
        {"en-US,en;q=0.9,zh;q=0.8", EN},
        {"en;q=0.3, zh-Hant-TW;q=0.7", ZH},
        {"fr-FR, en;q=0.1", EN},
        {"fr", FALLBACK},
        {"fr, *;q=0.5", FALLBACK},
        {"*", FALLBACK},
        {"*, en;q=0.1", ZH},
        {"en;q=0, *", ZH},
        {"zh;q=0", FALLBACK},
        {"zh;q=0, en;q=0.001", EN},
        {"EN", EN},
        {"ZH-cn", ZH},
        {"en , zh", EN},
        {"zh,en", ZH},
        {"\ten;q=0.9 ,\tzh ; q=1.0", ZH},
        {"english", FALLBACK},
        {"zho", FALLBACK},
        {"en;q=2, zh;q=0.1", ZH},
        {"en;q=1.001, zh;q=0.1", ZH},
        {"en;q=0.1234, zh;q=0.001", ZH},
        {"en;q=, zh;q=0.1", ZH},
        {"en;level=1, zh;q=0.1", ZH},
        {",,,en", EN},
        {";;;,=,q", FALLBACK},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        for (int fallback = 0; fallback < LANDING_LANGUAGES; fallback++) {
            int want = table[i].want == FALLBACK ? fallback : table[i].want;
            size_t len = table[i].value ? strlen(table[i].value) : 0;
            char *exact = len ? memcpy(malloc(len), table[i].value, len) : NULL; /* no NUL to lean on */
            if ((int)landing_language_of(exact, len, (enum landing_language)fallback) != want)
                fail_msg("Accept-Language: %s", table[i].value);
            free(exact);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_page),    cmocka_unit_test(test_what_to_do),
        cmocka_unit_test(test_code_reads),    cmocka_unit_test(test_largest_pages),
        cmocka_unit_test(test_cut),           cmocka_unit_test(test_hostile_text),
        cmocka_unit_test(test_dates),         cmocka_unit_test(test_messages),
        cmocka_unit_test(test_contact),       cmocka_unit_test(test_list),
        cmocka_unit_test(test_long_list),     cmocka_unit_test(test_views),
        cmocka_unit_test(test_largest_views), cmocka_unit_test(test_tap_and_preview),
        cmocka_unit_test(test_waiting_list),  cmocka_unit_test(test_largest_waiting_list),
        cmocka_unit_test(test_report),        cmocka_unit_test(test_csp),
        cmocka_unit_test(test_languages),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
