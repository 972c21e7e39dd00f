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

enum link_state { LINK_DOWN, LINK_FINDING, LINK_GREETING, LINK_UP };

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
    struct redis_host host;       /* that was found last */
    struct redis_address address; /* its; port 0: not known yet */
    int greetings;                /* replies to the greeting that are still to come */
    struct event connect_event, tick_event, fail_event;
    struct redis_call *pending, **pending_tail; /* sent, oldest first */
    struct redis_call *failing, **failing_tail; /* not sent: told from fail_event */
    struct redis_call *calls, *free_calls;
    size_t pending_count, calls_used;
    int64_t down_since_ms;
    int64_t greeting_due_ms;
    int64_t refused_logged_ms;
    bool told_lost; /* one line an outage */
    bool freeing;
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

struct redis_call *redis_script_begin(struct redis_link *l, enum redis_script script, int keys)
{
    struct redis_call *c = redis_call_begin(l);
    c->script = (int)script;
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
        call_done(c, STORE_OK, reply);
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

static void call_put(struct redis_call *c)
{
    struct redis_link *l = c->link;
    if (c->no_memory || l->state != LINK_UP || l->pending_count >= REDIS_PENDING_MAX) {
        call_fail(c, STORE_UNAVAILABLE);
        return;
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
    set_state(l, LINK_DOWN);
    connect_later(l);
    for (struct redis_call *next; pending; pending = next) {
        next = pending->next;
        call_done(pending, STORE_TIMEOUT, NULL);
    }
}

/* The replies that are still to come with this one say what it answers: PING is the last, ROLE (asked where there are
 * sentinels) the last but one. */
static bool greeting_is_right(struct redis_link *l, const redisReply *reply)
{
    if (l->greetings == 2 && l->sentinel)
        return reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
               reply->element[0]->type == REDIS_REPLY_STRING && strcmp(reply->element[0]->str, "master") == 0;
    return reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, l->greetings == 1 ? "PONG" : "OK") == 0;
}

static void greeting_answered(struct redis_link *l, const redisReply *reply)
{
    if (!greeting_is_right(l, reply)) {
        link_lost(l, reply->type == REDIS_REPLY_ERROR   ? reply->str
                     : reply->type == REDIS_REPLY_ARRAY ? "it is not the master"
                                                        : "an answer to the greeting that makes no sense");
        return;
    }
    if (--l->greetings > 0)
        return;
    if (l->told_lost)
        log_detail(l, STORE_LOG_INFO, "redis_back", "");
    l->told_lost = false;
    set_state(l, LINK_UP);
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
static int greet(struct redis_link *l, const char *a, const char *b, const char *c)
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
    l->greetings++;
    return r;
}

static int greet_all(struct redis_link *l)
{
    char db[16];
    int r = 0;
    snprintf(db, sizeof db, "%d", l->url.db);
    l->greetings = 0;
    if (l->url.user[0])
        r = greet(l, "AUTH", l->url.user, l->url.password);
    else if (l->url.password[0])
        r = greet(l, "AUTH", l->url.password, NULL);
    if (r == 0 && l->url.db)
        r = greet(l, "SELECT", db, NULL);
    if (r == 0 && l->sentinel)
        r = greet(l, "ROLE", NULL, NULL);
    return r == 0 ? greet(l, "PING", NULL, NULL) : r;
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

struct redis_link *redis_link_new(struct event_base *base, const char *url, const char *prefix, store_log log,
                                  char err[STORE_ERR_MAX])
{
    struct redis_link *l = calloc(1, sizeof *l);
    if (!l) {
        snprintf(err, STORE_ERR_MAX, "out of memory");
        return NULL;
    }
    l->base = base;
    l->log = log;
    if (!link_begin(l, url, err)) {
        redis_sentinel_free(l->sentinel);
        free(l->calls);
        free(l);
        return NULL;
    }
    snprintf(l->prefix, sizeof l->prefix, "%s", prefix);
    l->pending_tail = &l->pending;
    l->failing_tail = &l->failing;
    l->down_since_ms = now_ms();
    event_assign(&l->connect_event, base, -1, EV_TIMEOUT, on_connect_time, l);
    event_assign(&l->tick_event, base, -1, EV_TIMEOUT, on_tick, l);
    event_assign(&l->fail_event, base, -1, EV_TIMEOUT, on_fail, l);
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

void redis_link_on_change(struct redis_link *l, void (*changed)(void *ctx, bool up), void *ctx)
{
    l->changed = changed;
    l->changed_ctx = ctx;
}
