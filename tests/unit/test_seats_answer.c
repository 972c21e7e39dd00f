/* storage/seats_answer.c: what a Redis may say of seats, and what it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>

#include "campaign.h"
#include "seats_answer.h"

enum { GROUPS = 3, ASKED = 5 };

/* The reply of version 7, the definition and these numbers, as it comes over the wire. */
static redisReply *reply_of(const char *definition, const int64_t *numbers, size_t count)
{
    char text[512];
    size_t at = (size_t)snprintf(text, sizeof text, "*%zu\r\n$1\r\n7\r\n$%zu\r\n%s\r\n", 2 + count, strlen(definition),
                                 definition);
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, ":%lld\r\n", (long long)numbers[i]);
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;
    assert_int_equal(redisReaderFeed(reader, text, at), REDIS_OK);
    assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
    assert_non_null(reply);
    redisReaderFree(reader);
    return reply;
}

static void only_answers_that_add_up_are_believed(void **state)
{
    static const struct {
        const char *what, *definition;
        int64_t n[9];
        size_t count;
        bool formed, valid;
    } rows[] = {
        {"all in one group", "", {5, 0, 0, 0, 5}, 5, true, true},
        {"two groups, one held", "", {5, 0, 0, 0, 2, 2, 900, 17, 3}, 9, true, true},
        {"the last are told that all is full", "{}", {2, 1, 0, 0, 2, -1, 0, 0, 3}, 9, true, true},
        {"nobody gets one", "", {0, -1, 0, 0, 5}, 5, true, true},
        {"ask again", "{}", {-1}, 1, true, true},
        {"ask again, of what?", "", {-1}, 1, true, false},
        {"ask again, and seats", "{}", {-1, 0, 0, 0, 5}, 5, true, false},
        {"no number of seats", "", {0}, 0, false, false},
        {"half a run", "", {5, 0, 0, 0}, 4, false, false},
        {"somebody forgotten", "", {4, 0, 0, 0, 4}, 5, true, false},
        {"one too many", "", {6, 0, 0, 0, 6}, 5, true, false},
        {"two runs too many", "", {5, 0, 0, 0, 4, 1, 0, 0, 2}, 9, true, false},
        {"the sum is another", "", {4, 0, 0, 0, 5}, 5, true, false},
        {"full counted as a seat", "", {5, 0, 0, 0, 4, -1, 0, 0, 1}, 9, true, false},
        {"no such group", "", {5, GROUPS, 0, 0, 5}, 5, true, false},
        {"no such position", "", {5, -2, 0, 0, 5}, 5, true, false},
        {"an empty run", "", {5, 0, 0, 0, 5, 1, 0, 0, 0}, 9, true, false},
        {"a negative run", "", {5, 0, 0, 0, 6, 1, 0, 0, -1}, 9, true, false},
        {"a negative serial", "", {5, 0, 9, -1, 5}, 5, true, false},
        {"a negative due", "", {5, 0, -9, 0, 5}, 5, true, false},
        {"more than there are numbers", "", {5, 0, 0, 0, INT64_MAX, 1, 0, 0, INT64_MAX}, 9, true, false},
    };
    const struct campaign c = {.group_count = GROUPS};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        redisReply *r = reply_of(rows[i].definition, rows[i].n, rows[i].count);
        if (seats_answer_formed(r) != rows[i].formed ||
            (rows[i].formed && seats_answer_valid(r, &c, ASKED) != rows[i].valid))
            fail_msg("%s", rows[i].what);
        freeReplyObject(r);
    }
}

static void runs_are_read_in_their_order(void **state)
{
    static const int64_t numbers[] = {2, 2, 900, 17, 2, -1, 0, 0, 3};
    redisReply *r = reply_of("", numbers, 9);
    struct seat_run run;
    (void)state;
    assert_true(seats_answer_run(r, 0, &run));
    assert_true(run.position == 2 && run.due == 900 && run.serial == 17 && run.count == 2);
    assert_true(seats_answer_run(r, 1, &run));
    assert_true(run.position == -1 && run.count == 3);
    assert_false(seats_answer_run(r, 2, &run));
    freeReplyObject(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_answers_that_add_up_are_believed),
        cmocka_unit_test(runs_are_read_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
