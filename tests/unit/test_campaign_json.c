/* Campaigns made of JSON: defaults, merge patches, ids that are never used twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>

#include "made_campaign.h"

/* --- creation --- */

static void fills_in_defaults(void **state)
{
    struct campaign *c = create("{\"groups\":[{\"url\":\"https://weixin.qq.com/g/A\"}," GROUP "]}");

    (void)state;
    assert_int_equal(strlen(c->slug), 8);
    assert_true(campaign_slug_valid(c->slug, 8));
    assert_string_equal(c->title, c->slug);
    assert_string_equal(c->uid, "0000000000abcdef");
    assert_int_equal(c->strategy, CAMPAIGN_FILL);
    assert_int_equal(c->confirm, CAMPAIGN_CONFIRM_SCAN);
    assert_true(c->enabled && !c->starts_at && !c->ends_at && !c->hold_seconds);
    assert_null(c->fallback_url);
    assert_null(c->fallback_text);
    assert_ids(c, "g1 g2");
    assert_true(c->next_group == 3 && c->version == 1);
    assert_true(c->created_at == moment.now && c->updated_at == moment.now);
    assert_string_equal(c->groups[1].name, "Group 2");
    assert_int_equal(c->groups[0].platform, PLATFORM_WECHAT);
    assert_int_equal(c->groups[0].show, GROUP_SHOW_AUTO);
    assert_true(c->groups[0].limit == -1 && c->groups[0].weight == 1);
    assert_true(c->groups[0].enabled && !c->groups[0].expires_at);
    campaign_free(c);
}

static void reads_all_fields(void **state)
{
    struct campaign *c = create(
        "{\"slug\":\"Spring-RUN\",\"title\":\"\xe6\x98\xa5\",\"strategy\":\"random\",\"confirm\":\"tap\",\"enabled\":"
        "false,"
        "\"starts_at\":\"2026-11-29T14:20:00+08:00\",\"ends_at\":\"2026-11-29T06:20:01Z\",\"hold_seconds\":86400,"
        "\"spread\":20,"
        "\"fallback\":{\"url\":\"https://a.b/\",\"text\":\"a\\nb\"},\"groups\":[{\"id\":\"vip\",\"name\":\"N\","
        "\"url\":\"tg:x\",\"show\":\"page\",\"limit\":0,\"weight\":7,\"enabled\":false,"
        "\"expires_at\":\"2027-01-01T00:00:00.123Z\"}]}");

    (void)state;
    assert_string_equal(c->slug, "spring-run");
    assert_string_equal(c->title, "\xe6\x98\xa5");
    assert_int_equal(c->strategy, CAMPAIGN_RANDOM);
    assert_int_equal(c->confirm, CAMPAIGN_CONFIRM_TAP);
    assert_false(c->enabled);
    assert_true(c->starts_at == 1795933200 && c->ends_at == 1795933201);
    assert_int_equal(c->hold_seconds, 86400);
    assert_int_equal(c->spread, 20);
    assert_string_equal(c->fallback_url, "https://a.b/");
    assert_string_equal(c->fallback_text, "a\nb");
    assert_ids(c, "vip");
    assert_string_equal(c->groups[0].name, "N");
    assert_int_equal(c->groups[0].platform, PLATFORM_TELEGRAM);
    assert_int_equal(c->groups[0].show, GROUP_SHOW_PAGE);
    assert_true(c->groups[0].limit == 0 && c->groups[0].weight == 7 && !c->groups[0].enabled);
    assert_true(c->groups[0].expires_at == 1798761600);
    campaign_free(c);
}

static void makes_a_short_link_of_a_url(void **state)
{
    struct campaign *c = create("{\"url\":\"" URL "\",\"groups\":null,\"slug\":null,\"title\":null}");

    (void)state;
    assert_ids(c, "g1");
    assert_true(c->groups[0].limit == -1 && c->next_group == 2);
    assert_string_equal(c->groups[0].url, URL);
    assert_string_equal(c->groups[0].name, "Group 1");
    campaign_free(c);
    c = create("{\"groups\":[]}");
    assert_ids(c, "");
    campaign_free(c);
}

static void generates_ids_around_given_ones(void **state)
{
    static const struct {
        const char *groups, *ids;
        int64_t next;
    } cases[] = {
        {GROUP "," GROUP, "g1 g2", 3},
        {GROUP ",{\"id\":\"g1\",\"url\":\"" URL "\"}", "g2 g1", 3},
        {GROUP ",{\"id\":\"g2\",\"url\":\"" URL "\"}," GROUP, "g1 g2 g3", 4},
        {"{\"id\":\"g7\",\"url\":\"" URL "\"}," GROUP "," GROUP, "g7 g1 g2", 8},
        {"{\"id\":\"g0\",\"url\":\"" URL "\"},{\"id\":\"g01\",\"url\":\"" URL "\"}," GROUP, "g0 g01 g1", 2},
        {"{\"id\":\"gx\",\"url\":\"" URL "\"},{\"id\":null,\"url\":\"" URL "\"}", "gx g1", 2},
        {"{\"id\":\"g999999999999999\",\"url\":\"" URL "\"}", "g999999999999999", INT64_C(1000000000000000)},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char json[512];
        struct campaign *c;

        snprintf(json, sizeof(json), "{\"groups\":[%s]}", cases[i].groups);
        c = create(json);
        assert_ids(c, cases[i].ids);
        assert_true(c->next_group == cases[i].next);
        campaign_free(c);
    }
}

static void refuses_when_numbers_are_used_up(void **state)
{
    struct campaign *c = create("{\"groups\":[{\"id\":\"g999999999999999\",\"url\":\"" URL "\"}]}"), *more;
    struct field_errors e;
    size_t position;

    (void)state;
    assert_null(campaign_with_group(c, GROUP, strlen(GROUP), &later, &position, &e));
    assert_true(errors_have(&e, "id", "used up"));
    more = campaign_with_group(c, "{\"id\":\"a\",\"url\":\"tg:x\"}", 23, &later, &position, &e);
    assert_ids(more, "g999999999999999 a");
    campaign_free(more);
    campaign_free(c);
}

/* --- changes --- */

static void patches_merge(void **state)
{
    struct campaign *c = make_spring();

    (void)state;
    c = patch(c, "{}");
    assert_string_equal(c->title, "Spring run");
    assert_true(c->updated_at == later.now && c->created_at == moment.now && c->version == 1);
    c = patch(c, "{\"fallback\":{\"url\":null}}");
    assert_null(c->fallback_url);
    assert_string_equal(c->fallback_text, "Come\nlater");
    c = patch(c, "{\"fallback\":{\"url\":\"https://x.y/\"},\"slug\":\"SPRING\"}");
    assert_string_equal(c->fallback_url, "https://x.y/");
    c = patch(
        c, "{\"title\":null,\"strategy\":null,\"starts_at\":null,\"fallback\":null,\"enabled\":null,\"confirm\":null}");
    assert_string_equal(c->title, "spring");
    assert_int_equal(c->strategy, CAMPAIGN_FILL);
    assert_true(c->starts_at == 0 && c->enabled);
    assert_null(c->fallback_url);
    assert_null(c->fallback_text);
    c = patch(c, "{\"hold_seconds\":60}");
    c = patch(c, "{\"hold_seconds\":null}");
    c = patch(c, "{\"spread\":5}");
    assert_int_equal(c->spread, 5);
    c = patch(c, "{\"spread\":null}");
    assert_int_equal(c->spread, 1);
    assert_int_equal(c->hold_seconds, 0);
    assert_ids(c, "g1 g3");
    assert_true(c->groups[0].limit == 200);
    campaign_free(c);
}

static void only_a_group_that_is_off_may_have_no_link(void **state)
{
    struct campaign *c = create("{\"slug\":\"a\",\"groups\":[{\"url\":null,\"enabled\":false}," GROUP "]}"), *on;
    struct head_counts heads = {0};
    struct field_errors e;
    char *stored, err[200];
    size_t len;

    (void)state;
    assert_null(c->groups[0].url);
    assert_null(campaign_with_group_patch(c, 0, "{\"enabled\":true}", 16, &later, &heads, &e));
    assert_true(errors_have(&e, "url", "is required"));
    assert_null(campaign_from_patch(c, "{\"groups\":[{\"id\":\"g1\",\"enabled\":null}]}", 39, &later, &heads, &e));
    assert_true(errors_have(&e, "groups[0].url", "is required"));
    stored = campaign_to_stored(c, &len);
    on = campaign_from_stored(stored, len, err, sizeof(err));
    assert_non_null(on);
    assert_null(on->groups[0].url);
    campaign_free(on);
    free(stored);
    c = patch(c, "{\"groups\":[{\"id\":\"g1\",\"enabled\":true,\"url\":\"https://t.me/+a\"}]}");
    assert_int_equal(c->groups[0].platform, PLATFORM_TELEGRAM);
    c = patch(c, "{\"groups\":[{\"id\":\"g1\",\"enabled\":false,\"url\":null}]}");
    assert_null(c->groups[0].url);
    assert_int_equal(c->groups[0].platform, PLATFORM_WEB);
    campaign_free(c);
}

static void patches_replace_the_list_of_groups(void **state)
{
    struct campaign *c = make_spring();

    (void)state;
    c = patch(c, "{\"groups\":[" GROUP ",{\"id\":\"g3\",\"url\":\"" URL "\"},{\"id\":\"g6\",\"url\":\"" URL "\"}]}");
    assert_ids(c, "g4 g3 g6");
    assert_true(c->groups[1].limit == -1 && c->groups[1].weight == 1);
    assert_string_equal(c->groups[1].name, "Group 2");
    assert_true(c->next_group == 7);
    c = patch(c, "{\"groups\":[]}");
    c = patch(c, "{\"groups\":[" GROUP "]}");
    assert_ids(c, "g7");
    campaign_free(c);
}

static void head_counts_go_to_heads(void **state)
{
    static const char json[] = "{\"groups\":[{\"url\":\"" URL "\",\"confirmed\":3},{\"id\":\"g1\",\"url\":\"" URL
                               "\",\"confirmed\":1000000000,\"used\":1,\"held\":0,\"reports\":0,\"state\":\"full\","
                               "\"platform\":\"qq\"},{\"id\":\"g3\",\"url\":\"" URL "\"}]}";
    struct campaign *c = make_spring();
    struct field_errors e;
    struct head_counts heads;
    struct campaign *changed = campaign_from_patch(c, json, strlen(json), &later, &heads, &e);

    (void)state;
    assert_ids(changed, "g4 g1 g3");
    assert_int_equal(changed->groups[1].platform, PLATFORM_WEB);
    assert_int_equal(heads.count, 2);
    assert_string_equal(heads.list[0].group, "g4");
    assert_true(heads.list[0].confirmed == 3);
    assert_string_equal(heads.list[1].group, "g1");
    assert_true(heads.list[1].confirmed == 1000000000);
    head_counts_free(&heads);
    head_counts_free(&heads);
    campaign_free(changed);
    changed = campaign_with_group_patch(c, 1, "{\"confirmed\":0}", 15, &later, &heads, &e);
    assert_int_equal(heads.count, 1);
    assert_string_equal(heads.list[0].group, "g3");
    head_counts_free(&heads);
    campaign_free(changed);
    campaign_free(c);
}

static void adds_and_changes_one_group(void **state)
{
    static const char change[] = "{\"id\":\"g3\",\"limit\":null,\"name\":null,\"weight\":null,\"show\":\"page\"}";
    struct campaign *c = make_spring(), *more, *changed;
    struct field_errors e;
    struct head_counts heads;
    size_t position = 99;

    (void)state;
    more = campaign_with_group(c, GROUP, strlen(GROUP), &later, &position, &e);
    assert_ids(more, "g1 g3 g4");
    assert_true(position == 2 && more->next_group == 5 && more->updated_at == later.now);
    assert_string_equal(more->groups[2].name, "Group 3");
    assert_ids(c, "g1 g3");
    changed = campaign_with_group_patch(more, 1, change, strlen(change), &later, &heads, &e);
    assert_true(changed->groups[1].limit == -1 && changed->groups[1].weight == 1);
    assert_int_equal(changed->groups[1].show, GROUP_SHOW_PAGE);
    assert_string_equal(changed->groups[1].name, "Group 2");
    assert_string_equal(changed->groups[1].url, URL);
    assert_int_equal(heads.count, 0);
    campaign_free(changed);
    changed = campaign_with_group_patch(more, 1, "{\"url\":\"tg:a\"}", 14, &later, &heads, &e);
    assert_int_equal(changed->groups[1].platform, PLATFORM_TELEGRAM);
    assert_true(changed->groups[1].limit == 5);
    campaign_free(changed);
    campaign_free(more);
    campaign_free(c);
}

static void removed_ids_never_come_back(void **state)
{
    struct campaign *c = make_spring(), *less, *more;
    struct field_errors e;
    size_t position, len;
    char err[256], *stored;

    (void)state;
    less = campaign_without_group(c, 1, &later);
    assert_ids(less, "g1");
    assert_true(less->next_group == 4 && less->updated_at == later.now);
    campaign_free(c);
    stored = campaign_to_stored(less, &len);
    c = campaign_from_stored(stored, len, err, sizeof(err));
    free(stored);
    more = campaign_with_group(c, GROUP, strlen(GROUP), &later, &position, &e);
    assert_ids(more, "g1 g4");
    campaign_free(more);
    campaign_free(c);
    c = campaign_without_group(less, 0, &later);
    assert_ids(c, "");
    campaign_free(c);
    campaign_free(less);
}

static void orders_groups(void **state)
{
    struct campaign *c = make_spring(), *ordered;
    struct field_errors e;

    (void)state;
    ordered = campaign_with_order(c, "[\"g3\",\"g1\"]", 11, &later, &e);
    assert_ids(ordered, "g3 g1");
    assert_true(ordered->groups[1].limit == 200 && ordered->updated_at == later.now);
    campaign_free(ordered);
    campaign_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in_defaults),
        cmocka_unit_test(reads_all_fields),
        cmocka_unit_test(makes_a_short_link_of_a_url),
        cmocka_unit_test(generates_ids_around_given_ones),
        cmocka_unit_test(refuses_when_numbers_are_used_up),
        cmocka_unit_test(patches_merge),
        cmocka_unit_test(only_a_group_that_is_off_may_have_no_link),
        cmocka_unit_test(patches_replace_the_list_of_groups),
        cmocka_unit_test(head_counts_go_to_heads),
        cmocka_unit_test(adds_and_changes_one_group),
        cmocka_unit_test(removed_ids_never_come_back),
        cmocka_unit_test(orders_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
