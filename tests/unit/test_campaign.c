/* Campaigns and groups as structs: states at a moment, names that are allowed, copies, look-up by id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>

#include "campaign.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* A campaign of n groups with ids g1 ... in falling order. */
static struct campaign *make_campaign(size_t n)
{
    struct campaign *c = campaign_new();

    assert_non_null(c);
    c->title = strdup("Spring run");
    c->fallback_text = strdup("later");
    c->groups = calloc(n ? n : 1, sizeof(*c->groups));
    c->group_count = n;
    for (size_t i = 0; i < n; i++) {
        group_init(&c->groups[i]);
        snprintf(c->groups[i].id, sizeof(c->groups[i].id), "g%d", (int)(n - i));
        c->groups[i].name = strdup("a name");
        c->groups[i].url = strdup("https://example.com/");
    }
    assert_int_equal(campaign_index_groups(c), 0);
    return c;
}

static void new_campaign_is_empty_and_enabled(void **state)
{
    struct campaign *c = campaign_new();

    (void)state;
    assert_true(c->enabled);
    assert_int_equal(c->strategy, CAMPAIGN_FILL);
    assert_int_equal(c->group_count, 0);
    assert_true(c->next_group == 1);
    assert_int_equal(campaign_find_group(c, "g1"), -1);
    assert_int_equal(campaign_index_groups(c), 0);
    assert_int_equal(campaign_find_group(c, "g1"), -1);
    campaign_free(c);
    campaign_free(NULL);
}

static void phases(void **state)
{
    static const struct {
        bool enabled;
        int64_t starts_at, ends_at, now;
        enum campaign_phase phase;
    } cases[] = {
        {true, 0, 0, 100, CAMPAIGN_RUNNING},   {false, 0, 0, 100, CAMPAIGN_OFF},
        {false, 0, 50, 100, CAMPAIGN_OFF},     {true, 100, 0, 99, CAMPAIGN_NOT_BEGUN},
        {true, 100, 0, 100, CAMPAIGN_RUNNING}, {true, 0, 100, 99, CAMPAIGN_RUNNING},
        {true, 0, 100, 100, CAMPAIGN_ENDED},   {true, 50, 100, 49, CAMPAIGN_NOT_BEGUN},
        {true, 50, 100, 75, CAMPAIGN_RUNNING}, {true, 50, 100, 101, CAMPAIGN_ENDED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct campaign c = {.enabled = cases[i].enabled, .starts_at = cases[i].starts_at, .ends_at = cases[i].ends_at};

        if (campaign_phase(&c, cases[i].now) != cases[i].phase)
            fail_msg("case %zu", i);
    }
}

static void states_of_a_group(void **state)
{
    static const struct {
        bool enabled;
        int64_t limit, expires_at, used;
        bool suspect;
        enum group_state state;
    } cases[] = {
        {true, -1, 0, 1000000, false, GROUP_OPEN}, {true, 10, 0, 9, false, GROUP_OPEN},
        {true, 10, 0, 10, false, GROUP_FULL},      {true, 10, 0, 11, false, GROUP_FULL},
        {true, 0, 0, 0, false, GROUP_FULL},        {true, 10, 101, 0, false, GROUP_OPEN},
        {true, 10, 100, 0, false, GROUP_EXPIRED},  {true, 10, 100, 10, false, GROUP_EXPIRED},
        {false, 10, 100, 10, true, GROUP_OFF},     {true, 10, 0, 9, true, GROUP_SUSPECT},
        {true, 10, 0, 10, true, GROUP_FULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct group g = {.enabled = cases[i].enabled, .limit = cases[i].limit, .expires_at = cases[i].expires_at};
        struct group_count n = {.used = cases[i].used, .suspect = cases[i].suspect};

        if (group_state(&g, &n, 100) != cases[i].state)
            fail_msg("case %zu: %d", i, (int)group_state(&g, &n, 100));
        assert_int_equal(group_admits(&g, 100), cases[i].state != GROUP_OFF && cases[i].state != GROUP_EXPIRED);
    }
}

static void state_without_counts(void **state)
{
    struct group g = {.enabled = true, .limit = 1};

    (void)state;
    assert_int_equal(group_state(&g, NULL, 100), GROUP_OPEN);
    g.limit = 0;
    assert_int_equal(group_state(&g, NULL, 100), GROUP_FULL);
}

static void shows_a_page_or_redirects(void **state)
{
    static const struct {
        enum platform platform;
        enum group_show show;
        bool page;
    } cases[] = {
        {PLATFORM_WECHAT, GROUP_SHOW_AUTO, true},      {PLATFORM_WECOM, GROUP_SHOW_AUTO, true},
        {PLATFORM_WEB, GROUP_SHOW_AUTO, false},        {PLATFORM_QQ, GROUP_SHOW_AUTO, false},
        {PLATFORM_WECHAT, GROUP_SHOW_REDIRECT, false}, {PLATFORM_WEB, GROUP_SHOW_PAGE, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct group g = {.platform = cases[i].platform, .show = cases[i].show};

        assert_int_equal(group_shows_page(&g), cases[i].page);
    }
}

static void asks_for_a_tap(void **state)
{
    struct campaign *c = make_campaign(2);

    (void)state;
    assert_false(campaign_asks_tap(c));
    c->confirm = CAMPAIGN_CONFIRM_TAP;
    assert_true(campaign_asks_tap(c));
    c->groups[0].show = GROUP_SHOW_PAGE;
    assert_true(campaign_asks_tap(c));
    c->groups[1].show = GROUP_SHOW_PAGE;
    assert_false(campaign_asks_tap(c));
    campaign_free(c);
}

static bool slug_ok(const char *s)
{
    return campaign_slug_valid(s, strlen(s));
}

static void names_that_are_allowed(void **state)
{
    static const char *const bad[] = {"",  "-a",      "A",   "a_b",    "a b",     "a.b",       "a/b",
                                      "é", "healthz", "api", "static", "metrics", "robots.txt"};
    char text[CAMPAIGN_SLUG_MAX + 2];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(slug_ok(bad[i]));
    assert_true(slug_ok("a") && slug_ok("9-") && slug_ok("spring-run") && slug_ok("apis") && slug_ok("seat"));
    assert_false(campaign_slug_valid("a\0", 2));
    memset(text, 'a', sizeof(text));
    assert_true(campaign_slug_valid(text, CAMPAIGN_SLUG_MAX));
    assert_false(campaign_slug_valid(text, CAMPAIGN_SLUG_MAX + 1));
    assert_true(campaign_channel_valid("shop-1", 6));
    assert_true(campaign_channel_valid("api", 3));
    assert_true(campaign_channel_valid(text, CAMPAIGN_CHANNEL_MAX));
    assert_false(campaign_channel_valid(text, CAMPAIGN_CHANNEL_MAX + 1));
    assert_false(campaign_channel_valid("seat", 4));
    assert_false(campaign_channel_valid("next", 4));
    assert_false(campaign_channel_valid("-a", 2));
    assert_true(group_id_valid("-", 1));
    assert_true(group_id_valid(text, GROUP_ID_MAX));
    assert_false(group_id_valid(text, GROUP_ID_MAX + 1));
    assert_false(group_id_valid("", 0));
    assert_false(group_id_valid("G1", 2));
    assert_false(group_id_valid("g~1", 3));
}

static void slugs_from_bits(void **state)
{
    char slug[CAMPAIGN_DRAWN_MAX + 1];

    (void)state;
    campaign_slug_from_bits(0, 8, slug);
    assert_string_equal(slug, "00000000");
    campaign_slug_from_bits(UINT64_MAX, 8, slug);
    assert_string_equal(slug, "zzzzzzzz");
    campaign_slug_from_bits(UINT64_C(30) << 55, 12, slug);
    assert_string_equal(slug, "00000000000y");
    campaign_slug_from_bits(1 | 17 << 5 | 18 << 10 | 31 << 15, 8, slug);
    assert_string_equal(slug, "1hjz0000");
    for (uint64_t i = 0; i < 1000; i++) {
        campaign_slug_from_bits(i * UINT64_C(0x9e3779b97f4a7c15), 8 + i % 5, slug);
        assert_true(slug_ok(slug));
        assert_null(strpbrk(slug, "ilou"));
    }
}

static void finds_each_of_10000_groups(void **state)
{
    struct campaign *c = make_campaign(CAMPAIGN_GROUPS_MAX);

    (void)state;
    for (size_t i = 0; i < c->group_count; i++)
        assert_int_equal(campaign_find_group(c, c->groups[i].id), i);
    assert_int_equal(campaign_find_group(c, "g0"), -1);
    assert_int_equal(campaign_find_group(c, "g10001"), -1);
    assert_int_equal(campaign_find_group(c, ""), -1);
    assert_int_equal(campaign_find_group(c, "z"), -1);
    campaign_free(c);
}

static void copies_are_deep(void **state)
{
    struct campaign *c = make_campaign(3);
    struct campaign *copy = campaign_copy(c);

    (void)state;
    assert_ptr_not_equal(copy->title, c->title);
    assert_ptr_not_equal(copy->groups[2].url, c->groups[2].url);
    assert_ptr_not_equal(copy->by_id, c->by_id);
    assert_null(copy->fallback_url);
    campaign_free(c);
    assert_string_equal(copy->title, "Spring run");
    assert_string_equal(copy->fallback_text, "later");
    assert_int_equal(copy->group_count, 3);
    assert_string_equal(copy->groups[2].name, "a name");
    assert_int_equal(campaign_find_group(copy, "g1"), 2);
    campaign_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_campaign_is_empty_and_enabled),
        cmocka_unit_test(phases),
        cmocka_unit_test(states_of_a_group),
        cmocka_unit_test(state_without_counts),
        cmocka_unit_test(shows_a_page_or_redirects),
        cmocka_unit_test(asks_for_a_tap),
        cmocka_unit_test(names_that_are_allowed),
        cmocka_unit_test(slugs_from_bits),
        cmocka_unit_test(finds_each_of_10000_groups),
        cmocka_unit_test(copies_are_deep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
