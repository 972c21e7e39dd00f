/* Reads and writes the cookie `hm`. */
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
