/*
 * The scan path's half of the ledger: campaigns as a worker knows them, and the calls that take their seats.
 *
 * Scans of one campaign share a call. A scan joins the campaign's queue; after the next poll (flush_event), or when a
 * crowd has gathered (gather.h), the queue goes out as one take_seats call, if none of this campaign is in flight; when
 * its answer comes, the seats are handed out in the order of the queue, and whoever has come meanwhile goes out
 * together. While the link is down for a moment the queue waits, each scan until its own deadline; when it is down for
 * longer, scans fail at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sodium.h>

#include "seats_private.h"

enum {
    SEATS_TICK_MS = 100,
    SEATS_KNOWN = 48, /* bytes of "uid:version" */
};

int64_t seats_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A timer of no time runs after the next poll: what clients have sent meanwhile joins. */
void seats_flush_soon(struct seats *s)
{
    event_add(&s->flush_event, &(struct timeval){0, 0});
}

void seats_make_due(struct seats *s, struct cached_campaign *e)
{
    if (!e->due) {
        e->due = true;
        e->next_due = NULL;
        *s->due_tail = e;
        s->due_tail = &e->next_due;
    }
    seats_flush_soon(s);
}

/* Seeds for the scripts' dice; need not be secret, and a system call each would cost more than the rest of the call. */
int64_t seats_draw(struct seats *s)
{
    s->dice = s->dice * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int64_t)(s->dice >> 33);
}

static void known_version(const struct cached_campaign *e, char out[SEATS_KNOWN])
{
    const struct campaign *d = e->pub.definition;
    snprintf(out, SEATS_KNOWN, "%s:%lld", d ? d->uid : "", d ? (long long)d->version : 0LL);
}

void seats_ledger_keys(struct redis_call *c, const char *slug)
{
    redis_call_key(c, slug, "");
    redis_call_key(c, slug, ":seats");
    redis_call_key(c, slug, ":queue");
    redis_call_key(c, slug, ":due");
}

struct redis_call *seats_call_begin(struct seats *s, const struct cached_campaign *e, enum redis_script script)
{
    char known[SEATS_KNOWN];
    struct redis_call *c = redis_script_begin(s->store->link, script, 4);
    seats_ledger_keys(c, e->pub.slug);
    known_version(e, known);
    redis_call_text(c, known);
    return c;
}

static void send_asking(struct seats *s, struct cached_campaign *e)
{
    struct waiter_queue shared;
    queue_init(&shared);
    for (struct seat_waiter *w; (w = queue_pop(&e->asking));) {
        if (w->prefer)
            seats_take_preferred_start(s, e, w);
        else
            queue_push(&shared, w);
    }
    for (struct seat_waiter *w; (w = queue_pop(&shared));)
        queue_push(&e->asking, w);
    if (e->asking.count && !e->taking)
        seats_take_start(s, e);
}

static void fail_overdue(struct waiter_queue *q, int64_t asked_before_ms, enum store_result r)
{
    while (q->head && q->head->asked_ms <= asked_before_ms) {
        struct seat_waiter *w = queue_pop(q);
        w->done(w, r);
    }
}

/* The link is down: who has waited long enough is told; the others go on waiting. true: some do. */
static bool wait_for_link(struct seats *s, struct cached_campaign *e)
{
    int64_t now = seats_now_ms();
    int64_t before = now - s->down_since_ms >= STORE_DEADLINE_MS ? now : now - STORE_DEADLINE_MS;
    e->loading = true; /* keeps it while its visitors are told */
    fail_overdue(&e->asking, before, STORE_UNAVAILABLE);
    fail_overdue(&e->opening, before, e->pub.definition ? STORE_OK : STORE_UNAVAILABLE);
    e->loading = false;
    return e->asking.count || e->opening.count;
}

static void tell_told(struct seats *s)
{
    struct seat_waiter *list = s->told;
    s->told = NULL;
    s->told_tail = &s->told;
    for (struct seat_waiter *next; list; list = next) {
        next = list->next;
        list->done(list, STORE_UNAVAILABLE);
    }
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
    struct seats *s = arg;
    struct cached_campaign *list = s->due;
    bool waiting = false;
    (void)fd, (void)what;
    if (gather_wait(&s->gather)) {
        seats_flush_soon(s);
        return;
    }
    s->due = NULL;
    s->due_tail = &s->due;
    for (struct cached_campaign *e = list, *next; e; e = next) {
        next = e->next_due;
        e->due = false;
        if (s->down_since_ms) {
            if (wait_for_link(s, e) && !e->due) {
                e->due = true;
                e->next_due = NULL;
                *s->due_tail = e;
                s->due_tail = &e->next_due;
                waiting = true;
            }
            continue;
        }
        if ((e->opening.count || e->wanted_anew) && !e->loading)
            seats_load_start(s, e);
        if (e->asking.count)
            send_asking(s, e);
    }
    tell_told(s);
    if (waiting && !event_pending(&s->tick_event, EV_TIMEOUT, NULL))
        event_add(&s->tick_event, &(struct timeval){0, SEATS_TICK_MS * 1000});
}

static void on_link(void *ctx, bool up)
{
    struct seats *s = ctx;
    s->down_since_ms = up ? 0 : seats_now_ms();
    if (s->due)
        seats_flush_soon(s);
}

static void on_changed(void *ctx, const char *slug, size_t len)
{
    struct seats *s = ctx;
    char text[CAMPAIGN_SLUG_MAX + 1];
    if (!slug) {
        cache_mark_all_stale(&s->cache);
        return;
    }
    if (len > CAMPAIGN_SLUG_MAX)
        return;
    memcpy(text, slug, len);
    text[len] = '\0';
    struct cached_campaign *e = cache_find(&s->cache, text);
    if (!e)
        return;
    e->stale = e->wanted_anew = true;
    seats_make_due(s, e);
}

struct seats *seats_new(struct store *store, const struct seats_options *o, char err[STORE_ERR_MAX])
{
    struct seats *s = calloc(1, sizeof *s);
    if (!s || cache_init(&s->cache, o->campaigns_max, o->prepared_free) != 0) {
        snprintf(err, STORE_ERR_MAX, "out of memory");
        free(s);
        return NULL;
    }
    s->store = store;
    s->due_tail = &s->due;
    s->told_tail = &s->told;
    gather_init(&s->gather);
    randombytes_buf(&s->dice, sizeof s->dice);
    s->down_since_ms = store_is_up(store) ? 0 : seats_now_ms();
    event_assign(&s->flush_event, store->base, -1, EV_TIMEOUT, on_flush, s);
    event_assign(&s->tick_event, store->base, -1, EV_TIMEOUT, on_flush, s);
    s->changes = changes_new(store, CHANGES_SAVED, on_changed, s, err);
    if (!s->changes) {
        cache_clear(&s->cache);
        free(s);
        return NULL;
    }
    s->memory = seats_memory_new(store);
    store_on_change(store, on_link, s);
    return s;
}

void seats_free(struct seats *s)
{
    if (!s)
        return;
    for (struct cached_campaign *e = s->cache.newest; e; e = e->older) {
        fail_overdue(&e->asking, INT64_MAX, STORE_UNAVAILABLE);
        fail_overdue(&e->opening, INT64_MAX, STORE_UNAVAILABLE);
    }
    tell_told(s);
    changes_free(s->changes);
    seats_memory_free(s->memory);
    event_del(&s->flush_event);
    event_del(&s->tick_event);
    cache_clear(&s->cache);
    free(s);
}
