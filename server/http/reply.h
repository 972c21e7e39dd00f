/*
 * Answers. A reply is built in its thread's buffer and sent at once; only what the socket does not take is kept.
 *
 *     struct reply r;
 *     reply_begin(&r, c, 302);
 *     reply_header(&r, "Location", url, url_len);
 *     reply_end(&r, NULL, 0);
 *
 * Date, Content-Length and Connection are written here. A header whose value has control bytes, or does not fit, is
 * left out: nothing from outside splits a response.
 */
#ifndef SERVER_HTTP_REPLY_H
#define SERVER_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "conn.h"

enum {
    REPLY_HEAD_MAX = 16384, /* bytes of status line and headers */
    REPLY_PARTS_MAX = 3,
};

struct reply {
    struct conn *conn;
    char *start, *at, *end;
    int status;
};

void reply_begin(struct reply *r, struct conn *c, int status);
void reply_header(struct reply *r, const char *name, const char *value, size_t len);
void reply_header_text(struct reply *r, const char *name, const char *value);
/* Whole lines made beforehand, each ended by CRLF; trusted. */
void reply_lines(struct reply *r, const char *lines, size_t len);
/* Sends. A HEAD request gets the head only. The connection goes on, or is freed: it is not to be touched after this. */
void reply_end(struct reply *r, const char *body, size_t len);
/* Sends the head of an answer without end, which goes on with conn_stream_send. ended: called once, when the connection
 * ends for whatever reason, as the last that is done with it. false: it does not go on (HEAD, or the client has left),
 * and ended is not called. */
bool reply_stream(struct reply *r, void (*ended)(struct conn *c));
/* Likewise for a body whose length is not known yet: chunked (RFC 9112, 7.1), for HTTP/1.0 ended by the connection's
 * end; conn_stream_finish ends it. drained: the client has taken all that it had left unsent; never from inside a call.
 */
bool reply_stream_body(struct reply *r, void (*drained)(struct conn *c), void (*ended)(struct conn *c));
/* Likewise, with a body in pieces, at most REPLY_PARTS_MAX; they are used during the call only. */
void reply_end_parts(struct reply *r, const struct span *parts, int count);

#endif
