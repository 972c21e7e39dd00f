/* Sends an answer that is made by and by. What the client has not taken yet is kept here, and bounded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conn_private.h"

static void stream_close(struct conn *c)
{
    if (c->busy)
        conn_set_state(c, CONN_CLOSED); /* conn_process frees it */
    else
        conn_free(c);
}

/* Sends what is kept. false: it is closed. */
static bool stream_flush(struct conn *c)
{
    ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        stream_close(c);
        return false;
    }
    if (n > 0)
        c->out_at += (size_t)n;
    if (c->out_at == c->out_len) {
        c->out_at = c->out_len = 0;
        c->deadline_ms = 0;
        if (c->stream_finished)
            conn_linger(c);
    } else {
        event_add(&c->write_event, NULL);
        if (!c->deadline_ms)
            c->deadline_ms = door_now_ms() + HTTP_WRITE_SECONDS * 1000;
    }
    return true;
}

/* Keeps bytes to be sent. false: there is no room, and it is closed. */
static bool stream_keep(struct conn *c, const char *bytes, size_t len)
{
    if (!c->out)
        c->out = malloc(STREAM_BUFFER);
    if (c->out && c->out_at > 0) {
        memmove(c->out, c->out + c->out_at, c->out_len - c->out_at);
        c->out_len -= c->out_at;
        c->out_at = 0;
    }
    if (!c->out || len > STREAM_BUFFER - c->out_len) {
        stream_close(c);
        return false;
    }
    memcpy(c->out + c->out_len, bytes, len);
    c->out_len += len;
    return true;
}

bool conn_stream_send(struct conn *c, const char *bytes, size_t len)
{
    char size[STREAM_CHUNK_HEAD];
    if (c->state != CONN_STREAM) /* closed while its handler was still at it */
        return false;
    if (len > HTTP_STREAM_UNSENT_MAX - conn_stream_unsent(c)) {
        stream_close(c);
        return false;
    }
    if (!c->stream_chunked)
        return stream_keep(c, bytes, len) && stream_flush(c);
    if (len == 0) /* a chunk of nothing would be the last one */
        return true;
    int head = snprintf(size, sizeof size, "%zx\r\n", len);
    return stream_keep(c, size, (size_t)head) && stream_keep(c, bytes, len) && stream_keep(c, "\r\n", 2) &&
           stream_flush(c);
}

size_t conn_stream_unsent(const struct conn *c)
{
    size_t unsent = c->out_len - c->out_at;
    return unsent < HTTP_STREAM_UNSENT_MAX ? unsent : HTTP_STREAM_UNSENT_MAX; /* chunks' own lines are not counted */
}

void conn_stream_finish(struct conn *c)
{
    static const char last_chunk[] = "0\r\n\r\n";
    c->stream_ended = c->stream_drained = NULL;
    if (c->state != CONN_STREAM)
        return;
    c->stream_finished = true;
    if (!c->stream_chunked || stream_keep(c, last_chunk, sizeof last_chunk - 1))
        stream_flush(c);
}

void conn_stream_end(struct conn *c)
{
    stream_close(c);
}

bool conn_stream_begin(struct conn *c, const char *head, size_t len, void (*ended)(struct conn *c))
{
    conn_clear_body(c);
    if (c->dead || c->eof) {
        stream_close(c);
        return false;
    }
    conn_give_back_buffer(c);
    c->lingered = 0;
    conn_set_state(c, CONN_STREAM);
    conn_want_read(c, true);
    if (!conn_stream_send(c, head, len))
        return false;
    c->stream_ended = ended;
    return true;
}

void conn_stream_go_on(struct conn *c)
{
    if (stream_flush(c) && c->stream_drained && c->out_len == 0)
        c->stream_drained(c);
}
