/* server/public/challenge.c and budget.c: what an address may take, and what the next seat costs it. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "budget.h"
#include "challenge.h"
#include "client.h"

static unsigned char key[CHALLENGE_KEY];
static struct in6_addr client, other;
static const char *const UID = "0123456789abcdef";
enum { NOW = 1800000000 };

static struct challenge_for at(int64_t now)
{
    return (struct challenge_for){key, UID, &client, now};
}

/* The answer, by the book. */
static void solve(const char *text, int bits, char answer[CHALLENGE_ANSWER_MAX + 1])
{
    char line[CHALLENGE_TEXT + 16];
    unsigned char hash[crypto_hash_sha256_BYTES];
    for (unsigned n = 0;; n++) {
        unsigned long long len = (unsigned)snprintf(line, sizeof line, "%s:%u", text, n);
        crypto_hash_sha256(hash, (unsigned char *)line, len);
        if (((unsigned)hash[0] << 16 | (unsigned)hash[1] << 8 | hash[2]) >> (24 - bits) == 0) {
            snprintf(answer, CHALLENGE_ANSWER_MAX + 1, "%u", n);
            return;
        }
    }
}

static void it_is_solved_by_work_and_for_what_it_was_made(void **state)
{
    char text[CHALLENGE_TEXT], answer[CHALLENGE_ANSWER_MAX + 1];
    struct challenge_for f = at(NOW);
    (void)state;
    challenge_make(&f, CHALLENGE_BITS_MIN, text);
    assert_int_equal(challenge_bits(text), CHALLENGE_BITS_MIN);
    solve(text, CHALLENGE_BITS_MIN, answer);
    assert_int_equal(challenge_check(&f, text, answer), CHALLENGE_SOLVED);
    assert_int_equal(challenge_check(&f, text, "-"), CHALLENGE_OPEN);
    f.client = &other;
    assert_int_equal(challenge_check(&f, text, answer), CHALLENGE_VOID);
    f = at(NOW);
    f.uid = "0123456789abcdee";
    assert_int_equal(challenge_check(&f, text, answer), CHALLENGE_VOID);
    f = at(NOW);
    assert_int_equal(challenge_check(&f, "", ""), CHALLENGE_VOID);
}

/* Neither when it was made nor how much work it asks for is for its holder to say. */
static void no_bit_of_it_may_be_another_one(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char text[CHALLENGE_TEXT];
    struct challenge_for f = at(NOW);
    (void)state;
    challenge_make(&f, CHALLENGE_BITS_MIN, text);
    f.now += CHALLENGE_WAIT;
    assert_int_equal(challenge_check(&f, text, ""), CHALLENGE_WAITED);
    for (size_t i = 0; i < (CHALLENGE_TEXT - 1) * 6; i++) {
        char *digit = &text[i / 6], was = *digit;
        *digit = digits[(strchr(digits, was) - digits) ^ 1 << i % 6];
        if (challenge_check(&f, text, "") != CHALLENGE_VOID)
            fail_msg("bit %zu", i);
        *digit = was;
    }
}

static void work_that_is_half_done_and_answers_that_are_wrong_are_none(void **state)
{
    char text[CHALLENGE_TEXT], answer[CHALLENGE_ANSWER_MAX + 1];
    struct challenge_for f = at(NOW);
    (void)state;
    for (int i = 0; i < 8; i++) { /* each by chance is worth twice the work */
        challenge_make(&f, CHALLENGE_BITS_MIN + 1, text);
        solve(text, CHALLENGE_BITS_MIN, answer);
        if (challenge_check(&f, text, answer) == CHALLENGE_OPEN)
            break;
        assert_int_not_equal(i, 7);
    }
    f.now += CHALLENGE_WAIT; /* only who gives no answer waits */
    assert_int_equal(challenge_check(&f, text, answer), CHALLENGE_OPEN);
    assert_int_equal(challenge_check(&f, text, ""), CHALLENGE_WAITED);
}

static void twice_as_much_taken_is_twice_the_work_but_never_too_much(void **state)
{
    static const struct {
        float taken;
        int bits;
    } table[] = {{0, 15}, {1, 15}, {1.9f, 15}, {2, 16}, {4, 17}, {31, 19}, {32, 20}, {64, 20}, {1e30f, 20}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(challenge_bits_for(table[i].taken), table[i].bits);
}

static void it_may_be_waited_for_and_ends(void **state)
{
    static const struct {
        int after;
        enum challenge_answer got;
    } table[] = {{0, CHALLENGE_OPEN},
                 {CHALLENGE_WAIT - 1, CHALLENGE_OPEN},
                 {CHALLENGE_WAIT, CHALLENGE_WAITED},
                 {CHALLENGE_SECONDS, CHALLENGE_WAITED},
                 {CHALLENGE_SECONDS + 1, CHALLENGE_VOID},
                 {-CHALLENGE_SECONDS - 1, CHALLENGE_VOID}};
    char text[CHALLENGE_TEXT];
    struct challenge_for f = at(NOW);
    (void)state;
    challenge_make(&f, CHALLENGE_BITS_MAX, text);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        f.now = NOW + table[i].after;
        assert_int_equal(challenge_check(&f, text, ""), table[i].got);
    }
}

static void it_serves_once(void **state)
{
    char text[CHALLENGE_TEXT], another[CHALLENGE_TEXT];
    struct challenge_for f = at(NOW);
    (void)state;
    challenge_make(&f, CHALLENGE_BITS_MIN, text);
    challenge_make(&f, CHALLENGE_BITS_MIN, another);
    assert_true(challenge_spend(text, NOW));
    assert_false(challenge_spend(text, NOW + 1));
    assert_true(challenge_spend(another, NOW));
    assert_false(challenge_spend("no challenge", NOW));
}

/* Of more than can be remembered those that were used last cannot be used again. */
static void a_flood_of_others_makes_none_serve_twice(void **state)
{
    enum { LAST = CHALLENGE_SPENT / 2 };
    static char texts[LAST][CHALLENGE_TEXT];
    struct challenge_for f = at(NOW);
    int again = 0;
    (void)state;
    for (int n = 0; n < CHALLENGE_SPENT + LAST; n++) {
        challenge_make(&f, CHALLENGE_BITS_MIN, texts[n % LAST]);
        assert_true(challenge_spend(texts[n % LAST], NOW + n));
    }
    for (int n = 0; n < LAST; n++)
        again += challenge_spend(texts[n], NOW + CHALLENGE_SPENT + LAST);
    assert_true(again < LAST / 8);
}

static void a_budget_comes_back_as_time_goes_by(void **state)
{
    struct budget *b = budget_new();
    (void)state;
    budget_account(b, UID, &client, 1000)->seats = 10;
    budget_account(b, UID, &client, 1000)->waited = 10;
    assert_float_equal(budget_account(b, UID, &client, 1000)->seats, 10, 0.01);
    assert_float_equal(budget_account(b, UID, &client, 61000)->seats, 3.68, 0.01);
    assert_float_equal(budget_account(b, UID, &client, 61000)->waited, 3.68, 0.01);
    assert_float_equal(budget_account(b, UID, &other, 61000)->seats, 0, 0.01);
    assert_float_equal(budget_account(b, "another", &client, 61000)->seats, 0, 0.01);
    budget_free(b);
}

static void a_64_is_one_address(void **state)
{
    static const struct {
        const char *one, *two;
        bool same;
    } table[] = {{"2001:4860::1", "2001:4860::ffff:1", true},
                 {"2001:4860::1", "2001:4860:0:1::1", false},
                 {"::ffff:8.8.8.8", "::ffff:8.8.8.9", false}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct in6_addr one, two;
        unsigned char a[CLIENT_NETWORK], b[CLIENT_NETWORK];
        inet_pton(AF_INET6, table[i].one, &one);
        inet_pton(AF_INET6, table[i].two, &two);
        client_network(&one, a);
        client_network(&two, b);
        assert_int_equal(memcmp(a, b, sizeof a) == 0, table[i].same);
    }
}

/* However many addresses come, one that goes on taking keeps its account. */
static void a_flood_of_addresses_leaves_who_is_busy(void **state)
{
    struct budget *b = budget_new();
    struct in6_addr a = client;
    (void)state;
    for (unsigned n = 0; n < 4 * BUDGET_ACCOUNTS; n++) {
        budget_account(b, UID, &client, n)->seats += 0.001f;
        a.s6_addr[4] = (unsigned char)(n >> 16);
        a.s6_addr[5] = (unsigned char)(n >> 8);
        a.s6_addr[6] = (unsigned char)n;
        budget_account(b, UID, &a, n)->seats = 1;
    }
    assert_true(budget_account(b, UID, &client, 4 * BUDGET_ACCOUNTS)->seats > 40);
    budget_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_solved_by_work_and_for_what_it_was_made),
        cmocka_unit_test(no_bit_of_it_may_be_another_one),
        cmocka_unit_test(work_that_is_half_done_and_answers_that_are_wrong_are_none),
        cmocka_unit_test(twice_as_much_taken_is_twice_the_work_but_never_too_much),
        cmocka_unit_test(it_may_be_waited_for_and_ends),
        cmocka_unit_test(it_serves_once),
        cmocka_unit_test(a_flood_of_others_makes_none_serve_twice),
        cmocka_unit_test(a_budget_comes_back_as_time_goes_by),
        cmocka_unit_test(a_64_is_one_address),
        cmocka_unit_test(a_flood_of_addresses_leaves_who_is_busy),
    };
    if (sodium_init() < 0 || inet_pton(AF_INET6, "2001:4860:4860:ff::1", &client) != 1 ||
        inet_pton(AF_INET6, "::ffff:8.8.8.8", &other) != 1)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
