/* Queries that are passed on: where they go in a link, what is not passed on, and how long it may get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static char out[FORWARD_LOCATION_MAX + 1];

static bool forwarded(const char *url, const char *query)
{
    return forward_location(url, (struct span){query, strlen(query)}, out);
}

static void test_places(void **state)
{
    static const char *const table[][3] = {
        {"https://a.b", "x=1", "https://a.b?x=1"},
        {"https://a.b/c", "x=1&y=%20", "https://a.b/c?x=1&y=%20"},
        {"https://a.b/c?d=e", "x=1", "https://a.b/c?d=e&x=1"},
        {"https://a.b/c?", "x=1", "https://a.b/c?x=1"},
        {"https://a.b/c?d&", "x", "https://a.b/c?d&x"},
        {"https://a.b/c#f", "x=1", "https://a.b/c?x=1#f"},
        {"https://a.b/c?d#f?g", "x=1", "https://a.b/c?d&x=1#f?g"},
        {"https://a.b/c#f?g", "x=1", "https://a.b/c?x=1#f?g"},
        {"HTTP://a.b/", "?", "HTTP://a.b/??"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        assert_true(forwarded(table[i][0], table[i][1]));
        assert_string_equal(out, table[i][2]);
    }
}

static void test_not_passed_on(void **state)
{
    static const char *const queries[] = {"",    "a b", "a\r\nb", "a\nb", "a\tb",  "a\"b",        "a'b",
                                          "a<b", "a>b", "a#b",    "a\\b", "a\x7f", "\xe4\xbd\xa0"};
    static const char *const urls[] = {"tg://join?invite=a", "mqqapi:x", "weixin://dl/business/?t=a", "httpsx://a"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++)
        assert_false(forwarded("https://a.b/", queries[i]));
    assert_false(forward_location("https://a.b/", (struct span){"a\0b", 3}, out));
    for (size_t i = 0; i < COUNT_OF(urls); i++)
        assert_false(forwarded(urls[i], "x=1"));
}

static void test_lengths(void **state)
{
    static const char url[] = "https://a.b/#f";
    char query[FORWARD_LOCATION_MAX + 2];
    size_t fits = FORWARD_LOCATION_MAX - (sizeof url - 1) - 1;
    (void)state;
    memset(query, 'q', sizeof query);
    assert_true(forward_location(url, (struct span){query, fits}, out));
    assert_int_equal(strlen(out), FORWARD_LOCATION_MAX);
    assert_false(forward_location(url, (struct span){query, fits + 1}, out));
    assert_false(forward_location(url, (struct span){query, sizeof query}, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_not_passed_on),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
