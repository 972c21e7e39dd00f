/* Hours of the wall's clock become hours that pass: over midnight, and when clocks are changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "forecast_hours.h"

static struct store_stats_row rows[96];
static int64_t hours[FORECAST_HISTORY_HOURS];

/* Days from the first on, of which each hour of the wall has 10 seats. */
static size_t ten_an_hour(const char *first, int days)
{
    struct tm tm = {.tm_hour = 12};
    char day[16];
    size_t count = 0;
    strptime(first, "%Y-%m-%d", &tm);
    time_t noon = timegm(&tm);
    for (int i = 0; i < days; i++, noon += 86400) {
        gmtime_r(&noon, &tm);
        strftime(day, sizeof day, "%Y-%m-%d", &tm);
        for (int hour = 0; hour < 24; hour++, count++) {
            rows[count] = (struct store_stats_row){.counts = {[STAT_CONFIRMED] = 10}};
            snprintf(rows[count].key, sizeof rows[count].key, "%.10sT%02d", day, hour);
        }
    }
    return count;
}

static void set_zone(const char *name)
{
    setenv("TZ", name, 1);
    tzset();
}

static int64_t utc(const char *text)
{
    int64_t at;
    assert_true(date_from_text(text, strlen(text), &at));
    return at;
}

static int64_t row_of(const char *key, int64_t seats)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].key, key) == 0)
            return rows[i].counts[STAT_CONFIRMED] = seats;
    fail_msg("no row %s", key);
    return 0;
}

static void a_day_begins_at_midnight_of_the_wall(void **state)
{
    (void)state;
    set_zone("Asia/Kolkata");
    size_t count = ten_an_hour("2026-11-24", 2);
    row_of("2026-11-24T23", 7);
    row_of("2026-11-25T00", 3);
    size_t n = forecast_hours(rows, count, utc("2026-11-24T18:40:00Z"), hours); /* ten past midnight */
    assert_int_equal(n, 25);
    assert_int_equal(hours[24], 3);
    assert_int_equal(hours[23], 7);
    assert_int_equal(hours[0], 10);
    assert_int_equal(forecast_hour_start(utc("2026-11-24T18:40:00Z")), utc("2026-11-24T18:30:00Z"));
}

static void an_hour_that_the_wall_skips_is_none(void **state)
{
    (void)state;
    set_zone("Europe/Berlin"); /* 29 March 2026: after 01:59 comes 03:00 */
    size_t count = ten_an_hour("2026-03-29", 1);
    row_of("2026-03-29T01", 1);
    row_of("2026-03-29T02", 0);
    row_of("2026-03-29T03", 3);
    size_t n = forecast_hours(rows, count, utc("2026-03-29T01:30:00Z"), hours);
    assert_int_equal(n, 3);
    assert_int_equal(hours[0], 10);
    assert_int_equal(hours[1], 1);
    assert_int_equal(hours[2], 3);
}

static void an_hour_that_the_wall_shows_twice_is_two(void **state)
{
    (void)state;
    set_zone("Europe/Berlin"); /* 25 October 2026: after 02:59 comes 02:00 */
    size_t count = ten_an_hour("2026-10-25", 1);
    row_of("2026-10-25T02", 30);
    size_t n = forecast_hours(rows, count, utc("2026-10-25T02:00:00Z"), hours); /* three o'clock */
    assert_int_equal(n, 5);
    assert_int_equal(hours[2], 15);
    assert_int_equal(hours[3], 15);
    n = forecast_hours(rows, count, utc("2026-10-25T01:30:00Z"), hours); /* half of the second one is over */
    assert_int_equal(n, 4);
    assert_int_equal(hours[2], 20);
    assert_int_equal(hours[3], 10);
    n = forecast_hours(rows, count, utc("2026-10-25T00:30:00Z"), hours); /* of the first */
    assert_int_equal(n, 3);
    assert_int_equal(hours[2], 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_begins_at_midnight_of_the_wall),
        cmocka_unit_test(an_hour_that_the_wall_skips_is_none),
        cmocka_unit_test(an_hour_that_the_wall_shows_twice_is_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
