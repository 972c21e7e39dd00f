/* Calls of one visitor: a seat in the group they had, in another one, the confirmation. */
#include "seats_private.h"

#include "seats_answer.h"

static void next_start(struct seats *s, struct cached_campaign *e, struct seat_waiter *w);

static void single_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct seat_waiter *w = ctx;
    struct cached_campaign *e = seats_entry(w->campaign);
    struct waiter_queue one;
    if (r == STORE_OK)
        r = seats_read_answer(e->seats, e, reply, 1);
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
    seats_hand_out(e, &one, reply);
}

void seats_take_preferred_start(struct seats *s, struct cached_campaign *e, struct seat_waiter *w)
{
    struct redis_call *c = seats_take_begin(s, e, w->prefer);
    seats_find_lanes(e, w);
    seats_put_lanes(c, w->lane_bits);
    redis_call_text(c, w->channel);
    redis_call_int(c, 1);
    w->hour = store_hour(s->store);
    redis_call_hour(c, s->store);
    e->singles++;
    redis_call_send(c, single_done, w);
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
    seats_ledger_keys(c, e->pub.slug);
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
