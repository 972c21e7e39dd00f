/* Both forms of a campaign, stored and for the API, written and read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "made_campaign.h"

static void stored_form_comes_back(void **state)
{
    struct campaign *c = make_spring(), *back;
    char *stored, *again, err[256];
    size_t len, again_len;

    (void)state;
    c->groups[0].show = GROUP_SHOW_REDIRECT;
    c->next_group = 40;
    c->version = 12;
    stored = campaign_to_stored(c, &len);
    assert_int_equal(len, strlen(stored));
    back = campaign_from_stored(stored, len, err, sizeof(err));
    assert_non_null(back);
    assert_string_equal(back->uid, c->uid);
    assert_true(back->next_group == 40 && back->version == 12);
    assert_int_equal(back->groups[0].show, GROUP_SHOW_REDIRECT);
    assert_int_equal(back->groups[1].show, GROUP_SHOW_AUTO);
    assert_int_equal(back->groups[0].platform, PLATFORM_WECHAT);
    assert_true(back->updated_at == c->updated_at && back->starts_at == c->starts_at);
    again = campaign_to_stored(back, &again_len);
    assert_string_equal(again, stored);
    free(again);
    free(stored);
    campaign_free(back);
    campaign_free(c);
}

static void stored_form_of_another_version_is_read(void **state)
{
    static const char text[] =
        STORED_HEAD ",\"colour\":\"red\",\"groups\":[{\"id\":\"g9\",\"url\":\"" URL
                    "\",\"mood\":{\"os\":[\"ios\"]}}],\"fallback\":{\"sound\":1},\"next_group\":3}";
    char err[256];
    struct campaign *c = campaign_from_stored(text, strlen(text), err, sizeof(err));

    (void)state;
    assert_non_null(c);
    assert_string_equal(c->title, "a");
    assert_ids(c, "g9");
    assert_true(c->next_group == 10 && c->enabled);
    campaign_free(c);
}

static void api_form_is_the_documented_one(void **state)
{
    static const char expected[] =
        "{\"slug\":\"spring-run\",\"title\":\"Spring run\",\"link\":\"https://q.example.com/spring-run\","
        "\"strategy\":\"fill\",\"enabled\":true,\"starts_at\":null,\"ends_at\":null,\"confirm\":\"scan\","
        "\"hold_seconds\":null,\"spread\":1,\"per_address\":100,\"timezone\":null,\"forward_query\":false,\"follow_"
        "members\":false,"
        "\"fallback\":{\"url\":null,\"text\":null,\"contact\":null,"
        "\"waiting\":null},"
        "\"aliases\":[],"
        "\"groups\":[{\"id\":\"g1\",\"name\":\"Group "
        "1\","
        "\"url\":\"https://weixin.qq.com/g/"
        "AAA\",\"platform\":\"wechat\",\"miniprogram\":null,\"when\":null,\"show\":\"page\",\"limit\":200,\"weight\":1,"
        "\"enabled\":true,\"expires_at\":null,\"used\":120,\"confirmed\":117,\"held\":3,\"reports\":0,"
        "\"members\":{\"count\":100,\"at\":\"2026-11-18T11:06:40Z\",\"drift\":17},"
        "\"state\":\"open\"}],\"seats\":{\"limit\":200,\"used\":120,\"held\":3,\"free\":80},"
        "\"severity\":\"well\",\"troubles\":[],\"version\":1,"
        "\"created_at\":\"2026-11-18T11:06:40Z\",\"updated_at\":\"2026-11-18T11:06:40Z\"}";
    struct group_count count = {.used = 120, .held = 3, .members = 100, .members_at = moment.now};
    struct campaign *c = create("{\"slug\":\"spring-run\",\"title\":\"Spring run\",\"groups\":[{\"url\":"
                                "\"https://weixin.qq.com/g/AAA\",\"limit\":200}]}");
    size_t len;
    char *text = campaign_to_api(c, &count, "https://q.example.com", moment.now, false, &len);
    char *group = campaign_group_to_api(c, 0, &count, moment.now, false, &len);

    (void)state;
    assert_string_equal(text, expected);
    assert_int_equal(len, strlen(group));
    assert_non_null(strstr(text, group));
    free(group);
    free(text);
    text = campaign_to_api(c, NULL, "https://q.example.com", moment.now, true, &len);
    assert_non_null(strstr(text, "\n  \"slug\": \"spring-run\",\n"));
    assert_non_null(strstr(text, "\"free\": 200"));
    free(text);
    campaign_free(c);
}

static void seats_are_summed(void **state)
{
    static const struct {
        int64_t limit[3];
        bool enabled[3];
        int64_t expires_at[3];
        int64_t used[3];
        const char *seats;
    } cases[] = {
        {{10, 20, 30}, {1, 1, 1}, {0}, {4, 20, 31}, "{\"limit\":60,\"used\":55,\"held\":3,\"free\":6}"},
        {{10, 20, 30}, {1, 0, 1}, {0, 0, 100}, {4, 5, 6}, "{\"limit\":10,\"used\":15,\"held\":3,\"free\":6}"},
        {{10, -1, 30}, {1, 1, 1}, {0}, {4, 5, 6}, "{\"limit\":null,\"used\":15,\"held\":3,\"free\":null}"},
        {{10, -1, 30}, {1, 0, 1}, {0}, {4, 5, 6}, "{\"limit\":40,\"used\":15,\"held\":3,\"free\":30}"},
        {{10, -1, 30}, {1, 1, 1}, {0, 100, 101}, {4, 5, 6}, "{\"limit\":40,\"used\":15,\"held\":3,\"free\":30}"},
        {{0, 0, 0}, {1, 1, 1}, {0}, {0}, "{\"limit\":0,\"used\":0,\"held\":3,\"free\":0}"},
        {{1, 1, 1},
         {1, 1, 1},
         {0},
         {INT64_MAX, INT64_MAX, 1},
         "{\"limit\":3,\"used\":9223372036854775807,\"held\":3,\"free\":0}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct campaign *c = create("{\"groups\":[" GROUP "," GROUP "," GROUP "]}");
        struct group_count counts[3];
        size_t len;
        char *text;

        for (int g = 0; g < 3; g++) {
            c->groups[g].limit = cases[i].limit[g];
            c->groups[g].enabled = cases[i].enabled[g];
            c->groups[g].expires_at = cases[i].expires_at[g];
            counts[g] = (struct group_count){.used = cases[i].used[g], .held = 1};
        }
        text = campaign_to_api(c, counts, "http://a", 100, false, &len);
        if (!strstr(text, cases[i].seats))
            fail_msg("case %zu: %s", i, strstr(text, "\"seats\""));
        free(text);
        campaign_free(c);
    }
}

static void states_are_named(void **state)
{
    static const char *const names[] = {"\"open\"", "\"full\"", "\"expired\"", "\"off\"", "\"suspect\""};
    struct campaign *c = create("{\"groups\":[" GROUP "," GROUP "," GROUP "," GROUP "," GROUP "]}");
    struct group_count counts[5] = {[4] = {.suspect = true}};

    (void)state;
    c->groups[1].limit = 0;
    c->groups[2].expires_at = 100;
    c->groups[3].enabled = false;
    for (size_t i = 0; i < 5; i++) {
        size_t len;
        char *text = campaign_group_to_api(c, i, &counts[i], 100, false, &len);

        assert_non_null(strstr(strstr(text, "\"state\":"), names[i]));
        assert_non_null(strstr(text, "\"show\":\"redirect\""));
        free(text);
    }
    campaign_free(c);
}

static void what_a_get_shows_can_be_sent_back(void **state)
{
    struct campaign *c = make_spring(), *back;
    struct group_count counts[2] = {{.used = 10, .held = 2}, {.used = 5, .held = 0, .reports = 1}};
    struct head_counts heads;
    struct field_errors e;
    size_t len;
    char *text = campaign_to_api(c, counts, "https://a.b", moment.now, true, &len), *again;

    (void)state;
    back = campaign_from_patch(c, text, len, &moment, &heads, &e);
    assert_non_null(back);
    assert_int_equal(heads.count, 2);
    assert_true(heads.list[0].confirmed == 8 && heads.list[1].confirmed == 5);
    again = campaign_to_api(back, counts, "https://a.b", moment.now, true, &len);
    assert_string_equal(again, text);
    head_counts_free(&heads);
    free(again);
    free(text);
    campaign_free(back);
    campaign_free(c);
}

static long allocations_left = -1;

static void *failing_malloc(size_t size)
{
    if (allocations_left == 0)
        return NULL;
    if (allocations_left > 0)
        allocations_left--;
    return malloc(size);
}

/* Each allocation of jansson fails once: there is the whole text or none. */
static void forms_are_whole_or_none(void **state)
{
    struct campaign *c = make_spring(), *back;
    size_t len, whole_len;
    char err[256], *whole = campaign_to_api(c, NULL, "https://a.b", moment.now, false, &whole_len), *text;
    char *stored = campaign_to_stored(c, &len);
    bool done = false;

    (void)state;
    json_set_alloc_funcs(failing_malloc, free);
    for (long n = 0; !done; n++) {
        allocations_left = n;
        text = campaign_to_api(c, NULL, "https://a.b", moment.now, false, &whole_len);
        done = allocations_left > 0;
        assert_true(!text || strcmp(text, whole) == 0);
        free(text);
    }
    done = false;
    for (long n = 0; !done; n++) {
        allocations_left = n;
        back = campaign_from_stored(stored, strlen(stored), err, sizeof(err));
        done = allocations_left > 0;
        assert_true(!back || campaign_find_group(back, "g3") == 1);
        campaign_free(back);
    }
    json_set_alloc_funcs(malloc, free);
    free(stored);
    free(whole);
    campaign_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_form_comes_back),
        cmocka_unit_test(stored_form_of_another_version_is_read),
        cmocka_unit_test(api_form_is_the_documented_one),
        cmocka_unit_test(seats_are_summed),
        cmocka_unit_test(states_are_named),
        cmocka_unit_test(what_a_get_shows_can_be_sent_back),
        cmocka_unit_test(forms_are_whole_or_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
