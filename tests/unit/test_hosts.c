/* Where links may lead: hosts as they are compared, patterns, and what of a campaign leads elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "campaign.h"
#include "hosts.h"
#include "trouble.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const char list[][PLATFORM_HOST_MAX + 1] = {"example.com", "*.example.org", "[2001:db8::1]", "tg:", "127.0.0.1"};
static const struct allowed_hosts some = {list, COUNT_OF(list)}, all = {NULL, 0};

static const struct {
    const char *url, *host;
    bool allowed;
} links[] = {
    {"https://example.com", "example.com", true},
    {"http://EXAMPLE.com:8080/x?a#b", "example.com", true},
    {"https://example.com./", "example.com", true},
    {"https://www.example.com/", "www.example.com", false},
    {"https://example.com.evil.net/", "example.com.evil.net", false},
    {"https://evil.net/https://example.com/", "evil.net", false},
    {"https://evil.net?example.com", "evil.net", false},
    {"https://evil.net#.example.org", "evil.net", false},
    {"https://a.example.org", "a.example.org", true},
    {"https://a.b.EXAMPLE.org/", "a.b.example.org", true},
    {"https://example.org/", "example.org", false},
    {"https://badexample.org/", "badexample.org", false},
    {"http://[2001:db8::1]:81/", "[2001:db8::1]", true},
    {"http://[2001:db8::2]/", "[2001:db8::2]", false},
    {"http://127.0.0.1/", "127.0.0.1", true},
    {"tg://join?invite=AbC", "tg:", true},
    {"TG:join?invite=AbC", "tg:", true},
    {"mqqapi://card/example.com", "mqqapi:", false},
    {"weixin://dl/business/?t=example.com", "weixin:", false},
};

static void links_are_compared_by_their_host(void **state)
{
    char host[PLATFORM_HOST_MAX + 1];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(links); i++) {
        if (hosts_allow(&some, links[i].url, host) != links[i].allowed)
            fail_msg("%s is%s allowed", links[i].url, links[i].allowed ? " not" : "");
        assert_string_equal(host, links[i].host);
        assert_true(hosts_allow(&all, links[i].url, host));
    }
}

static void what_leads_elsewhere_is_marked_and_named(void **state)
{
    struct miniprogram m = {.code = (char *)"https://evil.net/code"};
    struct group groups[] = {{.id = "g1", .url = (char *)"https://example.com/1", .enabled = true},
                             {.id = "g2", .url = (char *)"tg:x", .enabled = true, .miniprogram = &m},
                             {.id = "g3", .enabled = false}};
    struct campaign c = {.enabled = true, .groups = groups, .group_count = 3};
    char field[64], host[PLATFORM_HOST_MAX + 1];

    (void)state;
    assert_false(campaign_find_barred(&c, &all, field, sizeof field, host));
    assert_true(campaign_find_barred(&c, &some, field, sizeof field, host));
    assert_string_equal(field, "groups[1].miniprogram.code");
    assert_string_equal(host, "evil.net");
    campaign_bar_hosts(&c, &some);
    assert_true(!groups[0].barred && groups[1].barred && !groups[2].barred && !c.only_barred);
    groups[0].enabled = false;
    campaign_bar_hosts(&c, &some);
    assert_true(c.only_barred);
    groups[0].enabled = true;
    assert_false(group_admits(&groups[1], 1000));
    assert_int_equal(group_state(&groups[1], NULL, 1000), GROUP_OFF);
    groups[1].miniprogram = NULL;
    campaign_bar_hosts(&c, &some);
    assert_true(group_admits(&groups[1], 1000));
    c.fallback_url = (char *)"https://example.com/full";
    c.fallback_contact = (char *)"https://u.wechat.com/x";
    assert_true(campaign_find_barred(&c, &some, field, sizeof field, host));
    assert_string_equal(field, "fallback.contact");
    campaign_bar_hosts(&c, &some);
    assert_string_equal(campaign_fallback_url(&c), c.fallback_url);
    assert_null(campaign_fallback_contact(&c));
    campaign_bar_hosts(&c, &all);
    assert_string_equal(campaign_fallback_contact(&c), c.fallback_contact);
}

static void it_is_a_trouble_while_the_group_is_on(void **state)
{
    struct group groups[] = {{.id = "g1", .url = (char *)"https://evil.net/", .enabled = true, .limit = 5},
                             {.id = "g2", .url = (char *)"https://example.com/", .enabled = true, .limit = 5}};
    struct campaign c = {.enabled = true, .groups = groups, .group_count = 2};

    (void)state;
    campaign_bar_hosts(&c, &some);
    struct campaign_trouble t = campaign_trouble_of(&c, NULL, 1000);
    assert_true(t.severity == SEVERITY_STOPPED && t.barred == 1 && t.first_barred == 0 && t.stopped == TROUBLE_NONE);
    groups[1].enabled = false;
    t = campaign_trouble_of(&c, NULL, 1000);
    assert_true(t.severity == SEVERITY_STOPPED && t.barred == 1 && t.stopped == TROUBLE_NONE);
    groups[0].enabled = false;
    t = campaign_trouble_of(&c, NULL, 1000);
    assert_true(t.barred == 0 && t.stopped == TROUBLE_CLOSED);
    groups[1].enabled = true;
    c.fallback_url = (char *)"https://evil.net/";
    campaign_bar_hosts(&c, &some);
    t = campaign_trouble_of(&c, NULL, 1000);
    assert_true(t.severity == SEVERITY_WARNING && t.fallback_barred);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_compared_by_their_host),
        cmocka_unit_test(what_leads_elsewhere_is_marked_and_named),
        cmocka_unit_test(it_is_a_trouble_while_the_group_is_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
