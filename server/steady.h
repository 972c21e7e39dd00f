/* For what lasts a time: a clock that nobody sets. Times of day, and moments that the store keeps, are time(2)'s. */
#ifndef SERVER_STEADY_H
#define SERVER_STEADY_H

#include <stdint.h>
#include <time.h>

enum { STEADY_BEGIN = 1 << 30 }; /* what it says when the machine starts: so 0 is long ago */

/* Seconds. */
static inline int64_t steady_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return STEADY_BEGIN + t.tv_sec;
}

#endif
