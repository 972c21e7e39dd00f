/*
 * What a worker lets others see of itself, for Prometheus: written by its thread once a second, read by any thread at
 * any time. Each number is whole; together they are of about the same moment.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    METRICS_KINDS = 8,    /* of visits, in the order of enum stat_kind */
    METRICS_BUCKETS = 14, /* of latencies; what is above all of them comes last */
};

/* Upper bounds of the buckets, in microseconds. */
static const uint32_t metrics_bounds_us[METRICS_BUCKETS] = {100,   250,   500,    1000,   2500,   5000,    10000,
                                                            25000, 50000, 100000, 250000, 500000, 1000000, 2500000};

struct metrics_worker {
    _Atomic uint64_t visits[METRICS_KINDS];
    _Atomic uint64_t holds, holds_confirmed; /* seats that were shown first, and those of them that were confirmed */
    _Atomic uint64_t dropped;                /* visits that were not counted, for want of room */
    _Atomic uint64_t failures;               /* answered 503 */
    _Atomic uint64_t latency[METRICS_BUCKETS + 1], latency_us;
    _Atomic uint64_t calls, call_scans; /* that took seats, and the scans in them */
    _Atomic uint64_t asked, proven;     /* pages that asked for a proof, and those that brought it */
    _Atomic uint64_t connections, store_up, unflushed;
};

#endif
