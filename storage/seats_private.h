/* What the scan path's files share: seats.c (opening, taking), seats_place.c (waiting lists). Nobody else includes it.
 */
#ifndef STORAGE_SEATS_PRIVATE_H
#define STORAGE_SEATS_PRIVATE_H

#include <event2/event_struct.h>
#include <stddef.h>

#include "campaign_cache.h"
#include "changes.h"
#include "gather.h"
#include "redis_link.h"
#include "seats_memory.h"

struct seats {
    struct store *store;
    struct campaign_cache cache;
    struct changes *changes;
    struct seats_memory *memory; /* NULL: Redis forgets nothing */
    struct event flush_event, tick_event;
    struct gather gather;
    struct cached_campaign *due, **due_tail; /* something to send */
    struct seat_waiter *told, **told_tail;   /* results that are told at the end of the pass */
    int64_t down_since_ms;                   /* 0: the link is up */
    uint64_t dice;
    uint64_t calls, call_scans;
};

static inline struct cached_campaign *seats_entry(struct seats_campaign *c)
{
    return (struct cached_campaign *)(void *)((char *)c - offsetof(struct cached_campaign, pub));
}

/* A call that answers with the definition too, if the one that is known here is not the newest. */
struct redis_call *seats_call_begin(struct seats *s, const struct cached_campaign *e, enum redis_script script);
/* Takes over a definition that Redis sent; false: it makes no sense. */
bool seats_adopt(struct seats *s, struct cached_campaign *e, const char *text, size_t len);
/* A seed for the scripts' dice. */
int64_t seats_draw(struct seats *s);
/* The lanes of the visit, by the definition that is known. */
void seats_find_lanes(const struct cached_campaign *e, struct seat_waiter *w);
/* As "0,3,4"; "" is lane 0 alone. */
void seats_put_lanes(struct redis_call *c, uint32_t bits);

#endif
