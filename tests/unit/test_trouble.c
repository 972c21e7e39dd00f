/* What is wrong with a campaign, how bad it is, and when time alone may change that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trouble.h"

enum { NOW = 1700000000, SOON = TROUBLE_SOON_SECONDS };

static struct campaign campaign;
static struct group groups[3];
static struct group_count counts[3];

/* A running campaign of three groups with 100 seats each. */
static int begin(void **state)
{
    (void)state;
    campaign = (struct campaign){.enabled = true, .groups = groups, .group_count = 3, .lane_count = 1};
    for (int i = 0; i < 3; i++) {
        groups[i] = (struct group){.limit = 100, .weight = 1, .enabled = true};
        counts[i] = (struct group_count){.members = -1};
    }
    return 0;
}

static struct campaign_trouble look(void)
{
    return campaign_trouble_of(&campaign, counts, NOW);
}

static void test_of_a_campaign_with_room_nothing_is_wrong(void **state)
{
    (void)state;
    struct campaign_trouble t = look();
    assert_int_equal(t.severity, SEVERITY_WELL);
    assert_int_equal(t.next, 0);
    assert_int_equal(campaign_trouble_of(&campaign, NULL, NOW).severity, SEVERITY_WELL);
}

static void test_why_nobody_gets_in(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        groups[i].enabled = false;
    assert_int_equal(look().stopped, TROUBLE_CLOSED);
    groups[1].enabled = true;
    groups[1].expires_at = NOW;
    struct campaign_trouble t = look();
    assert_int_equal(t.stopped, TROUBLE_CLOSED);
    assert_int_equal(t.expired, 0); /* that nobody gets in is said once */
    groups[2].enabled = true;
    counts[2].used = 100;
    assert_int_equal(look().stopped, TROUBLE_FULL);
    campaign.group_count = 0;
    t = look();
    assert_int_equal(t.stopped, TROUBLE_EMPTY);
    assert_int_equal(t.severity, SEVERITY_STOPPED);
}

static void test_of_what_was_stopped_on_purpose_nothing_is_wrong(void **state)
{
    (void)state;
    campaign.group_count = 0;
    campaign.enabled = false;
    assert_int_equal(look().severity, SEVERITY_IDLE);
    campaign.enabled = true;
    campaign.ends_at = NOW;
    struct campaign_trouble t = look();
    assert_int_equal(t.severity, SEVERITY_IDLE);
    assert_int_equal(t.next, 0);
    campaign.ends_at = 0;
    campaign.starts_at = NOW + 5;
    t = look();
    assert_int_equal(t.severity, SEVERITY_IDLE);
    assert_int_equal(t.next, NOW + 5);
}

static void test_an_expiry_is_soon_within_36_hours_and_both_moments_are_foretold(void **state)
{
    (void)state;
    groups[0].expires_at = NOW + SOON;
    struct campaign_trouble t = look();
    assert_int_equal(t.severity, SEVERITY_WELL);
    assert_int_equal(t.next, NOW + 1);
    groups[0].expires_at--;
    t = look();
    assert_int_equal(t.severity, SEVERITY_WARNING);
    assert_int_equal(t.soonest, 0);
    assert_int_equal(t.next, NOW + SOON - 1);
    groups[1].expires_at = NOW + 10;
    t = look();
    assert_int_equal(t.soonest, 1);
    assert_int_equal(t.next, NOW + 10);
    counts[1].used = 100; /* who is full has nobody to expire for */
    assert_int_equal(look().soonest, 0);
}

static void test_an_expired_group_counts_while_it_has_room(void **state)
{
    (void)state;
    groups[0].expires_at = groups[2].expires_at = NOW;
    counts[0].used = 100;
    struct campaign_trouble t = look();
    assert_int_equal(t.severity, SEVERITY_WARNING);
    assert_int_equal(t.expired, 1);
    assert_int_equal(t.first_expired, 2);
}

static void test_suspects_are_counted_and_still_admit(void **state)
{
    (void)state;
    groups[1].enabled = groups[2].enabled = false;
    counts[0].suspect = counts[1].suspect = true;
    struct campaign_trouble t = look();
    assert_int_equal(t.stopped, TROUBLE_NONE);
    assert_int_equal(t.suspects, 1);
    assert_int_equal(t.severity, SEVERITY_WARNING);
}

static void test_fewer_than_a_tenth_of_the_seats_are_few(void **state)
{
    (void)state;
    counts[0].used = counts[1].used = 100;
    counts[2].used = 70;
    assert_false(look().low);
    counts[2].used = 71;
    assert_true(look().low);
    groups[0].limit = -1; /* of endless seats there are never few */
    assert_false(look().low);
    assert_true(trouble_is_low(15, 1) && !trouble_is_low(15, 2) && !trouble_is_low(0, 0));
    assert_false(trouble_is_low(INT64_MAX, INT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_of_a_campaign_with_room_nothing_is_wrong, begin),
        cmocka_unit_test_setup(test_why_nobody_gets_in, begin),
        cmocka_unit_test_setup(test_of_what_was_stopped_on_purpose_nothing_is_wrong, begin),
        cmocka_unit_test_setup(test_an_expiry_is_soon_within_36_hours_and_both_moments_are_foretold, begin),
        cmocka_unit_test_setup(test_an_expired_group_counts_while_it_has_room, begin),
        cmocka_unit_test_setup(test_suspects_are_counted_and_still_admit, begin),
        cmocka_unit_test_setup(test_fewer_than_a_tenth_of_the_seats_are_few, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
