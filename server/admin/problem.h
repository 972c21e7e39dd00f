/* Errors as problem+json (RFC 9457): {type,title,status,detail,errors:[{field,reason}]}. Each of these answers the
 * request. */
#ifndef SERVER_ADMIN_PROBLEM_H
#define SERVER_ADMIN_PROBLEM_H

#include "campaign_json.h"
#include "conn.h"
#include "store.h"

void problem_reply(struct conn *c, int status, const char *detail);
/* With Retry-After: so many seconds. */
void problem_reply_later(struct conn *c, int status, int seconds, const char *detail);
/* What is wrong with a body or a query: 400 if it is not JSON at all, else 422 with every field. Errors without a
 * single entry mean that memory ran out: 503. */
void problem_reply_fields(struct conn *c, const struct field_errors *errors);

/* Another status with fields that explain it. */
void problem_reply_errors(struct conn *c, int status, const char *detail, const struct field_errors *errors);

/* Whether the call that failed was to change something: then a result of "unknown" must be said. */
enum problem_call { PROBLEM_READING, PROBLEM_CHANGING };
void problem_reply_store(struct conn *c, enum store_result r, enum problem_call call);
/* STORE_ALIAS_TAKEN: 422 with the alias's place, and who has it. */
void problem_reply_alias(struct conn *c, const struct store_alias_taken *taken);

/* The door's `refuse`: for what no route takes, and for heads that do not parse. */
void problem_refuse(struct conn *c, int status);

#endif
