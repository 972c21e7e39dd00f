/* Head counts of groups: put in, and those of the last 30 days. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_rows.h"

/* A call under way, with whom to call back. */
struct members_job {
    struct store *store;
    union {
        store_members_put_done put;
        store_members_done read;
    } done;
    void *ctx;
    char slug[CAMPAIGN_SLUG_MAX + 1];
};

static struct members_job *job_new(struct store *s, const char *slug, void *ctx)
{
    struct members_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->store = s;
    job->ctx = ctx;
    snprintf(job->slug, sizeof job->slug, "%s", slug);
    return job;
}

/* --- a count comes in --- */

static enum store_result read_outcome(const struct redisReply *reply, int64_t *outcome, int64_t *moment)
{
    if (reply->type == REDIS_REPLY_NIL)
        return STORE_NOT_FOUND;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 || !redis_reply_int(reply->element[0], outcome) ||
        !redis_reply_int(reply->element[1], moment) || *outcome < 0 || *outcome > STORE_MEMBERS_FUTURE ||
        (*outcome == STORE_MEMBERS_SET) != (reply->elements == 3))
        return STORE_BAD_REPLY;
    return STORE_OK;
}

static void put_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct members_job *job = ctx;
    struct campaign_row row = {0};
    int64_t outcome = 0, moment = 0;
    if (r == STORE_OK)
        r = read_outcome(reply, &outcome, &moment);
    bool set = r == STORE_OK && outcome == STORE_MEMBERS_SET;
    if (set && campaign_row_read(job->store, job->slug, reply->element[2], &row) != STORE_OK) {
        r = STORE_BAD_REPLY; /* it is set, and cannot be told */
        set = false;
    }
    struct store_campaign now = {.definition = row.definition, .counts = row.counts};
    job->done.put(job->ctx, r, (enum store_members)outcome, moment, set ? &now : NULL);
    campaign_row_clear(&row);
    free(job);
}

void store_members_put(struct store *s, const char *slug, const char *group, int64_t members, int64_t at,
                       const char *source, const struct store_audit *audit, store_members_put_done done, void *ctx)
{
    struct members_job *job = job_new(s, slug, ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, STORE_MEMBERS_SET, 0, NULL);
        return;
    }
    job->done.put = done;
    struct redis_call *call = redis_script_begin(s->link, REDIS_SET_MEMBERS, CAMPAIGN_KEYS + 1);
    campaign_call_keys(call, slug);
    redis_call_audit_key(call, slug);
    redis_call_text(call, group);
    redis_call_int(call, members);
    redis_call_int(call, at);
    redis_call_text(call, source);
    redis_call_audit(call, s, audit);
    redis_call_hour(call, s);
    campaign_call_send(call, put_done, job);
}

/* --- what was counted --- */

static bool read_last(const struct redisReply *reply, struct store_members_history *h)
{
    long long members, at;
    int source = 0;
    if (reply->type != REDIS_REPLY_STRING)
        return false;
    if (reply->len == 0)
        return true;
    if (sscanf(reply->str, "%lld %lld %*d %n", &members, &at, &source) < 2 || source == 0)
        return false;
    h->counted = true;
    h->members = members;
    h->at = at;
    h->source = reply->str + source;
    return true;
}

static bool read_point(const struct redisReply *reply, struct store_members_point *p)
{
    long long at, members, seats;
    if (reply->type != REDIS_REPLY_STRING || sscanf(reply->str, "%lld %lld %lld", &at, &members, &seats) != 3)
        return false;
    *p = (struct store_members_point){at, members, seats};
    return true;
}

static enum store_result read_history(const struct redisReply *reply, struct store_members_point *points,
                                      struct store_members_history *h)
{
    if (reply->type == REDIS_REPLY_NIL)
        return STORE_NOT_FOUND;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 1 || reply->elements > STORE_MEMBERS_POINTS_MAX + 1 ||
        !read_last(reply->element[0], h))
        return STORE_BAD_REPLY;
    h->points = points;
    h->count = reply->elements - 1;
    for (size_t i = 0; i < h->count; i++)
        if (!read_point(reply->element[i + 1], &points[i]))
            return STORE_BAD_REPLY;
    return STORE_OK;
}

static void read_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct members_job *job = ctx;
    struct store_members_point points[STORE_MEMBERS_POINTS_MAX];
    struct store_members_history h = {.source = ""};
    if (r == STORE_OK)
        r = read_history(reply, points, &h);
    job->done.read(job->ctx, r, r == STORE_OK ? &h : NULL);
    free(job);
}

void store_members_read(struct store *s, const char *slug, const char *group, store_members_done done, void *ctx)
{
    struct members_job *job = job_new(s, slug, ctx);
    char suffix[GROUP_ID_MAX + 16];
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    job->done.read = done;
    snprintf(suffix, sizeof suffix, ":members:%s", group);
    struct redis_call *call = redis_script_begin(s->link, REDIS_LIST_MEMBERS, 2);
    redis_call_key(call, slug, ":seats");
    redis_call_key(call, slug, suffix);
    redis_call_text(call, group);
    campaign_call_send(call, read_done, job);
}
