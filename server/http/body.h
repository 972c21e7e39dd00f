/* A request's body out of bytes, within a limit. Pure: no I/O, no clock. */
#ifndef SERVER_HTTP_BODY_H
#define SERVER_HTTP_BODY_H

#include "request.h"

/* Bytes of a body, by what the route says: 413. Of larger ones than HTTP_BODY_MAX a door reads HTTP_BODIES_LARGE_MAX at
 * a time, a further one is a 503: what strangers can make it hold is bounded. */
enum { HTTP_BODY_MAX = 1 << 20, HTTP_BODY_LARGE_MAX = 8 << 20, HTTP_BODIES_LARGE_MAX = 16 };

/*
 * Decodes a body, chunked or with a length, into `bytes`, which grow. consumed: bytes of the input that are used.
 * begin and feed return 1 when the body is whole, 0 when more is needed, else the status to refuse with, negative
 * (-400, -413, -503).
 */
struct request_body {
    char *bytes; /* malloc'd, NUL-terminated when whole */
    size_t len, cap, max;
    uint64_t left; /* of a body with a length */
    void *chunks;  /* the decoder of a chunked one; owned */
};
int request_body_begin(struct request_body *b, const struct request *r, size_t max);
int request_body_feed(struct request_body *b, const char *bytes, size_t len, size_t *consumed);
void request_body_clear(struct request_body *b);

#endif
