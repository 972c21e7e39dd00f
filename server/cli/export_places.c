/* Those who wait, as JSON and back. See export_places.h. */
#include "export_places.h"

#include "campaign_json_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX INT64_C(9007199254740991) /* what every JSON reader, and Redis's Lua, holds exactly */

enum {
    PLACES_MAX = 20000, /* ENTRIES_MAX of wait.lua */
    LINE_MAX_BYTES = 128,
    PROMISE_AHEAD = 2 * WAITING_PROMISE_MAX,
};

static const struct {
    char letter;
    const char *word;
} states[] = {{'w', "waiting"}, {'p', "promised"}, {'i', "in"}};

static const char *state_word(char letter)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (states[i].letter == letter)
            return states[i].word;
    return "";
}

json_t *export_places_to_json(const struct store_dump *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->place_count; i++) {
        const struct store_dump_place *p = &d->places[i];
        json_array_append_new(
            list, json_pack("{s:s,s:I,s:I,s:s,s:s,s:s?,s:I,s:I,s:s?,s:s}", "id", p->id, "number", (json_int_t)p->number,
                            "joined_at", (json_int_t)p->joined_at, "state", state_word(p->state), "kind", p->line,
                            "group", p->group[0] ? p->group : NULL, "until", (json_int_t)p->due, "serial",
                            (json_int_t)p->serial, "channel", p->channel[0] ? p->channel : NULL, "name", p->name));
    }
    return list;
}

/* A text or null; "" for null; NULL: neither. */
static const char *text_of(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_null(value) ? "" : json_string_value(value);
}

static bool integer_of(json_t *object, const char *key, int64_t least, int64_t most, int64_t *out)
{
    json_t *value = json_object_get(object, key);
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= least && *out <= most;
}

static bool is_made_of(const char *text, const char *allowed, size_t least, size_t most)
{
    size_t len = text ? strlen(text) : 0;
    return text && len >= least && len <= most && strspn(text, allowed) == len;
}

/* NULL, or which field is wrong. */
static const char *read_place(json_t *object, int64_t now, struct store_dump_place *p)
{
    static const char base64[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const char *state = text_of(object, "state");
    char name[WAITING_BYTES_MAX + 1];
    *p = (struct store_dump_place){.id = text_of(object, "id"),
                                   .line = text_of(object, "kind"),
                                   .group = text_of(object, "group"),
                                   .channel = text_of(object, "channel"),
                                   .name = text_of(object, "name")};
    for (size_t i = 0; state && i < sizeof states / sizeof *states; i++)
        if (strcmp(state, states[i].word) == 0)
            p->state = states[i].letter;
    if (!is_made_of(p->id, base64, STORE_PLACE_ID, STORE_PLACE_ID))
        return "id";
    if (!integer_of(object, "number", 1, NUMBER_MAX, &p->number))
        return "number";
    if (!integer_of(object, "joined_at", 1, now + PROMISE_AHEAD, &p->joined_at))
        return "joined_at";
    if (!p->state)
        return "state";
    if (!is_made_of(p->line, "abcdef0123456789:,", 3, LINE_MAX_BYTES) || !strchr(p->line, ':'))
        return "kind";
    if (!p->group || (p->group[0] ? !group_id_valid(p->group, strlen(p->group)) : p->state != 'w'))
        return "group";
    if (!integer_of(object, "until", 0, NUMBER_MAX, &p->due)) /* a name */
        return "until";
    if (!integer_of(object, "serial", 0, NUMBER_MAX, &p->serial))
        return "serial";
    if (!p->channel || (p->channel[0] && !campaign_channel_valid(p->channel, strlen(p->channel))))
        return "channel";
    if (!p->name || !waiting_read_name(WAITING_NICKNAME, p->name, name) || strcmp(name, p->name) != 0)
        return "name";
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    const struct store_dump_place *left = a, *right = b;
    return strcmp(left->id, right->id);
}

static int compare_numbers(const void *a, const void *b)
{
    const struct store_dump_place *left = a, *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

/* Whether two of them have the same id or number; leaves them by number. */
static bool any_twice(struct store_dump_place *places, size_t count)
{
    int (*const orders[])(const void *, const void *) = {compare_ids, compare_numbers};
    bool twice = false;
    for (size_t n = 0; n < 2; n++) {
        qsort(places, count, sizeof *places, orders[n]);
        for (size_t i = 1; i < count; i++)
            twice = twice || orders[n](&places[i - 1], &places[i]) == 0;
    }
    return twice;
}

bool export_places_from_json(json_t *list, int64_t now, struct exported_campaign *ret, char why[EXPORT_WHY_MAX])
{
    size_t count = json_array_size(list);
    if ((list && !json_is_null(list) && !json_is_array(list)) || count > PLACES_MAX) {
        snprintf(why, EXPORT_WHY_MAX, "waiting must be a list of at most %d", PLACES_MAX);
        return false;
    }
    ret->places = calloc(count + 1, sizeof *ret->places);
    if (!ret->places) {
        json_memory_lacks();
        snprintf(why, EXPORT_WHY_MAX, "out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_array_get(list, i);
        const char *wrong = json_is_object(object) ? read_place(object, now, &ret->places[i]) : "an element";
        if (wrong) {
            snprintf(why, EXPORT_WHY_MAX, "waiting: %s is not what an export has", wrong);
            return false;
        }
    }
    if (any_twice(ret->places, count)) {
        snprintf(why, EXPORT_WHY_MAX, "waiting: two have the same id or number");
        return false;
    }
    ret->dump.places = ret->places;
    ret->dump.place_count = count;
    return true;
}
