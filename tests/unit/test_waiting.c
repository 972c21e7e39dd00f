/* What visitors leave to wait is what is asked of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "waiting.h"

static void assert_read(enum waiting_ask ask, const char *text, const char *as)
{
    char out[WAITING_BYTES_MAX + 1];
    bool read = waiting_read_name(ask, text, out);
    assert_int_equal(read, as != NULL);
    if (as)
        assert_string_equal(out, as);
}

static void test_nicknames(void **state)
{
    char longest[WAITING_NAME_MAX * 4 + 5] = "";
    (void)state;
    assert_read(WAITING_NICKNAME, "  阿明 ", "阿明");
    assert_read(WAITING_NICKNAME, "O'Neil <b>", "O'Neil <b>");
    assert_read(WAITING_NICKNAME, "", NULL);
    assert_read(WAITING_NICKNAME, "   ", NULL);
    assert_read(WAITING_NICKNAME, "a\tb", NULL);
    assert_read(WAITING_NICKNAME, "a\x7f", NULL);
    assert_read(WAITING_NICKNAME, "\xff", NULL);
    assert_read(WAITING_NICKNAME, "\xe6\x98", NULL);
    for (int i = 0; i < WAITING_NAME_MAX; i++)
        strcat(longest, "\xf0\x9f\x90\x8e");
    assert_read(WAITING_NICKNAME, longest, longest);
    strcat(longest, "x");
    assert_read(WAITING_NICKNAME, longest, NULL);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_read(WAITING_NUMBER, " +86 (138) 0013-8000", "+86 (138) 0013-8000");
    assert_read(WAITING_NUMBER, "wxid_a-1", "wxid_a-1");
    assert_read(WAITING_NUMBER, "1234", NULL);
    assert_read(WAITING_NUMBER, "12345;", NULL);
    assert_read(WAITING_NUMBER, "一二三四五", NULL);
    assert_read(WAITING_NUMBER, "123456789012345678901234567890123", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nicknames), cmocka_unit_test(test_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
