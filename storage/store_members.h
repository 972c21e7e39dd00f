/* Head counts and waiting lists, for admins. Part of store.h, which has the rules. */
#ifndef STORAGE_STORE_MEMBERS_H
#define STORAGE_STORE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store_base.h"

struct store;

/* --- head counts of groups (members.c) --- */

enum store_members {
    STORE_MEMBERS_SET,
    STORE_MEMBERS_NO_GROUP,
    STORE_MEMBERS_OLDER,   /* than the last one, which is of the moment that is told */
    STORE_MEMBERS_TOO_OLD, /* seats follow, and who came since is known from the moment on that is told */
    STORE_MEMBERS_FUTURE,  /* it is not yet the moment that they name; what is told is the store's */
};
struct store_campaign;
typedef void (*store_members_put_done)(void *ctx, enum store_result r, enum store_members outcome, int64_t moment,
                                       const struct store_campaign *now);
/* So many people were counted in the group at that second (0: now). source: who counted, up to STORE_MEMBERS_SOURCE_MAX
 * bytes, no control characters. now: NULL unless STORE_MEMBERS_SET. The audit entry's before and after are made by the
 * store. May be asked again when the answer is unknown. */
void store_members_put(struct store *s, const char *slug, const char *group, int64_t members, int64_t at,
                       const char *source, const struct store_audit *audit, store_members_put_done done, void *ctx);

struct store_members_point {
    int64_t at, members;
    int64_t seats; /* that were confirmed at that moment */
};
struct store_members_history {
    bool counted;
    int64_t members, at; /* the last count */
    const char *source;
    const struct store_members_point *points; /* one an hour, the oldest first */
    size_t count;
};
typedef void (*store_members_done)(void *ctx, enum store_result r, const struct store_members_history *h);
/* STORE_NOT_FOUND: no such campaign or group. */
void store_members_read(struct store *s, const char *slug, const char *group, store_members_done done, void *ctx);

/* --- waiting lists for admins (waiting.c) --- */

enum store_waiting_state { STORE_WAITS, STORE_PROMISED, STORE_MISSED, STORE_IN };
struct store_waiting {
    int64_t number; /* names the entry; in the order of joining */
    int64_t joined_at, promised_until /* 0: no seat is promised */, before;
    enum store_waiting_state state;
    const char *group, *channel, *name; /* group and channel may be "" */
};
struct store_waiting_page {
    const struct store_waiting *rows;
    size_t count;
    int64_t total, waiting; /* entries; of them those who wait */
};
typedef void (*store_waiting_done)(void *ctx, enum store_result r, const struct store_waiting_page *page);
/* Entries behind that number (0: from the first), at most limit (up to STORE_PAGE_MAX). */
void store_waiting_list(struct store *s, const char *slug, int64_t after, int limit, store_waiting_done done,
                        void *ctx);
/* Forgets one entry, or all of them (number 0). STORE_NOT_FOUND: no such entry or campaign. */
void store_waiting_delete(struct store *s, const char *slug, int64_t number, const struct store_audit *audit,
                          store_done done, void *ctx);

#endif
