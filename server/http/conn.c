/*
 * One connection's life: accepted -> read -> process (head, body, handler) -> answer -> the next request, or the end.
 *
 * conn_process is the only loop. A handler that answers at once comes back into it; one that answers later leaves
 * CONN_WAITING behind, and conn_answer starts the loop again. While `busy`, nothing frees the connection but the loop
 * itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn_private.h"

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);
static void conn_process(struct conn *c);

static void set_state(struct conn *c, enum conn_state state)
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

static void want_read(struct conn *c, bool want)
{
    if (c->reading == want)
        return;
    if (want ? event_add(&c->read_event, NULL) : event_del(&c->read_event)) {
        c->dead = true; /* epoll refuses it: nothing can be heard of this client any more */
        return;
    }
    c->reading = want;
}

static void give_back_buffer(struct conn *c)
{
    door_buffer_put(c->door, c->in);
    c->in = NULL;
    c->in_at = c->in_len = c->scanned = 0;
}

static void body_clear(struct conn *c)
{
    request_body_clear(&c->body);
    c->door->large_bodies -= c->large;
    c->large = false;
}

/* The one place where a connection ends. */
static void conn_free(struct conn *c)
{
    struct http_door *d = c->door;
    if (c->stream_ended)
        c->stream_ended(c);
    if (c->reading)
        event_del(&c->read_event);
    if (c->out)
        event_del(&c->write_event);
    close(c->fd);
    give_back_buffer(c);
    free(c->out);
    body_clear(c);
    *c->prev = c->next;
    if (c->next)
        c->next->prev = c->prev;
    d->conn_count--;
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
        want_read(c, false);
        return;
    }
    conn_free(c);
}

static void conn_linger(struct conn *c)
{
    shutdown(c->fd, SHUT_WR);
    give_back_buffer(c);
    c->lingered = 0;
    set_state(c, CONN_LINGER);
    want_read(c, true);
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
    c->peer = address_of(peer);
    c->next = d->conns;
    c->prev = &d->conns;
    if (c->next)
        c->next->prev = &c->next;
    d->conns = c;
    d->conn_count++;
    event_assign(&c->read_event, d->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    event_assign(&c->write_event, d->base, fd, EV_WRITE, on_writable, c);
    set_state(c, CONN_HEAD);
    on_readable(fd, EV_READ, c);
}

/* --- reading --- */

/* Bytes to the front of the buffer, when there is no room behind them; while a body is read only to the end of its
 * head, into which the request's spans point. */
static void compact(struct conn *c)
{
    size_t keep = c->state == CONN_BODY ? c->body_at : 0;
    if (c->in_at == keep || c->state == CONN_WAITING)
        return;
    memmove(c->in + keep, c->in + c->in_at, c->in_len - c->in_at);
    c->in_len -= c->in_at - keep;
    c->in_at = keep;
}

/* Reads once. false: the connection is not to go on now (ended, or nothing was there). */
static bool receive(struct conn *c)
{
    if (!c->in && !(c->in = door_buffer_get(c->door))) {
        conn_close(c);
        return false;
    }
    if (c->in_len > CONN_BUFFER - CONN_BODY_ROOM)
        compact(c);
    if (c->in_len == CONN_BUFFER) { /* only while waiting: a client that sends ahead is heard again after its answer */
        want_read(c, false);
        return true;
    }
    ssize_t n = recv(c->fd, c->in + c->in_len, CONN_BUFFER - c->in_len, 0);
    if (n > 0) {
        c->in_len += (size_t)n;
        return true;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (c->in_at == c->in_len && c->state != CONN_WAITING && c->state != CONN_BODY)
            give_back_buffer(c);
        want_read(c, true);
        return c->in != NULL;
    }
    if (n < 0)
        c->dead = true;
    c->eof = true; /* a client may end its side and still read its answer */
    want_read(c, false);
    if (c->state == CONN_WAITING && c->client_left)
        c->client_left(c);
    return true;
}

static void drop(struct conn *c)
{
    char bytes[4096];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
    if (n > 0)
        c->lingered += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || c->lingered > HTTP_LINGER_BYTES)
        conn_free(c);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;
    (void)fd, (void)what;
    if (c->state == CONN_LINGER || c->state == CONN_STREAM)
        drop(c);
    else if (receive(c))
        conn_process(c);
}

/* --- one request --- */

static void begin_request(struct conn *c)
{
    c->close_after = false;
    c->refused = false;
    c->scanned = 0;
    c->client_left = NULL;
    memset(c->data, 0, c->door->o.conn_data);
}

/* An answer that ends the connection, for bytes of which nobody can say where the next request begins. */
static void refuse(struct conn *c, int status)
{
    c->close_after = true;
    c->refused = true;
    set_state(c, CONN_WAITING);
    c->door->o.refuse(c, status);
}

/* Nothing of the request is known, but that an answer to HEAD has no body. */
static void refuse_unparsed(struct conn *c, const char *head, size_t len, int status)
{
    memset(&c->request, 0, sizeof c->request);
    if (len > 5 && memcmp(head, "HEAD ", 5) == 0)
        c->request.method = HTTP_M_HEAD;
    memset(&c->match, 0, sizeof c->match);
    refuse(c, status);
}

static void handle(struct conn *c)
{
    set_state(c, CONN_WAITING);
    if (c->match.route)
        c->match.route->handle(c);
    else
        c->door->o.refuse(c, c->match.allowed ? 405 : 404);
}

static void begin_body(struct conn *c)
{
    const struct request *r = &c->request;
    if (r->chunked && !c->door->o.chunked)
        return refuse(c, 400);
    if (!r->chunked && r->content_length == 0)
        return handle(c);
    if (!c->match.route) /* its body is not read */
        return refuse(c, c->match.allowed ? 405 : 404);
    int more = request_body_begin(&c->body, r, c->match.route->body_max);
    if (more < 0)
        return refuse(c, -more);
    c->large = c->match.route->body_max > HTTP_BODY_MAX && (r->chunked || r->content_length > HTTP_BODY_MAX);
    c->door->large_bodies += c->large;
    if (c->door->large_bodies > HTTP_BODIES_LARGE_MAX)
        return refuse(c, 503);
    set_state(c, CONN_BODY);
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (r->expects_continue && c->in_at == c->in_len && send(c->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL) < 0)
        c->dead = true;
}

static void begin_head(struct conn *c, size_t head_len)
{
    begin_request(c);
    if (c->in_at + head_len > CONN_BUFFER - CONN_BODY_ROOM)
        compact(c); /* leaves room for a body behind the head */
    const char *head = c->in + c->in_at;
    int status = request_parse(&c->request, head, head_len);
    c->in_at += head_len;
    c->body_at = c->in_at;
    if (status)
        return refuse_unparsed(c, head, head_len, status);
    if (!c->request.keep_alive)
        c->close_after = true;
    route_find(c->door->o.routes, c->door->o.route_count, &c->request, &c->match);
    begin_body(c);
}

/* false: more bytes are needed. */
static bool process_head(struct conn *c)
{
    size_t len = c->in_len - c->in_at;
    if (len == 0)
        return false;
    if (c->state == CONN_IDLE)
        set_state(c, CONN_HEAD);
    size_t head_len = request_head_end(c->in + c->in_at, len, &c->scanned);
    if (head_len) {
        begin_head(c, head_len);
        return true;
    }
    if (len < HTTP_HEAD_MAX)
        return false;
    begin_request(c);
    refuse_unparsed(c, c->in + c->in_at, len, 431);
    return true;
}

static bool process_body(struct conn *c)
{
    size_t used = 0, len = c->in_len - c->in_at;
    if (len == 0)
        return false;
    int done = request_body_feed(&c->body, c->in + c->in_at, len, &used);
    c->in_at += used;
    if (done < 0)
        refuse(c, -done);
    else if (done)
        handle(c);
    return true;
}

/* Nothing more can be done with what is here: how the connection waits, or that it ends. */
static void rest(struct conn *c)
{
    if (c->dead || c->eof) {
        if (c->state == CONN_WAITING)
            return;
        conn_free(c);
        return;
    }
    if (c->state != CONN_WAITING && c->in && c->in_at == c->in_len && c->state != CONN_BODY)
        give_back_buffer(c);
    if (c->state != CONN_WAITING)
        want_read(c, true);
}

/* The others first. The event is added before it is made active: libevent would not add an active one, and conn_free
 * takes back only what was added. */
static void go_on_later(struct conn *c)
{
    want_read(c, true);
    if (!c->dead)
        event_active(&c->read_event, EV_READ, 0);
}

static void conn_process(struct conn *c)
{
    int served = 0;
    bool later = false;
    c->busy = true;
    while (!c->dead && c->state <= CONN_BODY && c->in) {
        later = c->state == CONN_IDLE && served == HTTP_REQUESTS_PER_PASS;
        if (later) {
            go_on_later(c);
            break;
        }
        served += c->state == CONN_IDLE;
        if (c->state == CONN_BODY ? !process_body(c) : !process_head(c))
            break;
    }
    c->busy = false;
    if (c->state == CONN_CLOSED)
        conn_free(c);
    else if (c->state <= CONN_WAITING && (!later || c->dead))
        rest(c);
}

/* --- answering --- */

/* The answer is with the kernel, or nobody is there to take it. */
static void conn_answered(struct conn *c)
{
    body_clear(c);
    if (c->dead || (c->close_after && !c->refused && c->in_at == c->in_len)) {
        set_state(c, CONN_CLOSED);
        if (!c->busy)
            conn_free(c);
        return;
    }
    if (c->close_after) {
        conn_linger(c);
        return;
    }
    set_state(c, CONN_IDLE);
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
    want_read(c, false);
    set_state(c, CONN_WRITING);
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

/* --- streamed answers --- */

static void stream_close(struct conn *c)
{
    if (c->busy)
        set_state(c, CONN_CLOSED); /* conn_process frees it */
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
    body_clear(c);
    if (c->dead || c->eof) {
        stream_close(c);
        return false;
    }
    give_back_buffer(c);
    c->lingered = 0;
    set_state(c, CONN_STREAM);
    want_read(c, true);
    if (!conn_stream_send(c, head, len))
        return false;
    c->stream_ended = ended;
    return true;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;
    (void)what;
    if (c->state == CONN_STREAM) {
        if (stream_flush(c) && c->stream_drained && c->out_len == 0)
            c->stream_drained(c);
        return;
    }
    ssize_t n = send(fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);
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
    set_state(c, CONN_WAITING);
    conn_answered(c);
}

void conn_tick(struct conn *c, int64_t now_ms)
{
    if (c->deadline_ms && now_ms >= c->deadline_ms)
        conn_close(c);
}

/* --- for handlers --- */

const struct request *conn_request(const struct conn *c)
{
    return &c->request;
}

struct span conn_body(const struct conn *c)
{
    return (struct span){c->body.bytes ? c->body.bytes : "", c->body.len};
}

void *conn_data(struct conn *c)
{
    return c->data;
}

struct conn *conn_of_data(void *data)
{
    return (struct conn *)(void *)((char *)data - offsetof(struct conn, data));
}

void *conn_owner(const struct conn *c)
{
    return c->door->o.owner;
}

bool conn_dead(const struct conn *c)
{
    return c->dead;
}

void conn_watch_client(struct conn *c, void (*left)(struct conn *c))
{
    c->client_left = left;
    if (!c->dead && !c->eof && c->in_len < CONN_BUFFER)
        want_read(c, true);
}

struct span conn_segment(const struct conn *c, int i)
{
    return c->match.segment[i];
}

const struct in6_addr *conn_peer_address(const struct conn *c)
{
    return &c->peer;
}

void conn_peer(const struct conn *c, char out[INET6_ADDRSTRLEN])
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(&c->peer);
    inet_ntop(v4 ? AF_INET : AF_INET6, c->peer.s6_addr + (v4 ? 12 : 0), out, INET6_ADDRSTRLEN);
}

int64_t conn_now(const struct conn *c)
{
    door_refresh_date(c->door);
    return c->door->date_second;
}

unsigned conn_allowed(const struct conn *c)
{
    return c->match.allowed;
}
