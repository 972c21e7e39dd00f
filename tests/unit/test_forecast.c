/*
 * Forecasts against days that are simulated: visitors come as a Poisson process whose rate has a shape by the hour,
 * weekends, rushes, growth. Whatever comes later is compared with what was said. HUOMA_FORECAST_FIGURES=1 prints
 * docs/forecast.md's table.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "campaign_json.h"
#include "forecast.h"

#define MINUTES_DAY 1440
#define DAYS_MAX 35
#define MINUTES (DAYS_MAX * MINUTES_DAY)
#define BEGIN INT64_C(1795392000) /* a Monday, 00:00 UTC */
#define TRIALS 120
#define SEEDS 4

/* --- a world --- */

static uint64_t dice_state;

static double dice(void) /* xorshift64*, (0, 1] */
{
    dice_state ^= dice_state >> 12;
    dice_state ^= dice_state << 25;
    dice_state ^= dice_state >> 27;
    return ((double)(dice_state * UINT64_C(2685821657736338717) >> 11) + 1) / 9007199254740992.;
}

static int poisson(double mean)
{
    int n = 0;
    for (double p = dice(), least = exp(-mean); p > least; p *= dice())
        n++;
    return n;
}

struct scene {
    const char *name;
    double a_day;              /* people */
    double day_swing;          /* 0: all hours alike; 1: nobody at 4 in the night */
    double weekend;            /* a factor */
    double growth;             /* a day */
    double rushes;             /* a day: an hour and a half at eight times the usual */
    int days_least, days_most; /* of history */
    double error_most,
        good_least; /* bounds that hold: median of the relative error; share of the moments that lie within */
};

static const struct scene scenes[] = {
    {"even", 240, 0, 1, 1, 0, 1, 14, .15, .85},
    {"day and night", 300, .9, 1, 1, 0, 4, 21, .13, .85},
    {"weekends double", 300, .9, 2, 1, 0, 15, 24, .14, .85},
    {"grows 8% a day", 150, .9, 1, 1.08, 0, 7, 21, .22, .75},
    {"fades 8% a day", 800, .9, 1, .92, 0, 7, 21, .22, .70},
    {"rushes", 200, .7, 1, 1, 1, 5, 21, .30, .55},
    {"new, no day seen yet", 600, .5, 1, 1, 0, 0, 0, .40, .70},
    {"few", 20, .9, 1, 1, 0, 7, 21, .28, .80},
};

static int came[MINUTES];

static double rate_at(const struct scene *s, int minute)
{
    double day = (double)minute / MINUTES_DAY, swing = 1 + s->day_swing * cos((day - 20 / 24.) * 2 * M_PI);
    int weekday = minute / MINUTES_DAY % 7;
    return s->a_day / MINUTES_DAY * swing * (weekday >= 5 ? s->weekend : 1) * pow(s->growth, day);
}

static void simulate(const struct scene *s)
{
    int rush_until = 0;
    for (int i = 0; i < MINUTES; i++) {
        if (i >= rush_until && dice() < s->rushes / MINUTES_DAY)
            rush_until = i + 90;
        came[i] = poisson(rate_at(s, i) * (i < rush_until ? 8 : 1));
    }
}

/* --- one question --- */

static int64_t hours[DAYS_MAX * 24];

/* History from minute `first` to `now`, by hour. */
static struct forecast_history history(int first, int now)
{
    size_t from = (size_t)first / 60, count = (size_t)now / 60 - from + 1;
    memset(hours, 0, sizeof hours);
    for (int i = first; i < now; i++)
        hours[(size_t)i / 60 - from] += came[i];
    return (struct forecast_history){hours, count, BEGIN + (int64_t)first * 60};
}

/* Minutes until so many have come; 0: not in this world. */
static int truth(int now, int seats)
{
    for (int i = now, sum = 0; i < MINUTES; i++)
        if ((sum += came[i]) >= seats)
            return i + 1 - now;
    return 0;
}

struct figures {
    double errors[TRIALS * SEEDS], naive[TRIALS * SEEDS];
    int count, within, unsaid;
};

/* What most consoles say: as in the last 60 minutes, for ever. */
static double as_now(int first, int now, int seats)
{
    int from = now - 60 > first ? now - 60 : first, sum = 0;
    for (int i = from; i < now; i++)
        sum += came[i];
    return sum > 0 ? (double)seats * (now - from) / sum : MINUTES;
}

static void ask(const struct scene *s, struct figures *f)
{
    struct forecast_model m;
    int spread = s->days_most - s->days_least;
    int length = s->days_most == 0 ? 90 + (int)(dice() * 240) : (int)((s->days_least + dice() * spread) * MINUTES_DAY);
    int first = (int)(dice() * 3 * MINUTES_DAY), now = first + length;
    if (s->days_most == 0)
        first += 9 * 60, now += 9 * 60;
    int seats = 10 + (int)(exp(dice() * 4) / exp(4) * s->a_day);
    int is = truth(now, seats);
    if (is == 0 || is > 7 * MINUTES_DAY)
        return;
    struct forecast_history h = history(first, now);
    forecast_fit(&m, &h, BEGIN + now * 60, 0);
    struct forecast_moment when = forecast_when(&m, seats);
    if (when.at == 0) {
        f->unsaid++;
        return;
    }
    int64_t at = BEGIN + (int64_t)(now + is) * 60;
    f->errors[f->count] = fabs((double)(when.at - at) / 60) / is;
    f->naive[f->count] = fabs(as_now(first, now, seats) - is) / is;
    f->within += when.soonest <= at && at <= when.latest;
    f->count++;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double quantile(double *list, int count, double share)
{
    qsort(list, (size_t)count, sizeof *list, compare);
    return list[(int)(share * (count - 1))];
}

static void simulated_days(void **state)
{
    bool figures = getenv("HUOMA_FORECAST_FIGURES") != NULL;
    static struct figures f;
    (void)state;
    if (figures)
        printf("| days | error, median | 9 of 10 | as in the last hour, median | 9 of 10 | within what was said |\n"
               "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        const struct scene *s = &scenes[i];
        f = (struct figures){.count = 0};
        for (int seed = 1; seed <= SEEDS; seed++) {
            dice_state = (uint64_t)seed * 7919 + i;
            simulate(s);
            for (int trial = 0; trial < TRIALS; trial++)
                ask(s, &f);
        }
        double median = quantile(f.errors, f.count, .5), within = (double)f.within / f.count;
        if (figures)
            printf("| %s | %.0f%% | %.0f%% | %.0f%% | %.0f%% | %.0f%% |\n", s->name, 100 * median,
                   100 * quantile(f.errors, f.count, .9), 100 * quantile(f.naive, f.count, .5),
                   100 * quantile(f.naive, f.count, .9), 100 * within);
        else if (median > s->error_most || within < s->good_least || f.unsaid > f.count / 10 || f.count < 200)
            fail_msg("%s: median %.2f, within %.2f, %d of %d unsaid", s->name, median, within, f.unsaid, f.count);
    }
}

/* --- what is said, and what is not --- */

static void nothing_is_said_without_a_rate(void **state)
{
    int64_t none[30] = {0}, few[30] = {[29] = 4}, just[1] = {50};
    struct forecast_model m;
    (void)state;
    forecast_fit(&m, &(struct forecast_history){NULL, 0, 0}, BEGIN, 0);
    assert_int_not_equal(m.why, FORECAST_TOLD);
    forecast_fit(&m, &(struct forecast_history){none, 30, 0}, BEGIN, 0);
    assert_int_not_equal(m.why, FORECAST_TOLD);
    forecast_fit(&m, &(struct forecast_history){few, 30, 0}, BEGIN + 1800, 0);
    assert_int_not_equal(m.why, FORECAST_TOLD);
    forecast_fit(&m, &(struct forecast_history){just, 1, 0}, BEGIN + 60, 0);
    assert_int_not_equal(m.why, FORECAST_TOLD);
    assert_true(forecast_when(&m, 10).at == 0 && forecast_next_hour(&m) == 0);
}

static struct campaign *make(const char *text)
{
    struct field_errors errors;
    struct campaign_moment moment = {.now = BEGIN, .random = {1, 2}};
    struct campaign *c = campaign_from_request(text, strlen(text), &moment, &errors);
    assert_non_null(c);
    return c;
}

static int64_t sixty[25];

/* Sixty an hour, for a day. */
static struct forecast_history steady(void)
{
    for (size_t i = 0; i < 25; i++)
        sixty[i] = i < 24 ? 60 : 30;
    return (struct forecast_history){sixty, 25, 0};
}
#define NOW (BEGIN + 1800)

static void ask_campaign(const struct campaign *c, const int64_t *used, struct forecast *f,
                         struct forecast_group *groups)
{
    struct group_count counts[8] = {{0}};
    struct forecast_history h = steady();
    for (size_t i = 0; i < c->group_count; i++)
        counts[i].used = used[i];
    f->groups = groups;
    assert_int_equal(forecast_campaign(c, counts, &h, NULL, NOW, 0, f), 0);
}

static void assert_minutes(struct forecast_moment when, int64_t minutes)
{
    assert_in_range(when.at, NOW + minutes * 60 - 90, NOW + minutes * 60 + 90);
    assert_true(when.soonest < when.at && when.at < when.latest);
}

#define GROUP(more) "{\"url\":\"https://example.com/" more "}"

static void in_order_one_group_is_full_behind_the_other(void **state)
{
    struct campaign *c = make("{\"slug\":\"a\",\"groups\":[" GROUP("a\",\"limit\":100") "," GROUP(
        "b\",\"limit\":50") "," GROUP("c\",\"limit\":50,\"enabled\":false") "]}");
    struct forecast_group groups[8];
    struct forecast f;
    (void)state;
    ask_campaign(c, (int64_t[]){60, 10, 0}, &f, groups);
    assert_true(fabs(f.per_hour - 60) < 1);
    assert_minutes(groups[0].full, 40);
    assert_minutes(groups[1].full, 80);
    assert_minutes(f.gone, 80);
    assert_true(groups[2].full.at == 0 && groups[2].why == FORECAST_CLOSED);
    campaign_free(c);
}

static void a_code_that_expires_first_is_told_and_leaves_its_visitors_to_the_next(void **state)
{
    struct campaign *c = make("{\"slug\":\"a\",\"groups\":[" GROUP(
        "a\",\"limit\":100,\"expires_at\":\"2026-11-23T00:50:00Z\"") "," GROUP("b\",\"limit\":40") "]}");
    struct forecast_group groups[8];
    struct forecast f;
    (void)state;
    ask_campaign(c, (int64_t[]){0, 0}, &f, groups);
    assert_true(groups[0].why == FORECAST_EXPIRES_FIRST && groups[1].why == FORECAST_TOLD);
    assert_minutes(groups[1].full, 60);
    campaign_free(c);
}

static void by_weight_and_by_share(void **state)
{
    struct campaign *c = make("{\"slug\":\"a\",\"strategy\":\"random\",\"groups\":[" GROUP(
        "a\",\"limit\":40,\"weight\":2") "," GROUP("b\",\"limit\":60,\"weight\":1") "]}");
    struct forecast_group groups[8];
    struct forecast f;
    (void)state;
    ask_campaign(c, (int64_t[]){0, 0}, &f, groups);
    assert_minutes(groups[0].full, 60); /* two of three are theirs */
    assert_minutes(groups[1].full, 100);
    assert_minutes(f.gone, 100);
    c->strategy = CAMPAIGN_EVEN;
    ask_campaign(c, (int64_t[]){0, 30}, &f, groups);
    assert_minutes(groups[0].full, 70);
    assert_minutes(groups[1].full, 70);
    c->groups[1].limit = -1;
    ask_campaign(c, (int64_t[]){0, 30}, &f, groups);
    assert_true(f.gone.at == 0 && f.why == FORECAST_NO_LIMIT && groups[1].why == FORECAST_NO_LIMIT);
    assert_int_equal(groups[0].why, FORECAST_TOLD);
    campaign_free(c);
}

static enum forecast_why why_of(const char *text, const int64_t *used, struct forecast_group groups[8])
{
    struct campaign *c = make(text);
    struct forecast f;
    ask_campaign(c, used, &f, groups);
    campaign_free(c);
    return f.why;
}

static void why_nothing_is_told(void **state)
{
    struct forecast_group g[8];
    int64_t none[8] = {0}, ten[8] = {10, 10};
    (void)state;
    assert_int_equal(why_of("{\"groups\":[]}", none, g), FORECAST_CLOSED);
    assert_int_equal(why_of("{\"enabled\":false,\"groups\":[" GROUP("a\",\"limit\":10") "]}", none, g),
                     FORECAST_NOT_RUNNING);
    assert_int_equal(g[0].why, FORECAST_NOT_RUNNING);
    assert_int_equal(why_of("{\"groups\":[" GROUP("a\",\"limit\":10") "," GROUP("b\",\"limit\":5") "]}", ten, g),
                     FORECAST_FULL);
    assert_int_equal(g[0].why, FORECAST_FULL);
    assert_int_equal(g[1].why, FORECAST_FULL);
    assert_int_equal(why_of("{\"groups\":[" GROUP("a\",\"limit\":90000") "]}", none, g), FORECAST_TOO_FAR);
    assert_int_equal(
        why_of("{\"ends_at\":\"2026-11-23T01:00:00Z\",\"groups\":[" GROUP("a\",\"limit\":100") "]}", none, g),
        FORECAST_ENDS_FIRST);
    assert_int_equal(g[0].why, FORECAST_ENDS_FIRST);
    assert_true(g[0].full.at == 0);
}

static void an_expiry_counts_within_what_is_foreseen_only(void **state)
{
    struct forecast_group g[8];
    int64_t none[8] = {0};
    (void)state;
#define EXPIRING(limit, date)                                                                                          \
    "{\"groups\":[" GROUP("a\",\"limit\":" limit ",\"expires_at\":\"" date "T00:00:00Z\"") "]}"
    assert_int_equal(why_of(EXPIRING("90000", "2026-11-25"), none, g), FORECAST_EXPIRES_FIRST);
    assert_int_equal(why_of(EXPIRING("90000", "2027-11-25"), none, g), FORECAST_TOO_FAR);
    assert_int_equal(g[0].why, FORECAST_TOO_FAR);
    assert_int_equal(why_of(EXPIRING("100", "2026-11-25"), none, g), FORECAST_TOLD);
    /* by weight: whose code expires leaves its visitors to the other */
    assert_int_equal(
        why_of("{\"strategy\":\"random\",\"groups\":[" GROUP(
                   "a\",\"limit\":100,\"expires_at\":\"2026-11-23T00:50:00Z\"") "," GROUP("b\",\"limit\":30") "]}",
               none, g),
        FORECAST_TOLD);
    assert_int_equal(g[0].why, FORECAST_EXPIRES_FIRST);
    assert_minutes(g[1].full, 40); /* 10 of the first 20, then all */
}

static void a_group_for_some_has_its_share_of_the_visitors(void **state)
{
    struct campaign *c =
        make("{\"slug\":\"a\",\"groups\":[" GROUP("a\",\"limit\":20,\"when\":{\"language\":[\"en\"]}") "," GROUP(
            "b\",\"limit\":30") "," GROUP("c\",\"limit\":9,\"when\":{\"language\":[\"fr\"]}") "]}");
    struct group_count counts[3] = {{0}};
    struct forecast_history h = steady();
    struct forecast_group groups[3];
    struct forecast f = {.groups = groups};
    (void)state;
    assert_int_equal(forecast_campaign(c, counts, &h, (double[]){.5, .5, -1}, NOW, 0, &f), 0);
    assert_minutes(groups[0].full, 40);
    assert_minutes(groups[1].full, 60);
    assert_int_equal(groups[2].why, FORECAST_TOO_LITTLE_HISTORY);
    assert_int_equal(f.gone.at, groups[1].full.at);
    campaign_free(c);
}

/* The hours of India's clock begin in the middle of UTC's. */
static void hours_are_those_of_the_wall(void **state)
{
    int64_t two[2] = {60, 30};
    struct forecast_history h = {two, 2, 0};
    struct forecast_model m;
    (void)state;
    forecast_fit(&m, &h, BEGIN, 5 * 3600 + 1800); /* half past five in the morning: 30 in half an hour */
    struct forecast_moment when = forecast_when(&m, 60);
    assert_in_range(when.at, BEGIN + 3500, BEGIN + 3700);
    assert_true(fabs(forecast_next_hour(&m) - 60) < 1);
    assert_int_equal(forecast_when(&m, 0).at, BEGIN);
}

/* Fifty in ten minutes are a rate of three hundred, once the hour has turned too. */
static void the_first_hour_is_as_long_as_the_campaign_was_there(void **state)
{
    int64_t seats[2] = {50, 25};
    struct forecast_history h = {seats, 2, BEGIN - 600};
    struct forecast_model m;
    (void)state;
    forecast_fit(&m, &h, BEGIN + 300, 0);
    assert_true(fabs(forecast_next_hour(&m) - 300) < 5);
    h.begin = BEGIN - 7200;
    forecast_fit(&m, &h, BEGIN + 300, 0);
    assert_true(forecast_next_hour(&m) < 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simulated_days),
        cmocka_unit_test(nothing_is_said_without_a_rate),
        cmocka_unit_test(in_order_one_group_is_full_behind_the_other),
        cmocka_unit_test(a_code_that_expires_first_is_told_and_leaves_its_visitors_to_the_next),
        cmocka_unit_test(by_weight_and_by_share),
        cmocka_unit_test(why_nothing_is_told),
        cmocka_unit_test(an_expiry_counts_within_what_is_foreseen_only),
        cmocka_unit_test(a_group_for_some_has_its_share_of_the_visitors),
        cmocka_unit_test(hours_are_those_of_the_wall),
        cmocka_unit_test(the_first_hour_is_as_long_as_the_campaign_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
