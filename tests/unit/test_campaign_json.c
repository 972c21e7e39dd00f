/*
 * Campaigns in JSON: every rule broken once, defaults, merge patches, ids that are never used twice, and both forms
 * written and read back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>

#include "campaign_json.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define URL "https://example.com/"
#define GROUP "{\"url\":\"" URL "\"}"

static const struct campaign_moment moment = {.now = 1795000000, .random = {UINT64_C(0x123456789a), 0xabcdef}};
static const struct campaign_moment later = {.now = 1795000100};

struct broken {
    const char *json;
    const char *field;
    const char *reason; /* part of it */
};

static bool errors_have(const struct field_errors *e, const char *field, const char *reason)
{
    for (size_t i = 0; i < e->count; i++) {
        if (strcmp(e->list[i].field, field) == 0 && strstr(e->list[i].reason, reason))
            return true;
    }
    return false;
}

static void assert_error(const char *json, const struct field_errors *e, const struct broken *b)
{
    if (!errors_have(e, b->field, b->reason))
        fail_msg("%.200s: no error \"%s: %s\" but %zu, first \"%s: %s\"", json, b->field, b->reason, e->count,
                 e->count ? e->list[0].field : "", e->count ? e->list[0].reason : "");
}

static struct campaign *create(const char *json)
{
    struct field_errors e;
    struct campaign *c = campaign_from_request(json, strlen(json), &moment, &e);

    if (!c)
        fail_msg("%s: %s: %s", json, e.list[0].field, e.list[0].reason);
    assert_int_equal(e.count, 0);
    return c;
}

/* Takes c. */
static struct campaign *patch(struct campaign *c, const char *json)
{
    struct field_errors e;
    struct head_counts heads;
    struct campaign *changed = campaign_from_patch(c, json, strlen(json), &later, &heads, &e);

    if (!changed)
        fail_msg("%s: %s: %s", json, e.list[0].field, e.list[0].reason);
    head_counts_free(&heads);
    campaign_free(c);
    return changed;
}

static void assert_ids(const struct campaign *c, const char *expected)
{
    char ids[256] = "";

    for (size_t i = 0; i < c->group_count; i++) {
        strcat(strcat(ids, i ? " " : ""), c->groups[i].id);
        assert_int_equal(campaign_find_group(c, c->groups[i].id), i);
    }
    assert_string_equal(ids, expected);
}

/* --- every rule broken once --- */

/* Rules of a campaign that hold for creation and patch alike. */
static const struct broken broken_both[] = {
    {"[]", "body", "must be an object"},
    {"5", "body", "must be an object"},
    {"null", "body", "must be an object"},
    {"{\"groups\":[],\"nope\":1}", "nope", "unknown field"},
    {"{\"groups\":[],\"a\\nb\\u009bc\":1}", "a?b\?\?c", "unknown field"},
    {"{\"groups\":[],\"slug\":5}", "slug", ""},
    {"{\"groups\":[],\"slug\":\"\"}", "slug", ""},
    {"{\"groups\":[],\"slug\":\"other_\"}", "slug", ""},
    {"{\"groups\":[],\"title\":5}", "title", "must be a string"},
    {"{\"groups\":[],\"title\":\"\"}", "title", "must not be empty"},
    {"{\"groups\":[],\"title\":\"  \"}", "title", "must not be empty"},
    {"{\"groups\":[],\"title\":\"a\\u0007\"}", "title", "control character"},
    {"{\"groups\":[],\"title\":\"a\\nb\"}", "title", "control character"},
    {"{\"groups\":[],\"title\":\"a\\u0085b\"}", "title", "control character"},
    {"{\"groups\":[],\"title\":\"a\\u007f\"}", "title", "control character"},
    {"{\"groups\":[],\"strategy\":\"best\"}", "strategy", "must be one of fill, even, random"},
    {"{\"groups\":[],\"strategy\":1}", "strategy", "must be one of"},
    {"{\"groups\":[],\"confirm\":\"click\"}", "confirm", "must be one of scan, tap"},
    {"{\"groups\":[],\"enabled\":1}", "enabled", "must be true or false"},
    {"{\"groups\":[],\"enabled\":\"true\"}", "enabled", "must be true or false"},
    {"{\"groups\":[],\"starts_at\":1795000000}", "starts_at", "must be a date"},
    {"{\"groups\":[],\"starts_at\":\"2026-02-29T00:00:00Z\"}", "starts_at", "must be a date"},
    {"{\"groups\":[],\"starts_at\":\"1970-01-01T00:00:00Z\"}", "starts_at", "must be a date"},
    {"{\"groups\":[],\"ends_at\":\"2026-11-29\"}", "ends_at", "must be a date"},
    {"{\"groups\":[],\"starts_at\":\"2026-11-29T00:00:00Z\",\"ends_at\":\"2026-11-29T08:00:00+08:00\"}", "ends_at",
     "must be after starts_at"},
    {"{\"groups\":[],\"hold_seconds\":9}", "hold_seconds", "from 10 to 86400"},
    {"{\"groups\":[],\"spread\":0}", "spread", "from 1 to 20"},
    {"{\"groups\":[],\"spread\":21}", "spread", "from 1 to 20"},
    {"{\"groups\":[],\"spread\":\"2\"}", "spread", "must be an integer"},
    {"{\"groups\":[],\"per_address\":-1}", "per_address", "from 0 to 1000000"},
    {"{\"groups\":[],\"hold_seconds\":86401}", "hold_seconds", "from 10 to 86400"},
    {"{\"groups\":[],\"hold_seconds\":60.0}", "hold_seconds", "must be an integer"},
    {"{\"groups\":[],\"hold_seconds\":\"60\"}", "hold_seconds", "must be an integer"},
    {"{\"groups\":[],\"fallback\":\"x\"}", "fallback", "must be an object"},
    {"{\"groups\":[],\"fallback\":{\"link\":\"x\"}}", "fallback.link", "unknown field"},
    {"{\"groups\":[],\"fallback\":{\"url\":\"javascript:x\"}}", "fallback.url", "scheme not allowed"},
    {"{\"groups\":[],\"fallback\":{\"url\":\"\"}}", "fallback.url", "is empty"},
    {"{\"groups\":[],\"fallback\":{\"url\":7}}", "fallback.url", "must be a string"},
    {"{\"groups\":[],\"fallback\":{\"text\":7}}", "fallback.text", "must be a string"},
    {"{\"groups\":[],\"fallback\":{\"text\":\"\"}}", "fallback.text", "must not be empty"},
    {"{\"groups\":[],\"fallback\":{\"text\":\"a\\tb\"}}", "fallback.text", "control character"},
    {"{\"groups\":[],\"fallback\":{\"contact\":\"javascript:x\"}}", "fallback.contact", "scheme not allowed"},
    {"{\"groups\":[],\"fallback\":{\"contact\":7}}", "fallback.contact", "must be a string"},
    {"{\"groups\":[],\"forward_query\":1}", "forward_query", "must be true or false"},
    {"{\"groups\":[],\"timezone\":\"../etc\"}", "timezone",
     "must be a time zone that the server has, as \"Asia/Shanghai\", or null"},
    {"{\"groups\":[],\"timezone\":8}", "timezone",
     "must be a time zone that the server has, as \"Asia/Shanghai\", or null"},
    {"{\"groups\":[],\"aliases\":\"/s/a\"}", "aliases", "must be a list"},
    {"{\"groups\":[],\"aliases\":{}}", "aliases", "must be a list"},
    {"{\"groups\":[],\"aliases\":[7]}", "aliases[0]", "must be a string"},
    {"{\"groups\":[],\"aliases\":[\"/a\",null]}", "aliases[1]", "must be a string"},
    {"{\"groups\":[],\"aliases\":[\"/a\",\"/b\",\"s\"]}", "aliases[2]", "must begin with \"/\""},
    {"{\"groups\":[],\"aliases\":[\"/api/v1\"]}", "aliases[0]", "is reserved"},
    {"{\"groups\":[],\"aliases\":[\"/a\",\"/%61/\"]}", "aliases[1]",
     "is the same address as another one of the list: /a"},
    {"{\"groups\":[],\"redirect_status\":301}", "redirect_status", "must be 302: browsers keep a 301 for good"},
    {"{\"groups\":[],\"redirect_status\":307}", "redirect_status", "must be 302"},
    {"{\"groups\":[],\"redirect_status\":\"302\"}", "redirect_status", "must be 302"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":5}]}", "groups[0].miniprogram",
     "must be an object"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":{\"x\":1}}]}", "groups[0].miniprogram.x",
     "unknown field"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":{\"appid\":\"wx0123456789ABCDEF\"}}]}",
     "groups[0].miniprogram.appid", "must be wx and 16"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":{\"appid\":\"wx0123456789abcdef0\"}}]}",
     "groups[0].miniprogram.appid", "must be wx and 16"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":{\"path\":\"a?b=c\"}}]}",
     "groups[0].miniprogram.path", "goes into query"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":{\"path\":7}}]}", "groups[0].miniprogram.path",
     "must be a string"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":{\"env_version\":\"beta\"}}]}",
     "groups[0].miniprogram.env_version", "must be one of release, trial, develop"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":{\"url_link\":\"https://a.b/\"}}]}",
     "groups[0].miniprogram.url_link", "must begin with https://wxaurl.cn/"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":{\"url_link\":\"weixin://dl/business/?t=a\"}}]}",
     "groups[0].miniprogram.url_link", "must begin with https://wxaurl.cn/"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":{\"code\":\"javascript:x\"}}]}",
     "groups[0].miniprogram.code", "scheme not allowed"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":{\"fallback_url\":\"tg://a\"}}]}",
     "groups[0].miniprogram.fallback_url", "must begin with https:// or http://"},
    {"{\"groups\":[{\"url\":\"https://a.b/\",\"miniprogram\":{}}]}", "groups[0].miniprogram",
     "only for a group whose link opens a mini program"},
    {"{\"groups\":[{\"url\":\"https://wxaurl.cn/A\",\"miniprogram\":{\"appid\":\"wx0123456789abcdef\"}}]}",
     "groups[0].url", "must be left out"},
    {"{\"groups\":[{\"miniprogram\":{}}]}", "groups[0].url", "is required"},
    {"{\"groups\":{}}", "groups", "must be a list"},
    {"{\"groups\":\"x\"}", "groups", "must be a list"},
    {"{\"groups\":[" GROUP ",5]}", "groups[1]", "must be an object"},
    {"{\"groups\":[null]}", "groups[0]", "must be an object"},
    {"{\"groups\":[" GROUP "," GROUP "," GROUP ",{}]}", "groups[3].url", "is required"},
    {"{\"groups\":[{\"url\":null}]}", "groups[0].url", "is required"},
    {"{\"groups\":[{\"url\":5}]}", "groups[0].url", "must be a string"},
    {"{\"groups\":[{\"url\":\"https://a@b/\"}]}", "groups[0].url", "user info"},
    {"{\"groups\":[{\"url\":\"https://b/ \"}]}", "groups[0].url", "white space"},
    {"{\"groups\":[{\"url\":\"https://b/\\u0001\"}]}", "groups[0].url", "control character"},
    {"{\"groups\":[{\"url\":\"ftp://b/\"}]}", "groups[0].url", "scheme not allowed"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"id\":\"G1\"}]}", "groups[0].id", "a-z, 0-9"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"id\":\"\"}]}", "groups[0].id", "1 to 16"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"id\":\"abcdefghijklmnopq\"}]}", "groups[0].id", "1 to 16"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"id\":1}]}", "groups[0].id", "1 to 16"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"id\":\"a\"},{\"url\":\"" URL "\",\"id\":\"a\"}]}", "groups[1].id",
     "another group's id"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"name\":5}]}", "groups[0].name", "must be a string"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"name\":\"\"}]}", "groups[0].name", "must not be empty"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"name\":\"\\u001b[0m\"}]}", "groups[0].name", "control character"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"show\":\"qr\"}]}", "groups[0].show", "must be one of auto, page, redirect"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"limit\":-1}]}", "groups[0].limit", "from 0 to 1000000000"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"limit\":1000000001}]}", "groups[0].limit", "from 0 to 1000000000"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"limit\":1.5}]}", "groups[0].limit", "must be an integer"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"limit\":1e2}]}", "groups[0].limit", "must be an integer"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"limit\":\"5\"}]}", "groups[0].limit", "must be an integer"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"limit\":true}]}", "groups[0].limit", "must be an integer"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"weight\":0}]}", "groups[0].weight", "from 1 to 1000000"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"weight\":1000001}]}", "groups[0].weight", "from 1 to 1000000"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"enabled\":\"no\"}]}", "groups[0].enabled", "must be true or false"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"expires_at\":\"soon\"}]}", "groups[0].expires_at", "must be a date"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"when\":[]}]}", "groups[0].when", "must be an object"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"when\":{\"app\":[\"x\"]}}]}", "groups[0].when.app", "must be one of wechat"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"when\":{\"age\":1}}]}", "groups[0].when.age", "unknown field"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"when\":{\"country\":[\"CN\"]}}]}", "groups[0].when.country",
     "not offered: no country_database"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"x\":null}]}", "groups[0].x", "unknown field"},
    {"{\"groups\":[],\"title\":\"1\",\"title\":\"2\"}", "body", "duplicate"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"url\":\"" URL "\"}]}", "body", "duplicate"},
};

static const struct broken broken_create[] = {
    {"{}", "groups", "is required"},
    {"{\"groups\":null}", "groups", "is required"},
    {"{\"groups\":null,\"url\":null}", "groups", "is required"},
    {"{\"url\":\"" URL "\",\"groups\":[]}", "url", "together with groups"},
    {"{\"groups\":[" GROUP "],\"url\":\"" URL "\"}", "url", "together with groups"},
    {"{\"url\":5}", "url", "must be a string"},
    {"{\"url\":\"x\"}", "url", "no scheme"},
    {"{\"groups\":[],\"slug\":\"api\"}", "slug", "reserved"},
    {"{\"groups\":[],\"slug\":\"HealthZ\"}", "slug", "reserved"},
    {"{\"groups\":[],\"slug\":\"-a\"}", "slug", "begin with"},
    {"{\"groups\":[],\"slug\":\"a b\"}", "slug", "a-z, 0-9"},
    {"{\"groups\":[],\"slug\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", "slug",
     "1 to 64"},
    {"{\"groups\":[],\"link\":\"x\"}", "link", "unknown field"},
    {"{\"groups\":[],\"seats\":{}}", "seats", "unknown field"},
    {"{\"groups\":[],\"version\":1}", "version", "unknown field"},
    {"{\"groups\":[],\"created_at\":\"x\"}", "created_at", "unknown field"},
    {"{\"groups\":[],\"updated_at\":\"x\"}", "updated_at", "unknown field"},
    {"{\"groups\":[],\"uid\":\"0123456789abcdef\"}", "uid", "unknown field"},
    {"{\"groups\":[],\"next_group\":5}", "next_group", "unknown field"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"confirmed\":5}]}", "groups[0].confirmed", "unknown field"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"used\":5}]}", "groups[0].used", "unknown field"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"held\":5}]}", "groups[0].held", "unknown field"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"reports\":5}]}", "groups[0].reports", "unknown field"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"state\":\"open\"}]}", "groups[0].state", "unknown field"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"platform\":\"web\"}]}", "groups[0].platform", "unknown field"},
};

/* Of a campaign "spring" with groups g1, g3 and next_group 4. */
static const struct broken broken_patch[] = {
    {"{\"slug\":\"summer\"}", "slug", "cannot be changed"},
    {"{\"slug\":null}", "slug", "cannot be changed"},
    {"{\"url\":\"" URL "\"}", "url", "unknown field"},
    {"{\"uid\":\"0123456789abcdef\"}", "uid", "unknown field"},
    {"{\"groups\":null}", "groups", "must be a list"},
    {"{\"link\":5}", "link", "must be a string"},
    {"{\"seats\":5}", "seats", "must be an object"},
    {"{\"version\":\"1\"}", "version", "must be an integer"},
    {"{\"created_at\":5}", "created_at", "must be a string"},
    {"{\"updated_at\":5}", "updated_at", "must be a string"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"id\":\"g2\"}]}", "groups[0].id", "was used before"},
    {"{\"groups\":[{\"id\":\"g1\"}]}", "groups[0].url", "is required"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"confirmed\":-1}]}", "groups[0].confirmed", "from 0 to"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"confirmed\":1000000001}]}", "groups[0].confirmed", "from 0 to"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"confirmed\":null}]}", "groups[0].confirmed", "must be an integer"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"used\":\"5\"}]}", "groups[0].used", "must be an integer"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"held\":1.0}]}", "groups[0].held", "must be an integer"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"reports\":null}]}", "groups[0].reports", "must be an integer"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"state\":1}]}", "groups[0].state", "must be a string"},
    {"{\"groups\":[{\"url\":\"" URL "\",\"platform\":1}]}", "groups[0].platform", "must be a string"},
    {"{\"ends_at\":\"2026-01-01T00:00:00Z\"}", "ends_at", "must be after starts_at"},
};

static const struct broken broken_group[] = {
    {"[]", "body", "must be an object"},
    {"{}", "url", "is required"},
    {"{\"url\":\"tel:1\"}", "url", "scheme not allowed"},
    {"{\"url\":\"" URL "\",\"id\":\"g1\"}", "id", "another group's id"},
    {"{\"url\":\"" URL "\",\"id\":\"g2\"}", "id", "was used before"},
    {"{\"url\":\"" URL "\",\"id\":\"a_b\"}", "id", "1 to 16"},
    {"{\"url\":\"" URL "\",\"limit\":-5}", "limit", "from 0 to"},
    {"{\"url\":\"" URL "\",\"confirmed\":5}", "confirmed", "unknown field"},
    {"{\"url\":\"" URL "\",\"title\":\"x\"}", "title", "unknown field"},
};

static const struct broken broken_group_patch[] = {
    {"[]", "body", "must be an object"},
    {"{\"id\":\"g9\"}", "id", "cannot be changed"},
    {"{\"id\":null}", "id", "cannot be changed"},
    {"{\"url\":null}", "url", "is required"},
    {"{\"limit\":\"many\"}", "limit", "must be an integer"},
    {"{\"confirmed\":-1}", "confirmed", "from 0 to"},
    {"{\"used\":null}", "used", "must be an integer"},
    {"{\"mood\":null}", "mood", "unknown field"},
    {"{\"when\":{\"hours\":[\"mon 9-18\"]}}", "when.hours", "must be as"},
};

static const struct broken broken_order[] = {
    {"{}", "body", "must be a list"},
    {"\"g1\"", "body", "must be a list"},
    {"[]", "body", "g1 is missing"},
    {"[\"g1\"]", "body", "g3 is missing"},
    {"[\"g1\",\"g3\",\"g1\"]", "body[2]", "is named twice"},
    {"[\"g1\",\"g3\",\"g2\"]", "body[2]", "is no group"},
    {"[\"g1\",3]", "body[1]", "must be a group's id"},
    {"[\"g1\",", "body", "line 1"},
};

#define STORED_HEAD "{\"slug\":\"a\",\"uid\":\"0123456789abcdef\""
static const struct broken broken_stored[] = {
    {"", "", "body: line 1"},
    {"[]", "", "body: must be an object"},
    {"{}", "", "slug: is required"},
    {"{\"slug\":\"a\"}", "", "uid: is required"},
    {"{\"slug\":\"api\",\"uid\":\"0123456789abcdef\"}", "", "slug: "},
    {"{\"slug\":\"a\",\"uid\":\"0123456789abcdeF\"}", "", "uid: must be 16 hex digits"},
    {STORED_HEAD ",\"strategy\":\"x\"}", "", "strategy: must be one of"},
    {STORED_HEAD ",\"next_group\":0}", "", "next_group: "},
    {STORED_HEAD ",\"version\":-1}", "", "version: "},
    {STORED_HEAD ",\"created_at\":5}", "", "created_at: "},
    {STORED_HEAD ",\"groups\":[" GROUP "]}", "", "groups[0].id: is required"},
    {STORED_HEAD ",\"groups\":[{\"id\":\"a\"}]}", "", "groups[0].url: is required"},
    {STORED_HEAD ",\"groups\":[{\"id\":\"a\",\"url\":\"x:y\"}]}", "", "groups[0].url: scheme"},
    {STORED_HEAD ",\"groups\":[{\"id\":\"a\",\"url\":\"" URL "\",\"limit\":-1}]}", "", "groups[0].limit: "},
};

/* Groups g1, g3; g2 was removed; next_group 4. */
static struct campaign *make_spring(void)
{
    struct campaign *c = create("{\"slug\":\"spring\",\"title\":\"Spring run\",\"strategy\":\"even\","
                                "\"starts_at\":\"2026-06-01T00:00:00Z\",\"fallback\":{\"url\":\"" URL
                                "\",\"text\":\"Come\\nlater\"},\"groups\":[{\"url\":\"https://weixin.qq.com/g/A\","
                                "\"limit\":200}," GROUP ",{\"url\":\"" URL "\",\"limit\":5,\"weight\":3}]}");
    struct campaign *without = campaign_without_group(c, 1, &moment);

    campaign_free(c);
    assert_ids(without, "g1 g3");
    return without;
}

static void create_breaks(const struct broken *b)
{
    struct field_errors e;

    if (campaign_from_request(b->json, strlen(b->json), &moment, &e))
        fail_msg("%.200s: accepted", b->json);
    assert_error(b->json, &e, b);
}

static void patch_breaks(const struct campaign *c, const struct broken *b)
{
    struct field_errors e;
    struct head_counts heads;

    if (campaign_from_patch(c, b->json, strlen(b->json), &later, &heads, &e))
        fail_msg("%.200s: accepted", b->json);
    assert_null(heads.list);
    assert_error(b->json, &e, b);
}

static void refuses_creations_with_every_rule_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken_both); i++)
        create_breaks(&broken_both[i]);
    for (size_t i = 0; i < COUNT_OF(broken_create); i++)
        create_breaks(&broken_create[i]);
}

static void refuses_patches_with_every_rule_broken(void **state)
{
    struct campaign *c = make_spring();
    size_t before_len, after_len;
    char *before = campaign_to_stored(c, &before_len), *after;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken_both); i++)
        patch_breaks(c, &broken_both[i]);
    for (size_t i = 0; i < COUNT_OF(broken_patch); i++)
        patch_breaks(c, &broken_patch[i]);
    after = campaign_to_stored(c, &after_len);
    assert_string_equal(before, after);
    free(before);
    free(after);
    campaign_free(c);
}

static void refuses_groups_with_every_rule_broken(void **state)
{
    struct campaign *c = make_spring();
    struct field_errors e;
    struct head_counts heads;
    size_t position;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken_group); i++) {
        const struct broken *b = &broken_group[i];

        assert_null(campaign_with_group(c, b->json, strlen(b->json), &later, &position, &e));
        assert_error(b->json, &e, b);
    }
    for (size_t i = 0; i < COUNT_OF(broken_group_patch); i++) {
        const struct broken *b = &broken_group_patch[i];

        assert_null(campaign_with_group_patch(c, 1, b->json, strlen(b->json), &later, &heads, &e));
        assert_null(heads.list);
        assert_error(b->json, &e, b);
    }
    campaign_free(c);
}

static void refuses_orders_with_every_rule_broken(void **state)
{
    struct campaign *c = make_spring();
    struct field_errors e;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken_order); i++) {
        const struct broken *b = &broken_order[i];

        assert_null(campaign_with_order(c, b->json, strlen(b->json), &later, &e));
        assert_error(b->json, &e, b);
    }
    campaign_free(c);
}

static void refuses_stored_forms_with_every_rule_broken(void **state)
{
    char err[256];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken_stored); i++) {
        const struct broken *b = &broken_stored[i];

        err[0] = '\0';
        assert_null(campaign_from_stored(b->json, strlen(b->json), err, sizeof(err)));
        if (strncmp(err, b->reason, strlen(b->reason)) != 0)
            fail_msg("%s: \"%s\"", b->json, err);
    }
}

/* --- what is no JSON --- */

static void says_where_text_is_no_json(void **state)
{
    static const struct {
        const char *text;
        size_t len; /* 0: strlen */
        const char *reason;
    } cases[] = {
        {"", 0, "line 1, column"},
        {"{", 0, "line 1, column"},
        {"{\"a\":1,\n\"b\":}", 0, "line 2, column"},
        {"{\"a\":1} x", 0, "end of file expected"},
        {"{'a':1}", 0, "line 1"},
        {"{\"a\":1,}", 0, "line 1"},
        {"{\"a\":NaN}", 0, "line 1"},
        {"{\"limit\":1e400}", 0, "overflow"},
        {"{\"limit\":99999999999999999999}", 0, "too big integer"},
        {"{\"limit\":01}", 0, "line 1"},
        {"{\"a\":\"\\u0000\"}", 0, "\\u0000"},
        {"{\"a\":\"x\0y\"}", 11, "control character"},
        {"{\"a\":1}\0", 8, "line 1"},
        {"{\"a\":\"\xff\"}", 0, "unable to decode"},
        {"{\"a\":\"\xc0\x80\"}", 0, "unable to decode"},
        {"{\"a\":\"\xed\xa0\x80\"}", 0, "unable to decode"},
        {"{\"a\":\"\\ud800\"}", 0, "line 1"},
        {"{\"a\":\"\x1b[31m\"}", 0, "control character"},
        {"\xef\xbb\xbf{}", 0, "line 1"},
        {"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", 0, "line 1, column 17: nested too deep"},
        {"\n\"\\\"[[[\xe4\xbd\xa0\" [[[[[[[[[[[[[[[[[", 0, "line 2, column 26: nested too deep"},
        {"{\"a\":1,\"a\":2}", 0, "duplicate object key"},
    };
    struct field_errors e;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);

        assert_null(campaign_from_request(cases[i].text, len, &moment, &e));
        if (!e.not_json || e.count != 1 || strcmp(e.list[0].field, "body") != 0 ||
            !strstr(e.list[0].reason, cases[i].reason))
            fail_msg("case %zu: %s", i, e.count ? e.list[0].reason : "no error");
        for (const char *p = e.list[0].reason; *p; p++)
            assert_true((unsigned char)*p >= 0x20);
    }
    assert_null(campaign_from_request("{}", 2, &moment, &e));
    assert_false(e.not_json);
}

static char *repeat(const char *head, const char *piece, size_t count, const char *tail)
{
    size_t piece_len = strlen(piece), head_len = strlen(head);
    char *text = malloc(head_len + piece_len * count + strlen(tail) + 1);

    strcpy(text, head);
    for (size_t i = 0; i < count; i++)
        memcpy(text + head_len + i * piece_len, piece, piece_len);
    strcpy(text + head_len + piece_len * count, tail);
    return text;
}

static void refuses_what_is_too_large(void **state)
{
    static const struct {
        const char *head, *piece;
        size_t count;
        const char *tail, *field, *reason;
    } cases[] = {
        {"{\"groups\":[" GROUP, "," GROUP, 10000, "]}", "groups", "at most 10000"},
        {"{\"groups\":[],\"title\":\"", "x", 1 << 20, "\"}", "title", "at most 200"},
        {"{\"groups\":[],\"title\":\"", "\xe4\xbd\xa0", 201, "\"}", "title", "at most 200"},
        {"{\"groups\":[],\"fallback\":{\"text\":\"", "\xe4\xbd\xa0", 2001, "\"}}", "fallback.text", "at most 2000"},
        {"{\"groups\":[{\"url\":\"" URL "\",\"name\":\"", "\xf0\x9f\x98\x80", 101, "\"}]}", "groups[0].name",
         "at most 100"},
        {"{\"groups\":[{\"url\":\"" URL, "a", 2048, "\"}]}", "groups[0].url", "2048"},
        {"", "[", 1 << 20, "", "body", "nested too deep"},
        {"[[]", ",[]", 100000, "]", "body", "too many"},
        {"{\"groups\":[],\"slug\":\"", "s", 1 << 20, "\"}", "slug", "1 to 64"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = repeat(cases[i].head, cases[i].piece, cases[i].count, cases[i].tail);
        struct broken b = {text, cases[i].field, cases[i].reason};

        create_breaks(&b);
        free(text);
    }
}

static void takes_the_largest(void **state)
{
    char *text = repeat("{\"title\":\"", "\xf0\x9f\x98\x80", 200, "\",\"groups\":[]}");

    (void)state;
    campaign_free(create(text));
    free(text);
    text = repeat("{\"fallback\":{\"text\":\"", "\xe4\xbd\xa0", 2000, "\"},\"groups\":[]}");
    campaign_free(create(text));
    free(text);
    text = repeat("{\"groups\":[{\"limit\":1000000000,\"weight\":1000000,\"url\":\"" URL, "a", 2028, "\"}]}");
    campaign_free(create(text));
    free(text);
}

static void keeps_10000_groups(void **state)
{
    char *text = repeat("{\"groups\":[" GROUP, "," GROUP, 9999, "]}");
    struct campaign *c = create(text), *back;
    struct field_errors e;
    struct head_counts heads;
    size_t len, position;
    char *stored = campaign_to_stored(c, &len), *api;
    char err[256];

    (void)state;
    assert_int_equal(c->group_count, 10000);
    assert_string_equal(c->groups[9999].id, "g10000");
    assert_string_equal(c->groups[9999].name, "Group 10000");
    back = campaign_from_stored(stored, len, err, sizeof(err));
    assert_non_null(back);
    assert_int_equal(campaign_find_group(back, "g7777"), 7776);
    assert_null(campaign_with_group(back, GROUP, strlen(GROUP), &later, &position, &e));
    assert_true(errors_have(&e, "groups", "at most 10000"));
    free(stored);
    api = campaign_to_api(c, NULL, "http://a", moment.now, false, &len);
    campaign_free(back);
    back = campaign_from_patch(c, api, len, &later, &heads, &e);
    assert_int_equal(back->group_count, 10000);
    assert_int_equal(heads.count, 10000);
    assert_string_equal(heads.list[9998].group, "g9999");
    head_counts_free(&heads);
    free(api);
    free(text);
    campaign_free(back);
    campaign_free(c);
}

static void collects_errors_up_to_a_limit(void **state)
{
    char *text = repeat("{\"groups\":[{\"limit\":-1}", ",{\"limit\":-1}", 99, "]}");
    struct field_errors e;

    (void)state;
    assert_null(campaign_from_request(text, strlen(text), &moment, &e));
    assert_int_equal(e.count, FIELD_ERRORS_MAX);
    assert_int_equal(e.count + e.more, 200);
    assert_true(errors_have(&e, "groups[3].limit", "must be"));
    assert_true(errors_have(&e, "groups[3].url", "is required"));
    free(text);
}

static void keeps_errors_well_formed(void **state)
{
    char *text = repeat("{\"groups\":[],\"x", "\xe4\xbd\xa0", 100000, "\":1}");
    struct field_errors e;
    json_t *field;

    (void)state;
    assert_null(campaign_from_request(text, strlen(text), &moment, &e));
    assert_int_equal(strlen(e.list[0].field), FIELD_NAME_MAX - 1);
    field = json_string(e.list[0].field); /* refuses bad UTF-8 */
    assert_non_null(field);
    json_decref(field);
    free(text);
}

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

/* --- both forms --- */

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

/* --- dates --- */

static void dates_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"1970-01-01T08:00:00+08:00", 0},
        {"1969-12-31T23:00:00-01:00", 0},
        {"2000-02-29T00:00:00Z", 951782400},
        {"2026-11-29T14:20:00+08:00", 1795933200},
        {"2026-11-29t06:20:00z", 1795933200},
        {"2026-11-29T06:20:00.999999999999Z", 1795933200},
        {"2026-11-28T06:21:00-23:59", 1795933200},
        {"2026-11-30T06:19:00+23:59", 1795933200},
        {"2400-02-29T12:00:00Z", INT64_C(13574606400)},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799)},
    };
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-29",
        "2026-11-29T14:20:00",
        "2026-11-29T14:20Z",
        "2026-11-29 14:20:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00,5Z",
        "2026-01-01T00:00:00+0800",
        "2026-01-01T00:00:00+08",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+08:60",
        "2026-01-01T00:00:00Z ",
        " 2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00ZZ",
        "02026-01-01T00:00:00Z",
        "+2026-01-01T00:00:00Z",
        "2026-1-01T00:00:00Z",
        "2026-01-01T-1:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "1900-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
    };
    int64_t seconds;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (!date_from_text(good[i].text, strlen(good[i].text), &seconds) || seconds != good[i].seconds)
            fail_msg("%s: %lld", good[i].text, (long long)seconds);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        seconds = 42;
        if (date_from_text(bad[i], strlen(bad[i]), &seconds) || seconds != 42)
            fail_msg("\"%s\" is read", bad[i]);
    }
    for (size_t n = 0; n < 20; n++) {
        char *exact = malloc(n + 1);

        memcpy(exact + 1, "2026-11-29T14:20:00Z", n); /* ends with the block: ASan sees a read too far */
        assert_false(date_from_text(exact + 1, n, &seconds));
        free(exact);
    }
}

static void dates_come_back(void **state)
{
    char text[32];
    int64_t seconds;

    (void)state;
    for (int64_t at = 0; at <= INT64_C(253402300799); at += 7919 * 3571) {
        date_to_text(at, text);
        assert_true(date_from_text(text, strlen(text), &seconds) && seconds == at);
    }
    date_to_text(1795933200, text);
    assert_string_equal(text, "2026-11-29T06:20:00Z");
    date_to_text(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
    date_to_text(-1, text);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_creations_with_every_rule_broken),
        cmocka_unit_test(refuses_patches_with_every_rule_broken),
        cmocka_unit_test(refuses_groups_with_every_rule_broken),
        cmocka_unit_test(refuses_orders_with_every_rule_broken),
        cmocka_unit_test(refuses_stored_forms_with_every_rule_broken),
        cmocka_unit_test(says_where_text_is_no_json),
        cmocka_unit_test(refuses_what_is_too_large),
        cmocka_unit_test(takes_the_largest),
        cmocka_unit_test(keeps_10000_groups),
        cmocka_unit_test(collects_errors_up_to_a_limit),
        cmocka_unit_test(keeps_errors_well_formed),
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
        cmocka_unit_test(stored_form_comes_back),
        cmocka_unit_test(queries_and_contacts_are_kept),
        cmocka_unit_test(old_addresses_are_kept),
        cmocka_unit_test(old_addresses_are_bounded),
        cmocka_unit_test(own_addresses_are_no_old_ones),
        cmocka_unit_test(mini_programs_build_their_link),
        cmocka_unit_test(mini_programs_have_limits),
        cmocka_unit_test(stored_form_of_another_version_is_read),
        cmocka_unit_test(api_form_is_the_documented_one),
        cmocka_unit_test(seats_are_summed),
        cmocka_unit_test(states_are_named),
        cmocka_unit_test(what_a_get_shows_can_be_sent_back),
        cmocka_unit_test(forms_are_whole_or_none),
        cmocka_unit_test(dates_are_read),
        cmocka_unit_test(dates_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
