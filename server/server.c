/*
 * The serving process. The main thread owns the signals, the embedded Redis and the threads; it serves nothing itself.
 *
 *     begin (server_begin.c) -> ready (server_ready.c) -> SIGTERM -> threads drain and end (server_threads.c) ->
 *     Redis stopped -> exit 0
 */
#include "server.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <sodium.h>

#include "log.h"
#include "privileges.h"
#include "redis_child.h"
#include "server_private.h"

enum {
    LARGE_BYTES = 1 << 20, /* a picture that is drawn, an export: not what a scan needs */
};

void server_log_store(enum store_log_level level, const char *event, const char *detail)
{
    static const enum log_level levels[] = {LOG_INFO, LOG_WARN, LOG_ERROR};
    log_event(levels[level], event, *detail ? "detail" : NULL, detail, NULL);
}

void server_fail(struct server *s, const char *what, const char *why)
{
    fprintf(stderr, "huoma: %s: %s\n", what, why);
    s->failed = true;
    event_base_loopbreak(s->base);
}

static void on_stop(evutil_socket_t signal_number, short what, void *arg)
{
    struct server *s = arg;
    (void)what;
    if (s->stopping) {
        for (int i = 0; i < s->thread_count; i++)
            server_thread_stop(s->threads[i]);
        return;
    }
    s->stopping = true;
    log_event(LOG_INFO, "stopping", "signal", strsignal((int)signal_number), NULL);
    event_base_loopbreak(s->base);
}

static void on_child(evutil_socket_t signal_number, short what, void *arg)
{
    struct server *s = arg;
    (void)signal_number, (void)what;
    if (s->redis)
        redis_child_reap(s->redis);
}

/* false: out of memory; a server that does not hear SIGTERM would drop what is in flight. */
static bool watch_signals(struct server *s)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    bool watched = true;
    for (int i = 0; i < 3; i++) {
        struct sigaction now;
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN)
            continue; /* nohup */
        event_assign(&s->signal_events[i], s->base, numbers[i], EV_SIGNAL | EV_PERSIST, on_stop, s);
        watched = event_add(&s->signal_events[i], NULL) == 0 && watched;
    }
    event_assign(&s->signal_events[3], s->base, SIGCHLD, EV_SIGNAL | EV_PERSIST, on_child, s);
    return event_add(&s->signal_events[3], NULL) == 0 && watched;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Left to itself malloc soon keeps what is large in its heaps, which then never shrink and creep up for hours. */
static void give_back_large_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}

int server_run(const struct config *config, const struct countries *countries)
{
    static struct server s;
    char err[PRIVILEGES_ERR_MAX];
    raise_descriptor_limit();
    give_back_large_memory();
    int left = privileges_leave_root(config->user, config->redis_url[0] ? "" : config->data_dir, err);
    if (left < 0) {
        fprintf(stderr, "huoma: user: %s\n", err);
        return 1;
    }
    if (left > 0)
        log_event(LOG_WARN, "no_sandbox", "detail", err, NULL);
    s.config = *config;
    s.countries = countries;
    s.base = event_base_new();
    s.notify_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!s.base || s.notify_fd < 0) {
        fprintf(stderr, "huoma: start: out of memory or descriptors\n");
        return 1;
    }
    if (!watch_signals(&s))
        server_fail(&s, "start", "out of memory");
    else if (server_begin(&s))
        event_base_dispatch(s.base);
    server_end_threads(&s);
    store_free(s.store);
    redis_child_stop(s.redis);
    if (s.stopping && !s.failed)
        log_event(LOG_INFO, "stopped", NULL);
    for (int i = 0; i < 4; i++)
        if (event_initialized(&s.signal_events[i]))
            event_del(&s.signal_events[i]);
    event_base_free(s.base);
    close(s.notify_fd);
    sodium_memzero(s.secret, sizeof s.secret);
    return s.failed ? 1 : 0;
}
