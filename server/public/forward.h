/* A visitor's query string, passed on to the link of their group. */
#ifndef SERVER_PUBLIC_FORWARD_H
#define SERVER_PUBLIC_FORWARD_H

#include <stdbool.h>

#include "request.h"

enum { FORWARD_LOCATION_MAX = 4096 }; /* bytes of a Location with a query that was passed on */

/*
 * The link with the query behind its own, before a "#fragment" (RFC 3986, 3.4 and 3.5), ended by a NUL. false, and out
 * is not to be used: there is no query, the link is not http or https, the query has a byte that is not printable ASCII
 * or that could end an address (quotes, angle brackets, '#'), or the whole would be too long.
 */
bool forward_location(const char *url, struct span query, char out[FORWARD_LOCATION_MAX + 1]);

#endif
