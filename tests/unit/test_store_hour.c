/* The hour to which statistics are counted, at midnight and where clocks are put forward and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "redis_link.h"

static void hours_are_those_of_the_zone(void **state)
{
    static const struct {
        const char *zone;
        int64_t now; /* in comments: UTC */
        uint32_t hour;
        const char *text;
    } rows[] = {
        {"Asia/Shanghai", 1795622399, 2026112523, "2026-11-25 23 400"}, /* 2026-11-25 15:59:59 */
        {"Asia/Shanghai", 1795622400, 2026112600, "2026-11-26 00 400"}, /* a second later: the next day */
        {"Asia/Shanghai", 1798732799, 2026123123, "2026-12-31 23 400"}, /* 2026-12-31 15:59:59 */
        {"Asia/Shanghai", 1798732800, 2027010100, "2027-01-01 00 400"}, /* the next year */
        {"Europe/Berlin", 1774745999, 2026032901, "2026-03-29 01 400"}, /* 00:59:59: the last second of winter */
        {"Europe/Berlin", 1774746000, 2026032903, "2026-03-29 03 400"}, /* a second later: no hour 2 that day */
        {"Europe/Berlin", 1792886400, 2026102502, "2026-10-25 02 400"}, /* 00:00: summer */
        {"Europe/Berlin", 1792890000, 2026102502, "2026-10-25 02 400"}, /* that hour again, counted to the same row */
        {"Europe/Berlin", 1792893600, 2026102503, "2026-10-25 03 400"},
        {"Asia/Kathmandu", 1795622400, 2026112521, "2026-11-25 21 400"}, /* 21:45 there */
    };
    struct store s = {.stats_days = 400, .hour_minute = -1};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setenv("TZ", rows[i].zone, 1);
        tzset();
        s.hour_minute = -1;
        store_hour_at(&s, rows[i].now);
        assert_int_equal(s.hour, rows[i].hour);
        assert_string_equal(s.hour_text, rows[i].text);
    }
}

static void a_clock_that_goes_on_changes_the_hour_and_one_that_jumps_back_too(void **state)
{
    struct store s = {.stats_days = 7, .hour_minute = -1};
    (void)state;
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    store_hour_at(&s, 1795622399);
    store_hour_at(&s, 1795622400);
    assert_int_equal(s.hour, 2026112600);
    store_hour_at(&s, 1795622400 - 86400);
    assert_int_equal(s.hour, 2026112500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_are_those_of_the_zone),
        cmocka_unit_test(a_clock_that_goes_on_changes_the_hour_and_one_that_jumps_back_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
