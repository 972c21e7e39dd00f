/* What was proved lately: it is known again, and the table never holds more than its places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "print_proofs.h"

enum { ROW = 8 /* keys that begin alike and are kept */ };

/* The n-th key of a row: keys that begin alike share one. */
static const unsigned char *key(unsigned row, unsigned n)
{
    static unsigned char bytes[PRINT_PROOF_KEY];
    memset(bytes, 0, sizeof bytes);
    bytes[0] = (unsigned char)row;
    bytes[1] = (unsigned char)(row >> 8);
    bytes[PRINT_PROOF_KEY - 1] = (unsigned char)n;
    bytes[PRINT_PROOF_KEY - 2] = (unsigned char)(n >> 8);
    return bytes;
}

static bool known(struct print_proofs *p, unsigned row, unsigned n, int margin)
{
    int got = -1;
    bool found = print_proofs_find(p, key(row, n), &got);
    assert_int_equal(got, found ? margin : -1);
    return found;
}

static void what_was_proved_is_known_with_its_margin(void **state)
{
    struct print_proofs *p = print_proofs_new();
    (void)state;
    assert_false(known(p, 0, 0, 0)); /* an empty place is no design whose hash is zero */
    print_proofs_keep(p, key(0, 0), 7);
    print_proofs_keep(p, key(0, 1), 30);
    assert_true(known(p, 0, 0, 7) && known(p, 0, 1, 30));
    assert_false(known(p, 1, 0, 0));
    print_proofs_free(p);
}

static void what_was_asked_for_longest_ago_gives_way(void **state)
{
    struct print_proofs *p = print_proofs_new();
    (void)state;
    for (unsigned n = 0; n < ROW; n++)
        print_proofs_keep(p, key(5, n), (int)n);
    assert_true(known(p, 5, 0, 0)); /* asked for again: now the second is the oldest */
    print_proofs_keep(p, key(5, 100), 9);
    assert_false(known(p, 5, 1, 1));
    for (unsigned n = 0; n < ROW; n++)
        assert_int_equal(known(p, 5, n, (int)n), n != 1);
    assert_true(known(p, 5, 100, 9));
    print_proofs_free(p);
}

static void however_many_are_kept_no_more_are_known_than_there_are_places(void **state)
{
    struct print_proofs *p = print_proofs_new();
    int count = 0;
    (void)state;
    for (unsigned n = 0; n < 4 * PRINT_PROOFS_KEPT; n++) {
        print_proofs_keep(p, key(n * 31 % 65536, n), (int)(n % 31));
        assert_true(known(p, n * 31 % 65536, n, (int)(n % 31)));
    }
    for (unsigned n = 0; n < 4 * PRINT_PROOFS_KEPT; n++)
        count += known(p, n * 31 % 65536, n, (int)(n % 31));
    assert_in_range(count, PRINT_PROOFS_KEPT / 2, PRINT_PROOFS_KEPT);
    print_proofs_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_proved_is_known_with_its_margin),
        cmocka_unit_test(what_was_asked_for_longest_ago_gives_way),
        cmocka_unit_test(however_many_are_kept_no_more_are_known_than_there_are_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
