/* Records of users and sessions as JSON. See user_record.h. */
#include "user_record.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "campaign_json_memory.h"
#include "token_record.h"

enum { SESSION_BYTES = 32 };

const char *user_name_problem(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > USER_NAME_MAX)
        return "must be 1 to 64 bytes";
    if (name[0] == ' ' || name[len - 1] == ' ')
        return "must not begin or end with a blank";
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f || name[i] == ':')
            return "must not have a colon or control characters";
    return NULL;
}

const char *user_password_problem(const char *password)
{
    size_t len = strlen(password), characters = 0;
    for (size_t i = 0; i < len; i++)
        characters += ((unsigned char)password[i] & 0xc0) != 0x80;
    if (characters < USER_PASSWORD_MIN)
        return "must be 12 characters at least";
    return len > HASHER_PASSWORD_MAX ? "must be 256 bytes at most" : NULL;
}

static void draw_epoch(char out[USER_EPOCH])
{
    unsigned char bytes[(USER_EPOCH - 1) / 2];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(out, USER_EPOCH, bytes, sizeof bytes);
}

void user_record_renew(struct user_record *u)
{
    draw_epoch(u->epoch);
}

static bool dump(json_t *record, char out[USER_JSON_MAX])
{
    size_t len = record ? json_dumpb(record, out, USER_JSON_MAX - 1, JSON_COMPACT) : 0;
    json_decref(record);
    if (len == 0 || len > USER_JSON_MAX - 1)
        return false;
    out[len] = '\0';
    return true;
}

bool user_record_to_json(const struct user_record *u, char out[USER_JSON_MAX])
{
    char date[32];
    date_to_text(u->created_at, date);
    return dump(json_pack("{s:s,s:s,s:b,s:s,s:s,s:s}", "name", u->name, "role", auth_role_name(u->role), "disabled",
                          u->disabled, "password", u->password, "epoch", u->epoch, "created_at", date),
                out);
}

/* A string of the record that fits into size bytes with its NUL. */
static bool take(const json_t *record, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(record, key));
    size_t len = text ? strlen(text) : size;
    if (len >= size)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

static bool take_date(const json_t *record, const char *key, int64_t *out)
{
    char date[32];
    return take(record, key, date, sizeof date) && date_from_text(date, strlen(date), out);
}

bool user_record_from_json(const char *json, size_t len, struct user_record *ret_user)
{
    struct user_record u = {.role = AUTH_NOBODY};
    char role[16];
    json_t *record = json_memory_load(json, len, JSON_REJECT_DUPLICATES, NULL);
    json_t *disabled = json_object_get(record, "disabled");
    bool good = take(record, "name", u.name, sizeof u.name) && take(record, "role", role, sizeof role) &&
                take(record, "password", u.password, sizeof u.password) &&
                take(record, "epoch", u.epoch, sizeof u.epoch) && take_date(record, "created_at", &u.created_at) &&
                json_is_boolean(disabled);
    if (good) {
        u.disabled = json_is_true(disabled);
        u.role = token_role_from_name(role);
    }
    json_decref(record);
    if (!good || u.role == AUTH_NOBODY)
        return false;
    *ret_user = u;
    return true;
}

/* --- sessions --- */

bool session_hash(const char *token, size_t len, char hash[STORE_TOKEN_HASH])
{
    unsigned char bytes[AUTH_HASH];
    if (len != SESSION_TOKEN - 1)
        return false;
    auth_hash(token, len, bytes);
    sodium_bin2hex(hash, STORE_TOKEN_HASH, bytes, sizeof bytes);
    return true;
}

void session_draw(char token[SESSION_TOKEN], char hash[STORE_TOKEN_HASH])
{
    unsigned char bytes[SESSION_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(token, SESSION_TOKEN, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
    session_hash(token, SESSION_TOKEN - 1, hash);
}

bool session_record_to_json(const struct session_record *s, char out[USER_JSON_MAX])
{
    char date[32];
    date_to_text(s->created_at, date);
    return dump(json_pack("{s:s,s:s,s:s}", "user", s->user, "epoch", s->epoch, "created_at", date), out);
}

bool session_record_from_json(const char *json, size_t len, struct session_record *ret_session)
{
    struct session_record s;
    json_t *record = json_memory_load(json, len, JSON_REJECT_DUPLICATES, NULL);
    bool good = take(record, "user", s.user, sizeof s.user) && take(record, "epoch", s.epoch, sizeof s.epoch) &&
                take_date(record, "created_at", &s.created_at);
    json_decref(record);
    if (good)
        *ret_session = s;
    return good;
}
