/*
 * What a request about a user keeps until its answer, and how it comes to be saved: read -> changed -> saved if it is
 * still what was read, else over again. Passwords are hashed before that.
 */
#ifndef SERVER_ADMIN_ACCOUNT_H
#define SERVER_ADMIN_ACCOUNT_H

#include "audit.h"
#include "problem.h"
#include "user_record.h"

enum { ACCOUNT_COOKIE_MAX = 256 };

struct account {
    struct user_record user;                /* as read or made, then as saved */
    char was[USER_JSON_MAX];                /* what was read */
    char password[HASHER_PASSWORD_MAX + 1]; /* as given */
    char current[HASHER_PASSWORD_MAX + 1];  /* the one so far, as given by whoever changes their own */
    char hash[HASHER_TEXT];                 /* of the new password; "" none */
    /* what changes */
    bool sets_role, sets_disabled, renews, deletes;
    enum auth_role role;
    bool disabled;
    const char *action;            /* for the audit log */
    void (*saved)(struct conn *c); /* answers */
    enum store_rule rule;
    int tries;
    struct audit_change change;
    char token[SESSION_TOKEN]; /* of the session that begins */
};

/* The request's, made when first asked for; NULL: out of memory, and 503 is answered. */
struct account *account_begin(struct conn *c);
/* Wipes and frees it: before every answer. */
void account_end(struct conn *c);
void account_refuse(struct conn *c, int status, const char *detail);
void account_refuse_store(struct conn *c, enum store_result r, enum problem_call call);

/* The body's `password`, a new one, into account->password; what is wrong with it is an error of that field. */
void account_read_password(const struct json_t *body, struct account *a, struct field_errors *errors);

/* Hashes account->password into account->hash, then calls `then`; answers 503 if there is no room. */
void account_hash(struct conn *c, void (*then)(struct conn *c));
/* Saves account->user as a new one, by account->rule. */
void account_create(struct conn *c);
/* Makes the changes to the user whose name is in account->user; then `saved`. */
void account_change(struct conn *c);
/* Begins a session of account->user and answers with its name, its role and the cookie. */
void account_begin_session(struct conn *c, const char *action);
/* "Set-Cookie" of the session, or one that takes it away (token ""). */
void account_cookie(struct conn *c, const char *token, char out[ACCOUNT_COOKIE_MAX]);

#endif
