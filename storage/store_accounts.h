/* Users, tokens, owner links and other records, sessions. Part of store.h, which has the rules. */
#ifndef STORAGE_STORE_ACCOUNTS_H
#define STORAGE_STORE_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store_base.h"

struct store;

/* --- accounts.c: users, API tokens and owner links, as opaque records by name --- */

enum store_table {
    STORE_USERS,              /* by name; records are JSON with `role` and `disabled`, and one enabled owner remains */
    STORE_TOKENS,             /* by the token's hash */
    STORE_FUNNELS,            /* by id */
    STORE_LINKS,              /* owner links of a campaign, by id; gone with it */
    STORE_LOGOS,              /* one of a campaign, STORE_LOGO; a file as base64, up to STORE_LOGO_MAX; gone with it */
    STORE_DESTINATIONS,       /* of alerts, by id */
    STORE_DESTINATION_STATES, /* how sending to them went, by id; written by store_delivery_settle */
    STORE_ALERT_SETTINGS,     /* "*" for all, else by slug */
};
#define STORE_LOGO "logo"

struct store_rows {
    enum store_table table;
    const char *slug; /* of the campaign; else NULL */
};
typedef void (*store_row_done)(void *ctx, enum store_result r, const char *json, size_t len);
typedef void (*store_rows_done)(void *ctx, enum store_result r, const char *const *json, const size_t *len,
                                size_t count);

/* STORE_NOT_FOUND if there is none of that name. */
void store_row_get(struct store *s, struct store_rows rows, const char *name, store_row_done done, void *ctx);
/* In no order. */
void store_row_list(struct store *s, struct store_rows rows, store_rows_done done, void *ctx);

enum store_rule {
    STORE_NEW,   /* makes a row: STORE_CONFLICT if there is one of that name, STORE_NO_SPACE if there are too many */
    STORE_FIRST, /* likewise, if it is the table's first: else STORE_CONFLICT */
    STORE_SAME,  /* the row must be what it `was`: else STORE_STALE, or STORE_NOT_FOUND */
    STORE_ANY,   /* the row must be there: else STORE_NOT_FOUND */
    STORE_PUT, /* makes it, or replaces what it `was` (NULL: none): else STORE_STALE; of a campaign that must be there:
                  else STORE_NOT_FOUND */
};
/* json: NULL deletes. audit: told in the same moment; NULL: nothing is. */
void store_row_change(struct store *s, struct store_rows rows, const char *name, enum store_rule rule, const char *was,
                      const char *json, const struct store_audit *audit, store_done done, void *ctx);

/* Remembers when a token was used, as text; NULL forgets it. Nobody is called back. */
void store_token_used(struct store *s, const char hash[STORE_TOKEN_HASH], const char *when);
/* hash, when, hash, when ... of all that were. */
void store_token_uses(struct store *s, store_rows_done done, void *ctx);

/* A session, by its token's hash; json: NULL ends it. It ends by itself when it is not used for
 * STORE_SESSION_IDLE_SECONDS. */
void store_session_put(struct store *s, const char hash[STORE_TOKEN_HASH], const char *json,
                       const struct store_audit *audit, store_done done, void *ctx);
/* Counts as a use. */
void store_session_get(struct store *s, const char hash[STORE_TOKEN_HASH], store_row_done done, void *ctx);

#endif
