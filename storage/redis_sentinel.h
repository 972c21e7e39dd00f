/*
 * Which Redis is the master, as sentinels have it. They are asked in turn, again and again, also while all is well: a
 * master that they have left may go on answering. What one says with an older epoch than another is not heard: it has
 * not been told yet.
 */
#ifndef STORAGE_REDIS_SENTINEL_H
#define STORAGE_REDIS_SENTINEL_H

#include "redis_url.h"

struct event_base;
struct redis_sentinel;

enum {
    REDIS_SENTINEL_STEP_MS = 500, /* for a sentinel's name, connection and answer */
    REDIS_SENTINEL_POLL_MS = 200, /* between two questions while all is well */
};

/* master: NULL if no sentinel knows it, with why. Comes once for each redis_sentinel_find, and later on whenever
 * another one has become the master; never from inside a call. */
typedef void (*redis_sentinel_told)(void *ctx, const struct redis_host *master, const char *why);

/* url outlives it. NULL: out of memory. */
struct redis_sentinel *redis_sentinel_new(struct event_base *base, const struct redis_url *url,
                                          redis_sentinel_told told, void *ctx);
void redis_sentinel_find(struct redis_sentinel *s);
/* NULL is fine. */
void redis_sentinel_free(struct redis_sentinel *s);

#endif
