/* What a request tells of its visitor, as far as conditions of groups (when.h) ask. */
#ifndef SERVER_PUBLIC_VISIT_H
#define SERVER_PUBLIC_VISIT_H

#include "request.h"
#include "when.h"
#include "zone.h"

/* By the user agent; one that says nothing is VISIT_BROWSER. */
enum visit_app visit_app_of(const struct request *r);

/* Of the visit the facts that a request tells and that are asked for (bits of enum visit_fact); the rest is 0. channel
 * must outlive it; now: unix seconds, told in the zone (NULL: the process's). */
struct visit visit_of(const struct request *r, const char *channel, int64_t now, struct zone *zone, unsigned asks);

#endif
