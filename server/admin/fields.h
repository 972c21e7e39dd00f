/* Small JSON bodies, field by field. What is wrong with them is collected in errors. */
#ifndef SERVER_ADMIN_FIELDS_H
#define SERVER_ADMIN_FIELDS_H

#include <jansson.h>

#include "campaign_json.h"
#include "door.h"

enum { FIELDS_BODY_MAX = 4096 }; /* bytes of such a body */

/* The body as an object; other keys than these (ended by NULL) are errors. If it is not a JSON object in UTF-8: answers
 * 415 or 400 and returns NULL. The caller's, to decref. */
json_t *fields_read(struct conn *c, const char *const *keys, struct field_errors *errors);
/* A text that must be there; NULL with an error if it is none. */
const char *fields_text(const json_t *body, const char *key, struct field_errors *errors);
/* One of the four roles; AUTH_NOBODY with an error if it is none. */
enum auth_role fields_role(const json_t *body, struct field_errors *errors);
/* A date to come, or null or nothing, which is 0. */
int64_t fields_expiry(const json_t *body, const char *key, int64_t now, struct field_errors *errors);
bool fields_given(const json_t *body, const char *key);

/* ?limit= and ?cursor= of a list. */
struct fields_page {
    int limit;
    char cursor[AUTH_NAME_MAX + 1];
};
void fields_read_page(struct span query, struct fields_page *p, struct field_errors *errors);
/* Whether the query's page makes sense; if not: answers 400. To be asked before rows are read for fields_answer_page.
 */
bool fields_page_good(struct conn *c);
/* Answers with the query's page of rows (an array, stolen; NULL: out of memory, 503) sorted by their `key`: those
 * behind the cursor. */
void fields_answer_page(struct conn *c, json_t *rows, const char *key);
/* Answers with the only one of the rows (likewise), or with 404 and what is said of none. */
void fields_answer_only(struct conn *c, json_t *rows, const char *none);
/* Answers with one object (stolen; NULL: 503). */
void fields_answer(struct conn *c, int status, json_t *object, const char *location);

#endif
