/* Alerts. Part of store.h, which has the rules. */
#ifndef STORAGE_STORE_ALERTS_H
#define STORAGE_STORE_ALERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert.h"
#include "store_accounts.h"
#include "store_base.h"

struct store;

/* --- alerts.c: what people are told of, and what waits to be sent --- */

/* until: expiries up to this second are told of. STORE_NOT_FOUND: no such campaign. */
typedef void (*store_alert_look_done)(void *ctx, enum store_result r, const struct alert_facts *f);
void store_alert_look(struct store *s, const char *slug, int64_t until, store_alert_look_done done, void *ctx);

/* An alert that begins or gets worse (level 1 or more), or is over (0). Only read during the call. */
struct store_alert {
    const char *cause; /* names it while it is open */
    int level;
    const char *json; /* the record; it is given id, sequence, raised_at, changed_at and over_at. NULL when over, but of
                         one that begins (at its `at`) and is over at once */
    int64_t now;      /* unix seconds */
    bool tell;        /* each destination gets an entry in the outbox, in the same moment */
};
/* STORE_STALE: somebody has done it; STORE_NO_SPACE: too many are open, or wait to be sent. */
void store_alert_change(struct store *s, const struct store_alert *alert, store_done done, void *ctx);
/* The records of all that are kept, in no order. */
void store_alert_list(struct store *s, store_rows_done done, void *ctx);
/* The number of the last change: while it stays, so does the list. */
typedef void (*store_number_done)(void *ctx, enum store_result r, int64_t n);
void store_alert_sequence(struct store *s, store_number_done done, void *ctx);

/* Takes at most `count` messages that are due, until until_ms: who took one and is gone is followed by another. texts:
 * id, entry, id, entry ... An entry: {"to","event","tries","since","alert":{the record}}. */
void store_deliveries_take(struct store *s, int64_t now_ms, int64_t until_ms, int count, store_rows_done done,
                           void *ctx);
/* next_ms: when it is due again as `entry`; 0: it is done with. state: the destination's, JSON; NULL: as it was. */
void store_delivery_settle(struct store *s, const char *id, int64_t next_ms, const char *entry, const char *to,
                           const char *state, store_done done, void *ctx);

#endif
