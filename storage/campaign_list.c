/* A page of campaigns for admins: find its slugs; count all, if searched; read the page's campaigns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_rows.h"
#include "problems.h"

enum {
    LIST_SCAN_MAX = 1000,     /* index entries looked at in one call: bounds how long it keeps scans waiting */
    LIST_STEPS_MAX = 100,     /* such calls for one page, and as many for its total */
    LIST_BYTES_MAX = 4 << 20, /* definitions; a page that comes to more ends early, with a cursor */
};

struct list_job {
    struct store *store;
    store_list_done done;
    void *ctx;
    char *q; /* in lower case; NULL: all */
    size_t limit;
    enum store_order order;
    char cursor[STORE_CURSOR_MAX]; /* of the walk under way; "" at its begin and end */
    int steps;
    char entries[STORE_PAGE_MAX][STORE_CURSOR_MAX]; /* of the index */
    char slugs[STORE_PAGE_MAX][CAMPAIGN_SLUG_MAX + 1];
    size_t found;                /* of entries */
    char next[STORE_CURSOR_MAX]; /* what the caller gets; "" at the end */
    bool more;                   /* counting saw a match behind the page */
    int64_t total;
    struct campaign_row rows[STORE_PAGE_MAX];
    struct campaign_rows reading;
};

/* Bytes of an index entry that are not the slug. */
static size_t before_slug(enum store_order order)
{
    return order == STORE_BY_PROBLEMS ? 2 : 0;
}

bool store_cursor_valid(enum store_order order, const char *cursor, size_t len)
{
    size_t before = before_slug(order);
    if (len <= before || (before > 0 && (cursor[0] < '0' || cursor[0] >= '0' + SEVERITY_COUNT || cursor[1] != '.')))
        return false;
    return campaign_slug_valid(cursor + before, len - before);
}

static void list_read(struct list_job *job);
static void list_send(struct list_job *job, size_t wanted, redis_done done);

static void list_finish(struct list_job *job, enum store_result r)
{
    struct store_campaign rows[STORE_PAGE_MAX];
    size_t count = 0;
    for (size_t i = 0; r == STORE_OK && i < job->found; i++)
        if (job->rows[i].definition)
            rows[count++] =
                (struct store_campaign){.definition = job->rows[i].definition, .counts = job->rows[i].counts};
    job->done(job->ctx, r, rows, count, job->next, job->total);
    for (size_t i = 0; i < job->found; i++)
        campaign_row_clear(&job->rows[i]);
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
        if (reply->element[i]->type != REDIS_REPLY_STRING || reply->element[i]->len >= STORE_CURSOR_MAX)
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
    list_read(job);
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
        snprintf(job->entries[job->found++], sizeof *job->entries, "%s", reply->element[i]->str);
    if (job->cursor[0] && job->found < job->limit && ++job->steps < LIST_STEPS_MAX) {
        list_send(job, job->limit - job->found, list_find_done);
        return;
    }
    snprintf(job->next, sizeof job->next, "%s", job->cursor);
    if (!job->q) {
        job->total = entries;
        list_read(job);
        return;
    }
    job->steps = 0;
    job->cursor[0] = '\0';
    list_send(job, LIST_SCAN_MAX, list_count_done);
}

static void list_send(struct list_job *job, size_t wanted, redis_done done)
{
    struct redis_call *call = redis_script_begin(job->store->link, REDIS_LIST_CAMPAIGNS, 2);
    if (job->order == STORE_BY_PROBLEMS)
        problems_key(call, job->store, "");
    else
        redis_call_key(call, NULL, "campaigns");
    redis_call_key(call, NULL, "titles");
    redis_call_text(call, job->q ? job->q : "");
    redis_call_text(call, job->cursor);
    redis_call_int(call, (int64_t)wanted);
    redis_call_int(call, LIST_SCAN_MAX);
    redis_call_int(call, (int64_t)before_slug(job->order));
    campaign_call_send(call, done, job);
}

/* One that cannot be read is left out: it must not keep all others from being seen. */
static void list_rows_read(void *ctx, enum store_result r, size_t read)
{
    struct list_job *job = ctx;
    if (r == STORE_OK && read < job->found) {
        snprintf(job->next, sizeof job->next, "%s", job->entries[read - 1]);
        job->found = read;
    }
    list_finish(job, r);
}

static void list_read(struct list_job *job)
{
    for (size_t i = 0; i < job->found; i++)
        snprintf(job->slugs[i], sizeof job->slugs[i], "%s", job->entries[i] + before_slug(job->order));
    job->reading = (struct campaign_rows){.store = job->store,
                                          .slugs = (const char(*)[CAMPAIGN_SLUG_MAX + 1]) job->slugs,
                                          .count = job->found,
                                          .bytes_max = LIST_BYTES_MAX,
                                          .mends_index = true,
                                          .rows = job->rows,
                                          .done = list_rows_read,
                                          .ctx = job};
    campaign_rows_read(&job->reading);
}

void store_campaign_list(struct store *s, enum store_order order, const char *q, const char *cursor, int limit,
                         store_list_done done, void *ctx)
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
    job->order = order;
    job->done = done;
    job->ctx = ctx;
    job->limit = limit < 1 ? 1 : limit > STORE_PAGE_MAX ? STORE_PAGE_MAX : (size_t)limit;
    snprintf(job->cursor, sizeof job->cursor, "%s", cursor);
    list_send(job, job->limit, list_find_done);
}
