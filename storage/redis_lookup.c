/*
 * One thread for each lookup, detached: a resolver that does not answer holds nobody up but itself. What the two sides
 * share goes with whoever leaves last.
 */
#include "redis_lookup.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

struct shared {
    atomic_int parties;
    atomic_bool answered; /* orders what follows between the two threads; fd only wakes */
    int fd;               /* an eventfd: the thread has its answer */
    struct redis_host host;
    const char *why; /* NULL: */
    struct redis_address address;
};

struct redis_lookup {
    struct redis_lookup **owner;
    struct shared *shared;
    struct event event;
    redis_lookup_done done;
    void *ctx;
};

static void shared_leave(struct shared *s)
{
    if (atomic_fetch_sub(&s->parties, 1) > 1)
        return;
    close(s->fd);
    free(s);
}

static const char *resolve(struct shared *s)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(s->host.name, NULL, &hints, &found) != 0 || !found)
        return "the host's name cannot be resolved";
    int bad =
        getnameinfo(found->ai_addr, found->ai_addrlen, s->address.ip, sizeof s->address.ip, NULL, 0, NI_NUMERICHOST);
    freeaddrinfo(found);
    s->address.port = s->host.port;
    return bad ? "the host's address cannot be read" : NULL;
}

static void *look_up(void *arg)
{
    struct shared *s = arg;
    s->why = resolve(s);
    atomic_store(&s->answered, true);
    eventfd_write(s->fd, 1);
    shared_leave(s);
    return NULL;
}

/* Signals are the main thread's. */
static int start_thread(struct shared *s)
{
    sigset_t all, before;
    pthread_attr_t attr;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_attr_init(&attr);
    if (!error) {
        pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
        error = pthread_create(&thread, &attr, look_up, s);
        pthread_attr_destroy(&attr);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

static void lookup_free(struct redis_lookup *l)
{
    event_del(&l->event);
    shared_leave(l->shared);
    *l->owner = NULL;
    free(l);
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
    struct redis_lookup *l = arg;
    redis_lookup_done done = l->done;
    void *ctx = l->ctx;
    (void)fd, (void)what;
    if (!atomic_load(&l->shared->answered))
        return;
    const char *why = l->shared->why;
    struct redis_address address = l->shared->address;
    lookup_free(l);
    done(ctx, why ? NULL : &address, why);
}

int redis_lookup_start(struct redis_lookup **lookup, struct event_base *base, const struct redis_host *host,
                       redis_lookup_done done, void *ctx)
{
    struct redis_lookup *l = calloc(1, sizeof *l);
    struct shared *s = calloc(1, sizeof *s);
    int fd = l && s ? eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) : -1;
    if (fd < 0) {
        int error = l && s ? errno : ENOMEM;
        free(l);
        free(s);
        return -error;
    }
    atomic_init(&s->parties, 2);
    s->fd = fd;
    s->host = *host;
    *l = (struct redis_lookup){.owner = lookup, .shared = s, .done = done, .ctx = ctx};
    event_assign(&l->event, base, fd, EV_READ | EV_PERSIST, on_answer, l);
    *lookup = l;
    int r = event_add(&l->event, NULL) == 0 ? start_thread(s) : -ENOMEM;
    if (r != 0) {
        shared_leave(s); /* for the thread that is not there */
        lookup_free(l);
    }
    return r;
}

void redis_lookup_cancel(struct redis_lookup **lookup)
{
    if (*lookup)
        lookup_free(*lookup);
}
