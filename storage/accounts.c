/*
 * Users, API tokens, owner links, funnels, what alerts are set to: opaque records in hashes. Sessions: records of their
 * own, which end by themselves. What a record says is the admin door's business; passwords and tokens themselves never
 * come here, only their hashes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_link.h"

static const struct {
    const char *key;
    int rows_max;
    bool owned;  /* one of its records must stay an owner's */
    int row_max; /* bytes of a record */
} tables[] = {
    [STORE_USERS] = {"users", STORE_USERS_MAX, true, STORE_ROW_MAX},
    [STORE_TOKENS] = {"tokens", STORE_TOKENS_MAX, false, STORE_ROW_MAX},
    [STORE_FUNNELS] = {"funnels", STORE_FUNNELS_MAX, false, STORE_ROW_MAX},
    [STORE_LINKS] = {":owner", STORE_LINKS_MAX, false, STORE_ROW_MAX}, /* of a campaign */
    [STORE_LOGOS] = {":logo", 1, false, STORE_LOGO_MAX},               /* likewise */
    [STORE_DESTINATIONS] = {":to", STORE_DESTINATIONS_MAX, false, STORE_ROW_MAX},
    [STORE_DESTINATION_STATES] = {":states", STORE_DESTINATIONS_MAX, false, STORE_ROW_MAX},
    [STORE_ALERT_SETTINGS] = {":settings", STORE_ALERT_SETTINGS_MAX, false, STORE_ROW_MAX},
};

/* The tables of alerts stand in one slot with all that belongs to alerts. */
static const char *rows_tag(const struct store_rows *rows)
{
    return rows->table >= STORE_DESTINATIONS ? ALERTS_TAG : rows->slug;
}

struct row_job {
    union {
        store_row_done row;
        store_rows_done rows;
    } done;
    void *ctx;
    size_t most; /* bytes of a record */
};

static struct row_job *job_new(void *ctx)
{
    struct row_job *job = calloc(1, sizeof *job);
    if (job) {
        job->ctx = ctx;
        job->most = STORE_ROW_MAX;
    }
    return job;
}

static struct redis_call *rows_begin(struct store *s, const char *command, const struct store_rows *rows)
{
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, command);
    redis_call_key(call, rows_tag(rows), tables[rows->table].key);
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    return call;
}

/* --- get --- */

static void get_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct row_job *job = ctx;
    if (r == STORE_OK && reply->type == REDIS_REPLY_NIL)
        r = STORE_NOT_FOUND;
    else if (r == STORE_OK && (reply->type != REDIS_REPLY_STRING || (size_t)reply->len > job->most))
        r = STORE_BAD_REPLY;
    job->done.row(job->ctx, r, r == STORE_OK ? reply->str : NULL, r == STORE_OK ? (size_t)reply->len : 0);
    free(job);
}

void store_row_get(struct store *s, struct store_rows rows, const char *name, store_row_done done, void *ctx)
{
    struct row_job *job = job_new(ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, 0);
        return;
    }
    job->done.row = done;
    job->most = (size_t)tables[rows.table].row_max;
    struct redis_call *call = rows_begin(s, "HGET", &rows);
    redis_call_text(call, name);
    redis_call_send(call, get_done, job);
}

/* --- list --- */

static void list_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct row_job *job = ctx;
    const char **json = NULL;
    size_t *len = NULL;
    size_t count = 0;
    if (r == STORE_OK && (reply->type != REDIS_REPLY_ARRAY || reply->elements > STORE_TOKENS_MAX * 2))
        r = STORE_BAD_REPLY;
    if (r == STORE_OK) {
        json = calloc(reply->elements + 1, sizeof *json);
        len = calloc(reply->elements + 1, sizeof *len);
        if (!json || !len)
            r = STORE_UNAVAILABLE;
    }
    for (size_t i = 0; r == STORE_OK && i < reply->elements; i++) {
        const struct redisReply *row = reply->element[i];
        if (row->type != REDIS_REPLY_STRING || (size_t)row->len > STORE_ROW_MAX)
            continue;
        json[count] = row->str;
        len[count++] = (size_t)row->len;
    }
    job->done.rows(job->ctx, r, json, len, count);
    free(json);
    free(len);
    free(job);
}

static struct row_job *list_job(store_rows_done done, void *ctx)
{
    struct row_job *job = job_new(ctx);
    if (job)
        job->done.rows = done;
    else
        done(ctx, STORE_UNAVAILABLE, NULL, NULL, 0);
    return job;
}

void store_row_list(struct store *s, struct store_rows rows, store_rows_done done, void *ctx)
{
    struct row_job *job = list_job(done, ctx);
    if (job)
        redis_call_send(rows_begin(s, "HVALS", &rows), list_done, job);
}

/* --- change --- */

void store_row_change(struct store *s, struct store_rows rows, const char *name, enum store_rule rule, const char *was,
                      const char *json, const struct store_audit *audit, store_done done, void *ctx)
{
    static const char *const rules[] = {
        [STORE_NEW] = "new", [STORE_FIRST] = "first", [STORE_SAME] = "same", [STORE_ANY] = "any", [STORE_PUT] = "put"};
    struct redis_call *call = redis_script_begin(s->link, REDIS_CHANGE_ROW, 2);
    redis_call_key(call, rows_tag(&rows), tables[rows.table].key);
    redis_call_audit_key(call, rows_tag(&rows));
    redis_call_text(call, name);
    redis_call_text(call, rules[rule]);
    redis_call_text(call, was ? was : "");
    redis_call_text(call, json ? json : "");
    redis_call_int(call, tables[rows.table].rows_max);
    redis_call_int(call, tables[rows.table].owned);
    redis_call_audit(call, s, audit);
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send_plain(call, done, ctx);
}

/* --- when a token was last used --- */

static void ignore_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    (void)ctx, (void)r, (void)reply; /* the next use writes it again */
}

void store_token_used(struct store *s, const char hash[STORE_TOKEN_HASH], const char *when)
{
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, when ? "HSET" : "HDEL");
    redis_call_key(call, NULL, "tokens:used");
    redis_call_text(call, hash);
    if (when)
        redis_call_text(call, when);
    redis_call_send(call, ignore_done, NULL);
}

void store_token_uses(struct store *s, store_rows_done done, void *ctx)
{
    struct row_job *job = list_job(done, ctx);
    if (!job)
        return;
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, "HGETALL");
    redis_call_key(call, NULL, "tokens:used");
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send(call, list_done, job);
}

/* --- sessions --- */

static void session_key(struct redis_call *call, const char *hash)
{
    char name[STORE_TOKEN_HASH + 16];
    snprintf(name, sizeof name, "session:%s", hash);
    redis_call_key(call, NULL, name);
}

void store_session_put(struct store *s, const char hash[STORE_TOKEN_HASH], const char *json,
                       const struct store_audit *audit, store_done done, void *ctx)
{
    struct redis_call *call = redis_script_begin(s->link, REDIS_PUT_SESSION, 2);
    session_key(call, hash);
    redis_call_key(call, NULL, "audit");
    redis_call_text(call, json ? json : "");
    redis_call_int(call, STORE_SESSION_IDLE_SECONDS);
    redis_call_audit(call, s, audit);
    redis_call_send_plain(call, done, ctx);
}

void store_session_get(struct store *s, const char hash[STORE_TOKEN_HASH], store_row_done done, void *ctx)
{
    struct row_job *job = job_new(ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, 0);
        return;
    }
    job->done.row = done;
    struct redis_call *call = redis_script_begin(s->link, REDIS_READ_SESSION, 1);
    session_key(call, hash);
    redis_call_int(call, STORE_SESSION_IDLE_SECONDS);
    redis_call_int(call, STORE_SESSION_TOUCH_SECONDS);
    redis_call_send(call, get_done, job);
}
