/*
 * One connection to Redis: down -> finding (the master, by sentinels; a name's address) -> greeting (AUTH, SELECT,
 * ROLE, PING) -> up -> down …
 *
 * Replies come in the order of the commands, so the oldest pending call is the one that is answered. Every loss ends in
 * link_lost: the wire is closed and the list of pending calls taken away first, so what a callback then sends finds the
 * link down and is failed later, from fail_event (redis_send.c). What a reply means to its call is redis_answer.c.
 */
#include "redis_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "redis_cluster.h"

void redis_link_log(struct redis_link *l, enum store_log_level level, const char *event, const char *detail)
{
    if (l->log)
        l->log(level, event, detail);
}

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

void redis_link_lost(struct redis_link *l, const char *why)
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
        redis_link_log(l, STORE_LOG_WARN, "redis_lost", why);
    }
    event_del(&l->wait_event);
    event_del(&l->fence_event);
    l->waiting = l->unwaited = false;
    set_state(l, LINK_DOWN);
    connect_later(l);
    redis_link_settle(l, STORE_TIMEOUT);
    for (struct redis_call *next; pending; pending = next) {
        next = pending->next;
        redis_call_done(pending, STORE_TIMEOUT, NULL);
    }
}

static void link_up(struct redis_link *l)
{
    l->was_up = true;
    set_state(l, LINK_UP);
    if (l->unwaited) /* calls that were on their way when a node was fenced */
        event_active(&l->wait_event, EV_TIMEOUT, 0);
    else if (l->short_of_replicas)
        set_timer(&l->wait_event, REDIS_PROBE_MS);
}

static void link_fence(struct redis_link *l)
{
    l->mend_refused = l->mend_waited = false;
    set_state(l, LINK_FENCED);
    set_timer(&l->fence_event, REDIS_FENCE_MS);
    l->home->mend(l->home->mend_ctx);
}

static void on_fence(evutil_socket_t fd, short what, void *arg)
{
    struct redis_link *l = arg;
    (void)fd, (void)what;
    if (l->home->mending) {
        set_timer(&l->fence_event, LINK_TICK_MS);
    } else if (l->mend_refused) { /* a master that has no replicas yet, or no memory: nor can it give seats */
        l->mend_refused = false;
        l->mend_waited = true;
        set_timer(&l->fence_event, REDIS_MEND_AGAIN_MS);
        l->home->mend(l->home->mend_ctx);
    } else if (l->mend_waited) { /* whoever else was refused tries again by then */
        l->mend_waited = false;
        set_timer(&l->fence_event, REDIS_FENCE_MS);
    } else {
        link_up(l);
    }
}

static bool greeting_is_right(struct redis_link *l, enum greeting wanted, const redisReply *reply)
{
    switch (wanted) {
    case GREETING_MASTER:
        return reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
               reply->element[0]->type == REDIS_REPLY_STRING && strcmp(reply->element[0]->str, "master") == 0;
    case GREETING_REPLICAS:
        if (reply->type == REDIS_REPLY_INTEGER)
            redis_link_replicas_known(l, reply->integer >= l->wait_replicas);
        /* A replica in a cluster knows who has which slot. */
        return reply->type == REDIS_REPLY_INTEGER || (l->home != l && redis_reply_is_of_replica(reply));
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
        redis_link_lost(l, reply->type == REDIS_REPLY_ERROR ? reply->str
                           : wanted == GREETING_MASTER      ? "it is not the master"
                                                            : "an answer to the greeting that makes no sense");
        return;
    }
    if (l->greeting_count > 0)
        return;
    if (l->told_lost)
        redis_link_log(l, STORE_LOG_INFO, "redis_back", "");
    l->told_lost = false;
    if (!l->home->mend || !l->was_up) {
        link_up(l);
        return;
    }
    link_fence(l);
}

static void on_reply(void *ctx, const redisReply *reply)
{
    struct redis_link *l = ctx;
    if (l->state == LINK_GREETING)
        greeting_answered(l, reply);
    else if (l->pending)
        redis_call_answered(l->pending, reply);
    else
        redis_link_lost(l, "a reply that nobody asked for");
}

static void on_lost(void *ctx, const char *why)
{
    redis_link_lost(ctx, why);
}

/* The greeting goes out as calls do, but what comes back is counted, not matched. */
static int greet(struct redis_link *l, enum greeting answer, const char *a, const char *b, const char *c)
{
    const char *words[] = {a, b, c};
    struct redis_call *call = redis_call_begin(l);
    for (int i = 0; i < 3 && words[i]; i++)
        redis_call_text(call, words[i]);
    size_t len;
    int r = -ENOMEM;
    if (!call->no_memory) { /* else it has no bytes */
        const char *bytes = redis_call_wire_bytes(call, &len);
        r = redis_wire_send(l->wire, bytes, len);
    }
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
        redis_link_log(l, STORE_LOG_WARN, "redis_unreachable", why);
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
        redis_link_lost(l, "out of memory");
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
            redis_link_lost(l, "another one has become the master");
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
        redis_link_lost(l, "no answer to the greeting");
    for (struct redis_call *c = l->pending; c; c = c->next)
        if (now >= c->due_ms) {
            redis_link_lost(l, "no answer in time");
            break;
        }
    if (l->state == LINK_UP && now >= l->check_due_ms && !l->checking)
        redis_link_check(l);
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
    event_assign(&l->fail_event, base, -1, EV_TIMEOUT, redis_link_on_fail, l);
    event_assign(&l->wait_event, base, -1, EV_TIMEOUT, redis_link_on_wait, l);
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

void redis_node_fence(struct redis_link *node)
{
    if ((node->state == LINK_UP || node->state == LINK_FENCED) && node->home->mend)
        link_fence(node);
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
    redis_link_lost(l, "");
    while (l->failing)
        redis_link_on_fail(-1, 0, l);
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
