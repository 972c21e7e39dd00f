/*
 * What the files of a link share: redis_call.c builds calls, redis_send.c sends them, redis_answer.c knows what their
 * replies mean, redis_link.c has the connection, redis_cluster.c sends calls to the nodes of a cluster, each of which
 * is a link of its own. Nobody else includes it.
 */
#ifndef STORAGE_REDIS_PRIVATE_H
#define STORAGE_REDIS_PRIVATE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <time.h>

#include "redis_link.h"
#include "redis_lookup.h"
#include "redis_sentinel.h"

struct redis_cluster;

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
    struct redis_link *home; /* whose call it is */
    struct redis_link *link; /* on which it goes out: the same, or a node of a cluster */
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
    int keys;                           /* in a cluster: of the script's keys, those that are still to come */
    int slot;                           /* of a cluster, by its first key; -1: none */
    int moves;                          /* how often it was sent elsewhere */
    char untold[CAMPAIGN_SLUG_MAX + 1]; /* in a cluster: whose outbox has its entry of the audit log; or "" */
    bool awaited;                       /* replicas are to have it before it is answered */
    bool mends;                         /* goes out while the link is fenced */
    redisReply *reply;                  /* that waits for them; owned */
};

struct redis_link {
    struct redis_link *home;       /* itself; of a cluster's node the link whose node it is */
    struct redis_cluster *cluster; /* NULL: one Redis at a time */
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
    int64_t check_due_ms, check_number;
    bool checking;  /* its PING is in flight */
    bool told_lost; /* one line an outage */
    bool freeing;
    bool was_up;
    size_t mending;    /* calls that put something back */
    bool mend_refused; /* Redis did not take one of them: all of them again */
    bool mend_waited;  /* and that has been so in this fence */
    void (*mend)(void *ctx);
    void *mend_ctx;
    void (*changed)(void *ctx, bool up);
    void *changed_ctx;
};

static inline int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void set_timer(struct event *e, int ms)
{
    event_add(e, &(struct timeval){ms / 1000, ms % 1000 * 1000});
}

static inline void list_append(struct redis_call ***tail, struct redis_call *c)
{
    c->next = NULL;
    c->prev = *tail;
    **tail = c;
    *tail = &c->next;
}

static inline void list_remove(struct redis_call ***tail, struct redis_call *c)
{
    *c->prev = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        *tail = c->prev;
}

/* --- redis_call.c --- */

void redis_call_release(struct redis_call *c);
/* Room for so many bytes more; false: out of memory, which the call knows from then on. */
bool redis_call_room(struct redis_call *c, size_t more);
/* The same call with the script's text, for a server that does not have it. c is released. */
struct redis_call *redis_call_with_text(struct redis_call *c);
/* Its bytes, in front of which "*<arguments>\r\n" is put. */
const char *redis_call_wire_bytes(struct redis_call *c, size_t *ret_len);

/* --- redis_send.c --- */

/* Sends it, by its slot where there is a cluster, or fails it later. */
void redis_call_put(struct redis_call *c);
/* The same, to that link. */
void redis_call_put_to(struct redis_link *l, struct redis_call *c);
void redis_call_fail(struct redis_call *c, enum store_result r);
bool redis_link_takes(const struct redis_link *l, const struct redis_call *c);
/* Of fail_event. */
void redis_link_on_fail(evutil_socket_t fd, short what, void *arg);

/* --- redis_answer.c --- */

/* Tells who sent it, and releases it. */
void redis_call_done(struct redis_call *c, enum store_result r, const redisReply *reply);
/* The oldest pending call has its reply, which is the wire's. */
void redis_call_answered(struct redis_call *c, const redisReply *reply);
/* All calls that wait for replicas end so. */
void redis_link_settle(struct redis_link *l, enum store_result r);
/* Whether as many replicas as wait_replicas are there; what changes is logged. */
void redis_link_replicas_known(struct redis_link *l, bool enough);
/* To a WAIT: whoever says it has no replicas and takes no writes. */
bool redis_reply_is_of_replica(const redisReply *reply);
/* Of wait_event. */
void redis_link_on_wait(evutil_socket_t fd, short what, void *arg);
/* Sends something whose answer is known; another one drops the link. */
void redis_link_check(struct redis_link *l);

/* --- redis_link.c --- */

void redis_link_log(struct redis_link *l, enum store_log_level level, const char *event, const char *detail);
/* The connection is given up: whatever was sent and not answered is unknown. */
void redis_link_lost(struct redis_link *l, const char *why);
/* A node of a cluster. fenced: it may be somebody's successor. NULL: out of memory. */
struct redis_link *redis_node_new(struct redis_link *home, const struct redis_host *host, bool fenced);
/* One that is connected has become a master: what it may not know is put back before it gives seats. */
void redis_node_fence(struct redis_link *node);
/* Another host from now on; it must be down. */
void redis_node_aim(struct redis_link *node, const struct redis_host *host);
void redis_link_set_up(struct redis_link *home, bool up);

#endif
