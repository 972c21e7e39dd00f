/*
 * The audit log of a cluster is in another slot than the campaigns, and no script writes in two. So the script of a
 * change writes its entry into an outbox beside it ("{slug}:untold", a stream); before the change is answered, the
 * entry is brought to the log, and taken out of the outbox.
 *
 *   torn apart                    the log                          afterwards
 *   before the script             nothing, and nothing changed
 *   between script and log        not yet                          the next change, or the look for alerts, brings it
 *   between log and outbox        has it                           brought again, and known: it counts once
 *
 * An entry's time is that at which it came to the log.
 */
#ifndef STORAGE_AUDIT_OUTBOX_H
#define STORAGE_AUDIT_OUTBOX_H

#include "redis_link.h"

enum { AUDIT_OUTBOX_MAX = 32 }; /* entries that are brought at a time; the rest with the next */

/* Brings what is in the outbox. done (may be NULL) comes in any case, and possibly from inside when there is no memory:
 * what could not be brought stays. */
void audit_outbox_empty(struct redis_link *home, const char *tag, void (*done)(void *ctx), void *ctx);

#endif
