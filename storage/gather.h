/*
 * When a worker's call of the ledger goes out: at once, or a moment later together with those who are about to ask.
 *
 * A call costs a script, an fsync and two wake-ups, whether it takes one seat or sixty. So while a crowd scans, a call
 * waits for as many as the last one and its time have brought, never longer than a call takes (nor GATHER_WAIT_NS), and
 * no longer than somebody comes. Whoever comes alone never waits.
 */
#ifndef STORAGE_GATHER_H
#define STORAGE_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GATHER_WAIT_NS = 5 * 1000 * 1000, /* the longest that a call waits */
    GATHER_NAP_MIN_NS = 5 * 1000,     /* a shorter sleep costs more than it brings */
    GATHER_NAP_MAX_NS = 200 * 1000,   /* the longest that a worker is deaf */
    GATHER_NAPS = 8,                  /* naps in the time of a call */
};

struct gather {
    size_t arrived, seen; /* scans so far; those that the last look saw */
    size_t expected;      /* `arrived` at which nobody else is waited for */
    int64_t call_ns;      /* what a call takes, smoothed */
    int64_t answered_ns;  /* when the last answer came */
    bool napped;          /* since then */
    bool exact;           /* this thread's sleeps are */
};

void gather_init(struct gather *g);
int64_t gather_now_ns(void);
/* A scan has come that will go out with a call. */
void gather_arrived(struct gather *g);
/* A call that was sent at sent_ns was answered for `seats` scans. */
void gather_answered(struct gather *g, int64_t sent_ns, size_t seats);
/* To be called in the worker's own thread alone, whose sleeps become exact. true: slept for a moment; the clients are
 * to be heard, then asked again. false: the calls go out now. */
bool gather_wait(struct gather *g);

#endif
