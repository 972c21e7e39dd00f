/* See redis_wire.h. A write is an event made active: it runs at the end of the loop pass, after all commands of the
 * pass. */
#include "redis_wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <event2/event_struct.h>

struct redis_wire {
    int fd;
    struct event read_event, write_event;
    redisReader *reader;
    redisReplyObjectFunctions make; /* the reader's, with create_array in it */
    void *(*make_array)(const redisReadTask *task, int elements);
    char *out;
    size_t out_at, out_len, out_cap;
    redisReply *reply; /* that is being handed out */
    size_t fed;        /* bytes since the last whole reply */
    bool connecting, lost, running, closed;
    struct redis_wire_events events;
    void *ctx;
};

static void wire_free(struct redis_wire *w)
{
    redisReaderFree(w->reader);
    free(w->out);
    free(w);
}

static void wire_leave(struct redis_wire *w)
{
    w->running = false;
    if (w->closed)
        wire_free(w);
}

static void wire_lost(struct redis_wire *w, const char *why)
{
    if (w->lost || w->closed)
        return;
    w->lost = true;
    event_del(&w->read_event);
    event_del(&w->write_event);
    w->events.lost(w->ctx, why);
}

static void hand_out_replies(struct redis_wire *w)
{
    while (!w->closed && !w->lost) {
        void *reply = NULL;
        if (redisReaderGetReply(w->reader, &reply) != REDIS_OK) {
            wire_lost(w, w->reader->errstr);
            return;
        }
        if (!reply)
            return;
        w->fed = 0;
        w->reply = reply;
        w->events.reply(w->ctx, reply);
        if (w->reply)
            freeReplyObject(w->reply);
        w->reply = NULL;
    }
}

redisReply *redis_wire_take_reply(struct redis_wire *w)
{
    redisReply *reply = w->reply;
    w->reply = NULL;
    return reply;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct redis_wire *w = arg;
    char bytes[REDIS_WIRE_READ];
    (void)what;
    w->running = true;
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n > 0) {
        w->fed += (size_t)n;
        if (w->fed > REDIS_WIRE_REPLY_MAX)
            wire_lost(w, "a reply without end");
        else if (redisReaderFeed(w->reader, bytes, (size_t)n) != REDIS_OK)
            wire_lost(w, "out of memory");
        else
            hand_out_replies(w);
    } else if (n == 0) {
        wire_lost(w, "closed by Redis");
    } else if (errno != EAGAIN && errno != EINTR) {
        wire_lost(w, strerror(errno));
    }
    wire_leave(w);
}

/* 0, or why the connection could not be made. */
static int connect_error(struct redis_wire *w)
{
    int error = 0;
    socklen_t len = sizeof error;
    w->connecting = false;
    return getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 ? errno : error;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct redis_wire *w = arg;
    (void)what;
    int error = w->connecting ? connect_error(w) : 0;
    w->running = true;
    if (!error && w->out_at < w->out_len) {
        ssize_t n = send(fd, w->out + w->out_at, w->out_len - w->out_at, MSG_NOSIGNAL);
        if (n > 0)
            w->out_at += (size_t)n;
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            error = errno;
    }
    if (error)
        wire_lost(w, strerror(error));
    else if (w->out_at < w->out_len)
        event_add(&w->write_event, NULL); /* the socket is full */
    else
        w->out_at = w->out_len = 0;
    wire_leave(w);
}

int redis_wire_send(struct redis_wire *w, const char *bytes, size_t len)
{
    if (w->out_at == w->out_len)
        w->out_at = w->out_len = 0;
    if (len > REDIS_WIRE_OUT_MAX - w->out_len)
        return -ENOBUFS;
    if (w->out_len + len > w->out_cap) {
        size_t cap = w->out_cap ? w->out_cap : 4096;
        while (cap < w->out_len + len)
            cap *= 2;
        char *out = realloc(w->out, cap);
        if (!out)
            return -ENOMEM;
        w->out = out;
        w->out_cap = cap;
    }
    memcpy(w->out + w->out_len, bytes, len);
    w->out_len += len;
    if (!w->connecting && !w->lost)
        event_active(&w->write_event, EV_WRITE, 0);
    return 0;
}

bool redis_address_of(const struct redis_host *host, struct redis_address *ret_address)
{
    struct in6_addr any;
    if (inet_pton(AF_INET, host->name, &any) != 1 && inet_pton(AF_INET6, host->name, &any) != 1)
        return false;
    *ret_address = (struct redis_address){.port = host->port};
    snprintf(ret_address->ip, sizeof ret_address->ip, "%.63s", host->name);
    return true;
}

bool redis_address_same(const struct redis_address *a, const struct redis_address *b)
{
    return a->is_unix == b->is_unix && a->port == b->port && strcmp(a->ip, b->ip) == 0 && strcmp(a->path, b->path) == 0;
}

static int open_socket(const struct redis_address *to, bool *connecting)
{
    union {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a;
    socklen_t len;
    int one = 1;
    memset(&a, 0, sizeof a);
    if (to->is_unix) {
        a.local.sun_family = AF_UNIX;
        memcpy(a.local.sun_path, to->path, strlen(to->path));
        len = sizeof a.local;
    } else if (inet_pton(AF_INET, to->ip, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons((uint16_t)to->port);
        len = sizeof a.v4;
    } else {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons((uint16_t)to->port);
        len = sizeof a.v6;
        if (inet_pton(AF_INET6, to->ip, &a.v6.sin6_addr) != 1) {
            errno = EINVAL;
            return -1;
        }
    }
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (!to->is_unix) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    }
    *connecting = connect(fd, &a.any, len) != 0;
    if (*connecting && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* hiredis believes an array's length, and takes memory for a billion elements before the first has come. */
static void *create_array(const redisReadTask *task, int elements)
{
    const struct redis_wire *w = task->privdata;
    return elements > REDIS_WIRE_ELEMENTS_MAX ? NULL : w->make_array(task, elements);
}

static redisReader *new_reader(struct redis_wire *w)
{
    redisReader *r = redisReaderCreate();
    if (!r)
        return NULL;
    w->make = *r->fn;
    w->make_array = w->make.createArray;
    w->make.createArray = create_array;
    r->fn = &w->make;
    r->privdata = w;
    return r;
}

struct redis_wire *redis_wire_connect(struct event_base *base, const struct redis_address *to,
                                      const struct redis_wire_events *events, void *ctx)
{
    struct redis_wire *w = calloc(1, sizeof *w);
    redisReader *reader = w ? new_reader(w) : NULL;
    int fd = reader ? open_socket(to, &w->connecting) : -1;
    if (fd < 0) {
        int error = reader ? errno : ENOMEM;
        if (reader)
            redisReaderFree(reader);
        free(w);
        errno = error;
        return NULL;
    }
    w->fd = fd;
    w->reader = reader;
    w->events = *events;
    w->ctx = ctx;
    event_assign(&w->read_event, base, fd, EV_READ | EV_PERSIST, on_readable, w);
    event_assign(&w->write_event, base, fd, EV_WRITE, on_writable, w);
    if (event_add(&w->read_event, NULL) != 0 || (w->connecting && event_add(&w->write_event, NULL) != 0)) {
        redis_wire_close(w);
        errno = ENOMEM;
        return NULL;
    }
    return w;
}

void redis_wire_close(struct redis_wire *w)
{
    if (!w)
        return;
    event_del(&w->read_event);
    event_del(&w->write_event);
    close(w->fd);
    w->closed = true;
    if (!w->running)
        wire_free(w);
}
