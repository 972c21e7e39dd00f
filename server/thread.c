/* See thread.h. Messages are an eventfd and one atomic word: what the thread is to do now. */
#include "thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "admin.h"
#include "allowed.h"
#include "worker.h"

enum { READY_TRY_MS = 1, DRAIN_LOOK_MS = 20 };

enum order { ORDER_SERVE, ORDER_DRAIN, ORDER_STOP };

struct server_thread {
    struct thread_options o;
    pthread_t pthread;
    bool started;
    struct event_base *base;
    struct store *store;
    struct worker *worker;
    struct admin *admin;
    int order_fd;
    _Atomic int order;
    _Atomic bool ended;
    struct event order_event, timer_event;
    _Atomic bool opened;
};

static void set_timer(struct server_thread *t, int ms)
{
    event_add(&t->timer_event, &(struct timeval){0, ms * 1000});
}

static void notify(struct server_thread *t)
{
    uint64_t one = 1;
    if (write(t->o.notify_fd, &one, sizeof one) != sizeof one)
        abort(); /* an eventfd that nobody can fill */
}

/* --- beginning: the door opens when the store has answered --- */

static void store_answered(void *ctx, enum store_result r)
{
    struct server_thread *t = ctx;
    if (atomic_load(&t->opened) || atomic_load(&t->order) != ORDER_SERVE)
        return;
    if (r != STORE_OK) {
        set_timer(t, READY_TRY_MS);
        return;
    }
    if ((t->worker ? worker_open(t->worker) : admin_open(t->admin)) != 0) {
        event_base_loopbreak(t->base);
        return;
    }
    atomic_store(&t->opened, true);
    notify(t);
}

/* --- the end --- */

static bool is_done(const struct server_thread *t)
{
    return t->worker ? worker_ended(t->worker) : admin_conns(t->admin) == 0;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct server_thread *t = arg;
    (void)fd, (void)what;
    if (atomic_load(&t->order) == ORDER_SERVE)
        store_ping(t->store, store_answered, t);
    else if (is_done(t))
        event_base_loopbreak(t->base);
    else
        set_timer(t, DRAIN_LOOK_MS);
}

static void on_order(evutil_socket_t fd, short what, void *arg)
{
    struct server_thread *t = arg;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof count) < 0)
        return;
    if (atomic_load(&t->order) == ORDER_STOP) {
        event_base_loopbreak(t->base);
        return;
    }
    if (t->worker)
        worker_drain(t->worker);
    else
        admin_drain(t->admin);
    set_timer(t, 0);
}

static void *thread_main(void *arg)
{
    struct server_thread *t = arg;
    set_timer(t, 0);
    event_base_dispatch(t->base);
    atomic_store(&t->ended, true);
    notify(t);
    return NULL;
}

/* --- from outside --- */

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;
    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

static bool make_door(struct server_thread *t, char *err, size_t err_size)
{
    if (t->o.kind == THREAD_WORKER)
        t->worker = worker_new(t->base, t->o.config, t->o.countries, t->o.port, t->store, t->o.secret, t->o.metrics,
                               err, err_size);
    else
        t->admin =
            admin_new(t->base, t->o.config, t->store, t->o.secret, t->o.setup_token, t->o.metrics, err, err_size);
    return t->worker || t->admin;
}

struct server_thread *server_thread_new(const struct thread_options *o, char *err, size_t err_size)
{
    const struct store_options store = {
        .redis_url = o->redis_url,
        .key_prefix = o->config->key_prefix,
        .hold_seconds = o->config->hold_seconds,
        .audit_days = o->config->audit_days,
        .stats_days = o->config->stats_days,
        .allowed_hosts = hosts_of_config(o->config),
        .wait_replicas = o->config->wait_replicas,
        .log = o->log,
    };
    char why[STORE_ERR_MAX] = "out of memory";
    struct server_thread *t = calloc(1, sizeof *t);
    if (!t) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    t->o = *o;
    t->base = new_base();
    t->order_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (t->base && t->order_fd >= 0)
        t->store = store_new(t->base, &store, why);
    if (!t->store) {
        snprintf(err, err_size, "%s", why);
        server_thread_free(t);
        return NULL;
    }
    if (!make_door(t, err, err_size)) {
        server_thread_free(t);
        return NULL;
    }
    event_assign(&t->order_event, t->base, t->order_fd, EV_READ | EV_PERSIST, on_order, t);
    event_assign(&t->timer_event, t->base, -1, EV_TIMEOUT, on_timer, t);
    if (event_add(&t->order_event, NULL) != 0) { /* it would never end */
        snprintf(err, err_size, "out of memory");
        server_thread_free(t);
        return NULL;
    }
    return t;
}

uint16_t server_thread_port(const struct server_thread *t)
{
    return t->worker ? worker_port(t->worker) : admin_port(t->admin);
}

int server_thread_start(struct server_thread *t)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    int error = pthread_create(&t->pthread, NULL, thread_main, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    t->started = error == 0;
    return -error;
}

static void give_order(struct server_thread *t, enum order order)
{
    uint64_t one = 1;
    atomic_store(&t->order, order);
    if (t->started && write(t->order_fd, &one, sizeof one) < 0)
        return; /* the counter is full: it will be read anyway */
}

void server_thread_drain(struct server_thread *t)
{
    give_order(t, ORDER_DRAIN);
}

void server_thread_stop(struct server_thread *t)
{
    give_order(t, ORDER_STOP);
}

bool server_thread_opened(const struct server_thread *t)
{
    return atomic_load(&t->opened);
}

bool server_thread_ended(const struct server_thread *t)
{
    return !t->started || atomic_load(&t->ended);
}

void server_thread_join(struct server_thread *t)
{
    if (t->started)
        pthread_join(t->pthread, NULL);
    t->started = false;
}

void server_thread_free(struct server_thread *t)
{
    if (!t)
        return;
    /* The door first: what is answered from now on is the last of its connection, and asks the store nothing more. */
    if (t->worker)
        worker_drain(t->worker);
    if (t->admin)
        admin_drain(t->admin);
    store_free(t->store);
    worker_free(t->worker);
    admin_free(t->admin);
    if (t->base)
        event_base_free(t->base);
    if (t->order_fd >= 0)
        close(t->order_fd);
    free(t);
}
