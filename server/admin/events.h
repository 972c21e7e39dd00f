/*
 * GET /events: who watches campaigns is told of their seats, once a second at most, and of changes.
 *
 * Counters are read once a second for each campaign that is watched, however many watch it, and told only when they are
 * different from what was told before.
 *
 * No account and no address can have all places: there is room for others when one opens stream after stream.
 */
#ifndef SERVER_ADMIN_EVENTS_H
#define SERVER_ADMIN_EVENTS_H

#include "store.h"

struct events;
struct event_base;
struct json_t;
struct admin;

enum {
    EVENTS_CLIENTS_MAX = 256,
    EVENTS_ADDRESS_MAX = 128, /* of these from one address (IPv6: one /64) that counts (address.h) */
    EVENTS_ACCOUNT_MAX = 64,  /* and of one account or token */
    EVENTS_WATCHED_MAX = 64,  /* campaigns that one client watches */
    EVENTS_GROUPS_MAX = 300,  /* of a campaign with more only the sums are told, and no groups */
    EVENTS_TICK_MS = 50,      /* the work of a second is done in portions, so that scans do not wait for all of it */
    EVENTS_EVERY_MS = 1000,   /* how often a campaign is read, and a client told of what it watches, at most */
    EVENTS_READS_MAX = 4,     /* campaigns that are read in a tick; of more, each has its turn later */
    EVENTS_TELLS_MAX = 16,    /* clients that are told of seats in a tick */
    EVENTS_CHANGED_MAX = 128, /* changed campaigns that are told of in a second; of more, that there were many */
    EVENTS_CHECKS_MAX = 7,    /* clients that are asked for again in a tick, whether they still may listen */
    EVENTS_CHECK_SECONDS = 2, /* how often each is, at most */
    EVENTS_HEARTBEAT_MS = 15000,
    EVENTS_RETRY_MS = 2000,    /* after which a client asks again */
    EVENTS_AGAIN_SECONDS = 10, /* likewise, one for whom there was no place */
    EVENTS_LIFE_SECONDS = 600, /* then it has to ask again anyway, and to say who it is */
};

struct events *events_new(struct event_base *base, struct admin *admin); /* NULL: out of memory */
/* Tells everybody who listens; object is taken over, NULL: out of memory. */
void events_tell(struct events *e, const char *name, struct json_t *object);
/* After the store's and the door's. NULL is fine. */
void events_free(struct events *e);

#endif
