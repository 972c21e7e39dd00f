/* The scan path. Part of store.h, which has the rules. */
#ifndef STORAGE_STORE_SEATS_H
#define STORAGE_STORE_SEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alias.h"
#include "campaign.h"
#include "store_base.h"

struct store;

/* --- the scan path (seats.c): campaigns as a worker knows them, and the seats it takes --- */

/*
 * A campaign as one worker knows it. Found and loaded by seats_open, never freed by the caller; it may be dropped when
 * no waiter stands at it, so it is not kept across event-loop passes without one. definition is replaced when it
 * changes.
 */
struct seats_campaign {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    struct campaign *definition; /* NULL: not loaded, or there is no such campaign */
    void *prepared;              /* the door's own, made from definition; freed by prepared_free when definition goes */
};

/* The seat of one who could not get in, and groups not to be offered. What is pointed at outlives the callback. */
struct seat_left {
    const char *group;
    int64_t due, serial;
    const char (*avoid)[GROUP_ID_MAX + 1];
    int avoid_count;
};

/* What one visitor of a waiting list wants, and where they stand. */
enum seat_place_action { SEAT_PLACE_JOIN, SEAT_PLACE_LOOK, SEAT_PLACE_COME, SEAT_PLACE_LEAVE };
enum seat_place_state {
    SEAT_PLACE_NONE,  /* not in the list (any more), or has been in */
    SEAT_PLACE_WAITS, /* `before` others wait longer */
    SEAT_PLACE_SEAT,  /* the waiter's group, due and serial are theirs; who came for it has it */
    SEAT_PLACE_OPEN,  /* nobody joins while a group is open: a scan takes a seat */
    SEAT_PLACE_FULL,  /* as many wait as may */
    SEAT_PLACE_STATES
};
struct seat_place {
    enum seat_place_action action;
    char id[STORE_PLACE_ID + 1];      /* drawn by whoever sends the visitor the page; the same one joins once */
    char name[WAITING_BYTES_MAX + 1]; /* SEAT_PLACE_JOIN */
    enum seat_place_state state;      /* what follows is given, like the waiter's */
    int64_t before;
    bool missed; /* a seat was promised, and they did not come in time */
};

/* One who waits for the ledger. Embedded in the caller's object, which must outlive the callback. */
struct seat_waiter {
    struct seat_waiter *next; /* the ledger's */
    struct seats_campaign *campaign;
    void (*done)(struct seat_waiter *w, enum store_result r);
    int64_t asked_ms;   /* the ledger's */
    uint32_t lane_bits; /* likewise */
    /* what is asked */
    char channel[CAMPAIGN_CHANNEL_MAX + 1]; /* "" none */
    const char *prefer; /* seats_take: a group id to try first, if it is of the visit's lanes; or NULL */
    /* campaign_lanes of the visit; asked for only where the campaign has several, and again when it has changed */
    uint32_t (*lanes)(struct seat_waiter *w);
    struct seat_left left;    /* seats_next */
    struct seat_place *place; /* seats_place */
    /* what is given: valid in done when r is STORE_OK */
    size_t group; /* position in campaign->definition->groups */
    bool held;    /* to be confirmed; else the seat is confirmed already */
    bool again;   /* seats_confirm: it was before */
    int64_t due;  /* the hold's bucket, see seat_token.h; 0 when not held */
    int64_t serial;
    uint32_t hour; /* in which the ledger counted the seat, as of store_hour */
};

struct seats;

struct seats_options {
    size_t campaigns_max; /* definitions kept in memory; the least recently scanned goes first */
    void (*prepared_free)(void *prepared);
};
struct seats *seats_new(struct store *s, const struct seats_options *o, char err[STORE_ERR_MAX]);
/* After store_free of its store: who still waits is told STORE_UNAVAILABLE. NULL is fine. */
void seats_free(struct seats *s);

/*
 * The campaign of that slug (already lower case and valid), loaded if need be. Returns it if it is at hand and fresh;
 * else NULL, and w->done comes: STORE_OK with w->campaign->definition (possibly an older copy, if Redis is not to be
 * had), STORE_NOT_FOUND, or why not. w->campaign is set in both cases.
 */
struct seats_campaign *seats_open(struct seats *s, const char *slug, struct seat_waiter *w);

/* The same, but what is at hand does not do: w->done comes with what Redis has now. */
void seats_open_anew(struct seats *s, const char *slug, struct seat_waiter *w);

/* A seat in the first open group by the campaign's strategy. Scans of one campaign share a call while one is in flight.
 * STORE_OK, STORE_FULL, STORE_NOT_FOUND (campaign gone, off, not begun or ended: look at the definition) or a failure.
 */
void seats_take(struct seats *s, struct seat_waiter *w);

/* Calls that took seats so far, and the scans in them. */
void seats_numbers(const struct seats *s, uint64_t *ret_calls, uint64_t *ret_scans);

/* Confirms a hold. STORE_OK: kept (w->held false; w->group, due, serial the seat's), STORE_STALE: it was given back and
 * its group has no room. */
void seats_confirm(struct seats *s, struct seat_waiter *w, const char *group, int64_t due, int64_t serial);

/* "Can't get in": reports the group of w->left, gives its seat back if that can still be told (its bucket is there),
 * and takes one in another open group that is not to be avoided. Results as seats_take. */
void seats_next(struct seats *s, struct seat_waiter *w);

/* The waiting list: joins, looks, comes for the seat, or leaves; w->place says which. STORE_OK: w->place->state, and
 * with SEAT_PLACE_SEAT w's seat. May be asked again when the answer is unknown. */
void seats_place(struct seats *s, struct seat_waiter *w);

/* --- old addresses (alias_finder.c); who has which alias is aliases.h's --- */

/* One who wants to know which campaigns have an address. Must outlive the callback. */
struct alias_waiter {
    struct alias_waiter *next;                 /* the finder's */
    const struct alias_candidates *candidates; /* what is asked; likewise to outlive it */
    void (*done)(struct alias_waiter *w, enum store_result r);
    /* With STORE_OK, by candidate: a slug, or "". Whether that campaign lists the alias, its definition says. */
    char owner[ALIAS_CANDIDATES_MAX][CAMPAIGN_SLUG_MAX + 1];
};

struct alias_finder;
struct alias_finder *alias_finder_new(struct store *s); /* NULL: out of memory */
/* After store_free of its store, which tells those who still wait. NULL is fine. */
void alias_finder_free(struct alias_finder *f);
/* Calls back with STORE_OK or a failure, never STORE_NOT_FOUND. */
void alias_find(struct alias_finder *f, struct alias_waiter *w);

#endif
