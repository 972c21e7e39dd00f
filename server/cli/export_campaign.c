/* Campaigns as lines of our own export, both ways. See export_campaign.h. */
#include "export_campaign.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_json_memory.h"
#include "export_places.h"

#define COUNT_MAX INT64_C(9007199254740991) /* what every JSON reader, and Redis's Lua, holds exactly */

enum {
    ISSUED_MAX = 1 << 30, /* serials of a bucket: a bitmap of 128 MB */
    REPORTED_MAX = 8,     /* times that are remembered of a group's reports */
    HOLDS_AHEAD = 2 * CAMPAIGN_HOLD_MAX,
    CLOCK_BACK_YEARS = 100, /* that a clock was wrong by */
    NAME_MAX_BYTES = 64,    /* of a count */
};

/* --- to a line --- */

static json_t *times_json(const char *text)
{
    json_t *list = json_array();
    char *end;
    for (const char *p = text; *p && list; p = end) {
        long long n = strtoll(p, &end, 10);
        if (end == p)
            break;
        json_array_append_new(list, json_integer(n));
    }
    return list;
}

/* {"count":187,"at":1795617180,"over":0,"source":"bot","history":[at, members, seats ...]}, or null. */
static json_t *members_json(const struct store_dump_group *g)
{
    long long count, at, over;
    int source = 0;
    if (sscanf(g->members, "%lld %lld %lld %n", &count, &at, &over, &source) < 3)
        return json_null();
    return json_pack("{s:I,s:I,s:I,s:s,s:o}", "count", (json_int_t)count, "at", (json_int_t)at, "over",
                     (json_int_t)over, "source", g->members + source, "history", times_json(g->counted));
}

static json_t *groups_json(const struct store_dump *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->definition->group_count; i++) {
        const struct store_dump_group *g = &d->groups[i];
        json_t *group =
            json_pack("{s:s,s:I,s:I,s:I,s:o}", "id", d->definition->groups[i].id, "used", (json_int_t)g->used, "held",
                      (json_int_t)g->held, "reports", (json_int_t)g->reports, "reported", times_json(g->reported));
        json_object_set_new(group, "suspect_since", g->suspect_since ? json_integer(g->suspect_since) : json_null());
        json_object_set_new(group, "members", members_json(g));
        json_array_append_new(list, group);
    }
    return list;
}

static json_t *bytes_json(struct store_bytes b)
{
    size_t room = sodium_base64_encoded_len(b.len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    if (text)
        sodium_bin2base64(text, room, (const unsigned char *)(b.at ? b.at : ""), b.len, sodium_base64_VARIANT_ORIGINAL);
    json_t *value = text ? json_string(text) : NULL;
    free(text);
    return value;
}

static json_t *holds_json(const struct store_dump *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->bucket_count; i++) {
        const struct store_dump_bucket *b = &d->buckets[i];
        json_array_append_new(
            list, json_pack("{s:s,s:I,s:I,s:I,s:o,s:o,s:o}", "group", b->group, "name", (json_int_t)b->name, "until",
                            (json_int_t)b->due, "issued", (json_int_t)b->issued, "confirmed", bytes_json(b->confirmed),
                            "given_back", bytes_json(b->given_back), "reported", bytes_json(b->reported)));
    }
    return list;
}

static int compare_counts(const void *a, const void *b)
{
    return strcmp(((const struct store_dump_count *)a)->name, ((const struct store_dump_count *)b)->name);
}

/* A hash has no order; a line has, so that the same store gives the same lines. */
static json_t *day_json(const struct store_dump_day *day)
{
    json_t *counts = json_object();
    struct store_dump_count *sorted = calloc(day->count + 1, sizeof *sorted);
    if (sorted)
        memcpy(sorted, day->counts, day->count * sizeof *sorted);
    if (sorted)
        qsort(sorted, day->count, sizeof *sorted, compare_counts);
    for (size_t i = 0; sorted && i < day->count; i++)
        json_object_set_new(counts, sorted[i].name, json_integer(sorted[i].count));
    bool good = sorted && json_object_size(counts) == day->count;
    free(sorted);
    if (good)
        return counts;
    json_decref(counts);
    return NULL;
}

static json_t *statistics_json(const struct store_dump *d)
{
    json_t *days = json_object();
    for (size_t i = 0; i < d->day_count; i++)
        json_object_set_new(days, d->days[i].day, day_json(&d->days[i]));
    return days;
}

json_t *export_campaign_to_json(const struct store_dump *d)
{
    size_t len = 0;
    char *text = campaign_to_stored(d->definition, &len);
    json_t *definition = text ? json_memory_load(text, len, 0, NULL) : NULL;
    free(text);
    json_t *line =
        json_pack("{s:s,s:s,s:o,s:o,s:o,s:I,s:o,s:o}", "type", "campaign", "slug", d->definition->slug, "definition",
                  definition, "groups", groups_json(d), "holds", holds_json(d), "holds_ended", (json_int_t)d->swept,
                  "statistics", statistics_json(d), "waiting", export_places_to_json(d));
    /* Whatever memory could not be had for would be missing here. */
    if (json_array_size(json_object_get(line, "groups")) == d->definition->group_count &&
        json_array_size(json_object_get(line, "holds")) == d->bucket_count &&
        json_object_size(json_object_get(line, "statistics")) == d->day_count &&
        json_array_size(json_object_get(line, "waiting")) == d->place_count)
        return line;
    json_decref(line);
    return NULL;
}

/* --- from a line --- */

/* A walk over a line; the first thing that is wrong ends it. */
struct reader {
    struct exported_campaign *out;
    int64_t now;
    size_t bits_used;
    char *why;
};

static bool wrong(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(struct reader *r, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(r->why, EXPORT_WHY_MAX, format, ap);
    va_end(ap);
    return false;
}

static bool lacks_memory(struct reader *r)
{
    json_memory_lacks();
    return wrong(r, "out of memory");
}

static bool read_integer(struct reader *r, json_t *object, const char *key, int64_t most, int64_t *out)
{
    json_t *value = json_object_get(object, key);
    *out = json_integer_value(value);
    if (json_is_integer(value) && *out >= 0 && *out <= most)
        return true;
    return wrong(r, "%s must be an integer from 0 to %lld", key, (long long)most);
}

static bool read_definition(struct reader *r, json_t *line)
{
    char err[EXPORT_WHY_MAX - 32] = "out of memory";
    json_t *definition = json_object_get(line, "definition");
    char *text = json_is_object(definition) ? json_dumps(definition, JSON_COMPACT) : NULL;
    struct campaign *c = text ? campaign_from_stored(text, strlen(text), err, sizeof err) : NULL;
    free(text);
    r->out->definition = c;
    if (!json_is_object(definition))
        return wrong(r, "definition must be an object");
    if (!c)
        return wrong(r, "definition: %s", err);
    const char *slug = json_string_value(json_object_get(line, "slug"));
    if (!slug || strcmp(slug, c->slug) != 0)
        return wrong(r, "slug is not the definition's");
    if (c->version < 1 || c->version > COUNT_MAX - 1)
        return wrong(r, "definition: version must be from 1 on");
    return true;
}

static bool read_times(struct reader *r, json_t *list, char out[128])
{
    size_t len = 0;
    out[0] = '\0';
    if (!json_is_array(list) || json_array_size(list) > REPORTED_MAX)
        return wrong(r, "reported must be a list of at most %d times", REPORTED_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *value = json_array_get(list, i);
        int64_t n = json_integer_value(value);
        if (!json_is_integer(value) || n < 0 || n > r->now + HOLDS_AHEAD)
            return wrong(r, "reported must be a list of unix seconds, none of the future");
        len += (size_t)snprintf(out + len, 128 - len, "%s%lld", len ? " " : "", (long long)n);
    }
    return true;
}

/* Head counts are read into one text of the group's own: the last one, then those of before. */
static bool read_members(struct reader *r, json_t *object, size_t at)
{
    struct store_dump_group *g = &r->out->groups[at];
    json_t *history = json_object_get(object, "history");
    const char *source = json_string_value(json_object_get(object, "source"));
    size_t numbers = json_array_size(history), len;
    int64_t count, moment, over;
    g->members = g->counted = "";
    if (!object || json_is_null(object)) /* exported before there were any */
        return true;
    if (!read_integer(r, object, "count", GROUP_LIMIT_MAX, &count) ||
        !read_integer(r, object, "at", r->now + HOLDS_AHEAD, &moment) ||
        !read_integer(r, object, "over", COUNT_MAX, &over))
        return false;
    if (!source || strlen(source) > STORE_MEMBERS_SOURCE_MAX || strpbrk(source, "\n\r"))
        return wrong(r, "members: source must be a text of %d bytes at most", (int)STORE_MEMBERS_SOURCE_MAX);
    if (!json_is_array(history) || numbers % 3 || numbers / 3 > STORE_MEMBERS_POINTS_MAX)
        return wrong(r, "members: history must be a list of at most %d moments, each with two numbers",
                     (int)STORE_MEMBERS_POINTS_MAX);
    size_t room = 128 + STORE_MEMBERS_SOURCE_MAX + numbers * 24;
    char *text = malloc(room);
    r->out->members[at] = text;
    if (!text)
        return lacks_memory(r);
    len =
        (size_t)snprintf(text, room, "%lld %lld %lld %s", (long long)count, (long long)moment, (long long)over, source);
    text[++len] = '\0';
    g->members = text;
    g->counted = text + len;
    for (size_t i = 0; i < numbers; i++) {
        json_t *value = json_array_get(history, i);
        if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > COUNT_MAX)
            return wrong(r, "members: history must be a list of integers from 0 on");
        len += (size_t)snprintf(text + len, room - len, "%s%lld", i ? " " : "", (long long)json_integer_value(value));
    }
    return true;
}

static bool read_group(struct reader *r, json_t *object, size_t at)
{
    struct store_dump_group *g = &r->out->groups[at];
    const char *id = json_string_value(json_object_get(object, "id"));
    json_t *suspect = json_object_get(object, "suspect_since");
    if (!id || strcmp(id, r->out->definition->groups[at].id) != 0)
        return wrong(r, "groups must be those of the definition, in their order");
    if (!read_integer(r, object, "used", COUNT_MAX, &g->used) ||
        !read_integer(r, object, "held", COUNT_MAX, &g->held) ||
        !read_integer(r, object, "reports", COUNT_MAX, &g->reports) ||
        !read_times(r, json_object_get(object, "reported"), r->out->reported[at]))
        return false;
    if (g->held > g->used)
        return wrong(r, "%s: more seats are held than used", id);
    if (suspect && !json_is_null(suspect) &&
        !read_integer(r, object, "suspect_since", r->now + HOLDS_AHEAD, &g->suspect_since))
        return false;
    g->reported = r->out->reported[at];
    return read_members(r, json_object_get(object, "members"), at);
}

static bool read_groups(struct reader *r, json_t *list)
{
    size_t count = r->out->definition->group_count;
    if (!json_is_array(list) || json_array_size(list) != count)
        return wrong(r, "groups must be those of the definition, in their order");
    r->out->groups = calloc(count + 1, sizeof *r->out->groups);
    r->out->reported = calloc(count + 1, sizeof *r->out->reported);
    r->out->members = calloc(count + 1, sizeof *r->out->members);
    if (!r->out->groups || !r->out->reported || !r->out->members)
        return lacks_memory(r);
    for (size_t i = 0; i < count; i++)
        if (!read_group(r, json_array_get(list, i), i))
            return false;
    return true;
}

static size_t bits_set(struct store_bytes b)
{
    size_t count = 0;
    for (size_t i = 0; i < b.len; i++)
        count += (size_t)__builtin_popcount((unsigned char)b.at[i]);
    return count;
}

/* Bits of serials that were issued, and no others. */
static bool read_bits(struct reader *r, json_t *object, const char *key, int64_t issued, struct store_bytes *out)
{
    json_t *value = json_object_get(object, key);
    size_t room = (size_t)issued / 8 + 1, len = 0;
    unsigned char *to = r->out->bits + r->bits_used;
    if (!json_is_string(value) || sodium_base642bin(to, room, json_string_value(value), json_string_length(value), NULL,
                                                    &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return wrong(r, "holds: %s must be base64 of as many bits as were issued", key);
    *out = len > 0 ? (struct store_bytes){(const char *)to, len} : (struct store_bytes){NULL, 0};
    r->bits_used += len;
    for (size_t bit = (size_t)issued; bit < len * 8; bit++)
        if (to[bit / 8] & 0x80 >> bit % 8)
            return wrong(r, "holds: %s names seats that were never issued", key);
    return true;
}

/* A name that a hold has got; those of one that ends now are of now, unless the clock went back. */
static int64_t latest_name(const struct reader *r)
{
    return r->now + HOLDS_AHEAD + CLOCK_BACK_YEARS * INT64_C(366) * 86400;
}

static bool read_bucket(struct reader *r, json_t *object, struct store_dump_bucket *b)
{
    const char *group = json_string_value(json_object_get(object, "group"));
    if (!group || campaign_find_group(r->out->definition, group) < 0)
        return wrong(r, "holds: group must be one of the definition's");
    if (!read_integer(r, object, "until", r->now + HOLDS_AHEAD, &b->due) ||
        !read_integer(r, object, "issued", ISSUED_MAX, &b->issued))
        return false;
    b->name = b->due; /* as those that have none are called */
    if (json_object_get(object, "name") && !read_integer(r, object, "name", latest_name(r), &b->name))
        return false;
    b->group = group;
    if (b->issued == 0 || b->due == 0 || b->name == 0)
        return wrong(r, "holds: name, until and issued must not be 0");
    return read_bits(r, object, "confirmed", b->issued, &b->confirmed) &&
           read_bits(r, object, "given_back", b->issued, &b->given_back) &&
           read_bits(r, object, "reported", b->issued, &b->reported);
}

/* The text of all bitmaps is longer than what it says. */
static size_t bits_room(json_t *list)
{
    size_t room = 0, i;
    json_t *object;
    json_array_foreach(list, i, object)
    {
        room += json_string_length(json_object_get(object, "confirmed")) +
                json_string_length(json_object_get(object, "given_back")) +
                json_string_length(json_object_get(object, "reported"));
    }
    return room;
}

static int compare_buckets(const void *a, const void *b)
{
    const struct store_dump_bucket *left = a, *right = b;
    int by_group = strcmp(left->group, right->group);
    return by_group ? by_group : (left->name > right->name) - (left->name < right->name);
}

/* A bucket stands once, and a group's held seats are those of its buckets. */
static bool check_holds(struct reader *r)
{
    struct exported_campaign *out = r->out;
    const struct campaign *c = out->definition;
    size_t count = out->dump.bucket_count;
    int64_t *held = calloc(c->group_count + 1, sizeof *held);
    bool good = held != NULL || lacks_memory(r);
    qsort(out->buckets, count, sizeof *out->buckets, compare_buckets);
    for (size_t i = 0; good && i < count; i++) {
        const struct store_dump_bucket *b = &out->buckets[i];
        held[campaign_find_group(c, b->group)] += b->issued - (int64_t)bits_set(b->confirmed);
        if (i > 0 && compare_buckets(b - 1, b) == 0)
            good = wrong(r, "holds: a group has two of the same name");
    }
    for (size_t i = 0; good && i < c->group_count; i++)
        if (held[i] != out->groups[i].held)
            good = wrong(r, "%s: %lld seats are held, and holds have %lld", c->groups[i].id,
                         (long long)out->groups[i].held, (long long)held[i]);
    free(held);
    return good;
}

static bool read_holds(struct reader *r, json_t *line)
{
    json_t *list = json_object_get(line, "holds");
    size_t count = json_array_size(list);
    if (!json_is_array(list))
        return wrong(r, "holds must be a list");
    if (!read_integer(r, line, "holds_ended", latest_name(r), &r->out->dump.swept))
        return false;
    r->out->buckets = calloc(count + 1, sizeof *r->out->buckets);
    r->out->bits = malloc(bits_room(list) + 1);
    if (!r->out->buckets || !r->out->bits)
        return lacks_memory(r);
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_array_get(list, i);
        if (!json_is_object(object))
            return wrong(r, "holds must be a list of objects");
        if (!read_bucket(r, object, &r->out->buckets[i]))
            return false;
    }
    r->out->dump.bucket_count = count;
    return check_holds(r);
}

static bool is_day(const char *text)
{
    char whole[32];
    int64_t at;
    if (strlen(text) != 10)
        return false;
    snprintf(whole, sizeof whole, "%sT00:00:00Z", text);
    return date_from_text(whole, strlen(whole), &at);
}

static bool is_count_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= NAME_MAX_BYTES && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_:~.") == len;
}

static bool read_day(struct reader *r, const char *day, json_t *object, size_t *next)
{
    struct exported_campaign *out = r->out;
    const char *name;
    json_t *value;
    if (!is_day(day) || !json_is_object(object))
        return wrong(r, "statistics must be objects by day, as 2026-11-25");
    out->days[out->dump.day_count] = (struct store_dump_day){day, &out->counts[*next], json_object_size(object)};
    json_object_foreach(object, name, value)
    {
        int64_t n;
        if (!is_count_name(name))
            return wrong(r, "statistics of %s: a name that no count has", day);
        if (!read_integer(r, object, name, COUNT_MAX, &n))
            return false;
        out->counts[(*next)++] = (struct store_dump_count){name, n};
    }
    out->dump.day_count += json_object_size(object) > 0;
    return true;
}

static bool read_statistics(struct reader *r, json_t *days)
{
    const char *day;
    json_t *object;
    size_t all = 0, next = 0;
    if (!json_is_object(days) || json_object_size(days) > EXPORT_DAYS_MAX)
        return wrong(r, "statistics must be an object of at most %d days", EXPORT_DAYS_MAX);
    json_object_foreach(days, day, object)
    {
        all += json_object_size(object);
    }
    r->out->days = calloc(json_object_size(days) + 1, sizeof *r->out->days);
    r->out->counts = calloc(all + 1, sizeof *r->out->counts);
    if (!r->out->days || !r->out->counts)
        return lacks_memory(r);
    json_object_foreach(days, day, object)
    {
        if (!read_day(r, day, object, &next))
            return false;
    }
    return true;
}

bool export_campaign_from_json(json_t *line, int64_t now, struct exported_campaign *ret, char why[EXPORT_WHY_MAX])
{
    struct reader r = {.out = ret, .now = now, .why = why};
    *ret = (struct exported_campaign){0};
    if (!read_definition(&r, line) || !read_groups(&r, json_object_get(line, "groups")) || !read_holds(&r, line) ||
        !read_statistics(&r, json_object_get(line, "statistics")) ||
        !export_places_from_json(json_object_get(line, "waiting"), now, ret, why))
        return false;
    ret->dump.definition = ret->definition;
    ret->dump.groups = ret->groups;
    ret->dump.buckets = ret->buckets;
    ret->dump.days = ret->days;
    return true;
}

void exported_campaign_clear(struct exported_campaign *e)
{
    for (size_t i = 0; e->members && i < e->definition->group_count; i++)
        free(e->members[i]);
    free(e->members);
    campaign_free(e->definition);
    free(e->groups);
    free(e->buckets);
    free(e->days);
    free(e->counts);
    free(e->places);
    free(e->bits);
    free(e->reported);
}
