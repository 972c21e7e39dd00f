/* storage/gather.c: who waits for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gather.h"

enum { CALL_NS = 1000 * 1000 }; /* GATHER_NAPS naps fill it, none is cut */

static void arrive(struct gather *g, int count)
{
    while (count-- > 0)
        gather_arrived(g);
}

/* A call that took CALL_NS and was answered just now. */
static void answer(struct gather *g, size_t seats)
{
    gather_answered(g, gather_now_ns() - CALL_NS, seats);
}

/* As if no time had gone by since the answer: the machine may have stopped for longer than a call. */
static bool waits(struct gather *g)
{
    g->answered_ns = gather_now_ns();
    return gather_wait(g);
}

static void the_first_never_waits(void **state)
{
    struct gather g;
    (void)state;
    gather_init(&g);
    arrive(&g, 1);
    assert_false(waits(&g));
}

static void one_after_another_never_waits(void **state)
{
    struct gather g;
    (void)state;
    gather_init(&g);
    for (int i = 0; i < 100; i++) {
        arrive(&g, 1);
        assert_false(waits(&g));
        answer(&g, 1);
    }
}

static void a_crowd_waits_until_as_many_have_come(void **state)
{
    struct gather g;
    (void)state;
    gather_init(&g);
    arrive(&g, 8);
    answer(&g, 8);
    for (int i = 0; i < 7; i++) {
        arrive(&g, 1);
        assert_true(waits(&g));
    }
    arrive(&g, 1);
    assert_false(waits(&g));
}

static void those_who_wait_already_are_not_expected_again(void **state)
{
    struct gather g;
    (void)state;
    gather_init(&g);
    arrive(&g, 8 + 3);
    answer(&g, 8);
    assert_true(waits(&g));
    arrive(&g, 8);
    assert_false(waits(&g));
}

static void a_moment_that_brings_nobody_is_the_last(void **state)
{
    struct gather g;
    (void)state;
    gather_init(&g);
    arrive(&g, 8);
    answer(&g, 8);
    arrive(&g, 1);
    assert_true(waits(&g));
    assert_false(waits(&g));
}

static void nobody_waits_longer_than_a_call_takes(void **state)
{
    struct gather g;
    (void)state;
    gather_init(&g);
    arrive(&g, 1000000);
    answer(&g, 1000000);
    int64_t began = g.answered_ns;
    int naps = 0;
    do
        arrive(&g, 1);
    while (gather_wait(&g) && ++naps < 1000);
    assert_true(gather_now_ns() - began >= CALL_NS);
    assert_in_range(naps, 1, GATHER_NAPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_never_waits),
        cmocka_unit_test(one_after_another_never_waits),
        cmocka_unit_test(a_crowd_waits_until_as_many_have_come),
        cmocka_unit_test(those_who_wait_already_are_not_expected_again),
        cmocka_unit_test(a_moment_that_brings_nobody_is_the_last),
        cmocka_unit_test(nobody_waits_longer_than_a_call_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
