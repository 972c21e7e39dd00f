/* Sends a whole answer: at once, or, what the socket does not take, as it has room. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conn_private.h"

/* The answer is with the kernel, or nobody is there to take it. */
static void conn_answered(struct conn *c)
{
    conn_clear_body(c);
    if (c->dead || (c->close_after && !c->refused && c->in_at == c->in_len)) {
        conn_set_state(c, CONN_CLOSED);
        if (!c->busy)
            conn_free(c);
        return;
    }
    if (c->close_after) {
        conn_linger(c);
        return;
    }
    conn_set_state(c, CONN_IDLE);
    if (!c->busy)
        conn_process(c);
}

static void keep_rest(struct conn *c, const struct iovec *parts, int count, size_t total, size_t sent)
{
    c->out = malloc(total);
    if (!c->out) {
        c->dead = true;
        conn_answered(c);
        return;
    }
    c->out_at = c->out_len = 0;
    for (int i = 0; i < count; i++) {
        size_t skip = sent < parts[i].iov_len ? sent : parts[i].iov_len;
        sent -= skip;
        memcpy(c->out + c->out_len, (char *)parts[i].iov_base + skip, parts[i].iov_len - skip);
        c->out_len += parts[i].iov_len - skip;
    }
    conn_want_read(c, false);
    conn_set_state(c, CONN_WRITING);
    event_add(&c->write_event, NULL);
}

void conn_answer(struct conn *c, struct iovec *parts, int count)
{
    size_t total = 0;
    for (int i = 0; i < count; i++)
        total += parts[i].iov_len;
    ssize_t n = -1;
    if (!c->dead) {
        n = count == 1 ? send(c->fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL)
                       : sendmsg(c->fd, &(struct msghdr){.msg_iov = parts, .msg_iovlen = (size_t)count}, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            c->dead = true;
    }
    if (!c->dead && n < (ssize_t)total)
        return keep_rest(c, parts, count, total, n > 0 ? (size_t)n : 0);
    conn_answered(c);
}

void conn_answer_go_on(struct conn *c)
{
    ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        c->dead = true;
    if (n > 0)
        c->out_at += (size_t)n;
    if (!c->dead && c->out_at < c->out_len) {
        event_add(&c->write_event, NULL);
        return;
    }
    free(c->out);
    c->out = NULL;
    conn_set_state(c, CONN_WAITING);
    conn_answered(c);
}
