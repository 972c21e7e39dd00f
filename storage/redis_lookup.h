/* A host's name to an address, by the system's resolver, on a thread of its own: an event loop never waits for it. */
#ifndef STORAGE_REDIS_LOOKUP_H
#define STORAGE_REDIS_LOOKUP_H

#include "redis_wire.h"

struct redis_lookup;
/* address: NULL if there is none, and then why. */
typedef void (*redis_lookup_done)(void *ctx, const struct redis_address *address, const char *why);

/* done comes once, never from inside; then *lookup is NULL again. It is cancelled by redis_lookup_cancel, and then done
 * does not come. 0 or -errno; *lookup must be NULL before. A host that is an address already needs none of this, but
 * may come here too. */
int redis_lookup_start(struct redis_lookup **lookup, struct event_base *base, const struct redis_host *host,
                       redis_lookup_done done, void *ctx);
/* *lookup may be NULL. */
void redis_lookup_cancel(struct redis_lookup **lookup);

#endif
