/* Who listens: a stream from its first line to its end. */
#include "events_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "address.h"
#include "answer.h"
#include "params.h"
#include "problem.h"
#include "routes.h"
#include "steady.h"

/* What is being read for a client, which may be gone when it comes; NULL then. One at a time. */
struct events_asked {
    struct events *events;
    struct events_client *client;
};

/* Tells it of what it watches and has not been told of. Who is still taking what came before is told later, of what is
 * so then. false: there was nothing to tell, or it is closed and gone. */
static bool tell_client(struct events_client *k, int64_t now)
{
    bool told = false;
    for (size_t i = 0; i < k->count && conn_stream_unsent(k->conn) == 0; i++) {
        const struct events_watch *w = k->watched[i].watch;
        if (!w->text || k->watched[i].seq == w->seq)
            continue;
        k->watched[i].seq = w->seq;
        k->told_at = now;
        told = true;
        if (!conn_stream_send(k->conn, w->text, strlen(w->text)))
            return false;
    }
    return told;
}

/* Each client once a second, and a few at a time: two hundred told in one go keep the processors from the scans for
 * milliseconds. */
void events_tell_clients(struct events *e, int64_t now)
{
    int told = 0;
    for (struct events_client *k = e->clients, *next; k && told < EVENTS_TELLS_MAX; k = next) {
        next = k->next;
        if (now - k->told_at >= EVENTS_EVERY_MS)
            told += tell_client(k, now);
    }
}

static struct events_asked *asked_new(struct events *e, struct events_client *k)
{
    struct events_asked *asked = malloc(sizeof *asked);
    if (asked) {
        *asked = (struct events_asked){e, k};
        k->asked = asked;
    }
    return asked;
}

/* Whose it was; NULL: gone. */
static struct events_client *asked_end(struct events_asked *asked)
{
    struct events_client *k = asked->client;
    if (k)
        k->asked = NULL;
    free(asked);
    return k;
}

/* A stream outlives what it was begun with: users are disabled, sessions ended, tokens taken back. */
static void rechecked(void *ctx, bool stands)
{
    struct events_client *k = asked_end(ctx);
    if (k && !stands)
        conn_stream_end(k->conn);
}

void events_recheck_clients(struct events *e, int64_t now)
{
    int checks = 0;
    for (struct events_client *k = e->clients, *next; k && checks < EVENTS_CHECKS_MAX; k = next) {
        next = k->next;
        struct events_asked *asked;
        if (k->asked || now - k->checked_at < EVENTS_CHECK_SECONDS || !(asked = asked_new(e, k)))
            continue;
        k->checked_at = now;
        checks++;
        if (!auth_recheck(e->admin, &k->proof, rechecked, asked))
            asked_end(asked);
    }
}

void events_beat_clients(struct events *e, int64_t now, int64_t now_ms)
{
    static const char here[] = ": here\n\n";
    for (struct events_client *k = e->clients, *next; k; k = next) {
        next = k->next;
        if (now >= k->until) {
            conn_stream_end(k->conn);
        } else if (now_ms - k->beaten_at >= EVENTS_HEARTBEAT_MS) {
            k->beaten_at = now_ms;
            conn_stream_send(k->conn, here, sizeof here - 1);
        }
    }
}

static void client_free(struct events_client *k)
{
    if (k->asked)
        k->asked->client = NULL;
    for (size_t i = 0; i < k->count; i++)
        events_watch_leave(k->watched[i].watch);
    free(k);
}

static void client_ended(struct conn *c)
{
    struct events *e = admin_of(c)->events;
    struct events_client *k = request_of(c)->listener;
    *k->prev = k->next;
    if (k->next)
        k->next->prev = k->prev;
    if (--e->client_count == 0)
        event_del(&e->tick);
    client_free(k);
}

/* false: out of memory. One more than may be is left out. */
static bool client_watch(struct events *e, struct events_client *k, const char *slug)
{
    if (k->count == EVENTS_WATCHED_MAX)
        return true;
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->watched[i].watch->slug, slug) == 0)
            return true;
    struct events_watch *w = events_watch_join(e, slug);
    if (!w)
        return false;
    k->watched[k->count].seq = w->seq - 1;
    k->watched[k->count++].watch = w;
    return true;
}

/* false: those of that address are not counted. */
static bool network_of(struct conn *c, unsigned char ret[CLIENT_NETWORK])
{
    struct in6_addr client;
    client_find(conn_peer_address(c), conn_request(c)->header[HTTP_H_X_FORWARDED_FOR], config_trusts_proxy,
                admin_of(c)->config, &client);
    client_network(&client, ret);
    return address_counts(admin_of(c)->config, &client);
}

/* Whether the one who asks may listen once more; else it was said why not. */
static bool has_place(struct conn *c)
{
    const struct events *e = admin_of(c)->events;
    unsigned char network[CLIENT_NETWORK];
    size_t own = 0, near = 0;
    const bool counts = network_of(c, network);
    for (const struct events_client *k = e->clients; k; k = k->next) {
        own += strcmp(k->who, request_of(c)->who) == 0;
        near += counts && memcmp(k->network, network, sizeof network) == 0;
    }
    if (own >= EVENTS_ACCOUNT_MAX)
        problem_reply_later(c, 429, EVENTS_AGAIN_SECONDS,
                            "This account or token has as many streams open as it may; close some.");
    else if (near >= EVENTS_ADDRESS_MAX)
        problem_reply_later(c, 429, EVENTS_AGAIN_SECONDS,
                            "This address has as many streams open as it may; close some.");
    else if (e->client_count >= EVENTS_CLIENTS_MAX)
        problem_reply_later(c, 503, EVENTS_AGAIN_SECONDS, "Too many are listening; try again later.");
    else
        return true;
    return false;
}

/* Listens from the first client on. */
static void begin_listening(struct events *e)
{
    char err[STORE_ERR_MAX];
    if (!e->changes)
        e->changes = changes_new(e->store, CHANGES_SAVED, events_on_changed, e, err);
    if (e->client_count++ == 0)
        event_add(&e->tick, &(struct timeval){0, 0}); /* what it asked for, now */
}

/* false: the connection has ended, and the client with it. */
static bool client_begin(struct conn *c, struct events_client *k)
{
    static const char lines[] =
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\n";
    struct events *e = admin_of(c)->events;
    char hello[64];
    struct reply r;
    k->conn = c;
    snprintf(k->who, sizeof k->who, "%s", request_of(c)->who);
    network_of(c, k->network);
    k->proof = auth_proof_of(c);
    k->checked_at = steady_seconds();
    k->until = k->checked_at + EVENTS_LIFE_SECONDS;
    k->beaten_at = events_milliseconds();
    request_of(c)->listener = k;
    reply_begin(&r, c, 200);
    reply_header_text(&r, "Content-Type", "text/event-stream");
    reply_lines(&r, lines, sizeof lines - 1);
    if (!reply_stream(&r, client_ended)) {
        client_free(k);
        return false;
    }
    k->next = e->clients;
    k->prev = &e->clients;
    if (k->next)
        k->next->prev = &k->next;
    e->clients = k;
    begin_listening(e);
    snprintf(hello, sizeof hello, "retry: %d\n\n", (int)EVENTS_RETRY_MS);
    conn_stream_send(c, hello, strlen(hello));
    return true;
}

/* Without ?campaigns=: the first ones, by slug. */
static void list_done(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count, const char *next,
                      int64_t total)
{
    struct events_asked *asked = ctx;
    struct events *e = asked->events;
    (void)next, (void)total;
    struct events_client *k = asked_end(asked);
    if (k && r != STORE_OK)
        conn_stream_end(k->conn); /* it asks again */
    for (size_t i = 0; k && r == STORE_OK && i < count; i++)
        client_watch(e, k, rows[i].definition->slug);
}

/* The slugs of a list "a,b", in lower case; what can be none is an error. */
static bool watch_list(struct conn *c, struct events_client *k, char *list)
{
    char *rest = list, *slug;
    while ((slug = strsep(&rest, ","))) {
        for (char *p = slug; *p; p++)
            if (*p >= 'A' && *p <= 'Z')
                *p = (char)(*p - 'A' + 'a');
        if (!campaign_slug_valid(slug, strlen(slug)))
            return false;
        client_watch(admin_of(c)->events, k, slug);
    }
    return true;
}

static void begin_with_list(struct conn *c, struct events_client *k)
{
    struct admin *a = admin_of(c);
    struct events_asked *asked = asked_new(a->events, k);
    if (!asked) {
        client_free(k);
        problem_reply_store(c, STORE_UNAVAILABLE, PROBLEM_READING);
    } else if (client_begin(c, k)) {
        store_campaign_list(a->store, STORE_BY_SLUG, NULL, "", EVENTS_WATCHED_MAX, list_done, asked);
    } else {
        free(asked);
    }
}

static void stream_start(struct conn *c)
{
    static char list[EVENTS_WATCHED_MAX * (CAMPAIGN_SLUG_MAX + 1) + 1]; /* of this call only */
    long len = query_get(conn_request(c)->query, "campaigns", list, sizeof list);
    if (!has_place(c))
        return;
    struct events_client *k = calloc(1, sizeof *k);
    if (!k) {
        problem_reply_store(c, STORE_UNAVAILABLE, PROBLEM_READING);
    } else if (len == -2) {
        begin_with_list(c, k);
    } else if (len > 0 && watch_list(c, k, list)) {
        client_begin(c, k);
    } else {
        struct field_errors errors = {.count = 0};
        field_errors_add(&errors, "campaigns", "must be slugs, separated by commas, %d at most",
                         (int)EVENTS_WATCHED_MAX);
        client_free(k);
        problem_reply_fields(c, &errors);
    }
}

void events_stream(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, stream_start);
}
