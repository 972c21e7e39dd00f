/*
 * Time in a time zone: of the week, for a campaign's hours, and of the day. GLib's, because libc knows one zone a
 * process.
 *
 * A zone belongs to one thread. Of a name that this machine does not have (another server took the campaign), the
 * process's zone counts.
 */
#ifndef SERVER_ZONE_H
#define SERVER_ZONE_H

#include <stdint.h>

struct zone;

/* NULL: this machine does not have it. */
struct zone *zone_new(const char *name);
void zone_free(struct zone *z);

/* Minutes from Monday, 0:00, at unix seconds `now`; z NULL: in the process's zone. */
int zone_week_minute(struct zone *z, int64_t now);
/* Seconds east of UTC, likewise. */
int64_t zone_offset(struct zone *z, int64_t now);

#endif
