/* Owner links, for whoever makes one: a signed token that opens one group to its owner, and a record that revokes it.
 */
#ifndef SERVER_ADMIN_OWNER_LINKS_H
#define SERVER_ADMIN_OWNER_LINKS_H

#include "audit.h"
#include "auth.h"
#include "door.h"

enum {
    OWNER_LINK_ID = 17, /* hex, with NUL */
    OWNER_LINK_TOKEN_MAX = 160,
    OWNER_LINK_DAYS = 7, /* that one is valid if nobody says otherwise */
    OWNER_LINK_DAYS_MAX = 365,
};

/* What a token says. */
struct owner_link_claim {
    char slug[CAMPAIGN_SLUG_MAX + 1], group[GROUP_ID_MAX + 1], id[OWNER_LINK_ID];
    int64_t expires_at; /* unix seconds */
};

/* A record, as it is kept. */
struct owner_link {
    char id[OWNER_LINK_ID], group[GROUP_ID_MAX + 1], by[AUTH_WHO_MAX + 1];
    int64_t created_at, expires_at;
};

/* The key of tokens, AUTH_HASH bytes, from the store's secret. */
void owner_key(const unsigned char *secret, unsigned char *key);
/* A new id. */
void owner_link_draw(char out[OWNER_LINK_ID]);
/* expires_at: unix seconds. The link is the door's URL with "/#owner=" and the token. */
void owner_link_token(const unsigned char *key, const char *slug, const char *group, const char *id, int64_t expires_at,
                      char out[OWNER_LINK_TOKEN_MAX]);
/* false: it is not of ours. Whether it has expired or was revoked is the caller's to see. */
bool owner_link_open(const unsigned char *key, const char *token, size_t len, struct owner_link_claim *ret_claim);

/* The record as JSON; malloc'd, NULL: out of memory. */
char *owner_link_record(const char *id, const char *group, const char *by, int64_t now, int64_t expires_at);
/* Back; false: it is none. */
bool owner_link_read(const char *json, size_t len, struct owner_link *ret_link);

/* What the audit log says of "owner-link.create" and "owner-link.revoke". */
void owner_link_audit_made(struct audit_change *ch, const char *id, int64_t expires_at);
void owner_link_audit_revoked(struct audit_change *ch, const char *id);

#endif
