/* Opening campaigns: the definitions that a worker knows, and how new they are. */
#include "seats_private.h"

enum { SEATS_FRESH_MS = 2000 /* how old a definition may be while changes are not heard */ };

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
    e->fetched_ms = seats_now_ms();
    return true;
}

static bool is_fresh(const struct seats *s, const struct cached_campaign *e)
{
    if (!e->pub.definition)
        return false;
    if (s->down_since_ms)
        return true; /* the best there is */
    return !e->stale && !e->old && (changes_heard(s->changes) || seats_now_ms() - e->fetched_ms < SEATS_FRESH_MS);
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
        seats_make_due(s, e);
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

void seats_load_start(struct seats *s, struct cached_campaign *e)
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
    seats_flush_soon(s);
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
    w->asked_ms = seats_now_ms();
    queue_push(&e->opening, w);
    if (!e->loading)
        seats_make_due(s, e);
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
