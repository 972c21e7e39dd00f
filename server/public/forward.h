/* A visitor's query string, passed on to the link of their group. */
#ifndef SERVER_PUBLIC_FORWARD_H
#define SERVER_PUBLIC_FORWARD_H

#include <stdbool.h>

#include "request.h"

enum { FORWARD_LOCATION_MAX = 4096 }; /* bytes of a Location with a query that was passed on */

/* Whether it may go into a Location as it is: printable ASCII, nothing that could end an address (quotes, angle
 * brackets,
 * '#', a backslash). */
bool forward_query_is_clean(struct span query);

/*
 * The link with the query behind its own, before a "#fragment" (RFC 3986, 3.4 and 3.5), ended by a NUL. false, and out
 * is not to be used: there is no query, the link is not http or https, the query is not clean, or the whole would be
 * too long.
 */
bool forward_location(const char *url, struct span query, char out[FORWARD_LOCATION_MAX + 1]);

#endif
