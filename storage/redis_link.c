/*
 * One connection to Redis: down -> finding (the master, by sentinels; a name's address) -> greeting (AUTH, SELECT,
 * ROLE, PING) -> up -> down …
 *
 * Replies come in the order of the commands, so the oldest pending call is the one that is answered. Every loss ends in
 * link_lost: the wire is closed and the list of pending calls taken away first, so what a callback then sends finds the
 * link down and is failed later, from fail_event.
 */
#include "redis_link.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "redis_lookup.h"
#include "redis_sentinel.h"
#include "redis_wire.h"
#include "scripts.h"

enum {
    CALL_HEADER = 32,   /* bytes kept free in front for "*<arguments>\r\n" */
    LINK_TICK_MS = 50,  /* how often deadlines are looked at while something is pending */
    LINK_CALLS = 65536, /* calls of a link, made with it: a call itself never lacks memory. Only used ones take any */
};

enum link_state { LINK_DOWN, LINK_FINDING, LINK_GREETING, LINK_FENCED, LINK_UP };

/* What an answer to the greeting has to be. */
enum greeting { GREETING_OK, GREETING_MASTER, GREETING_REPLICAS, GREETING_PONG, GREETINGS_MAX = 8 };

struct redis_call {
    struct redis_call *next, **prev;
    struct redis_link *link;
    redis_done done;
    store_done plain; /* instead of done */
    void *ctx;
    char *buffer;
    size_t len, cap, behind_script; /* where the arguments behind the script's name begin */
    int arguments;
    int script; /* enum redis_script, or -1 */
    int deadline_ms;
    int64_t due_ms;
    enum store_result failed;
    bool no_memory;
    bool awaited;      /* replicas are to have it before it is answered */
    bool mends;        /* goes out while the link is fenced */
    redisReply *reply; /* that waits for them; owned */
};

struct redis_link {
    struct event_base *base;
    struct redis_url url;
    char prefix[STORE_PREFIX_MAX + 1];
    store_log log;
    enum link_state state;
    struct redis_wire *wire;
    struct redis_sentinel *sentinel; /* NULL: the URL says where Redis is */
    struct redis_lookup *lookup;
    struct redis_host host;                 /* that was found last */
    struct redis_address address;           /* its; port 0: not known yet */
    enum greeting greetings[GREETINGS_MAX]; /* the answers that are still to come, the last one first */
    int greeting_count;
    int wait_replicas;
    bool waiting;  /* a WAIT is in flight */
    bool unwaited; /* awaited calls were sent behind it */
    bool short_of_replicas;
    struct redis_call *settling, **settling_tail; /* answered, and replicas may not have them yet */
    struct event connect_event, tick_event, fail_event, wait_event, fence_event;
    struct redis_call *pending, **pending_tail; /* sent, oldest first */
    struct redis_call *failing, **failing_tail; /* not sent: told from fail_event */
    struct redis_call *calls, *free_calls;
    size_t pending_count, calls_used;
    int64_t down_since_ms;
    int64_t greeting_due_ms;
    int64_t refused_logged_ms;
    bool told_lost; /* one line an outage */
    bool freeing;
    bool was_up;
    size_t mending; /* calls that put something back */
    void (*mend)(void *ctx);
    void *mend_ctx;
    void (*changed)(void *ctx, bool up);
    void *changed_ctx;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void set_timer(struct event *e, int ms)
{
    event_add(e, &(struct timeval){ms / 1000, ms % 1000 * 1000});
}

/* --- calls --- */

static void list_append(struct redis_call ***tail, struct redis_call *c)
{
    c->next = NULL;
    c->prev = *tail;
    **tail = c;
    *tail = &c->next;
}

static void list_remove(struct redis_call ***tail, struct redis_call *c)
{
    *c->prev = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        *tail = c->prev;
}

static void call_release(struct redis_call *c)
{
    struct redis_link *l = c->link;
    if (c->cap > REDIS_CALL_KEEP) {
        free(c->buffer);
        c->buffer = NULL;
        c->cap = 0;
    }
    c->next = l->free_calls;
    l->free_calls = c;
}

struct redis_call *redis_call_begin(struct redis_link *l)
{
    struct redis_call *c = l->free_calls;
    if (c)
        l->free_calls = c->next;
    else if (l->calls_used < LINK_CALLS)
        c = &l->calls[l->calls_used++];
    else
        abort(); /* cannot be: REDIS_PENDING_MAX wait for Redis, the rest for the end of this loop pass */
    char *buffer = c->buffer;
    size_t cap = c->cap;
    memset(c, 0, sizeof *c);
    c->buffer = buffer;
    c->cap = cap;
    c->link = l;
    c->script = -1;
    c->len = CALL_HEADER;
    c->deadline_ms = STORE_DEADLINE_MS;
    return c;
}

static bool call_room(struct redis_call *c, size_t more)
{
    if (c->len + more <= c->cap)
        return true;
    size_t cap = c->cap ? c->cap : 512;
    while (cap < c->len + more)
        cap *= 2;
    char *buffer = realloc(c->buffer, cap);
    if (!buffer) {
        c->no_memory = true;
        return false;
    }
    c->buffer = buffer;
    c->cap = cap;
    return true;
}

static char *put_count(char *p, char kind, size_t n)
{
    char digits[24];
    int i = 0;
    do
        digits[i++] = (char)('0' + n % 10);
    while (n /= 10);
    *p++ = kind;
    while (i > 0)
        *p++ = digits[--i];
    *p++ = '\r';
    *p++ = '\n';
    return p;
}

/* One argument in two pieces, as RESP: "$<len>\r\n<a><b>\r\n". */
static void put_argument(struct redis_call *c, const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (!call_room(c, a_len + b_len + 32))
        return;
    char *p = put_count(c->buffer + c->len, '$', a_len + b_len);
    p = mempcpy(p, a, a_len);
    p = b_len ? mempcpy(p, b, b_len) : p;
    p = mempcpy(p, "\r\n", 2);
    c->len = (size_t)(p - c->buffer);
    c->arguments++;
}

void redis_call_bytes(struct redis_call *c, const char *bytes, size_t len)
{
    put_argument(c, bytes, len, NULL, 0);
}

void redis_call_text(struct redis_call *c, const char *text)
{
    put_argument(c, text, strlen(text), NULL, 0);
}

void redis_call_int(struct redis_call *c, int64_t n)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)n);
    put_argument(c, text, (size_t)len, NULL, 0);
}

void redis_call_key(struct redis_call *c, const char *slug, const char *suffix)
{
    char key[STORE_PREFIX_MAX + CAMPAIGN_SLUG_MAX + 3];
    int len = slug ? snprintf(key, sizeof key, "%s{%s}", c->link->prefix, slug)
                   : snprintf(key, sizeof key, "%s", c->link->prefix);
    put_argument(c, key, (size_t)len, suffix, strlen(suffix));
}

void redis_call_spoil(struct redis_call *c)
{
    c->no_memory = true;
}

void redis_call_deadline(struct redis_call *c, int deadline_ms)
{
    c->deadline_ms = deadline_ms;
}

void redis_call_await(struct redis_call *c)
{
    c->awaited = c->link->wait_replicas > 0;
}

void redis_call_mend(struct redis_call *c)
{
    c->mends = true;
    c->link->mending++;
}

/* Whether people are told something that must not get lost. */
static bool script_is_awaited(enum redis_script script)
{
    switch (script) {
    case REDIS_TAKE_SEATS:
    case REDIS_CONFIRM_SEAT:
    case REDIS_NEXT_SEAT:
    case REDIS_WAIT:
    case REDIS_SAVE_CAMPAIGNS:
    case REDIS_DELETE_CAMPAIGN:
    case REDIS_RESTORE_CAMPAIGN:
    case REDIS_CHANGE_ROW:
    case REDIS_SET_MEMBERS:
    case REDIS_DELETE_WAITING:
        return true;
    default:
        return false;
    }
}

struct redis_call *redis_script_begin(struct redis_link *l, enum redis_script script, int keys)
{
    struct redis_call *c = redis_call_begin(l);
    c->script = (int)script;
    c->awaited = l->wait_replicas > 0 && script_is_awaited(script);
    redis_call_text(c, "EVALSHA");
    redis_call_bytes(c, redis_script_texts[script].sha1, 40);
    c->behind_script = c->len;
    redis_call_int(c, keys);
    return c;
}

/* --- replies --- */

static void call_done(struct redis_call *c, enum store_result r, const redisReply *reply)
{
    redis_done done = c->done;
    store_done plain = c->plain;
    void *ctx = c->ctx;
    c->link->mending -= c->mends;
    call_release(c);
    if (plain)
        plain(ctx, r);
    else
        done(ctx, r, reply);
}

static void log_detail(struct redis_link *l, enum store_log_level level, const char *event, const char *detail)
{
    if (l->log)
        l->log(level, event, detail);
}

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
           begins(text, "UNBLOCKED");
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

static void call_put(struct redis_call *c);
static void link_lost(struct redis_link *l, const char *why);

/* The script is not in the server's cache (restart, SCRIPT FLUSH), so it has not run: once more, with its text. */
static void call_again_with_text(struct redis_call *c)
{
    const struct redis_script_text *s = &redis_script_texts[c->script];
    struct redis_call *again = redis_call_begin(c->link);
    again->done = c->done;
    again->plain = c->plain;
    again->ctx = c->ctx;
    again->deadline_ms = c->deadline_ms;
    again->due_ms = c->due_ms;
    again->awaited = c->awaited;
    again->mends = c->mends;
    redis_call_text(again, "EVAL");
    redis_call_bytes(again, s->text, s->len);
    size_t rest = c->len - c->behind_script;
    if (call_room(again, rest)) {
        memcpy(again->buffer + again->len, c->buffer + c->behind_script, rest);
        again->len += rest;
        again->arguments = c->arguments;
    }
    call_release(c);
    call_put(again);
}

static void call_answered(struct redis_call *c, const redisReply *reply)
{
    struct redis_link *l = c->link;
    list_remove(&l->pending_tail, c);
    l->pending_count--;
    if (reply->type != REDIS_REPLY_ERROR) {
        if (c->awaited) {
            c->reply = redis_wire_take_reply(l->wire);
            list_append(&l->settling_tail, c);
        } else {
            call_done(c, STORE_OK, reply);
        }
        return;
    }
    if (c->script >= 0 && begins(reply->str, "NOSCRIPT")) {
        call_again_with_text(c);
        return;
    }
    enum store_result r = error_result(reply->str);
    if (r != STORE_CONFLICT && r != STORE_NOT_FOUND && now_ms() - l->refused_logged_ms >= 1000) {
        l->refused_logged_ms = now_ms(); /* every scan may be refused while a disk is full */
        log_detail(l, STORE_LOG_ERROR, "redis_refused", reply->str);
    }
    call_done(c, r, NULL);
    if (l->sentinel && l->state == LINK_UP && is_demoted(reply->str))
        link_lost(l, reply->str);
}

/* --- replicas --- */

static void settle(struct redis_link *l, enum store_result r)
{
    struct redis_call *list = l->settling;
    l->settling = NULL;
    l->settling_tail = &l->settling;
    for (struct redis_call *next; list; list = next) {
        redisReply *reply = list->reply;
        next = list->next;
        call_done(list, r, r == STORE_OK ? reply : NULL);
        freeReplyObject(reply);
    }
}

static void replicas_known(struct redis_link *l, bool enough)
{
    if (enough == !l->short_of_replicas)
        return;
    l->short_of_replicas = !enough;
    log_detail(l, enough ? STORE_LOG_INFO : STORE_LOG_ERROR, enough ? "replicas_back" : "replicas_missing",
               enough ? "" : "seats are not given while fewer than wait_replicas have what is written");
}

/* Replies come in order: whatever was sent before this WAIT has been answered, and nothing else has. */
static void wait_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct redis_link *l = ctx;
    int64_t count = 0;
    if (r == STORE_TIMEOUT) /* the link was lost, and link_lost settles */
        return;
    bool enough = r == STORE_OK && redis_reply_int(reply, &count) && count >= l->wait_replicas;
    l->waiting = false;
    replicas_known(l, enough);
    settle(l, enough ? STORE_OK : STORE_TIMEOUT);
    if (l->unwaited && l->state == LINK_UP)
        event_active(&l->wait_event, EV_TIMEOUT, 0);
    else if (l->short_of_replicas)
        set_timer(&l->wait_event, REDIS_PROBE_MS);
}

/* While replicas are missing it only looks: 1 ms is enough for what they have had, and keeps nobody waiting. */
static void on_wait(evutil_socket_t fd, short what, void *arg)
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

/* --- sending --- */

static void call_fail(struct redis_call *c, enum store_result r)
{
    struct redis_link *l = c->link;
    c->failed = r;
    list_append(&l->failing_tail, c);
    event_active(&l->fail_event, EV_TIMEOUT, 0);
}

static void on_fail(evutil_socket_t fd, short what, void *arg)
{
    struct redis_link *l = arg;
    (void)fd, (void)what;
    /* Those that fail while these are told wait for the next pass. */
    struct redis_call *list = l->failing;
    l->failing = NULL;
    l->failing_tail = &l->failing;
    for (struct redis_call *next; list; list = next) {
        next = list->next;
        call_done(list, list->failed, NULL);
    }
}

/* While the link is fenced, what puts something back goes out. */
static bool call_may_go(const struct redis_link *l, const struct redis_call *c)
{
    if (l->state != LINK_UP && !(l->state == LINK_FENCED && c->mends))
        return false;
    return !c->no_memory && l->pending_count < REDIS_PENDING_MAX && !(c->awaited && l->short_of_replicas);
}

static void call_put(struct redis_call *c)
{
    struct redis_link *l = c->link;
    if (!call_may_go(l, c)) {
        call_fail(c, STORE_UNAVAILABLE);
        return;
    }
    if (c->awaited) {
        l->unwaited = true;
        if (!l->waiting) /* before the write of this pass, so both go out together */
            event_active(&l->wait_event, EV_TIMEOUT, 0);
    }
    char head[CALL_HEADER];
    size_t head_len = (size_t)(put_count(head, '*', (size_t)c->arguments) - head);
    char *start = c->buffer + CALL_HEADER - head_len;
    memcpy(start, head, head_len);
    if (redis_wire_send(l->wire, start, c->len - CALL_HEADER + head_len) != 0) {
        call_fail(c, STORE_UNAVAILABLE);
        return;
    }
    list_append(&l->pending_tail, c);
    l->pending_count++;
    if (!event_pending(&l->tick_event, EV_TIMEOUT, NULL))
        set_timer(&l->tick_event, LINK_TICK_MS);
}

static void call_send(struct redis_call *c)
{
    c->due_ms = now_ms() + (c->deadline_ms ? c->deadline_ms : STORE_DEADLINE_MS);
    call_put(c);
}

void redis_call_send(struct redis_call *c, redis_done done, void *ctx)
{
    c->done = done;
    c->ctx = ctx;
    call_send(c);
}

void redis_call_drop(struct redis_call *c)
{
    if (c)
        call_release(c);
}

void redis_call_send_plain(struct redis_call *c, store_done done, void *ctx)
{
    c->plain = done;
    c->ctx = ctx;
    call_send(c);
}

/* --- the connection --- */

static void set_state(struct redis_link *l, enum link_state state)
{
    bool was_up = l->state == LINK_UP;
    l->state = state;
    if (was_up && state != LINK_UP)
        l->down_since_ms = now_ms();
    if (was_up != (state == LINK_UP) && l->changed)
        l->changed(l->changed_ctx, state == LINK_UP);
}

/* The longer it is down, the longer between two tries: a Redis that is starting is met within an eighth of its start.
 */
static void connect_later(struct redis_link *l)
{
    if (l->freeing)
        return;
    int64_t wait = (now_ms() - l->down_since_ms) / 8;
    int64_t most = l->sentinel ? REDIS_BACKOFF_SENTINEL_MS : REDIS_BACKOFF_MAX_MS;
    if (wait < REDIS_BACKOFF_MIN_MS)
        wait = REDIS_BACKOFF_MIN_MS;
    if (wait > most)
        wait = most;
    set_timer(&l->connect_event, (int)wait);
}

/* Whatever was sent and not answered is unknown. */
static void link_lost(struct redis_link *l, const char *why)
{
    struct redis_call *pending = l->pending;
    redis_lookup_cancel(&l->lookup);
    redis_wire_close(l->wire);
    l->wire = NULL;
    l->pending = NULL;
    l->pending_tail = &l->pending;
    l->pending_count = 0;
    if (!l->told_lost && !l->freeing) {
        l->told_lost = true;
        log_detail(l, STORE_LOG_WARN, "redis_lost", why);
    }
    event_del(&l->wait_event);
    event_del(&l->fence_event);
    l->waiting = l->unwaited = false;
    set_state(l, LINK_DOWN);
    connect_later(l);
    settle(l, STORE_TIMEOUT);
    for (struct redis_call *next; pending; pending = next) {
        next = pending->next;
        call_done(pending, STORE_TIMEOUT, NULL);
    }
}

static void link_up(struct redis_link *l)
{
    l->was_up = true;
    set_state(l, LINK_UP);
    if (l->short_of_replicas)
        set_timer(&l->wait_event, REDIS_PROBE_MS);
}

static void on_fence(evutil_socket_t fd, short what, void *arg)
{
    struct redis_link *l = arg;
    (void)fd, (void)what;
    if (l->mending)
        set_timer(&l->fence_event, LINK_TICK_MS);
    else
        link_up(l);
}

static bool greeting_is_right(struct redis_link *l, enum greeting wanted, const redisReply *reply)
{
    switch (wanted) {
    case GREETING_MASTER:
        return reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
               reply->element[0]->type == REDIS_REPLY_STRING && strcmp(reply->element[0]->str, "master") == 0;
    case GREETING_REPLICAS:
        if (reply->type == REDIS_REPLY_INTEGER)
            replicas_known(l, reply->integer >= l->wait_replicas);
        return reply->type == REDIS_REPLY_INTEGER;
    case GREETING_OK:
    case GREETING_PONG:
        break;
    default:
        return false;
    }
    return reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, wanted == GREETING_PONG ? "PONG" : "OK") == 0;
}

static void greeting_answered(struct redis_link *l, const redisReply *reply)
{
    enum greeting wanted = l->greetings[--l->greeting_count];
    if (!greeting_is_right(l, wanted, reply)) {
        link_lost(l, reply->type == REDIS_REPLY_ERROR ? reply->str
                     : wanted == GREETING_MASTER      ? "it is not the master"
                                                      : "an answer to the greeting that makes no sense");
        return;
    }
    if (l->greeting_count > 0)
        return;
    if (l->told_lost)
        log_detail(l, STORE_LOG_INFO, "redis_back", "");
    l->told_lost = false;
    if (!l->mend || !l->was_up) {
        link_up(l);
        return;
    }
    set_state(l, LINK_FENCED);
    set_timer(&l->fence_event, REDIS_FENCE_MS);
    l->mend(l->mend_ctx);
}

static void on_reply(void *ctx, const redisReply *reply)
{
    struct redis_link *l = ctx;
    if (l->state == LINK_GREETING)
        greeting_answered(l, reply);
    else if (l->pending)
        call_answered(l->pending, reply);
    else
        link_lost(l, "a reply that nobody asked for");
}

static void on_lost(void *ctx, const char *why)
{
    link_lost(ctx, why);
}

/* The greeting goes out as calls do, but what comes back is counted, not matched. */
static int greet(struct redis_link *l, enum greeting answer, const char *a, const char *b, const char *c)
{
    const char *words[] = {a, b, c};
    struct redis_call *call = redis_call_begin(l);
    for (int i = 0; i < 3 && words[i]; i++)
        redis_call_text(call, words[i]);
    char head[CALL_HEADER];
    size_t head_len = (size_t)(put_count(head, '*', (size_t)call->arguments) - head);
    int r = call->no_memory ? -ENOMEM : redis_wire_send(l->wire, head, head_len);
    if (r == 0)
        r = redis_wire_send(l->wire, call->buffer + CALL_HEADER, call->len - CALL_HEADER);
    call_release(call);
    memmove(l->greetings + 1, l->greetings, sizeof l->greetings - sizeof *l->greetings);
    l->greetings[0] = answer;
    l->greeting_count++;
    return r;
}

static int greet_all(struct redis_link *l)
{
    char db[16], replicas[16];
    int r = 0;
    snprintf(db, sizeof db, "%d", l->url.db);
    snprintf(replicas, sizeof replicas, "%d", l->wait_replicas);
    l->greeting_count = 0;
    if (l->url.user[0])
        r = greet(l, GREETING_OK, "AUTH", l->url.user, l->url.password);
    else if (l->url.password[0])
        r = greet(l, GREETING_OK, "AUTH", l->url.password, NULL);
    if (r == 0 && l->url.db)
        r = greet(l, GREETING_OK, "SELECT", db, NULL);
    if (r == 0 && l->sentinel)
        r = greet(l, GREETING_MASTER, "ROLE", NULL, NULL);
    if (r == 0 && l->wait_replicas)
        r = greet(l, GREETING_REPLICAS, "WAIT", replicas, "1");
    return r == 0 ? greet(l, GREETING_PONG, "PING", NULL, NULL) : r;
}

/* It has not come to a connection. */
static void link_unreachable(struct redis_link *l, const char *why)
{
    if (!l->told_lost) {
        l->told_lost = true;
        log_detail(l, STORE_LOG_WARN, "redis_unreachable", why);
    }
    set_state(l, LINK_DOWN);
    connect_later(l);
}

static void link_open(struct redis_link *l)
{
    static const struct redis_wire_events events = {.reply = on_reply, .lost = on_lost};
    l->wire = redis_wire_connect(l->base, &l->address, &events, l);
    if (!l->wire) {
        link_unreachable(l, strerror(errno));
        return;
    }
    l->greeting_due_ms = now_ms() + STORE_DEADLINE_MS;
    set_state(l, LINK_GREETING);
    if (greet_all(l) != 0)
        link_lost(l, "out of memory");
    else
        set_timer(&l->tick_event, LINK_TICK_MS);
}

static void on_resolved(void *ctx, const struct redis_address *address, const char *why)
{
    struct redis_link *l = ctx;
    if (!address) {
        link_unreachable(l, why);
        return;
    }
    l->address = *address;
    link_open(l);
}

static void link_resolve(struct redis_link *l)
{
    if (l->url.is_unix || redis_address_of(&l->host, &l->address))
        link_open(l);
    else if (redis_lookup_start(&l->lookup, l->base, &l->host, on_resolved, l) != 0)
        link_unreachable(l, "no thread to look up the host's name");
}

static void on_master(void *ctx, const struct redis_host *master, const char *why)
{
    struct redis_link *l = ctx;
    if (l->state == LINK_DOWN) /* the next try asks again */
        return;
    if (l->state != LINK_FINDING) {
        if (master && (master->port != l->host.port || strcmp(master->name, l->host.name) != 0))
            link_lost(l, "another one has become the master");
        return;
    }
    if (!master) {
        link_unreachable(l, why);
        return;
    }
    redis_lookup_cancel(&l->lookup);
    l->host = *master;
    link_resolve(l);
}

static void link_connect(struct redis_link *l)
{
    set_state(l, LINK_FINDING);
    if (!l->sentinel) {
        link_resolve(l);
        return;
    }
    redis_sentinel_find(l->sentinel);
}

static void on_connect_time(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    link_connect(arg);
}

/* The one deadline: a link whose oldest command, or whose greeting, is overdue is dropped. */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct redis_link *l = arg;
    int64_t now = now_ms();
    (void)fd, (void)what;
    if (l->state == LINK_GREETING && now >= l->greeting_due_ms)
        link_lost(l, "no answer to the greeting");
    for (struct redis_call *c = l->pending; c; c = c->next)
        if (now >= c->due_ms) {
            link_lost(l, "no answer in time");
            break;
        }
    if (l->pending || l->state == LINK_GREETING)
        set_timer(&l->tick_event, LINK_TICK_MS);
}

static bool link_begin(struct redis_link *l, const char *url, char err[STORE_ERR_MAX])
{
    const char *why = redis_url_parse(url, &l->url);
    if (why) {
        snprintf(err, STORE_ERR_MAX, "redis_url: %s", why);
        return false;
    }
    l->host = l->url.hosts[0];
    l->address.is_unix = l->url.is_unix;
    memcpy(l->address.path, l->url.path, sizeof l->address.path);
    if (l->url.kind == REDIS_SENTINEL)
        l->sentinel = redis_sentinel_new(l->base, &l->url, on_master, l);
    l->calls = calloc(LINK_CALLS, sizeof *l->calls);
    if (l->calls && (l->sentinel || l->url.kind != REDIS_SENTINEL))
        return true;
    snprintf(err, STORE_ERR_MAX, "out of memory");
    return false;
}

struct redis_link *redis_link_new(struct event_base *base, const char *url, const char *prefix, int wait_replicas,
                                  store_log log, char err[STORE_ERR_MAX])
{
    struct redis_link *l = calloc(1, sizeof *l);
    if (!l) {
        snprintf(err, STORE_ERR_MAX, "out of memory");
        return NULL;
    }
    l->base = base;
    l->log = log;
    l->wait_replicas = wait_replicas;
    if (!link_begin(l, url, err)) {
        redis_sentinel_free(l->sentinel);
        free(l->calls);
        free(l);
        return NULL;
    }
    snprintf(l->prefix, sizeof l->prefix, "%s", prefix);
    l->pending_tail = &l->pending;
    l->failing_tail = &l->failing;
    l->settling_tail = &l->settling;
    l->down_since_ms = now_ms();
    event_assign(&l->connect_event, base, -1, EV_TIMEOUT, on_connect_time, l);
    event_assign(&l->tick_event, base, -1, EV_TIMEOUT, on_tick, l);
    event_assign(&l->fail_event, base, -1, EV_TIMEOUT, on_fail, l);
    event_assign(&l->wait_event, base, -1, EV_TIMEOUT, on_wait, l);
    event_assign(&l->fence_event, base, -1, EV_TIMEOUT, on_fence, l);
    link_connect(l);
    return l;
}

void redis_link_free(struct redis_link *l)
{
    if (!l)
        return;
    l->freeing = true;
    l->changed = NULL;
    link_lost(l, "");
    while (l->failing)
        on_fail(-1, 0, l);
    event_del(&l->connect_event);
    event_del(&l->tick_event);
    event_del(&l->fail_event);
    redis_sentinel_free(l->sentinel);
    for (size_t i = 0; i < l->calls_used; i++)
        free(l->calls[i].buffer);
    free(l->calls);
    free(l);
}

bool redis_link_is_up(const struct redis_link *l)
{
    return l->state == LINK_UP;
}

const struct redis_url *redis_link_url(const struct redis_link *l)
{
    return &l->url;
}

const struct redis_address *redis_link_address(const struct redis_link *l)
{
    return l->address.is_unix || l->address.port ? &l->address : NULL;
}

bool redis_link_on_mend(struct redis_link *l, void (*mend)(void *ctx), void *ctx)
{
    if (l->url.kind == REDIS_ONE)
        return false;
    l->mend = mend;
    l->mend_ctx = ctx;
    return true;
}

void redis_link_on_change(struct redis_link *l, void (*changed)(void *ctx, bool up), void *ctx)
{
    l->changed = changed;
    l->changed_ctx = ctx;
}
