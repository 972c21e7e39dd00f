/* GET /metrics: the numbers of all workers together, in Prometheus' text format (0.0.4). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "answer.h"
#include "auth.h"
#include "lost_watch.h"
#include "metrics.h"
#include "printer.h"
#include "problem.h"
#include "routes.h"

static uint64_t sum(const struct admin *a, size_t offset)
{
    uint64_t all = 0;
    for (int i = 0; i < a->worker_count; i++)
        all +=
            atomic_load_explicit((_Atomic uint64_t *)(void *)((char *)&a->workers[i] + offset), memory_order_relaxed);
    return all;
}

#define SUM(a, field) sum(a, offsetof(struct metrics_worker, field))

static void head(FILE *f, const char *name, const char *type, const char *help)
{
    fprintf(f, "# HELP huoma_%s %s\n# TYPE huoma_%s %s\n", name, help, name, type);
}

static void one(FILE *f, const char *name, const char *type, const char *help, uint64_t value)
{
    head(f, name, type, help);
    fprintf(f, "huoma_%s %" PRIu64 "\n", name, value);
}

static void put_visits(FILE *f, const struct admin *a)
{
    static const char *const kinds[METRICS_KINDS] = {"views",    "people",  "returning", "full",
                                                     "machines", "reports", "seats",     "confirmed"};
    head(f, "visits_total", "counter", "Visits by what came of them; one may be of several kinds.");
    for (size_t k = 0; k < METRICS_KINDS; k++)
        fprintf(f, "huoma_visits_total{kind=\"%s\"} %" PRIu64 "\n", kinds[k],
                sum(a, offsetof(struct metrics_worker, visits) + k * sizeof(_Atomic uint64_t)));
}

static void put_latency(FILE *f, const struct admin *a)
{
    uint64_t all = 0;
    head(f, "scan_duration_seconds", "histogram", "From a scan's head to its answer.");
    for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
        all += sum(a, offsetof(struct metrics_worker, latency) + i * sizeof(_Atomic uint64_t));
        if (i < METRICS_BUCKETS)
            fprintf(f, "huoma_scan_duration_seconds_bucket{le=\"%g\"} %" PRIu64 "\n", metrics_bounds_us[i] / 1e6, all);
    }
    fprintf(f, "huoma_scan_duration_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", all);
    fprintf(f, "huoma_scan_duration_seconds_sum %.6f\n", (double)SUM(a, latency_us) / 1e6);
    fprintf(f, "huoma_scan_duration_seconds_count %" PRIu64 "\n", all);
}

static void put_stores(FILE *f, const struct admin *a)
{
    head(f, "store_up", "gauge", "Whether the thread's link to Redis is up.");
    for (int i = 0; i < a->worker_count; i++)
        fprintf(f, "huoma_store_up{thread=\"worker-%d\"} %" PRIu64 "\n", i, atomic_load(&a->workers[i].store_up));
    fprintf(f, "huoma_store_up{thread=\"admin\"} %d\n", store_is_up(a->store));
}

static void put_alerts(FILE *f, const struct alerts *s)
{
    one(f, "alerts_open", "gauge", "Alerts that are not over.", s->open_count);
    head(f, "alert_messages_total", "counter", "Messages by what came of sending them.");
    fprintf(f, "huoma_alert_messages_total{result=\"sent\"} %" PRIu64 "\n", s->sent);
    fprintf(f, "huoma_alert_messages_total{result=\"delayed\"} %" PRIu64 "\n", s->delayed);
    fprintf(f, "huoma_alert_messages_total{result=\"given_up\"} %" PRIu64 "\n", s->given_up);
}

static void put_printing(FILE *f, struct printer *p)
{
    size_t codes, sheets;
    printer_count(p, &codes, &sheets);
    head(f, "print_jobs", "gauge", "Prints that wait or are being made.");
    fprintf(f, "huoma_print_jobs{kind=\"code\"} %zu\nhuoma_print_jobs{kind=\"sheet\"} %zu\n", codes, sheets);
}

static void show(struct conn *c)
{
    const struct admin *a = admin_of(c);
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (f) {
        put_visits(f, a);
        one(f, "holds_total", "counter", "Seats that were held when they were given.", SUM(a, holds));
        one(f, "holds_confirmed_total", "counter", "Of these, confirmed later; the others are held or came back.",
            SUM(a, holds_confirmed));
        one(f, "visits_dropped_total", "counter", "Visits that were not counted, for want of room.", SUM(a, dropped));
        if (lost_watch_seats(a->lost) >= 0)
            one(f, "seats_lost", "gauge",
                "Seats of yesterday and today of which no worker has told, in hours that are over; all campaigns.",
                (uint64_t)lost_watch_seats(a->lost));
        one(f, "failures_total", "counter", "Visits answered 503.", SUM(a, failures));
        one(f, "proofs_asked_total", "counter", "Pages that asked for a proof before a seat.", SUM(a, asked));
        one(f, "proofs_brought_total", "counter", "Of these, those that brought it.", SUM(a, proven));
        put_latency(f, a);
        one(f, "seat_calls_total", "counter", "Calls of Redis that took seats for all who had come meanwhile.",
            SUM(a, calls));
        one(f, "seat_call_scans_total", "counter", "Scans in these calls.", SUM(a, call_scans));
        one(f, "connections", "gauge", "Connections of visitors.", SUM(a, connections));
        one(f, "visits_unflushed", "gauge", "Kinds of visits that Redis has not counted yet.", SUM(a, unflushed));
        put_stores(f, a);
        put_alerts(f, a->alerts);
        put_printing(f, a->printer);
    }
    if (!f || fclose(f) != 0) {
        problem_reply(c, 503, NULL);
    } else {
        struct reply reply;
        answer_begin(&reply, c, 200, "text/plain; version=0.0.4; charset=utf-8");
        reply_end(&reply, text, len);
    }
    free(text);
}

/* From this machine, and not through a proxy on it. */
static bool is_local(struct conn *c)
{
    char peer[INET6_ADDRSTRLEN];
    conn_peer(c, peer);
    bool loopback = strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0 || strncmp(peer, "::ffff:127.", 11) == 0;
    return loopback && !conn_request(c)->header[HTTP_H_X_FORWARDED_FOR].at;
}

void metrics_show(struct conn *c)
{
    if (is_local(c))
        show(c);
    else
        auth_require(c, AUTH_VIEWER, show);
}
