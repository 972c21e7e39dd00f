/* storage/redis_url.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "redis_url.h"

static void good_urls_are_taken_apart(void **state)
{
    struct redis_url u;
    (void)state;
    assert_null(redis_url_parse("unix:///run/redis.sock", &u));
    assert_true(u.is_unix);
    assert_string_equal(u.path, "/run/redis.sock");
    assert_null(redis_url_parse("redis://127.0.0.1", &u));
    assert_string_equal(u.hosts[0].name, "127.0.0.1");
    assert_int_equal(u.hosts[0].port, 6379);
    assert_null(redis_url_parse("redis://us%65r:p%40ss:w@127.0.0.1:7000/3", &u));
    assert_string_equal(u.user, "user");
    assert_string_equal(u.password, "p@ss:w");
    assert_int_equal(u.hosts[0].port, 7000);
    assert_int_equal(u.db, 3);
    assert_null(redis_url_parse("redis://:secret@[::1]:6380", &u));
    assert_string_equal(u.user, "");
    assert_string_equal(u.password, "secret");
    assert_string_equal(u.hosts[0].name, "::1");
}

static void several_sentinels_and_their_masters_name_are_taken_apart(void **state)
{
    struct redis_url u;
    (void)state;
    assert_null(redis_url_parse("redis+sentinel://u:p@one.example,127.0.0.1:5000,[::1]:5001/my-master/2", &u));
    assert_int_equal(u.kind, REDIS_SENTINEL);
    assert_int_equal(u.host_count, 3);
    assert_string_equal(u.hosts[0].name, "one.example");
    assert_int_equal(u.hosts[0].port, 26379);
    assert_int_equal(u.hosts[1].port, 5000);
    assert_string_equal(u.hosts[2].name, "::1");
    assert_int_equal(u.hosts[2].port, 5001);
    assert_string_equal(u.master, "my-master");
    assert_string_equal(u.password, "p");
    assert_int_equal(u.db, 2);
}

static void a_login_for_sentinels_stands_behind_the_name(void **state)
{
    struct redis_url u;
    (void)state;
    assert_null(redis_url_parse("redis+sentinel://u:p@a,b/m?sentinel_user=s%26u&sentinel_password=p@%2f:?w", &u));
    assert_string_equal(u.password, "p");
    assert_string_equal(u.master, "m");
    assert_int_equal(u.host_count, 2);
    assert_string_equal(u.sentinel_user, "s&u");
    assert_string_equal(u.sentinel_password, "p@/:?w");
    assert_null(redis_url_parse("redis+sentinel://a/m/3?sentinel_password=w", &u));
    assert_string_equal(u.sentinel_user, "");
    assert_int_equal(u.db, 3);
}

static void bad_urls_are_refused_with_a_reason(void **state)
{
    static const char *const bad[] = {
        "",
        "http://h",
        "redis://",
        "redis://:6379",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:x",
        "redis://[::1",
        "redis://[::1]x",
        "redis://user@127.0.0.1",
        "redis://127.0.0.1/x",
        "redis://:%zz@127.0.0.1",
        "unix://relative",
        "redis://127.0.0.1:1,127.0.0.1:2",
        "redis+sentinel://127.0.0.1:1",
        "redis+sentinel://127.0.0.1:1/",
        "redis+sentinel://127.0.0.1:1,/m",
        "redis+sentinel://127.0.0.1:1/m/x",
        "redis+sentinel://127.0.0.1:1/?sentinel_password=w",
        "redis+sentinel://127.0.0.1:1/m?",
        "redis+sentinel://127.0.0.1:1/m?password=w",
        "redis+sentinel://127.0.0.1:1/m?sentinel_user=u",
        "redis+sentinel://127.0.0.1:1/m?sentinel_password=%0",
        "redis+sentinel://127.0.0.1:1/m?sentinel_password=w&",
        "redis://127.0.0.1:1/0?sentinel_password=w",
        "redis+sentinel://a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a/m",
        ("unix:///0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789"),
    };
    struct redis_url u;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!redis_url_parse(bad[i], &u))
            fail_msg("%s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_urls_are_taken_apart),
        cmocka_unit_test(several_sentinels_and_their_masters_name_are_taken_apart),
        cmocka_unit_test(a_login_for_sentinels_stands_behind_the_name),
        cmocka_unit_test(bad_urls_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
