/* Log lines: their form, that nothing in a value can forge a line or a key, and that long ones are cut. */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

static int pipe_fds[2], real_stderr;
static char line[LOG_LINE_MAX * 4];

static int catch_stderr(void **state)
{
    (void)state;
    log_set_level(LOG_INFO);
    real_stderr = dup(STDERR_FILENO);
    if (pipe2(pipe_fds, O_NONBLOCK) != 0)
        return -1;
    return dup2(pipe_fds[1], STDERR_FILENO) < 0;
}

static int give_stderr_back(void **state)
{
    (void)state;
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return 0;
}

/* What was written since the last call. */
static const char *written(void)
{
    ssize_t n = read(pipe_fds[0], line, sizeof line - 1);
    line[n > 0 ? n : 0] = '\0';
    return line;
}

static void assert_matches(const char *text, const char *pattern)
{
    regex_t re;
    assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
    int found = regexec(&re, text, 0, NULL, 0);
    regfree(&re);
    if (found != 0)
        fail_msg("%s does not match %s", text, pattern);
}

static void test_form(void **state)
{
    (void)state;
    log_event(LOG_WARN, "redis_exit", "pid", "12", "url", "http://h:1/x?", NULL);
    assert_matches(written(), "^time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z level=warn "
                              "event=redis_exit pid=12 url=http://h:1/x\\?\n$");
    log_event(LOG_INFO, "ready", NULL);
    assert_matches(written(), "level=info event=ready\n$");
}

static void test_values_cannot_forge(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "k=\"\""},
        {"a b", "k=\"a b\""},
        {"a=b", "k=\"a=b\""},
        {"a\nlevel=error", "k=\"a\\x0alevel=error\""},
        {"\" x=\"1", "k=\"\\\" x=\\\"1\""},
        {"\\", "k=\"\\\\\""},
        {"\x1b[31m\x7f", "k=\"\\x1b[31m\\x7f\""},
        {"\xe4\xbd\xa0", "k=\"\\xe4\\xbd\\xa0\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char want[64];
        log_event(LOG_INFO, "e", "k", rows[i][0], NULL);
        snprintf(want, sizeof want, "event=e %s\n", rows[i][1]);
        if (!strstr(written(), want))
            fail_msg("%s for %s", line, want);
        assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    }
}

static void test_long_lines_are_cut(void **state)
{
    (void)state;
    static const char fills[] = {'a', '\n'};
    char value[LOG_LINE_MAX * 2];
    for (size_t f = 0; f < sizeof fills; f++) {
        for (size_t len = LOG_LINE_MAX - 80; len < LOG_LINE_MAX + 20; len++) {
            memset(value, fills[f], len);
            value[len] = '\0';
            log_event(LOG_INFO, "e", "k", value, "after", "1", NULL);
            size_t n = strlen(written());
            assert_in_range(n, 1, LOG_LINE_MAX);
            assert_int_equal(line[n - 1], '\n');
            if (len > LOG_LINE_MAX) /* as much is kept as there is room for, an escape at the cut aside */
                assert_in_range(n, LOG_LINE_MAX - 3, LOG_LINE_MAX);
            assert_true(strstr(line, " after=1\n") || strcmp(line + n - 4, "\xe2\x80\xa6\n") == 0);
        }
    }
}

static void test_level(void **state)
{
    (void)state;
    log_event(LOG_DEBUG, "e", NULL);
    assert_string_equal(written(), "");
    log_set_level(LOG_ERROR);
    log_event(LOG_WARN, "e", NULL);
    assert_string_equal(written(), "");
    log_event(LOG_ERROR, "e", NULL);
    assert_non_null(strstr(written(), "level=error"));
    log_set_level(LOG_DEBUG);
    log_event(LOG_DEBUG, "e", NULL);
    assert_non_null(strstr(written(), "level=debug"));
}

static void test_due_once_a_second(void **state)
{
    (void)state;
    long long a = 0, b = 0;
    assert_true(log_due(&a));
    assert_false(log_due(&a));
    assert_true(log_due(&b));
    a -= 1000; /* a second ago */
    assert_true(log_due(&a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_form, catch_stderr, give_stderr_back),
        cmocka_unit_test_setup_teardown(test_values_cannot_forge, catch_stderr, give_stderr_back),
        cmocka_unit_test_setup_teardown(test_long_lines_are_cut, catch_stderr, give_stderr_back),
        cmocka_unit_test_setup_teardown(test_level, catch_stderr, give_stderr_back),
        cmocka_unit_test(test_due_once_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
