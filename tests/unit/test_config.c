/* Settings from file, environment and flags: which one wins, and that everything wrong is one clear line. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

extern char **environ;

enum { ARGS_MAX = 16 };

static char folder[] = "/tmp/huoma-config-XXXXXX";
static struct config c;
static char err[CONFIG_ERR_MAX];
static char *args[ARGS_MAX];
static int argc;

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static int no_environment(void **state)
{
    (void)state;
    for (char **e = environ; *e;) {
        char name[128];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*e, "="), *e);
        if (strncmp(name, "HUOMA_", 6) == 0)
            unsetenv(name);
        else
            e++;
    }
    return 0;
}

static const char *write_file(const char *name, const char *text)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
    return path;
}

/* config_load with these arguments, ended by NULL. */
static int load(const char *first, ...)
{
    va_list ap;
    argc = 0;
    va_start(ap, first);
    for (const char *a = first; a; a = va_arg(ap, const char *))
        args[argc++] = (char *)a;
    va_end(ap);
    err[0] = '\0';
    return config_load(&c, &argc, args, err);
}

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(load(NULL), 0);
    assert_string_equal(c.listen.host, "0.0.0.0");
    assert_int_equal(c.listen.port, 8080);
    assert_string_equal(c.admin_listen.host, "127.0.0.1");
    assert_int_equal(c.admin_listen.port, 8081);
    assert_string_equal(c.base_url, "http://localhost:8080");
    assert_false(c.base_url_set);
    assert_string_equal(c.data_dir, "./data");
    assert_string_equal(c.redis_url, "");
    assert_string_equal(c.key_prefix, "hm:");
    assert_int_equal(c.appendfsync, CONFIG_FSYNC_ALWAYS);
    assert_in_range(c.workers, 1, CONFIG_WORKERS_MAX);
    assert_int_equal(c.hold_seconds, 180);
    assert_int_equal(c.visitor_days, 30);
    assert_int_equal(c.trusted_proxies.count, 0);
    assert_string_equal(c.admin_token, "");
    assert_string_equal(c.timezone, "");
    assert_int_equal(c.log_level, CONFIG_LOG_INFO);
    assert_string_equal(c.ready_file, "");
    assert_false(c.demo);
}

static void test_later_source_wins(void **state)
{
    (void)state;
    const char *path = write_file("a.json", "{\"hold_seconds\": 20, \"visitor_days\": 7, \"listen\": \"[::1]:0\"}");
    setenv("HUOMA_HOLD_SECONDS", "30", 1);
    setenv("HUOMA_LISTEN", "", 1); /* empty is not set */
    assert_int_equal(load("--config", path, "--hold-seconds=40", NULL), 0);
    assert_int_equal(c.hold_seconds, 40);
    assert_int_equal(load("--config", path, NULL), 0);
    assert_int_equal(c.hold_seconds, 30);
    assert_int_equal(c.visitor_days, 7);
    assert_string_equal(c.listen.host, "::1");
    assert_int_equal(c.listen.port, 0);
}

static void test_flags_are_taken_out(void **state)
{
    (void)state;
    assert_int_equal(load("show", "--listen", "127.0.0.1:1", "--json", "--demo", "slug", "--", "--demo", NULL), 0);
    assert_int_equal(argc, 5);
    assert_string_equal(args[0], "show");
    assert_string_equal(args[1], "--json");
    assert_string_equal(args[2], "slug");
    assert_string_equal(args[3], "--");
    assert_string_equal(args[4], "--demo");
    assert_int_equal(c.listen.port, 1);
    assert_true(c.demo);
    assert_int_equal(load("--hold-seconds", "20", "--hold-seconds=21", NULL), 0);
    assert_int_equal(c.hold_seconds, 21);
    assert_int_equal(load("--hold-secondsx", "20", NULL), 0); /* not ours: left for the command to refuse */
    assert_int_equal(argc, 2);
}

static void test_value_from_file(void **state)
{
    (void)state;
    setenv("HUOMA_ADMIN_TOKEN_FILE", write_file("token", "s3cret-token\n"), 1);
    assert_int_equal(load(NULL), 0);
    assert_string_equal(c.admin_token, "s3cret-token");
    setenv("HUOMA_ADMIN_TOKEN", "other", 1);
    assert_int_equal(load(NULL), -EINVAL);
    assert_string_equal(err, "admin_token (HUOMA_ADMIN_TOKEN): HUOMA_ADMIN_TOKEN_FILE is set too");
    unsetenv("HUOMA_ADMIN_TOKEN");
    setenv("HUOMA_ADMIN_TOKEN_FILE", "/nowhere/token", 1);
    assert_int_equal(load(NULL), -EINVAL);
    assert_string_equal(err, "admin_token (HUOMA_ADMIN_TOKEN_FILE): No such file or directory");
    assert_int_equal(load("--admin-token", "x", NULL), -EINVAL); /* there is no such flag: it would stand in `ps` */
}

static void test_file_forms(void **state)
{
    (void)state;
    const char *path = write_file("all.json", "{\"trusted_proxies\": [\"10.1.2.3/8\", \"fd00::/8\", \"192.0.2.1\"],"
                                              "\"appendfsync\": \"everysec\", \"log_level\": \"debug\","
                                              "\"admin_token\": \"t\", \"timezone\": \"Asia/Shanghai\"}");
    struct in6_addr ten;
    assert_int_equal(load("--config", path, NULL), 0);
    assert_int_equal(c.trusted_proxies.count, 3);
    inet_pton(AF_INET6, "::ffff:10.0.0.0", &ten);
    assert_memory_equal(&c.trusted_proxies.list[0].net, &ten, sizeof ten);
    assert_int_equal(c.trusted_proxies.list[0].bits, 104);
    assert_int_equal(c.trusted_proxies.list[1].bits, 8);
    assert_int_equal(c.trusted_proxies.list[2].bits, 128);
    assert_int_equal(c.appendfsync, CONFIG_FSYNC_EVERYSEC);
    assert_int_equal(c.log_level, CONFIG_LOG_DEBUG);
    assert_string_equal(c.timezone, "Asia/Shanghai");
    setenv("HUOMA_TRUSTED_PROXIES", "127.0.0.1, ::1", 1); /* replaces the list, does not add to it */
    assert_int_equal(load("--config", path, NULL), 0);
    assert_int_equal(c.trusted_proxies.count, 2);
    assert_int_equal(load("--config", path, "--trusted-proxies", "", NULL), 0);
    assert_int_equal(c.trusted_proxies.count, 0);
    path = write_file("hosts.json", "{\"allowed_hosts\": [\"Example.com.\", \"*.a.example\"]}");
    assert_int_equal(load("--config", path, NULL), 0);
    assert_int_equal(c.allowed_hosts.count, 2);
    assert_string_equal(c.allowed_hosts.list[0], "example.com");
    assert_string_equal(c.allowed_hosts.list[1], "*.a.example");
    setenv("HUOMA_ALLOWED_HOSTS", "b.example", 1);
    assert_int_equal(load("--config", path, NULL), 0);
    assert_int_equal(c.allowed_hosts.count, 1);
}

static void test_base_url_normal_form(void **state)
{
    (void)state;
    static const struct {
        const char *given, *kept;
    } rows[] = {
        {"http://q.example.com", "http://q.example.com"},
        {"HTTPS://q.example.com/", "https://q.example.com"},
        {"http://h:80/a/b///", "http://h:80/a/b"},
        {"https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"},
        {"http://192.0.2.1:65535", "http://192.0.2.1:65535"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(load("--base-url", rows[i].given, NULL), 0);
        assert_string_equal(c.base_url, rows[i].kept);
        assert_true(c.base_url_set);
    }
}

static void test_good_values(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"--redis-url", "redis://127.0.0.1:6379"},
        {"--redis-url", "redis://u:p%40@redis.example:6379/3"},
        {"--redis-url", "redis://[::1]:6379"},
        {"--redis-url", "unix:///run/redis/redis.sock"},
        {"--redis-url", ""},
        {"--key-prefix", "a:b*"},
        {"--workers", "1"},
        {"--workers", "256"},
        {"--hold-seconds", "10"},
        {"--hold-seconds", "86400"},
        {"--slug-length", "12"},
        {"--timezone", "UTC"},
        {"--timezone", "America/Argentina/Buenos_Aires"},
        {"--listen", "[::]:65535"},
        {"--trusted-proxies", "0.0.0.0/0,::/0"},
        {"--allowed-hosts", "example.com, *.Example.org,[::1],tg:,weixin:,mqqapi:,127.0.0.1,example.net."},
        {"--allowed-hosts", ""},
        {"--abuse-contact", "mailto:abuse@example.com"},
        {"--abuse-contact", "mailto:abuse@example.com?cc=b@example.com"},
        {"--abuse-contact", "https://example.com:8443/report?a=1&b=2#form"},
        {"--abuse-contact", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (load(rows[i][0], rows[i][1], NULL))
            fail_msg("%s %s: %s", rows[i][0], rows[i][1], err);
    }
}

static void test_bad_values(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"--listen", "8080", "listen (--listen): 8080 is not HOST:PORT"},
        {"--listen", ":8080", "listen (--listen): :8080 is not HOST:PORT"},
        {"--listen", "localhost:8080", "numeric address"},
        {"--listen", "::1:80", "numeric address"},
        {"--listen", "[127.0.0.1]:80", "numeric address"},
        {"--listen", "127.0.0.1:65536", "the port is not from 0 to 65535"},
        {"--listen", "127.0.0.1:-1", "the port is not"},
        {"--listen", "127.0.0.1:", "the port is not"},
        {"--listen", "127.0.0.1:8080x", "the port is not"},
        {"--base-url", "ftp://h", "does not begin with"},
        {"--base-url", "https://", "has no host"},
        {"--base-url", "https:///x", "has no host"},
        {"--base-url", "https://u:p@h/", "has user info"},
        {"--base-url", "https://h/?a", "has a query or a fragment"},
        {"--base-url", "https://h/#a", "has a query or a fragment"},
        {"--base-url", "https://h:0/", "the port is not"},
        {"--base-url", "https://h:99999/", "the port is not"},
        {"--base-url", "https://h h/", "the host is not well-formed"},
        {"--base-url", "https://[::1/", "the address has no ']'"},
        {"--base-url", "https://[::g]/", "the host is not an IPv6 address"},
        {"--base-url", "https://h/\"x", "the path has a character"},
        {"--base-url", "https://h/\r\nX: y", "has a control character"},
        {"--base-url", "https://\xe4\xbe\x8b.cn/", "the host is not well-formed"},
        {"--base-url", "", "is empty"},
        {"--redis-url", "http://h", "is neither redis://"},
        {"--redis-url", "redis://", "has no host"},
        {"--redis-url", "redis://h:x", "the port is not"},
        {"--redis-url", "redis://h:1/x", "the database is not a number"},
        {"--redis-url", "unix://run/redis", "needs an absolute path"},
        {"--redis-url", "redis+sentinel://h:1,h:2", "names no master"},
        {"--redis-url", "redis+sentinel://h:1,h:x/m", "the port is not from 1 to 65535"},
        {"--redis-url", "redis+sentinel://h:1,/m", "has no host"},
        {"--redis-url", "redis+sentinel://h:1/m/x", "the database is not a number"},
        {"--redis-url", "redis+sentinel://h:1?sentinel_password=w/m", "the port is not from 1 to 65535"},
        {"--redis-url", "redis+cluster://h:1,h:2/1", "a cluster has no databases"},
        {"--key-prefix", "a{b", "without blanks and braces"},
        {"--key-prefix", "a b", "without blanks and braces"},
        {"--key-prefix", "123456789012345678901234567890123", "33 bytes, more than 32"},
        {"--appendfsync", "no", "no is none of always, everysec"},
        {"--workers", "0", "workers (--workers): 0 is not from 1 to 256"},
        {"--workers", "257", "257 is not from 1 to 256"},
        {"--workers", "", "is not from 1 to 256"},
        {"--workers", " 2", "is not from 1 to 256"},
        {"--workers", "2.0", "2.0 is not from 1 to 256"},
        {"--hold-seconds", "9", "hold_seconds (--hold-seconds): 9 is not from 10 to 86400"},
        {"--hold-seconds", "99999999999999999999", "is not from 10 to 86400"},
        {"--hold-seconds", "-10", "-10 is not from 10 to 86400"},
        {"--slug-length", "13", "13 is not from 8 to 12"},
        {"--visitor-days", "0", "0 is not from 1 to 400"},
        {"--trusted-proxies", "10.0.0.0/33", "the prefix is not from 0 to 32"},
        {"--trusted-proxies", "::/129", "the prefix is not from 0 to 128"},
        {"--trusted-proxies", "10.0.0/8", "is not an address or a CIDR"},
        {"--trusted-proxies", "10.0.0.0/8,", "ends with a comma"},
        {"--trusted-proxies", "10.0.0.0/8 ::1", "must be separated by commas"},
        {"--allowed-hosts", "https://example.com", "https://example.com is not a host"},
        {"--allowed-hosts", "example.com:80", "is not a host"},
        {"--allowed-hosts", "*", "* is not a host"},
        {"--allowed-hosts", "*.", "is not a host"},
        {"--allowed-hosts", "*.[::1]", "is not a host"},
        {"--allowed-hosts", "a.*.example.com", "is not a host"},
        {"--allowed-hosts", "javascript:", "is not a host"},
        {"--allowed-hosts", "a.example,", "ends with a comma"},
        {"--abuse-contact", "abuse@example.com", "does not begin with mailto: or https://"},
        {"--abuse-contact", "http://example.com/", "does not begin with mailto: or https://"},
        {"--abuse-contact", "javascript:alert(1)", "does not begin with mailto: or https://"},
        {"--abuse-contact", "mailto:abuse", "is not mailto: and a mail address"},
        {"--abuse-contact", "mailto:@example.com", "is not mailto: and a mail address"},
        {"--abuse-contact", "mailto:a?to=b@example.com", "is not mailto: and a mail address"},
        {"--abuse-contact", "mailto:a\"b@example.com", "has a character that a URL may not have"},
        {"--abuse-contact", "https://", "has no host"},
        {"--abuse-contact", "https://u@example.com/", "has user info"},
        {"--timezone", "Nowhere/City", "Nowhere/City is not a time zone"},
        {"--timezone", "../../../etc/passwd", "is not a time zone"},
        {"--timezone", "Asia/../UTC", "is not a time zone"},
        {"--timezone", "/UTC", "is not a time zone"},
        {"--timezone", "/usr/share/zoneinfo/UTC", "is not a time zone"},
        {"--timezone", "Asia", "Asia is not a time zone"},
        {"--log-level", "loud\x1b[31m", "loud?[31m is none of debug, info, warn, error"},
        {"--data-dir", "", "is empty"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (load(rows[i][0], rows[i][1], NULL) != -EINVAL)
            fail_msg("%s %s was taken", rows[i][0], rows[i][1]);
        if (!strstr(err, rows[i][2]) || strchr(err, '\n'))
            fail_msg("%s %s: %s", rows[i][0], rows[i][1], err);
    }
}

static void test_bad_flags(void **state)
{
    (void)state;
    assert_int_equal(load("--listen", NULL), -EINVAL);
    assert_string_equal(err, "listen (--listen): needs a value");
    assert_int_equal(load("--listen", "--demo", NULL), -EINVAL);
    assert_string_equal(err, "listen (--listen): needs a value");
    assert_int_equal(load("--config", NULL), -EINVAL);
    assert_string_equal(err, "config (--config): needs a value");
    assert_int_equal(load("--demo=yes", NULL), -EINVAL);
    assert_string_equal(err, "demo (--demo): takes no value");
    assert_int_equal(load("--config", "/nowhere.json", NULL), -EINVAL);
    assert_string_equal(err, "config (/nowhere.json): No such file or directory");
}

static void test_bad_files(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "line 1, column 0: ends too early"},
        {"[]", "must be a JSON object"},
        {"{\"workers\": 1, \"workers\": 2}", "workers ("},
        {"{\"workers\": 1,}", "not valid JSON"},
        {"{\"wörkers\": 1}", "w??rkers ("},
        {"{\"workerz\": 1}", "there is no such key"},
        {"{\"demo\": true}", "there is no such key"},
        {"{\"ready_file\": \"x\"}", "there is no such key"},
        {"{\"workers\": \"1\"}", "must be a whole number"},
        {"{\"workers\": 1.0}", "must be a whole number"},
        {"{\"workers\": 99999999999}", "99999999999 is not from 1 to 256"},
        {"{\"listen\": 8080}", "must be a string"},
        {"{\"listen\": null}", "must be a string"},
        {"{\"trusted_proxies\": \"::1\"}", "must be an array of strings"},
        {"{\"trusted_proxies\": [1]}", "must be an array of strings"},
        {"{\"trusted_proxies\": [\"::1,::2\"]}", "is not an address"},
        {"{\"data_dir\": \"a\\u0000b\"}", "has a NUL"},
        {"{\"data_dir\": \"\xff\"}", "not UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *path = write_file("bad.json", rows[i][0]);
        if (load("--config", path, NULL) != -EINVAL)
            fail_msg("%s was taken", rows[i][0]);
        if (!strstr(err, rows[i][1]) || !strstr(err, path) || strchr(err, '\n'))
            fail_msg("%s: %s", rows[i][0], err);
    }
}

static void test_no_secret_in_errors(void **state)
{
    (void)state;
    static const char *const files[] = {
        "{\"admin_token\": \"hunter2\", \"admin_token\": \"hunter2\"}",
        "{\"admin_token\": \"hunter2",
        "{\"admin_token\": \"hunter2\\n\"}",
        "{\"admin_token\": \"hunter2 x\"}",
        "{\"redis_url\": \"redis://u:hunter2@h:x\"}",
        "{\"redis_url\": \"hunter2\"}",
        "{\"admin_token\": \"hunter2\" \"hunter2\"}",
        "{\"redis_url\": \"redis+cluster://u:hunter2@h:x\"}",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(load("--config", write_file("secret.json", files[i]), NULL), -EINVAL);
        if (strstr(err, "hunter2"))
            fail_msg("%s", err);
    }
}

static void test_example_file(void **state)
{
    (void)state;
    assert_int_equal(load("--config", HUOMA_EXAMPLE, NULL), 0);
}

static void test_show_masks_secrets(void **state)
{
    (void)state;
    setenv("HUOMA_ADMIN_TOKEN", "hunter2", 1);
    assert_int_equal(load("--redis-url", "redis://u:hunter2@h:1", "--trusted-proxies", "10.0.0.0/8,fd00::/8", NULL), 0);
    char *shown = config_show(&c);
    assert_non_null(shown);
    assert_null(strstr(shown, "hunter2"));
    assert_non_null(strstr(shown, "redis://***@h:1"));
    assert_non_null(strstr(shown, "10.0.0.0/8, fd00::/8"));
    free(shown);
}

static void test_describe_names_every_source(void **state)
{
    (void)state;
    char *text = config_describe();
    assert_non_null(text);
    assert_non_null(strstr(text, "--hold-seconds N"));
    assert_non_null(strstr(text, "HUOMA_HOLD_SECONDS"));
    assert_non_null(strstr(text, "HUOMA_ADMIN_TOKEN"));
    assert_null(strstr(text, "--admin-token"));
    assert_null(strstr(text, "HUOMA_DEMO"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults, no_environment),
        cmocka_unit_test_setup(test_later_source_wins, no_environment),
        cmocka_unit_test_setup(test_flags_are_taken_out, no_environment),
        cmocka_unit_test_setup(test_value_from_file, no_environment),
        cmocka_unit_test_setup(test_file_forms, no_environment),
        cmocka_unit_test_setup(test_base_url_normal_form, no_environment),
        cmocka_unit_test_setup(test_good_values, no_environment),
        cmocka_unit_test_setup(test_bad_values, no_environment),
        cmocka_unit_test_setup(test_bad_flags, no_environment),
        cmocka_unit_test_setup(test_bad_files, no_environment),
        cmocka_unit_test_setup(test_no_secret_in_errors, no_environment),
        cmocka_unit_test_setup(test_example_file, no_environment),
        cmocka_unit_test_setup(test_show_masks_secrets, no_environment),
        cmocka_unit_test_setup(test_describe_names_every_source, no_environment),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
