/*
 * The scan path's half of the ledger: campaigns as a worker knows them, and the calls that take their seats.
 *
 * Scans of one campaign share a call. A scan joins the campaign's queue; after the next poll (flush_event), or when a
 * crowd has gathered (gather.h), the queue goes out as one take_seats call, if none of this campaign is in flight; when
 * its answer comes, the seats are handed out in the order of the queue, and whoever has come meanwhile goes out
 * together. While the link is down for a moment the queue waits, each scan until its own deadline; when it is down for
 * longer, scans fail at once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sodium.h>

#include "seats_answer.h"
#include "seats_private.h"

enum {
    /* Seats asked for in one call: bounds what one script costs everybody. It costs by the groups that give some. */
    SEATS_BATCH_MAX = 2048,
    SEATS_BATCH_MANY = 512, /* of a campaign of more groups than these: */
    SEATS_BATCH_GROUPS = 100,
    SEATS_FRESH_MS = 2000, /* how old a definition may be while changes are not heard */
    SEATS_TICK_MS = 100,
    SEATS_KNOWN = 48,                     /* bytes of "uid:version" */
    SEATS_LANES = CAMPAIGN_LANES_MAX * 3, /* bytes of "0,1,2" with its NUL */
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A timer of no time runs after the next poll: what clients have sent meanwhile joins. */
static void flush_soon(struct seats *s)
{
    event_add(&s->flush_event, &(struct timeval){0, 0});
}

static void make_due(struct seats *s, struct cached_campaign *e)
{
    if (!e->due) {
        e->due = true;
        e->next_due = NULL;
        *s->due_tail = e;
        s->due_tail = &e->next_due;
    }
    flush_soon(s);
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

static void ledger_keys(struct redis_call *c, const char *slug)
{
    redis_call_key(c, slug, "");
    redis_call_key(c, slug, ":seats");
    redis_call_key(c, slug, ":queue");
    redis_call_key(c, slug, ":due");
}

/* A call that answers with the definition too, if the one that is known here is not the newest. */
struct redis_call *seats_call_begin(struct seats *s, const struct cached_campaign *e, enum redis_script script)
{
    char known[SEATS_KNOWN];
    struct redis_call *c = redis_script_begin(s->store->link, script, 4);
    ledger_keys(c, e->pub.slug);
    known_version(e, known);
    redis_call_text(c, known);
    return c;
}

/* Takes over a definition that Redis sent; false: it makes no sense. */
bool seats_adopt(struct seats *s, struct cached_campaign *e, const char *text, size_t len)
{
    char err[STORE_ERR_MAX];
    struct campaign *d = campaign_from_stored(text, len, err, sizeof err);
    if (!d) {
        if (s->store->log)
            s->store->log(STORE_LOG_ERROR, "bad_definition", err);
        return false;
    }
    campaign_bar_hosts(d, &s->store->allowed_hosts);
    cache_set_definition(&s->cache, e, d);
    e->fetched_ms = now_ms();
    return true;
}

/* --- opening a campaign --- */

static bool is_fresh(const struct seats *s, const struct cached_campaign *e)
{
    if (!e->pub.definition)
        return false;
    if (s->down_since_ms)
        return true; /* the best there is */
    return !e->stale && !e->old && (changes_heard(s->changes) || now_ms() - e->fetched_ms < SEATS_FRESH_MS);
}

/* Everyone who waits for the definition is told; then, if there is no such campaign, it is forgotten. */
static void tell_opening(struct seats *s, struct cached_campaign *e, enum store_result r)
{
    struct waiter_queue waiting = e->opening;
    if (!waiting.head)
        waiting.tail = &waiting.head;
    queue_init(&e->opening);
    e->loading = true; /* keeps it while its visitors are told */
    for (struct seat_waiter *w; (w = queue_pop(&waiting));)
        w->done(w, r);
    e->loading = false;
    if (e->opening.count || e->wanted_anew)
        make_due(s, e);
    if (!e->pub.definition && !e->due && !e->taking && !e->singles && !e->asking.count)
        cache_drop(&s->cache, e);
}

static void load_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct cached_campaign *e = ctx;
    struct seats *s = e->seats;
    e->loading = e->old = false;
    if (r == STORE_OK && reply->type == REDIS_REPLY_NIL) {
        cache_set_definition(&s->cache, e, NULL);
        r = STORE_NOT_FOUND;
    } else if (r == STORE_OK && (reply->type != REDIS_REPLY_STRING || !seats_adopt(s, e, reply->str, reply->len))) {
        r = STORE_BAD_REPLY;
    }
    /* Redis is not to be had: who was here before is still sent on, by what is known. */
    if (r != STORE_OK && r != STORE_NOT_FOUND) {
        e->stale = true;
        r = e->pub.definition ? STORE_OK : r;
    }
    tell_opening(s, e, r);
}

static void load_start(struct seats *s, struct cached_campaign *e)
{
    e->loading = true;
    e->wanted_anew = false;
    e->old = e->stale;
    e->stale = false; /* a change from now on makes it stale again, even if this answer is older */
    struct redis_call *c = redis_call_begin(s->store->link);
    redis_call_text(c, "GET");
    redis_call_key(c, e->pub.slug, "");
    redis_call_send(c, load_done, e);
}

static void tell_later(struct seats *s, struct seat_waiter *w)
{
    w->next = NULL;
    *s->told_tail = w;
    s->told_tail = &w->next;
    flush_soon(s);
}

/* The campaign's place in the cache, with w->campaign set. NULL: out of memory, which is told later. */
static struct cached_campaign *find_or_add(struct seats *s, const char *slug, struct seat_waiter *w)
{
    struct cached_campaign *e = cache_find(&s->cache, slug);
    if (!e && !(e = cache_add(&s->cache, slug))) {
        w->campaign = NULL;
        tell_later(s, w);
        return NULL;
    }
    e->seats = s;
    w->campaign = &e->pub;
    return e;
}

static void wait_open(struct seats *s, struct cached_campaign *e, struct seat_waiter *w)
{
    w->asked_ms = now_ms();
    queue_push(&e->opening, w);
    if (!e->loading)
        make_due(s, e);
}

struct seats_campaign *seats_open(struct seats *s, const char *slug, struct seat_waiter *w)
{
    struct cached_campaign *e = find_or_add(s, slug, w);
    if (!e)
        return NULL;
    if (is_fresh(s, e))
        return &e->pub;
    wait_open(s, e, w);
    return NULL;
}

void seats_open_anew(struct seats *s, const char *slug, struct seat_waiter *w)
{
    struct cached_campaign *e = find_or_add(s, slug, w);
    if (e)
        wait_open(s, e, w);
}

/* --- taking seats --- */

/* Adopts the definition if one came, and says what the answer is. */
static enum store_result read_answer(struct seats *s, struct cached_campaign *e, const redisReply *r, size_t asked)
{
    if (r->type == REDIS_REPLY_NIL) {
        e->stale = true;
        return STORE_NOT_FOUND;
    }
    size_t len;
    if (!seats_answer_formed(r))
        return STORE_BAD_REPLY;
    const char *definition = seats_answer_definition(r, &len);
    if (definition && !seats_adopt(s, e, definition, len))
        return STORE_BAD_REPLY;
    if (!e->pub.definition || !seats_answer_valid(r, e->pub.definition, asked))
        return STORE_BAD_REPLY;
    return STORE_OK;
}

/* The n-th visitor of a run is told. */
static void give_seat(struct seat_waiter *w, const struct seat_run *run, int64_t n)
{
    if (run->position < 0) {
        w->done(w, STORE_FULL);
        return;
    }
    w->group = (size_t)run->position;
    w->held = run->due != 0;
    w->due = run->due;
    w->serial = w->held ? run->serial + n : 0;
    w->done(w, STORE_OK);
}

static void remember(const struct seats *s, const struct cached_campaign *e, const redisReply *r)
{
    const struct campaign *d = e->pub.definition;
    struct seat_run run;
    for (size_t i = 0; seats_answer_run(r, i, &run); i++)
        if (run.position >= 0)
            seats_memory_note(s->memory, d, d->groups[run.position].id, run.due, run.serial + run.count);
}

/* In the order of the queue. */
static void hand_out(const struct cached_campaign *e, struct waiter_queue *queue, const redisReply *r)
{
    struct seat_run run;
    if (e->seats->memory)
        remember(e->seats, e, r);
    for (size_t i = 0; seats_answer_run(r, i, &run); i++) {
        for (int64_t n = 0; n < run.count; n++) {
            struct seat_waiter *w = queue_pop(queue);
            if (!w)
                return;
            give_seat(w, &run, n);
        }
    }
}

/* Those who were in flight go out again, before all others. */
static void take_again(struct seats *s, struct cached_campaign *e)
{
    for (struct seat_waiter *w; (w = queue_pop(&e->asking));)
        queue_push(&e->flying, w);
    for (struct seat_waiter *w; (w = queue_pop(&e->flying));)
        queue_push(&e->asking, w);
    e->taking = false;
    make_due(s, e);
}

static void take_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct cached_campaign *e = ctx;
    struct seats *s = e->seats;
    if (r == STORE_OK) { /* what was not answered says nothing of how long a call takes */
        gather_answered(&s->gather, e->taking_ns, e->flying.count);
        r = read_answer(s, e, reply, e->flying.count);
    }
    if (r == STORE_BAD_REPLY && s->store->log)
        s->store->log(STORE_LOG_ERROR, "redis_nonsense", "take_seats");
    if (r == STORE_OK && seats_answer_asks_again(reply)) {
        take_again(s, e);
        return;
    }
    if (r == STORE_OK)
        hand_out(e, &e->flying, reply);
    for (struct seat_waiter *w; (w = queue_pop(&e->flying));)
        w->done(w, r);
    e->taking = false;
    if (e->asking.count)
        make_due(s, e);
}

void seats_find_lanes(const struct cached_campaign *e, struct seat_waiter *w)
{
    w->lane_bits = e->pub.definition && e->pub.definition->lane_count > 1 ? w->lanes(w) : 1;
}

/* As "0,3,4"; "" is lane 0 alone. */
void seats_put_lanes(struct redis_call *c, uint32_t bits)
{
    char text[SEATS_LANES] = "";
    size_t len = 0;
    for (int lane = 0; bits != 1 && lane < CAMPAIGN_LANES_MAX; lane++)
        if (bits & UINT32_C(1) << lane)
            len += (size_t)snprintf(text + len, sizeof text - len, len ? ",%d" : "%d", lane);
    redis_call_text(c, text);
}

/* Consecutive visitors of the same lanes and channel are one triple of arguments. */
static void put_visitors(struct redis_call *c, const struct waiter_queue *q)
{
    for (const struct seat_waiter *w = q->head; w;) {
        const struct seat_waiter *first = w;
        int64_t count = 0;
        for (; w && w->lane_bits == first->lane_bits && strcmp(w->channel, first->channel) == 0; w = w->next)
            count++;
        seats_put_lanes(c, first->lane_bits);
        redis_call_text(c, first->channel);
        redis_call_int(c, count);
    }
}

static struct redis_call *take_begin(struct seats *s, const struct cached_campaign *e, const char *prefer)
{
    struct redis_call *c = seats_call_begin(s, e, REDIS_TAKE_SEATS);
    redis_call_text(c, prefer ? prefer : "");
    redis_call_int(c, seats_draw(s));
    redis_call_int(c, s->store->hold_seconds);
    return c;
}

static void take_start(struct seats *s, struct cached_campaign *e)
{
    const struct campaign *d = e->pub.definition;
    size_t most = d && d->group_count > SEATS_BATCH_GROUPS ? SEATS_BATCH_MANY : SEATS_BATCH_MAX;
    while (e->asking.count && e->flying.count < most)
        queue_push(&e->flying, queue_pop(&e->asking));
    uint32_t hour = store_hour(s->store);
    for (struct seat_waiter *w = e->flying.head; w; w = w->next) {
        seats_find_lanes(e, w);
        w->hour = hour;
    }
    struct redis_call *c = take_begin(s, e, NULL);
    put_visitors(c, &e->flying);
    redis_call_hour(c, s->store);
    s->calls++;
    s->call_scans += e->flying.count;
    e->taking = true;
    e->taking_ns = gather_now_ns();
    redis_call_send(c, take_done, e);
}

void seats_numbers(const struct seats *s, uint64_t *ret_calls, uint64_t *ret_scans)
{
    *ret_calls = s->calls;
    *ret_scans = s->call_scans;
}

/* --- calls of one visitor: a seat in the group they had, in another one, the confirmation --- */

static void next_start(struct seats *s, struct cached_campaign *e, struct seat_waiter *w);

static void single_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct seat_waiter *w = ctx;
    struct cached_campaign *e = seats_entry(w->campaign);
    struct waiter_queue one;
    if (r == STORE_OK)
        r = read_answer(e->seats, e, reply, 1);
    e->singles--;
    if (r != STORE_OK) {
        w->done(w, r);
        return;
    }
    if (seats_answer_asks_again(reply)) {
        if (w->left.group)
            next_start(e->seats, e, w);
        else
            seats_take(e->seats, w);
        return;
    }
    queue_init(&one);
    queue_push(&one, w);
    hand_out(e, &one, reply);
}

static void take_preferred_start(struct seats *s, struct cached_campaign *e, struct seat_waiter *w)
{
    struct redis_call *c = take_begin(s, e, w->prefer);
    seats_find_lanes(e, w);
    seats_put_lanes(c, w->lane_bits);
    redis_call_text(c, w->channel);
    redis_call_int(c, 1);
    w->hour = store_hour(s->store);
    redis_call_hour(c, s->store);
    e->singles++;
    redis_call_send(c, single_done, w);
}

void seats_take(struct seats *s, struct seat_waiter *w)
{
    struct cached_campaign *e = seats_entry(w->campaign);
    if (!w->asked_ms) /* else the definition was waited for already, and that counts */
        w->asked_ms = now_ms();
    gather_arrived(&s->gather);
    queue_push(&e->asking, w);
    if (!e->taking || w->prefer)
        make_due(s, e);
}

static void next_start(struct seats *s, struct cached_campaign *e, struct seat_waiter *w)
{
    struct redis_call *c = seats_call_begin(s, e, REDIS_NEXT_SEAT);
    redis_call_text(c, w->left.group);
    redis_call_int(c, w->left.due);
    redis_call_int(c, w->left.serial);
    redis_call_int(c, seats_draw(s));
    redis_call_int(c, s->store->hold_seconds);
    seats_find_lanes(e, w);
    seats_put_lanes(c, w->lane_bits);
    for (int i = 0; i < w->left.avoid_count; i++)
        redis_call_text(c, w->left.avoid[i]);
    w->hour = store_hour(s->store);
    redis_call_hour(c, s->store);
    e->singles++;
    redis_call_send(c, single_done, w);
}

void seats_next(struct seats *s, struct seat_waiter *w)
{
    next_start(s, seats_entry(w->campaign), w);
}

static void confirm_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct seat_waiter *w = ctx;
    struct cached_campaign *e = seats_entry(w->campaign);
    int64_t kept;
    e->singles--;
    /* Without a definition the campaign was deleted meanwhile: whatever now stands under its slug is another one. */
    if (r == STORE_OK && (reply->type == REDIS_REPLY_NIL || !e->pub.definition))
        r = STORE_NOT_FOUND;
    else if (r == STORE_OK)
        r = !redis_reply_int(reply, &kept) || kept < 0 || kept > 2 ? STORE_BAD_REPLY : kept ? STORE_OK : STORE_STALE;
    w->again = r == STORE_OK && kept == 2;
    w->held = false;
    w->done(w, r);
}

void seats_confirm(struct seats *s, struct seat_waiter *w, const char *group, int64_t due, int64_t serial)
{
    struct cached_campaign *e = seats_entry(w->campaign);
    struct redis_call *c = redis_script_begin(s->store->link, REDIS_CONFIRM_SEAT, 4);
    ledger_keys(c, e->pub.slug);
    redis_call_text(c, group);
    redis_call_int(c, due);
    redis_call_int(c, serial);
    redis_call_hour(c, s->store);
    w->due = due;
    w->serial = serial;
    if (s->memory && e->pub.definition) /* they have it, whether or not the answer comes */
        seats_memory_note_confirmed(s->memory, e->pub.definition, group, due, serial);
    e->singles++;
    redis_call_send(c, confirm_done, w);
}

/* --- sending --- */

static void send_asking(struct seats *s, struct cached_campaign *e)
{
    struct waiter_queue shared;
    queue_init(&shared);
    for (struct seat_waiter *w; (w = queue_pop(&e->asking));) {
        if (w->prefer)
            take_preferred_start(s, e, w);
        else
            queue_push(&shared, w);
    }
    for (struct seat_waiter *w; (w = queue_pop(&shared));)
        queue_push(&e->asking, w);
    if (e->asking.count && !e->taking)
        take_start(s, e);
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
    int64_t now = now_ms();
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
        flush_soon(s);
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
            load_start(s, e);
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
    s->down_since_ms = up ? 0 : now_ms();
    if (s->due)
        flush_soon(s);
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
    make_due(s, e);
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
    s->down_since_ms = store_is_up(store) ? 0 : now_ms();
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
