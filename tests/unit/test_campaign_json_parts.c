/* Parts of a campaign with rules of their own: queries and contacts, old addresses, mini programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>

#include "made_campaign.h"

static void queries_and_contacts_are_kept(void **state)
{
    struct campaign *c = create("{\"slug\":\"run\",\"url\":\"" URL "\",\"forward_query\":true,\"redirect_status\":302,"
                                "\"fallback\":{\"contact\":\"https://u.wechat.com/a\"}}");
    struct field_errors errors;
    struct head_counts heads;
    static const char patch[] =
        "{\"forward_query\":null,\"redirect_status\":null,\"fallback\":{\"contact\":null,\"waiting\":null}}";
    struct campaign *back, *plain;
    char *stored, err[256];
    size_t len;

    (void)state;
    stored = campaign_to_stored(c, &len);
    assert_null(strstr(stored, "redirect_status"));
    back = campaign_from_stored(stored, len, err, sizeof(err));
    assert_true(back->forward_query);
    assert_string_equal(back->fallback_contact, "https://u.wechat.com/a");
    plain = campaign_from_patch(back, patch, sizeof(patch) - 1, &moment, &heads, &errors);
    assert_non_null(plain);
    assert_true(!plain->forward_query && !plain->fallback_contact);
    head_counts_free(&heads);
    free(stored);
    campaign_free(plain);
    campaign_free(back);
    campaign_free(c);
}

static void old_addresses_are_kept(void **state)
{
    struct campaign *c =
        create("{\"slug\":\"run\",\"url\":\"" URL "\",\"aliases\":[\"/%73/abc/\",\"/r/?q=1\",\"/run/a_b\"]}");
    struct field_errors errors;
    struct head_counts heads;
    struct campaign *back, *copy, *changed;
    char *stored, err[256];
    size_t len;

    (void)state;
    stored = campaign_to_stored(c, &len);
    assert_non_null(strstr(stored, "\"aliases\":[\"/s/abc\",\"/r?q=1\",\"/run/a_b\"]"));
    back = campaign_from_stored(stored, len, err, sizeof(err));
    copy = campaign_copy(back);
    assert_int_equal(copy->alias_count, 3);
    assert_int_equal(campaign_find_alias(copy, "/r?q=1", 6), 1);
    assert_int_equal(campaign_find_alias(copy, "/r?q=12", 6), 1);
    assert_int_equal(campaign_find_alias(copy, "/r?q=1", 5), -1);
    assert_int_equal(campaign_find_alias(copy, "/S/abc", 6), -1);
    changed = campaign_from_patch(copy, "{\"title\":\"x\"}", 13, &moment, &heads, &errors);
    assert_int_equal(changed->alias_count, 3);
    head_counts_free(&heads);
    campaign_free(changed);
    changed = campaign_from_patch(copy, "{\"aliases\":[\"/new\"]}", 20, &moment, &heads, &errors);
    assert_int_equal(changed->alias_count, 1);
    assert_string_equal(changed->aliases[0], "/new");
    head_counts_free(&heads);
    campaign_free(changed);
    changed = campaign_from_patch(copy, "{\"aliases\":null}", 16, &moment, &heads, &errors);
    assert_int_equal(changed->alias_count, 0);
    free(stored);
    stored = campaign_to_stored(changed, &len);
    assert_null(strstr(stored, "aliases"));
    head_counts_free(&heads);
    campaign_free(changed);
    free(stored);
    campaign_free(copy);
    campaign_free(back);
    campaign_free(c);
}

static void own_addresses_are_no_old_ones(void **state)
{
    static const char *const texts[] = {
        "{\"aliases\":[\"/x\",\"/RUN/?a=1\"],\"groups\":[],\"slug\":\"run\"}",
        "{\"slug\":\"run\",\"groups\":[],\"aliases\":[\"/run/a_b\",\"/run/Shop-1\"]}",
    };
    struct field_errors errors;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_null(campaign_from_request(texts[i], strlen(texts[i]), &moment, &errors));
        assert_int_equal(errors.count, 1);
        assert_string_equal(errors.list[0].field, "aliases[1]");
        assert_string_equal(errors.list[0].reason, "is the campaign's own address");
    }
}

static void old_addresses_are_bounded(void **state)
{
    char text[4096];
    struct field_errors errors;
    struct campaign *c;

    (void)state;
    for (int count = CAMPAIGN_ALIASES_MAX; count <= CAMPAIGN_ALIASES_MAX + 1; count++) {
        size_t at = (size_t)snprintf(text, sizeof(text), "{\"url\":\"" URL "\",\"aliases\":[");

        for (int i = 0; i < count; i++)
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%s\"/s/%d\"", i ? "," : "", i);
        snprintf(text + at, sizeof(text) - at, "]}");
        c = campaign_from_request(text, strlen(text), &moment, &errors);
        assert_int_equal(c != NULL, count == CAMPAIGN_ALIASES_MAX);
        assert_int_equal(errors.count, c ? 0 : 1);
        if (!c)
            assert_string_equal(errors.list[0].field, "aliases");
        campaign_free(c);
    }
}

static const char program[] =
    "{\"slug\":\"run\",\"groups\":[{\"url\":null,\"miniprogram\":{\"appid\":\"wx0123456789abcdef\","
    "\"path\":\"pages/我/a b\",\"query\":\"a=1&b=2\",\"code\":\"https://a.b/c\"}}]}";
#define PROGRAM_URL                                                                                                    \
    "weixin://dl/business/?appid=wx0123456789abcdef&path=pages/%E6%88%91/a%20b&query=a%3D1%26b%3D2&env_version="

static void mini_programs_build_their_link(void **state)
{
    static const char trial[] = "{\"miniprogram\":{\"env_version\":\"trial\",\"code\":null}}";
    static const char same[] = "{\"url\":\"" PROGRAM_URL "release\"}", other[] = "{\"url\":\"https://a.b/\"}";
    static const char none[] = "{\"url\":\"https://a.b/\",\"miniprogram\":null}";
    struct campaign *c = create(program), *back, *changed;
    struct field_errors errors;
    struct head_counts heads;
    char *stored, *again, err[256];
    size_t len;

    (void)state;
    assert_string_equal(c->groups[0].url, PROGRAM_URL "release");
    assert_int_equal(c->groups[0].platform, PLATFORM_MINIPROGRAM);
    assert_true(group_shows_page(&c->groups[0]));
    stored = campaign_to_stored(c, &len);
    back = campaign_from_stored(stored, len, err, sizeof(err));
    assert_non_null(back);
    again = campaign_to_stored(back, &len);
    assert_string_equal(again, stored);
    changed = campaign_with_group_patch(back, 0, trial, sizeof(trial) - 1, &moment, &heads, &errors);
    assert_non_null(changed);
    assert_string_equal(changed->groups[0].url, PROGRAM_URL "trial");
    assert_null(changed->groups[0].miniprogram->code);
    campaign_free(changed);
    changed = campaign_with_group_patch(back, 0, same, sizeof(same) - 1, &moment, &heads, &errors);
    assert_non_null(changed);
    campaign_free(changed);
    assert_null(campaign_with_group_patch(back, 0, other, sizeof(other) - 1, &moment, &heads, &errors));
    assert_string_equal(errors.list[0].field, "url");
    changed = campaign_with_group_patch(back, 0, none, sizeof(none) - 1, &moment, &heads, &errors);
    assert_non_null(changed);
    assert_null(changed->groups[0].miniprogram);
    assert_int_equal(changed->groups[0].platform, PLATFORM_WEB);
    campaign_free(changed);
    free(again);
    free(stored);
    campaign_free(back);
    campaign_free(c);
}

static void mini_programs_have_limits(void **state)
{
    static const char *const format =
        "{\"groups\":[{\"miniprogram\":{\"appid\":\"wx0123456789abcdef\",\"%s\":\"%s\"}}]}";
    static const struct {
        const char *key, *character;
        size_t times;
        const char *field, *reason;
    } table[] = {
        {"path", "a", 1024, NULL, NULL},
        {"path", "a", 1025, "groups[0].miniprogram.path", "at most 1024"},
        {"query", "a", 512, NULL, NULL},
        {"query", "a", 513, "groups[0].miniprogram.query", "at most 512"},
        {"path", "\xe4\xbd\xa0", 1024, "groups[0].miniprogram", "makes a link that is longer than 2048 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char *value = repeat("", table[i].character, table[i].times, ""), *text;
        struct field_errors errors;
        assert_true(asprintf(&text, format, table[i].key, value) > 0);
        struct campaign *c = campaign_from_request(text, strlen(text), &moment, &errors);
        assert_int_equal(c != NULL, table[i].field == NULL);
        if (!c) {
            assert_string_equal(errors.list[0].field, table[i].field);
            assert_non_null(strstr(errors.list[0].reason, table[i].reason));
        }
        campaign_free(c);
        free(value);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_and_contacts_are_kept),  cmocka_unit_test(old_addresses_are_kept),
        cmocka_unit_test(own_addresses_are_no_old_ones),  cmocka_unit_test(old_addresses_are_bounded),
        cmocka_unit_test(mini_programs_build_their_link), cmocka_unit_test(mini_programs_have_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
