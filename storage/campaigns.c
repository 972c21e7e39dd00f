/*
 * Campaigns for admins: read, save, delete, list.
 *
 * A campaign's definition and its counters share a slot and change together, in one script. The index (`hm:campaigns`,
 * by slug) and the titles (`hm:titles`, for searching) are in slots of their own, so commands of their own keep them.
 * Their order is such that a crash between two commands may leave an index entry without a campaign, which a list skips
 * and removes, but never a campaign without its entry: an entry is made before its campaign and again after it, and
 * whoever removes an entry looks again for a campaign that was made meanwhile, and puts the entry back.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_link.h"

enum {
    CAMPAIGN_KEYS = 4,        /* of REDIS_READ_CAMPAIGN; a change has one more, the channel */
    COUNTS_PER_GROUP = 4,     /* used, held, reports, suspect */
    LIST_SCAN_MAX = 1000,     /* index entries looked at in one call: bounds how long it keeps scans waiting */
    LIST_STEPS_MAX = 100,     /* such calls for one page, and as many for its total */
    LIST_READ_WINDOW = 16,    /* campaigns of a page that are read at a time */
    LIST_BYTES_MAX = 4 << 20, /* definitions; a page that comes to more ends early, with a cursor */
};

/* A call under way, with whom to call back. */
struct campaign_job {
    struct store *store;
    union {
        store_campaign_done campaign;
        store_done plain;
    } done;
    void *ctx;
    char slug[CAMPAIGN_SLUG_MAX + 1];
};

static struct campaign_job *job_new(struct store *s, const char *slug, void *ctx)
{
    struct campaign_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->store = s;
    job->ctx = ctx;
    snprintf(job->slug, sizeof job->slug, "%s", slug);
    return job;
}

static void call_campaign_keys(struct redis_call *call, const char *slug)
{
    redis_call_key(call, slug, "");
    redis_call_key(call, slug, ":seats");
    redis_call_key(call, slug, ":queue");
    redis_call_key(call, slug, ":due");
}

static void call_send(struct redis_call *call, redis_done done, void *ctx)
{
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send(call, done, ctx);
}

/* --- a campaign out of a reply --- */

struct campaign_row {
    struct campaign *definition;
    struct group_count *counts;
    size_t bytes; /* of the definition's text */
};

static void row_clear(struct campaign_row *row)
{
    campaign_free(row->definition);
    free(row->counts);
    *row = (struct campaign_row){0};
}

static bool read_counts(const struct redisReply *reply, struct group_count *counts, size_t groups)
{
    if (reply->elements != 1 + groups * COUNTS_PER_GROUP)
        return false;
    for (size_t i = 0; i < groups; i++) {
        struct redisReply **at = reply->element + 1 + i * COUNTS_PER_GROUP;
        int64_t suspect;
        if (!redis_reply_int(at[0], &counts[i].used) || !redis_reply_int(at[1], &counts[i].held) ||
            !redis_reply_int(at[2], &counts[i].reports) || !redis_reply_int(at[3], &suspect))
            return false;
        counts[i].suspect = suspect != 0;
    }
    return true;
}

/* STORE_OK with *row filled, STORE_NOT_FOUND for nil, else STORE_BAD_REPLY, logged. */
static enum store_result read_row(struct store *s, const char *slug, const struct redisReply *reply,
                                  struct campaign_row *row)
{
    if (reply->type == REDIS_REPLY_NIL)
        return STORE_NOT_FOUND;
    char err[STORE_ERR_MAX] = "not a campaign's reply";
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 && reply->element[0]->type == REDIS_REPLY_STRING &&
        (size_t)reply->element[0]->len <= STORE_DEFINITION_MAX) {
        row->bytes = (size_t)reply->element[0]->len;
        row->definition = campaign_from_stored(reply->element[0]->str, row->bytes, err, sizeof err);
        if (row->definition) {
            row->counts = calloc(row->definition->group_count + 1, sizeof *row->counts);
            if (row->counts && read_counts(reply, row->counts, row->definition->group_count))
                return STORE_OK;
            snprintf(err, sizeof err, "%s", row->counts ? "counters do not fit the definition" : "out of memory");
        }
    }
    row_clear(row);
    char detail[sizeof err + CAMPAIGN_SLUG_MAX + 3];
    snprintf(detail, sizeof detail, "%s: %s", slug, err);
    s->log(STORE_LOG_ERROR, "campaign_unreadable", detail);
    return STORE_BAD_REPLY;
}

static void finish_with_row(struct campaign_job *job, enum store_result r, struct campaign_row *row)
{
    struct store_campaign c = {row->definition, row->counts};
    job->done.campaign(job->ctx, r, r == STORE_OK ? &c : NULL);
    row_clear(row);
    free(job);
}

/* --- reading --- */

static void read_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct campaign_job *job = ctx;
    struct campaign_row row = {0};
    if (r == STORE_OK)
        r = read_row(job->store, job->slug, reply, &row);
    finish_with_row(job, r, &row);
}

static void send_read(struct store *s, const char *slug, redis_done done, void *ctx)
{
    struct redis_call *call = redis_script_begin(s->link, REDIS_READ_CAMPAIGN, CAMPAIGN_KEYS);
    call_campaign_keys(call, slug);
    call_send(call, done, ctx);
}

void store_campaign_read(struct store *s, const char *slug, store_campaign_done done, void *ctx)
{
    struct campaign_job *job = job_new(s, slug, ctx);
    if (!job) {
        /* Without memory for even this there is nothing to be called back from later. */
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    job->done.campaign = done;
    send_read(s, slug, read_done, job);
}

/* --- the index --- */

static void ignore_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    (void)ctx, (void)r, (void)reply; /* a lost link is logged by the link; the next save or list mends the index */
}

static void index_add(struct store *s, const char *slug)
{
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, "ZADD");
    redis_call_key(call, NULL, "campaigns");
    redis_call_int(call, 0);
    redis_call_text(call, slug);
    call_send(call, ignore_done, NULL);
}

/* command: HSET, or HSETNX before a creation, which may turn out to be refused because that slug has a campaign. */
static void index_title(struct store *s, const char *command, const char *slug, const char *title)
{
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, command);
    redis_call_key(call, NULL, "titles");
    redis_call_text(call, slug);
    redis_call_text(call, title ? title : "");
    call_send(call, ignore_done, NULL);
}

static void index_drop(struct store *s, const char *command, const char *key, const char *slug)
{
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, command);
    redis_call_key(call, NULL, key);
    redis_call_text(call, slug);
    call_send(call, ignore_done, NULL);
}

static void removed_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct campaign_job *job = ctx;
    struct campaign_row row = {0};
    if (r == STORE_OK && reply->type != REDIS_REPLY_NIL) {
        /* Someone made a campaign of that slug while its entry was removed. */
        index_add(job->store, job->slug);
        if (read_row(job->store, job->slug, reply, &row) == STORE_OK)
            index_title(job->store, "HSET", job->slug, row.definition->title);
    }
    row_clear(&row);
    free(job);
}

static void index_remove(struct store *s, const char *slug)
{
    struct campaign_job *job = job_new(s, slug, NULL);
    if (!job)
        return;
    index_drop(s, "ZREM", "campaigns", slug);
    index_drop(s, "HDEL", "titles", slug);
    send_read(s, slug, removed_done, job);
}

/* --- saving --- */

static void save_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct campaign_job *job = ctx;
    struct campaign_row row = {0};
    if (r == STORE_OK) {
        r = read_row(job->store, job->slug, reply, &row);
        if (r == STORE_NOT_FOUND) /* the script answers with what it wrote, never with nothing */
            r = STORE_BAD_REPLY;
    }
    if (r == STORE_OK) {
        index_add(job->store, job->slug);
        index_title(job->store, "HSET", job->slug, row.definition->title);
    }
    finish_with_row(job, r, &row);
}

static void call_groups(struct redis_call *call, const struct campaign *c)
{
    redis_call_int(call, (int64_t)c->group_count);
    for (size_t i = 0; i < c->group_count; i++) {
        const struct group *g = &c->groups[i];
        redis_call_text(call, g->id);
        redis_call_int(call, g->limit);
        redis_call_int(call, g->weight);
        redis_call_int(call, g->enabled);
        redis_call_int(call, g->expires_at);
        redis_call_int(call, group_shows_page(g));
        redis_call_int(call, g->lane);
    }
}

static void call_heads(struct redis_call *call, const struct head_counts *heads)
{
    size_t count = heads ? heads->count : 0;
    redis_call_int(call, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        redis_call_text(call, heads->list[i].group);
        redis_call_int(call, heads->list[i].confirmed);
    }
}

static int strategy_number(enum campaign_strategy strategy)
{
    switch (strategy) {
    case CAMPAIGN_EVEN:
        return 1;
    case CAMPAIGN_RANDOM:
        return 2;
    case CAMPAIGN_FILL:
        break;
    }
    return 0;
}

static void send_save(struct campaign_job *job, const struct campaign *c, int64_t was, const struct head_counts *heads,
                      int touched, const char *text, size_t len)
{
    struct store *s = job->store;
    struct redis_call *call = redis_script_begin(s->link, REDIS_SAVE_CAMPAIGN, CAMPAIGN_KEYS + 1);
    call_campaign_keys(call, c->slug);
    redis_call_key(call, NULL, "changed");
    redis_call_int(call, was);
    redis_call_bytes(call, text, len);
    redis_call_text(call, c->uid);
    redis_call_int(call, strategy_number(c->strategy));
    redis_call_int(call, c->enabled);
    redis_call_int(call, c->starts_at);
    redis_call_int(call, c->ends_at);
    redis_call_int(call, c->hold_seconds);
    redis_call_text(call, c->slug);
    redis_call_int(call, (int64_t)randombytes_uniform(INT32_MAX));
    redis_call_text(call, touched >= 0 && (size_t)touched < c->group_count ? c->groups[touched].id : "");
    redis_call_int(call, c->lane_count);
    call_groups(call, c);
    call_heads(call, heads);
    call_send(call, save_done, job);
}

void store_campaign_save(struct store *s, const struct campaign *c, int64_t was, const struct head_counts *heads,
                         int touched, store_campaign_done done, void *ctx)
{
    struct campaign stored = *c; /* shallow: only the version differs */
    stored.version = was + 1;
    size_t len = 0;
    char *text = campaign_to_stored(&stored, &len);
    struct campaign_job *job = text ? job_new(s, c->slug, ctx) : NULL;
    if (!job) {
        free(text);
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    job->done.campaign = done;
    if (was == 0) {
        index_add(s, c->slug);
        index_title(s, "HSETNX", c->slug, c->title);
    }
    send_save(job, c, was, heads, touched, text, len);
    free(text);
}

/* --- deleting --- */

static void delete_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct campaign_job *job = ctx;
    (void)reply;
    if (r == STORE_OK)
        index_remove(job->store, job->slug);
    job->done.plain(job->ctx, r);
    free(job);
}

void store_campaign_delete(struct store *s, const char *slug, int64_t was, store_done done, void *ctx)
{
    struct campaign_job *job = job_new(s, slug, ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE);
        return;
    }
    job->done.plain = done;
    struct redis_call *call = redis_script_begin(s->link, REDIS_DELETE_CAMPAIGN, CAMPAIGN_KEYS + 1);
    call_campaign_keys(call, slug);
    redis_call_key(call, NULL, "changed");
    redis_call_int(call, was);
    redis_call_text(call, slug);
    call_send(call, delete_done, job);
}

/* --- listing: find a page of slugs; count, if searched; read their campaigns --- */

struct list_job {
    struct store *store;
    store_list_done done;
    void *ctx;
    char *q; /* in lower case; NULL: all */
    size_t limit;
    char cursor[CAMPAIGN_SLUG_MAX + 1]; /* of the walk under way; "" at its begin and end */
    int steps;
    char slugs[STORE_PAGE_MAX][CAMPAIGN_SLUG_MAX + 1];
    size_t found;                     /* of slugs */
    char next[CAMPAIGN_SLUG_MAX + 1]; /* what the caller gets; "" at the end */
    bool more;                        /* counting saw a match behind the page */
    int64_t total;
    size_t asked, pending; /* of slugs: reads sent, and not yet answered */
    struct campaign_row rows[STORE_PAGE_MAX];
    size_t bytes;
    enum store_result failed;
};

/* One read of a page, to know which slug it was. */
struct list_read {
    struct list_job *job;
    size_t at;
};

static void list_read_window(struct list_job *job);
static void list_send(struct list_job *job, size_t wanted, redis_done done);

static void list_finish(struct list_job *job, enum store_result r)
{
    struct store_campaign rows[STORE_PAGE_MAX];
    size_t count = 0;
    for (size_t i = 0; r == STORE_OK && i < job->found; i++)
        if (job->rows[i].definition)
            rows[count++] = (struct store_campaign){job->rows[i].definition, job->rows[i].counts};
    job->done(job->ctx, r, rows, count, job->next, job->total);
    for (size_t i = 0; i < job->found; i++)
        row_clear(&job->rows[i]);
    free(job->q);
    free(job);
}

/* Takes a reply's cursor as the walk's. False: the reply is not of the right form. */
static bool list_reply_cursor(struct list_job *job, const struct redisReply *reply, int64_t *entries)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 || !redis_reply_int(reply->element[0], entries) ||
        reply->element[1]->type != REDIS_REPLY_STRING)
        return false;
    for (size_t i = 1; i < reply->elements; i++)
        if (reply->element[i]->type != REDIS_REPLY_STRING || reply->element[i]->len > CAMPAIGN_SLUG_MAX)
            return false;
    snprintf(job->cursor, sizeof job->cursor, "%s", reply->element[1]->str);
    return true;
}

static void list_count_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct list_job *job = ctx;
    int64_t entries;
    if (r == STORE_OK && !list_reply_cursor(job, reply, &entries))
        r = STORE_BAD_REPLY;
    if (r != STORE_OK) {
        list_finish(job, r);
        return;
    }
    job->total += (int64_t)(reply->elements - 2);
    for (size_t i = 2; i < reply->elements && job->next[0]; i++)
        if (strcmp(reply->element[i]->str, job->next) > 0)
            job->more = true;
    if (job->cursor[0] && ++job->steps < LIST_STEPS_MAX) {
        list_send(job, LIST_SCAN_MAX, list_count_done);
        return;
    }
    if (!job->cursor[0] && !job->more)
        job->next[0] = '\0';
    list_read_window(job);
}

static void list_find_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct list_job *job = ctx;
    int64_t entries = 0;
    if (r == STORE_OK && !list_reply_cursor(job, reply, &entries))
        r = STORE_BAD_REPLY;
    if (r != STORE_OK) {
        list_finish(job, r);
        return;
    }
    for (size_t i = 2; i < reply->elements && job->found < job->limit; i++)
        snprintf(job->slugs[job->found++], sizeof *job->slugs, "%s", reply->element[i]->str);
    if (job->cursor[0] && job->found < job->limit && ++job->steps < LIST_STEPS_MAX) {
        list_send(job, job->limit - job->found, list_find_done);
        return;
    }
    snprintf(job->next, sizeof job->next, "%s", job->cursor);
    if (!job->q) {
        job->total = entries;
        list_read_window(job);
        return;
    }
    job->steps = 0;
    job->cursor[0] = '\0';
    list_send(job, LIST_SCAN_MAX, list_count_done);
}

static void list_send(struct list_job *job, size_t wanted, redis_done done)
{
    struct redis_call *call = redis_script_begin(job->store->link, REDIS_LIST_CAMPAIGNS, 2);
    redis_call_key(call, NULL, "campaigns");
    redis_call_key(call, NULL, "titles");
    redis_call_text(call, job->q ? job->q : "");
    redis_call_text(call, job->cursor);
    redis_call_int(call, (int64_t)wanted);
    redis_call_int(call, LIST_SCAN_MAX);
    call_send(call, done, job);
}

static void list_row_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct list_read *read = ctx;
    struct list_job *job = read->job;
    size_t at = read->at;
    free(read);
    if (r != STORE_OK) {
        job->failed = r;
    } else {
        /* One that cannot be read is logged and left out: it must not keep all others from being seen. */
        if (read_row(job->store, job->slugs[at], reply, &job->rows[at]) == STORE_NOT_FOUND)
            index_remove(job->store, job->slugs[at]);
        job->bytes += job->rows[at].bytes;
    }
    if (--job->pending == 0)
        list_read_window(job);
}

static void list_read_window(struct list_job *job)
{
    if (job->failed == STORE_OK && job->bytes > LIST_BYTES_MAX && job->asked < job->found) {
        snprintf(job->next, sizeof job->next, "%s", job->slugs[job->asked - 1]);
        job->found = job->asked;
    }
    if (job->failed != STORE_OK || job->asked == job->found) {
        list_finish(job, job->failed);
        return;
    }
    struct list_read *reads[LIST_READ_WINDOW];
    size_t n = 0;
    while (n < LIST_READ_WINDOW && job->asked + n < job->found) {
        reads[n] = malloc(sizeof *reads[n]);
        if (!reads[n])
            break;
        *reads[n] = (struct list_read){job, job->asked + n};
        n++;
    }
    if (n == 0) {
        list_finish(job, STORE_UNAVAILABLE);
        return;
    }
    job->asked += n;
    job->pending = n;
    for (size_t i = 0; i < n; i++)
        send_read(job->store, job->slugs[reads[i]->at], list_row_done, reads[i]);
}

void store_campaign_list(struct store *s, const char *q, const char *cursor, int limit, store_list_done done, void *ctx)
{
    struct list_job *job = calloc(1, sizeof *job);
    if (job && q && q[0])
        job->q = strdup(q);
    if (!job || (q && q[0] && !job->q)) {
        free(job);
        done(ctx, STORE_UNAVAILABLE, NULL, 0, "", 0);
        return;
    }
    for (char *p = job->q; p && *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    job->store = s;
    job->done = done;
    job->ctx = ctx;
    job->limit = limit < 1 ? 1 : limit > STORE_PAGE_MAX ? STORE_PAGE_MAX : (size_t)limit;
    snprintf(job->cursor, sizeof job->cursor, "%s", cursor);
    list_send(job, job->limit, list_find_done);
}
