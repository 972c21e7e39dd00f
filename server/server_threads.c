/* The serving threads together: bound, started, drained, joined. One of them is thread.c's. */
#include <stdio.h>
#include <string.h>

#include "conn.h"
#include "demo.h"
#include "log.h"
#include "privileges.h"
#include "server_private.h"

enum { DRAIN_SECONDS = 5 };

static bool add_thread(struct server *s, enum thread_kind kind, uint16_t port)
{
    char err[STORE_ERR_MAX];
    const struct thread_options o = {
        .kind = kind,
        .config = &s->config,
        .countries = s->countries,
        .redis_url = s->redis_url,
        .log = server_log_store,
        .secret = s->secret,
        .setup_token = s->setup_token[0] ? s->setup_token : NULL,
        .port = port,
        .metrics = &s->metrics[kind == THREAD_WORKER ? s->thread_count : 0],
        .notify_fd = s->notify_fd,
    };
    struct server_thread *t = server_thread_new(&o, err, sizeof err);
    if (!t) {
        server_fail(s, kind == THREAD_WORKER ? "listen" : "admin_listen", err);
        return false;
    }
    s->threads[s->thread_count++] = t;
    return true;
}

/* Two servers by mistake on one port would share its visitors out between two stores. */
static bool is_free(struct server *s, const char *what, const struct config_address *a)
{
    char err[STORE_ERR_MAX];
    if (s->config.take_over || http_door_is_free(a->host, a->port, err, sizeof err))
        return true;
    server_fail(s, what, err);
    return false;
}

static bool bind_doors(struct server *s)
{
    uint16_t port = s->config.listen.port;
    if (!is_free(s, "listen", &s->config.listen) || !is_free(s, "admin_listen", &s->config.admin_listen))
        return false;
    for (int i = 0; i < s->config.workers; i++) {
        if (!add_thread(s, THREAD_WORKER, port))
            return false;
        port = server_thread_port(s->threads[0]);
    }
    return add_thread(s, THREAD_ADMIN, 0);
}

static void url_of(const struct config_address *a, uint16_t port, char out[SERVER_URL_MAX])
{
    bool any = strcmp(a->host, "0.0.0.0") == 0 || strcmp(a->host, "::") == 0;
    bool v6 = strchr(a->host, ':') && !any;
    snprintf(out, SERVER_URL_MAX, "http://%s%s%s:%u", v6 ? "[" : "", any ? "127.0.0.1" : a->host, v6 ? "]" : "", port);
}

/* All doors are bound before any thread starts: what cannot be had is told before anyone is let in. */
void server_start_threads(struct server *s)
{
    int error = privileges_bind(true);
    bool bound = !error && bind_doors(s);
    if (!error)
        error = privileges_bind(false);
    if (!error)
        error = privileges_end();
    if (error)
        server_fail(s, "user", strerror(-error));
    if (error || !bound)
        return;
    uint16_t port = server_thread_port(s->threads[0]);
    url_of(&s->config.listen, port, s->public_url);
    url_of(&s->config.admin_listen, server_thread_port(s->threads[s->thread_count - 1]), s->admin_url);
    if (s->config.demo && !s->config.base_url_set && !demo_own_url(port, s->config.base_url, sizeof s->config.base_url))
        snprintf(s->config.base_url, sizeof s->config.base_url, "%s", s->public_url);
    for (int i = 0; i < s->thread_count; i++) {
        error = server_thread_start(s->threads[i]);
        if (error) {
            server_fail(s, "thread", strerror(-error));
            return;
        }
    }
}

static void on_drain_over(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    (void)fd, (void)what;
    log_event(LOG_WARN, "drain_over", "detail", "some answers were not taken in time", NULL);
    for (int i = 0; i < s->thread_count; i++)
        server_thread_stop(s->threads[i]);
}

/* While they drain, the main loop goes on: Redis is still looked after, a second signal still heard. */
void server_end_threads(struct server *s)
{
    for (int i = 0; i < s->thread_count; i++)
        server_thread_drain(s->threads[i]);
    event_assign(&s->drain_event, s->base, -1, EV_TIMEOUT, on_drain_over, s);
    event_add(&s->drain_event, &(struct timeval){DRAIN_SECONDS, 0});
    for (int i = 0; i < s->thread_count; i++) {
        while (!server_thread_ended(s->threads[i]))
            event_base_loop(s->base, EVLOOP_ONCE);
        server_thread_join(s->threads[i]);
    }
    event_del(&s->drain_event);
    for (int i = 0; i < s->thread_count; i++)
        server_thread_free(s->threads[i]);
}
