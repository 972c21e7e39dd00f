/* Reads and writes the cookie `hm`. */
#include "visitor.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

static const char cookie_name[] = "hm";

void visitor_init(struct visitor_options *o, const unsigned char secret[STORE_SECRET], int days, const char *base_url)
{
    static const unsigned char purpose[] = "huoma seat token 1";
    crypto_generichash(o->key, sizeof o->key, purpose, sizeof purpose - 1, secret, STORE_SECRET);
    o->days = days;
    o->secure = strncmp(base_url, "https://", 8) == 0;
}

bool visitor_read(const struct visitor_options *o, const struct request *r, const struct campaign *c,
                  struct seat_token *token)
{
    if (!r->header[HTTP_H_COOKIE].at)
        return false;
    struct span text = request_cookie(r, cookie_name);
    return text.at && text.len < SEAT_TOKEN_MAX && seat_token_read(text.at, text.len, o->key, c, token) == 0;
}

void visitor_write(const struct visitor_options *o, struct reply *reply, const struct seat_token *token,
                   const struct campaign *c, struct span path)
{
    char value[SEAT_TOKEN_MAX + CAMPAIGN_SLUG_MAX + 96], *p = value;
    p = mempcpy(p, "hm=", 3);
    p += seat_token_write(token, o->key, c, p);
    p = mempcpy(p, "; Path=/", 8);
    p = mempcpy(p, path.at, path.len < CAMPAIGN_SLUG_MAX ? path.len : CAMPAIGN_SLUG_MAX);
    p += snprintf(p, 64, "; Max-Age=%d; HttpOnly; SameSite=Lax%s", o->days * 86400, o->secure ? "; Secure" : "");
    reply_header(reply, "Set-Cookie", value, (size_t)(p - value));
}
