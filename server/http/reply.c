/* Builds an answer's head in the door's buffer; conn_answer.c or conn_stream.c sends it. */
#include <stdio.h>
#include <string.h>

#include "conn_private.h"

static const struct {
    int status;
    const char *line;
} status_lines[] = {
    {200, "HTTP/1.1 200 OK\r\n"},
    {201, "HTTP/1.1 201 Created\r\n"},
    {204, "HTTP/1.1 204 No Content\r\n"},
    {302, "HTTP/1.1 302 Found\r\n"},
    {303, "HTTP/1.1 303 See Other\r\n"},
    {304, "HTTP/1.1 304 Not Modified\r\n"},
    {400, "HTTP/1.1 400 Bad Request\r\n"},
    {401, "HTTP/1.1 401 Unauthorized\r\n"},
    {403, "HTTP/1.1 403 Forbidden\r\n"},
    {404, "HTTP/1.1 404 Not Found\r\n"},
    {405, "HTTP/1.1 405 Method Not Allowed\r\n"},
    {409, "HTTP/1.1 409 Conflict\r\n"},
    {410, "HTTP/1.1 410 Gone\r\n"},
    {412, "HTTP/1.1 412 Precondition Failed\r\n"},
    {413, "HTTP/1.1 413 Content Too Large\r\n"},
    {414, "HTTP/1.1 414 URI Too Long\r\n"},
    {415, "HTTP/1.1 415 Unsupported Media Type\r\n"},
    {417, "HTTP/1.1 417 Expectation Failed\r\n"},
    {422, "HTTP/1.1 422 Unprocessable Content\r\n"},
    {429, "HTTP/1.1 429 Too Many Requests\r\n"},
    {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
    {500, "HTTP/1.1 500 Internal Server Error\r\n"},
    {501, "HTTP/1.1 501 Not Implemented\r\n"},
    {503, "HTTP/1.1 503 Service Unavailable\r\n"},
    {505, "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
    {507, "HTTP/1.1 507 Insufficient Storage\r\n"},
};

/* Room that reply_end needs for Content-Length, Connection and the empty line. */
enum { REPLY_TAIL = 96 };

static const char *status_line(int status)
{
    for (size_t i = 0; i < sizeof status_lines / sizeof *status_lines; i++)
        if (status_lines[i].status == status)
            return status_lines[i].line;
    return "HTTP/1.1 500 Internal Server Error\r\n";
}

void reply_begin(struct reply *r, struct conn *c, int status)
{
    struct http_door *d = c->door;
    r->conn = c;
    r->status = status;
    r->start = r->at = d->out;
    r->end = d->out + sizeof d->out - REPLY_TAIL;
    const char *line = status_line(status);
    reply_lines(r, line, strlen(line));
    door_refresh_date(d);
    reply_lines(r, d->date_line, d->date_len);
}

void reply_lines(struct reply *r, const char *lines, size_t len)
{
    if (len > (size_t)(r->end - r->at))
        return;
    memcpy(r->at, lines, len);
    r->at += len;
}

void reply_header(struct reply *r, const char *name, const char *value, size_t len)
{
    size_t name_len = strlen(name);
    if (name_len + len + 4 > (size_t)(r->end - r->at))
        return;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
            return;
    char *p = r->at;
    memcpy(p, name, name_len);
    p += name_len;
    *p++ = ':';
    *p++ = ' ';
    memcpy(p, value, len);
    p += len;
    *p++ = '\r';
    *p++ = '\n';
    r->at = p;
}

void reply_header_text(struct reply *r, const char *name, const char *value)
{
    reply_header(r, name, value, strlen(value));
}

static char *put_number(char *p, size_t n)
{
    char digits[24];
    int i = 0;
    do
        digits[i++] = (char)('0' + n % 10);
    while (n /= 10);
    while (i > 0)
        *p++ = digits[--i];
    return p;
}

static void finish_head(struct reply *r, size_t body_len)
{
    struct conn *c = r->conn;
    char *p = r->at;
    if (r->status != 204 && r->status != 304) {
        p = mempcpy(p, "Content-Length: ", 16);
        p = put_number(p, body_len);
        p = mempcpy(p, "\r\n", 2);
    }
    if (c->close_after)
        p = mempcpy(p, "Connection: close\r\n", 19);
    else if (c->request.http_1_0)
        p = mempcpy(p, "Connection: keep-alive\r\n", 24);
    r->at = mempcpy(p, "\r\n", 2);
}

void reply_end_parts(struct reply *r, const struct span *parts, int count)
{
    struct conn *c = r->conn;
    struct iovec iov[REPLY_PARTS_MAX + 1];
    size_t body_len = 0;
    for (int i = 0; i < count; i++)
        body_len += parts[i].len;
    if (c->door->draining)
        c->close_after = true;
    finish_head(r, body_len);
    int n = 0;
    iov[n++] = (struct iovec){r->start, (size_t)(r->at - r->start)};
    if (c->request.method != HTTP_M_HEAD && r->status != 204 && r->status != 304)
        for (int i = 0; i < count && n <= REPLY_PARTS_MAX; i++)
            if (parts[i].len)
                iov[n++] = (struct iovec){(void *)(uintptr_t)parts[i].at, parts[i].len};
    conn_answer(c, iov, n);
}

void reply_end(struct reply *r, const char *body, size_t len)
{
    reply_end_parts(r, &(struct span){body, len}, 1);
}

bool reply_stream(struct reply *r, void (*ended)(struct conn *c))
{
    static const char end[] = "Connection: close\r\n\r\n";
    struct conn *c = r->conn;
    if (c->request.method == HTTP_M_HEAD || c->door->draining) {
        reply_end(r, NULL, 0);
        return false;
    }
    c->close_after = true;
    r->at = mempcpy(r->at, end, sizeof end - 1);
    return conn_stream_begin(c, r->start, (size_t)(r->at - r->start), ended);
}

bool reply_stream_body(struct reply *r, void (*drained)(struct conn *c), void (*ended)(struct conn *c))
{
    static const char chunked[] = "Transfer-Encoding: chunked\r\n", end[] = "Connection: close\r\n\r\n";
    struct conn *c = r->conn;
    bool is_chunked = !c->request.http_1_0;
    c->close_after = true;
    if (is_chunked)
        r->at = mempcpy(r->at, chunked, sizeof chunked - 1);
    r->at = mempcpy(r->at, end, sizeof end - 1);
    if (c->request.method == HTTP_M_HEAD) {
        conn_answer(c, &(struct iovec){r->start, (size_t)(r->at - r->start)}, 1);
        return false;
    }
    if (!conn_stream_begin(c, r->start, (size_t)(r->at - r->start), ended))
        return false;
    c->stream_body = true; /* the head was none of it */
    c->stream_chunked = is_chunked;
    c->stream_drained = drained;
    return true;
}
