/*
 * Campaigns for admins: read, delete, and the index. campaign_save.c writes them, campaign_list.c lists them,
 * campaign_rows.c takes replies apart.
 *
 * A campaign's definition and its counters share a slot and change together, in one script. The index (`hm:campaigns`,
 * by slug), the titles (`hm:titles`, for searching) and the order by problems (problems.h) are in slots of their own,
 * so commands of their own keep them. Their order is such that a crash between two commands may leave an index entry
 * without a campaign, which a list skips and removes, but never a campaign without its entry: an entry is made before
 * its campaign and again after it, and whoever removes an entry looks again for a campaign that was made meanwhile, and
 * puts the entry back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aliases.h"
#include "campaign_rows.h"
#include "problems.h"

/* A call under way, with whom to call back. */
struct campaign_job {
    struct store *store;
    union {
        store_campaign_done campaign;
        store_done plain;
    } done;
    void *ctx;
    char slug[CAMPAIGN_SLUG_MAX + 1];
    struct alias_changes *aliases; /* of a deletion; NULL: it had none */
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

/* --- reading --- */

static void finish_with_row(struct campaign_job *job, enum store_result r, struct campaign_row *row)
{
    struct store_campaign c = {.definition = row->definition, .counts = row->counts};
    job->done.campaign(job->ctx, r, r == STORE_OK ? &c : NULL);
    campaign_row_clear(row);
    free(job);
}

static void read_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct campaign_job *job = ctx;
    struct campaign_row row = {0};
    if (r == STORE_OK)
        r = campaign_row_read(job->store, job->slug, reply, &row);
    finish_with_row(job, r, &row);
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
    campaign_row_ask(s, slug, read_done, job);
}

/* --- several --- */

struct read_job {
    struct campaign_rows rows;
    store_campaigns_done done;
    void *ctx;
    char (*slugs)[CAMPAIGN_SLUG_MAX + 1];
};

static void read_job_free(struct read_job *job)
{
    if (!job)
        return;
    free(job->slugs);
    free(job->rows.rows);
    free(job);
}

/* One that cannot be read, and was logged, is not taken for one that is not there. */
static enum store_result look_at_rows(const struct read_job *job, struct store_campaign *given, size_t read)
{
    if (read < job->rows.count)
        return STORE_TOO_LARGE;
    for (size_t i = 0; i < read; i++) {
        const struct campaign_row *row = &job->rows.rows[i];
        if (!row->definition && !row->missing)
            return STORE_BAD_REPLY;
        given[i] = (struct store_campaign){.definition = row->definition, .counts = row->counts};
    }
    return STORE_OK;
}

static void several_done(void *ctx, enum store_result r, size_t read)
{
    struct read_job *job = ctx;
    struct store_campaign *given = calloc(job->rows.count, sizeof *given);
    if (r == STORE_OK)
        r = given ? look_at_rows(job, given, read) : STORE_UNAVAILABLE;
    job->done(job->ctx, r, r == STORE_OK ? given : NULL, r == STORE_OK ? job->rows.count : 0);
    for (size_t i = 0; i < job->rows.count; i++)
        campaign_row_clear(&job->rows.rows[i]);
    free(given);
    read_job_free(job);
}

void store_campaigns_read(struct store *s, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count,
                          store_campaigns_done done, void *ctx)
{
    struct read_job *job = calloc(1, sizeof *job);
    if (job) {
        job->slugs = calloc(count, sizeof *job->slugs);
        job->rows.rows = calloc(count, sizeof *job->rows.rows);
    }
    if (!job || !job->slugs || !job->rows.rows) {
        read_job_free(job);
        done(ctx, STORE_UNAVAILABLE, NULL, 0);
        return;
    }
    memcpy(job->slugs, slugs, count * sizeof *slugs);
    job->done = done;
    job->ctx = ctx;
    job->rows.store = s;
    job->rows.slugs = (const char(*)[CAMPAIGN_SLUG_MAX + 1]) job->slugs;
    job->rows.count = count;
    job->rows.bytes_max = STORE_BATCH_BYTES_MAX;
    job->rows.done = several_done;
    job->rows.ctx = job;
    campaign_rows_read(&job->rows);
}

/* --- the index --- */

static void ignore_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    (void)ctx, (void)r, (void)reply; /* a lost link is logged by the link; the next save or list mends the index */
}

void campaign_index_add(struct store *s, const char *slug)
{
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, "ZADD");
    redis_call_key(call, NULL, "campaigns");
    redis_call_int(call, 0);
    redis_call_text(call, slug);
    campaign_call_send(call, ignore_done, NULL);
    problems_note(s, slug);
}

void campaign_index_title(struct store *s, const char *command, const char *slug, const char *title)
{
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, command);
    redis_call_key(call, NULL, "titles");
    redis_call_text(call, slug);
    redis_call_text(call, title ? title : "");
    campaign_call_send(call, ignore_done, NULL);
}

static void index_drop(struct store *s, const char *command, const char *key, const char *slug)
{
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, command);
    redis_call_key(call, NULL, key);
    redis_call_text(call, slug);
    campaign_call_send(call, ignore_done, NULL);
}

static void removed_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct campaign_job *job = ctx;
    struct campaign_row row = {0};
    if (r == STORE_OK && reply->type != REDIS_REPLY_NIL) {
        /* Someone made a campaign of that slug while its entry was removed. */
        campaign_index_add(job->store, job->slug);
        if (campaign_row_read(job->store, job->slug, reply, &row) == STORE_OK)
            campaign_index_title(job->store, "HSET", job->slug, row.definition->title);
    }
    campaign_row_clear(&row);
    free(job);
}

void campaign_index_remove(struct store *s, const char *slug)
{
    struct campaign_job *job = job_new(s, slug, NULL);
    if (!job)
        return;
    index_drop(s, "ZREM", "campaigns", slug);
    index_drop(s, "HDEL", "titles", slug);
    problems_forget(s, slug);
    campaign_row_ask(s, slug, removed_done, job);
}

/* --- deleting, then letting its aliases go --- */

static void settle_done(void *ctx, enum store_result r)
{
    struct campaign_job *job = ctx;
    (void)r; /* what is left leads nowhere, and can be taken over */
    job->done.plain(job->ctx, STORE_OK);
    alias_changes_free(job->aliases);
    free(job);
}

/* {moment, definition}, if it had aliases. */
static void read_deleted(struct campaign_job *job, const struct redisReply *reply)
{
    char err[STORE_ERR_MAX];
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_STRING)
        return;
    struct campaign *was =
        campaign_from_stored(reply->element[1]->str, (size_t)reply->element[1]->len, err, sizeof err);
    if (was && alias_changes_note(&job->aliases, was, NULL) == 0 && job->aliases) {
        alias_changes_stamp(job->aliases, reply->element[0]->str, (size_t)reply->element[0]->len);
    } else {
        alias_changes_free(job->aliases);
        job->aliases = NULL;
    }
    campaign_free(was);
}

static void delete_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct campaign_job *job = ctx;
    if (r == STORE_OK) {
        campaign_index_remove(job->store, job->slug);
        read_deleted(job, reply);
    }
    if (job->aliases) {
        alias_settle(job->store, job->aliases, true, settle_done, job);
        return;
    }
    job->done.plain(job->ctx, r);
    free(job);
}

void store_campaign_delete(struct store *s, const char *slug, int64_t was, const struct store_audit *audit,
                           store_done done, void *ctx)
{
    struct campaign_job *job = job_new(s, slug, ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE);
        return;
    }
    job->done.plain = done;
    struct redis_call *call = redis_script_begin(s->link, REDIS_DELETE_CAMPAIGN, CAMPAIGN_KEYS + 1);
    campaign_call_keys(call, slug);
    redis_call_audit_key(call, slug);
    redis_call_int(call, was);
    redis_call_text(call, slug);
    redis_call_audit(call, s, audit);
    campaign_call_send(call, delete_done, job);
}
