/* From how far a code scans, and how large it must be: the two rules, in both directions, and how people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "distance.h"

static void near(double got, double wanted)
{
    if (fabs(got - wanted) > 0.01)
        fail_msg("%g instead of %g", got, wanted);
}

static void reads(const char *text, double mm)
{
    double got = -1;

    assert_true(qr_distance_from_text(text, strlen(text), &got));
    near(got, mm);
}

static void a_distance_is_read_with_its_unit(void **state)
{
    (void)state;
    reads("3m", 3000);
    reads("1.5m", 1500);
    reads("1.25 m", 1250);
    reads("80cm", 800);
    reads("300mm", 300);
    reads("0.5m", 500);
    reads("100m", 100000);
}

static void what_is_no_distance_is_refused(void **state)
{
    static const char *const BAD[] = {"",    "3",   "m",    "-3m",   "3km",    "1e1m",       "3 ft",
                                      ".m",  "1.m", ".5m",  "1..5m", "1.5.5m", "1m ",        "101m",
                                      "4cm", "0m",  "1,5m", "inf m", "nan",    "1234567890m"};

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        double mm;
        if (qr_distance_from_text(BAD[i], strlen(BAD[i]), &mm))
            fail_msg("\"%s\" was read as %g mm", BAD[i], mm);
    }
}

static void a_code_is_a_tenth_of_the_distance_wide(void **state)
{
    (void)state;
    near(qr_distance_width(3000, 29), 300);
    near(qr_distance_reach(300, 29), 3000);
}

static void a_dense_symbol_needs_its_modules_large(void **state)
{
    (void)state;
    near(qr_distance_width(300, 177), 177 * 0.4); /* a handout */
    near(qr_distance_width(1500, 177), 177);      /* 1 mm from 1 m to 2 m */
    near(qr_distance_width(5000, 177), 500);      /* the width's rule again */
    near(qr_distance_reach(100, 177), 100 / 177.0 * 1000);
}

static void modules_under_the_least_scan_from_nowhere(void **state)
{
    (void)state;
    near(qr_distance_reach(29 * 0.39, 29), 0);
    assert_true(qr_distance_reach(29 * 0.4001, 29) > 0);
}

static void what_a_distance_needs_reaches_as_far(void **state)
{
    (void)state;
    for (int modules = 21; modules <= 177; modules += 4)
        for (double d = QR_DISTANCE_MIN; d <= QR_DISTANCE_MAX; d *= 1.07)
            assert_true(qr_distance_reach(qr_distance_width(d, modules) * (1 + 1e-12), modules) >= d * (1 - 1e-9));
}

static void a_distance_is_said_rounded_down(void **state)
{
    char out[QR_DISTANCE_WORDS];

    (void)state;
    qr_distance_say(1299, out);
    assert_string_equal(out, "1.2 m");
    qr_distance_say(999, out);
    assert_string_equal(out, "99 cm");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_distance_is_read_with_its_unit),
        cmocka_unit_test(what_is_no_distance_is_refused),
        cmocka_unit_test(a_code_is_a_tenth_of_the_distance_wide),
        cmocka_unit_test(a_dense_symbol_needs_its_modules_large),
        cmocka_unit_test(modules_under_the_least_scan_from_nowhere),
        cmocka_unit_test(what_a_distance_needs_reaches_as_far),
        cmocka_unit_test(a_distance_is_said_rounded_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
