/* Read the outbox, bring it to the log, take it out. */
#include "audit_outbox.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENTRY_VALUES = 6 }; /* see audit.lua */

struct outbox_job {
    struct redis_link *home;
    char tag[CAMPAIGN_SLUG_MAX + 1];
    struct redis_call *taken; /* takes out what is brought; not sent yet */
    void (*done)(void *ctx);
    void *ctx;
};

static void finish(struct outbox_job *job)
{
    void (*done)(void *ctx) = job->done;
    void *ctx = job->ctx;
    redis_call_drop(job->taken);
    free(job);
    if (done)
        done(ctx);
}

static void ignore_done(void *ctx, enum store_result r, const redisReply *reply)
{
    (void)ctx, (void)r, (void)reply; /* what is still there is brought again, and known */
}

static void moved_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct outbox_job *job = ctx;
    (void)reply;
    if (r == STORE_OK) {
        redis_call_send(job->taken, ignore_done, NULL);
        job->taken = NULL;
    }
    finish(job);
}

/* {id, {name, value ...}}; what is not of that form is somebody else's, and is taken out unread. */
static void call_entry(struct redis_call *call, const redisReply *entry)
{
    const redisReply *fields = entry->element[1];
    if (fields->type != REDIS_REPLY_ARRAY || fields->elements != 2 * ENTRY_VALUES)
        return;
    redis_call_text(call, entry->element[0]->str);
    for (size_t i = 0; i < ENTRY_VALUES; i++)
        redis_call_bytes(call, fields->element[2 * i + 1]->str, fields->element[2 * i + 1]->len);
}

static void read_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct outbox_job *job = ctx;
    if (r != STORE_OK || reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
        finish(job);
        return;
    }
    struct redis_call *call = redis_script_begin(job->home, REDIS_MOVE_AUDIT, 2);
    redis_call_key(call, NULL, "audit");
    redis_call_key(call, NULL, "audit:moved");
    redis_call_text(call, job->tag);
    job->taken = redis_call_begin(job->home);
    redis_call_text(job->taken, "XDEL");
    redis_call_key(job->taken, job->tag, ":untold");
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *entry = reply->element[i];
        if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 || entry->element[0]->type != REDIS_REPLY_STRING)
            continue;
        call_entry(call, entry);
        redis_call_text(job->taken, entry->element[0]->str);
    }
    redis_call_send(call, moved_done, job);
}

void audit_outbox_empty(struct redis_link *home, const char *tag, void (*done)(void *ctx), void *ctx)
{
    struct outbox_job *job = calloc(1, sizeof *job);
    if (!job) {
        if (done)
            done(ctx);
        return;
    }
    job->home = home;
    job->done = done;
    job->ctx = ctx;
    snprintf(job->tag, sizeof job->tag, "%s", tag);
    struct redis_call *call = redis_call_begin(home);
    redis_call_text(call, "XRANGE");
    redis_call_key(call, tag, ":untold");
    redis_call_text(call, "-");
    redis_call_text(call, "+");
    redis_call_text(call, "COUNT");
    redis_call_int(call, AUDIT_OUTBOX_MAX);
    redis_call_send(call, read_done, job);
}
