/* The audit log: a stream, written in the scripts of the changes it tells of (scripts/audit.lua), read page by page. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_link.h"

enum {
    AUDIT_LOOK_MAX = 5000, /* entries that one page looks at: bounds how long it keeps scans waiting */
    AUDIT_FIELDS = 6,
};

void redis_call_audit(struct redis_call *call, const struct store *s, const struct store_audit *audit)
{
    static const struct store_audit none = {"", "", "", "", NULL, NULL};
    if (!audit)
        audit = &none;
    redis_call_int(call, s->audit_days);
    redis_call_text(call, audit->who);
    redis_call_text(call, audit->action);
    redis_call_text(call, audit->target);
    redis_call_text(call, audit->from);
    redis_call_text(call, audit->before ? audit->before : "");
    redis_call_text(call, audit->after ? audit->after : "");
}

void store_audit_add(struct store *s, const struct store_audit *audit, store_done done, void *ctx)
{
    struct redis_call *call = redis_script_begin(s->link, REDIS_ADD_AUDIT, 1);
    redis_call_key(call, NULL, "audit");
    redis_call_audit(call, s, audit);
    redis_call_send_plain(call, done, ctx);
}

/* --- a page --- */

struct audit_job {
    store_audit_done done;
    void *ctx;
};

/* {id, {name, value ...}} in the order of redis_call_audit. */
static bool read_entry(const struct redisReply *reply, struct store_audit_row *row)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_STRING)
        return false;
    const struct redisReply *fields = reply->element[1];
    if (fields->type != REDIS_REPLY_ARRAY || fields->elements != 2 * AUDIT_FIELDS)
        return false;
    const char *value[AUDIT_FIELDS];
    for (size_t i = 0; i < AUDIT_FIELDS; i++) {
        if (fields->element[2 * i + 1]->type != REDIS_REPLY_STRING)
            return false;
        value[i] = fields->element[2 * i + 1]->str;
    }
    row->id = reply->element[0]->str;
    row->at_ms = strtoll(row->id, NULL, 10);
    row->audit = (struct store_audit){value[0], value[1], value[2], value[3], value[4], value[5]};
    return true;
}

static void list_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct audit_job *job = ctx;
    struct store_audit_row rows[STORE_PAGE_MAX];
    const char *next = "";
    size_t count = 0;
    int64_t total = 0;
    if (r == STORE_OK && (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 ||
                          !redis_reply_int(reply->element[0], &total) || reply->element[1]->type != REDIS_REPLY_STRING))
        r = STORE_BAD_REPLY;
    for (size_t i = 2; r == STORE_OK && i < reply->elements && count < STORE_PAGE_MAX; i++)
        count += read_entry(reply->element[i], &rows[count]); /* somebody else's entry is passed by */
    if (r == STORE_OK)
        next = reply->element[1]->str;
    job->done(job->ctx, r, rows, count, next, total);
    free(job);
}

static void call_id(struct redis_call *call, int64_t ms, const char *none)
{
    char id[24];
    if (ms)
        snprintf(id, sizeof id, "%" PRId64, ms);
    redis_call_text(call, ms ? id : none);
}

void store_audit_list(struct store *s, const struct store_audit_query *q, store_audit_done done, void *ctx)
{
    struct audit_job *job = malloc(sizeof *job);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, 0, "", 0);
        return;
    }
    *job = (struct audit_job){done, ctx};
    struct redis_call *call = redis_script_begin(s->link, REDIS_LIST_AUDIT, 1);
    redis_call_key(call, NULL, "audit");
    if (q->cursor[0]) {
        char id[STORE_AUDIT_ID_MAX + 2];
        snprintf(id, sizeof id, "(%s", q->cursor);
        redis_call_text(call, id);
    } else {
        call_id(call, q->to_ms, "+");
    }
    call_id(call, q->from_ms, "-");
    redis_call_text(call, q->who);
    redis_call_text(call, q->action);
    redis_call_text(call, q->target);
    redis_call_int(call, q->limit);
    redis_call_int(call, AUDIT_LOOK_MAX);
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send(call, list_done, job);
}

/* --- out of one store and into another --- */

static void walk_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct audit_job *job = ctx;
    struct store_audit_row rows[STORE_PAGE_MAX];
    size_t count = 0;
    if (r == STORE_OK && reply->type != REDIS_REPLY_ARRAY)
        r = STORE_BAD_REPLY;
    for (size_t i = 0; r == STORE_OK && i < reply->elements && count < STORE_PAGE_MAX; i++)
        count += read_entry(reply->element[i], &rows[count]);
    job->done(job->ctx, r, rows, count, "", 0);
    free(job);
}

void store_audit_walk(struct store *s, const char *behind, store_audit_done done, void *ctx)
{
    struct audit_job *job = malloc(sizeof *job);
    char id[STORE_AUDIT_ID_MAX + 2] = "-";
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, 0, "", 0);
        return;
    }
    *job = (struct audit_job){done, ctx};
    if (behind[0])
        snprintf(id, sizeof id, "(%s", behind);
    struct redis_call *call = redis_call_begin(s->link);
    redis_call_text(call, "XRANGE");
    redis_call_key(call, NULL, "audit");
    redis_call_text(call, id);
    redis_call_text(call, "+");
    redis_call_text(call, "COUNT");
    redis_call_int(call, STORE_PAGE_MAX);
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send(call, walk_done, job);
}

void store_audit_restore(struct store *s, const struct store_audit_row *row, const char *behind, store_done done,
                         void *ctx)
{
    const struct store_audit *a = &row->audit;
    struct redis_call *call = redis_script_begin(s->link, REDIS_RESTORE_AUDIT, 1);
    redis_call_key(call, NULL, "audit");
    redis_call_text(call, row->id);
    redis_call_text(call, !behind ? "" : behind[0] ? behind : "0-0");
    redis_call_text(call, a->who);
    redis_call_text(call, a->action);
    redis_call_text(call, a->target);
    redis_call_text(call, a->from);
    redis_call_text(call, a->before ? a->before : "");
    redis_call_text(call, a->after ? a->after : "");
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send_plain(call, done, ctx);
}
