/*
 * Campaigns for admins: save, one or many in one moment.
 *
 *     save_start -> claim the aliases that are added -> save -> settle them -> save_finish
 *
 * Where no alias comes or goes, it is the save alone: aliases.h says what happens when the steps are torn apart.
 *
 * Definition and plan are one record of a call (saving.lua); the index is kept as campaigns.c says: an entry is made
 * before its campaign and again after it.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aliases.h"
#include "campaign_rows.h"

struct save_job {
    struct store *store;
    store_campaign_done one; /* or many */
    store_campaigns_done many;
    void *ctx;
    struct redis_call *call;       /* made, and not yet sent */
    struct alias_changes *aliases; /* NULL: none is added or dropped */
    bool tries;                    /* the claims are undone, and nothing is saved */
    enum store_result result;
    size_t count;
    struct save_one {
        char slug[CAMPAIGN_SLUG_MAX + 1];
        char *title;             /* of one that is made, for the index; owned; else NULL */
        struct campaign_row row; /* what came of it */
    } list[];
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

static void call_json(struct redis_call *call, char *(*make)(const struct campaign *c, size_t *len),
                      const struct campaign *c)
{
    size_t len = 0;
    char *text = make(c, &len);
    if (text)
        redis_call_bytes(call, text, len);
    else
        redis_call_spoil(call);
    free(text);
}

void campaign_call_record(struct redis_call *call, const struct campaign *c, int64_t was, int touched)
{
    struct campaign stored = *c; /* shallow: only the version differs */
    stored.version = was + 1;
    redis_call_int(call, was);
    call_json(call, campaign_to_stored, &stored);
    redis_call_text(call, c->uid);
    redis_call_int(call, strategy_number(c->strategy));
    redis_call_int(call, c->enabled);
    redis_call_int(call, c->starts_at);
    redis_call_int(call, c->ends_at);
    redis_call_int(call, c->hold_seconds);
    redis_call_text(call, c->slug);
    redis_call_text(call, touched >= 0 && (size_t)touched < c->group_count ? c->groups[touched].id : "");
    redis_call_int(call, c->lane_count);
    call_json(call, campaign_lanes_to_json, c);
    redis_call_int(call, c->waiting.ask == WAITING_CLOSED ? 0 : c->waiting.promise_seconds);
    redis_call_int(call, c->follow_members);
    redis_call_int(call, c->strategy == CAMPAIGN_FILL ? c->spread : 1);
    call_groups(call, c);
}

static struct redis_call *make_call(struct store *s, const struct store_save *list, size_t count)
{
    struct redis_call *call = redis_script_begin(s->link, REDIS_SAVE_CAMPAIGNS, (int)count * CAMPAIGN_KEYS + 1);
    for (size_t i = 0; i < count; i++)
        campaign_call_keys(call, list[i].campaign->slug);
    redis_call_audit_key(call, list[0].campaign->slug);
    redis_call_int(call, (int64_t)randombytes_uniform(INT32_MAX));
    for (size_t i = 0; i < count; i++) {
        int64_t was = list[i].was ? list[i].was->version : 0;
        campaign_call_record(call, list[i].campaign, was, list[i].touched);
        call_heads(call, list[i].heads);
        redis_call_audit(call, s, list[i].audit);
    }
    redis_call_hour(call, s);
    return call;
}

/* --- the end --- */

static void save_job_free(struct save_job *job)
{
    if (!job)
        return;
    for (size_t i = 0; i < job->count; i++) {
        free(job->list[i].title);
        campaign_row_clear(&job->list[i].row);
    }
    alias_changes_free(job->aliases);
    redis_call_drop(job->call);
    free(job);
}

static void save_tell(struct save_job *job, const struct store_campaign *rows, size_t count)
{
    if (job->one)
        job->one(job->ctx, job->result, rows);
    else
        job->many(job->ctx, job->result, rows, count);
    save_job_free(job);
}

static void save_finish(struct save_job *job)
{
    struct store_campaign *given = calloc(job->count, sizeof *given);
    if (!given && job->result == STORE_OK)
        job->result = STORE_BAD_REPLY; /* it is saved, and cannot be told */
    for (size_t i = 0; given && i < job->count; i++)
        given[i] =
            (struct store_campaign){.definition = job->list[i].row.definition, .counts = job->list[i].row.counts};
    bool good = job->result == STORE_OK;
    save_tell(job, good ? given : NULL, good ? job->count : 0);
    free(given);
}

/* --- saving --- */

static void settle_done(void *ctx, enum store_result r)
{
    (void)r; /* what was saved works without */
    save_finish(ctx);
}

/* The script answers with what it wrote, never with less. */
static enum store_result read_rows(struct save_job *job, const struct redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != job->count)
        return STORE_BAD_REPLY;
    for (size_t i = 0; i < job->count; i++)
        if (campaign_row_read(job->store, job->list[i].slug, reply->element[i], &job->list[i].row) != STORE_OK)
            return STORE_BAD_REPLY;
    return STORE_OK;
}

static void save_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct save_job *job = ctx;
    if (r == STORE_OK)
        r = read_rows(job, reply);
    for (size_t i = 0; r == STORE_OK && i < job->count; i++) {
        campaign_index_add(job->store, job->list[i].slug);
        campaign_index_title(job->store, "HSET", job->list[i].slug, job->list[i].row.definition->title);
    }
    job->result = r;
    if (job->aliases && r != STORE_TIMEOUT && r != STORE_BAD_REPLY)
        alias_settle(job->store, job->aliases, r == STORE_OK, settle_done, job);
    else
        save_finish(job);
}

static void save_send(struct save_job *job)
{
    struct redis_call *call = job->call;
    job->call = NULL;
    for (size_t i = 0; i < job->count; i++) {
        if (!job->list[i].title)
            continue;
        campaign_index_add(job->store, job->list[i].slug);
        campaign_index_title(job->store, "HSETNX", job->list[i].slug, job->list[i].title);
    }
    campaign_call_send(call, save_done, job);
}

static void claim_done(void *ctx, enum store_result r, const struct store_alias_taken *taken)
{
    struct save_job *job = ctx;
    if (r == STORE_OK && job->tries) {
        alias_settle(job->store, job->aliases, false, settle_done, job);
        return;
    }
    if (r == STORE_OK) {
        save_send(job);
        return;
    }
    /* Whether something was claimed may be unknown; that nothing was saved is not. */
    job->result = r == STORE_TIMEOUT || r == STORE_BAD_REPLY ? STORE_UNAVAILABLE : r;
    struct store_campaign which = {.taken = taken};
    save_tell(job, taken ? &which : NULL, taken ? 1 : 0);
}

/* --- for others --- */

/* false: out of memory. */
static bool save_note(struct save_job *job, size_t i, const struct store_save *save)
{
    const struct campaign *c = save->campaign;
    snprintf(job->list[i].slug, sizeof job->list[i].slug, "%s", c->slug);
    if (!save->was && !(job->list[i].title = strdup(c->title ? c->title : "")))
        return false;
    return alias_changes_note(&job->aliases, save->was, c) == 0;
}

/* NULL: out of memory. */
static struct save_job *save_begin(struct store *s, const struct store_save *list, size_t count, void *ctx)
{
    struct save_job *job = calloc(1, sizeof *job + count * sizeof *job->list);
    if (!job)
        return NULL;
    job->store = s;
    job->ctx = ctx;
    job->count = count;
    for (size_t i = 0; i < count; i++)
        if (!save_note(job, i, &list[i])) {
            save_job_free(job);
            return NULL;
        }
    return job;
}

/* call is taken over. */
static void save_go(struct save_job *job, struct redis_call *call)
{
    job->call = call;
    if (job->aliases)
        alias_claim(job->store, job->aliases, claim_done, job);
    else
        save_send(job);
}

size_t store_batch_max(const struct store *s)
{
    return redis_link_is_cluster(s->link) ? 1 : STORE_BATCH_MAX;
}

void store_campaigns_save(struct store *s, const struct store_save *list, size_t count, store_campaigns_done done,
                          void *ctx)
{
    struct save_job *job = save_begin(s, list, count, ctx);
    if (!job) { /* without memory for even this there is nothing to be called back from later */
        done(ctx, STORE_UNAVAILABLE, NULL, 0);
        return;
    }
    job->many = done;
    save_go(job, make_call(s, list, count));
}

bool store_campaigns_try(struct store *s, const struct store_save *list, size_t count, store_campaigns_done done,
                         void *ctx)
{
    struct save_job *job = save_begin(s, list, count, ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, 0);
        return true;
    }
    if (!job->aliases) {
        save_job_free(job);
        return false;
    }
    job->many = done;
    job->tries = true;
    alias_claim(s, job->aliases, claim_done, job);
    return true;
}

void store_campaign_save(struct store *s, const struct campaign *c, const struct campaign *was,
                         const struct head_counts *heads, int touched, const struct store_audit *audit,
                         store_campaign_done done, void *ctx)
{
    struct store_save one = {c, was, heads, touched, audit};
    struct save_job *job = save_begin(s, &one, 1, ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    job->one = done;
    save_go(job, make_call(s, &one, 1));
}

void campaign_make_by(struct store *s, const struct campaign *c, struct redis_call *call, store_campaign_done done,
                      void *ctx)
{
    struct store_save one = {.campaign = c};
    struct save_job *job = save_begin(s, &one, 1, ctx);
    if (!job) {
        redis_call_drop(call);
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    job->one = done;
    save_go(job, call);
}
