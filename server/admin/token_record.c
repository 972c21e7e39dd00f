/* Records of API tokens as JSON. See token_record.h. */
#include "token_record.h"

#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "auth.h"
#include "campaign_json_memory.h"

enum auth_role token_role_from_name(const char *name)
{
    for (int role = AUTH_VIEWER; role <= AUTH_OWNER; role++)
        if (strcmp(auth_role_name((enum auth_role)role), name) == 0)
            return (enum auth_role)role;
    return AUTH_NOBODY;
}

void token_record_draw(struct token_record *r, char token[TOKEN_TEXT])
{
    unsigned char bytes[TOKEN_BYTES], hash[AUTH_HASH];
    randombytes_buf(bytes, sizeof bytes);
    memcpy(token, "hm_", 3);
    sodium_bin2base64(token + 3, TOKEN_TEXT - 3, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    auth_hash(token, strlen(token), hash);
    sodium_bin2hex(r->hash, sizeof r->hash, hash, sizeof hash);
    memcpy(r->id, r->hash, TOKEN_ID);
    r->id[TOKEN_ID] = '\0';
    sodium_memzero(bytes, sizeof bytes);
}

char *token_record_to_json(const struct token_record *r)
{
    char date[32];
    date_to_text(r->created_at, date);
    json_t *record = json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", r->id, "name", r->name, "role", auth_role_name(r->role),
                               "created_at", date, "hash", r->hash);
    if (record && r->expires_at) {
        date_to_text(r->expires_at, date);
        json_object_set_new(record, "expires_at", json_string(date));
    }
    char *text = record ? json_dumps(record, JSON_COMPACT) : NULL;
    json_decref(record);
    return text;
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

bool token_record_from_json(const char *json, size_t len, struct token_record *ret_record)
{
    struct token_record r = {.role = AUTH_NOBODY};
    char role[16], date[32];
    json_t *record = json_memory_load(json, len, JSON_REJECT_DUPLICATES, NULL);
    bool good = take(record, "id", r.id, sizeof r.id) && take(record, "name", r.name, sizeof r.name) &&
                take(record, "hash", r.hash, sizeof r.hash) && take(record, "role", role, sizeof role) &&
                take(record, "created_at", date, sizeof date) && date_from_text(date, strlen(date), &r.created_at);
    if (good && json_object_get(record, "expires_at"))
        good = take(record, "expires_at", date, sizeof date) && date_from_text(date, strlen(date), &r.expires_at);
    json_decref(record);
    if (good)
        r.role = token_role_from_name(role);
    if (!good || r.role == AUTH_NOBODY)
        return false;
    *ret_record = r;
    return true;
}
