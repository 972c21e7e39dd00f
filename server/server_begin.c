/*
 * The start, step by step, each begun by the answer to the one before: embedded Redis -> format -> secret -> facts of
 * a Redis that is not ours -> demo -> users -> threads -> each opens its door when Redis answers it -> ready. The first
 * step stands last.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "demo.h"
#include "landing.h"
#include "log.h"
#include "redis_child.h"
#include "server_private.h"

enum {
    REDIS_TELL_SECONDS = 1,  /* until it is told that Redis does not answer yet */
    REDIS_WAIT_SECONDS = 30, /* for a Redis that is not ours, at the start */
    SECRET_TRY_MS = 1,
    FORMAT_LOOK_SECONDS = 2,
};

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
            server_fail(s, "thread", "its door does not open");
            return;
        }
        if (!server_thread_opened(s->threads[i]))
            return;
    }
    s->ready = true;
    event_add(&s->format_event, &(struct timeval){FORMAT_LOOK_SECONDS, 0});
    server_tell_ready(s);
}

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
    server_start_threads(s);
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
    if (!f->aof[0] || !f->fsync[0] || !f->eviction[0])
        log_event(LOG_WARN, "redis_unknown", "detail",
                  "CONFIG GET is not allowed: whether seats are on disk before they are answered is not known", NULL);
    else if (strcmp(f->aof, "yes") != 0 || strcmp(f->fsync, "always") != 0 || strcmp(f->eviction, "noeviction") != 0)
        log_event(LOG_WARN, "redis_promises_less", "appendonly", f->aof, "appendfsync", f->fsync, "maxmemory_policy",
                  f->eviction, "detail", "answered seats may be lost; wanted: yes, always, noeviction", NULL);
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
        server_fail(s, "store", "the key of cookies (secret) is not one of ours");
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
        server_fail(s, "store", why);
    } else if (s->ready) {
        event_add(&s->format_event, &(struct timeval){FORMAT_LOOK_SECONDS, 0});
    } else if (r == STORE_OK) {
        store_secret(s->store, secret_known, s);
    } else if (r == STORE_BAD_REPLY) {
        server_fail(s, "store", "its format is not a number");
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
    server_show_redis(s, redis, sizeof redis);
    if (!s->told_wait) {
        s->told_wait = true;
        log_event(LOG_WARN, "redis_awaited", "redis", redis, NULL);
        event_add(&s->wait_event, &(struct timeval){REDIS_WAIT_SECONDS - REDIS_TELL_SECONDS, 0});
    } else if (!s->redis) {
        server_fail(s, redis, "not reachable");
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

static bool begin_redis(struct server *s)
{
    char err[STORE_ERR_MAX];
    const struct redis_child_options child = {
        .data_dir = s->config.data_dir,
        .fsync_always = s->config.appendfsync == CONFIG_FSYNC_ALWAYS,
        .log = server_log_store,
    };
    s->redis_url = s->config.redis_url;
    if (s->redis_url[0])
        return true;
    s->redis = redis_child_start(s->base, &child, err);
    if (!s->redis) {
        server_fail(s, "redis", err);
        return false;
    }
    s->redis_url = redis_child_url(s->redis);
    return true;
}

static bool begin_store(struct server *s)
{
    char err[STORE_ERR_MAX];
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
        server_fail(s, "store", err);
        return false;
    }
    store_on_change(s->store, on_store, s);
    return true;
}

bool server_begin(struct server *s)
{
    event_assign(&s->notify_event, s->base, s->notify_fd, EV_READ | EV_PERSIST, on_notify, s);
    event_assign(&s->try_event, s->base, -1, EV_TIMEOUT, on_try, s);
    event_assign(&s->wait_event, s->base, -1, EV_TIMEOUT, on_wait_over, s);
    event_assign(&s->format_event, s->base, -1, EV_TIMEOUT, on_format_look, s);
    if (s->config.take_over && !s->config.redis_url[0]) {
        server_fail(s, "take_over", "needs redis_url: the embedded Redis is one server's own");
        return false;
    }
    if (!begin_redis(s) || !begin_store(s))
        return false;
    landing_report_to(s->config.abuse_contact);
    int error = landing_init(); /* while Redis starts */
    if (error) {
        server_fail(s, "landing pages", strerror(-error));
        return false;
    }
    if (event_add(&s->notify_event, NULL) == 0 && event_add(&s->try_event, &(struct timeval){0, 0}) == 0 &&
        event_add(&s->wait_event, &(struct timeval){REDIS_TELL_SECONDS, 0}) == 0)
        return true;
    server_fail(s, "start", "out of memory");
    return false;
}
