/* See events.h. */
#include "events.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "answer.h"
#include "auth.h"
#include "params.h"
#include "problem.h"
#include "routes.h"

/* A campaign that somebody watches. */
struct events_watch {
    struct events *events;
    struct events_watch *next;
    char slug[CAMPAIGN_SLUG_MAX + 1];
    int clients;
    bool asked;      /* it is being read */
    int64_t read_at; /* milliseconds; when it was last asked for */
    char *text;      /* the event last told; NULL: none yet */
    unsigned seq;    /* of it */
};

struct events_client {
    struct conn *conn;
    struct events_client *next, **prev;
    struct auth_proof proof;
    int64_t until, checked_at;  /* unix seconds */
    int64_t told_at, beaten_at; /* milliseconds */
    struct events_asked *asked;
    size_t count;
    struct {
        struct events_watch *watch;
        unsigned seq; /* the last one told */
    } watched[EVENTS_WATCHED_MAX];
};

/* What is being read for a client, which may be gone when it comes; NULL then. One at a time. */
struct events_asked {
    struct events *events;
    struct events_client *client;
};

struct events {
    struct admin *admin;
    struct store *store;
    struct changes *changes;
    struct event tick;
    struct events_client *clients;
    size_t client_count;
    struct events_watch *watches; /* the one to be read next comes first */
    int64_t changes_at;           /* milliseconds; when changes were last told of */
    char changed[EVENTS_CHANGED_MAX][CAMPAIGN_SLUG_MAX + 1];
    size_t changed_count;
    bool many;  /* more than that */
    bool heard; /* changes, since the first client */
};

/* A campaign that changed, being read. */
struct events_changed {
    struct events *events;
    char slug[CAMPAIGN_SLUG_MAX + 1];
};

/* --- telling --- */

static int64_t milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void tell_all(struct events *e, const char *text)
{
    for (struct events_client *k = e->clients, *next; k; k = next) {
        next = k->next;
        conn_stream_send(k->conn, text, strlen(text));
    }
}

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
static void tell_some(struct events *e, int64_t now)
{
    int told = 0;
    for (struct events_client *k = e->clients, *next; k && told < EVENTS_TELLS_MAX; k = next) {
        next = k->next;
        if (now - k->told_at >= EVENTS_EVERY_MS)
            told += tell_client(k, now);
    }
}

/* "event: NAME\ndata: JSON\n\n"; object is taken over. NULL: out of memory. */
static char *event_text(const char *name, json_t *object)
{
    char *json = object ? json_dumps(object, JSON_COMPACT) : NULL, *text = NULL;
    json_decref(object);
    if (json && asprintf(&text, "event: %s\ndata: %s\n\n", name, json) < 0)
        text = NULL;
    free(json);
    return text;
}

void events_tell(struct events *e, const char *name, struct json_t *object)
{
    char *text = event_text(name, object);
    if (text)
        tell_all(e, text);
    free(text);
}

/* --- seats --- */

static json_t *pick(json_t *from, const char *const *keys)
{
    json_t *picked = json_object();
    for (size_t i = 0; keys[i]; i++)
        json_object_set(picked, keys[i], json_object_get(from, keys[i]));
    return picked;
}

/* Of a campaign what changes by itself. */
static char *seats_text(const struct store_campaign *sc)
{
    static const char *const of_campaign[] = {"slug", "version", "seats", "severity", "troubles", NULL};
    static const char *const of_group[] = {"id",      "limit",   "used",  "confirmed", "held",
                                           "reports", "members", "state", NULL};
    size_t len = 0, at;
    char *api = campaign_to_api(sc->definition, sc->counts, "", time(NULL), false, &len);
    json_t *whole = api ? json_loadb(api, len, 0, NULL) : NULL, *group;
    free(api);
    if (!whole)
        return NULL;
    json_t *told = pick(whole, of_campaign), *groups = json_array();
    bool few = sc->definition->group_count <= EVENTS_GROUPS_MAX;
    json_array_foreach(json_object_get(whole, "groups"), at, group)
    {
        if (few)
            json_array_append_new(groups, pick(group, of_group));
    }
    json_object_set_new(told, "groups", groups);
    json_decref(whole);
    return event_text("seats", told);
}

static void watch_free(struct events_watch *w)
{
    free(w->text);
    free(w);
}

static void watch_leave(struct events_watch *w)
{
    struct events_watch **at = &w->events->watches;
    if (--w->clients > 0)
        return;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    if (!w->asked)
        watch_free(w);
}

static void seats_read(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct events_watch *w = ctx;
    w->asked = false;
    if (w->clients == 0) { /* all have left meanwhile */
        watch_free(w);
        return;
    }
    char *text = r == STORE_OK ? seats_text(sc) : NULL;
    if (text && (!w->text || strcmp(text, w->text) != 0)) {
        free(w->text);
        w->text = text;
        w->seq++;
    } else {
        free(text);
    }
}

static void read_seats(struct events *e, int64_t now)
{
    for (int i = 0; i < EVENTS_READS_MAX && e->watches; i++) {
        struct events_watch *w = e->watches, **end = &w->next;
        if (w->asked || now - w->read_at < EVENTS_EVERY_MS) /* all the others have had their turn */
            break;
        w->asked = true;
        w->read_at = now;
        store_campaign_read(e->store, w->slug, seats_read, w);
        while (*end)
            end = &(*end)->next;
        e->watches = w->next ? w->next : w;
        if (w->next) {
            *end = w;
            w->next = NULL;
        }
    }
}

/* --- changes --- */

static void on_changed(void *ctx, const char *slug, size_t len)
{
    struct events *e = ctx;
    if (!slug) {
        e->many = e->heard; /* the link was down: some may have been missed */
        e->heard = true;
        return;
    }
    if (len > CAMPAIGN_SLUG_MAX)
        return;
    for (size_t i = 0; i < e->changed_count; i++)
        if (strlen(e->changed[i]) == len && memcmp(e->changed[i], slug, len) == 0)
            return;
    if (e->changed_count == EVENTS_CHANGED_MAX)
        e->many = true;
    else
        snprintf(e->changed[e->changed_count++], sizeof *e->changed, "%.*s", (int)len, slug);
}

static void changed_read(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct events_changed *ch = ctx;
    int64_t version = r == STORE_OK ? sc->definition->version : 0;
    const char *what = r == STORE_NOT_FOUND ? "deleted" : version == 1 ? "created" : "changed";
    char *text = event_text(
        "campaign", json_pack("{s:s,s:s,s:I}", "slug", ch->slug, "change", what, "version", (json_int_t)version));
    if (text && (r == STORE_OK || r == STORE_NOT_FOUND))
        tell_all(ch->events, text);
    free(text);
    free(ch);
}

static void read_changed(struct events *e)
{
    static const char many[] = "event: campaign\ndata: {\"slug\":null,\"change\":\"many\",\"version\":0}\n\n";
    for (size_t i = 0; i < e->changed_count; i++) {
        struct events_changed *ch = malloc(sizeof *ch);
        if (!ch)
            break;
        ch->events = e;
        memcpy(ch->slug, e->changed[i], sizeof ch->slug);
        store_campaign_read(e->store, ch->slug, changed_read, ch);
    }
    if (e->many)
        tell_all(e, many);
    e->changed_count = 0;
    e->many = false;
}

/* --- what is read for one client --- */

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

static void recheck_clients(struct events *e, int64_t now)
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

/* --- in every tick --- */

static void beat_clients(struct events *e, int64_t now, int64_t now_ms)
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

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct events *e = arg;
    int64_t now = time(NULL), now_ms = milliseconds();
    (void)fd, (void)what;
    beat_clients(e, now, now_ms);
    recheck_clients(e, now);
    if (now_ms - e->changes_at >= EVENTS_EVERY_MS) {
        e->changes_at = now_ms;
        read_changed(e);
    }
    read_seats(e, now_ms);
    tell_some(e, now_ms);
    if (e->clients)
        event_add(&e->tick, &(struct timeval){0, EVENTS_TICK_MS * 1000});
}

struct events *events_new(struct event_base *base, struct admin *admin)
{
    struct events *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->admin = admin;
    e->store = admin->store;
    event_assign(&e->tick, base, -1, EV_TIMEOUT, on_tick, e);
    return e;
}

void events_free(struct events *e)
{
    if (!e)
        return;
    event_del(&e->tick);
    changes_free(e->changes);
    free(e);
}

/* --- a client --- */

static void client_free(struct events_client *k)
{
    if (k->asked)
        k->asked->client = NULL;
    for (size_t i = 0; i < k->count; i++)
        watch_leave(k->watched[i].watch);
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
    struct events_watch *w = e->watches;
    if (k->count == EVENTS_WATCHED_MAX)
        return true;
    while (w && strcmp(w->slug, slug) != 0)
        w = w->next;
    for (size_t i = 0; w && i < k->count; i++)
        if (k->watched[i].watch == w)
            return true;
    if (!w) {
        w = calloc(1, sizeof *w);
        if (!w)
            return false;
        w->events = e;
        w->next = e->watches;
        snprintf(w->slug, sizeof w->slug, "%s", slug);
        e->watches = w;
    }
    w->clients++;
    k->watched[k->count].seq = w->seq - 1;
    k->watched[k->count++].watch = w;
    return true;
}

/* Listens from the first client on. */
static void begin_listening(struct events *e)
{
    char err[STORE_ERR_MAX];
    if (!e->changes)
        e->changes = changes_new(e->store, CHANGES_SAVED, on_changed, e, err);
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
    k->proof = auth_proof_of(c);
    k->checked_at = conn_now(c);
    k->until = k->checked_at + EVENTS_LIFE_SECONDS;
    k->beaten_at = milliseconds();
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
    struct admin *a = admin_of(c);
    long len = query_get(conn_request(c)->query, "campaigns", list, sizeof list);
    struct events_client *k = a->events->client_count < EVENTS_CLIENTS_MAX ? calloc(1, sizeof *k) : NULL;
    if (!k) {
        problem_reply(c, 503, "Too many are listening; try again later.");
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
