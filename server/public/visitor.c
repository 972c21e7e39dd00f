/* Reads and writes the cookies `hm` and `hw`. */
#include "visitor.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "params.h"

static const char cookie_name[] = "hm";

void visitor_init(struct visitor_options *o, const unsigned char secret[STORE_SECRET], int days, const char *base_url)
{
    static const unsigned char purpose[] = "huoma seat token 1";
    crypto_generichash(o->key, sizeof o->key, purpose, sizeof purpose - 1, secret, STORE_SECRET);
    snprintf(o->attributes, sizeof o->attributes, "; Max-Age=%d; HttpOnly; SameSite=Lax%s\r\n", days * 86400,
             strncmp(base_url, "https://", 8) == 0 ? "; Secure" : "");
}

bool visitor_read(const struct visitor_options *o, const struct request *r, const struct campaign *c,
                  struct seat_token *token)
{
    if (!r->header[HTTP_H_COOKIE].at)
        return false;
    struct span text = request_cookie(r, cookie_name);
    return text.at && text.len < SEAT_TOKEN_MAX && seat_token_read(text.at, text.len, o->key, c, token) == 0;
}

size_t visitor_line(const struct visitor_options *o, const struct seat_token *token, const struct campaign *c,
                    struct span path, char out[VISITOR_LINE_MAX])
{
    char *p = mempcpy(out, "Set-Cookie: hm=", 15);
    p += seat_token_write(token, o->key, c, p);
    p = mempcpy(p, "; Path=/", 8);
    p = mempcpy(p, path.at, path.len < CAMPAIGN_SLUG_MAX ? path.len : CAMPAIGN_SLUG_MAX);
    p = mempcpy(p, o->attributes, strlen(o->attributes));
    return (size_t)(p - out);
}

void visitor_write(const struct visitor_options *o, struct reply *reply, const struct seat_token *token,
                   const struct campaign *c, struct span path)
{
    char line[VISITOR_LINE_MAX];
    reply_lines(reply, line, visitor_line(o, token, c, path, line));
}

bool visitor_read_place(const struct request *r, char id[STORE_PLACE_ID + 1])
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (!r->header[HTTP_H_COOKIE].at)
        return false;
    struct span text = request_cookie(r, "hw");
    if (!text.at || text.len != STORE_PLACE_ID)
        return false;
    memcpy(id, text.at, STORE_PLACE_ID);
    id[STORE_PLACE_ID] = '\0';
    return strspn(id, allowed) == STORE_PLACE_ID;
}

void visitor_draw_place(char id[STORE_PLACE_ID + 1])
{
    unsigned char bits[16];
    _Static_assert(sodium_base64_ENCODED_LEN(sizeof bits, sodium_base64_VARIANT_URLSAFE_NO_PADDING) ==
                       STORE_PLACE_ID + 1,
                   "an id is 128 bits");
    randombytes_buf(bits, sizeof bits);
    sodium_bin2base64(id, STORE_PLACE_ID + 1, bits, sizeof bits, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void visitor_write_place(const struct visitor_options *o, struct reply *reply, const char *id, struct span path)
{
    char line[VISITOR_LINE_MAX];
    int len = snprintf(line, sizeof line, "Set-Cookie: hw=%s; Path=/%.*s%s", id, (int)path.len, path.at, o->attributes);
    reply_lines(reply, line, (size_t)len);
}
