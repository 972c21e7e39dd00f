/*
 * What becomes of a call that was sent: its reply, what an error reply means, and the wait for replicas that have what
 * it wrote.
 */
#include "redis_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "audit_outbox.h"
#include "redis_cluster.h"

void redis_call_done(struct redis_call *c, enum store_result r, const redisReply *reply)
{
    redis_done done = c->done;
    store_done plain = c->plain;
    void *ctx = c->ctx;
    c->home->mending -= c->mends;
    redis_call_release(c);
    if (plain)
        plain(ctx, r);
    else
        done(ctx, r, reply);
}

/* What somebody's replica says to a WAIT. */
#define WAIT_OF_REPLICA "ERR WAIT cannot be used with replica"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* What an error reply says of the call: the first word is the code. */
static enum store_result error_result(const char *text)
{
    static const struct {
        const char *prefix;
        enum store_result result;
    } table[] = {
        {"HUOMA CONFLICT", STORE_CONFLICT},
        {"HUOMA NOT_FOUND", STORE_NOT_FOUND},
        {"HUOMA STALE", STORE_STALE},
        {"HUOMA LAST_OWNER", STORE_LAST_OWNER},
        {"HUOMA NO_SPACE", STORE_NO_SPACE},
        {"MISCONF", STORE_NO_SPACE},
        {"OOM", STORE_NO_SPACE},
        {"LOADING", STORE_UNAVAILABLE},
        {"READONLY", STORE_UNAVAILABLE},
        {"MASTERDOWN", STORE_UNAVAILABLE},
        {"NOREPLICAS", STORE_UNAVAILABLE},
        {WAIT_OF_REPLICA, STORE_UNAVAILABLE},
        {"BUSY ", STORE_UNAVAILABLE},
        {"NOAUTH", STORE_UNAVAILABLE},
        {"NOPERM", STORE_UNAVAILABLE},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (begins(text, table[i].prefix))
            return table[i].result;
    return STORE_BAD_REPLY;
}

/* What somebody says who is not the master, or will not be for long. */
static bool is_demoted(const char *text)
{
    return begins(text, "READONLY") || begins(text, "MASTERDOWN") || begins(text, "LOADING") ||
           begins(text, "UNBLOCKED") || begins(text, WAIT_OF_REPLICA);
}

bool redis_reply_int(const redisReply *r, int64_t *n)
{
    if (r->type == REDIS_REPLY_INTEGER) {
        *n = r->integer;
        return true;
    }
    if (r->type != REDIS_REPLY_STRING || r->len == 0 || r->len > 20)
        return false;
    char *end;
    errno = 0;
    *n = strtoll(r->str, &end, 10);
    return errno == 0 && end == r->str + r->len;
}

/* The end of a call, or of the wait for its replicas; its entry of the audit log may still be on its way. */
static void call_finish(struct redis_call *c, enum store_result r);

static void untold_moved(void *ctx)
{
    struct redis_call *c = ctx;
    c->untold[0] = '\0';
    call_finish(c, STORE_OK);
}

static void call_finish(struct redis_call *c, enum store_result r)
{
    redisReply *reply = c->reply;
    if (r == STORE_OK && c->untold[0]) {
        audit_outbox_empty(c->home, c->untold, untold_moved, c);
        return;
    }
    redis_call_done(c, r, r == STORE_OK ? reply : NULL);
    freeReplyObject(reply);
}

static void call_refused(struct redis_call *c, const char *why)
{
    struct redis_link *l = c->link;
    if (c->script >= 0 && begins(why, "NOSCRIPT")) {
        redis_call_put(redis_call_with_text(c));
        return;
    }
    if (l->home->cluster && redis_cluster_refused(l->home->cluster, c, why))
        return;
    enum store_result r = error_result(why);
    if (r != STORE_CONFLICT && r != STORE_NOT_FOUND && now_ms() - l->refused_logged_ms >= 1000) {
        l->refused_logged_ms = now_ms(); /* every scan may be refused while a disk is full */
        redis_link_log(l, STORE_LOG_ERROR, "redis_refused", why);
    }
    if (c->mends && (r == STORE_UNAVAILABLE || r == STORE_NO_SPACE))
        l->mend_refused = true;
    redis_call_done(c, r, NULL);
    if (l->sentinel && l->state == LINK_UP && is_demoted(why))
        redis_link_lost(l, why);
}

void redis_call_answered(struct redis_call *c, const redisReply *reply)
{
    struct redis_link *l = c->link;
    list_remove(&l->pending_tail, c);
    l->pending_count--;
    if (reply->type == REDIS_REPLY_ERROR) {
        call_refused(c, reply->str);
    } else if (c->awaited || c->untold[0]) {
        c->reply = redis_wire_take_reply(l->wire);
        if (c->awaited)
            list_append(&l->settling_tail, c);
        else
            call_finish(c, STORE_OK);
    } else {
        redis_call_done(c, STORE_OK, reply);
    }
}

/* --- whether answers belong to what was asked --- */

static void check_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct redis_link *l = ctx;
    int64_t number;
    l->checking = false;
    bool wrong = r == STORE_OK && (!redis_reply_int(reply, &number) || number != l->check_number);
    if (wrong || r == STORE_BAD_REPLY)
        redis_link_lost(l, "its answers are not those to what was asked");
}

void redis_link_check(struct redis_link *l)
{
    struct redis_call *c = redis_call_begin(l);
    redis_call_text(c, "PING");
    redis_call_int(c, ++l->check_number);
    l->checking = true;
    l->check_due_ms = now_ms() + REDIS_CHECK_MS;
    redis_call_send(c, check_done, l);
}

/* --- replicas --- */

void redis_link_settle(struct redis_link *l, enum store_result r)
{
    struct redis_call *list = l->settling;
    l->settling = NULL;
    l->settling_tail = &l->settling;
    for (struct redis_call *next; list; list = next) {
        next = list->next;
        call_finish(list, r);
    }
}

void redis_link_replicas_known(struct redis_link *l, bool enough)
{
    if (enough == !l->short_of_replicas)
        return;
    l->short_of_replicas = !enough;
    redis_link_log(l, enough ? STORE_LOG_INFO : STORE_LOG_ERROR, enough ? "replicas_back" : "replicas_missing",
                   enough ? "" : "seats are not given while fewer than wait_replicas have what is written");
}

bool redis_reply_is_of_replica(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR && begins(reply->str, WAIT_OF_REPLICA);
}

/* Replies come in order: whatever was sent before this WAIT has been answered, and nothing else has. */
static void wait_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct redis_link *l = ctx;
    int64_t count = 0;
    if (r == STORE_TIMEOUT) /* the link was lost, and redis_link_lost settles */
        return;
    bool enough = r == STORE_OK && redis_reply_int(reply, &count) && count >= l->wait_replicas;
    l->waiting = false;
    if (r == STORE_UNAVAILABLE && l->home != l) /* a node that is a replica now: there is nobody to look for */
        l->short_of_replicas = false;
    else
        redis_link_replicas_known(l, enough);
    redis_link_settle(l, enough ? STORE_OK : STORE_TIMEOUT);
    if (l->unwaited && l->state == LINK_UP)
        event_active(&l->wait_event, EV_TIMEOUT, 0);
    else if (l->short_of_replicas)
        set_timer(&l->wait_event, REDIS_PROBE_MS);
}

/* While replicas are missing it only looks: 1 ms is enough for what they have had, and keeps nobody waiting. */
void redis_link_on_wait(evutil_socket_t fd, short what, void *arg)
{
    struct redis_link *l = arg;
    (void)fd, (void)what;
    if (l->state != LINK_UP || l->waiting)
        return;
    struct redis_call *c = redis_call_begin(l);
    redis_call_text(c, "WAIT");
    redis_call_int(c, l->wait_replicas);
    redis_call_int(c, l->short_of_replicas && !l->unwaited ? 1 : REDIS_WAIT_MS);
    l->waiting = true;
    l->unwaited = false;
    redis_call_send(c, wait_done, l);
}
