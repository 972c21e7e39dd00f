/* qr/proof.c and what huoma-decode does for it: codes that are read, and those that are not, by what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "code.h"
#include "proof.h"

static const char text[] = "http://q.example.com/spring-run";

struct drawing {
    struct qr_symbol symbol;
    struct qr_look look;
    double cover;                   /* share of the symbol's side that a sheet of paper hides */
    const struct qr_symbol *beside; /* another code in the quiet zone; NULL: none */
};

static int setup(void **state)
{
    static struct drawing d;
    d = (struct drawing){.look = {.margin = QR_QUIET, .dark = 0x000000, .light = 0xffffff}};
    *state = &d;
    return qr_encode(text, strlen(text), QR_ECC_M, &d.symbol);
}

static int teardown(void **state)
{
    struct drawing *d = *state;
    qr_symbol_clear(&d->symbol);
    return 0;
}

static void draw(void *ctx, cairo_t *cr)
{
    const struct drawing *d = ctx;
    qr_code_draw(cr, &d->symbol, &d->look, 10, 20, 30);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_rectangle(cr, 25 - d->cover * 15, 35 - d->cover * 15, d->cover * 30, d->cover * 30);
    cairo_fill(cr);
    if (d->beside) {
        const struct qr_look plain = {.margin = QR_QUIET, .dark = 0x000000, .light = 0xffffff};
        qr_code_draw(cr, d->beside, &plain, 10, 20, 10);
    }
}

static enum qr_proved prove(struct qr_prover *p, struct drawing *d, const char *said, int *margin)
{
    struct qr_proof proof = {.draw = draw,
                             .ctx = d,
                             .x = 10,
                             .y = 20,
                             .side = 30,
                             .modules = d->symbol.size,
                             .margin = d->look.margin,
                             .text = said};
    *margin = -1;
    return qr_prove(p, &proof, margin);
}

static void a_good_code_is_read_with_dirt_too_and_always_as_much(void **state)
{
    struct qr_prover *p = qr_prover_new();
    int first, second;
    assert_int_equal(prove(p, *state, text, &first), QR_PROVED);
    assert_in_range(first, QR_PROOF_DIRT, QR_PROOF_DIRT_MAX);
    qr_prover_rest(p);
    assert_int_equal(prove(p, *state, text, &second), QR_PROVED);
    assert_int_equal(first, second);
    qr_prover_free(p);
}

static void a_code_that_says_something_else_is_not_read(void **state)
{
    struct qr_prover *p = qr_prover_new();
    int margin;
    assert_int_equal(prove(p, *state, "http://q.example.com/spring-rum", &margin), QR_NOT_READ);
    qr_prover_free(p);
}

/* A phone takes either. */
static void a_code_beside_another_one_is_not_read(void **state)
{
    struct drawing *d = *state;
    struct qr_prover *p = qr_prover_new();
    struct qr_symbol other;
    int margin;
    d->look.margin = QR_QUIET_MAX;
    assert_int_equal(prove(p, d, text, &margin), QR_PROVED);
    assert_int_equal(qr_encode("other", 5, QR_ECC_M, &other), 0);
    d->beside = &other;
    assert_int_equal(prove(p, d, text, &margin), QR_NOT_READ);
    qr_symbol_clear(&other);
    qr_prover_free(p);
}

static void what_hides_too_much_is_found(void **state)
{
    struct drawing *d = *state;
    struct qr_prover *p = qr_prover_new();
    int margin, last = QR_PROOF_DIRT_MAX;
    for (int hidden = 0; hidden <= 4; hidden++) {
        d->cover = hidden / 10.0;
        enum qr_proved proved = prove(p, d, text, &margin);
        assert_int_not_equal(proved, QR_NOT_PROVED);
        if (proved != QR_PROVED)
            margin = 0;
        assert_in_range(margin, 0, last);
        last = margin;
    }
    assert_int_equal(last, 0);
    qr_prover_free(p);
}

static void a_code_of_no_contrast_is_not_read_when_it_fades(void **state)
{
    struct drawing *d = *state;
    struct qr_prover *p = qr_prover_new();
    int margin;
    d->look.dark = 0x7d7d7d;
    d->look.light = 0x838383;
    enum qr_proved proved = prove(p, d, text, &margin);
    assert_true(proved == QR_NOT_READ_FADED || proved == QR_NOT_READ);
    qr_prover_free(p);
}

static void one_program_proves_many_codes_and_then_another_one(void **state)
{
    struct qr_prover *p = qr_prover_new();
    int margin;
    for (int i = 0; i < QR_PROOF_CODES + 3; i++)
        assert_int_equal(prove(p, *state, i % 2 ? text : "x", &margin), i % 2 ? QR_PROVED : QR_NOT_READ);
    qr_prover_free(p);
}

static void the_largest_symbol_is_proved(void **state)
{
    struct drawing *d = *state;
    static char long_text[2100];
    struct qr_prover *p = qr_prover_new();
    int margin;
    memset(long_text, 'a', sizeof long_text - 1);
    qr_symbol_clear(&d->symbol);
    assert_int_equal(qr_encode(long_text, strlen(long_text), QR_ECC_M, &d->symbol), 0);
    d->look.margin = QR_QUIET_MAX;
    assert_int_not_equal(prove(p, d, long_text, &margin), QR_NOT_PROVED);
    qr_prover_free(p);
}

/* At level H, with all that a logo may clear of its middle. */
static void a_logo_leaves_a_code_readable_in_every_size_that_has_nothing_in_its_middle(void **state)
{
    static const char letters[] = "https://q.example.com/spring-run/shop-1-and-more-of-them";
    static uint32_t ink[64 * 64];
    const struct qr_logo logo = {.width = 64, .height = 64, .argb = ink};
    struct drawing *d = *state;
    struct qr_prover *p = qr_prover_new();
    for (int i = 0; i < 64 * 64; i++)
        ink[i] = i / 64 / 16 % 2 ? 0xFF000000 : 0xFFC62F2F;
    d->look.logo = &logo;
    int last = 0, sizes = 0;
    for (size_t len = 1; len < sizeof letters; len++) {
        char said[sizeof letters] = "";
        int margin;
        memcpy(said, letters, len);
        qr_symbol_clear(&d->symbol);
        assert_int_equal(qr_encode(said, len, QR_ECC_H, &d->symbol), 0);
        if (d->symbol.size == last)
            continue;
        last = d->symbol.size;
        sizes++;
        for (int rounded = 0; rounded < 2; rounded++) {
            d->look.rounded = rounded;
            assert_int_equal(prove(p, d, said, &margin), QR_PROVED);
            assert_in_range(margin, 7, QR_PROOF_DIRT_MAX);
        }
    }
    assert_int_equal(sizes, 6);
    qr_prover_free(p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_code_is_read_with_dirt_too_and_always_as_much),
        TEST(a_code_that_says_something_else_is_not_read),
        TEST(a_code_beside_another_one_is_not_read),
        TEST(what_hides_too_much_is_found),
        TEST(a_code_of_no_contrast_is_not_read_when_it_fades),
        TEST(one_program_proves_many_codes_and_then_another_one),
        TEST(the_largest_symbol_is_proved),
        TEST(a_logo_leaves_a_code_readable_in_every_size_that_has_nothing_in_its_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
