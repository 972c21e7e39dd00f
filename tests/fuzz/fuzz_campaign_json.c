/*
 * Campaign JSON from a stranger: the same bytes as creation, patch, group, group's patch, order and stored form. What
 * is accepted must come back whole from its stored form, and its API form, sent back as a patch, must change nothing.
 */
#include "campaign_json.h"
#include "fuzz.h"

static const struct campaign_moment moment = {
    .now = 1795000000, .offers_country = true, .random = {0x123456789, 0xfedcba}};
static const char base_url[] = "https://q.example.com";

static struct campaign *make_base(void)
{
    static const char text[] =
        "{\"slug\":\"spring-run\",\"title\":\"Spring "
        "run\",\"starts_at\":\"2026-06-01T00:00:00Z\",\"fallback\":{\"text\":\"x\"},"
        "\"groups\":[{\"url\":\"https://weixin.qq.com/g/A\",\"limit\":200},{\"id\":\"g5\",\"url\":\"tg:x\"},"
        "{\"id\":\"vip\",\"url\":\"https://t.me/+x\",\"limit\":3}]}";
    struct field_errors e;
    struct campaign *c = campaign_from_request(text, sizeof(text) - 1, &moment, &e);

    CHECK(c);
    return c;
}

static void check_errors(const struct field_errors *e)
{
    CHECK(e->count > 0 && e->count <= FIELD_ERRORS_MAX && (e->more == 0 || e->count == FIELD_ERRORS_MAX));
    CHECK(!e->not_json || (e->count == 1 && strcmp(e->list[0].field, "body") == 0));
    for (size_t i = 0; i < e->count; i++)
        CHECK(e->list[i].field[0] && e->list[i].reason[0]);
}

static void check_rules(const struct campaign *c)
{
    CHECK(campaign_slug_valid(c->slug, strlen(c->slug)) && strlen(c->uid) == 16 && c->title && c->title[0]);
    CHECK(c->group_count <= CAMPAIGN_GROUPS_MAX && c->next_group >= 1);
    CHECK(!c->starts_at || !c->ends_at || c->starts_at < c->ends_at);
    for (size_t i = 0; i < c->group_count; i++) {
        const struct group *g = &c->groups[i];

        CHECK(group_id_valid(g->id, strlen(g->id)) && campaign_find_group(c, g->id) == (int)i);
        CHECK(g->name && g->name[0] && !platform_check_url(g->url, strlen(g->url)));
        CHECK(g->platform == platform_of_url(g->url));
        CHECK(g->limit >= -1 && g->limit <= GROUP_LIMIT_MAX && g->weight >= 1 && g->weight <= GROUP_WEIGHT_MAX);
    }
}

static void check_stored_form(const struct campaign *c)
{
    char err[256];
    size_t len, again_len;
    char *stored = campaign_to_stored(c, &len);
    struct campaign *back = campaign_from_stored(stored, len, err, sizeof(err));
    char *again;

    CHECK(back);
    again = campaign_to_stored(back, &again_len);
    CHECK(again_len == len && memcmp(again, stored, len) == 0);
    free(again);
    free(stored);
    campaign_free(back);
}

static void check_api_form(const struct campaign *c)
{
    struct field_errors e;
    struct head_counts heads;
    struct campaign_moment m = moment;
    size_t len, again_len;
    char *api = campaign_to_api(c, NULL, base_url, moment.now, false, &len);
    struct campaign *back;
    char *again;

    m.now = c->updated_at;
    back = campaign_from_patch(c, api, len, &m, &heads, &e);
    CHECK(back && heads.count == c->group_count && back->next_group == c->next_group);
    again = campaign_to_api(back, NULL, base_url, moment.now, false, &again_len);
    CHECK(again_len == len && memcmp(again, api, len) == 0);
    head_counts_free(&heads);
    free(again);
    free(api);
    campaign_free(back);
}

/* What a reader gave: a campaign that holds all rules, or errors. Takes c. */
static void check_result(struct campaign *c, const struct field_errors *e)
{
    if (!c) {
        check_errors(e);
        return;
    }
    CHECK(e->count == 0 && e->more == 0 && !e->not_json);
    check_rules(c);
    check_stored_form(c);
    check_api_form(c);
    campaign_free(c);
}

static void check_stored_reader(const char *text, size_t size)
{
    char err[256] = "";
    struct campaign *c = campaign_from_stored(text, size, err, sizeof(err));

    if (c) {
        check_rules(c);
        check_stored_form(c);
    } else {
        CHECK(err[0]);
    }
    campaign_free(c);
}

static void check_batch_item(const struct campaign_batch *batch, size_t at, const struct campaign *base)
{
    const struct campaign_batch_item *item = campaign_batch_item(batch, at);
    struct field_errors e = {.count = 0};
    struct head_counts heads;
    struct campaign *c;

    CHECK(!item->slug[0] || campaign_slug_valid(item->slug, strlen(item->slug)));
    if (item->wrong)
        return;
    c = campaign_batch_make(batch, at, item->edits ? base : NULL, &moment, &heads, &e);
    CHECK(c || !heads.list);
    head_counts_free(&heads);
    for (size_t i = 0; i < e.count; i++)
        CHECK(strncmp(e.list[i].field, "campaigns[", 10) == 0);
    check_result(c, &e);
}

static void check_batch(const char *text, size_t size, const struct campaign *base)
{
    struct field_errors e;
    struct campaign_batch *batch = campaign_batch_from_request(text, size, &e);

    if (!batch) {
        check_errors(&e);
        return;
    }
    for (size_t i = 0; i < campaign_batch_count(batch); i++)
        check_batch_item(batch, i, base);
    campaign_batch_free(batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct campaign *base = make_base();
    const char *text = (const char *)data;
    struct field_errors e;
    struct head_counts heads;
    size_t position = 0;
    struct campaign *c;

    check_result(campaign_from_request(text, size, &moment, &e), &e);
    c = campaign_from_patch(base, text, size, &moment, &heads, &e);
    CHECK(c || !heads.list);
    head_counts_free(&heads);
    check_result(c, &e);
    c = campaign_with_group(base, text, size, &moment, &position, &e);
    CHECK(!c || position == 3);
    check_result(c, &e);
    c = campaign_with_group_patch(base, 1, text, size, &moment, &heads, &e);
    CHECK(c || !heads.list);
    head_counts_free(&heads);
    check_result(c, &e);
    check_result(campaign_with_order(base, text, size, &moment, &e), &e);
    check_stored_reader(text, size);
    check_batch(text, size, base);
    campaign_free(base);
    return 0;
}
