/* A sheet's JSON body. */
#ifndef SERVER_ADMIN_PRINT_BODY_H
#define SERVER_ADMIN_PRINT_BODY_H

#include <jansson.h>

#include "conn.h"
#include "print_sheet.h"

/* The body as an object whose keys a sheet has; NULL: 415, 400 or 503 is answered. What is wrong with its keys and its
 * channels (read into s, which the caller clears in any case) is among the errors. The caller's, to decref. */
json_t *print_body_read(struct conn *c, struct print_sheet *s, struct field_errors *errors);
/* Its other parameters, as those of a query. */
struct print_source print_source_body(const json_t *body);

#endif
