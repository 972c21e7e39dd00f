/*
 * Keeps campaigns in the order of what is wrong with them (GET /campaigns?sort=problems).
 *
 * That order is the store's (storage/problems.c). Each server looks at campaigns that something was heard of, and at
 * those whose time has come: so many a second at most, however many change. Several servers share the work. When
 * changes may have been missed (at the start, after the link was down), all campaigns are looked at by and by.
 */
#ifndef SERVER_ADMIN_TROUBLE_WATCH_H
#define SERVER_ADMIN_TROUBLE_WATCH_H

#include "store.h"

struct event_base;
struct trouble_watch;

enum {
    TROUBLE_WATCH_IDLE_TICKS = 4,  /* the store is asked what is due so seldom while nothing is heard */
    TROUBLE_WATCH_TICK_MS = 250,   /* STORE_PROBLEMS_MAX campaigns each time: 64 a second */
    TROUBLE_WATCH_HEARD_MAX = 256, /* of more in one tick, all are looked at by and by */
    TROUBLE_WATCH_HELD_SECONDS =
        30, /* held seats that nobody confirms go back: a full campaign is looked at so often */
};

struct trouble_watch *trouble_watch_new(struct event_base *base, struct store *store); /* NULL: out of memory */
/* After the store's. NULL is fine. */
void trouble_watch_free(struct trouble_watch *t);
/* Something of that campaign has changed. */
void trouble_watch_hear(struct trouble_watch *t, const char *slug, size_t len);

#endif
