/* server/zone.c: the time of the week, where clocks are put forward and back too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "zone.h"

enum { MON, TUE, WED, THU, FRI, SAT, SUN };

static int at(int day, int hour, int minute)
{
    return (day * 24 + hour) * 60 + minute;
}

static void weeks_are_told_in_the_zone(void **state)
{
    static const struct {
        const char *zone;
        int64_t now; /* in comments: UTC */
        int day, hour, minute;
    } rows[] = {
        {"Asia/Shanghai", 1795622399, WED, 23, 59}, /* 2026-11-25 15:59:59 */
        {"Asia/Shanghai", 1795622400, THU, 0, 0},   /* a second later */
        {"Asia/Shanghai", 0, THU, 8, 0},            /* 1970-01-01 */
        {"Europe/Berlin", 1774745999, SUN, 1, 59},  /* 2026-03-29 00:59:59: the last second of winter */
        {"Europe/Berlin", 1774746000, SUN, 3, 0},   /* a second later */
        {"Europe/Berlin", 1792889999, SUN, 2, 59},  /* 2026-10-25 00:59:59: the last second of summer */
        {"Europe/Berlin", 1792890000, SUN, 2, 0},   /* a second later: that hour comes twice */
        {"Europe/Berlin", 1792893600, SUN, 3, 0},   /* and is over */
        {"Europe/Berlin", 1782777600, TUE, 2, 0},   /* 2026-06-30 00:00 */
        {"America/St_Johns", 1795622400, WED, 12, 30},
        {"Pacific/Kiritimati", 1795622400, THU, 6, 0},
        {"Asia/Kathmandu", 1795622400, WED, 21, 45},
        {"Europe/Berlin", 2537787600, THU, 15, 0}, /* 2050-06-02 13:00, by the rule behind the table */
        {"UTC", 4102444800, FRI, 0, 0},            /* 2100-01-01 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct zone *z = zone_new(rows[i].zone);
        assert_non_null(z);
        int found = zone_week_minute(z, rows[i].now), expected = at(rows[i].day, rows[i].hour, rows[i].minute);
        if (found != expected)
            fail_msg("row %zu: %d, not %d", i, found, expected);
        zone_free(z);
    }
}

static void without_a_zone_it_is_the_processs(void **state)
{
    (void)state;
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    assert_int_equal(zone_week_minute(NULL, 1774745999), at(SUN, 1, 59));
    assert_int_equal(zone_week_minute(NULL, 1774746000), at(SUN, 3, 0));
    assert_int_equal(zone_week_minute(NULL, 1792890000), at(SUN, 2, 0));
}

static void what_is_no_zone_is_none(void **state)
{
    (void)state;
    assert_null(zone_new("Asia/Atlantis"));
    zone_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weeks_are_told_in_the_zone),
        cmocka_unit_test(without_a_zone_it_is_the_processs),
        cmocka_unit_test(what_is_no_zone_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
