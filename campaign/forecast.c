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

/* --- fitting --- */

/* An hour of history: how long it lasted so far, in hours. */
static double exposure(const struct forecast_history *h, size_t i, int64_t now)
{
    return i + 1 == h->hours ? fmax((double)(now % HOUR) / HOUR, 1e-6) : 1;
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
        *expected += w * exposure(h, i, m->now) * shape(m, first + (int64_t)i);
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
        length[of_day] += w * exposure(h, i, m->now);
        all += w * (double)h->seats[i];
        time += w * exposure(h, i, m->now);
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
        expected[weekend] += w * exposure(h, i, m->now) * m->hour[(first + (int64_t)i) % DAY_HOURS];
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

/* Seats that come until then, not beyond the horizon. */
static double expected_until(const struct forecast_model *m, int64_t until)
{
    int64_t hours = until / HOUR - m->now / HOUR;
    size_t i = hours < 0 ? 0 : hours > FORECAST_HORIZON_HOURS ? FORECAST_HORIZON_HOURS : (size_t)hours;
    if (!m->known || until <= m->now)
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

void forecast_fit(struct forecast_model *m, const struct forecast_history *whole, int64_t now, int utc_offset)
{
    struct forecast_history h = begun(whole);
    double seats, expected;
    *m = (struct forecast_model){.now = now, .utc_offset = utc_offset, .weekend = 1, .weekday = 1, .error = NEW_ERROR};
    for (size_t i = 0; i < DAY_HOURS; i++)
        m->hour[i] = 1;
    if (h.hours == 0 || (h.hours == 1 && now % HOUR < FORECAST_SECONDS_MIN))
        return;
    if (h.hours >= SHAPE_HOURS) {
        fit_hours(m, &h);
        fit_week(m, &h);
        m->error = MODEL_ERROR;
    }
    m->usual = level(m, &h, USUAL_HALF_LIFE, &seats, &expected);
    if (seats < FORECAST_SEATS_MIN)
        return;
    level(m, &h, RECENT_HALF_LIFE, &seats, &expected);
    m->recent = (RECENT_PRIOR + seats) / (RECENT_PRIOR / m->usual + expected);
    m->seen = RECENT_PRIOR + seats;
    fill_coming(m);
    m->known = true;
}

/* --- looking ahead --- */

double forecast_next_hour(const struct forecast_model *m)
{
    return expected_until(m, m->now + HOUR);
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
    double from = begin_of(m, low), more = m->coming[high] - m->coming[low];
    return (int64_t)(from + (begin_of(m, high) - from) * (more > 0 ? (seats - m->coming[low]) / more : 0));
}

struct forecast_moment forecast_when(const struct forecast_model *m, double seats)
{
    if (!m->known)
        return (struct forecast_moment){0, 0, 0};
    if (seats <= 0)
        return (struct forecast_moment){m->now, m->now, m->now};
    struct forecast_moment when = {.at = reach(m, seats)};
    if (when.at == 0)
        return when;
    double off = Z_80 * sqrt(1 / seats + 1 / m->seen + m->error * m->error);
    when.soonest = reach(m, seats / (1 + off));
    when.latest = reach(m, seats * (1 + off));
    if (when.latest == 0)
        when.latest = m->now + FORECAST_HORIZON_HOURS * (int64_t)HOUR;
    return when;
}

/* --- a campaign --- */

/* A group that takes part: for everybody, admits people, has room. */
struct filling {
    size_t position;
    double room; /* HUGE_VAL: without a limit */
    double weight;
};

static double room_of(const struct group *g, const struct group_count *n)
{
    return g->limit < 0 ? HUGE_VAL : (double)(g->limit - n->used);
}

static void conclude(struct forecast_group *to, const struct group *g, struct forecast_moment full, bool known)
{
    to->full = full;
    to->expires_first = known && g->limit >= 0 && g->expires_at > 0 && (full.at == 0 || g->expires_at < full.at);
}

/* One behind the other; what an expiring group leaves is not there for the next. */
static double spread_in_order(const struct forecast_model *m, const struct campaign *c, const struct filling *list,
                              size_t count, struct forecast_group *groups)
{
    double taken = 0; /* by all before */
    for (size_t i = 0; i < count; i++) {
        const struct group *g = &c->groups[list[i].position];
        struct forecast_moment full = forecast_when(m, taken + list[i].room);
        if (isinf(list[i].room))
            full = (struct forecast_moment){0, 0, 0};
        conclude(&groups[list[i].position], g, full, m->known);
        if (g->expires_at > 0 && (full.at == 0 || g->expires_at < full.at))
            taken = fmax(taken, expected_until(m, g->expires_at));
        else
            taken += list[i].room;
    }
    return taken;
}

static int compare_turns(const void *a, const void *b)
{
    const struct filling *left = a, *right = b;
    double l = left->room / left->weight, r = right->room / right->weight;
    return (l > r) - (l < r);
}

/* By weight: who has the least room for its weight is full first, and its visitors go to the others. By share all are
 * full at once: there the weight is the room. */
static double spread_by_weight(const struct forecast_model *m, const struct campaign *c, struct filling *list,
                               size_t count, struct forecast_group *groups)
{
    double weights = 0, taken = 0;
    for (size_t i = 0; i < count; i++)
        weights += list[i].weight;
    qsort(list, count, sizeof *list, compare_turns);
    for (size_t i = 0; i < count; i++) {
        double turn = list[i].room / list[i].weight;
        struct forecast_moment full = {0, 0, 0};
        if (!isinf(turn))
            full = forecast_when(m, taken + turn * weights);
        conclude(&groups[list[i].position], &c->groups[list[i].position], full, m->known);
        taken += list[i].room;
        weights -= list[i].weight;
    }
    return taken;
}

/* Without those that are for some visitors only: how many of the visitors are theirs, the campaign's rate does not say.
 */
static size_t gather(const struct campaign *c, const struct group_count *counts, int64_t now, struct filling *list)
{
    size_t count = 0;
    for (size_t i = 0; i < c->group_count; i++) {
        const struct group *g = &c->groups[i];
        double room = room_of(g, &counts[i]);
        if (!group_admits(g, now) || room <= 0 || !when_is_empty(g->when))
            continue;
        double weight = c->strategy == CAMPAIGN_RANDOM ? (double)g->weight : isinf(room) ? EVEN_UNLIMITED : room;
        list[count++] = (struct filling){i, room, weight};
    }
    return count;
}

int forecast_campaign(const struct campaign *c, const struct group_count *counts, const struct forecast_history *whole,
                      const struct forecast_history *of_groups, int64_t now, int utc_offset, struct forecast *out)
{
    struct forecast_model m, own;
    struct filling *list = calloc(c->group_count + 1, sizeof *list);
    if (!list)
        return -ENOMEM;
    forecast_fit(&m, whole, now, utc_offset);
    for (size_t i = 0; i < c->group_count; i++)
        out->groups[i] = (struct forecast_group){0};
    size_t count = gather(c, counts, now, list);
    double taken = c->strategy == CAMPAIGN_FILL ? spread_in_order(&m, c, list, count, out->groups)
                                                : spread_by_weight(&m, c, list, count, out->groups);
    for (size_t i = 0; i < c->group_count; i++) {
        const struct group *g = &c->groups[i];
        double room = room_of(g, &counts[i]);
        if (when_is_empty(g->when) || !of_groups || !group_admits(g, now) || room <= 0 || isinf(room))
            continue;
        forecast_fit(&own, &of_groups[i], now, utc_offset);
        conclude(&out->groups[i], g, forecast_when(&own, room), own.known);
    }
    out->known = m.known;
    out->per_hour = forecast_next_hour(&m);
    out->gone = (struct forecast_moment){0, 0, 0};
    if (count > 0 && !isinf(taken))
        out->gone = forecast_when(&m, taken);
    free(list);
    return 0;
}
