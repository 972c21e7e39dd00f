/* Forecasts. See forecast.h. */
#include "forecast.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define HOUR 3600
#define DAY_HOURS 24
#define SHAPE_HOURS 48       /* of history before hours of the day are told apart */
#define SHAPE_HALF_LIFE 168. /* hours: a week */
#define SHAPE_PRIOR 4.       /* seats of a usual hour that each hour of the day begins with */
#define WEEK_PRIOR 20.       /* likewise, of weekends and weekdays */
#define USUAL_HALF_LIFE 36.
#define RECENT_HALF_LIFE 1.
#define RECENT_PRIOR 3.     /* seats as usual that the recent level begins with */
#define RUSH_HOURS 4.       /* until what is unusual now has faded to a third */
#define MODEL_ERROR .2      /* of any level, however much was seen */
#define NEW_ERROR .5        /* likewise, as long as hours of the day cannot be told apart */
#define EVEN_UNLIMITED 500. /* as ledger.lua weighs a group without a limit */
#define Z_80 1.2816         /* four times in five */
#define REST_LEAST .05      /* of all visitors, those who are for no group in particular */
#define HORIZON_SECONDS (FORECAST_HORIZON_HOURS * (int64_t)HOUR)

const char *const forecast_why_words[FORECAST_WHYS] = {
    [FORECAST_NOT_RUNNING] = "not_running",
    [FORECAST_CLOSED] = "closed",
    [FORECAST_FULL] = "full",
    [FORECAST_NO_LIMIT] = "no_limit",
    [FORECAST_TOO_LITTLE_HISTORY] = "too_little_history",
    [FORECAST_NOBODY_COMES] = "nobody_comes",
    [FORECAST_EXPIRES_FIRST] = "expires_first",
    [FORECAST_ENDS_FIRST] = "ends_first",
    [FORECAST_TOO_FAR] = "too_far",
};

/* --- fitting --- */

/* An hour of history: how long it lasted so far, in hours. */
static double exposure(const struct forecast_model *m, const struct forecast_history *h, size_t i)
{
    double length = i + 1 == h->hours ? (double)(m->now % HOUR) / HOUR : 1;
    return fmax(i == 0 ? length - (1 - m->first) : length, 1e-6);
}

static double weight(const struct forecast_history *h, size_t i, double half_life)
{
    return exp2(-(double)(h->hours - 1 - i) / half_life);
}

static bool is_weekend(const struct forecast_model *m, int64_t hour)
{
    int64_t day = (hour * HOUR + m->utc_offset) / (DAY_HOURS * HOUR);
    return day % 7 == 2 || day % 7 == 3; /* 1 January 1970 was a Thursday */
}

static double shape(const struct forecast_model *m, int64_t hour)
{
    return m->hour[hour % DAY_HOURS] * (is_weekend(m, hour) ? m->weekend : m->weekday);
}

/* Seats an hour, the shape taken out, and how many seats that stands on. */
static double level(const struct forecast_model *m, const struct forecast_history *h, double half_life, double *seats,
                    double *expected)
{
    int64_t first = m->now / HOUR - (int64_t)h->hours + 1;
    *seats = *expected = 0;
    for (size_t i = 0; i < h->hours; i++) {
        double w = weight(h, i, half_life);
        *seats += w * (double)h->seats[i];
        *expected += w * exposure(m, h, i) * shape(m, first + (int64_t)i);
    }
    return *expected > 0 ? *seats / *expected : 0;
}

/* What each hour of the day has, against the usual one; smoothed over its neighbours, and 1 in the mean. */
static void fit_hours(struct forecast_model *m, const struct forecast_history *h)
{
    int64_t first = m->now / HOUR - (int64_t)h->hours + 1;
    double seats[DAY_HOURS] = {0}, length[DAY_HOURS] = {0}, rough[DAY_HOURS], sum = 0, all = 0, time = 0;
    for (size_t i = 0; i < h->hours; i++) {
        double w = weight(h, i, SHAPE_HALF_LIFE);
        size_t of_day = (size_t)((first + (int64_t)i) % DAY_HOURS);
        seats[of_day] += w * (double)h->seats[i];
        length[of_day] += w * exposure(m, h, i);
        all += w * (double)h->seats[i];
        time += w * exposure(m, h, i);
    }
    for (size_t i = 0; i < DAY_HOURS; i++)
        rough[i] = (seats[i] + SHAPE_PRIOR) / (length[i] * all / time + SHAPE_PRIOR);
    for (size_t i = 0; i < DAY_HOURS; i++) {
        m->hour[i] = (rough[(i + DAY_HOURS - 1) % DAY_HOURS] + 2 * rough[i] + rough[(i + 1) % DAY_HOURS]) / 4;
        sum += m->hour[i];
    }
    for (size_t i = 0; i < DAY_HOURS; i++)
        m->hour[i] *= DAY_HOURS / sum;
}

/* Weekends against weekdays, when both were seen. */
static void fit_week(struct forecast_model *m, const struct forecast_history *h)
{
    int64_t first = m->now / HOUR - (int64_t)h->hours + 1;
    double seats[2] = {0}, expected[2] = {0}, factor[2];
    for (size_t i = 0; i < h->hours; i++) {
        bool weekend = is_weekend(m, first + (int64_t)i);
        double w = weight(h, i, SHAPE_HALF_LIFE);
        seats[weekend] += w * (double)h->seats[i];
        expected[weekend] += w * exposure(m, h, i) * m->hour[(first + (int64_t)i) % DAY_HOURS];
    }
    if (expected[0] < DAY_HOURS / 2. || expected[1] < DAY_HOURS / 2.)
        return;
    double usual = (seats[0] + seats[1]) / (expected[0] + expected[1]);
    for (size_t i = 0; i < 2; i++)
        factor[i] = (seats[i] + WEEK_PRIOR) / (expected[i] * usual + WEEK_PRIOR);
    m->weekday = factor[0];
    m->weekend = factor[1];
}

/* Seats that come from `from` to `to`, which lie in one hour. */
static double expected_between(const struct forecast_model *m, double from, double to)
{
    double middle = ((from + to) / 2 - (double)m->now) / HOUR;
    double now = m->usual + (m->recent - m->usual) * exp(-middle / RUSH_HOURS);
    return now * shape(m, (int64_t)(from / HOUR)) * (to - from) / HOUR;
}

/* Where the i-th entry of `coming` stands. */
static double begin_of(const struct forecast_model *m, size_t i)
{
    return i == 0 ? (double)m->now : (double)((m->now / HOUR + (int64_t)i) * HOUR);
}

static void fill_coming(struct forecast_model *m)
{
    m->coming[0] = 0;
    for (size_t i = 1; i < FORECAST_HORIZON_HOURS + 2; i++)
        m->coming[i] = m->coming[i - 1] + expected_between(m, begin_of(m, i - 1), begin_of(m, i));
}

/* Seats that come until then (unix seconds), not beyond the horizon. */
static double expected_until(const struct forecast_model *m, int64_t until)
{
    until += m->shift;
    int64_t hours = until / HOUR - m->now / HOUR;
    size_t i = hours < 0 ? 0 : hours > FORECAST_HORIZON_HOURS ? FORECAST_HORIZON_HOURS : (size_t)hours;
    if (m->why != FORECAST_TOLD || until <= m->now)
        return 0;
    double from = begin_of(m, i), to = begin_of(m, i + 1);
    return m->coming[i] + (m->coming[i + 1] - m->coming[i]) * fmin(1, ((double)until - from) / (to - from));
}

/* From the first seat on: before that nobody had seen the code. */
static struct forecast_history begun(const struct forecast_history *whole)
{
    struct forecast_history h = *whole;
    while (h.hours > FORECAST_HISTORY_HOURS || (h.hours > 0 && h.seats[0] <= 0)) {
        h.seats++;
        h.hours--;
    }
    return h;
}

/* How long the first hour of history was, and how much time there was in all, seconds. */
static double time_seen(struct forecast_model *m, const struct forecast_history *h)
{
    int64_t start = (m->now / HOUR - (int64_t)h->hours + 1) * HOUR, begin = h->begin ? h->begin + m->shift : 0;
    m->first = begin > start && begin < start + HOUR ? 1 - (double)(begin - start) / HOUR : 1;
    return (double)(m->now - start) - (1 - m->first) * HOUR;
}

static int64_t sum_of(const struct forecast_history *h)
{
    int64_t sum = 0;
    for (size_t i = 0; i < h->hours; i++)
        sum += h->seats[i];
    return sum;
}

void forecast_fit(struct forecast_model *m, const struct forecast_history *whole, int64_t now, int utc_offset)
{
    int shift = (utc_offset % HOUR + HOUR) % HOUR;
    struct forecast_history h = begun(whole);
    double seats, expected;
    *m = (struct forecast_model){.why = FORECAST_TOO_LITTLE_HISTORY,
                                 .now = now + shift,
                                 .shift = shift,
                                 .utc_offset = utc_offset - shift,
                                 .weekend = 1,
                                 .weekday = 1,
                                 .error = NEW_ERROR};
    for (size_t i = 0; i < DAY_HOURS; i++)
        m->hour[i] = 1;
    if (h.hours == 0 || time_seen(m, &h) < FORECAST_SECONDS_MIN || sum_of(&h) < FORECAST_SEATS_MIN)
        return;
    if (h.hours >= SHAPE_HOURS) {
        fit_hours(m, &h);
        fit_week(m, &h);
        m->error = MODEL_ERROR;
    }
    m->usual = level(m, &h, USUAL_HALF_LIFE, &seats, &expected);
    if (seats < FORECAST_SEATS_MIN) {
        m->why = FORECAST_NOBODY_COMES;
        return;
    }
    level(m, &h, RECENT_HALF_LIFE, &seats, &expected);
    m->recent = (RECENT_PRIOR + seats) / (RECENT_PRIOR / m->usual + expected);
    m->seen = RECENT_PRIOR + seats;
    fill_coming(m);
    m->why = FORECAST_TOLD;
}

/* The model of a part of the visitors. */
static struct forecast_model part_of(const struct forecast_model *m, double share)
{
    struct forecast_model part = *m;
    part.usual *= share;
    part.recent *= share;
    part.seen *= share;
    for (size_t i = 0; i < FORECAST_HORIZON_HOURS + 2; i++)
        part.coming[i] *= share;
    return part;
}

/* --- looking ahead --- */

double forecast_next_hour(const struct forecast_model *m)
{
    return expected_until(m, m->now - m->shift + HOUR);
}

/* When so many seats are expected to be taken; 0: not within the horizon. */
static int64_t reach(const struct forecast_model *m, double seats)
{
    size_t low = 0, high = FORECAST_HORIZON_HOURS + 1; /* coming[low] < seats <= coming[high] */
    if (m->coming[high] < seats)
        return 0;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (m->coming[middle] < seats)
            low = middle;
        else
            high = middle;
    }
    double from = begin_of(m, low) - m->shift, more = m->coming[high] - m->coming[low];
    return (int64_t)(from + (begin_of(m, high) - m->shift - from) * (more > 0 ? (seats - m->coming[low]) / more : 0));
}

struct forecast_moment forecast_when(const struct forecast_model *m, double seats)
{
    int64_t now = m->now - m->shift;
    if (m->why != FORECAST_TOLD)
        return (struct forecast_moment){0, 0, 0};
    if (seats <= 0)
        return (struct forecast_moment){now, now, now};
    struct forecast_moment when = {.at = reach(m, seats)};
    if (when.at == 0)
        return when;
    double off = Z_80 * sqrt(1 / seats + 1 / m->seen + m->error * m->error);
    when.soonest = reach(m, seats / (1 + off));
    when.latest = reach(m, seats * (1 + off));
    if (when.latest == 0)
        when.latest = now + HORIZON_SECONDS;
    return when;
}

/* --- a campaign --- */

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
    int64_t most = full.at ? full.at : m->now - m->shift + HORIZON_SECONDS;
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
    struct forecast_model own = part_of(whole, share);
    if (g->expires_at && expected_until(&own, g->expires_at) < room && g->expires_at - own.now < HORIZON_SECONDS)
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
    r->model = part_of(&whole, fmax(rest, REST_LEAST));
    for (size_t i = 0; i < r->count; i++) {
        const struct group *g = &c->groups[r->list[i].position];
        if (g->expires_at && g->expires_at - now < HORIZON_SECONDS)
            r->list[i].expires = expected_until(&r->model, g->expires_at);
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
