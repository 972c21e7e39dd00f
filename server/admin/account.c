/* See account.h. */
#include "account.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "auth.h"
#include "fields.h"
#include "reply.h"

static const struct store_rows users = {STORE_USERS, NULL};

struct account *account_begin(struct conn *c)
{
    struct admin_request *q = request_of(c);
    if (!q->account)
        q->account = calloc(1, sizeof *q->account);
    if (!q->account)
        problem_reply(c, 503, NULL);
    return q->account;
}

void account_end(struct conn *c)
{
    struct admin_request *q = request_of(c);
    if (!q->account)
        return;
    audit_change_clear(&q->account->change);
    sodium_memzero(q->account, sizeof *q->account);
    free(q->account);
    q->account = NULL;
}

void account_refuse(struct conn *c, int status, const char *detail)
{
    account_end(c);
    problem_reply(c, status, detail);
}

void account_refuse_store(struct conn *c, enum store_result r, enum problem_call call)
{
    account_end(c);
    if (r == STORE_NOT_FOUND)
        problem_reply(c, 404, "There is no such user.");
    else if (r == STORE_CONFLICT)
        problem_reply(c, 409, "There is a user of that name already.");
    else if (r == STORE_STALE)
        problem_reply(c, 409, "It was changed by someone else at the same time; nothing was changed here.");
    else
        problem_reply_store(c, r, call);
}

/* --- hashing --- */

static void hash_done(void *ctx, bool good, const char *hash)
{
    struct conn *c = ctx;
    struct account *a = request_of(c)->account;
    if (!good) {
        account_refuse(c, 503, NULL); /* argon2 found no memory */
        return;
    }
    snprintf(a->hash, sizeof a->hash, "%s", hash);
    request_of(c)->then(c);
}

void account_read_password(const json_t *body, struct account *a, struct field_errors *errors)
{
    const char *password = fields_text(body, "password", errors);
    const char *wrong = password ? user_password_problem(password) : NULL;
    if (wrong)
        field_errors_add(errors, "password", "%s", wrong);
    else if (password)
        memcpy(a->password, password, strlen(password) + 1);
}

void account_hash(struct conn *c, void (*then)(struct conn *c))
{
    struct account *a = request_of(c)->account;
    request_of(c)->then = then;
    if (!hasher_hash(admin_of(c)->hasher, a->password, hash_done, c))
        account_refuse(c, 503, "Too many passwords are being checked; try again soon.");
    else
        sodium_memzero(a->password, sizeof a->password);
}

/* --- saving --- */

static void change_read(void *ctx, enum store_result r, const char *json, size_t len);

static void save_done(void *ctx, enum store_result r)
{
    struct conn *c = ctx;
    struct account *a = request_of(c)->account;
    if (r == STORE_STALE && ++a->tries < ADMIN_CHANGE_TRIES) {
        store_row_get(admin_of(c)->store, users, a->user.name, change_read, c);
        return;
    }
    if (r == STORE_OK)
        a->saved(c);
    else
        account_refuse_store(c, r, PROBLEM_CHANGING);
}

/* json: NULL deletes. */
static void send_change(struct conn *c, const char *json)
{
    struct account *a = request_of(c)->account;
    char target[AUDIT_TARGET_MAX];
    snprintf(target, sizeof target, "user:%s", a->user.name);
    struct store_audit audit = audit_of(c, a->action, target, &a->change);
    store_row_change(admin_of(c)->store, users, a->user.name, a->rule, a->was, json, &audit, save_done, c);
}

/* As the audit log tells of a user: never with the password. */
static json_t *told(const struct user_record *u)
{
    return json_pack("{s:s,s:b}", "role", auth_role_name(u->role), "disabled", u->disabled);
}

void account_create(struct conn *c)
{
    struct account *a = request_of(c)->account;
    char json[USER_JSON_MAX];
    memcpy(a->user.password, a->hash, sizeof a->user.password);
    a->user.created_at = conn_now(c);
    user_record_renew(&a->user);
    if (!user_record_to_json(&a->user, json)) {
        account_refuse(c, 503, NULL);
        return;
    }
    audit_objects(&a->change, NULL, told(&a->user));
    send_change(c, json);
    sodium_memzero(json, sizeof json);
}

static void apply(struct account *a)
{
    if (a->sets_role)
        a->user.role = a->role;
    if (a->sets_disabled)
        a->user.disabled = a->disabled;
    if (a->hash[0])
        memcpy(a->user.password, a->hash, sizeof a->user.password);
    if (a->renews || a->hash[0])
        user_record_renew(&a->user);
}

static void change_read(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    struct account *a = request_of(c)->account;
    char text[USER_JSON_MAX];
    if (r == STORE_OK && (len >= sizeof a->was || !user_record_from_json(json, len, &a->user)))
        r = STORE_BAD_REPLY;
    if (r != STORE_OK) {
        account_refuse_store(c, r, PROBLEM_READING);
        return;
    }
    memcpy(a->was, json, len);
    a->was[len] = '\0';
    json_t *before = told(&a->user), *after = NULL;
    if (!a->deletes) {
        apply(a);
        after = told(&a->user);
        if (a->hash[0])
            json_object_set_new(after, "password", json_string("new"));
    }
    audit_change_clear(&a->change);
    audit_objects(&a->change, before, after);
    if (!a->deletes && !user_record_to_json(&a->user, text))
        account_refuse(c, 503, NULL);
    else
        send_change(c, a->deletes ? NULL : text);
    sodium_memzero(text, sizeof text);
}

void account_change(struct conn *c)
{
    struct account *a = request_of(c)->account;
    a->rule = STORE_SAME;
    store_row_get(admin_of(c)->store, users, a->user.name, change_read, c);
}

/* --- sessions --- */

void account_cookie(struct conn *c, const char *token, char out[ACCOUNT_COOKIE_MAX])
{
    /* The door itself speaks plain HTTP; a browser that came by TLS says so in its Origin. */
    struct span origin = conn_request(c)->header[HTTP_H_ORIGIN];
    bool secure = origin.at && origin.len > 8 && memcmp(origin.at, "https://", 8) == 0;
    snprintf(out, ACCOUNT_COOKIE_MAX, "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s", AUTH_COOKIE, token,
             token[0] ? SESSION_DAYS * 86400 : 0, secure ? "; Secure" : "");
}

static void session_put(void *ctx, enum store_result r)
{
    struct conn *c = ctx;
    struct account *a = request_of(c)->account;
    char cookie[ACCOUNT_COOKIE_MAX];
    if (r != STORE_OK) {
        account_refuse_store(c, r, PROBLEM_CHANGING);
        return;
    }
    json_t *me = json_pack("{s:s,s:s}", "name", a->user.name, "role", auth_role_name(a->user.role));
    char *text = me ? json_dumps(me, JSON_COMPACT) : NULL;
    json_decref(me);
    account_cookie(c, a->token, cookie);
    account_end(c);
    if (!text) {
        problem_reply(c, 503, NULL);
        return;
    }
    struct reply reply;
    answer_begin(&reply, c, 200, "application/json");
    reply_header_text(&reply, "Set-Cookie", cookie);
    reply_end(&reply, text, strlen(text));
    free(text);
}

void account_begin_session(struct conn *c, const char *action)
{
    struct account *a = request_of(c)->account;
    struct session_record session = {.created_at = conn_now(c)};
    char hash[STORE_TOKEN_HASH], json[USER_JSON_MAX], target[AUDIT_TARGET_MAX];
    memcpy(session.user, a->user.name, sizeof session.user);
    memcpy(session.epoch, a->user.epoch, sizeof session.epoch);
    session_draw(a->token, hash);
    if (!session_record_to_json(&session, json)) {
        account_refuse(c, 503, NULL);
        return;
    }
    auth_name(c, a->user.name);
    snprintf(target, sizeof target, "user:%s", a->user.name);
    struct store_audit audit = audit_of(c, action, target, NULL);
    store_session_put(admin_of(c)->store, hash, json, action ? &audit : NULL, session_put, c);
}
