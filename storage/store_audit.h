/* The log of changes. Part of store.h, which has the rules. */
#ifndef STORAGE_STORE_AUDIT_H
#define STORAGE_STORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store_base.h"

struct store;

/* --- audit.c: the log of changes, of which the latest come first --- */

/* For what changes nothing in the store. */
void store_audit_add(struct store *s, const struct store_audit *audit, store_done done, void *ctx);

struct store_audit_query {
    const char *who, *action, *target; /* "": any. An action of a kind ("user"), a target with what belongs to it */
    int64_t from_ms, to_ms;            /* unix milliseconds; 0: any */
    const char *cursor;                /* "" or a `next` of before */
    int limit;                         /* 1 to STORE_PAGE_MAX */
};
struct store_audit_row {
    const char *id;
    int64_t at_ms;
    struct store_audit audit;
};
/* A page may be shorter than asked for and still have a next: it looks at so many entries at most. total: entries of
 * the whole log. */
typedef void (*store_audit_done)(void *ctx, enum store_result r, const struct store_audit_row *rows, size_t count,
                                 const char *next, int64_t total);
void store_audit_list(struct store *s, const struct store_audit_query *q, store_audit_done done, void *ctx);

/* Entries in the order in which they came, behind the one of that id ("": from the first on), STORE_PAGE_MAX at most;
 * none: that was all. next is ""; total says nothing. */
void store_audit_walk(struct store *s, const char *behind, store_audit_done done, void *ctx);
/* Puts an entry back at its own moment. STORE_CONFLICT: it is there; STORE_STALE: the log has later ones, and grows at
 * its end only. behind: NULL; else nothing is put back, but looked whether it could be, behind the entry of that id
 * ("": behind those that are there). */
void store_audit_restore(struct store *s, const struct store_audit_row *row, const char *behind, store_done done,
                         void *ctx);

#endif
