/* See trouble_watch.h: take -> read each -> settle, one round at a time; beside it, seldom, a walk over the index. */
#include "trouble_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "log.h"

struct trouble_watch {
    struct store *store;
    struct changes *changes;
    struct event tick;
    char heard[TROUBLE_WATCH_HEARD_MAX][CAMPAIGN_SLUG_MAX + 1];
    size_t heard_count, told; /* of these, told the store of in the round under way */
    /* the round */
    bool busy;
    int idle; /* ticks since the last one; TROUBLE_WATCH_IDLE_TICKS: there is more to be had */
    int64_t until;
    struct one_look {
        struct trouble_watch *watch;
        char slug[CAMPAIGN_SLUG_MAX + 1];
    } looks[STORE_PROBLEMS_MAX];
    size_t pending, found;
    struct store_problem problems[STORE_PROBLEMS_MAX];
    /* the walk */
    bool walking, walk_again;
    char walk[CAMPAIGN_SLUG_MAX + 1];
    size_t walked;
};

/* --- the walk --- */

static void walk_slugs(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count);

static void walk_told(const struct trouble_watch *t)
{
    char campaigns[32];
    snprintf(campaigns, sizeof campaigns, "%zu", t->walked);
    log_event(LOG_INFO, "problems_walk", "campaigns", campaigns, "detail",
              "changes may have been missed: all are looked at by and by", NULL);
}

static void walk_noted(void *ctx, enum store_result r)
{
    struct trouble_watch *t = ctx;
    if (r == STORE_OK) {
        store_campaign_slugs(t->store, t->walk, walk_slugs, t);
        return;
    }
    t->walking = false;
    t->walk_again = true;
}

static void walk_slugs(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count)
{
    struct trouble_watch *t = ctx;
    if (r != STORE_OK || count == 0) {
        t->walking = false;
        t->walk_again = t->walk_again || r != STORE_OK;
        if (r == STORE_OK)
            walk_told(t);
        return;
    }
    t->walked += count;
    memcpy(t->walk, slugs[count - 1], sizeof t->walk);
    store_problems_note(t->store, slugs, count, walk_noted, t);
}

static void walk_begin(struct trouble_watch *t)
{
    t->walking = true;
    t->walk_again = false;
    t->walk[0] = '\0';
    t->walked = 0;
    store_campaign_slugs(t->store, t->walk, walk_slugs, t);
}

/* --- what is heard --- */

void trouble_watch_hear(struct trouble_watch *t, const char *slug, size_t len)
{
    if (len > CAMPAIGN_SLUG_MAX || !campaign_slug_valid(slug, len))
        return;
    for (size_t i = t->told; i < t->heard_count; i++)
        if (strlen(t->heard[i]) == len && memcmp(t->heard[i], slug, len) == 0)
            return;
    if (t->heard_count == TROUBLE_WATCH_HEARD_MAX)
        t->walk_again = true;
    else
        snprintf(t->heard[t->heard_count++], sizeof *t->heard, "%.*s", (int)len, slug);
}

static void on_changed(void *ctx, const char *slug, size_t len)
{
    struct trouble_watch *t = ctx;
    if (slug)
        trouble_watch_hear(t, slug, len);
    else
        t->walk_again = true;
}

/* --- a round --- */

static void judge(struct store_problem *p, const struct store_campaign *sc)
{
    int64_t now = time(NULL);
    struct campaign_trouble trouble = campaign_trouble_of(sc->definition, sc->counts, now);
    p->severity = trouble.severity;
    p->seconds = trouble.next ? trouble.next - now : 0;
    bool comes_back =
        (trouble.stopped == TROUBLE_FULL || trouble.low) && campaign_seats_of(sc->definition, sc->counts, now).held > 0;
    if (comes_back && (p->seconds == 0 || p->seconds > TROUBLE_WATCH_HELD_SECONDS))
        p->seconds = TROUBLE_WATCH_HELD_SECONDS;
}

/* What could not be asked for is left out: the store gives it to the next who takes some. */
static void looked(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct one_look *look = ctx;
    struct trouble_watch *t = look->watch;
    if (r == STORE_OK || r == STORE_NOT_FOUND || r == STORE_BAD_REPLY) {
        struct store_problem *p = &t->problems[t->found++];
        *p = (struct store_problem){.gone = r == STORE_NOT_FOUND, .unreadable = r == STORE_BAD_REPLY};
        memcpy(p->slug, look->slug, sizeof p->slug);
        if (r == STORE_OK)
            judge(p, sc);
    }
    if (--t->pending > 0)
        return;
    if (t->found > 0)
        store_problems_settle(t->store, t->problems, t->found, t->until);
    t->busy = false;
}

static void taken(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count,
                  int64_t until)
{
    struct trouble_watch *t = ctx;
    if (r == STORE_OK) {
        t->heard_count -= t->told;
        memmove(t->heard, t->heard + t->told, t->heard_count * sizeof *t->heard);
    }
    t->told = 0;
    t->busy = count > 0;
    t->idle = count == STORE_PROBLEMS_MAX ? TROUBLE_WATCH_IDLE_TICKS : 0;
    t->until = until;
    t->pending = count;
    t->found = 0;
    for (size_t i = 0; i < count; i++) {
        t->looks[i].watch = t;
        memcpy(t->looks[i].slug, slugs[i], sizeof t->looks[i].slug);
        store_campaign_read(t->store, t->looks[i].slug, looked, &t->looks[i]);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct trouble_watch *t = arg;
    (void)fd, (void)what;
    if (!t->changes) {
        char err[STORE_ERR_MAX];
        t->changes = changes_new(t->store, CHANGES_AND_GROUPS, on_changed, t, err);
    }
    if (store_is_up(t->store)) {
        if (t->walk_again && !t->walking)
            walk_begin(t);
        if (!t->busy && (t->heard_count > 0 || ++t->idle >= TROUBLE_WATCH_IDLE_TICKS)) {
            t->busy = true;
            t->told = t->heard_count;
            store_problems_take(t->store, (const char(*)[CAMPAIGN_SLUG_MAX + 1]) t->heard, t->told, taken, t);
        }
    }
    event_add(&t->tick, &(struct timeval){0, TROUBLE_WATCH_TICK_MS * 1000});
}

struct trouble_watch *trouble_watch_new(struct event_base *base, struct store *store)
{
    struct trouble_watch *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->store = store;
    event_assign(&t->tick, base, -1, EV_TIMEOUT, on_tick, t);
    event_add(&t->tick, &(struct timeval){0, 0});
    return t;
}

void trouble_watch_free(struct trouble_watch *t)
{
    if (!t)
        return;
    event_del(&t->tick);
    changes_free(t->changes);
    free(t);
}
