/* What a request says in names and values: cookies, percent-encoding, parameters of a query or form. */
#ifndef SERVER_HTTP_PARAMS_H
#define SERVER_HTTP_PARAMS_H

#include "request.h"

enum { HTTP_QUERY_MAX = 32 }; /* parameters of a query or form */

/* The value of a cookie by its name, exact; at == NULL: none or more than one (RFC 6265, 5.4; two of a name are
 * ambiguous). */
struct span request_cookie(const struct request *r, const char *name);
/* Percent-decodes (and '+' if form) into out, NUL-terminated; length, or -1: bad escape, NUL, or it does not fit. */
long span_decode(struct span s, bool form, char *out, size_t size);
/* A query's or form's parameter by name, decoded; length, -1 bad, -2 not there, -3 given twice. */
long query_get(struct span query, const char *name, char *out, size_t size);

#endif
