/*
 * One connection to Redis: down -> finding (the master, by sentinels; a name's address) -> greeting (AUTH, SELECT,
 * ROLE, PING) -> up -> down …
 *
 * Replies come in the order of the commands, so the oldest pending call is the one that is answered. Every loss ends in
 * link_lost: the wire is closed and the list of pending calls taken away first, so what a callback then sends finds the
 * link down and is failed later, from fail_event.
 */
#include "redis_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "audit_outbox.h"
#include "redis_cluster.h"

/* --- replies --- */

static void call_done(struct redis_call *c, enum store_result r, const redisReply *reply)
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

static void link_lost(struct redis_link *l, const char *why);

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
    call_done(c, r, r == STORE_OK ? reply : NULL);
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
        log_detail(l, STORE_LOG_ERROR, "redis_refused", why);
    }
    call_done(c, r, NULL);
    if (l->sentinel && l->state == LINK_UP && is_demoted(why))
        link_lost(l, why);
}

static void call_answered(struct redis_call *c, const redisReply *reply)
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
        call_done(c, STORE_OK, reply);
    }
}

/* --- replicas --- */

static void settle(struct redis_link *l, enum store_result r)
{
    struct redis_call *list = l->settling;
    l->settling = NULL;
    l->settling_tail = &l->settling;
    for (struct redis_call *next; list; list = next) {
        next = list->next;
        call_finish(list, r);
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

void redis_call_fail(struct redis_call *c, enum store_result r)
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
bool redis_link_takes(const struct redis_link *l, const struct redis_call *c)
{
    return l->state == LINK_UP || (l->state == LINK_FENCED && c->mends);
}

void redis_call_put_to(struct redis_link *l, struct redis_call *c)
{
    size_t len;
    c->link = l;
    if (c->no_memory || !redis_link_takes(l, c) || l->pending_count >= REDIS_PENDING_MAX ||
        (c->awaited && l->short_of_replicas)) {
        redis_call_fail(c, STORE_UNAVAILABLE);
        return;
    }
    if (c->awaited) {
        l->unwaited = true;
        if (!l->waiting) /* before the write of this pass, so both go out together */
            event_active(&l->wait_event, EV_TIMEOUT, 0);
    }
    const char *bytes = redis_call_wire_bytes(c, &len);
    if (redis_wire_send(l->wire, bytes, len) != 0) {
        redis_call_fail(c, STORE_UNAVAILABLE);
        return;
    }
    list_append(&l->pending_tail, c);
    l->pending_count++;
    if (!event_pending(&l->tick_event, EV_TIMEOUT, NULL))
        set_timer(&l->tick_event, LINK_TICK_MS);
}

void redis_call_put(struct redis_call *c)
{
    if (c->link->cluster)
        redis_cluster_put(c->link->cluster, c);
    else
        redis_call_put_to(c->link, c);
}

static void call_send(struct redis_call *c)
{
    c->due_ms = now_ms() + (c->deadline_ms ? c->deadline_ms : STORE_DEADLINE_MS);
    redis_call_put(c);
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
        redis_call_release(c);
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
    if (l->home != l)
        redis_cluster_node_changed(l->home->cluster, state == LINK_UP || state == LINK_FENCED);
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
    if (l->home->mending)
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
    if (!l->home->mend || !l->was_up) {
        link_up(l);
        return;
    }
    set_state(l, LINK_FENCED);
    set_timer(&l->fence_event, REDIS_FENCE_MS);
    l->home->mend(l->home->mend_ctx);
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
    size_t len;
    const char *bytes = redis_call_wire_bytes(call, &len);
    int r = call->no_memory ? -ENOMEM : redis_wire_send(l->wire, bytes, len);
    redis_call_release(call);
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

static struct redis_link *link_make(struct event_base *base, int wait_replicas, store_log log)
{
    struct redis_link *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->home = l;
    l->base = base;
    l->log = log;
    l->wait_replicas = wait_replicas;
    l->pending_tail = &l->pending;
    l->failing_tail = &l->failing;
    l->settling_tail = &l->settling;
    l->down_since_ms = now_ms();
    event_assign(&l->connect_event, base, -1, EV_TIMEOUT, on_connect_time, l);
    event_assign(&l->tick_event, base, -1, EV_TIMEOUT, on_tick, l);
    event_assign(&l->fail_event, base, -1, EV_TIMEOUT, on_fail, l);
    event_assign(&l->wait_event, base, -1, EV_TIMEOUT, on_wait, l);
    event_assign(&l->fence_event, base, -1, EV_TIMEOUT, on_fence, l);
    return l;
}

static bool link_begin(struct redis_link *l)
{
    l->host = l->url.hosts[0];
    l->address.is_unix = l->url.is_unix;
    memcpy(l->address.path, l->url.path, sizeof l->address.path);
    l->calls = calloc(LINK_CALLS, sizeof *l->calls);
    if (!l->calls)
        return false;
    switch (l->url.kind) {
    case REDIS_SENTINEL:
        l->sentinel = redis_sentinel_new(l->base, &l->url, on_master, l);
        return l->sentinel;
    case REDIS_CLUSTER:
        l->cluster = redis_cluster_new(l);
        return l->cluster && redis_cluster_begin(l->cluster);
    case REDIS_ONE:
        break;
    }
    return true;
}

struct redis_link *redis_link_new(struct event_base *base, const char *url, const char *prefix, int wait_replicas,
                                  store_log log, char err[STORE_ERR_MAX])
{
    struct redis_link *l = link_make(base, wait_replicas, log);
    const char *why = l ? redis_url_parse(url, &l->url) : NULL;
    if (!l || why || !link_begin(l)) {
        snprintf(err, STORE_ERR_MAX, "%s%s", why ? "redis_url: " : "", why ? why : "out of memory");
        redis_link_free(l);
        return NULL;
    }
    snprintf(l->prefix, sizeof l->prefix, "%s", prefix);
    if (!l->cluster)
        link_connect(l);
    return l;
}

struct redis_link *redis_node_new(struct redis_link *home, const struct redis_host *host, bool fenced)
{
    struct redis_link *l = link_make(home->base, home->wait_replicas, home->log);
    if (!l)
        return NULL;
    l->home = home;
    l->url = home->url;
    l->url.kind = REDIS_ONE;
    l->host = *host;
    l->was_up = fenced;
    set_timer(&l->connect_event, 0);
    return l;
}

void redis_node_aim(struct redis_link *node, const struct redis_host *host)
{
    node->host = *host;
    node->was_up = true;
    node->address.port = 0;
}

void redis_link_set_up(struct redis_link *home, bool up)
{
    if ((home->state == LINK_UP) != up)
        set_state(home, up ? LINK_UP : LINK_DOWN);
}

void redis_link_free(struct redis_link *l)
{
    if (!l)
        return;
    l->freeing = true;
    l->changed = NULL;
    redis_cluster_free(l->cluster);
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
    if (l->cluster)
        return redis_cluster_address(l->cluster);
    return l->address.is_unix || l->address.port ? &l->address : NULL;
}

bool redis_link_is_cluster(const struct redis_link *l)
{
    return l->cluster;
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
