/* campaign/when.c: conditions, and the lanes that groups take by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "campaign_json.h"

enum { DAY = 24 * 60 };

static struct when *with_hours(const char *text)
{
    struct when *w = when_new();
    assert_null(when_read_window(text, &w->windows[w->window_count]));
    w->window_count++;
    w->hours = strdup(",x,");
    return w;
}

static void hours_are_open_from_their_first_minute_to_before_their_last(void **state)
{
    static const struct {
        const char *text;
        int day, minute;
        bool open;
    } rows[] = {
        {"mon 09:00-18:00", 0, 9 * 60 - 1, false},
        {"mon 09:00-18:00", 0, 9 * 60, true},
        {"mon 09:00-18:00", 0, 18 * 60 - 1, true},
        {"mon 09:00-18:00", 0, 18 * 60, false},
        {"mon 09:00-18:00", 1, 9 * 60, false},
        {"mon-fri 09:00-18:00", 4, 12 * 60, true},
        {"mon-fri 09:00-18:00", 5, 12 * 60, false},
        {"sat-mon 10:00-11:00", 6, 10 * 60, true},
        {"sat-mon 10:00-11:00", 0, 10 * 60, true},
        {"sat-mon 10:00-11:00", 1, 10 * 60, false},
        {"sun 22:00-02:00", 6, 23 * 60, true},
        {"sun 22:00-02:00", 0, 60, true},
        {"sun 22:00-02:00", 0, 2 * 60, false},
        {"sun 22:00-02:00", 6, 60, false},
        {"wed 00:00-24:00", 2, 0, true},
        {"wed 00:00-24:00", 2, DAY - 1, true},
        {"wed 00:00-24:00", 3, 0, false},
        {"fri-thu 00:00-24:00", 3, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct when *w = with_hours(rows[i].text);
        struct visit v = {.channel = "", .week_minute = rows[i].day * DAY + rows[i].minute};
        if (when_fits(w, &v) != rows[i].open)
            fail_msg("row %zu: %s", i, rows[i].text);
        assert_true(when_fits_person(w, &v));
        when_free(w);
    }
}

static void hours_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "mon",
                                      "mon 09:00",
                                      "mon 9:00-18:00",
                                      "mon  09:00-18:00",
                                      "mon-09:00-18:00",
                                      "mon-fri-sat 09:00-18:00",
                                      "mon 09:00-18:00 ",
                                      "mon 09:60-18:00",
                                      "mon 24:00-02:00",
                                      "mon 09:00-09:00",
                                      "mon 09:00-24:01",
                                      "mon 09.00-18.00",
                                      "montag 09:00-18:00",
                                      "mon 0a:00-18:00",
                                      "-fri 09:00-18:00"};
    struct when_window w;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!when_read_window(bad[i], &w))
            fail_msg("%s passes", bad[i]);
}

static void lists_fit_whole_words(void **state)
{
    struct when w = {.channels = ",shop-1,shop-22,", .languages = ",zh-tw,en,"};
    struct visit v = {.channel = "shop-1", .language = "zh-tw"};
    (void)state;
    assert_true(when_fits(&w, &v));
    v.channel = "shop-2";
    assert_false(when_fits(&w, &v));
    v.channel = "";
    assert_false(when_fits(&w, &v));
    v.channel = "shop-22";
    memcpy(v.language, "en-us-x-y", 10);
    assert_true(when_fits(&w, &v));
    memcpy(v.language, "zh", 3);
    assert_false(when_fits(&w, &v));
    memcpy(v.language, "eng", 4);
    assert_false(when_fits(&w, &v));
    v.language[0] = '\0';
    assert_false(when_fits(&w, &v));
}

static void an_unknown_country_fits_no_list_and_seats_stay_in_any(void **state)
{
    struct when w = {.countries = ",cn,sg,"};
    static const struct {
        const char *country;
        bool fits;
    } rows[] = {{"cn", true}, {"sg", true}, {"us", false}, {"", false}, {"n,", false}};
    (void)state;
    assert_int_equal(when_asks(&w), VISIT_FACT_COUNTRY);
    assert_false(when_is_empty(&w));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct visit v = {.channel = ""};
        memcpy(v.country, rows[i].country, strlen(rows[i].country));
        assert_int_equal(when_fits(&w, &v), rows[i].fits);
        assert_true(when_fits_person(&w, &v));
    }
}

static struct campaign *campaign_of(const char *groups)
{
    struct field_errors *errors = calloc(1, sizeof *errors);
    struct campaign_moment m = {.now = 1000, .random = {1, 2}, .offers_country = true};
    struct campaign *c = campaign_from_request(groups, strlen(groups), &m, errors);
    free(errors);
    assert_non_null(c);
    return c;
}

static void countries_part_lanes_and_outlive_the_stored_form(void **state)
{
    struct campaign *c = campaign_of("{\"groups\":["
                                     "{\"url\":\"https://a.example/1\",\"when\":{\"country\":[\"CN\",\"sg\"]}},"
                                     "{\"url\":\"https://a.example/2\",\"when\":{\"country\":[\"cn\",\"SG\"]}},"
                                     "{\"url\":\"https://a.example/3\",\"when\":{\"country\":[\"CN\"]}}]}");
    struct visit v = {.channel = "", .country = "sg"};
    size_t len;
    char err[128];
    (void)state;
    assert_int_equal(c->asks, VISIT_FACT_COUNTRY);
    assert_int_equal(campaign_lanes(c, &v), 3); /* lane 0 fits everybody */
    char *text = campaign_to_stored(c, &len);
    assert_non_null(strstr(text, "\"country\":[\"CN\",\"SG\"]"));
    struct campaign *again = campaign_from_stored(text, len, err, sizeof err);
    assert_non_null(again);
    assert_true(when_equal(again->groups[0].when, c->groups[0].when));
    assert_false(when_equal(again->groups[0].when, again->groups[2].when));
    free(text);
    campaign_free(again);
    campaign_free(c);
}

static void a_visit_has_the_lanes_that_fit_it(void **state)
{
    struct campaign *c = campaign_of("{\"groups\":["
                                     "{\"url\":\"https://a.example/1\",\"when\":{\"app\":[\"qq\",\"wechat\"]}},"
                                     "{\"url\":\"https://a.example/2\"},"
                                     "{\"url\":\"https://a.example/3\",\"when\":{\"app\":[\"wechat\",\"qq\"]}},"
                                     "{\"url\":\"https://a.example/4\",\"when\":{}},"
                                     "{\"url\":\"https://a.example/5\",\"when\":{\"os\":[\"ios\"]}}]}");
    static const int lanes[] = {1, 0, 1, 0, 2};
    struct visit v = {.app = VISIT_QQ, .os = VISIT_ANDROID, .channel = ""};
    (void)state;
    assert_int_equal(c->lane_count, 3);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(c->groups[i].lane, lanes[i]);
    assert_int_equal(campaign_lanes(c, &v), 3);
    v.os = VISIT_IOS;
    assert_int_equal(campaign_lanes(c, &v), 7);
    v.app = VISIT_BROWSER;
    assert_int_equal(campaign_lanes(c, &v), 5);
    campaign_free(c);
}

static void in_wechat_groups_that_it_does_not_open_have_lanes_of_their_own(void **state)
{
    struct campaign *c = campaign_of("{\"groups\":["
                                     "{\"url\":\"https://t.me/+a\"},"
                                     "{\"url\":\"https://a.example/2\",\"when\":{\"os\":[\"ios\"]}},"
                                     "{\"url\":\"tg://join?invite=a\",\"when\":{\"os\":[\"ios\"]}},"
                                     "{\"url\":\"https://discord.gg/a\"},"
                                     "{\"url\":\"https://t.me/+a\",\"show\":\"page\"},"
                                     "{\"miniprogram\":{\"appid\":\"wx0123456789abcdef\"}},"
                                     "{\"url\":\"https://qm.qq.com/q/a\"}]}");
    static const int lanes[] = {2, 1, 3, 2, 0, 2, 0};
    struct visit v = {.app = VISIT_WECHAT, .os = VISIT_IOS, .channel = ""};
    (void)state;
    assert_int_equal(c->lane_count, 4);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(c->groups[i].lane, lanes[i]);
    assert_int_equal(c->leaving_lanes, 1 << 2 | 1 << 3);
    assert_false(c->only_leaving);
    assert_int_equal(c->asks, VISIT_FACT_APP | VISIT_FACT_OS);
    assert_int_equal(campaign_lanes(c, &v), 1 | 1 << 1);
    assert_true(campaign_is_elsewhere(c, &v, 1));
    v.app = VISIT_BROWSER;
    assert_int_equal(campaign_lanes(c, &v), 1 | 1 << 1 | 1 << 2 | 1 << 3);
    assert_false(campaign_is_elsewhere(c, &v, 1));
    campaign_free(c);
}

static void elsewhere_are_groups_that_admit_and_fit(void **state)
{
    struct campaign *c =
        campaign_of("{\"groups\":[{\"url\":\"https://t.me/+a\",\"when\":{\"os\":[\"ios\"]},\"limit\":1}]}");
    struct visit v = {.app = VISIT_WECHAT, .os = VISIT_IOS, .channel = ""};
    (void)state;
    assert_true(c->only_leaving);
    assert_true(campaign_is_elsewhere(c, &v, 1));
    v.os = VISIT_ANDROID;
    assert_false(campaign_is_elsewhere(c, &v, 1));
    v.os = VISIT_IOS;
    c->groups[0].expires_at = 5;
    assert_false(campaign_is_elsewhere(c, &v, 5));
    c->groups[0].expires_at = 0;
    c->groups[0].limit = 0;
    assert_false(campaign_is_elsewhere(c, &v, 1));
    campaign_free(c);
}

/* 31 different conditions take all lanes: the group that WeChat does not open stands among the others. */
static void without_a_free_lane_groups_stay_among_others(void **state)
{
    char text[4096];
    size_t at = (size_t)snprintf(text, sizeof text, "{\"groups\":[{\"url\":\"https://t.me/+a\"}");
    (void)state;
    for (int i = 1; i < CAMPAIGN_LANES_MAX; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               ",{\"url\":\"https://a.example/\",\"when\":{\"channel\":[\"c%d\"]}}", i);
    snprintf(text + at, sizeof text - at, "]}");
    struct campaign *c = campaign_of(text);
    assert_int_equal(c->lane_count, CAMPAIGN_LANES_MAX);
    assert_int_equal(c->groups[0].lane, 0);
    assert_int_equal(c->leaving_lanes, 0);
    assert_int_equal(c->asks, 0);
    campaign_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_are_open_from_their_first_minute_to_before_their_last),
        cmocka_unit_test(hours_that_are_none_are_refused),
        cmocka_unit_test(lists_fit_whole_words),
        cmocka_unit_test(an_unknown_country_fits_no_list_and_seats_stay_in_any),
        cmocka_unit_test(countries_part_lanes_and_outlive_the_stored_form),
        cmocka_unit_test(a_visit_has_the_lanes_that_fit_it),
        cmocka_unit_test(in_wechat_groups_that_it_does_not_open_have_lanes_of_their_own),
        cmocka_unit_test(elsewhere_are_groups_that_admit_and_fit),
        cmocka_unit_test(without_a_free_lane_groups_stay_among_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
