/*
 * What the scan path's files share: seats.c (what goes out when), seats_open.c, seats_take.c, seats_single.c (calls of
 * one visitor), seats_place.c (waiting lists). Nobody else includes it.
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

/* --- seats.c --- */

/* Of a clock that only goes on. */
int64_t seats_now_ms(void);
/* What is to be sent or told is, after the next poll. */
void seats_flush_soon(struct seats *s);
/* The campaign has something to send. */
void seats_make_due(struct seats *s, struct cached_campaign *e);
/* A seed for the scripts' dice. */
int64_t seats_draw(struct seats *s);
/* The four keys of scripts that open the ledger. */
void seats_ledger_keys(struct redis_call *c, const char *slug);
/* A call that answers with the definition too, if the one that is known here is not the newest. */
struct redis_call *seats_call_begin(struct seats *s, const struct cached_campaign *e, enum redis_script script);

/* --- seats_open.c --- */

/* Takes over a definition that Redis sent; false: it makes no sense. */
bool seats_adopt(struct seats *s, struct cached_campaign *e, const char *text, size_t len);
/* Reads the definition; whoever waits in e->opening is told when it has come. */
void seats_load_start(struct seats *s, struct cached_campaign *e);

/* --- seats_take.c --- */

/* The lanes of the visit, by the definition that is known. */
void seats_find_lanes(const struct cached_campaign *e, struct seat_waiter *w);
/* As "0,3,4"; "" is lane 0 alone. */
void seats_put_lanes(struct redis_call *c, uint32_t bits);
/* A call of take_seats up to its visitors; prefer: a group to try first, or NULL. */
struct redis_call *seats_take_begin(struct seats *s, const struct cached_campaign *e, const char *prefer);
/* Those who ask go out, as many as one call may take. */
void seats_take_start(struct seats *s, struct cached_campaign *e);
/* Adopts the definition if one came, and says what the answer is. */
enum store_result seats_read_answer(struct seats *s, struct cached_campaign *e, const redisReply *r, size_t asked);
/* Seats in the order of the queue, out of an answer that has been read. */
void seats_hand_out(const struct cached_campaign *e, struct waiter_queue *queue, const redisReply *r);

/* --- seats_single.c --- */

/* A seat, in the group that the visitor had if it has room. */
void seats_take_preferred_start(struct seats *s, struct cached_campaign *e, struct seat_waiter *w);

#endif
