/* The visitor's proof: what is written is read back, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "seat_token.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const unsigned char key[SEAT_TOKEN_KEY] = "0123456789abcde";
static const struct campaign spring = {.slug = "spring-run", .uid = "0123456789abcdef"};

static const struct seat_token samples[] = {
    {.group = "g1", .due = 0, .serial = 0},
    {.group = "g1", .confirmed = true, .due = 1795000000, .serial = 41},
    {.group = "a-long-group-id-", .due = INT64_MAX, .serial = INT64_MAX},
    {.group = "g2", .due = 16, .serial = 255, .tried = {"g1"}, .tried_count = 1},
    {.group = "-",
     .confirmed = true,
     .due = INT64_MAX,
     .serial = INT64_MAX,
     .tried = {"aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc", "dddddddddddddddd", "eeeeeeeeeeeeeeee"},
     .tried_count = 5},
};

/* Signs any text as the product would. */
static size_t forge(const char *text, const struct campaign *c, char out[256])
{
    unsigned char bytes[512], mac[16];
    int n = snprintf((char *)bytes, sizeof(bytes), "%s/%s/0/%s", c->uid, c->slug, text);
    size_t len = strlen(text);

    crypto_shorthash_siphashx24(mac, bytes, (unsigned long long)n, key);
    memcpy(out, text, len);
    out[len] = '.';
    sodium_bin2base64(out + len + 1, 23, mac, 16, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return len + 23;
}

static void assert_refused(const char *text, size_t len, const unsigned char *k, const struct campaign *c)
{
    struct seat_token got, before;
    char *exact = malloc(len ? len : 1); /* no NUL behind it */

    memset(&got, 0x5a, sizeof(got));
    before = got;
    memcpy(exact, text, len);
    if (seat_token_read(exact, len, k, c, &got) != -EINVAL)
        fail_msg("accepted: %.*s", (int)len, text);
    assert_memory_equal(&got, &before, sizeof(got));
    free(exact);
}

static void reads_back_what_it_wrote(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        struct seat_token got;
        char text[SEAT_TOKEN_MAX], again[SEAT_TOKEN_MAX];
        size_t len = seat_token_write(&samples[i], key, &spring, text);

        assert_int_equal(len, strlen(text));
        assert_true(len < SEAT_TOKEN_MAX);
        assert_int_equal(seat_token_read(text, len, key, &spring, &got), 0);
        assert_string_equal(got.group, samples[i].group);
        assert_int_equal(got.confirmed, samples[i].confirmed);
        assert_true(got.due == samples[i].due && got.serial == samples[i].serial);
        assert_int_equal(got.tried_count, samples[i].tried_count);
        for (int t = 0; t < got.tried_count; t++)
            assert_string_equal(got.tried[t], samples[i].tried[t]);
        assert_int_equal(seat_token_write(&got, key, &spring, again), len);
        assert_string_equal(again, text);
    }
}

static void has_the_documented_form(void **state)
{
    char text[SEAT_TOKEN_MAX], expected[256];
    size_t len = seat_token_write(&samples[3], key, &spring, text);

    (void)state;
    assert_int_equal(len, forge("1.h.g2.10.ff.g1", &spring, expected));
    assert_string_equal(text, expected);
    assert_int_equal(len, strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~"));
}

static void a_group_under_an_old_id_is_another_one(void **state)
{
    struct group group = {.id = "x", .born = 1};
    uint32_t by_id[] = {0};
    struct campaign c = spring;
    struct seat_token t = {.group = "x", .confirmed = true}, got;
    char text[SEAT_TOKEN_MAX];

    (void)state;
    c.groups = &group;
    c.group_count = 1;
    c.by_id = by_id;
    size_t len = seat_token_write(&t, key, &c, text);
    assert_int_equal(seat_token_read(text, len, key, &c, &got), 0);
    group.born = 3;
    assert_int_equal(seat_token_read(text, len, key, &c, &got), -EINVAL);
}

static void refuses_every_flipped_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        char text[SEAT_TOKEN_MAX];
        size_t len = seat_token_write(&samples[i], key, &spring, text);

        for (size_t bit = 0; bit < len * 8; bit++) {
            text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
            assert_refused(text, len, key, &spring);
            text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        }
    }
}

static void refuses_every_other_length(void **state)
{
    char text[4 * SEAT_TOKEN_MAX];
    size_t len = seat_token_write(&samples[4], key, &spring, text);

    (void)state;
    for (size_t n = 0; n < len; n++)
        assert_refused(text, n, key, &spring);
    for (size_t n = len; n < sizeof(text); n++) {
        text[n] = '.'; /* also where the mac's dot would be */
        assert_refused(text, n + 1, key, &spring);
    }
}

static void refuses_another_campaign_or_key(void **state)
{
    struct campaign other = spring;
    unsigned char other_key[SEAT_TOKEN_KEY];
    char text[SEAT_TOKEN_MAX];
    size_t len = seat_token_write(&samples[1], key, &spring, text);

    (void)state;
    other.uid[15] = '0';
    assert_refused(text, len, key, &other);
    other = spring;
    memcpy(other.slug, "spring-rum", sizeof("spring-rum"));
    assert_refused(text, len, key, &other);
    other = spring;
    memcpy(other.slug, "spring-ru", sizeof("spring-ru"));
    assert_refused(text, len, key, &other);
    for (size_t bit = 0; bit < sizeof(key) * 8; bit++) {
        memcpy(other_key, key, sizeof(key));
        other_key[bit / 8] = (unsigned char)(other_key[bit / 8] ^ 1u << bit % 8);
        assert_refused(text, len, other_key, &spring);
    }
}

/* With a right mac: the parser alone must refuse them. */
static void refuses_other_spellings(void **state)
{
    static const char *const spellings[] = {
        "",
        "1",
        "1.h.g1.0.0",
        "2.h.g1.0.0.",
        "01.h.g1.0.0.",
        "1.x.g1.0.0.",
        "1.H.g1.0.0.",
        "1.hc.g1.0.0.",
        "1..g1.0.0.",
        "1.h..0.0.",
        "1.h.G1.0.0.",
        "1.h.g_1.0.0.",
        "1.h.aaaaaaaaaaaaaaaaa.0.0.",
        "1.h.g1..0.",
        "1.h.g1.0..",
        "1.h.g1.00.0.",
        "1.h.g1.0.00.",
        "1.h.g1.01.0.",
        "1.h.g1.0.0f.",
        "1.h.g1.F.0.",
        "1.h.g1.0x1.0.",
        "1.h.g1.+1.0.",
        "1.h.g1.-1.0.",
        "1.h.g1. 1.0.",
        "1.h.g1.8000000000000000.0.",
        "1.h.g1.10000000000000000.0.",
        "1.h.g1.0.ffffffffffffffff.",
        "1.h.g1.0.0.~",
        "1.h.g1.0.0.g1~",
        "1.h.g1.0.0.~g1",
        "1.h.g1.0.0.g1~~g2",
        "1.h.g1.0.0.g1~g1",
        "1.h.g1.0.0.G1",
        "1.h.g1.0.0.a~b~c~d~e~f",
        "1.h.g1.0.0.a.",
        "1.h.g1.0.0.a.b",
        "1.h.g1~g2.0.0.",
        "1.h.g1.0~.0.",
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(spellings); i++)
        assert_refused(text, forge(spellings[i], &spring, text), key, &spring);
}

static void remembers_groups_in_order_without_doubles(void **state)
{
    static const char *const tried[] = {"a", "b", "a", "c", "b", "d", "e", "f", "e", "g"};
    static const char *const kept[] = {"c", "d", "e", "f", "g"};
    struct seat_token t = {.group = "g1"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(tried); i++)
        seat_token_add_tried(&t, tried[i]);
    assert_int_equal(t.tried_count, SEAT_TRIED_MAX);
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        assert_string_equal(t.tried[i], kept[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_wrote),   cmocka_unit_test(has_the_documented_form),
        cmocka_unit_test(refuses_every_flipped_bit),  cmocka_unit_test(a_group_under_an_old_id_is_another_one),
        cmocka_unit_test(refuses_every_other_length), cmocka_unit_test(refuses_another_campaign_or_key),
        cmocka_unit_test(refuses_other_spellings),    cmocka_unit_test(remembers_groups_in_order_without_doubles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
