/* One worker: its door, its routes, its view of the campaigns. */
#include "worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "address.h"
#include "conn.h"
#include "reply.h"
#include "route.h"
#include "scan.h"

enum {
    WORKER_DESCRIPTORS_KEPT = 64, /* for Redis, logs and what the libraries open */
    WORKER_CONNS_MAX = 50000,   /* each has at most one call of the store under way: below LINK_CALLS of redis_link.c */
    WORKER_FORM_MAX = 1024,     /* bytes of a button's form */
    WORKER_FREE_SHARE = 8,      /* an eighth of the connections is for those who come, and is not kept */
    WORKER_ADDRESS_KEPT = 1024, /* connections kept of one address, which may be a carrier's; an eighth at most */
    WORKER_ADDRESS_SHARE = 2,   /* half of all is the most that one address may have at a time */
};

struct worker {
    struct scan_context context; /* first: what the door's handlers get */
    struct store *store;
    struct http_door *door;
    struct event tick;
    struct metrics_worker *metrics;
};

static void send_text(struct conn *c, int status, const char *text)
{
    struct reply r;
    reply_begin(&r, c, status);
    if (status == 503)
        reply_header_text(&r, "Retry-After", "3");
    reply_header_text(&r, "Content-Type", "text/plain; charset=utf-8");
    reply_header_text(&r, "Cache-Control", "no-store");
    reply_end(&r, text, strlen(text));
}

static void health_done(void *ctx, enum store_result r)
{
    send_text(ctx, r == STORE_OK ? 200 : 503, r == STORE_OK ? "ok\n" : "no seats can be taken\n");
}

static void handle_health(struct conn *c)
{
    struct worker *w = conn_owner(c);
    if (http_door_draining(w->door))
        send_text(c, 503, "draining\n");
    else
        store_ping(w->store, health_done, c);
}

static void handle_robots(struct conn *c)
{
    send_text(c, 200, "User-agent: *\nDisallow: /\n");
}

/* What no route takes may be an old address, of any form. */
static void refuse(struct conn *c, int status)
{
    if (status == 404)
        scan_not_found(c);
    else
        scan_refuse(c, status);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;
    uint64_t calls, scans;
    (void)fd, (void)what;
    counts_flush(w->context.counts);
    counts_publish(w->context.counts, w->metrics);
    seats_numbers(w->context.seats, &calls, &scans);
    atomic_store(&w->metrics->calls, calls);
    atomic_store(&w->metrics->call_scans, scans);
    atomic_store(&w->metrics->asked, w->context.guard.asked);
    atomic_store(&w->metrics->proven, w->context.guard.proven);
    atomic_store(&w->metrics->connections, http_door_conns(w->door));
    atomic_store(&w->metrics->store_up, store_is_up(w->store));
}

static const struct http_route routes[] = {
    {HTTP_M_GET, "/healthz", handle_health, 0},
    {HTTP_M_GET, "/robots.txt", handle_robots, 0},
    {HTTP_M_GET, "/", scan_not_found, 0},
    {HTTP_M_GET, "/{}", scan_start, 0},
    {HTTP_M_POST, "/{}", scan_press, WORKER_FORM_MAX},
    {HTTP_M_POST, "/{}/seat", scan_confirm, WORKER_FORM_MAX},
    {HTTP_M_POST, "/{}/next", scan_next, WORKER_FORM_MAX},
    {HTTP_M_GET, "/{}/next", scan_return, 0},
    {HTTP_M_GET, "/{}/{}", scan_start, 0},
    {HTTP_M_POST, "/{}/{}", scan_press, WORKER_FORM_MAX},
};

/* Descriptors are shared by all workers; each leaves the others theirs. */
static size_t conns_max(int workers)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return WORKER_CONNS_MAX;
    size_t all = limit.rlim_cur > 2 * WORKER_DESCRIPTORS_KEPT ? (size_t)limit.rlim_cur - WORKER_DESCRIPTORS_KEPT
                                                              : (size_t)limit.rlim_cur;
    size_t each = all / (size_t)workers;
    return each < WORKER_CONNS_MAX ? each : WORKER_CONNS_MAX;
}

static bool counts_address(const void *owner, const struct in6_addr *peer)
{
    const struct worker *w = owner;
    return address_counts(w->context.config, peer);
}

struct worker *worker_new(struct event_base *base, const struct config *config, const struct countries *countries,
                          uint16_t port, struct store *store, const unsigned char secret[STORE_SECRET],
                          struct metrics_worker *metrics, char *err, size_t err_size)
{
    const struct seats_options seats = {.campaigns_max = WORKER_CAMPAIGNS_MAX, .prepared_free = answers_free};
    struct worker *w = calloc(1, sizeof *w);
    if (!w) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    const size_t conns = conns_max(config->workers), share = conns / WORKER_FREE_SHARE;
    const struct http_door_options door = {
        .routes = routes,
        .route_count = sizeof routes / sizeof *routes,
        .conn_data = scan_size(),
        .conns_max = conns,
        .kept_max = conns - share,
        .address_kept = share < WORKER_ADDRESS_KEPT ? share : WORKER_ADDRESS_KEPT,
        .address_max = conns / WORKER_ADDRESS_SHARE,
        .counts = counts_address,
        .owner = w,
        .refuse = refuse,
    };
    char why[STORE_ERR_MAX];
    w->store = store;
    w->context.config = config;
    w->context.countries = countries;
    snprintf(why, sizeof why, "the headers of pages do not fit");
    bool fits = scan_context_init(&w->context, secret, config->visitor_days, config->base_url) == 0;
    if (fits && answer_shelf_begin(&w->context.shelf) != 0)
        snprintf(why, sizeof why, "out of memory");
    else if (fits)
        w->context.seats = seats_new(store, &seats, why);
    w->context.aliases = w->context.seats ? alias_finder_new(store) : NULL;
    w->context.counts = w->context.aliases && guard_init(&w->context.guard, secret) ? counts_new(store) : NULL;
    if (!w->context.counts)
        snprintf(err, err_size, "%s", w->context.seats ? "out of memory" : why);
    else
        w->door = http_door_new(base, &door, config->listen.host, port, err, err_size);
    if (w->door) {
        w->metrics = metrics;
        event_assign(&w->tick, base, -1, EV_PERSIST, on_tick, w);
        event_add(&w->tick, &(struct timeval){1, 0});
        return w;
    }
    counts_free(w->context.counts);
    guard_clear(&w->context.guard);
    alias_finder_free(w->context.aliases);
    seats_free(w->context.seats);
    answer_shelf_clear(&w->context.shelf);
    free(w);
    return NULL;
}

uint16_t worker_port(const struct worker *w)
{
    return http_door_port(w->door);
}

int worker_open(struct worker *w)
{
    return http_door_open(w->door);
}

void worker_drain(struct worker *w)
{
    http_door_drain(w->door);
}

bool worker_ended(struct worker *w)
{
    if (http_door_conns(w->door))
        return false;
    counts_flush(w->context.counts);
    return counts_settled(w->context.counts) || !store_is_up(w->store);
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    event_del(&w->tick);
    seats_free(w->context.seats);
    alias_finder_free(w->context.aliases);
    counts_free(w->context.counts);
    guard_clear(&w->context.guard);
    http_door_free(w->door);
    answer_shelf_clear(&w->context.shelf);
    free(w);
}
