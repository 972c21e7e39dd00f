/* The campaigns that one worker knows: by slug, least recently scanned last, bounded. Used by the scan path alone
 * (seats_private.h). */
#ifndef STORAGE_CAMPAIGN_CACHE_H
#define STORAGE_CAMPAIGN_CACHE_H

#include "store.h"

enum {
    CACHE_GROUPS_MAX = 200000, /* groups in all definitions together: what a definition costs is its groups */
};

/* Those who wait, first come first served. */
struct waiter_queue {
    struct seat_waiter *head, **tail;
    size_t count;
};

/* One campaign. `pub` is what others see of it; the rest belongs to the scan path. */
struct cached_campaign {
    struct seats_campaign pub;
    struct seats *seats;
    struct cached_campaign *chain;         /* same hash */
    struct cached_campaign *newer, *older; /* order of use */
    struct cached_campaign *next_due;      /* list of those with something to send */
    bool due;
    bool loading;      /* a GET is in flight */
    bool taking;       /* a shared call is in flight, */
    int64_t taking_ns; /* sent at this moment of gather_now_ns */
    bool stale;        /* changed since the GET was sent */
    bool old;          /* what is known is from before the change for which the GET in flight was sent */
    bool wanted_anew;  /* a change was heard: it is read though nobody scans, so that what was deleted is forgotten */
    size_t singles;    /* calls of one visitor each that are in flight */
    int64_t fetched_ms;
    struct waiter_queue opening; /* wait for the definition */
    struct waiter_queue asking;  /* wait to be sent */
    struct waiter_queue flying;  /* their call is in flight, in this order */
};

struct campaign_cache {
    struct cached_campaign **slots;
    size_t slot_count, count, groups, max;
    struct cached_campaign *newest, *oldest;
    unsigned char hash_key[16]; /* strangers choose slugs: the hash is keyed */
    void (*prepared_free)(void *prepared);
};

int cache_init(struct campaign_cache *c, size_t max, void (*prepared_free)(void *prepared));
void cache_clear(struct campaign_cache *c);
/* Finds it and makes it the newest; NULL: not there. */
struct cached_campaign *cache_find(struct campaign_cache *c, const char *slug);
/* Adds an empty one, dropping old ones that nobody waits at if there are too many; NULL: out of memory. */
struct cached_campaign *cache_add(struct campaign_cache *c, const char *slug);
/* Gives it another definition (owned by the cache from now on), or none. Frees what was prepared from the old one. */
void cache_set_definition(struct campaign_cache *c, struct cached_campaign *e, struct campaign *definition);
/* Forgets it; nobody may wait at it. */
void cache_drop(struct campaign_cache *c, struct cached_campaign *e);
void cache_mark_all_stale(struct campaign_cache *c);

void queue_init(struct waiter_queue *q);
void queue_push(struct waiter_queue *q, struct seat_waiter *w);
struct seat_waiter *queue_pop(struct waiter_queue *q); /* NULL: empty */

#endif
