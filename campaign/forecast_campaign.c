/* The forecast of a campaign and of its groups: the visitors to come are spread over them as its strategy says. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "forecast_private.h"

#define EVEN_UNLIMITED 500. /* as ledger.lua weighs a group without a limit */
#define REST_LEAST .05      /* of all visitors, those who are for no group in particular */

/* A group that takes part: for everybody, admits people, has room. */
struct filling {
    size_t position;
    double room; /* HUGE_VAL: without a limit */
    double weight;
    double turn;    /* by weight: room a weight */
    double expires; /* seats that come until it does; HUGE_VAL: never, or not within the horizon */
    bool gone;      /* full or expired, by now in the reckoning */
};

/* What is reckoned of a campaign. */
struct reckoning {
    const struct campaign *campaign;
    struct forecast_model model; /* of those who are for no group in particular */
    struct forecast_group *groups;
    struct filling *list;
    size_t count;
    double taken;      /* by all groups so far */
    bool unlimited;    /* it never ends */
    bool last_expires; /* what came last was an expiry */
};

static double room_of(const struct group *g, const struct group_count *n)
{
    return g->limit < 0 ? HUGE_VAL : (double)(g->limit - n->used);
}

static void tell(struct forecast_group *to, const struct campaign *c, const struct forecast_model *m, double seats)
{
    struct forecast_moment full = forecast_when(m, seats);
    int64_t most = full.at ? full.at : m->now - m->shift + FORECAST_HORIZON_SECONDS;
    to->why = c->ends_at && c->ends_at < most ? FORECAST_ENDS_FIRST : full.at ? FORECAST_TOLD : FORECAST_TOO_FAR;
    if (to->why == FORECAST_TOLD)
        to->full = full;
}

static void expire(struct reckoning *r, struct filling *f)
{
    if (!isinf(f->room))
        r->groups[f->position].why = FORECAST_EXPIRES_FIRST;
    r->taken = fmax(r->taken, f->expires);
    r->last_expires = true;
}

static void fill(struct reckoning *r, struct filling *f, double seats)
{
    tell(&r->groups[f->position], r->campaign, &r->model, seats);
    r->taken = seats;
    r->last_expires = false;
}

/* One behind the other; what an expiring group leaves is not there for the next. */
static void spread_in_order(struct reckoning *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct filling *f = &r->list[i];
        double full = r->taken + f->room;
        if (f->expires < full)
            expire(r, f);
        else if (!isinf(full))
            fill(r, f, full);
        else if (!isinf(f->room))
            r->groups[f->position].why = FORECAST_TOO_FAR;
        if (isinf(full) && isinf(f->expires)) {
            r->taken = HUGE_VAL;
            r->unlimited = true;
        }
    }
}

static int compare_turns(const void *a, const void *b)
{
    double l = (*(struct filling *const *)a)->turn, r = (*(struct filling *const *)b)->turn;
    return (l > r) - (l < r);
}

static int compare_expiries(const void *a, const void *b)
{
    double l = (*(struct filling *const *)a)->expires, r = (*(struct filling *const *)b)->expires;
    return (l > r) - (l < r);
}

static struct filling *next_of(struct filling **sorted, size_t count, size_t *at)
{
    while (*at < count && sorted[*at]->gone)
        ++*at;
    return *at < count ? sorted[*at] : NULL;
}

/* By weight: who has the least room for its weight is full first, or expires, and its visitors go to the others. By
 * share all are full at once: there the weight is the room. `turn` says how much each of the others got for its weight.
 * 0 or -ENOMEM. */
static int spread_by_weight(struct reckoning *r)
{
    size_t n = r->count, full_at = 0, expired_at = 0;
    struct filling **by_turn = calloc(2 * n + 1, sizeof(struct filling *)), **by_expiry = by_turn + n;
    double weights = 0, turn = 0;
    if (!by_turn)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        weights += r->list[i].weight;
        by_turn[i] = by_expiry[i] = &r->list[i];
    }
    qsort(by_turn, n, sizeof *by_turn, compare_turns);
    qsort(by_expiry, n, sizeof *by_expiry, compare_expiries);
    for (size_t i = 0; i < n; i++) {
        struct filling *next = next_of(by_turn, n, &full_at), *expiring = next_of(by_expiry, n, &expired_at);
        double full = r->taken + (next->turn - turn) * weights;
        if (expiring->expires < full) {
            turn += fmax(0, expiring->expires - r->taken) / weights;
            next = expiring;
            expire(r, next);
        } else if (isinf(full)) { /* those that are left have no limit, and stay */
            r->unlimited = true;
            break;
        } else {
            turn = next->turn;
            fill(r, next, full);
        }
        next->gone = true;
        weights = fmax(weights - next->weight, 1e-9);
    }
    free(by_turn);
    return 0;
}

/* What needs no reckoning. false: it does. */
static bool is_plain(const struct campaign *c, const struct group *g, double room, int64_t now,
                     struct forecast_group *to)
{
    to->why = campaign_phase(c, now) != CAMPAIGN_RUNNING ? FORECAST_NOT_RUNNING
              : !group_admits(g, now)                    ? FORECAST_CLOSED
              : room <= 0                                ? FORECAST_FULL
              : isinf(room)                              ? FORECAST_NO_LIMIT
                                                         : FORECAST_TOLD;
    return to->why != FORECAST_TOLD;
}

/* Of a group that is for some visitors only. */
static void tell_own(struct reckoning *r, const struct forecast_model *whole, size_t i, double room, double share)
{
    const struct group *g = &r->campaign->groups[i];
    if (share <= 0) {
        r->groups[i].why = FORECAST_TOO_LITTLE_HISTORY;
        return;
    }
    struct forecast_model own = forecast_part_of(whole, share);
    if (g->expires_at && forecast_expected_until(&own, g->expires_at) < room &&
        g->expires_at - own.now < FORECAST_HORIZON_SECONDS)
        r->groups[i].why = FORECAST_EXPIRES_FIRST;
    else
        tell(&r->groups[i], r->campaign, &own, room);
}

/* Says what can be said at once, and gathers the others. Groups that are for some visitors only take their share of
 * them away. */
static void gather(struct reckoning *r, const struct group_count *counts, const double *shares, int64_t now)
{
    const struct campaign *c = r->campaign;
    struct forecast_model whole = r->model;
    double rest = 1;
    for (size_t i = 0; i < c->group_count; i++) {
        const struct group *g = &c->groups[i];
        double room = room_of(g, &counts[i]), share = shares ? shares[i] : -1;
        bool plain = is_plain(c, g, room, now, &r->groups[i]), own = !when_is_empty(g->when);
        if (plain && r->groups[i].why != FORECAST_NO_LIMIT)
            continue;
        if (own && share > 0)
            rest -= share;
        if (!plain && whole.why != FORECAST_TOLD)
            r->groups[i].why = whole.why;
        else if (!plain && own)
            tell_own(r, &whole, i, room, share);
        if (own)
            continue;
        double weight = c->strategy == CAMPAIGN_RANDOM ? (double)g->weight : isinf(room) ? EVEN_UNLIMITED : room;
        r->list[r->count++] = (struct filling){i, room, weight, room / weight, HUGE_VAL, false};
    }
    r->model = forecast_part_of(&whole, fmax(rest, REST_LEAST));
    for (size_t i = 0; i < r->count; i++) {
        const struct group *g = &c->groups[r->list[i].position];
        if (g->expires_at && g->expires_at - now < FORECAST_HORIZON_SECONDS)
            r->list[i].expires = forecast_expected_until(&r->model, g->expires_at);
    }
}

/* Whether b says more of the whole campaign than a. */
static bool outranks(const struct forecast_group *b, const struct forecast_group *a)
{
    static const int ranks[FORECAST_WHYS] = {[FORECAST_CLOSED] = 0,
                                             [FORECAST_FULL] = 1,
                                             [FORECAST_EXPIRES_FIRST] = 2,
                                             [FORECAST_TOLD] = 3,
                                             [FORECAST_ENDS_FIRST] = 4,
                                             [FORECAST_TOO_FAR] = 5,
                                             [FORECAST_TOO_LITTLE_HISTORY] = 6,
                                             [FORECAST_NOBODY_COMES] = 7,
                                             [FORECAST_NO_LIMIT] = 8,
                                             [FORECAST_NOT_RUNNING] = 9};
    return ranks[b->why] > ranks[a->why] || (b->why == a->why && b->full.at > a->full.at);
}

/* What the reckoning came to; where there was none, what is told of its groups. */
static void conclude(const struct reckoning *r, struct forecast *out)
{
    struct forecast_group end = {FORECAST_CLOSED, {0, 0, 0}};
    if (r->count > 0 && r->model.why == FORECAST_TOLD) {
        if (r->unlimited)
            end.why = FORECAST_NO_LIMIT;
        else if (r->last_expires)
            end.why = FORECAST_EXPIRES_FIRST;
        else
            tell(&end, r->campaign, &r->model, r->taken);
    } else {
        for (size_t i = 0; i < r->campaign->group_count; i++)
            if (outranks(&r->groups[i], &end))
                end = r->groups[i];
    }
    out->why = end.why;
    out->gone = end.full;
}

int forecast_campaign(const struct campaign *c, const struct group_count *counts, const struct forecast_history *whole,
                      const double *shares, int64_t now, int utc_offset, struct forecast *out)
{
    struct reckoning r = {.campaign = c, .groups = out->groups, .list = calloc(c->group_count + 1, sizeof *r.list)};
    int result = 0;
    if (!r.list)
        return -ENOMEM;
    forecast_fit(&r.model, whole, now, utc_offset);
    out->per_hour = r.model.why == FORECAST_TOLD ? forecast_next_hour(&r.model) : -1;
    for (size_t i = 0; i < c->group_count; i++)
        out->groups[i] = (struct forecast_group){FORECAST_CLOSED, {0, 0, 0}};
    gather(&r, counts, shares, now);
    if (r.model.why == FORECAST_TOLD && c->strategy == CAMPAIGN_FILL)
        spread_in_order(&r);
    else if (r.model.why == FORECAST_TOLD)
        result = spread_by_weight(&r);
    conclude(&r, out);
    free(r.list);
    return result;
}
