/* A listener and its connections: accept, the tick of deadlines, drain. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "conn_private.h"
#include "log.h"

enum { DEFER_ACCEPT_SECONDS = 3 }; /* a connection that sends nothing is handed over after this */

int64_t door_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t unix_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec;
}

/* IMF-fixdate (RFC 9110, 5.6.7), made by hand because strftime speaks the locale's language. */
void door_refresh_date(struct http_door *d)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t now = unix_now();
    if (now == d->date_second)
        return;
    time_t t = (time_t)now;
    struct tm tm;
    gmtime_r(&t, &tm);
    d->date_second = now;
    int n =
        snprintf(d->date_line, sizeof d->date_line, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday],
                 tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    d->date_len = n > 0 && n < DOOR_DATE_LINE ? (size_t)n : 0;
}

char *door_buffer_get(struct http_door *d)
{
    char *buffer = d->free_buffers;
    if (!buffer)
        return malloc(CONN_BUFFER);
    memcpy(&d->free_buffers, buffer, sizeof(char *));
    d->free_buffer_count--;
    return buffer;
}

void door_buffer_put(struct http_door *d, char *buffer)
{
    if (!buffer)
        return;
    if (d->free_buffer_count >= DOOR_BUFFERS_KEPT) {
        free(buffer);
        return;
    }
    memcpy(buffer, &d->free_buffers, sizeof(char *));
    d->free_buffers = buffer;
    d->free_buffer_count++;
}

static void accept_pause(struct http_door *d)
{
    if (d->accept_paused)
        return;
    d->accept_paused = true;
    event_del(&d->accept_event);
    event_add(&d->pause_event, &(struct timeval){0, HTTP_ACCEPT_PAUSE_MS * 1000});
}

/* Out of descriptors or memory: the listener rests, else a level-triggered accept would spin. */
static void accept_failed(struct http_door *d, int error)
{
    if (log_due(&d->accept_logged_ms))
        log_event(LOG_WARN, "accept_failed", "reason", strerror(error), NULL);
    accept_pause(d);
}

static void on_acceptable(evutil_socket_t listener, short what, void *arg)
{
    struct http_door *d = arg;
    (void)what;
    for (int i = 0; i < HTTP_ACCEPT_PER_PASS; i++) {
        if (d->conn_count >= d->o.conns_max) {
            accept_pause(d);
            return;
        }
        union conn_address peer;
        socklen_t len = sizeof peer;
        int fd = accept4(listener, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            conn_accepted(d, fd, &peer);
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
        else if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO)
            return accept_failed(d, errno);
    }
}

static void accept_resume(struct http_door *d)
{
    if (!d->accept_paused || d->fd < 0)
        return;
    d->accept_paused = false;
    event_del(&d->pause_event);
    event_add(&d->accept_event, NULL);
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    accept_resume(arg);
}

void door_conn_gone(struct http_door *d)
{
    if (d->conn_count == d->o.conns_max - 1)
        accept_resume(d);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct http_door *d = arg;
    int64_t now = door_now_ms();
    (void)fd, (void)what;
    for (struct conn *c = d->conns, *next; c; c = next) {
        next = c->next;
        conn_tick(c, now);
    }
}

/* A socket that is bound; -1: why in err. shared: beside others of the same user that are bound there. */
static int bind_to(const char *host, uint16_t port, bool shared, char *err, size_t err_size)
{
    union conn_address a;
    memset(&a, 0, sizeof a);
    socklen_t len;
    int one = 1;
    if (inet_pton(AF_INET, host, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons(port);
        len = sizeof a.v4;
    } else if (inet_pton(AF_INET6, host, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons(port);
        len = sizeof a.v6;
    } else {
        snprintf(err, err_size, "%s: not a numeric address", host);
        return -1;
    }
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0) || bind(fd, &a.any, len) != 0) {
        snprintf(err, err_size, "%s:%u: %s", host, port, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

bool http_door_is_free(const char *host, uint16_t port, char *err, size_t err_size)
{
    int fd = port ? bind_to(host, port, false, err, err_size) : -1;
    if (fd >= 0)
        close(fd);
    return !port || fd >= 0;
}

static int listen_on(const char *host, uint16_t port, char *err, size_t err_size)
{
    int one = 1, defer = DEFER_ACCEPT_SECONDS, fd = bind_to(host, port, true, err, err_size);
    if (fd < 0)
        return -1;
    if (listen(fd, HTTP_BACKLOG) != 0) {
        snprintf(err, err_size, "%s:%u: %s", host, port, strerror(errno));
        close(fd);
        return -1;
    }
    /* Accepted sockets inherit both: one answer is one segment, and a scan's bytes come with its connection. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof defer);
    return fd;
}

static uint16_t bound_port(int fd)
{
    union conn_address a;
    socklen_t len = sizeof a;
    if (getsockname(fd, &a.any, &len) != 0)
        return 0;
    return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

struct http_door *http_door_new(struct event_base *base, const struct http_door_options *o, const char *host,
                                uint16_t port, char *err, size_t err_size)
{
    struct http_door *d = calloc(1, sizeof *d);
    if (!d) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    d->base = base;
    d->o = *o;
    d->crowd = o->counts ? crowd_new() : NULL;
    if (o->counts && !d->crowd)
        snprintf(err, err_size, "out of memory");
    d->fd = o->counts && !d->crowd ? -1 : listen_on(host, port, err, err_size);
    if (d->fd < 0) {
        crowd_free(d->crowd);
        free(d);
        return NULL;
    }
    d->port = bound_port(d->fd);
    event_assign(&d->accept_event, base, d->fd, EV_READ | EV_PERSIST, on_acceptable, d);
    event_assign(&d->pause_event, base, -1, EV_TIMEOUT, on_pause_over, d);
    event_assign(&d->tick_event, base, -1, EV_TIMEOUT | EV_PERSIST, on_tick, d);
    event_add(&d->tick_event, &(struct timeval){0, HTTP_TICK_MS * 1000});
    return d;
}

uint16_t http_door_port(const struct http_door *d)
{
    return d->port;
}

int http_door_open(struct http_door *d)
{
    return event_add(&d->accept_event, NULL) == 0 ? 0 : -ENOMEM;
}

size_t http_door_conns(const struct http_door *d)
{
    return d->conn_count;
}

void http_door_drain(struct http_door *d)
{
    if (d->draining)
        return;
    /* Who stands in the listener's queue has been told by the kernel that we are here: they are still served. */
    if (!d->accept_paused)
        on_acceptable(d->fd, EV_READ, d);
    d->draining = true;
    event_del(&d->accept_event);
    event_del(&d->pause_event);
    close(d->fd);
    d->fd = -1;
    for (struct conn *c = d->conns, *next; c; c = next) {
        next = c->next;
        if (c->state == CONN_STREAM && !c->stream_body)
            conn_close(c);
        else if (c->state == CONN_IDLE || (c->state == CONN_HEAD && !c->in))
            c->deadline_ms = door_now_ms() + HTTP_DRAIN_IDLE_MS;
    }
}

bool http_door_draining(const struct http_door *d)
{
    return d->draining;
}

void http_door_free(struct http_door *d)
{
    if (!d)
        return;
    http_door_drain(d);
    event_del(&d->tick_event);
    while (d->conns) {
        d->conns->state = CONN_HEAD; /* nobody is left who would answer */
        conn_close(d->conns);
    }
    while (d->free_conns) {
        struct conn *c = d->free_conns;
        d->free_conns = c->next;
        free(c);
    }
    while (d->free_buffers)
        d->free_buffer_count = DOOR_BUFFERS_KEPT, free(door_buffer_get(d));
    crowd_free(d->crowd);
    free(d);
}
