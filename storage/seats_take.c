/* Taking seats: the call that scans of a campaign share, and the answers that are handed out. */
#include "seats_private.h"

#include <stdio.h>
#include <string.h>

#include "seats_answer.h"

enum {
    /* Seats asked for in one call: bounds what one script costs everybody. It costs by the groups that give some. */
    SEATS_BATCH_MAX = 2048,
    SEATS_BATCH_MANY = 512, /* of a campaign of more groups than these: */
    SEATS_BATCH_GROUPS = 100,
    SEATS_LANES = CAMPAIGN_LANES_MAX * 3, /* bytes of "0,1,2" with its NUL */
};

enum store_result seats_read_answer(struct seats *s, struct cached_campaign *e, const redisReply *r, size_t asked)
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

void seats_hand_out(const struct cached_campaign *e, struct waiter_queue *queue, const redisReply *r)
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
    seats_make_due(s, e);
}

static void take_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct cached_campaign *e = ctx;
    struct seats *s = e->seats;
    if (r == STORE_OK) { /* what was not answered says nothing of how long a call takes */
        gather_answered(&s->gather, e->taking_ns, e->flying.count);
        r = seats_read_answer(s, e, reply, e->flying.count);
    }
    if (r == STORE_BAD_REPLY && s->store->log)
        s->store->log(STORE_LOG_ERROR, "redis_nonsense", "take_seats");
    if (r == STORE_OK && seats_answer_asks_again(reply)) {
        take_again(s, e);
        return;
    }
    if (r == STORE_OK)
        seats_hand_out(e, &e->flying, reply);
    for (struct seat_waiter *w; (w = queue_pop(&e->flying));)
        w->done(w, r);
    e->taking = false;
    if (e->asking.count)
        seats_make_due(s, e);
}

void seats_find_lanes(const struct cached_campaign *e, struct seat_waiter *w)
{
    w->lane_bits = e->pub.definition && e->pub.definition->lane_count > 1 ? w->lanes(w) : 1;
}

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

struct redis_call *seats_take_begin(struct seats *s, const struct cached_campaign *e, const char *prefer)
{
    struct redis_call *c = seats_call_begin(s, e, REDIS_TAKE_SEATS);
    redis_call_text(c, prefer ? prefer : "");
    redis_call_int(c, seats_draw(s));
    redis_call_int(c, s->store->hold_seconds);
    return c;
}

void seats_take_start(struct seats *s, struct cached_campaign *e)
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
    struct redis_call *c = seats_take_begin(s, e, NULL);
    put_visitors(c, &e->flying);
    redis_call_hour(c, s->store);
    s->calls++;
    s->call_scans += e->flying.count;
    e->taking = true;
    e->taking_ns = gather_now_ns();
    redis_call_send(c, take_done, e);
}

void seats_take(struct seats *s, struct seat_waiter *w)
{
    struct cached_campaign *e = seats_entry(w->campaign);
    if (!w->asked_ms) /* else the definition was waited for already, and that counts */
        w->asked_ms = seats_now_ms();
    gather_arrived(&s->gather);
    queue_push(&e->asking, w);
    if (!e->taking || w->prefer)
        seats_make_due(s, e);
}

void seats_numbers(const struct seats *s, uint64_t *ret_calls, uint64_t *ret_scans)
{
    *ret_calls = s->calls;
    *ret_scans = s->call_scans;
}
