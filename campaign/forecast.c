/* How many will come, and when so many will have. See forecast.h. */
#include "forecast_private.h"

#include <math.h>

#define HOUR 3600
#define DAY_HOURS 24
#define SHAPE_HOURS 48       /* of history before hours of the day are told apart */
#define SHAPE_HALF_LIFE 168. /* hours: a week */
#define SHAPE_PRIOR 4.       /* seats of a usual hour that each hour of the day begins with */
#define WEEK_PRIOR 20.       /* likewise, of weekends and weekdays */
#define USUAL_HALF_LIFE 36.
#define RECENT_HALF_LIFE 1.
#define RECENT_PRIOR 3. /* seats as usual that the recent level begins with */
#define RUSH_HOURS 4.   /* until what is unusual now has faded to a third */
#define MODEL_ERROR .2  /* of any level, however much was seen */
#define NEW_ERROR .5    /* likewise, as long as hours of the day cannot be told apart */
#define Z_80 1.2816     /* four times in five */

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

double forecast_expected_until(const struct forecast_model *m, int64_t until)
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

struct forecast_model forecast_part_of(const struct forecast_model *m, double share)
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
    return forecast_expected_until(m, m->now - m->shift + HOUR);
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
        when.latest = now + FORECAST_HORIZON_SECONDS;
    return when;
}
