/* Old addresses: one canonical form for all spellings, what is refused and why, and which aliases a request may mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alias.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static char out[ALIAS_MAX + 1];

static void test_canonical_form(void **state)
{
    static const char *const table[][2] = {
        {"/s/abc", "/s/abc"},
        {"/s/abc/", "/s/abc"},
        {"/s/abc//", "/s/abc"},
        {"/s/ABC", "/s/ABC"},
        {"//s", "//s"},
        {"/%73/%61bc%7E", "/s/abc~"},
        {"/a%2fb", "/a%2Fb"},
        {"/a%2Fb/", "/a%2Fb"},
        {"/\xe7\xbe\xa4", "/%E7%BE%A4"},
        {"/%e7%be%a4", "/%E7%BE%A4"},
        {"/a\"<>[]^`{|}'", "/a%22%3C%3E%5B%5D%5E%60%7B%7C%7D%27"},
        {"/a!$&()*+,;=:@-._~", "/a!$&()*+,;=:@-._~"},
        {"/a%21", "/a%21"},
        {"/s/abc?", "/s/abc"},
        {"/s/abc?&", "/s/abc"},
        {"/common/qun/redirect/?qid=100001", "/common/qun/redirect?qid=100001"},
        {"/a?b=%63&&d&", "/a?b=c&d"},
        {"/a?b=1&a=2", "/a?b=1&a=2"},
        {"/a?b=%26%3D", "/a?b=%26%3D"},
        {"/a?u=http://x/?y", "/a?u=http://x/?y"},
        {"/?id=5", "/?id=5"},
        {"/a?1&2&3&4&5&6&7&8", "/a?1&2&3&4&5&6&7&8"},
        {"/x/y/seat", "/x/y/seat"},
        {"/seat", "/seat"},
        {"/x/healthz", "/x/healthz"},
        {"/healthz2", "/healthz2"},
        {"/...", "/..."},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const char *reason = alias_read(table[i][0], strlen(table[i][0]), out);
        if (reason)
            fail_msg("%s: %s", table[i][0], reason);
        assert_string_equal(out, table[i][1]);
        assert_null(alias_read(table[i][1], strlen(table[i][1]), out)); /* and that is its own canonical form */
        assert_string_equal(out, table[i][1]);
    }
}

static void test_refused(void **state)
{
    static const char *const table[][2] = {
        {"", "must begin with \"/\""},
        {"s/abc", "must begin with \"/\""},
        {"https://old.example.com/s/abc", "must begin with \"/\""},
        {"?qid=1", "must begin with \"/\""},
        {"/", "must not be \"/\" alone"},
        {"//", "must not be \"/\" alone"},
        {"/?", "must not be \"/\" alone"},
        {"/?&&", "must not be \"/\" alone"},
        {"/a b", "white space"},
        {"/a\tb", "control character"},
        {"/a\nb", "control character"},
        {"/a\x7f", "control character"},
        {"/a%0d", "control character"},
        {"/a%00", "control character"},
        {"/a?b%7f", "control character"},
        {"/a#b", "fragment"},
        {"/a?b#c", "fragment"},
        {"/a\\b", "backslash"},
        {"/a%", "two hex digits"},
        {"/a%2", "two hex digits"},
        {"/a%zz", "two hex digits"},
        {"/a?b=%2", "two hex digits"},
        {"/a/../b", "which browsers take away"},
        {"/./a", "which browsers take away"},
        {"/a/%2e%2E", "which browsers take away"},
        {"/healthz", "is reserved"},
        {"/HealthZ/a", "is reserved"},
        {"/%61pi/v1", "is reserved"},
        {"/static/a.js", "is reserved"},
        {"/metrics?x", "is reserved"},
        {"/favicon.ico", "is reserved"},
        {"/robots.txt", "is reserved"},
        {"/s/seat", "is reserved"},
        {"/s/next/?a", "is reserved"},
        {"/a?1&2&3&4&5&6&7&8&9", "at most 8 parameters"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const char *reason = alias_read(table[i][0], strlen(table[i][0]), out);
        if (!reason || !strstr(reason, table[i][1]))
            fail_msg("%s: %s", table[i][0], reason ? reason : "accepted");
    }
    assert_non_null(alias_read("/a\0b", 4, out));
}

static void test_lengths(void **state)
{
    char text[ALIAS_MAX + 2];
    (void)state;
    memset(text, 'a', sizeof text);
    text[0] = '/';
    assert_null(alias_read(text, ALIAS_MAX, out));
    assert_int_equal(strlen(out), ALIAS_MAX);
    assert_non_null(strstr(alias_read(text, ALIAS_MAX + 1, out), "at most 512 bytes"));
    text[ALIAS_MAX - 1] = '"'; /* three bytes when encoded */
    assert_non_null(strstr(alias_read(text, ALIAS_MAX, out), "percent-encoded"));
    text[ALIAS_MAX - 2] = '?';
    assert_non_null(strstr(alias_read(text, ALIAS_MAX, out), "percent-encoded"));
}

/* The candidates of a request, behind one another: "text:used ". */
static const char *candidates(const char *path, const char *query)
{
    static char all[8192];
    struct alias_candidates c;
    size_t at = 0;
    bool any = alias_find_candidates(path, strlen(path), query, strlen(query), &c);
    all[0] = '\0';
    assert_int_equal(any, c.count > 0);
    for (int i = 0; i < c.count; i++)
        at += (size_t)snprintf(all + at, sizeof all - at, "%.*s:%d ", (int)c.len[i], c.text, (int)c.used[i]);
    return all;
}

static void test_candidates(void **state)
{
    (void)state;
    assert_string_equal(candidates("/s/abc", ""), "/s/abc:0 ");
    assert_string_equal(candidates("/%73/abc/", ""), "/s/abc:0 ");
    assert_string_equal(candidates("/s/AbC", "from=timeline"), "/s/AbC:0 /s/AbC?from=timeline:13 ");
    assert_string_equal(candidates("/r/", "q=%31&&from=x&"), "/r:0 /r?q=1:6 /r?q=1&from=x:14 ");
    assert_string_equal(candidates("/", "id=5&x"), "/?id=5:5 /?id=5&x:6 ");
    assert_string_equal(candidates("/", ""), "");
    assert_string_equal(candidates("", "a"), "");
    assert_string_equal(candidates("/a%zz", "b"), "");
    assert_string_equal(candidates("/a", "b&c%z&d"), "/a:0 /a?b:2 "); /* no alias has what stands behind */
    assert_string_equal(candidates("/api/v1", "a"), "");
    assert_string_equal(candidates("/favicon.ico", ""), "");
    assert_string_equal(candidates("/a", "1&2&3&4&5&6&7&8&9"), "/a:0 /a?1:2 /a?1&2:4 /a?1&2&3:6 /a?1&2&3&4:8 "
                                                               "/a?1&2&3&4&5:10 /a?1&2&3&4&5&6:12 /a?1&2&3&4&5&6&7:14 "
                                                               "/a?1&2&3&4&5&6&7&8:16 ");
}

static void test_candidates_are_bounded(void **state)
{
    char path[ALIAS_MAX + 2], query[4097];
    struct alias_candidates c;
    (void)state;
    memset(path, 'a', sizeof path);
    memset(query, 'b', sizeof query);
    path[0] = '/';
    assert_true(alias_find_candidates(path, ALIAS_MAX, "", 0, &c));
    assert_int_equal(c.len[0], ALIAS_MAX);
    assert_false(alias_find_candidates(path, ALIAS_MAX + 1, "", 0, &c));
    assert_true(alias_find_candidates(path, ALIAS_MAX - 1, "b", 1, &c));
    assert_int_equal(c.count, 1);
    assert_true(alias_find_candidates(path, 2, query, sizeof query, &c));
    assert_int_equal(c.count, 1);
    memset(query, '&', sizeof query);
    assert_true(alias_find_candidates(path, 2, query, sizeof query, &c));
    assert_int_equal(c.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical_form),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_candidates_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
