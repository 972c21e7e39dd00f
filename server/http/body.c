/*
 * A body's bytes into one piece of memory: of a length that the head gave, or chunked, which llhttp decodes.
 */
#include "body.h"

#include <stdlib.h>
#include <string.h>

#include <llhttp.h>

enum {
    CHUNK_OVERHEAD_MAX = 4, /* wire bytes of a chunked body, as a multiple of the limit: tiny chunks are an attack */
};

static int body_append(struct request_body *b, const char *at, size_t len)
{
    if (len > b->max - b->len)
        return -413;
    if (b->len + len + 1 > b->cap) {
        size_t cap = b->cap ? b->cap : 1024;
        while (cap < b->len + len + 1)
            cap *= 2;
        char *bytes = realloc(b->bytes, cap);
        if (!bytes)
            return -503;
        b->bytes = bytes;
        b->cap = cap;
    }
    memcpy(b->bytes + b->len, at, len);
    b->len += len;
    b->bytes[b->len] = '\0';
    return 0;
}

struct chunk_decoder {
    llhttp_t parser;
    struct request_body *body;
    int refused;
    uint64_t wire;
    bool begun; /* behind the head that it was given */
    char last;  /* byte of what was fed before */
};

static int on_body(llhttp_t *p, const char *at, size_t len)
{
    struct chunk_decoder *d = p->data;
    d->refused = body_append(d->body, at, len);
    return d->refused ? -1 : 0;
}

/* Nobody of ours reads trailers, and llhttp lets pass in them what a head must not have (obs-fold, Content-Length). */
static int on_trailer(llhttp_t *p, const char *at, size_t len)
{
    struct chunk_decoder *d = p->data;
    (void)at, (void)len;
    if (!d->begun)
        return 0;
    d->refused = -400;
    return -1;
}

static int on_message_complete(llhttp_t *p)
{
    (void)p;
    return HPE_PAUSED;
}

/* llhttp decodes chunks only behind a head: it is given one. */
static int chunks_begin(struct request_body *b)
{
    static const llhttp_settings_t settings = {
        .on_body = on_body,
        .on_header_field = on_trailer,
        .on_message_complete = on_message_complete,
    };
    static const char head[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    struct chunk_decoder *d = calloc(1, sizeof *d);
    if (!d)
        return -503;
    llhttp_init(&d->parser, HTTP_REQUEST, &settings);
    d->parser.data = d;
    d->body = b;
    llhttp_execute(&d->parser, head, sizeof head - 1);
    d->begun = true;
    b->chunks = d;
    return 0;
}

static int chunks_feed(struct request_body *b, const char *bytes, size_t len, size_t *consumed)
{
    struct chunk_decoder *d = b->chunks;
    d->wire += len;
    if (d->wire > (uint64_t)b->max * CHUNK_OVERHEAD_MAX + HTTP_HEAD_MAX)
        return -413;
    llhttp_errno_t e = llhttp_execute(&d->parser, bytes, len);
    if (e == HPE_OK) {
        d->last = len ? bytes[len - 1] : d->last;
        *consumed = len;
        return 0;
    }
    if (d->refused)
        return d->refused;
    if (e != HPE_PAUSED)
        return -400;
    *consumed = (size_t)(llhttp_get_error_pos(&d->parser) - bytes);
    char before_lf = *consumed > 1 ? bytes[*consumed - 2] : d->last;
    return before_lf == '\r' ? 1 : -400; /* llhttp ends a body at a bare LF too */
}

int request_body_begin(struct request_body *b, const struct request *r, size_t max)
{
    memset(b, 0, sizeof *b);
    b->max = max;
    b->left = r->content_length;
    if (!r->chunked && r->content_length > max)
        return -413;
    if (r->chunked)
        return chunks_begin(b);
    return r->content_length == 0 ? 1 : 0;
}

int request_body_feed(struct request_body *b, const char *bytes, size_t len, size_t *consumed)
{
    *consumed = 0;
    if (b->chunks)
        return chunks_feed(b, bytes, len, consumed);
    size_t take = len < b->left ? len : (size_t)b->left;
    int status = body_append(b, bytes, take);
    if (status)
        return status;
    b->left -= take;
    *consumed = take;
    return b->left == 0;
}

void request_body_clear(struct request_body *b)
{
    free(b->chunks);
    free(b->bytes);
    memset(b, 0, sizeof *b);
}
