/*
 * What a worker counts of visits until the store has it: once a second all of it goes out, by one call for each
 * campaign and hour.
 *
 * A scan costs one look into a table of its own, and no memory. There are two tables: scans are counted in one, while
 * the other is sent, and sent again until the store has said that it counted it. A scan that the table has no room for
 * is counted as dropped. What is known of a visitor here is no more than the fields of struct store_visits.
 */
#ifndef SERVER_PUBLIC_COUNTS_H
#define SERVER_PUBLIC_COUNTS_H

#include "metrics.h"
#include "request.h"
#include "store.h"

enum {
    COUNTS_CELLS =
        4096, /* a power of two: places of a table, for each campaign, group, channel, device, language, hour */
    COUNTS_FILLED = 3072, /* of these in use at most */
    COUNTS_PROBES = 32,   /* places that are looked at for one */
    COUNTS_FLYING = 64,   /* calls in flight */
    COUNTS_MEMOS = 256,   /* user agents that are recognised again */
};

struct counts;

/* NULL: out of memory. */
struct counts *counts_new(struct store *store);
/* After store_free of its store. NULL is fine. */
void counts_free(struct counts *c);

/* Counts the kinds (1u << enum stat_kind) of one visit. group: an id, or "" if none is open, or asked for. hour: as of
 * store_hour; 0: the one that it is. */
void counts_add(struct counts *c, const struct campaign *campaign, const char *group, const char *channel,
                const struct request *r, uint32_t hour, unsigned kinds);
/* A visit was answered so many nanoseconds after its head had come; or with 503. */
void counts_took(struct counts *c, int64_t ns);
void counts_failed(struct counts *c);
/* Shows the sums since the start. */
void counts_publish(const struct counts *c, struct metrics_worker *m);
/* To be called once a second: sends what there is. */
void counts_flush(struct counts *c);
/* Whether the store has all of it. */
bool counts_settled(const struct counts *c);

#endif
