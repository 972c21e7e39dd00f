/* Who is asking, and whether that may be. */
#ifndef SERVER_ADMIN_AUTH_H
#define SERVER_ADMIN_AUTH_H

#include "door.h"

/*
 * Calls `then` if the request brings a token or a session with at least this role, at once or later; else answers 401,
 * 403 or 503. The first thing that every handler does; request_of(c)->role, ->by and ->who are known from then on.
 */
void auth_require(struct conn *c, enum auth_role needed, void (*then)(struct conn *c));
/* What a request brought to say who asks, for those who outlive it: hashes; both "": the configuration's token. */
struct auth_proof {
    char token[STORE_TOKEN_HASH], session[STORE_TOKEN_HASH];
};

struct auth_proof auth_proof_of(struct conn *c); /* behind auth_require */
/*
 * Whether who brought it still may: the token is there and has not expired, or the session and its user are. Calls
 * `done` once; true while the store does not answer, for nothing is known against them.
 * false, and nothing is called: the configuration's token, which always may, or out of memory.
 */
bool auth_recheck(struct admin *a, const struct auth_proof *proof, void (*done)(void *ctx, bool stands), void *ctx);
/* For those who need none: request_of(c)->from, and `who` as given. */
void auth_name(struct conn *c, const char *who);
const char *auth_role_name(enum auth_role role);
void auth_hash(const char *token, size_t len, unsigned char hash[AUTH_HASH]);

void auth_me(struct conn *c); /* GET /api/v1/me */

#endif
