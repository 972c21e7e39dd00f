/* Campaigns with all that is kept of them: out of a store, and into another one. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_rows.h"

enum {
    REPLY_PARTS = 6, /* definition, swept, groups, buckets, days, places */
    GROUP_PARTS = 8,
    BUCKET_PARTS = 7,
    DAY_PARTS = 2,
    PLACE_PARTS = 10,
};

/* --- slugs --- */

struct slugs_job {
    store_slugs_done done;
    void *ctx;
    char slugs[STORE_PAGE_MAX][CAMPAIGN_SLUG_MAX + 1];
};

static void slugs_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct slugs_job *job = ctx;
    size_t count = 0;
    if (r == STORE_OK && (reply->type != REDIS_REPLY_ARRAY || reply->elements > STORE_PAGE_MAX))
        r = STORE_BAD_REPLY;
    for (size_t i = 0; r == STORE_OK && i < reply->elements; i++) {
        const struct redisReply *slug = reply->element[i];
        if (slug->type != REDIS_REPLY_STRING || !campaign_slug_valid(slug->str, (size_t)slug->len))
            r = STORE_BAD_REPLY;
        else
            snprintf(job->slugs[count++], sizeof job->slugs[0], "%s", slug->str);
    }
    job->done(job->ctx, r, (const char(*)[CAMPAIGN_SLUG_MAX + 1]) job->slugs, r == STORE_OK ? count : 0);
    free(job);
}

void store_campaign_slugs(struct store *s, const char *cursor, store_slugs_done done, void *ctx)
{
    struct slugs_job *job = malloc(sizeof *job);
    char from[CAMPAIGN_SLUG_MAX + 2] = "-";
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, 0);
        return;
    }
    job->done = done;
    job->ctx = ctx;
    if (cursor[0])
        snprintf(from, sizeof from, "(%s", cursor);
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, "ZRANGEBYLEX");
    redis_call_key(call, NULL, "campaigns");
    redis_call_text(call, from);
    redis_call_text(call, "+");
    redis_call_text(call, "LIMIT");
    redis_call_int(call, 0);
    redis_call_int(call, STORE_PAGE_MAX);
    campaign_call_send(call, slugs_done, job);
}

/* --- out of a store --- */

/* What a reply is read into; texts stay in the reply. */
struct dump {
    struct store_dump given;
    struct campaign *definition;
    struct store_dump_group *groups;
    struct store_dump_bucket *buckets;
    struct store_dump_day *days;
    struct store_dump_count *counts; /* of all days */
    struct store_dump_place *places;
};

static void dump_clear(struct dump *d)
{
    campaign_free(d->definition);
    free(d->groups);
    free(d->buckets);
    free(d->days);
    free(d->counts);
    free(d->places);
}

static bool is_text(const struct redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING;
}

static bool is_list(const struct redisReply *reply, size_t each)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements % each == 0;
}

static bool read_groups(struct dump *d, const struct redisReply *reply)
{
    const struct campaign *c = d->definition;
    if (!is_list(reply, GROUP_PARTS) || reply->elements / GROUP_PARTS != c->group_count)
        return false;
    d->groups = calloc(c->group_count + 1, sizeof *d->groups);
    for (size_t i = 0; i < c->group_count; i++) {
        struct redisReply **at = reply->element + i * GROUP_PARTS;
        struct store_dump_group *g = d->groups ? &d->groups[i] : NULL;
        if (!g || !is_text(at[0]) || strcmp(at[0]->str, c->groups[i].id) != 0 || !redis_reply_int(at[1], &g->used) ||
            !redis_reply_int(at[2], &g->held) || !redis_reply_int(at[3], &g->reports) || !is_text(at[4]) ||
            !is_text(at[5]) || (at[5]->len > 0 && !redis_reply_int(at[5], &g->suspect_since)))
            return false;
        if (!is_text(at[6]) || !is_text(at[7]))
            return false;
        g->reported = at[4]->str;
        g->members = at[6]->str;
        g->counted = at[7]->str;
    }
    return d->groups != NULL;
}

static struct store_bytes bytes_of(const struct redisReply *reply)
{
    return reply->len > 0 ? (struct store_bytes){reply->str, reply->len} : (struct store_bytes){NULL, 0};
}

static bool read_buckets(struct dump *d, const struct redisReply *reply)
{
    if (!is_list(reply, BUCKET_PARTS))
        return false;
    size_t count = reply->elements / BUCKET_PARTS;
    d->buckets = calloc(count + 1, sizeof *d->buckets);
    for (size_t i = 0; i < count; i++) {
        struct redisReply **at = reply->element + i * BUCKET_PARTS;
        struct store_dump_bucket *b = d->buckets ? &d->buckets[i] : NULL;
        if (!b || !is_text(at[0]) || !redis_reply_int(at[1], &b->name) || !redis_reply_int(at[2], &b->due) ||
            !redis_reply_int(at[3], &b->issued) || !is_text(at[4]) || !is_text(at[5]) || !is_text(at[6]))
            return false;
        b->group = at[0]->str;
        b->confirmed = bytes_of(at[4]);
        b->given_back = bytes_of(at[5]);
        b->reported = bytes_of(at[6]);
    }
    d->given.bucket_count = count;
    return d->buckets != NULL;
}

static bool read_day(struct dump *d, struct redisReply **at, size_t *next)
{
    struct store_dump_day *day = &d->days[d->given.day_count];
    if (!is_text(at[0]) || !is_list(at[1], 2))
        return false;
    *day = (struct store_dump_day){at[0]->str, &d->counts[*next], at[1]->elements / 2};
    for (size_t i = 0; i < at[1]->elements; i += 2) {
        struct redisReply **pair = at[1]->element + i;
        struct store_dump_count *count = &d->counts[(*next)++];
        if (!is_text(pair[0]) || !redis_reply_int(pair[1], &count->count))
            return false;
        count->name = pair[0]->str;
    }
    d->given.day_count += day->count > 0; /* one that is forgotten already has no counts */
    return true;
}

static bool read_days(struct dump *d, const struct redisReply *reply)
{
    size_t all = 0, next = 0;
    if (!is_list(reply, DAY_PARTS))
        return false;
    for (size_t i = 1; i < reply->elements; i += DAY_PARTS)
        all += reply->element[i]->type == REDIS_REPLY_ARRAY ? reply->element[i]->elements / 2 : 0;
    d->days = calloc(reply->elements / DAY_PARTS + 1, sizeof *d->days);
    d->counts = calloc(all + 1, sizeof *d->counts);
    bool good = d->days && d->counts;
    for (size_t i = 0; good && i < reply->elements; i += DAY_PARTS)
        good = read_day(d, reply->element + i, &next);
    return good;
}

/* "-" stands for nothing in what waiting.lua keeps. */
static const char *word_of(const struct redisReply *reply)
{
    return strcmp(reply->str, "-") == 0 ? "" : reply->str;
}

static bool read_places(struct dump *d, const struct redisReply *reply)
{
    if (!is_list(reply, PLACE_PARTS))
        return false;
    size_t count = reply->elements / PLACE_PARTS;
    d->places = calloc(count + 1, sizeof *d->places);
    for (size_t i = 0; d->places && i < count; i++) {
        struct redisReply **at = reply->element + i * PLACE_PARTS;
        struct store_dump_place *p = &d->places[i];
        for (size_t n = 0; n < PLACE_PARTS; n++)
            if (!is_text(at[n]))
                return false;
        if (!redis_reply_int(at[1], &p->number) || !redis_reply_int(at[2], &p->joined_at) ||
            !redis_reply_int(at[6], &p->due) || !redis_reply_int(at[7], &p->serial))
            return false;
        p->id = at[0]->str;
        p->state = at[3]->str[0];
        p->line = at[4]->str;
        p->group = word_of(at[5]);
        p->channel = word_of(at[8]);
        p->name = at[9]->str;
    }
    d->given.place_count = count;
    d->given.places = d->places;
    return d->places != NULL;
}

static bool read_dump(struct dump *d, const struct redisReply *reply, char *err, size_t err_size)
{
    snprintf(err, err_size, "not a campaign's reply");
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != REPLY_PARTS)
        return false;
    struct redisReply **at = reply->element;
    if (!is_text(at[0]) || !redis_reply_int(at[1], &d->given.swept))
        return false;
    d->definition = campaign_from_stored(at[0]->str, at[0]->len, err, err_size);
    if (!d->definition)
        return false;
    snprintf(err, err_size, "counters do not fit the definition");
    if (!read_groups(d, at[2]) || !read_buckets(d, at[3]) || !read_days(d, at[4]) || !read_places(d, at[5]))
        return false;
    d->given.definition = d->definition;
    d->given.groups = d->groups;
    d->given.buckets = d->buckets;
    d->given.days = d->days;
    return true;
}

struct dump_job {
    struct store *store;
    store_dump_done done;
    void *ctx;
    char slug[CAMPAIGN_SLUG_MAX + 1];
};

static void dump_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct dump_job *job = ctx;
    struct dump d = {0};
    char err[STORE_ERR_MAX], detail[STORE_ERR_MAX + CAMPAIGN_SLUG_MAX + 3];
    if (r == STORE_OK && reply->type == REDIS_REPLY_NIL) {
        r = STORE_NOT_FOUND;
    } else if (r == STORE_OK && !read_dump(&d, reply, err, sizeof err)) {
        snprintf(detail, sizeof detail, "%s: %s", job->slug, err);
        job->store->log(STORE_LOG_ERROR, "campaign_unreadable", detail);
        r = STORE_BAD_REPLY;
    }
    job->done(job->ctx, r, r == STORE_OK ? &d.given : NULL);
    dump_clear(&d);
    free(job);
}

void store_campaign_dump(struct store *s, const char *slug, store_dump_done done, void *ctx)
{
    struct dump_job *job = malloc(sizeof *job);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    *job = (struct dump_job){.store = s, .done = done, .ctx = ctx};
    snprintf(job->slug, sizeof job->slug, "%s", slug);
    struct redis_call *call = redis_script_begin(s->link, REDIS_DUMP_CAMPAIGN, CAMPAIGN_KEYS);
    campaign_call_keys(call, slug);
    redis_call_hour(call, s);
    campaign_call_send(call, dump_done, job);
}

/* --- into a store --- */

static void call_dump_groups(struct redis_call *call, const struct store_dump *d)
{
    for (size_t i = 0; i < d->definition->group_count; i++) {
        const struct store_dump_group *g = &d->groups[i];
        redis_call_int(call, g->used);
        redis_call_int(call, g->held);
        redis_call_int(call, g->reports);
        redis_call_text(call, g->reported);
        if (g->suspect_since)
            redis_call_int(call, g->suspect_since);
        else
            redis_call_text(call, "");
        redis_call_text(call, g->members);
        redis_call_text(call, g->counted);
    }
}

static void call_dump_bytes(struct redis_call *call, struct store_bytes b)
{
    redis_call_bytes(call, b.at ? b.at : "", b.len);
}

static void call_buckets(struct redis_call *call, const struct store_dump *d)
{
    redis_call_int(call, (int64_t)d->bucket_count);
    for (size_t i = 0; i < d->bucket_count; i++) {
        const struct store_dump_bucket *b = &d->buckets[i];
        redis_call_text(call, b->group);
        redis_call_int(call, b->name);
        redis_call_int(call, b->due);
        redis_call_int(call, b->issued);
        call_dump_bytes(call, b->confirmed);
        call_dump_bytes(call, b->given_back);
        call_dump_bytes(call, b->reported);
    }
}

/* A day's counts as one argument, because Redis takes a million of them at most. */
static void call_day(struct redis_call *call, const struct store *s, const struct store_dump_day *day)
{
    char begin[32], *text = NULL;
    size_t len = 0;
    int64_t at = 0;
    snprintf(begin, sizeof begin, "%.10sT00:00:00Z", day->day);
    date_from_text(begin, strlen(begin), &at);
    FILE *f = open_memstream(&text, &len);
    if (!f) {
        redis_call_spoil(call);
        return;
    }
    for (size_t i = 0; i < day->count; i++)
        fprintf(f, "%s\"%s\",\"%lld\"", i ? "," : "[", day->counts[i].name, (long long)day->counts[i].count);
    fputs(day->count ? "]" : "[]", f);
    bool failed = ferror(f);
    if (fclose(f) != 0 || failed)
        redis_call_spoil(call);
    redis_call_text(call, day->day);
    redis_call_int(call, at + (s->stats_days + 1) * INT64_C(86400)); /* the day itself, too */
    redis_call_bytes(call, text ? text : "", len);
    free(text);
}

static void call_place(struct redis_call *call, const struct store_dump_place *p)
{
    char row[512];
    snprintf(row, sizeof row, "%lld %lld %c %s %s %lld %lld %s %s", (long long)p->number, (long long)p->joined_at,
             p->state, p->line, p->group[0] ? p->group : "-", (long long)p->due, (long long)p->serial,
             p->channel[0] ? p->channel : "-", p->name);
    redis_call_text(call, p->id);
    redis_call_int(call, p->number);
    redis_call_bytes(call, &p->state, 1);
    redis_call_text(call, p->line);
    redis_call_text(call, row);
}

void store_campaign_restore(struct store *s, const struct store_dump *d, const struct store_audit *audit,
                            store_campaign_done done, void *ctx)
{
    const struct campaign *c = d->definition;
    struct redis_call *call = redis_script_begin(s->link, REDIS_RESTORE_CAMPAIGN, CAMPAIGN_KEYS + 1);
    campaign_call_keys(call, c->slug);
    redis_call_audit_key(call, c->slug);
    redis_call_int(call, (int64_t)randombytes_uniform(INT32_MAX));
    campaign_call_record(call, c, c->version - 1, -1);
    redis_call_int(call, d->swept);
    call_dump_groups(call, d);
    call_buckets(call, d);
    redis_call_int(call, (int64_t)d->day_count);
    for (size_t i = 0; i < d->day_count; i++)
        call_day(call, s, &d->days[i]);
    redis_call_int(call, (int64_t)d->place_count);
    for (size_t i = 0; i < d->place_count; i++)
        call_place(call, &d->places[i]);
    redis_call_audit(call, s, audit);
    campaign_make_by(s, c, call, done, ctx);
}
