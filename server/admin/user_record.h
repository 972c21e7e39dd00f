/*
 * What the store keeps of a user, by name, and of a session, by the SHA-256 of its token:
 *
 *     {"name":"anna","role":"admin","disabled":false,"password":"$argon2id$…","epoch":"1a2b…","created_at":"…"}
 *     {"user":"anna","epoch":"1a2b…","created_at":"…"}
 *
 * A session counts as long as its epoch is the user's: a new epoch ends all sessions of a user at once.
 */
#ifndef SERVER_ADMIN_USER_RECORD_H
#define SERVER_ADMIN_USER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "door.h"
#include "hasher.h"

enum {
    USER_NAME_MAX = 64,     /* bytes */
    USER_PASSWORD_MIN = 12, /* characters */
    USER_EPOCH = 17,        /* hex, with NUL */
    USER_JSON_MAX = 1024,   /* bytes of a record, with NUL */
    SESSION_DAYS = 30,      /* a session ends after so long, used or not */
    SESSION_TOKEN = 44,     /* 32 random bytes in base64url, with NUL */
};

struct user_record {
    char name[USER_NAME_MAX + 1];
    enum auth_role role;
    bool disabled;
    char password[HASHER_TEXT];
    char epoch[USER_EPOCH];
    int64_t created_at; /* unix seconds */
};

struct session_record {
    char user[USER_NAME_MAX + 1];
    char epoch[USER_EPOCH];
    int64_t created_at;
};

/* Whether it may be a user's name: 1 to 64 bytes of UTF-8 without control characters, ':' and blanks at its ends. What
 * is wrong, or NULL. */
const char *user_name_problem(const char *name);
/* Likewise of a password: 12 characters at least, 256 bytes at most. */
const char *user_password_problem(const char *password);

/* Draws an epoch: sessions of before end. */
void user_record_renew(struct user_record *u);
/* false: it does not fit, or the name is not UTF-8. */
bool user_record_to_json(const struct user_record *u, char out[USER_JSON_MAX]);
/* false: not a record; *ret_user is untouched then. */
bool user_record_from_json(const char *json, size_t len, struct user_record *ret_user);

/* Draws a token and its hash. */
void session_draw(char token[SESSION_TOKEN], char hash[STORE_TOKEN_HASH]);
/* The hash of a token that a cookie brought; false: it cannot be one. */
bool session_hash(const char *token, size_t len, char hash[STORE_TOKEN_HASH]);
bool session_record_to_json(const struct session_record *s, char out[USER_JSON_MAX]);
bool session_record_from_json(const char *json, size_t len, struct session_record *ret_session);

#endif
