/* When people are told of a campaign, and when not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"

enum { HOUR = 3600, DAY = 86400, NOW = 1700000000 };

static struct alert_settings settings;
static struct alert_history history;
static struct alert_facts facts;
static struct alert_finding found[ALERT_FINDINGS_MAX];
static size_t count;

static int begin(void **state)
{
    (void)state;
    settings = alert_settings_default;
    memset(&history, 0, sizeof history);
    facts = (struct alert_facts){.version = 1, .running = true, .group_count = 2, .limit = 1000, .open = true};
    return 0;
}

static const struct alert_finding *judge(int64_t now, enum alert_kind kind, int was)
{
    int levels[ALERT_KINDS] = {0};
    levels[kind] = was;
    count = alert_judge(&settings, &facts, &history, now, levels, found);
    for (size_t i = 0; i < count; i++)
        if (found[i].kind == kind)
            return &found[i];
    return NULL;
}

static void take(int64_t used)
{
    facts.used = facts.taken = used;
}

static int level(enum alert_kind kind, int was)
{
    const struct alert_finding *f = judge(NOW, kind, was);
    return f ? f->level : -1;
}

static void test_nearly_full_has_two_levels_and_ends_later_than_it_begins(void **state)
{
    (void)state;
    take(899);
    assert_int_equal(level(ALERT_NEARLY_FULL, 0), -1);
    take(900);
    assert_int_equal(level(ALERT_NEARLY_FULL, 0), 1);
    assert_int_equal(found[0].seats, 100);
    take(980);
    assert_int_equal(level(ALERT_NEARLY_FULL, 1), 2);
    take(870);
    assert_int_equal(level(ALERT_NEARLY_FULL, 1), 0);
    assert_int_equal(level(ALERT_NEARLY_FULL, 0), -1);
    take(840);
    assert_int_equal(level(ALERT_NEARLY_FULL, 1), -1);
}

static void test_seats_left_count_beside_the_share(void **state)
{
    (void)state;
    settings.full_percent = 0;
    settings.seats_left = 20;
    take(979);
    assert_int_equal(level(ALERT_NEARLY_FULL, 0), -1);
    take(980);
    assert_int_equal(level(ALERT_NEARLY_FULL, 0), 1);
    settings.seats_left = 0;
    assert_int_equal(level(ALERT_NEARLY_FULL, 0), -1);
    settings.seats_left = 20;
    facts.unlimited = true;
    assert_int_equal(level(ALERT_NEARLY_FULL, 0), -1);
}

static void test_no_group_is_told_alone(void **state)
{
    (void)state;
    take(1000);
    facts.open = false;
    assert_int_equal(level(ALERT_NO_GROUP, 0), 1);
    assert_int_equal(count, 1);
    assert_int_equal(level(ALERT_NEARLY_FULL, 2), 0); /* it was told before, and is not over */
    take(0);
    facts.limit = 0;
    assert_int_equal(level(ALERT_NO_GROUP, 0), -1); /* a campaign that is still being made */
}

static void test_a_campaign_that_does_not_run_is_left_alone(void **state)
{
    (void)state;
    take(1000);
    facts.open = facts.running = false;
    assert_int_equal(level(ALERT_NO_GROUP, 0), -1);
    facts.running = true;
    settings.enabled = false;
    assert_int_equal(level(ALERT_NO_GROUP, 0), -1);
}

static void test_an_expiry_comes_in_steps_and_at_last_is_there(void **state)
{
    static const struct {
        int64_t in;
        int level;
    } steps[] = {{3 * DAY + 1, -1}, {3 * DAY, 1}, {DAY + 1, 1}, {DAY, 2}, {1, 2}, {0, 3}, {1 - DAY, 3}, {-DAY, 0}};
    (void)state;
    facts.listed = 1;
    memcpy(facts.groups[0].id, "g2", 3);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        facts.groups[0].expires_at = NOW + steps[i].in;
        assert_int_equal(level(ALERT_EXPIRING, 0), steps[i].level);
    }
    assert_string_equal(found[0].group, "g2");
    memset(settings.expiry_days, 0, sizeof settings.expiry_days);
    assert_int_equal(level(ALERT_EXPIRING, 0), -1);
}

static void test_a_suspect_group_is_told(void **state)
{
    (void)state;
    facts.listed = 1;
    facts.groups[0] = (struct alert_group){.id = "g1", .suspect = true};
    assert_int_equal(level(ALERT_SUSPECT, 0), 1);
    settings.suspect = false;
    assert_int_equal(level(ALERT_SUSPECT, 0), -1);
}

static void test_groups_that_lead_where_nobody_may_go_are_told(void **state)
{
    (void)state;
    assert_int_equal(level(ALERT_BARRED, 0), -1);
    facts.barred = -1;
    assert_int_equal(level(ALERT_BARRED, 0), -1);
    assert_int_equal(level(ALERT_BARRED, 1), 0); /* it stays until it is known */
    facts.barred = 2;
    assert_int_equal(level(ALERT_BARRED, 0), 1);
    assert_int_equal(found[0].seats, 2);
    settings.barred = false;
    assert_int_equal(level(ALERT_BARRED, 0), -1);
}

/* Looks every `step` seconds, with so many seats taken in each. */
static int64_t run(int64_t now, int64_t seconds, int64_t step, int64_t seats)
{
    for (int64_t end = now + seconds; now < end;) {
        now += step;
        take(facts.used + seats);
        alert_history_see(&history, &facts, now);
    }
    return now;
}

static void test_supply_is_reckoned_from_the_rate(void **state)
{
    (void)state;
    facts.limit = 100000;
    alert_history_see(&history, &facts, NOW);
    int64_t now = run(NOW, 200, 10, 10);
    assert_null(judge(now, ALERT_RUNS_OUT, 0)); /* too early to say */
    now = run(now, 1200, 10, 10);               /* a seat a second */
    assert_null(judge(now, ALERT_RUNS_OUT, 0)); /* 27 hours */
    facts.limit = facts.used + 5 * HOUR;
    const struct alert_finding *f = judge(now, ALERT_RUNS_OUT, 0);
    assert_int_equal(f->level, 1);
    assert_in_range(f->at, now + 5 * HOUR - 60, now + 5 * HOUR + 60);
    facts.limit = facts.used + HOUR - 60;
    assert_int_equal(judge(now, ALERT_RUNS_OUT, 1)->level, 2);
    facts.limit = facts.used + 7 * HOUR;
    assert_null(judge(now, ALERT_RUNS_OUT, 0));
    assert_int_equal(judge(now, ALERT_RUNS_OUT, 1)->level, 0);
    facts.limit = facts.used + 13 * HOUR;
    assert_null(judge(now, ALERT_RUNS_OUT, 1));
}

static void test_a_forecast_is_believed_before_the_rate(void **state)
{
    (void)state;
    facts.limit = 100000;
    alert_history_see(&history, &facts, NOW);
    int64_t now = run(NOW, 1200, 10, 10);
    facts.limit = facts.used + 5 * HOUR; /* at this rate; but it is a rush that fades */
    history.forecast_at = now;
    history.forecast_version = facts.version;
    history.forecast_gone = 0;
    assert_null(judge(now, ALERT_RUNS_OUT, 0));
    history.forecast_gone = now + 20 * HOUR;
    assert_null(judge(now, ALERT_RUNS_OUT, 0));
    history.forecast_gone = now + 3 * HOUR;
    assert_int_equal(judge(now, ALERT_RUNS_OUT, 0)->at, now + 3 * HOUR);
    history.forecast_gone = now - 60;
    assert_int_equal(judge(now, ALERT_RUNS_OUT, 0)->level, 2);
    history.forecast_gone = 0;
    history.forecast_version--; /* of what it was before an admin changed it */
    assert_int_equal(judge(now, ALERT_RUNS_OUT, 0)->level, 1);
    history.forecast_version++;
    history.forecast_at -= ALERT_FORECAST_SECONDS;
    assert_int_equal(judge(now, ALERT_RUNS_OUT, 0)->level, 1);
}

static void test_a_burst_is_what_is_not_usual(void **state)
{
    (void)state;
    facts.limit = 1000000;
    alert_history_see(&history, &facts, NOW);
    int64_t now = run(NOW, 2 * HOUR, 10, 5); /* half a seat a second, always */
    assert_null(judge(now, ALERT_BURST, 0));
    now = run(now, 300, 10, 40); /* four a second: 300 usual in ten minutes, 1350 now */
    assert_null(judge(now, ALERT_BURST, 0));
    now = run(now, 300, 10, 80);
    assert_int_equal(judge(now, ALERT_BURST, 0)->level, 1);
    assert_true(judge(now, ALERT_BURST, 0)->seats >= 3000);
    now = run(now, 700, 10, 5);
    assert_null(judge(now, ALERT_BURST, 0));
}

static void test_a_launch_is_no_burst(void **state)
{
    (void)state;
    facts.limit = 1000000;
    alert_history_see(&history, &facts, NOW);
    int64_t now = run(NOW, 600, 10, 100);
    assert_null(judge(now, ALERT_BURST, 0));
}

static void test_seats_that_come_back_unused(void **state)
{
    (void)state;
    facts.limit = 1000000;
    alert_history_see(&history, &facts, NOW);
    int64_t now = run(NOW, HOUR, 60, 1);
    take(facts.used + 300);
    alert_history_see(&history, &facts, now += 60);
    assert_null(judge(now, ALERT_GIVEN_BACK, 0));
    take(facts.used - 200);
    alert_history_see(&history, &facts, now += 60);
    assert_int_equal(judge(now, ALERT_GIVEN_BACK, 0)->seats, 200);
    facts.version++;
    take(0); /* the admin counted heads */
    alert_history_see(&history, &facts, now += 660);
    assert_null(judge(now, ALERT_GIVEN_BACK, 0));
}

static void test_a_clock_that_goes_back_begins_anew(void **state)
{
    (void)state;
    alert_history_see(&history, &facts, NOW);
    int64_t now = run(NOW, HOUR, 60, 10);
    alert_history_see(&history, &facts, now - 10 * DAY);
    assert_int_equal(history.since, now - 10 * DAY);
    alert_history_see(&history, &facts, INT64_MAX / 2); /* and does not count minutes for ever */
    assert_int_equal(history.since, INT64_MAX / 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
    const struct CMUnitTest tests[] = {
        TEST(test_nearly_full_has_two_levels_and_ends_later_than_it_begins),
        TEST(test_seats_left_count_beside_the_share),
        TEST(test_no_group_is_told_alone),
        TEST(test_a_campaign_that_does_not_run_is_left_alone),
        TEST(test_an_expiry_comes_in_steps_and_at_last_is_there),
        TEST(test_a_suspect_group_is_told),
        TEST(test_groups_that_lead_where_nobody_may_go_are_told),
        TEST(test_supply_is_reckoned_from_the_rate),
        TEST(test_a_forecast_is_believed_before_the_rate),
        TEST(test_a_burst_is_what_is_not_usual),
        TEST(test_a_launch_is_no_burst),
        TEST(test_seats_that_come_back_unused),
        TEST(test_a_clock_that_goes_back_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
