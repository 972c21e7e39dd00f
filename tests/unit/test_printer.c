/* server/admin/printer.c: who has a turn on the print thread, and what becomes of what a job writes. */
#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>
#include <event2/event.h>

#include "printer.h"

enum { LOG_MAX = 256, MEGABYTES = 3 };

/* What a test's jobs have in common: who began, in order, and what stops them. */
struct stage {
    struct event_base *base;
    struct printer *printer;
    sem_t go, begun;
    char log[LOG_MAX];
    atomic_size_t log_len;
    int done, result;
    size_t taken, bytes; /* of the long job: bytes its client has; of a short one: what done was given */
    atomic_size_t written;
    bool takes, bad;
    struct print_job *job;
};

static struct stage stage;

static void note(char who)
{
    stage.log[stage.log_len++] = who;
}

static int setup(void **state)
{
    (void)state;
    memset(&stage, 0, sizeof stage);
    sem_init(&stage.go, 0, 0);
    sem_init(&stage.begun, 0, 0);
    stage.takes = true;
    stage.base = event_base_new();
    stage.printer = stage.base ? printer_new(stage.base) : NULL;
    return stage.printer ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    printer_free(stage.printer);
    event_base_free(stage.base);
    sem_destroy(&stage.go);
    sem_destroy(&stage.begun);
    return 0;
}

static void run_until_done(int count)
{
    while (stage.done < count)
        assert_int_equal(event_base_loop(stage.base, EVLOOP_ONCE), 0);
}

/* --- jobs --- */

static void done(void *ctx, struct print_job *job, int result)
{
    (void)ctx;
    print_job_bytes(job, &stage.bytes);
    stage.done++;
    stage.result = result;
}

static int write_short(void *ctx, struct print_job *job)
{
    note('s');
    for (int i = 0; i < 10000; i++)
        if (print_job_write(job, ctx, strlen(ctx)) != 0)
            return -EIO;
    return 0;
}

static int wait_to_go(void *ctx, struct print_job *job)
{
    (void)ctx, (void)job;
    note('w');
    sem_post(&stage.begun);
    sem_wait(&stage.go);
    return 0;
}

static int write_pages(void *ctx, struct print_job *job)
{
    (void)ctx;
    for (int page = 0; page < 3; page++) {
        note('p');
        sem_post(&stage.begun);
        sem_wait(&stage.go);
        int r = print_job_pause(job);
        if (r != 0)
            return r;
    }
    return 0;
}

static int write_much(void *ctx, struct print_job *job)
{
    static unsigned char bytes[7001];
    (void)ctx;
    sem_post(&stage.begun);
    for (size_t at = 0; at < MEGABYTES << 20;) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (unsigned char)((at + i) * 31 >> 3);
        int r = print_job_write(job, bytes, sizeof bytes);
        if (r != 0)
            return r;
        at += sizeof bytes;
        stage.written = at;
    }
    return 0;
}

static void take(void *ctx, struct print_job *job)
{
    static char out[5000];
    (void)ctx;
    size_t n;
    while (stage.takes && (n = print_job_take(job, out, sizeof out)) > 0) {
        for (size_t i = 0; i < n; i++)
            stage.bad |= (unsigned char)out[i] != (unsigned char)((stage.taken + i) * 31 >> 3);
        stage.taken += n;
    }
}

static struct print_job *add(bool is_long, int (*work)(void *, struct print_job *), void *ctx)
{
    struct print_order o = {.is_long = is_long, .ctx = ctx, .work = work, .ready = is_long ? take : NULL, .done = done};
    return printer_add(stage.printer, &o);
}

/* --- */

static void a_short_jobs_bytes_are_there_whole_when_it_is_done(void **state)
{
    (void)state;
    assert_non_null(add(false, write_short, "0123456789"));
    run_until_done(1);
    assert_int_equal(stage.result, 0);
    assert_int_equal(stage.bytes, 100000);
}

static void short_jobs_go_between_the_pages_of_a_long_one(void **state)
{
    (void)state;
    assert_non_null(add(true, write_pages, NULL));
    sem_wait(&stage.begun); /* page one is being drawn */
    assert_non_null(add(true, write_pages, NULL));
    assert_non_null(add(false, write_short, "a"));
    assert_non_null(add(false, write_short, "a"));
    for (int i = 0; i < 6; i++)
        sem_post(&stage.go);
    run_until_done(4);
    assert_string_equal(stage.log, "pssppppp");
}

static void a_client_that_takes_nothing_stops_the_long_job_but_not_the_short_ones(void **state)
{
    (void)state;
    stage.takes = false;
    stage.job = add(true, write_much, NULL);
    sem_wait(&stage.begun);
    for (int i = 1; i <= 3; i++) {
        assert_non_null(add(false, write_short, "a"));
        run_until_done(i);
    }
    assert_true(stage.written <= PRINTER_PIPE);
    stage.takes = true;
    while (stage.done < 4) {
        take(NULL, stage.job); /* the client is back */
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
    }
    assert_int_equal(stage.result, 0);
    assert_int_equal(stage.taken, stage.written);
    assert_true(stage.taken >= MEGABYTES << 20);
    assert_false(stage.bad);
}

static void who_has_left_ends_the_job_wherever_it_is(void **state)
{
    (void)state;
    stage.takes = false;
    struct print_job *first = add(true, write_much, NULL), *second = add(true, write_much, NULL);
    sem_wait(&stage.begun);
    print_job_cancel(second);
    run_until_done(1);
    assert_int_equal(stage.result, -ECANCELED);
    print_job_cancel(first);
    stage.result = 0;
    run_until_done(2);
    assert_int_equal(stage.result, -ECANCELED);
    assert_true(stage.written <= PRINTER_PIPE);
}

static void more_than_may_wait_are_refused_until_one_is_done(void **state)
{
    (void)state;
    assert_non_null(add(false, wait_to_go, NULL));
    for (int i = 1; i < PRINTER_SHORT_MAX; i++)
        assert_non_null(add(false, write_short, "a"));
    assert_null(add(false, write_short, "a"));
    assert_non_null(add(true, write_pages, NULL)); /* counted by themselves */
    for (int i = 1; i < PRINTER_LONG_MAX; i++)
        assert_non_null(add(true, write_pages, NULL));
    assert_null(add(true, write_pages, NULL));
    for (int i = 0; i < 1 + 3 * PRINTER_LONG_MAX; i++)
        sem_post(&stage.go);
    run_until_done(PRINTER_SHORT_MAX + PRINTER_LONG_MAX);
    assert_non_null(add(false, write_short, "a"));
    run_until_done(PRINTER_SHORT_MAX + PRINTER_LONG_MAX + 1);
}

static void a_printer_that_stops_tells_all_that_they_are_done(void **state)
{
    (void)state;
    stage.takes = false;
    for (int i = 0; i < 3; i++)
        assert_non_null(add(true, write_much, NULL));
    sem_wait(&stage.begun);
    for (int i = 0; i < 3; i++)
        assert_non_null(add(false, write_short, "a"));
    printer_free(stage.printer);
    stage.printer = NULL;
    assert_int_equal(stage.done, 6);
    assert_int_equal(stage.result, -ECANCELED);
}

static int look_at_priority(void *ctx, struct print_job *job)
{
    (void)job;
    *(int *)ctx = getpriority(PRIO_PROCESS, 0);
    return 0;
}

static void printing_is_less_urgent_than_answering(void **state)
{
    (void)state;
    int before = getpriority(PRIO_PROCESS, 0), there = 0;
    assert_non_null(add(false, look_at_priority, &there));
    run_until_done(1);
    assert_int_equal(there, PRINTER_NICE);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_short_jobs_bytes_are_there_whole_when_it_is_done),
        TEST(short_jobs_go_between_the_pages_of_a_long_one),
        TEST(a_client_that_takes_nothing_stops_the_long_job_but_not_the_short_ones),
        TEST(who_has_left_ends_the_job_wherever_it_is),
        TEST(more_than_may_wait_are_refused_until_one_is_done),
        TEST(a_printer_that_stops_tells_all_that_they_are_done),
        TEST(printing_is_less_urgent_than_answering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
