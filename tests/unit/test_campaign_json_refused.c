/* What is refused of campaigns in JSON: every rule broken once, what is no JSON, what is too large. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "made_campaign.h"

struct broken {
    const char *json;
    const char *field;
    const char *reason; /* part of it */
};

static void assert_error(const char *json, const struct field_errors *e, const struct broken *b)
{
    if (!errors_have(e, b->field, b->reason))
        fail_msg("%.200s: no error \"%s: %s\" but %zu, first \"%s: %s\"", json, b->field, b->reason, e->count,
                 e->count ? e->list[0].field : "", e->count ? e->list[0].reason : "");
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
