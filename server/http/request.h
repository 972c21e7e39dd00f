/*
 * A request's head out of bytes: a strict pass over the raw head, then llhttp. Pure: no I/O, no clock. Bodies are
 * body.h's, cookies and parameters params.h's.
 *
 * Everything ambiguous is refused, so that no proxy in front can read the same bytes in another way (RFC 9112; sections
 * at the checks in request.c). Spans point into the caller's buffer and are valid as long as that is.
 */
#ifndef SERVER_HTTP_REQUEST_H
#define SERVER_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_HEAD_MAX = 8192,   /* bytes of request line and headers, with the empty line: 431 */
    HTTP_TARGET_MAX = 4096, /* bytes of the request target: 414 */
    HTTP_HEADERS_MAX = 100, /* header lines: 431 */
};

enum http_method { HTTP_M_GET, HTTP_M_HEAD, HTTP_M_POST, HTTP_M_PUT, HTTP_M_PATCH, HTTP_M_DELETE, HTTP_M_OPTIONS };

struct span {
    const char *at;
    size_t len;
};

/* Headers that handlers ask for. Order as in request.c's table. */
enum http_header {
    HTTP_H_HOST,
    HTTP_H_COOKIE,
    HTTP_H_USER_AGENT,
    HTTP_H_ACCEPT_LANGUAGE,
    HTTP_H_ACCEPT,
    HTTP_H_ACCEPT_ENCODING,
    HTTP_H_AUTHORIZATION,
    HTTP_H_X_API_KEY,
    HTTP_H_CONTENT_TYPE,
    HTTP_H_IF_MATCH,
    HTTP_H_IF_NONE_MATCH,
    HTTP_H_ORIGIN,
    HTTP_H_X_REQUESTED_WITH,
    HTTP_H_X_FORWARDED_FOR,
    HTTP_H_SEC_PURPOSE,
    HTTP_H_PURPOSE,
    HTTP_H_X_MOZ,
    HTTP_H_X_PURPOSE,
    HTTP_H_COUNT
};

struct request {
    enum http_method method;
    struct span path;                 /* as sent, begins with '/', without query; of absolute-form the path only */
    struct span query;                /* behind '?', else empty */
    struct span header[HTTP_H_COUNT]; /* at == NULL: not sent. Of a repeated header the first; repeated ones that must
                                         not be: 400 */
    bool keep_alive;
    bool http_1_0;
    bool expects_continue;
    bool chunked;
    uint64_t content_length; /* 0 when none */
    bool has_content_length;
};

/* Where the head ends: bytes up to and including CRLFCRLF; 0: not yet; scanned remembers where to go on. A bare LF LF
 * also counts as an end, so that it is refused at once and not waited for. */
size_t request_head_end(const char *buf, size_t len, size_t *scanned);

/* Parses a whole head. 0, or the status to refuse it with (400, 414, 417, 431, 501, 505); *r is then not to be used. */
int request_parse(struct request *r, const char *head, size_t len);

bool span_is(struct span s, const char *text);         /* exact */
bool span_is_nocase(struct span s, const char *lower); /* ASCII case-insensitive; text given in lower case */

#endif
