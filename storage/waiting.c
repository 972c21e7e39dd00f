/* Waiting lists for admins: listed page by page, forgotten. */
#include <stdlib.h>
#include <string.h>

#include "campaign_rows.h"

enum {
    WAITING_HEAD = 2,          /* of list_waiting.lua's reply: entries, those who wait */
    WAITING_ROW = 8,           /* values of an entry */
    WAITING_DELETE_MAX = 500,  /* entries forgotten by one call: bounds how long it keeps scans waiting */
    WAITING_DELETE_STEPS = 60, /* such calls; more than ENTRIES_MAX of wait.lua */
};

/* A call under way, with whom to call back. */
struct waiting_job {
    struct store *store;
    union {
        store_waiting_done list;
        store_done plain;
    } done;
    void *ctx;
    char slug[CAMPAIGN_SLUG_MAX + 1];
    int steps;
};

static struct waiting_job *job_new(struct store *s, const char *slug, void *ctx)
{
    struct waiting_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->store = s;
    job->ctx = ctx;
    memcpy(job->slug, slug, strlen(slug) + 1);
    return job;
}

/* --- listing --- */

static bool read_row(struct redisReply *const *at, struct store_waiting *row)
{
    static const char letters[] = "wpli"; /* in the order of enum store_waiting_state */
    const char *letter;
    for (size_t i = 0; i < WAITING_ROW; i++)
        if (at[i]->type != REDIS_REPLY_STRING && at[i]->type != REDIS_REPLY_INTEGER)
            return false;
    if (at[2]->type != REDIS_REPLY_STRING || at[2]->len != 1 || !(letter = strchr(letters, at[2]->str[0])))
        return false;
    if (at[3]->type != REDIS_REPLY_STRING || at[5]->type != REDIS_REPLY_STRING || at[6]->type != REDIS_REPLY_STRING)
        return false;
    row->state = (enum store_waiting_state)(letter - letters);
    row->group = at[3]->str;
    row->channel = at[5]->str;
    row->name = at[6]->str;
    return redis_reply_int(at[0], &row->number) && redis_reply_int(at[1], &row->joined_at) &&
           redis_reply_int(at[4], &row->promised_until) && redis_reply_int(at[7], &row->before);
}

static enum store_result read_page(const redisReply *r, struct store_waiting *rows, struct store_waiting_page *page)
{
    if (r->type == REDIS_REPLY_NIL)
        return STORE_NOT_FOUND;
    if (r->type != REDIS_REPLY_ARRAY || r->elements < WAITING_HEAD || (r->elements - WAITING_HEAD) % WAITING_ROW != 0 ||
        (r->elements - WAITING_HEAD) / WAITING_ROW > STORE_PAGE_MAX || !redis_reply_int(r->element[0], &page->total) ||
        !redis_reply_int(r->element[1], &page->waiting))
        return STORE_BAD_REPLY;
    page->rows = rows;
    page->count = (r->elements - WAITING_HEAD) / WAITING_ROW;
    for (size_t i = 0; i < page->count; i++)
        if (!read_row(r->element + WAITING_HEAD + i * WAITING_ROW, &rows[i]))
            return STORE_BAD_REPLY;
    return STORE_OK;
}

static void list_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct waiting_job *job = ctx;
    struct store_waiting rows[STORE_PAGE_MAX];
    struct store_waiting_page page = {0};
    if (r == STORE_OK)
        r = read_page(reply, rows, &page);
    job->done.list(job->ctx, r, r == STORE_OK ? &page : NULL);
    free(job);
}

void store_waiting_list(struct store *s, const char *slug, int64_t after, int limit, store_waiting_done done, void *ctx)
{
    struct waiting_job *job = job_new(s, slug, ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    job->done.list = done;
    struct redis_call *c = redis_script_begin(s->link, REDIS_LIST_WAITING, CAMPAIGN_KEYS);
    campaign_call_keys(c, slug);
    redis_call_int(c, after);
    redis_call_int(c, limit);
    redis_call_hour(c, s);
    campaign_call_send(c, list_done, job);
}

/* --- forgetting --- */

static void delete_start(struct waiting_job *job, int64_t number, const struct store_audit *audit);

static void delete_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct waiting_job *job = ctx;
    int64_t left = 0;
    if (r == STORE_OK && !redis_reply_int(reply, &left))
        r = STORE_BAD_REPLY;
    /* Only a call that forgets all has further ones; it was told of with the first. */
    if (r == STORE_OK && left > 0 && job->steps > 0 && job->steps < WAITING_DELETE_STEPS) {
        delete_start(job, 0, NULL);
        return;
    }
    job->done.plain(job->ctx, r);
    free(job);
}

static void delete_start(struct waiting_job *job, int64_t number, const struct store_audit *audit)
{
    struct redis_call *c = redis_script_begin(job->store->link, REDIS_DELETE_WAITING, CAMPAIGN_KEYS + 1);
    campaign_call_keys(c, job->slug);
    redis_call_audit_key(c, job->slug);
    if (number > 0) {
        redis_call_int(c, number);
    } else {
        redis_call_text(c, "");
        job->steps++;
    }
    redis_call_int(c, WAITING_DELETE_MAX);
    redis_call_audit(c, job->store, audit);
    redis_call_hour(c, job->store);
    campaign_call_send(c, delete_done, job);
}

void store_waiting_delete(struct store *s, const char *slug, int64_t number, const struct store_audit *audit,
                          store_done done, void *ctx)
{
    struct waiting_job *job = job_new(s, slug, ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE);
        return;
    }
    job->done.plain = done;
    delete_start(job, number, audit);
}
