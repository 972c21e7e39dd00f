/* Text for print: it fits its box, or is refused with the field and the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairo-pdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static struct qr_type *type;
static const struct qr_box BOX = {.field = "title",
                                  .bold = true,
                                  .align = QR_CENTRE,
                                  .chars = 60,
                                  .lines = 2,
                                  .width = 100,
                                  .height = 40,
                                  .size = 20,
                                  .size_min = 8};

static void near(double got, double wanted)
{
    if (fabs(got - wanted) > 0.01)
        fail_msg("%g instead of %g", got, wanted);
}

static struct qr_words sets(struct qr_box box, const char *text)
{
    struct qr_refusal why;
    struct qr_words words;

    box.text = text;
    if (!qr_text_set(type, &box, &words, &why))
        fail_msg("\"%s\" was refused: %s: %s", text, why.field, why.reason);
    return words;
}

static void refused(struct qr_box box, const char *text, const char *reason)
{
    struct qr_refusal why = {0};
    struct qr_words words;

    box.text = text;
    if (qr_text_set(type, &box, &words, &why))
        fail_msg("\"%s\" was let through", text);
    assert_string_equal(why.field, "title");
    if (!strstr(why.reason, reason))
        fail_msg("\"%s\": \"%s\" does not say \"%s\"", text, why.reason, reason);
    assert_null(words.layout);
}

static void a_short_title_is_as_large_as_it_may_be(void **state)
{
    struct qr_words w = sets(BOX, "跑步群");

    (void)state;
    assert_int_equal(w.lines, 1);
    near(w.size, 20);
    near(w.width, 60); /* three em boxes */
    near(w.height, 20);
    qr_words_clear(&w);
}

static void a_longer_one_shrinks_into_one_line(void **state)
{
    struct qr_words w = sets(BOX, "春季跑步爱好群");

    (void)state;
    assert_int_equal(w.lines, 1);
    assert_in_range((int)w.width, 97, 100);
    qr_words_clear(&w);
}

static void then_into_two_of_about_the_same_width(void **state)
{
    struct qr_words w = sets(BOX, "春季跑步爱好者的第一个大群");

    (void)state;
    assert_int_equal(w.lines, 2);
    near(w.width, 7 * w.size); /* thirteen characters: seven and six */
    qr_words_clear(&w);
}

static void chinese_breaks_behind_a_mark_if_that_costs_little(void **state)
{
    static const struct {
        const char *text;
        int longer; /* characters of its longer line */
    } table[] = {
        {"春季跑步爱，好者的第一个大群", 8}, {"春季，跑步爱好者的第一个大群", 7}, {"春季跑步爱好者的第一个大群。", 7}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct qr_words w = sets(BOX, table[i].text);
        assert_int_equal(w.lines, 2);
        near(w.width, table[i].longer * w.size);
        assert_true(w.width <= 100.01);
        qr_words_clear(&w);
    }
}

static void english_breaks_between_words(void **state)
{
    struct qr_box box = BOX;

    (void)state;
    box.language = QR_EN;
    struct qr_words w = sets(box, "Neighbourhood running club of the spring");
    assert_int_equal(w.lines, 2);
    assert_true(w.width <= 100.01);
    qr_words_clear(&w);
    refused(box, "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerk", "too long");
}

static void a_line_may_be_broken_by_hand(void **state)
{
    struct qr_words w = sets(BOX, "跑步\n群");

    (void)state;
    assert_int_equal(w.lines, 2);
    qr_words_clear(&w);
}

static void too_long_says_how_many_would_fit(void **state)
{
    (void)state;
    refused(BOX, "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十", "at most about 24 characters");
    refused(BOX,
            "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十"
            "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一",
            "at most 60 characters");
}

static void what_cannot_be_seen_is_refused(void **state)
{
    struct qr_box one = BOX;

    (void)state;
    one.lines = 1;
    refused(BOX, "a\tb", "U+0009");
    refused(BOX, "a\x7f", "U+007F");
    refused(BOX, "a\xc2\x85", "U+0085");
    refused(BOX,
            "abc\xe2\x80\xae"
            "def",
            "U+202E");
    refused(BOX,
            "a\xe2\x81\xa6"
            "b",
            "U+2066");
    refused(BOX,
            "a\xe2\x80\x8b"
            "b",
            "U+200B");
    refused(BOX,
            "a\xe2\x80\xa8"
            "b",
            "U+2028");
    refused(BOX, "\xee\x80\x80", "U+E000");
    refused(one, "a\nb", "U+000A");
    refused(BOX, "\xff\xfe", "UTF-8");
    refused(BOX, "\xed\xa0\x80", "UTF-8");
    refused(BOX, "a\xe4\xb8", "UTF-8");
}

static void what_the_font_lacks_is_named(void **state)
{
    (void)state;
    refused(BOX, "跑步🏃群", "🏃 (U+1F3C3)");
    refused(BOX, "跑步🏃群", "emoji");
    refused(BOX, "❤", "U+2764");
    refused(BOX, "مرحبا", "U+0645");
    refused(BOX, "ไทย", "lacks");
    refused(BOX, "1\xef\xb8\x8f\xe2\x83\xa3", "U+FE0F");
}

static void chinese_rare_and_common_and_latin_are_there(void **state)
{
    struct qr_words w;

    (void)state;
    w = sets(BOX, "𠮷野家·㐀〇“引”，《书》");
    qr_words_clear(&w);
    w = sets(BOX, "Café Zürich №7 → ①");
    qr_words_clear(&w);
    w = sets(BOX, "");
    assert_null(w.layout);
    qr_words_clear(&w);
}

static void a_heap_of_accents_is_refused(void **state)
{
    (void)state;
    refused(BOX, "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81", "");
}

static cairo_status_t count(void *sum, const unsigned char *data, unsigned int len)
{
    for (unsigned int i = 0; i < len; i++)
        *(uint64_t *)sum = (*(uint64_t *)sum ^ data[i]) * 1099511628211U;
    return CAIRO_STATUS_SUCCESS;
}

static uint64_t print(void)
{
    uint64_t sum = 0;
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(count, &sum, 300, 100);
    cairo_t *cr = cairo_create(surface);
    struct qr_words w = sets(BOX, "春季跑步群 AVA");

    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
    qr_words_draw(cr, &w, 1, 1);
    qr_words_clear(&w);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return sum;
}

/* hinting, resolution and locale of whoever runs it change nothing */
static void the_same_text_is_the_same_ink(void **state)
{
    uint64_t before = print();

    (void)state;
    setenv("LANG", "ja_JP.UTF-8", 1);
    setenv("PANGO_LANGUAGE", "ja:ko", 1);
    qr_type_free(type);
    char error[128];
    type = qr_type_new(error, sizeof error);
    assert_non_null(type);
    assert_true(before == print());
}

static int begin(void **state)
{
    char error[128];

    (void)state;
    type = qr_type_new(error, sizeof error);
    if (!type)
        print_error("%s\n", error);
    return type ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    qr_type_free(type);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_title_is_as_large_as_it_may_be),
        cmocka_unit_test(a_longer_one_shrinks_into_one_line),
        cmocka_unit_test(then_into_two_of_about_the_same_width),
        cmocka_unit_test(chinese_breaks_behind_a_mark_if_that_costs_little),
        cmocka_unit_test(english_breaks_between_words),
        cmocka_unit_test(a_line_may_be_broken_by_hand),
        cmocka_unit_test(too_long_says_how_many_would_fit),
        cmocka_unit_test(what_cannot_be_seen_is_refused),
        cmocka_unit_test(what_the_font_lacks_is_named),
        cmocka_unit_test(chinese_rare_and_common_and_latin_are_there),
        cmocka_unit_test(a_heap_of_accents_is_refused),
        cmocka_unit_test(the_same_text_is_the_same_ink),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
