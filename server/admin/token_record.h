/*
 * What the store keeps of an API token: a JSON record under the SHA-256 of the token, never the token itself.
 *
 *     {"id":"1a2b3c4d","name":"ci","role":"admin","created_at":"2026-11-29T06:20:00Z","expires_at":"…",
 *      "hash":"1a2b3c4d…"}
 *
 * The id is the beginning of the hash: enough to name a token by hand, no help in guessing it.
 */
#ifndef SERVER_ADMIN_TOKEN_RECORD_H
#define SERVER_ADMIN_TOKEN_RECORD_H

#include <stdbool.h>

#include "door.h"
#include "store.h"

enum {
    TOKEN_ID = 8,     /* hex digits */
    TOKEN_BYTES = 32, /* of randomness */
    TOKEN_TEXT = 47,  /* "hm_" and TOKEN_BYTES in base64url, with NUL */
};

struct token_record {
    char id[TOKEN_ID + 1];
    char name[AUTH_NAME_MAX + 1];
    enum auth_role role;
    int64_t created_at; /* unix seconds */
    int64_t expires_at; /* likewise; 0: never */
    char hash[STORE_TOKEN_HASH];
};

/* Draws a token's text, and sets the record's hash and id. */
void token_record_draw(struct token_record *r, char token[TOKEN_TEXT]);

/* malloc'd JSON; NULL: out of memory or the name is not UTF-8. */
char *token_record_to_json(const struct token_record *r);
/* Back. false: not a record; *ret_record is untouched then. */
bool token_record_from_json(const char *json, size_t len, struct token_record *ret_record);

/* "owner" ... -> the role; AUTH_NOBODY: none of that name. */
enum auth_role token_role_from_name(const char *name);

#endif
