/*
 * Logging in and out, and the first owner.
 *
 * A wrong name and a wrong password are told alike and take as long: a name that nobody has is compared with nobody's
 * password. Attempts are counted by throttle.c before they are made.
 */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "answer.h"
#include "auth.h"
#include "fields.h"
#include "hasher.h"
#include "params.h"
#include "problem.h"
#include "routes.h"
#include "steady.h"
#include "throttle.h"

static const struct store_rows users = {STORE_USERS, NULL};

/* --- POST /session --- */

static void failure_told(void *ctx, enum store_result r)
{
    (void)r; /* the login failed, whether or not that could be written down */
    account_refuse(ctx, 401, "The name or the password is wrong.");
}

/* So many a minute are written down and no more: nobody fills the log from outside. */
static bool may_tell(struct admin *a, int64_t now)
{
    if (a->failed_minute != now / 60) {
        a->failed_minute = now / 60;
        a->failed_count = 0;
    }
    return ++a->failed_count <= AUDIT_FAILED_LOGINS_PER_MINUTE;
}

/* A name that nobody has is not written down: it may be a password in the wrong field. */
static void login_failed(struct conn *c)
{
    struct account *a = request_of(c)->account;
    char target[AUDIT_TARGET_MAX];
    bool known = a->user.role != AUTH_NOBODY;
    snprintf(target, sizeof target, "user:%s", known ? a->user.name : "unknown");
    struct store_audit audit = audit_of(c, "login.failed", target, NULL);
    if (may_tell(admin_of(c), conn_now(c)))
        store_audit_add(admin_of(c)->store, &audit, failure_told, c);
    else
        failure_told(c, STORE_OK);
}

static void login_verified(void *ctx, bool good, const char *hash)
{
    struct conn *c = ctx;
    struct account *a = request_of(c)->account;
    (void)hash;
    if (!good || a->user.role == AUTH_NOBODY || a->user.disabled) {
        login_failed(c);
        return;
    }
    throttle_succeeded(admin_of(c)->throttle, a->user.name, request_of(c)->from);
    account_begin_session(c, "login");
}

static void login_read(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    struct account *a = request_of(c)->account;
    if (r != STORE_OK && r != STORE_NOT_FOUND) {
        account_refuse_store(c, r, PROBLEM_READING);
        return;
    }
    bool known = r == STORE_OK && user_record_from_json(json, len, &a->user);
    if (!hasher_verify(admin_of(c)->hasher, a->password, known ? a->user.password : NULL, login_verified, c))
        account_refuse(c, 503, "Too many passwords are being checked; try again soon.");
    else
        sodium_memzero(a->password, sizeof a->password);
}

/* Name and password of a body into the account; what is wrong with their form is an error. */
static void read_names(const json_t *body, struct account *a, struct field_errors *errors)
{
    const char *name = fields_text(body, "name", errors), *password = fields_text(body, "password", errors);
    if (name && (strlen(name) == 0 || strlen(name) > USER_NAME_MAX))
        field_errors_add(errors, "name", "must be 1 to %d bytes", (int)USER_NAME_MAX);
    else if (name)
        memcpy(a->user.name, name, strlen(name) + 1);
    if (password && strlen(password) > HASHER_PASSWORD_MAX)
        field_errors_add(errors, "password", "must be %d bytes at most", (int)HASHER_PASSWORD_MAX);
    else if (password)
        memcpy(a->password, password, strlen(password) + 1);
}

/* Counts an attempt; answers 429 and returns false if it comes too soon. */
static bool may_try(struct conn *c, const char *name)
{
    int seconds = throttle_attempt(admin_of(c)->throttle, name, request_of(c)->from, steady_seconds());
    if (seconds == 0)
        return true;
    account_end(c);
    problem_reply_later(c, 429, seconds, NULL);
    return false;
}

void session_login(struct conn *c)
{
    static const char *const keys[] = {"name", "password", NULL};
    struct field_errors errors;
    auth_name(c, "unknown");
    json_t *body = fields_read(c, keys, &errors);
    struct account *a = body ? account_begin(c) : NULL;
    if (!a) {
        json_decref(body);
        return;
    }
    read_names(body, a, &errors);
    json_decref(body);
    if (errors.count) {
        account_end(c);
        problem_reply_fields(c, &errors);
    } else if (may_try(c, a->user.name)) {
        store_row_get(admin_of(c)->store, users, a->user.name, login_read, c);
    }
}

/* --- DELETE /session --- */

static void answer_gone(struct conn *c)
{
    char cookie[ACCOUNT_COOKIE_MAX];
    struct reply r;
    account_cookie(c, "", cookie);
    account_end(c);
    answer_begin(&r, c, 204, NULL);
    reply_header_text(&r, "Set-Cookie", cookie);
    reply_end(&r, NULL, 0);
}

static void logged_out(void *ctx, enum store_result r)
{
    if (r == STORE_OK)
        answer_gone(ctx);
    else
        account_refuse_store(ctx, r, PROBLEM_CHANGING);
}

static void logout_everywhere(struct conn *c)
{
    struct account *a = account_begin(c);
    if (!a)
        return;
    snprintf(a->user.name, sizeof a->user.name, "%.*s", (int)USER_NAME_MAX, request_of(c)->by);
    a->renews = true;
    a->action = "logout.everywhere";
    a->saved = answer_gone;
    account_change(c);
}

static void logout_start(struct conn *c)
{
    struct admin_request *q = request_of(c);
    char everywhere[8], target[AUDIT_TARGET_MAX];
    long len = query_get(conn_request(c)->query, "everywhere", everywhere, sizeof everywhere);
    if (!q->session[0]) {
        problem_reply(c, 404, "There is no session: the request came with a token.");
    } else if (len == -2 || (len >= 0 && strcmp(everywhere, "0") == 0)) {
        snprintf(target, sizeof target, "user:%.*s", (int)USER_NAME_MAX, q->by);
        struct store_audit audit = audit_of(c, "logout", target, NULL);
        store_session_put(admin_of(c)->store, q->session, NULL, &audit, logged_out, c);
    } else {
        logout_everywhere(c);
    }
}

void session_logout(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, logout_start);
}

/* --- PATCH /me: one's own password --- */

static void own_saved(struct conn *c)
{
    account_begin_session(c, NULL); /* all others have ended with the old password */
}

static void own_verified(void *ctx, bool good, const char *hash)
{
    struct conn *c = ctx;
    struct account *a = request_of(c)->account;
    (void)hash;
    if (!good) {
        struct field_errors errors = {.count = 0};
        field_errors_add(&errors, "current_password", "is wrong");
        account_end(c);
        problem_reply_fields(c, &errors);
        return;
    }
    throttle_succeeded(admin_of(c)->throttle, a->user.name, request_of(c)->from);
    a->action = "user.change";
    a->saved = own_saved;
    account_hash(c, account_change);
}

static void own_read(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    struct account *a = request_of(c)->account;
    if (r == STORE_OK && !user_record_from_json(json, len, &a->user))
        r = STORE_BAD_REPLY;
    if (r != STORE_OK)
        account_refuse_store(c, r, PROBLEM_READING);
    else if (!hasher_verify(admin_of(c)->hasher, a->current, a->user.password, own_verified, c))
        account_refuse(c, 503, "Too many passwords are being checked; try again soon.");
    else
        sodium_memzero(a->current, sizeof a->current);
}

static void own_start(struct conn *c)
{
    static const char *const keys[] = {"password", "current_password", NULL};
    struct admin_request *q = request_of(c);
    struct field_errors errors;
    if (!q->session[0]) {
        problem_reply(c, 403, "Only a user who has logged in has a password to change.");
        return;
    }
    json_t *body = fields_read(c, keys, &errors);
    struct account *a = body ? account_begin(c) : NULL;
    if (!a) {
        json_decref(body);
        return;
    }
    account_read_password(body, a, &errors);
    const char *current = fields_text(body, "current_password", &errors);
    if (current && strlen(current) <= HASHER_PASSWORD_MAX)
        memcpy(a->current, current, strlen(current) + 1);
    json_decref(body);
    snprintf(a->user.name, sizeof a->user.name, "%.*s", (int)USER_NAME_MAX, q->by);
    if (errors.count) {
        account_end(c);
        problem_reply_fields(c, &errors);
    } else if (may_try(c, a->user.name)) {
        store_row_get(admin_of(c)->store, users, a->user.name, own_read, c);
    }
}

void session_own_password(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, own_start);
}

/* --- POST /setup: the first owner, by the link of the log --- */

static void setup_saved(struct conn *c)
{
    admin_of(c)->setup_until = 0;
    account_begin_session(c, "login");
}

static bool setup_token_good(struct conn *c, const char *token)
{
    struct admin *a = admin_of(c);
    unsigned char hash[AUTH_HASH];
    auth_hash(token, strlen(token), hash);
    return steady_seconds() < a->setup_until && sodium_memcmp(hash, a->setup_hash, sizeof hash) == 0;
}

static void read_first_owner(const json_t *body, struct account *a, struct field_errors *errors)
{
    const char *name = fields_text(body, "name", errors);
    const char *wrong = name ? user_name_problem(name) : NULL;
    if (wrong)
        field_errors_add(errors, "name", "%s", wrong);
    else if (name)
        memcpy(a->user.name, name, strlen(name) + 1);
    account_read_password(body, a, errors);
}

void session_setup(struct conn *c)
{
    static const char *const keys[] = {"token", "name", "password", NULL};
    struct field_errors errors;
    auth_name(c, "setup-link");
    json_t *body = fields_read(c, keys, &errors);
    struct account *a = body ? account_begin(c) : NULL;
    if (!a) {
        json_decref(body);
        return;
    }
    const char *token = fields_text(body, "token", &errors);
    bool good = token && setup_token_good(c, token);
    read_first_owner(body, a, &errors);
    json_decref(body);
    a->user.role = AUTH_OWNER;
    a->rule = STORE_FIRST;
    a->action = "setup";
    a->saved = setup_saved;
    if (token && !good) {
        account_refuse(c, 403,
                       "The set-up link is not valid, or no longer; it is again for 15 minutes after a restart.");
    } else if (errors.count) {
        account_end(c);
        problem_reply_fields(c, &errors);
    } else {
        account_hash(c, account_create);
    }
}
