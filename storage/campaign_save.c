/*
 * Campaigns for admins: save, one or many in one moment.
 *
 * Definition and plan are one record of a call (saving.lua); the index is kept as campaigns.c says: an entry is made
 * before its campaign and again after it.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "campaign_rows.h"

struct save_job {
    struct store *store;
    store_campaign_done one; /* or many */
    store_campaigns_done many;
    void *ctx;
    size_t count;
    char slugs[][CAMPAIGN_SLUG_MAX + 1];
};

/* --- what is sent --- */

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

void campaign_call_record(struct redis_call *call, const struct campaign *c, int64_t was, int touched)
{
    struct campaign stored = *c; /* shallow: only the version differs */
    stored.version = was + 1;
    size_t len = 0;
    char *text = campaign_to_stored(&stored, &len);
    if (!text) {
        redis_call_spoil(call);
        return;
    }
    redis_call_int(call, was);
    redis_call_bytes(call, text, len);
    free(text);
    redis_call_text(call, c->uid);
    redis_call_int(call, strategy_number(c->strategy));
    redis_call_int(call, c->enabled);
    redis_call_int(call, c->starts_at);
    redis_call_int(call, c->ends_at);
    redis_call_int(call, c->hold_seconds);
    redis_call_text(call, c->slug);
    redis_call_text(call, touched >= 0 && (size_t)touched < c->group_count ? c->groups[touched].id : "");
    redis_call_int(call, c->lane_count);
    call_groups(call, c);
}

static void save_done(void *ctx, enum store_result r, const struct redisReply *reply);

static void send_save(struct save_job *job, const struct store_save *list)
{
    struct store *s = job->store;
    struct redis_call *call = redis_script_begin(s->link, REDIS_SAVE_CAMPAIGNS, (int)job->count * CAMPAIGN_KEYS + 1);
    for (size_t i = 0; i < job->count; i++)
        campaign_call_keys(call, job->slugs[i]);
    redis_call_key(call, NULL, "changed");
    redis_call_int(call, (int64_t)randombytes_uniform(INT32_MAX));
    for (size_t i = 0; i < job->count; i++) {
        campaign_call_record(call, list[i].campaign, list[i].was, list[i].touched);
        call_heads(call, list[i].heads);
    }
    campaign_call_send(call, save_done, job);
}

/* --- what comes back --- */

static void save_finish(struct save_job *job, enum store_result r, const struct campaign_row *rows)
{
    struct store_campaign *given = calloc(job->count, sizeof *given);
    if (!given && r == STORE_OK)
        r = STORE_BAD_REPLY; /* it is saved, and cannot be told */
    for (size_t i = 0; given && rows && i < job->count; i++)
        given[i] = (struct store_campaign){rows[i].definition, rows[i].counts};
    if (job->one)
        job->one(job->ctx, r, r == STORE_OK ? given : NULL);
    else
        job->many(job->ctx, r, r == STORE_OK ? given : NULL, r == STORE_OK ? job->count : 0);
    free(given);
    free(job);
}

/* The script answers with what it wrote, never with less. */
static enum store_result read_rows(struct save_job *job, const struct redisReply *reply, struct campaign_row *rows)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != job->count)
        return STORE_BAD_REPLY;
    for (size_t i = 0; i < job->count; i++)
        if (campaign_row_read(job->store, job->slugs[i], reply->element[i], &rows[i]) != STORE_OK)
            return STORE_BAD_REPLY;
    return STORE_OK;
}

static void save_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct save_job *job = ctx;
    struct campaign_row *rows = calloc(job->count, sizeof *rows);
    if (r == STORE_OK)
        r = rows ? read_rows(job, reply, rows) : STORE_BAD_REPLY;
    for (size_t i = 0; r == STORE_OK && i < job->count; i++) {
        campaign_index_add(job->store, job->slugs[i]);
        campaign_index_title(job->store, "HSET", job->slugs[i], rows[i].definition->title);
    }
    size_t count = job->count;
    save_finish(job, r, rows);
    for (size_t i = 0; rows && i < count; i++)
        campaign_row_clear(&rows[i]);
    free(rows);
}

/* --- for others --- */

/* NULL: out of memory. */
static struct save_job *save_start(struct store *s, const struct store_save *list, size_t count, void *ctx)
{
    struct save_job *job = calloc(1, sizeof *job + count * sizeof *job->slugs);
    if (!job)
        return NULL;
    job->store = s;
    job->ctx = ctx;
    job->count = count;
    for (size_t i = 0; i < count; i++) {
        const struct campaign *c = list[i].campaign;
        snprintf(job->slugs[i], sizeof job->slugs[i], "%s", c->slug);
        if (list[i].was == 0) {
            campaign_index_add(s, c->slug);
            campaign_index_title(s, "HSETNX", c->slug, c->title);
        }
    }
    send_save(job, list);
    return job;
}

void store_campaigns_save(struct store *s, const struct store_save *list, size_t count, store_campaigns_done done,
                          void *ctx)
{
    struct save_job *job = save_start(s, list, count, ctx);
    if (job)
        job->many = done;
    else /* without memory for even this there is nothing to be called back from later */
        done(ctx, STORE_UNAVAILABLE, NULL, 0);
}

void store_campaign_save(struct store *s, const struct campaign *c, int64_t was, const struct head_counts *heads,
                         int touched, store_campaign_done done, void *ctx)
{
    struct store_save one = {c, was, heads, touched};
    struct save_job *job = save_start(s, &one, 1, ctx);
    if (job)
        job->one = done;
    else
        done(ctx, STORE_UNAVAILABLE, NULL);
}
