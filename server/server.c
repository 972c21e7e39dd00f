/*
 * The serving process. The main thread owns the signals, the embedded Redis and the threads; it serves nothing itself.
 *
 *     begin: embedded Redis -> format -> secret -> demo -> threads made, started -> each opens its door when Redis
 * answers it -> ready end:   SIGTERM -> threads drain (DRAIN_SECONDS at most) -> joined -> Redis stopped -> exit 0
 */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sodium.h>

#include "conn.h"
#include "demo.h"
#include "landing.h"
#include "log.h"
#include "privileges.h"
#include "redis_child.h"
#include "thread.h"

enum {
    DRAIN_SECONDS = 5,
    REDIS_TELL_SECONDS = 1,  /* until it is told that Redis does not answer yet */
    REDIS_WAIT_SECONDS = 30, /* for a Redis that is not ours, at the start */
    SECRET_TRY_MS = 1,
    FORMAT_LOOK_SECONDS = 2,
    URL_MAX = 128,
    SETUP_LINK_MAX = URL_MAX + 64,
    SETUP_TOKEN = 44, /* 32 random bytes in base64url, with NUL */
};

struct server {
    struct config config;              /* a copy: base_url may be found out, the port is drawn */
    const struct countries *countries; /* NULL: no database */
    struct event_base *base;
    struct redis_child *redis;
    struct store *store; /* the main thread's, while it begins */
    const char *redis_url;
    unsigned char secret[STORE_SECRET];
    struct server_thread *threads[CONFIG_WORKERS_MAX + 1]; /* workers, then the admin thread */
    int thread_count;
    struct metrics_worker metrics[CONFIG_WORKERS_MAX];
    int notify_fd;
    struct event notify_event, signal_events[4], try_event, wait_event, drain_event, format_event;
    int tries;
    bool told_wait, ready, stopping, failed;
    char demo_token[64];
    char setup_token[SETUP_TOKEN]; /* "": there are users */
    char public_url[URL_MAX], admin_url[URL_MAX];
};

static void store_event(enum store_log_level level, const char *event, const char *detail)
{
    static const enum log_level levels[] = {LOG_INFO, LOG_WARN, LOG_ERROR};
    log_event(levels[level], event, *detail ? "detail" : NULL, detail, NULL);
}

static void fail(struct server *s, const char *what, const char *why)
{
    fprintf(stderr, "huoma: %s: %s\n", what, why);
    s->failed = true;
    event_base_loopbreak(s->base);
}

/* --- ready --- */

static void url_of(const struct config_address *a, uint16_t port, char out[URL_MAX])
{
    bool any = strcmp(a->host, "0.0.0.0") == 0 || strcmp(a->host, "::") == 0;
    bool v6 = strchr(a->host, ':') && !any;
    snprintf(out, URL_MAX, "http://%s%s%s:%u", v6 ? "[" : "", any ? "127.0.0.1" : a->host, v6 ? "]" : "", port);
}

/* The URL without what logs in. */
static void redis_shown(const struct server *s, char *out, size_t size)
{
    size_t len = config_url_without_query(s->redis_url);
    const char *end = s->redis_url + len;
    const char *at = memrchr(s->redis_url, '@', len), *slashes = strstr(s->redis_url, "://");
    if (at && slashes && at > slashes)
        snprintf(out, size, "%.*s%.*s", (int)(slashes + 3 - s->redis_url), s->redis_url, (int)(end - at - 1), at + 1);
    else
        snprintf(out, size, "%.*s", (int)len, s->redis_url);
}

/* Written beside and renamed: whoever waits for the file never reads half of it. */
static int write_ready_file(const struct server *s, const char *redis)
{
    char temporary[CONFIG_TEXT_MAX + 8];
    snprintf(temporary, sizeof temporary, "%s.new", s->config.ready_file);
    FILE *f = fopen(temporary, "we");
    if (!f)
        return -errno;
    fprintf(f, "{\"public\":\"%s\",\"admin\":\"%s\",\"pid\":%d,\"redis\":\"", s->public_url, s->admin_url,
            (int)getpid());
    for (const char *p = redis; *p; p++)
        fprintf(f, (unsigned char)*p < 0x20 || *p == '"' || *p == '\\' ? "\\u%04x" : "%c", (unsigned char)*p);
    fputs("\"}\n", f);
    if (fclose(f) != 0 || rename(temporary, s->config.ready_file) != 0)
        return -errno;
    return 0;
}

/* Nobody can log in yet: whoever reads the log may make the first owner. */
static void tell_setup(struct server *s, char link[SETUP_LINK_MAX])
{
    link[0] = '\0';
    if (!s->setup_token[0])
        return;
    snprintf(link, SETUP_LINK_MAX, "%s/#setup=%s", s->admin_url, s->setup_token);
    log_event(LOG_INFO, "setup", "link", link, "detail", "makes the first owner, once, within 15 minutes", NULL);
    sodium_memzero(s->setup_token, sizeof s->setup_token);
}

static void be_ready(struct server *s)
{
    char redis[CONFIG_TEXT_MAX], pid[16], workers[16];
    redis_shown(s, redis, sizeof redis);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    snprintf(workers, sizeof workers, "%d", s->config.workers);
    if (s->config.ready_file[0]) {
        int error = write_ready_file(s, redis);
        if (error) {
            fail(s, s->config.ready_file, strerror(-error));
            return;
        }
    }
    log_event(LOG_INFO, "ready", "public", s->public_url, "admin", s->admin_url, "base_url", s->config.base_url,
              "redis", redis, "workers", workers, "pid", pid, NULL);
    char link[SETUP_LINK_MAX];
    tell_setup(s, link);
    if (s->config.demo)
        demo_print(&s->config, s->admin_url, s->demo_token[0] ? s->demo_token : NULL, link[0] ? link : NULL);
}

static void on_notify(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof count) != sizeof count)
        return;
    if (s->stopping || s->failed || s->ready)
        return;
    for (int i = 0; i < s->thread_count; i++) {
        if (server_thread_ended(s->threads[i])) {
            fail(s, "thread", "its door does not open");
            return;
        }
        if (!server_thread_opened(s->threads[i]))
            return;
    }
    s->ready = true;
    event_add(&s->format_event, &(struct timeval){FORMAT_LOOK_SECONDS, 0});
    be_ready(s);
}

/* --- threads --- */

static bool add_thread(struct server *s, enum thread_kind kind, uint16_t port)
{
    char err[STORE_ERR_MAX];
    const struct thread_options o = {
        .kind = kind,
        .config = &s->config,
        .countries = s->countries,
        .redis_url = s->redis_url,
        .log = store_event,
        .secret = s->secret,
        .setup_token = s->setup_token[0] ? s->setup_token : NULL,
        .port = port,
        .metrics = &s->metrics[kind == THREAD_WORKER ? s->thread_count : 0],
        .notify_fd = s->notify_fd,
    };
    struct server_thread *t = server_thread_new(&o, err, sizeof err);
    if (!t) {
        fail(s, kind == THREAD_WORKER ? "listen" : "admin_listen", err);
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
    fail(s, what, err);
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

/* All doors are bound before any thread starts: what cannot be had is told before anyone is let in. */
static void start_threads(struct server *s)
{
    int error = privileges_bind(true);
    bool bound = !error && bind_doors(s);
    if (!error)
        error = privileges_bind(false);
    if (!error)
        error = privileges_end();
    if (error)
        fail(s, "user", strerror(-error));
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
            fail(s, "thread", strerror(-error));
            return;
        }
    }
}

/* --- beginning --- */

/* From the store's secret: the link that one server tells opens the doors of all. It lives as long as each lets it. */
static void make_setup_token(struct server *s)
{
    static const char what[] = "the first owner";
    unsigned char bytes[32];
    crypto_generichash(bytes, sizeof bytes, (const unsigned char *)what, sizeof what, s->secret, sizeof s->secret);
    sodium_bin2base64(s->setup_token, sizeof s->setup_token, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

static void users_known(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct server *s = ctx;
    (void)json, (void)len;
    if (s->stopping || s->failed)
        return;
    if (r == STORE_OK && count == 0)
        make_setup_token(s);
    start_threads(s);
}

static void look_for_users(struct server *s)
{
    store_row_list(s->store, (struct store_rows){STORE_USERS, NULL}, users_known, s);
}

static void demo_made(void *ctx, const char *token)
{
    struct server *s = ctx;
    if (s->stopping || s->failed)
        return;
    if (token)
        snprintf(s->demo_token, sizeof s->demo_token, "%s", token);
    look_for_users(s);
}

/* One line when a Redis of somebody else's keeps its promises less well than the embedded one. */
static void warn_of_promises(const struct store_facts *f)
{
    if (!f->fsync[0])
        log_event(LOG_WARN, "redis_unknown", "detail",
                  "CONFIG GET is not allowed: whether seats are on disk before they are answered is not known", NULL);
    else if (!f->aof || strcmp(f->fsync, "always") != 0 || strcmp(f->eviction, "noeviction") != 0)
        log_event(LOG_WARN, "redis_promises_less", "appendonly", f->aof ? "yes" : "no", "appendfsync", f->fsync,
                  "maxmemory_policy", f->eviction, "detail",
                  "answered seats may be lost; wanted: yes, always, noeviction", NULL);
}

static void serve(struct server *s)
{
    if (s->config.demo)
        demo_start(s->store, demo_made, s);
    else
        look_for_users(s);
}

static void facts_known(void *ctx, enum store_result r, const struct store_facts *f)
{
    struct server *s = ctx;
    if (s->stopping || s->failed)
        return;
    if (r == STORE_OK)
        warn_of_promises(f);
    serve(s);
}

static void secret_known(void *ctx, enum store_result r, const unsigned char secret[STORE_SECRET])
{
    struct server *s = ctx;
    if (s->stopping || s->failed)
        return;
    if (r == STORE_OK) {
        event_del(&s->wait_event);
        memcpy(s->secret, secret, STORE_SECRET);
        if (s->redis)
            serve(s);
        else
            store_facts(s->store, facts_known, s);
    } else if (r == STORE_BAD_REPLY) {
        fail(s, "store", "the key of cookies (secret) is not one of ours");
    } else {
        event_add(&s->try_event, &(struct timeval){0, SECRET_TRY_MS * 1000});
    }
}

/* At the start, and again and again: an operator may have raised it, and who does not know the new one ends. */
static void format_known(void *ctx, enum store_result r, int format)
{
    struct server *s = ctx;
    char why[STORE_ERR_MAX];
    if (s->stopping || s->failed)
        return;
    if (r == STORE_OK && format > store_format_known()) {
        store_format_refusal(format, why);
        fail(s, "store", why);
    } else if (s->ready) {
        event_add(&s->format_event, &(struct timeval){FORMAT_LOOK_SECONDS, 0});
    } else if (r == STORE_OK) {
        store_secret(s->store, secret_known, s);
    } else if (r == STORE_BAD_REPLY) {
        fail(s, "store", "its format is not a number");
    } else {
        event_add(&s->try_event, &(struct timeval){0, SECRET_TRY_MS * 1000});
    }
}

static void on_format_look(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    (void)fd, (void)what;
    store_format(s->store, format_known, s);
}

static void on_try(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    (void)fd, (void)what;
    if (store_is_up(s->store))
        store_format(s->store, format_known, s);
    else
        event_add(&s->try_event, &(struct timeval){0, SECRET_TRY_MS * 1000});
}

/* First it is told; then, a Redis of somebody else's is given up. The embedded one may have much to load: it is waited
 * for. */
static void on_wait_over(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    char redis[CONFIG_TEXT_MAX];
    (void)fd, (void)what;
    redis_shown(s, redis, sizeof redis);
    if (!s->told_wait) {
        s->told_wait = true;
        log_event(LOG_WARN, "redis_awaited", "redis", redis, NULL);
        event_add(&s->wait_event, &(struct timeval){REDIS_WAIT_SECONDS - REDIS_TELL_SECONDS, 0});
    } else if (!s->redis) {
        fail(s, redis, "not reachable");
    }
}

/* --- signals and the end --- */

static void on_drain_over(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    (void)fd, (void)what;
    log_event(LOG_WARN, "drain_over", "detail", "some answers were not taken in time", NULL);
    for (int i = 0; i < s->thread_count; i++)
        server_thread_stop(s->threads[i]);
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

/* While they drain, the main loop goes on: Redis is still looked after, a second signal still heard. */
static void end_threads(struct server *s)
{
    for (int i = 0; i < s->thread_count; i++)
        server_thread_drain(s->threads[i]);
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

/* --- the whole --- */

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

static void on_store(void *ctx, bool up)
{
    struct server *s = ctx;
    if (up && s->redis)
        redis_child_served(s->redis);
    if (up && event_pending(&s->try_event, EV_TIMEOUT, NULL))
        event_add(&s->try_event, &(struct timeval){0, 0}); /* now, and not with the next look */
}

static bool begin(struct server *s)
{
    char err[STORE_ERR_MAX];
    const struct redis_child_options child = {
        .data_dir = s->config.data_dir,
        .fsync_always = s->config.appendfsync == CONFIG_FSYNC_ALWAYS,
        .log = store_event,
    };
    s->redis_url = s->config.redis_url;
    if (!s->redis_url[0]) {
        s->redis = redis_child_start(s->base, &child, err);
        if (!s->redis) {
            fail(s, "redis", err);
            return false;
        }
        s->redis_url = redis_child_url(s->redis);
    }
    const struct store_options store = {
        .redis_url = s->redis_url,
        .key_prefix = s->config.key_prefix,
        .hold_seconds = s->config.hold_seconds,
        .audit_days = s->config.audit_days,
        .stats_days = s->config.stats_days,
        .wait_replicas = s->config.wait_replicas,
        .log = NULL, /* that it does not answer at once is how a start looks */
    };
    s->store = store_new(s->base, &store, err);
    if (!s->store) {
        fail(s, "store", err);
        return false;
    }
    store_on_change(s->store, on_store, s);
    landing_report_to(s->config.abuse_contact);
    int error = landing_init(); /* while Redis starts */
    if (error) {
        fail(s, "landing pages", strerror(-error));
        return false;
    }
    if (event_add(&s->try_event, &(struct timeval){0, 0}) == 0 &&
        event_add(&s->wait_event, &(struct timeval){REDIS_TELL_SECONDS, 0}) == 0)
        return true;
    fail(s, "start", "out of memory");
    return false;
}

int server_run(const struct config *config, const struct countries *countries)
{
    static struct server s;
    char err[PRIVILEGES_ERR_MAX];
    raise_descriptor_limit();
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
    event_assign(&s.notify_event, s.base, s.notify_fd, EV_READ | EV_PERSIST, on_notify, &s);
    event_assign(&s.try_event, s.base, -1, EV_TIMEOUT, on_try, &s);
    event_assign(&s.wait_event, s.base, -1, EV_TIMEOUT, on_wait_over, &s);
    event_assign(&s.format_event, s.base, -1, EV_TIMEOUT, on_format_look, &s);
    event_assign(&s.drain_event, s.base, -1, EV_TIMEOUT, on_drain_over, &s);
    if (event_add(&s.notify_event, NULL) != 0 || !watch_signals(&s))
        fail(&s, "start", "out of memory");
    else if (begin(&s))
        event_base_dispatch(s.base);
    end_threads(&s);
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
