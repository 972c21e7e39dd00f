/* The visitor's cookies: how a seat's proof comes and goes, and the name of one who waits. */
#ifndef SERVER_PUBLIC_VISITOR_H
#define SERVER_PUBLIC_VISITOR_H

#include <stdbool.h>

#include "conn.h"
#include "reply.h"
#include "seat_token.h"
#include "store.h"

struct visitor_options {
    unsigned char key[SEAT_TOKEN_KEY]; /* made from the store's secret: cookies are valid on every server */
    char attributes[64];               /* "; Max-Age=…; HttpOnly; SameSite=Lax[; Secure]\r\n" */
};

void visitor_init(struct visitor_options *o, const unsigned char secret[STORE_SECRET], int days, const char *base_url);

/* The proof in the request's cookie; false: none, or not one of this campaign's. */
bool visitor_read(const struct visitor_options *o, const struct request *r, const struct campaign *c,
                  struct seat_token *token);

enum { VISITOR_LINE_MAX = SEAT_TOKEN_MAX + CAMPAIGN_SLUG_MAX + 128 }; /* bytes of a Set-Cookie line */

/* "Set-Cookie: hm=…\r\n"; its length. path: the slug's segment as the request wrote it (RFC 6265, 5.1.4: cookie paths
 * are case-sensitive). */
size_t visitor_line(const struct visitor_options *o, const struct seat_token *token, const struct campaign *c,
                    struct span path, char out[VISITOR_LINE_MAX]);
/* Adds that line. */
void visitor_write(const struct visitor_options *o, struct reply *reply, const struct seat_token *token,
                   const struct campaign *c, struct span path);

/* The cookie `hw`, which names one who waits: an id that cannot be guessed. false: none. */
bool visitor_read_place(const struct request *r, char id[STORE_PLACE_ID + 1]);
void visitor_draw_place(char id[STORE_PLACE_ID + 1]);
void visitor_write_place(const struct visitor_options *o, struct reply *reply, const char *id, struct span path);

#endif
