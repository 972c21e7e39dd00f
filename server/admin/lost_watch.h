/*
 * Seats of which no worker has told, of all campaigns together, for Prometheus: what a killed server had counted and
 * not told of yet. Statistics know it for one campaign (`lost`, store_stats.h); here all are gone through, once an hour
 * and at the start, because it is of whole hours.
 */
#ifndef SERVER_ADMIN_LOST_WATCH_H
#define SERVER_ADMIN_LOST_WATCH_H

#include <stdint.h>

#include "store.h"

struct event_base;
struct lost_watch;

enum {
    LOST_TICK_MS = 100,
    LOST_READS_MAX = 25,     /* campaigns that are read in a tick, one after another: a million take 67 minutes */
    LOST_LATE_SECONDS = 15,  /* after an hour's end: its last counts have come, see store_stats_read */
    LOST_AGAIN_SECONDS = 60, /* after the store did not answer */
};

struct lost_watch *lost_watch_new(struct event_base *base, struct store *store); /* NULL: out of memory */
/* After the store's. NULL is fine. */
void lost_watch_free(struct lost_watch *l);
/* Of yesterday and today, in hours that were over when it was read; -1: not known yet. */
int64_t lost_watch_seats(const struct lost_watch *l);

#endif
