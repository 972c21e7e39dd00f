/* One visitor of a waiting list: what wait.lua is asked, and what its answer means. */
#include "redis_link.h"
#include "seats_private.h"

enum {
    PLACE_FIELDS = 9, /* of wait.lua's reply */
    PLACE_ASK_AGAIN = -1,
};

/* The reply's numbers, from the state on. */
struct place_answer {
    int64_t state, position, due, serial, confirmed, before, missed;
};

static bool read_answer(const redisReply *r, struct place_answer *a)
{
    int64_t *to[] = {&a->state, &a->position, &a->due, &a->serial, &a->confirmed, &a->before, &a->missed};
    if (r->type != REDIS_REPLY_ARRAY || r->elements != PLACE_FIELDS || r->element[1]->type != REDIS_REPLY_STRING)
        return false;
    for (size_t i = 0; i < sizeof to / sizeof *to; i++)
        if (!redis_reply_int(r->element[2 + i], to[i]))
            return false;
    return a->state >= PLACE_ASK_AGAIN && a->state < SEAT_PLACE_STATES && a->before >= 0;
}

/* STORE_OK when the answer makes sense for the definition that came with it, or is known. */
static enum store_result take_answer(struct cached_campaign *e, const redisReply *r, struct place_answer *a)
{
    if (r->type == REDIS_REPLY_NIL) {
        e->stale = true;
        return STORE_NOT_FOUND;
    }
    if (!read_answer(r, a))
        return STORE_BAD_REPLY;
    if (r->element[1]->len > 0 && !seats_adopt(e->seats, e, r->element[1]->str, r->element[1]->len))
        return STORE_BAD_REPLY;
    const struct campaign *d = e->pub.definition;
    bool seated = a->state == SEAT_PLACE_SEAT;
    if (!d || (seated && (a->position < 0 || (size_t)a->position >= d->group_count || a->due <= 0 || a->serial < 0)))
        return STORE_BAD_REPLY;
    return STORE_OK;
}

static void place_remember(const struct cached_campaign *e, const struct place_answer *a)
{
    const struct campaign *d = e->pub.definition;
    if (a->state != SEAT_PLACE_SEAT)
        return;
    seats_memory_note(e->seats->memory, d, d->groups[a->position].id, a->due, a->serial + 1);
    if (a->confirmed)
        seats_memory_note_confirmed(e->seats->memory, d, d->groups[a->position].id, a->due, a->serial);
}

static void place_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct seat_waiter *w = ctx;
    struct cached_campaign *e = seats_entry(w->campaign);
    struct place_answer a;
    e->singles--;
    if (r == STORE_OK)
        r = take_answer(e, reply, &a);
    if (r == STORE_OK && a.state == PLACE_ASK_AGAIN) {
        seats_place(e->seats, w);
        return;
    }
    if (r == STORE_OK) {
        w->place->state = (enum seat_place_state)a.state;
        w->place->before = a.before;
        w->place->missed = a.missed != 0;
        w->group = a.position >= 0 ? (size_t)a.position : 0;
        w->held = !a.confirmed;
        w->due = a.due;
        w->serial = a.serial;
        place_remember(e, &a);
    }
    w->done(w, r);
}

void seats_place(struct seats *s, struct seat_waiter *w)
{
    static const char *const actions[] = {[SEAT_PLACE_JOIN] = "join",
                                          [SEAT_PLACE_LOOK] = "look",
                                          [SEAT_PLACE_COME] = "come",
                                          [SEAT_PLACE_LEAVE] = "leave"};
    struct cached_campaign *e = seats_entry(w->campaign);
    struct redis_call *c = seats_call_begin(s, e, REDIS_WAIT);
    redis_call_text(c, actions[w->place->action]);
    redis_call_text(c, w->place->id);
    redis_call_int(c, seats_draw(s));
    seats_find_lanes(e, w);
    seats_put_lanes(c, w->lane_bits);
    redis_call_int(c, s->store->hold_seconds);
    redis_call_text(c, w->channel);
    redis_call_text(c, w->place->name);
    redis_call_int(c, e->pub.definition ? e->pub.definition->waiting.limit : 0);
    w->hour = store_hour(s->store);
    redis_call_hour(c, s->store);
    e->singles++;
    redis_call_send(c, place_done, w);
}
