/* server/admin/throttle.c: who may try to log in, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <sodium.h>

#include "throttle.h"

enum { NOW = 1000000 };

static int setup(void **state)
{
    *state = throttle_new();
    return *state && sodium_init() >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
    throttle_free(*state);
    return 0;
}

static void fail_times(struct throttle *t, int count, const char *account, const char *address, int64_t now)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(throttle_attempt(t, account, address, now), 0);
}

static void an_account_waits_longer_each_time(void **state)
{
    struct throttle *t = *state;
    int64_t now = NOW;
    int last = 0;
    fail_times(t, THROTTLE_ACCOUNT_FREE, "anna", "192.0.2.1", now);
    for (int i = 0; i < 12; i++) {
        char address[32];
        snprintf(address, sizeof address, "192.0.2.%d", i + 2); /* from wherever it comes */
        int wait = throttle_attempt(t, "anna", address, now);
        assert_true(wait > 0 && wait <= THROTTLE_WAIT_MAX && (wait == 2 * last || wait == THROTTLE_WAIT_MAX || i == 0));
        assert_int_equal(throttle_attempt(t, "anna", address, now + wait - 1), 1);
        now += wait;
        assert_int_equal(throttle_attempt(t, "anna", address, now), 0);
        last = wait;
    }
    assert_int_equal(last, THROTTLE_WAIT_MAX);
    assert_int_equal(throttle_attempt(t, "berta", "192.0.2.99", now), 0);
}

static void an_address_waits_whatever_the_accounts(void **state)
{
    struct throttle *t = *state;
    char account[32];
    for (int i = 0; i < THROTTLE_ADDRESS_FREE; i++) {
        snprintf(account, sizeof account, "user-%d", i);
        assert_int_equal(throttle_attempt(t, account, "192.0.2.1", NOW), 0);
    }
    assert_int_equal(throttle_attempt(t, "another", "192.0.2.1", NOW), 1);
    assert_int_equal(throttle_attempt(t, "another", "192.0.2.2", NOW), 0);
}

static void of_ipv6_the_network_counts(void **state)
{
    struct throttle *t = *state;
    char account[32], address[64];
    for (int i = 0; i < THROTTLE_ADDRESS_FREE; i++) {
        snprintf(account, sizeof account, "user-%d", i);
        snprintf(address, sizeof address, "2001:db8:1:2::%x", i + 1);
        assert_int_equal(throttle_attempt(t, account, address, NOW), 0);
    }
    assert_int_equal(throttle_attempt(t, "another", "2001:db8:1:2:ffff::1", NOW), 1);
    assert_int_equal(throttle_attempt(t, "another", "2001:db8:1:3::1", NOW), 0);
}

static void success_and_time_forgive(void **state)
{
    struct throttle *t = *state;
    fail_times(t, THROTTLE_ACCOUNT_FREE, "anna", "192.0.2.1", NOW);
    assert_int_equal(throttle_attempt(t, "anna", "192.0.2.1", NOW), 1);
    throttle_succeeded(t, "anna", "192.0.2.1");
    fail_times(t, THROTTLE_ACCOUNT_FREE, "anna", "192.0.2.1", NOW);
    assert_int_equal(throttle_attempt(t, "anna", "192.0.2.1", NOW + THROTTLE_FORGET + 1), 0);
    assert_int_equal(throttle_attempt(t, "anna", "192.0.2.1", NOW + THROTTLE_FORGET + 1), 0);
}

static void many_others_do_not_make_it_forget_at_once(void **state)
{
    struct throttle *t = *state;
    char account[32], address[32];
    fail_times(t, THROTTLE_ACCOUNT_FREE, "anna", "192.0.2.1", NOW);
    for (int i = 0; i < 500; i++) {
        snprintf(account, sizeof account, "user-%d", i);
        snprintf(address, sizeof address, "198.51.%d.%d", i / 250, i % 250);
        throttle_attempt(t, account, address, NOW);
    }
    assert_int_equal(throttle_attempt(t, "anna", "203.0.113.1", NOW), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_account_waits_longer_each_time, setup, teardown),
        cmocka_unit_test_setup_teardown(an_address_waits_whatever_the_accounts, setup, teardown),
        cmocka_unit_test_setup_teardown(of_ipv6_the_network_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(success_and_time_forgive, setup, teardown),
        cmocka_unit_test_setup_teardown(many_others_do_not_make_it_forget_at_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
