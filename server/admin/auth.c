/*
 * Who is asking: a token in `Authorization: Bearer` or `X-Api-Key`.
 *
 * Only SHA-256 hashes of tokens are kept or compared. The configuration's admin_token is compared in constant time and
 * works without the store; the record of any other token (token_record.h) is looked up by its hash, with one HGET.
 * Tokens are random and long, so a plain hash is enough.
 */
#include "auth.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "problem.h"
#include "token_record.h"

_Static_assert(AUTH_HASH == crypto_hash_sha256_BYTES, "a hash's size");
_Static_assert(STORE_TOKEN_HASH == AUTH_HASH * 2 + 1, "a hash in hex");

static const char *const role_names[] = {
    [AUTH_NOBODY] = "nobody", [AUTH_VIEWER] = "viewer", [AUTH_EDITOR] = "editor",
    [AUTH_ADMIN] = "admin",   [AUTH_OWNER] = "owner",
};

const char *auth_role_name(enum auth_role role)
{
    return role_names[role];
}

void auth_hash(const char *token, size_t len, unsigned char hash[AUTH_HASH])
{
    crypto_hash_sha256(hash, (const unsigned char *)token, len);
}

/* The token of the request; len 0: none that could be one. Authorization with another scheme does not hide an
 * X-Api-Key. */
static struct span find_token(const struct request *r)
{
    struct span token = r->header[HTTP_H_AUTHORIZATION];
    static const char scheme[] = "bearer ";
    if (token.at && token.len > sizeof scheme - 1 &&
        span_is_nocase((struct span){token.at, sizeof scheme - 1}, scheme)) {
        token.at += sizeof scheme - 1;
        token.len -= sizeof scheme - 1;
        while (token.len > 0 && *token.at == ' ') {
            token.at++;
            token.len--;
        }
    } else {
        token = r->header[HTTP_H_X_API_KEY];
    }
    if (!token.at || token.len >= CONFIG_TEXT_MAX)
        return (struct span){NULL, 0};
    return token;
}

static void decide(struct conn *c)
{
    struct admin_request *q = request_of(c);
    if (q->role >= q->needed) {
        q->then(c);
        return;
    }
    char detail[96];
    snprintf(detail, sizeof detail, "This needs the role %s; the token's role is %s.", auth_role_name(q->needed),
             auth_role_name(q->role));
    problem_reply(c, 403, detail);
}

static void lookup_done(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    struct token_record record;
    if (r == STORE_NOT_FOUND) {
        problem_reply(c, 401, "The token is not known.");
    } else if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
    } else if (!token_record_from_json(json, len, &record)) {
        problem_reply(c, 401, "The token's record cannot be read; make a new token.");
    } else {
        snprintf(request_of(c)->by, sizeof request_of(c)->by, "%s", record.name);
        request_of(c)->role = record.role;
        decide(c);
    }
}

void auth_require(struct conn *c, enum auth_role needed, void (*then)(struct conn *c))
{
    struct admin *a = admin_of(c);
    struct admin_request *q = request_of(c);
    q->needed = needed;
    q->then = then;
    struct span token = find_token(conn_request(c));
    if (token.len == 0) {
        problem_reply(c, 401, NULL);
        return;
    }
    unsigned char hash[AUTH_HASH];
    auth_hash(token.at, token.len, hash);
    if (a->has_token && sodium_memcmp(hash, a->token_hash, AUTH_HASH) == 0) {
        snprintf(q->by, sizeof q->by, "admin_token");
        q->role = AUTH_OWNER;
        decide(c);
        return;
    }
    char hex[STORE_TOKEN_HASH];
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    store_token_get(a->store, hex, lookup_done, c);
}

/* --- GET /api/v1/me --- */

static void me_start(struct conn *c)
{
    struct admin_request *q = request_of(c);
    json_t *me = json_pack("{s:s,s:s}", "name", q->by, "role", auth_role_name(q->role));
    char *text = me ? json_dumps(me, JSON_COMPACT) : NULL;
    json_decref(me);
    answer_json(c, 200, text, text ? strlen(text) : 0, 0, NULL);
}

void auth_me(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, me_start);
}
