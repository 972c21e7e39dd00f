/* Alerts: what the rules look at, claiming one, and the outbox of what is to be sent. What a record says is the admin
 * door's business. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit_outbox.h"
#include "campaign_rows.h"
#include "redis_link.h"

enum {
    LOOK_HEAD = 9, /* of look_campaign's reply, before the groups */
    LOOK_EACH = 3,
};

struct alert_job {
    union {
        store_alert_look_done look;
        store_number_done number;
        store_rows_done rows;
        store_done plain;
    } done;
    void *ctx;
};

/* NULL: out of memory; then whoever asked is told at once. */
static struct alert_job *job_new(void *ctx)
{
    struct alert_job *job = calloc(1, sizeof *job);
    if (job)
        job->ctx = ctx;
    return job;
}

/* --- looking --- */

static bool read_groups(const struct redisReply *reply, struct alert_facts *f)
{
    for (size_t at = LOOK_HEAD; at + LOOK_EACH <= reply->elements && f->listed < ALERT_GROUPS_MAX; at += LOOK_EACH) {
        struct alert_group *g = &f->groups[f->listed++];
        const struct redisReply *id = reply->element[at];
        int64_t suspect;
        if (id->type != REDIS_REPLY_STRING || id->len > GROUP_ID_MAX ||
            !redis_reply_int(reply->element[at + 1], &g->expires_at) ||
            !redis_reply_int(reply->element[at + 2], &suspect))
            return false;
        memcpy(g->id, id->str, id->len + 1);
        g->suspect = suspect != 0;
    }
    return true;
}

static bool read_facts(const struct redisReply *reply, struct alert_facts *f)
{
    int64_t n[LOOK_HEAD];
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < LOOK_HEAD)
        return false;
    for (int i = 0; i < LOOK_HEAD; i++)
        if (!redis_reply_int(reply->element[i], &n[i]))
            return false;
    f->version = n[0];
    f->running = n[1] != 0;
    f->group_count = n[2];
    f->used = n[3];
    f->held = n[4];
    f->limit = n[5];
    f->taken = n[6];
    f->unlimited = n[7] != 0;
    f->open = n[8] != 0;
    return read_groups(reply, f);
}

static void look_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct alert_job *job = ctx;
    struct alert_facts f = {.version = 0};
    if (r == STORE_OK && reply->type == REDIS_REPLY_NIL)
        r = STORE_NOT_FOUND;
    else if (r == STORE_OK && !read_facts(reply, &f))
        r = STORE_BAD_REPLY;
    job->done.look(job->ctx, r, r == STORE_OK ? &f : NULL);
    free(job);
}

void store_alert_look(struct store *s, const char *slug, int64_t until, store_alert_look_done done, void *ctx)
{
    if (redis_link_is_cluster(s->link)) /* who made a change may have died before it was told */
        audit_outbox_empty(s->link, slug, NULL, NULL);
    struct alert_job *job = job_new(ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    job->done.look = done;
    struct redis_call *call = redis_script_begin(s->link, REDIS_LOOK_CAMPAIGN, CAMPAIGN_KEYS);
    campaign_call_keys(call, slug);
    redis_call_int(call, until);
    redis_call_int(call, ALERT_GROUPS_MAX);
    redis_call_hour(call, s);
    campaign_call_send(call, look_done, job);
}

/* --- alerts --- */

static void call_keys(struct redis_call *call, const char *const *suffixes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        redis_call_key(call, ALERTS_TAG, suffixes[i]);
}

static void change_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct alert_job *job = ctx;
    int64_t n = 0;
    if (r == STORE_OK && !redis_reply_int(reply, &n))
        r = STORE_BAD_REPLY;
    job->done.plain(job->ctx, r != STORE_OK ? r : n == 1 ? STORE_OK : n == 0 ? STORE_STALE : STORE_NO_SPACE);
    free(job);
}

void store_alert_change(struct store *s, const struct store_alert *alert, store_done done, void *ctx)
{
    static const char *const keys[] = {"", ":open", ":sequence", ":to", ":outbox", ":due"};
    struct alert_job *job = job_new(ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE);
        return;
    }
    job->done.plain = done;
    struct redis_call *call = redis_script_begin(s->link, REDIS_CHANGE_ALERT, sizeof keys / sizeof *keys);
    call_keys(call, keys, sizeof keys / sizeof *keys);
    redis_call_int(call, alert->now);
    redis_call_text(call, alert->cause);
    redis_call_int(call, alert->level);
    redis_call_text(call, alert->json ? alert->json : "");
    redis_call_int(call, alert->tell);
    redis_call_int(call, STORE_ALERTS_MAX);
    redis_call_int(call, STORE_OUTBOX_MAX);
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send(call, change_done, job);
}

static void rows_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct alert_job *job = ctx;
    const char **text = NULL;
    size_t *len = NULL, count = 0;
    if (r == STORE_OK && (reply->type != REDIS_REPLY_ARRAY || reply->elements > 2 * STORE_ALERTS_MAX))
        r = STORE_BAD_REPLY;
    if (r == STORE_OK) {
        text = calloc(reply->elements + 1, sizeof *text);
        len = calloc(reply->elements + 1, sizeof *len);
        if (!text || !len)
            r = STORE_UNAVAILABLE;
    }
    for (; r == STORE_OK && count < reply->elements; count++) {
        if (reply->element[count]->type != REDIS_REPLY_STRING) {
            r = STORE_BAD_REPLY;
            break;
        }
        text[count] = reply->element[count]->str;
        len[count] = (size_t)reply->element[count]->len;
    }
    job->done.rows(job->ctx, r, text, len, r == STORE_OK ? count : 0);
    free(text);
    free(len);
    free(job);
}

void store_alert_list(struct store *s, store_rows_done done, void *ctx)
{
    struct alert_job *job = job_new(ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, NULL, 0);
        return;
    }
    job->done.rows = done;
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, "HVALS");
    redis_call_key(call, ALERTS_TAG, "");
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send(call, rows_done, job);
}

static void number_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct alert_job *job = ctx;
    int64_t n = 0;
    if (r == STORE_OK && reply->type != REDIS_REPLY_NIL && !redis_reply_int(reply, &n))
        r = STORE_BAD_REPLY;
    job->done.number(job->ctx, r, n);
    free(job);
}

void store_alert_sequence(struct store *s, store_number_done done, void *ctx)
{
    struct alert_job *job = job_new(ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, 0);
        return;
    }
    job->done.number = done;
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, "GET");
    redis_call_key(call, ALERTS_TAG, ":sequence");
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send(call, number_done, job);
}

/* --- the outbox --- */

void store_deliveries_take(struct store *s, int64_t now_ms, int64_t until_ms, int count, store_rows_done done,
                           void *ctx)
{
    static const char *const keys[] = {":outbox", ":due"};
    struct alert_job *job = job_new(ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, NULL, 0);
        return;
    }
    job->done.rows = done;
    struct redis_call *call = redis_script_begin(s->link, REDIS_TAKE_DELIVERIES, sizeof keys / sizeof *keys);
    call_keys(call, keys, sizeof keys / sizeof *keys);
    redis_call_int(call, now_ms);
    redis_call_int(call, until_ms);
    redis_call_int(call, count);
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send(call, rows_done, job);
}

void store_delivery_settle(struct store *s, const char *id, int64_t next_ms, const char *entry, const char *to,
                           const char *state, store_done done, void *ctx)
{
    static const char *const keys[] = {":outbox", ":due", ":states", ":to"};
    struct redis_call *call = redis_script_begin(s->link, REDIS_SETTLE_DELIVERY, sizeof keys / sizeof *keys);
    call_keys(call, keys, sizeof keys / sizeof *keys);
    redis_call_text(call, id);
    redis_call_int(call, next_ms);
    redis_call_text(call, entry ? entry : "");
    redis_call_text(call, to);
    redis_call_text(call, state ? state : "");
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send_plain(call, done, ctx);
}
