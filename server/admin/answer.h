/* Answers that are no errors, with the headers that all answers of this door carry. */
#ifndef SERVER_ADMIN_ANSWER_H
#define SERVER_ADMIN_ANSWER_H

#include <stdint.h>
#include <stdio.h>

#include "conn.h"
#include "reply.h"
#include "store.h"

/* Begins an answer: the type, no-store, nosniff, and a policy that lets nothing run or load. */
void answer_begin(struct reply *r, struct conn *c, int status, const char *content_type);
/* json is malloc'd and freed here; NULL is answered with a 503. version: the ETag; location: NULL none. */
void answer_json(struct conn *c, int status, char *json, size_t len, int64_t version, const char *location);
void answer_campaign(struct conn *c, int status, const struct store_campaign *sc, const char *location);
/* Campaigns as the API has them, with commas between. false: out of memory. */
bool answer_print_campaigns(FILE *f, struct conn *c, const struct store_campaign *rows, size_t count);
/* position must exist. */
void answer_group(struct conn *c, int status, const struct store_campaign *sc, size_t position, const char *location);
void answer_nothing(struct conn *c); /* 204 */

enum { ANSWER_HASH = 16 /* bytes of it in an ETag */, ANSWER_ETAG = ANSWER_HASH * 2 + 3 };
/* The ETag of a file: of what is in it, so the same on every server. */
void answer_etag(const void *bytes, size_t len, char out[ANSWER_ETAG]);
/* Whether If-None-Match names this tag. */
bool answer_client_has(const struct conn *c, const char *etag);

#endif
