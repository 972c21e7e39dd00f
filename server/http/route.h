/* Which handler a request goes to: const tables, walked in order. The first pattern that a path has is its own; another
 * method of it stands in a row with the same pattern. */
#ifndef SERVER_HTTP_ROUTE_H
#define SERVER_HTTP_ROUTE_H

#include "request.h"

struct conn;

enum { ROUTE_SEGMENTS_MAX = 3 };

struct http_route {
    enum http_method method; /* a GET route also serves HEAD, without its body */
    const char *pattern; /* "/", "/healthz", "/{}", "/api/v1/campaigns/{}/qr.svg": a {} takes one whole segment that is
                            not empty */
    void (*handle)(struct conn *c);
    size_t body_max; /* bytes; 0: no body is wanted (a body is 413) */
};

struct route_match {
    const struct http_route *route; /* NULL: none */
    struct span segment[ROUTE_SEGMENTS_MAX];
    unsigned allowed; /* bits of the methods that the path has, for 405 */
};

void route_find(const struct http_route *routes, size_t count, const struct request *r, struct route_match *match);
/* "GET, HEAD, POST" for 405's Allow header. */
const char *route_allow(unsigned allowed, char out[64]);

#endif
