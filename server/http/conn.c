/*
 * One connection's life: accepted -> read (conn_read.c) -> served (conn_serve.c) -> answered (conn_answer.c, or
 * conn_stream.c) -> the next request, or the end. Here: how it begins and ends, its states and their deadlines, its
 * events.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn_private.h"

void conn_set_state(struct conn *c, enum conn_state state)
{
    static const int seconds[] = {
        [CONN_IDLE] = HTTP_IDLE_SECONDS,
        [CONN_HEAD] = HTTP_HEAD_SECONDS,
        [CONN_BODY] = HTTP_BODY_SECONDS,
        [CONN_WAITING] = 0, /* storage has its own */
        [CONN_WRITING] = HTTP_WRITE_SECONDS,
        [CONN_LINGER] = HTTP_LINGER_SECONDS,
        [CONN_STREAM] = 0, /* while something is unsent: HTTP_WRITE_SECONDS */
        [CONN_CLOSED] = 0,
    };
    c->state = state;
    c->deadline_ms = seconds[state] ? door_now_ms() + seconds[state] * 1000 : 0;
}

bool conn_is_crowded(const struct conn *c)
{
    const struct http_door *d = c->door;
    return (c->crowd && *c->crowd > d->o.address_kept) || (d->o.kept_max && d->conn_count > d->o.kept_max);
}

void conn_want_read(struct conn *c, bool want)
{
    if (c->reading == want)
        return;
    if (want ? event_add(&c->read_event, NULL) : event_del(&c->read_event)) {
        c->dead = true; /* epoll refuses it: nothing can be heard of this client any more */
        return;
    }
    c->reading = want;
}

void conn_give_back_buffer(struct conn *c)
{
    door_buffer_put(c->door, c->in);
    c->in = NULL;
    c->in_at = c->in_len = c->scanned = 0;
}

void conn_clear_body(struct conn *c)
{
    request_body_clear(&c->body);
    c->door->large_bodies -= c->large;
    c->large = false;
}

void conn_free(struct conn *c)
{
    struct http_door *d = c->door;
    if (c->stream_ended)
        c->stream_ended(c);
    if (c->reading)
        event_del(&c->read_event);
    if (c->out)
        event_del(&c->write_event);
    close(c->fd);
    conn_give_back_buffer(c);
    free(c->out);
    conn_clear_body(c);
    *c->prev = c->next;
    if (c->next)
        c->next->prev = c->prev;
    d->conn_count--;
    if (c->crowd)
        --*c->crowd;
    if (d->free_conn_count < DOOR_CONNS_KEPT) {
        c->next = d->free_conns;
        d->free_conns = c;
        d->free_conn_count++;
    } else {
        free(c);
    }
    door_conn_gone(d);
}

void conn_close(struct conn *c)
{
    if (c->busy) {
        c->dead = true;
        return;
    }
    if (c->state == CONN_WAITING) { /* freed when its reply has come */
        c->dead = true;
        conn_want_read(c, false);
        return;
    }
    conn_free(c);
}

void conn_linger(struct conn *c)
{
    shutdown(c->fd, SHUT_WR);
    conn_give_back_buffer(c);
    c->lingered = 0;
    conn_set_state(c, CONN_LINGER);
    conn_want_read(c, true);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;
    (void)fd, (void)what;
    if (c->state == CONN_LINGER || c->state == CONN_STREAM)
        conn_drop(c);
    else if (conn_receive(c))
        conn_process(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;
    (void)fd, (void)what;
    if (c->state == CONN_STREAM)
        conn_stream_go_on(c);
    else if (c->state == CONN_WRITING) /* a stream may have sent its end before its turn came, and lingers */
        conn_answer_go_on(c);
}

static struct in6_addr address_of(const union conn_address *a)
{
    struct in6_addr in6 = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    if (a->any.sa_family == AF_INET6)
        return a->v6.sin6_addr;
    memcpy(in6.s6_addr + 12, &a->v4.sin_addr, sizeof a->v4.sin_addr);
    return in6;
}

void conn_accepted(struct http_door *d, int fd, const union conn_address *peer)
{
    size_t size = sizeof(struct conn) + d->o.conn_data;
    const struct in6_addr address = address_of(peer);
    uint32_t *crowd = d->crowd && d->o.counts(d->o.owner, &address) ? crowd_count(d->crowd, &address) : NULL;
    if (crowd && *crowd >= d->o.address_max) {
        close(fd);
        return;
    }
    struct conn *c = d->free_conns;
    if (c) {
        d->free_conns = c->next;
        d->free_conn_count--;
    } else if (!(c = malloc(size))) {
        close(fd);
        return;
    }
    memset(c, 0, sizeof *c);
    c->door = d;
    c->fd = fd;
    c->peer = address;
    c->crowd = crowd;
    if (crowd)
        ++*crowd;
    c->next = d->conns;
    c->prev = &d->conns;
    if (c->next)
        c->next->prev = &c->next;
    d->conns = c;
    d->conn_count++;
    event_assign(&c->read_event, d->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    event_assign(&c->write_event, d->base, fd, EV_WRITE, on_writable, c);
    conn_set_state(c, CONN_HEAD);
    if (conn_is_crowded(c))
        c->deadline_ms = door_now_ms() + HTTP_HEAD_CROWDED_SECONDS * 1000;
    on_readable(fd, EV_READ, c);
}

void conn_tick(struct conn *c, int64_t now_ms)
{
    if (c->deadline_ms && now_ms >= c->deadline_ms)
        conn_close(c);
}
