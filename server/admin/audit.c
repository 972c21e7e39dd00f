/* See audit.h. */
#include "audit.h"
#include "campaign_json_memory.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void audit_change_clear(struct audit_change *ch)
{
    free(ch->before);
    free(ch->after);
    *ch = (struct audit_change){NULL, NULL};
}

/* --- what is different --- */

static void keep_difference(json_t *was, json_t *now);

/* Whether a field is the same in both; of objects in both only what differs is kept. */
static bool same_field(json_t *was, json_t *now)
{
    if (json_equal(was, now))
        return true;
    if (json_is_object(was) && json_is_object(now))
        keep_difference(was, now);
    return false;
}

/* Takes out of both what is the same. */
static void keep_difference(json_t *was, json_t *now)
{
    const char *key;
    void *next;
    json_t *value;
    json_object_foreach_safe(was, next, key, value)
    {
        json_t *other = json_object_get(now, key);
        if (other && same_field(value, other)) {
            json_object_del(now, key);
            json_object_del(was, key);
        }
    }
}

/* Of what is too much only the names. */
static char *to_text(json_t *object)
{
    if (!object || json_object_size(object) == 0)
        return NULL;
    char *text = json_dumps(object, JSON_COMPACT);
    if (!text || strlen(text) <= AUDIT_TEXT_MAX)
        return text;
    free(text);
    json_t *names = json_array(), *cut;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        json_array_append_new(names, json_string(key));
    }
    cut = json_pack("{s:b,s:o}", "too_much", 1, "fields", names);
    text = cut ? json_dumps(cut, JSON_COMPACT) : NULL;
    json_decref(cut);
    return text;
}

void audit_objects(struct audit_change *ch, struct json_t *was, struct json_t *now)
{
    if (was && now)
        keep_difference(was, now);
    ch->before = to_text(was);
    ch->after = to_text(now);
    json_decref(was);
    json_decref(now);
}

/* --- campaigns --- */

/* A definition without what changes by itself; groups by id, and their order. NULL: none, or out of memory. */
static json_t *definition_of(const struct campaign *c)
{
    static const char *const left_out[] = {"version", "uid", "created_at", "updated_at"};
    size_t len = 0;
    char *text = c ? campaign_to_stored(c, &len) : NULL;
    json_t *object = text ? json_memory_load(text, len, 0, NULL) : NULL, *group;
    free(text);
    if (!object)
        return NULL;
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        json_object_del(object, left_out[i]);
    json_t *groups = json_object(), *order = json_array();
    size_t at;
    json_array_foreach(json_object_get(object, "groups"), at, group)
    {
        const char *id = json_string_value(json_object_get(group, "id"));
        if (!id)
            continue;
        json_object_set(groups, id, group);
        json_array_append_new(order, json_string(id));
    }
    json_object_set_new(object, "groups", groups);
    json_object_set_new(object, "order", order);
    return object;
}

static void set_confirmed(json_t *definition, const char *group, int64_t confirmed)
{
    json_object_set_new(json_object_get(json_object_get(definition, "groups"), group), "confirmed",
                        json_integer(confirmed));
}

void audit_campaign(struct audit_change *ch, const struct campaign *was, const struct campaign *now,
                    const struct group_count *counts, const struct head_counts *heads)
{
    json_t *before = definition_of(was), *after = definition_of(now);
    for (size_t i = 0; heads && i < heads->count; i++) {
        int position = was ? campaign_find_group(was, heads->list[i].group) : -1;
        if (position >= 0 && counts)
            set_confirmed(before, heads->list[i].group, counts[position].used - counts[position].held);
        set_confirmed(after, heads->list[i].group, heads->list[i].confirmed);
    }
    audit_objects(ch, before, after);
}

/* --- an entry --- */

struct store_audit audit_of(struct conn *c, const char *action, const char *target, const struct audit_change *ch)
{
    const struct admin_request *q = request_of(c);
    return (struct store_audit){
        .who = q->who,
        .action = action,
        .target = target,
        .from = q->from,
        .before = ch ? ch->before : NULL,
        .after = ch ? ch->after : NULL,
    };
}

void audit_target_campaign(struct conn *c, char out[AUDIT_TARGET_MAX])
{
    const struct admin_request *q = request_of(c);
    snprintf(out, AUDIT_TARGET_MAX, "campaign:%s%s%s", q->slug, q->group[0] ? "/" : "", q->group);
}
