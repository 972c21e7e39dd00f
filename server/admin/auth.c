/*
 * Who is asking: a token in `Authorization: Bearer` or `X-Api-Key`, or a session in the cookie `hms`.
 *
 * Only SHA-256 hashes of tokens are kept or compared. The configuration's admin_token is compared in constant time and
 * works without the store; the record of any other token (token_record.h) is looked up by its hash, with one HGET.
 * Tokens are random and long, so a plain hash is enough. A session is looked up likewise, then its user: a user who is
 * disabled, demoted or gone is so at once.
 *
 * A browser sends its cookie whoever made it ask, so a change that comes with one must also carry a header that no
 * foreign page can set, and an Origin that is this door. (The cookie's SameSite=Strict says the same a second time.)
 */
#include "auth.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "client.h"
#include "params.h"
#include "problem.h"
#include "token_record.h"
#include "user_record.h"

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
    snprintf(detail, sizeof detail, "This needs the role %s; the role here is %s.", auth_role_name(q->needed),
             auth_role_name(q->role));
    problem_reply(c, 403, detail);
}

void auth_name(struct conn *c, const char *who)
{
    struct admin_request *q = request_of(c);
    char peer[INET6_ADDRSTRLEN];
    snprintf(q->who, sizeof q->who, "%s", who);
    conn_peer(c, peer);
    client_address(peer, conn_request(c)->header[HTTP_H_X_FORWARDED_FOR], config_trusts_proxy, admin_of(c)->config,
                   q->from);
}

/* --- by token --- */

/* Written once a minute at most, as far as the few that this remembers go. */
static void note_use(struct conn *c, const struct token_record *record)
{
    struct admin *a = admin_of(c);
    int64_t now = conn_now(c);
    struct token_use *use = &a->token_uses[strtoul(record->id, NULL, 16) % ADMIN_TOKEN_USES];
    if (strcmp(use->hash, record->hash) == 0 && now - use->written_s < ADMIN_TOKEN_USE_SECONDS)
        return;
    char date[32];
    snprintf(use->hash, sizeof use->hash, "%s", record->hash);
    use->written_s = now;
    date_to_text(now, date);
    store_token_used(a->store, record->hash, date);
}

static void lookup_done(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    struct token_record record;
    if (r == STORE_NOT_FOUND) {
        problem_reply(c, 401, "The token is not known.");
    } else if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
    } else if (!token_record_from_json(json, len, &record)) {
        problem_reply(c, 401, "The token's record cannot be read; make a new token.");
    } else if (record.expires_at && record.expires_at <= conn_now(c)) {
        problem_reply(c, 401, "The token has expired.");
    } else {
        char who[sizeof q->who];
        snprintf(who, sizeof who, "token:%s", record.name);
        auth_name(c, who);
        snprintf(q->by, sizeof q->by, "%s", record.name);
        q->role = record.role;
        note_use(c, &record);
        decide(c);
    }
}

static void require_token(struct conn *c, struct span token)
{
    struct admin *a = admin_of(c);
    struct admin_request *q = request_of(c);
    unsigned char hash[AUTH_HASH];
    auth_hash(token.at, token.len, hash);
    if (a->has_token && sodium_memcmp(hash, a->token_hash, AUTH_HASH) == 0) {
        auth_name(c, "admin_token");
        snprintf(q->by, sizeof q->by, "admin_token");
        q->role = AUTH_OWNER;
        decide(c);
        return;
    }
    sodium_bin2hex(q->token, sizeof q->token, hash, sizeof hash);
    store_row_get(a->store, (struct store_rows){STORE_TOKENS, NULL}, q->token, lookup_done, c);
}

/* --- by session --- */

/* Whether a request that changes something was made by a page of this door. */
static bool is_own_page(const struct request *r)
{
    struct span host = r->header[HTTP_H_HOST], origin = r->header[HTTP_H_ORIGIN],
                by = r->header[HTTP_H_X_REQUESTED_WITH];
    if (!by.at || !span_is(by, "huoma") || !origin.at || !host.at)
        return false;
    size_t scheme = origin.len > 8 && memcmp(origin.at, "https://", 8) == 0  ? 8
                    : origin.len > 7 && memcmp(origin.at, "http://", 7) == 0 ? 7
                                                                             : 0;
    return scheme && origin.len - scheme == host.len && strncasecmp(origin.at + scheme, host.at, host.len) == 0;
}

static void no_session(struct conn *c)
{
    problem_reply(c, 401, "The session has ended; log in again.");
}

/* Of a session that names this epoch. */
static bool user_stands(enum store_result r, const char *json, size_t len, const char *epoch, struct user_record *user)
{
    return r == STORE_OK && user_record_from_json(json, len, user) && !user->disabled &&
           strcmp(user->epoch, epoch) == 0;
}

static bool session_stands(enum store_result r, const char *json, size_t len, int64_t now,
                           struct session_record *session)
{
    return r == STORE_OK && session_record_from_json(json, len, session) &&
           now - session->created_at < (int64_t)SESSION_DAYS * 86400;
}

static bool is_known(enum store_result r)
{
    return r == STORE_OK || r == STORE_NOT_FOUND;
}

static void user_done(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    struct user_record user;
    if (!is_known(r)) {
        problem_reply_store(c, r, PROBLEM_READING);
    } else if (!user_stands(r, json, len, q->epoch, &user)) {
        no_session(c);
    } else {
        auth_name(c, user.name);
        snprintf(q->by, sizeof q->by, "%s", user.name);
        q->role = user.role;
        decide(c);
    }
    sodium_memzero(&user, sizeof user);
}

static void session_done(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    struct session_record session;
    if (!is_known(r)) {
        problem_reply_store(c, r, PROBLEM_READING);
    } else if (!session_stands(r, json, len, conn_now(c), &session)) {
        no_session(c);
    } else {
        snprintf(q->epoch, sizeof q->epoch, "%s", session.epoch);
        store_row_get(admin_of(c)->store, (struct store_rows){STORE_USERS, NULL}, session.user, user_done, c);
    }
}

static void require_session(struct conn *c, struct span cookie)
{
    struct admin_request *q = request_of(c);
    const struct request *r = conn_request(c);
    if (!session_hash(cookie.at, cookie.len, q->session))
        no_session(c);
    else if (r->method != HTTP_M_GET && r->method != HTTP_M_HEAD && !is_own_page(r))
        problem_reply(c, 403, "A change by session needs X-Requested-With: huoma, and an Origin that is this address.");
    else
        store_session_get(admin_of(c)->store, q->session, session_done, c);
}

void auth_require(struct conn *c, enum auth_role needed, void (*then)(struct conn *c))
{
    struct admin_request *q = request_of(c);
    q->needed = needed;
    q->then = then;
    struct span token = find_token(conn_request(c)), cookie = request_cookie(conn_request(c), AUTH_COOKIE);
    if (token.len > 0)
        require_token(c, token);
    else if (cookie.at)
        require_session(c, cookie);
    else
        problem_reply(c, 401, NULL);
}

/* --- later --- */

struct recheck {
    struct admin *admin;
    void (*done)(void *ctx, bool stands);
    void *ctx;
    char epoch[17];
};

static void recheck_done(struct recheck *again, bool stands)
{
    again->done(again->ctx, stands);
    free(again);
}

static void token_again(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct token_record record;
    bool stands = !is_known(r) || (r == STORE_OK && token_record_from_json(json, len, &record) &&
                                   (!record.expires_at || record.expires_at > time(NULL)));
    recheck_done(ctx, stands);
}

static void user_again(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct recheck *again = ctx;
    struct user_record user = {0};
    bool stands = !is_known(r) || user_stands(r, json, len, again->epoch, &user);
    sodium_memzero(&user, sizeof user);
    recheck_done(again, stands);
}

static void session_again(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct recheck *again = ctx;
    struct session_record session;
    if (!is_known(r) || !session_stands(r, json, len, time(NULL), &session)) {
        recheck_done(again, !is_known(r));
        return;
    }
    snprintf(again->epoch, sizeof again->epoch, "%s", session.epoch);
    store_row_get(again->admin->store, (struct store_rows){STORE_USERS, NULL}, session.user, user_again, again);
}

struct auth_proof auth_proof_of(struct conn *c)
{
    struct auth_proof proof;
    memcpy(proof.token, request_of(c)->token, sizeof proof.token);
    memcpy(proof.session, request_of(c)->session, sizeof proof.session);
    return proof;
}

bool auth_recheck(struct admin *a, const struct auth_proof *proof, void (*done)(void *ctx, bool stands), void *ctx)
{
    struct recheck *again;
    if ((!*proof->token && !*proof->session) || !(again = malloc(sizeof *again)))
        return false;
    *again = (struct recheck){.admin = a, .done = done, .ctx = ctx};
    if (*proof->token)
        store_row_get(a->store, (struct store_rows){STORE_TOKENS, NULL}, proof->token, token_again, again);
    else
        store_session_get(a->store, proof->session, session_again, again);
    return true;
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
