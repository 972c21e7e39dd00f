/*
 * The nodes of a Redis Cluster, each a link of its own, and which of them has which slot: learned by CLUSTER SLOTS, and
 * learned anew every REDIS_CLUSTER_POLL_MS, with MOVED, and when a node is lost.
 *
 * A call goes to its slot's node. MOVED and ASK send it on; while its node is down, its slot is on the way (TRYAGAIN)
 * or nobody's (CLUSTERDOWN), it waits here and is tried again until it is due, and then is STORE_UNAVAILABLE: it was
 * not carried out anywhere. What was sent and not answered is unknown, as ever.
 */
#ifndef STORAGE_REDIS_CLUSTER_H
#define STORAGE_REDIS_CLUSTER_H

#include "redis_link.h"

enum {
    REDIS_SLOTS = 16384,
    REDIS_NODES_MAX = 64, /* nodes that hold slots, and those of the URL */
    REDIS_MOVES_MAX = 16, /* how often a call is sent elsewhere, or tried again */
    REDIS_CLUSTER_POLL_MS = 500,
    REDIS_CLUSTER_SOON_MS = 50, /* between two looks at the slots when something is wrong */
    REDIS_CLUSTER_RETRY_MS = 25,
    REDIS_PARKED_MAX = 4096, /* calls that wait for a node; more are STORE_UNAVAILABLE */
};

struct redis_cluster;

/* home: whose calls it sends, whose URL names some nodes, and whose state it sets. NULL: out of memory. */
struct redis_cluster *redis_cluster_new(struct redis_link *home);
/* Makes the links to the URL's nodes; false: out of memory. */
bool redis_cluster_begin(struct redis_cluster *c);
/* Calls that wait are failed later, by home. NULL is fine. */
void redis_cluster_free(struct redis_cluster *c);
/* Whose slot it is; NULL: nobody's that is known. */
const struct redis_link *redis_cluster_owner(const struct redis_cluster *c, int slot);
/* Sends a call, or keeps it for a while. */
void redis_cluster_put(struct redis_cluster *c, struct redis_call *call);
/* A node answered a call with that error. true: it was taken over, and goes on. */
bool redis_cluster_refused(struct redis_cluster *c, struct redis_call *call, const char *why);
/* Some node is another state. */
void redis_cluster_node_changed(struct redis_cluster *c, bool connected);
/* Of a node that is there, for whoever wants to listen; NULL: none is. */
const struct redis_address *redis_cluster_address(const struct redis_cluster *c);

#endif
