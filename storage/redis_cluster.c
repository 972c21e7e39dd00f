/* Nodes are never freed while the cluster is there (their events may be running); one that has no slots any more and is
 * down is aimed at another host when there are too many. */
#include "redis_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "redis_private.h"

struct redis_cluster {
    struct redis_link *home;
    struct redis_link *nodes[REDIS_NODES_MAX];
    bool listed[REDIS_NODES_MAX]; /* it has slots */
    size_t count;
    unsigned char owner[REDIS_SLOTS]; /* position in nodes, and 1; 0: nobody is known */
    bool known;                       /* slots have been learned */
    bool asking, freeing;
    size_t turn; /* who is asked next for the slots */
    struct redis_call *parked, **parked_tail;
    size_t parked_count;
    int64_t look_due_ms;
    struct event look_event, retry_event;
};

static bool is_connected(const struct redis_link *node)
{
    return node->state == LINK_UP || node->state == LINK_FENCED;
}

/* --- nodes --- */

/* -1: too many, or out of memory. */
static int node_at(struct redis_cluster *c, const struct redis_host *host)
{
    int unused = -1;
    for (size_t i = 0; i < c->count; i++) {
        if (c->nodes[i]->host.port == host->port && strcmp(c->nodes[i]->host.name, host->name) == 0)
            return (int)i;
        if (!c->listed[i] && c->nodes[i]->state == LINK_DOWN)
            unused = (int)i;
    }
    if (c->count < REDIS_NODES_MAX) {
        /* Whoever comes later may be the successor of one that died. */
        struct redis_link *node = redis_node_new(c->home, host, c->known);
        if (!node)
            return -1;
        c->nodes[c->count] = node;
        return (int)c->count++;
    }
    if (unused >= 0)
        redis_node_aim(c->nodes[unused], host);
    return unused;
}

static struct redis_link *any_node(struct redis_cluster *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct redis_link *node = c->nodes[c->turn++ % c->count];
        if (node->state == LINK_UP)
            return node;
    }
    return NULL;
}

/* --- slots --- */

/* In ms, unless it is looked before: whatever goes wrong again and again does not put it off. */
static void look_soon(struct redis_cluster *c, int ms)
{
    int64_t due = now_ms() + ms;
    if (c->freeing || c->asking || (event_pending(&c->look_event, EV_TIMEOUT, NULL) && c->look_due_ms <= due))
        return;
    c->look_due_ms = due;
    set_timer(&c->look_event, ms);
}

/* {host, port, ...}: where an empty host is the asked node's own. */
static bool read_host(const redisReply *r, const struct redis_link *asked, struct redis_host *host)
{
    if (r->type != REDIS_REPLY_ARRAY || r->elements < 2 || r->element[1]->type != REDIS_REPLY_INTEGER)
        return false;
    const redisReply *name = r->element[0];
    bool given = name->type == REDIS_REPLY_STRING && name->len > 0 && name->len <= REDIS_HOST_MAX;
    snprintf(host->name, sizeof host->name, "%s", given ? name->str : asked->host.name);
    host->port = (int)r->element[1]->integer;
    return host->port > 0 && host->port <= 65535;
}

/* Whether slots are another node's than before. */
static bool learn_range(struct redis_cluster *c, const redisReply *r, const struct redis_link *asked)
{
    struct redis_host host;
    if (r->type != REDIS_REPLY_ARRAY || r->elements < 3 || r->element[0]->type != REDIS_REPLY_INTEGER ||
        r->element[1]->type != REDIS_REPLY_INTEGER || !read_host(r->element[2], asked, &host))
        return false;
    long long first = r->element[0]->integer, last = r->element[1]->integer;
    int at = node_at(c, &host);
    if (at < 0 || first < 0 || last >= REDIS_SLOTS)
        return false;
    c->listed[at] = true;
    bool moved = false;
    for (long long slot = first; slot <= last; slot++) {
        moved = moved || c->owner[slot] != at + 1;
        c->owner[slot] = (unsigned char)(at + 1);
    }
    return moved;
}

/* Who had no slots before and was connected to all the same was a replica, and may have missed something. Who is fenced
 * while slots move was told nothing of those that were a dead node's. */
static void learn_slots(struct redis_cluster *c, const redisReply *reply, const struct redis_link *asked)
{
    bool before[REDIS_NODES_MAX];
    memcpy(before, c->listed, sizeof before);
    memset(c->listed, 0, sizeof c->listed);
    bool moved = false;
    for (size_t i = 0; i < reply->elements; i++)
        moved = learn_range(c, reply->element[i], asked) || moved;
    for (size_t i = 0; i < c->count && c->known; i++)
        if (c->listed[i] && (!before[i] || (moved && c->nodes[i]->state == LINK_FENCED)))
            redis_node_fence(c->nodes[i]);
    c->known = true;
}

/* Its state is home's: somebody is there, and the slots are known. */
static void settle_state(struct redis_cluster *c)
{
    bool up = false;
    for (size_t i = 0; i < c->count; i++)
        up = up || c->nodes[i]->state == LINK_UP;
    redis_link_set_up(c->home, up && c->known && !c->freeing);
}

struct slots_question {
    struct redis_cluster *cluster;
    struct redis_link *asked;
};

static void slots_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct slots_question q = *(struct slots_question *)ctx;
    struct redis_cluster *c = q.cluster;
    free(ctx);
    c->asking = false;
    if (r == STORE_OK && reply->type == REDIS_REPLY_ARRAY && reply->elements > 0) {
        learn_slots(c, reply, q.asked);
        settle_state(c);
    }
    look_soon(c, r == STORE_OK ? REDIS_CLUSTER_POLL_MS : REDIS_CLUSTER_SOON_MS);
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    struct redis_cluster *c = arg;
    struct redis_link *node = any_node(c);
    struct slots_question *q = node ? malloc(sizeof *q) : NULL;
    (void)fd, (void)what;
    if (!q) {
        look_soon(c, REDIS_CLUSTER_SOON_MS);
        return;
    }
    *q = (struct slots_question){c, node};
    c->asking = true;
    struct redis_call *call = redis_call_begin(node);
    redis_call_text(call, "CLUSTER");
    redis_call_text(call, "SLOTS");
    redis_call_send(call, slots_done, q);
}

/* --- calls --- */

/* What was to be put back is, as long as its node is fenced. */
static void give_up(struct redis_cluster *c, struct redis_call *call)
{
    int owner = call->slot >= 0 ? c->owner[call->slot] : 0;
    if (call->mends && owner && !c->freeing)
        c->nodes[owner - 1]->mend_refused = true;
    call->link = c->home;
    redis_call_fail(call, STORE_UNAVAILABLE);
}

/* It was not carried out anywhere: later again. */
static void park(struct redis_cluster *c, struct redis_call *call)
{
    if (c->parked_count >= REDIS_PARKED_MAX || c->freeing) {
        give_up(c, call);
        return;
    }
    list_append(&c->parked_tail, call);
    c->parked_count++;
    if (!event_pending(&c->retry_event, EV_TIMEOUT, NULL))
        set_timer(&c->retry_event, REDIS_CLUSTER_RETRY_MS);
}

const struct redis_link *redis_cluster_owner(const struct redis_cluster *c, int slot)
{
    return c->owner[slot] && !c->freeing ? c->nodes[c->owner[slot] - 1] : NULL;
}

void redis_cluster_put(struct redis_cluster *c, struct redis_call *call)
{
    int owner = call->slot >= 0 ? c->owner[call->slot] : 0;
    struct redis_link *node = owner ? c->nodes[owner - 1] : call->slot < 0 ? any_node(c) : NULL;
    if (node && redis_link_takes(node, call))
        redis_call_put_to(node, call);
    else
        park(c, call);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    struct redis_cluster *c = arg;
    struct redis_call *list = c->parked;
    int64_t now = now_ms();
    (void)fd, (void)what;
    c->parked = NULL;
    c->parked_tail = &c->parked;
    c->parked_count = 0;
    for (struct redis_call *next; list; list = next) {
        next = list->next;
        list->link = c->home;
        if (now >= list->due_ms || c->freeing)
            give_up(c, list);
        else
            redis_cluster_put(c, list);
    }
}

static void ignore_done(void *ctx, enum store_result r, const redisReply *reply)
{
    (void)ctx, (void)r, (void)reply;
}

/* "MOVED 3999 127.0.0.1:6381"; an empty host is the node's own that said it. -1: not of that form, or no node to be
 * had. */
static int read_target(struct redis_cluster *c, const struct redis_link *said, const char *why, int *slot)
{
    struct redis_host host;
    const char *space = strchr(why, ' '), *at = space ? strchr(space + 1, ' ') : NULL;
    const char *colon = at ? strrchr(at, ':') : NULL;
    if (!colon || colon - at - 1 > REDIS_HOST_MAX)
        return -1;
    *slot = (int)strtol(space + 1, NULL, 10);
    host.port = (int)strtol(colon + 1, NULL, 10);
    if (*slot < 0 || *slot >= REDIS_SLOTS || host.port < 1 || host.port > 65535)
        return -1;
    snprintf(host.name, sizeof host.name, "%.*s", (int)(colon - at - 1), at + 1);
    if (!host.name[0])
        memcpy(host.name, said->host.name, sizeof host.name);
    return node_at(c, &host);
}

static void follow(struct redis_cluster *c, struct redis_call *call, const char *why)
{
    int slot = -1, at = read_target(c, call->link, why, &slot);
    call->link = c->home;
    if (at < 0) {
        park(c, call);
        return;
    }
    if (why[0] == 'M') {
        c->owner[slot] = (unsigned char)(at + 1);
        if (!c->listed[at])
            redis_node_fence(c->nodes[at]);
        c->listed[at] = true;
        redis_cluster_put(c, call);
    } else if (redis_link_takes(c->nodes[at], call)) {
        struct redis_call *asking = redis_call_begin(c->nodes[at]);
        redis_call_text(asking, "ASKING");
        redis_call_send(asking, ignore_done, NULL);
        redis_call_put_to(c->nodes[at], call);
    } else {
        park(c, call); /* it is being connected to */
    }
}

bool redis_cluster_refused(struct redis_cluster *c, struct redis_call *call, const char *why)
{
    static const char *const later[] = {"TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "READONLY"};
    bool moved = strncmp(why, "MOVED ", 6) == 0, asked = strncmp(why, "ASK ", 4) == 0, again = false;
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        again = again || strncmp(why, later[i], strlen(later[i])) == 0;
    if (!(moved || asked || again) || call->slot < 0)
        return false;
    if (!asked)
        look_soon(c, REDIS_CLUSTER_SOON_MS);
    if (again || ++call->moves % REDIS_MOVES_MAX == 0) { /* nodes that send a call to each other are not hammered */
        call->link = c->home;
        park(c, call);
    } else {
        follow(c, call, why);
    }
    return true;
}

/* --- for home --- */

void redis_cluster_node_changed(struct redis_cluster *c, bool connected)
{
    if (c->freeing)
        return;
    settle_state(c);
    if (connected && !c->known)
        look_soon(c, 0);
    else if (!connected && c->known)
        look_soon(c, REDIS_CLUSTER_SOON_MS);
}

const struct redis_address *redis_cluster_address(const struct redis_cluster *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (is_connected(c->nodes[i]))
            return &c->nodes[i]->address;
    return NULL;
}

struct redis_cluster *redis_cluster_new(struct redis_link *home)
{
    struct redis_cluster *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->home = home;
    c->parked_tail = &c->parked;
    event_assign(&c->look_event, home->base, -1, EV_TIMEOUT, on_look, c);
    event_assign(&c->retry_event, home->base, -1, EV_TIMEOUT, on_retry, c);
    return c;
}

bool redis_cluster_begin(struct redis_cluster *c)
{
    for (size_t i = 0; i < c->home->url.host_count; i++)
        if (node_at(c, &c->home->url.hosts[i]) < 0)
            return false;
    look_soon(c, REDIS_CLUSTER_SOON_MS);
    return true;
}

void redis_cluster_free(struct redis_cluster *c)
{
    if (!c)
        return;
    c->freeing = true;
    for (size_t i = 0; i < c->count; i++)
        redis_link_free(c->nodes[i]);
    c->count = 0;
    on_retry(-1, 0, c);
    event_del(&c->look_event);
    event_del(&c->retry_event);
    c->home->cluster = NULL;
    free(c);
}
