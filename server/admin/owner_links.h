/* Owner links, for whoever makes one: a signed token that opens one group to its owner, and a record that revokes it.
 */
#ifndef SERVER_ADMIN_OWNER_LINKS_H
#define SERVER_ADMIN_OWNER_LINKS_H

#include "door.h"

enum {
    OWNER_LINK_ID = 17, /* hex, with NUL */
    OWNER_LINK_TOKEN_MAX = 160,
};

/* expires_at: unix seconds. The link is the door's URL with "/#owner=" and the token. */
void owner_link_token(const struct admin *a, const char *slug, const char *group, const char *id, int64_t expires_at,
                      char out[OWNER_LINK_TOKEN_MAX]);
/* The record as JSON; malloc'd, NULL: out of memory. */
char *owner_link_record(const char *id, const char *group, const char *by, int64_t now, int64_t expires_at);

#endif
