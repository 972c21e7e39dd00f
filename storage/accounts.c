/*
 * API tokens: opaque records in the hash `hm:tokens`, by the token's hash. What a record says is the door's business
 * (the admin door's auth.c and `huoma token`); the token itself never comes here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_link.h"

struct account_job {
    struct store *store;
    union {
        store_done plain;
        store_row_done row;
        store_rows_done rows;
    } done;
    void *ctx;
    char hash[STORE_TOKEN_HASH];
    char *json; /* to be put; owned */
};

static struct account_job *job_new(struct store *s, const char *hash, void *ctx)
{
    struct account_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->store = s;
    job->ctx = ctx;
    if (hash)
        snprintf(job->hash, sizeof job->hash, "%s", hash);
    return job;
}

static struct redis_call *tokens_begin(struct store *s, const char *command)
{
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, command);
    redis_call_key(call, NULL, "tokens");
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    return call;
}

/* --- put: look how many there are, then write --- */

static void put_finish(struct account_job *job, enum store_result r)
{
    job->done.plain(job->ctx, r);
    free(job->json);
    free(job);
}

static void put_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    (void)reply;
    put_finish(ctx, r);
}

static void put_counted(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct account_job *job = ctx;
    int64_t count;
    if (r == STORE_OK && !redis_reply_int(reply, &count))
        r = STORE_BAD_REPLY;
    if (r == STORE_OK && count >= STORE_TOKENS_MAX)
        r = STORE_NO_SPACE;
    if (r != STORE_OK) {
        put_finish(job, r);
        return;
    }
    struct redis_call *call = tokens_begin(job->store, "HSET");
    redis_call_text(call, job->hash);
    redis_call_text(call, job->json);
    redis_call_send(call, put_done, job);
}

void store_token_put(struct store *s, const char hash[STORE_TOKEN_HASH], const char *json, store_done done, void *ctx)
{
    struct account_job *job = job_new(s, hash, ctx);
    if (job)
        job->json = strdup(json);
    if (!job || !job->json) {
        free(job);
        done(ctx, STORE_UNAVAILABLE);
        return;
    }
    job->done.plain = done;
    redis_call_send(tokens_begin(s, "HLEN"), put_counted, job);
}

/* --- get --- */

static void get_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct account_job *job = ctx;
    if (r == STORE_OK && reply->type == REDIS_REPLY_NIL)
        r = STORE_NOT_FOUND;
    else if (r == STORE_OK && (reply->type != REDIS_REPLY_STRING || (size_t)reply->len > STORE_ROW_MAX))
        r = STORE_BAD_REPLY;
    job->done.row(job->ctx, r, r == STORE_OK ? reply->str : NULL, r == STORE_OK ? (size_t)reply->len : 0);
    free(job);
}

void store_token_get(struct store *s, const char hash[STORE_TOKEN_HASH], store_row_done done, void *ctx)
{
    struct account_job *job = job_new(s, hash, ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, 0);
        return;
    }
    job->done.row = done;
    struct redis_call *call = tokens_begin(s, "HGET");
    redis_call_text(call, hash);
    redis_call_send(call, get_done, job);
}

/* --- list --- */

static void list_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct account_job *job = ctx;
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

void store_token_list(struct store *s, store_rows_done done, void *ctx)
{
    struct account_job *job = job_new(s, NULL, ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, NULL, 0);
        return;
    }
    job->done.rows = done;
    redis_call_send(tokens_begin(s, "HVALS"), list_done, job);
}

/* --- delete --- */

static void delete_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct account_job *job = ctx;
    int64_t deleted;
    if (r == STORE_OK && !redis_reply_int(reply, &deleted))
        r = STORE_BAD_REPLY;
    else if (r == STORE_OK && deleted == 0)
        r = STORE_NOT_FOUND;
    job->done.plain(job->ctx, r);
    free(job);
}

void store_token_delete(struct store *s, const char hash[STORE_TOKEN_HASH], store_done done, void *ctx)
{
    struct account_job *job = job_new(s, hash, ctx);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE);
        return;
    }
    job->done.plain = done;
    struct redis_call *call = tokens_begin(s, "HDEL");
    redis_call_text(call, hash);
    redis_call_send(call, delete_done, job);
}
