/*
 * Tokens and records of owner links.
 *
 * A token says what it is for: "SLUG.GROUP.ID.EXPIRES.MAC", the MAC keyed by the store's secret: a made-up one costs no
 * call of the store. The store keeps a record by ID, which is deleted to revoke it:
 *
 *     {"id":"1a2b3c4d5e6f7081","group":"g1","by":"anna","created_at":"…","expires_at":"…"}
 */
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "campaign_json_memory.h"
#include "owner_links.h"

enum {
    LINK_MAC = 16,      /* bytes */
    LINK_MAC_TEXT = 23, /* in base64url, with NUL */
};

/* --- tokens --- */

void owner_key(const unsigned char *secret, unsigned char *key)
{
    static const char use[] = "huoma owner link";
    crypto_generichash(key, AUTH_HASH, (const unsigned char *)use, sizeof use - 1, secret, STORE_SECRET);
}

void owner_link_draw(char out[OWNER_LINK_ID])
{
    unsigned char bytes[(OWNER_LINK_ID - 1) / 2];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(out, OWNER_LINK_ID, bytes, sizeof bytes);
}

static void sign(const unsigned char *key, const char *text, size_t len, char out[LINK_MAC_TEXT])
{
    unsigned char mac[LINK_MAC];
    crypto_generichash(mac, sizeof mac, (const unsigned char *)text, len, key, AUTH_HASH);
    sodium_bin2base64(out, LINK_MAC_TEXT, mac, sizeof mac, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void owner_link_token(const unsigned char *key, const char *slug, const char *group, const char *id, int64_t expires_at,
                      char out[OWNER_LINK_TOKEN_MAX])
{
    char mac[LINK_MAC_TEXT];
    int len = snprintf(out, OWNER_LINK_TOKEN_MAX, "%s.%s.%s.%" PRId64, slug, group, id, expires_at);
    sign(key, out, (size_t)len, mac);
    snprintf(out + len, OWNER_LINK_TOKEN_MAX - (size_t)len, ".%s", mac);
}

bool owner_link_open(const unsigned char *key, const char *token, size_t token_len, struct owner_link_claim *ret_claim)
{
    char text[OWNER_LINK_TOKEN_MAX], mac[LINK_MAC_TEXT];
    const char *dot = token_len < sizeof text ? memrchr(token, '.', token_len) : NULL;
    if (!dot || token + token_len - dot - 1 != LINK_MAC_TEXT - 1)
        return false;
    size_t len = (size_t)(dot - token);
    sign(key, token, len, mac);
    if (sodium_memcmp(mac, dot + 1, LINK_MAC_TEXT - 1) != 0)
        return false;
    memcpy(text, token, len);
    text[len] = '\0';
    return sscanf(text, "%64[^.].%16[^.].%16[^.].%" SCNd64, ret_claim->slug, ret_claim->group, ret_claim->id,
                  &ret_claim->expires_at) == 4;
}

/* --- records --- */

char *owner_link_record(const char *id, const char *group, const char *by, int64_t now, int64_t expires_at)
{
    char from[32], until[32];
    date_to_text(now, from);
    date_to_text(expires_at, until);
    json_t *record =
        json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", id, "group", group, "by", by, "created_at", from, "expires_at", until);
    char *json = record ? json_dumps(record, JSON_COMPACT) : NULL;
    json_decref(record);
    return json;
}

static bool read_text(const json_t *record, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text && (size_t)snprintf(out, size, "%s", text) < size;
}

static bool read_date(const json_t *record, const char *key, int64_t *out)
{
    const json_t *value = json_object_get(record, key);
    return json_is_string(value) && date_from_text(json_string_value(value), json_string_length(value), out);
}

bool owner_link_read(const char *json, size_t len, struct owner_link *ret_link)
{
    json_t *record = json_memory_load(json, len, 0, NULL);
    bool good = read_text(record, "id", ret_link->id, sizeof ret_link->id) &&
                read_text(record, "group", ret_link->group, sizeof ret_link->group) &&
                read_text(record, "by", ret_link->by, sizeof ret_link->by) &&
                read_date(record, "created_at", &ret_link->created_at) &&
                read_date(record, "expires_at", &ret_link->expires_at);
    json_decref(record);
    return good;
}

/* --- what the audit log says --- */

void owner_link_audit_made(struct audit_change *ch, const char *id, int64_t expires_at)
{
    char until[32];
    date_to_text(expires_at, until);
    audit_objects(ch, NULL, json_pack("{s:s,s:s}", "owner_link", id, "expires_at", until));
}

void owner_link_audit_revoked(struct audit_change *ch, const char *id)
{
    audit_objects(ch, json_pack("{s:s}", "owner_link", id), NULL);
}
