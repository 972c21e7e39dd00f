/* A connection's bytes as they come: into its buffer while requests are read, else dropped. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "conn_private.h"

void conn_compact(struct conn *c)
{
    size_t keep = c->state == CONN_BODY ? c->body_at : 0;
    if (c->in_at == keep || c->state == CONN_WAITING)
        return;
    memmove(c->in + keep, c->in + c->in_at, c->in_len - c->in_at);
    c->in_len -= c->in_at - keep;
    c->in_at = keep;
}

bool conn_receive(struct conn *c)
{
    if (!c->in && !(c->in = door_buffer_get(c->door))) {
        conn_close(c);
        return false;
    }
    if (c->in_len > CONN_BUFFER - CONN_BODY_ROOM)
        conn_compact(c);
    if (c->in_len == CONN_BUFFER) { /* only while waiting: a client that sends ahead is heard again after its answer */
        conn_want_read(c, false);
        return true;
    }
    ssize_t n = recv(c->fd, c->in + c->in_len, CONN_BUFFER - c->in_len, 0);
    if (n > 0) {
        c->in_len += (size_t)n;
        return true;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (c->in_at == c->in_len && c->state != CONN_WAITING && c->state != CONN_BODY)
            conn_give_back_buffer(c);
        conn_want_read(c, true);
        return c->in != NULL;
    }
    if (n < 0)
        c->dead = true;
    c->eof = true; /* a client may end its side and still read its answer */
    conn_want_read(c, false);
    if (c->state == CONN_WAITING && c->client_left)
        c->client_left(c);
    return true;
}

void conn_drop(struct conn *c)
{
    char bytes[4096];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
    if (n > 0)
        c->lingered += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || c->lingered > HTTP_LINGER_BYTES)
        conn_free(c);
}
