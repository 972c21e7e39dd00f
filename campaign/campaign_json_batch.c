/*
 * Many campaigns in one request: {"campaigns":[{"op":"create", ...}, {"op":"edit","slug":"...", ...}]}. What an item
 * says of its campaign goes through the same tables as a request of its own; only its errors say which item they are
 * of.
 */
#include "campaign_json_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct campaign_batch {
    json_t *list; /* without `op` and `version`, which are in items */
    size_t count;
    struct campaign_batch_item items[];
};

enum { FIELD_PREFIX = 24 }; /* "campaigns[999]." */

static void item_error(struct field_errors *errors, size_t at, const char *key, const char *reason)
{
    char field[FIELD_PREFIX + 16];

    snprintf(field, sizeof(field), "campaigns[%zu]%s%s", at, key ? "." : "", key ? key : "");
    field_errors_add(errors, field, "%s", reason);
}

/* --- what an item is --- */

static bool read_op(struct campaign_batch_item *item, json_t *op)
{
    const char *word = json_string_value(op);

    if (!op || (word && strcmp(word, "create") == 0))
        return true;
    item->edits = word && strcmp(word, "edit") == 0;
    return item->edits;
}

/* A slug that no campaign can have stays empty: whoever makes the campaign says what is wrong with it. */
static void read_item_slug(struct campaign_batch_item *item, json_t *value)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    char slug[CAMPAIGN_SLUG_MAX + 1] = "";

    for (size_t i = 0; text && i < len && len <= CAMPAIGN_SLUG_MAX; i++)
        slug[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
    if (text && campaign_slug_valid(slug, len))
        memcpy(item->slug, slug, sizeof(slug));
}

static void read_item(struct campaign_batch_item *item, size_t at, json_t *object, struct field_errors *errors)
{
    json_t *version = json_object_get(object, "version");
    size_t before = errors->count + errors->more;

    if (!json_is_object(object)) {
        item_error(errors, at, NULL, "must be an object");
        item->wrong = true;
        return;
    }
    if (!read_op(item, json_object_get(object, "op")))
        item_error(errors, at, "op", "must be \"create\" or \"edit\"");
    read_item_slug(item, json_object_get(object, "slug"));
    if (item->edits && !item->slug[0])
        item_error(errors, at, "slug", "is required, and must be a campaign's slug");
    if (item->edits && version && !json_is_null(version)) {
        item->version = json_integer_value(version);
        if (!json_is_integer(version) || item->version < 1)
            item_error(errors, at, "version", "must be the campaign's version, an integer from 1 on");
    }
    item->wrong = errors->count + errors->more > before;
    json_object_del(object, "op");
    if (item->edits)
        json_object_del(object, "version");
}

/* A batch has no order in time, so no slug may be meant twice. */
static bool refuse_repeated(struct campaign_batch *b, struct field_errors *errors)
{
    json_t *seen = json_object();
    bool good = seen != NULL;

    for (size_t i = 0; good && i < b->count; i++) {
        struct campaign_batch_item *item = &b->items[i];
        char reason[FIELD_REASON_MAX];
        json_t *first = json_object_get(seen, item->slug);

        if (!item->slug[0])
            continue;
        if (!first) {
            good = json_object_set_new(seen, item->slug, json_integer((json_int_t)i)) == 0;
            continue;
        }
        snprintf(reason, sizeof(reason), "is named twice: campaigns[%lld] has it too",
                 (long long)json_integer_value(first));
        item_error(errors, i, "slug", reason);
        item->wrong = true;
    }
    json_decref(seen);
    return good;
}

/* --- the batch --- */

/* The list of the body, taken out of it; NULL with an error. */
static json_t *take_list(json_t *body, struct field_errors *errors)
{
    json_t *list = json_incref(json_object_get(body, "campaigns"));
    const char *key;
    json_t *value;

    json_object_foreach(body, key, value)
    {
        if (strcmp(key, "campaigns") != 0)
            field_errors_add(errors, key[0] ? key : "body", "unknown field");
    }
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > CAMPAIGN_BATCH_MAX)
        field_errors_add(errors, "campaigns", "must be a list of 1 to %d campaigns", (int)CAMPAIGN_BATCH_MAX);
    if (errors->count == 0)
        return list;
    json_decref(list);
    return NULL;
}

struct campaign_batch *campaign_batch_from_request(const char *text, size_t len, struct field_errors *errors)
{
    struct change ch = {.errors = errors, .index = -1};
    struct campaign_batch *b;
    json_t *body, *list;

    errors->count = errors->more = 0;
    errors->not_json = false;
    body = change_parse_object(&ch, text, len);
    list = body ? take_list(body, errors) : NULL;
    json_decref(body);
    if (!list)
        return NULL;
    b = calloc(1, sizeof(*b) + json_array_size(list) * sizeof(b->items[0]));
    if (!b) {
        json_decref(list);
        return NULL;
    }
    b->list = list;
    b->count = json_array_size(list);
    for (size_t i = 0; i < b->count; i++)
        read_item(&b->items[i], i, json_array_get(list, i), errors);
    if (refuse_repeated(b, errors))
        return b;
    campaign_batch_free(b);
    errors->count = errors->more = 0;
    return NULL;
}

void campaign_batch_free(struct campaign_batch *b)
{
    if (!b)
        return;
    json_decref(b->list);
    free(b);
}

size_t campaign_batch_count(const struct campaign_batch *b)
{
    return b->count;
}

const struct campaign_batch_item *campaign_batch_item(const struct campaign_batch *b, size_t at)
{
    return &b->items[at];
}

struct campaign *campaign_batch_make(const struct campaign_batch *b, size_t at, const struct campaign *was,
                                     const struct campaign_moment *m, struct head_counts *heads,
                                     struct field_errors *errors)
{
    json_t *object = json_array_get(b->list, at);
    struct field_errors own;
    struct campaign *c;

    *heads = (struct head_counts){0};
    c = was ? change_make_patched(was, object, m, heads, &own) : change_make_created(object, m, &own);
    for (size_t i = 0; !c && i < own.count; i++) {
        char field[FIELD_PREFIX + FIELD_NAME_MAX];

        snprintf(field, sizeof(field), "campaigns[%zu].%s", at, own.list[i].field);
        field_errors_add(errors, field, "%s", own.list[i].reason);
    }
    if (!c)
        errors->more += own.more;
    return c;
}
