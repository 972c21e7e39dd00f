/* Black ink alone in PDFs: the colours change, the document stays whole, however its bytes arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairo-pdf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "pdf_black.h"
#include "text.h"

struct bytes {
    char *at;
    size_t len;
    size_t room; /* of a writer that fails when it is full; 0: none */
};

static int keep(void *ctx, const void *bytes, size_t len)
{
    struct bytes *b = ctx;

    if (b->room && b->len + len > b->room)
        return -ENOSPC;
    b->at = realloc(b->at, b->len + len + 1);
    assert_non_null(b->at);
    memcpy(b->at + b->len, bytes, len);
    b->len += len;
    b->at[b->len] = '\0';
    return 0;
}

static cairo_status_t keep_cairo(void *ctx, const unsigned char *bytes, unsigned len)
{
    return keep(ctx, bytes, len) ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

/* Pages with black, colour, lines, text, a picture with transparency. */
static struct bytes document(int pages)
{
    struct bytes b = {0};
    cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(keep_cairo, &b, 300, 200);
    cairo_surface_t *picture = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, 20, 20);
    cairo_t *cr = cairo_create(pdf);
    char error[128];
    struct qr_type *type = qr_type_new(error, sizeof error);
    struct qr_box box = {.text = "黑", .chars = 9, .lines = 1, .width = 90, .height = 90, .size = 20, .size_min = 20};
    struct qr_refusal why;
    struct qr_words words;

    assert_non_null(type);
    assert_true(qr_text_set(type, &box, &words, &why));
    cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATE_DATE, "2026-01-01T00:00:00Z");
    cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_TITLE, "0 0 0 rg xref");
    memset(cairo_image_surface_get_data(picture), 0x60, 20 * 80);
    cairo_surface_mark_dirty(picture);
    for (int i = 0; i < pages; i++) {
        for (int x = 0; x < 300; x += 10) {
            cairo_rectangle(cr, x, 10 + i, 5, 5);
            cairo_set_source_rgb(cr, 0, x % 20 ? 0 : 0.5, 0);
            cairo_fill(cr);
        }
        cairo_set_source_rgb(cr, 0, 0, 0);
        cairo_move_to(cr, 10, 50);
        cairo_line_to(cr, 100, 60);
        cairo_stroke(cr);
        qr_words_draw(cr, &words, 10, 100);
        cairo_set_source_surface(cr, picture, 100, 100);
        cairo_paint(cr);
        cairo_show_page(cr);
    }
    cairo_destroy(cr);
    cairo_surface_destroy(picture);
    cairo_surface_destroy(pdf);
    qr_words_clear(&words);
    qr_type_free(type);
    return b;
}

static struct bytes blackened(const struct bytes *from, size_t step)
{
    struct bytes to = {0};
    struct qr_pdf_black *b = qr_pdf_black_new(keep, &to);

    for (size_t at = 0; at < from->len; at += step)
        assert_int_equal(qr_pdf_black_take(b, from->at + at, from->len - at < step ? from->len - at : step), 0);
    assert_int_equal(qr_pdf_black_end(b), 0);
    return to;
}

static const char *find(const char *from, const char *end, const char *what)
{
    return memmem(from, (size_t)(end - from), what, strlen(what));
}

/* All streams that can be unpacked, one behind the other; checks the length that each says. */
static struct bytes unpacked(const struct bytes *pdf)
{
    static unsigned char plain[1 << 20];
    struct bytes all = {0};
    const char *end = pdf->at + pdf->len, *at = pdf->at;

    while ((at = find(at, end, "\nstream\n"))) {
        at += strlen("\nstream\n");
        const char *stop = find(at, end, "endstream");
        z_stream z = {.next_in = (void *)(uintptr_t)at,
                      .avail_in = (uInt)(stop - at),
                      .next_out = plain,
                      .avail_out = sizeof plain};
        assert_int_equal(inflateInit(&z), Z_OK);
        assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
        const char *length = find(find(stop, end, " obj\n"), end, "\n");
        assert_int_equal(strtol(length, NULL, 10), z.total_in);
        keep(&all, plain, z.total_out);
        inflateEnd(&z);
        at = stop;
    }
    return all;
}

static void check_table(const struct bytes *pdf)
{
    const char *start = find(pdf->at, pdf->at + pdf->len, "startxref\n"), *table;
    unsigned long at = strtoul(start + strlen("startxref\n"), NULL, 10);
    int count = 0;

    assert_true(at < pdf->len);
    table = pdf->at + at;
    assert_int_equal(sscanf(table, "xref\n0 %d\n", &count), 1);
    assert_true(count > 8);
    table = strchr(strchr(table, '\n') + 1, '\n') + 1;
    for (int i = 1; i < count; i++) {
        char wanted[32];
        unsigned long place = strtoul(table + 20 * i, NULL, 10);
        snprintf(wanted, sizeof wanted, "%d 0 obj\n", i);
        assert_true(place < pdf->len && strncmp(pdf->at + place, wanted, strlen(wanted)) == 0);
    }
}

static int occurs(const struct bytes *in, const char *what)
{
    int n = 0;

    for (const char *at = in->at; (at = find(at, in->at + in->len, what)); at += strlen(what))
        n++;
    return n;
}

static void black_becomes_black_ink_and_nothing_else_changes(void **state)
{
    struct bytes before = document(3), after = blackened(&before, before.len);
    struct bytes rgb = unpacked(&before), ink = unpacked(&after);

    (void)state;
    assert_true(occurs(&rgb, "0 0 0 rg") > 3 && occurs(&rgb, "0 0 0 RG") >= 3);
    assert_int_equal(occurs(&ink, "0 0 0 rg") + occurs(&ink, "0 0 0 RG"), 0);
    assert_int_equal(occurs(&ink, "0 0 0 1 k"), occurs(&rgb, "0 0 0 rg"));
    assert_int_equal(occurs(&ink, "0 0 0 1 K"), occurs(&rgb, "0 0 0 RG"));
    assert_int_equal(occurs(&ink, "0 0.501961 0 rg"), occurs(&rgb, "0 0.501961 0 rg"));
    assert_int_equal(occurs(&ink, "0 0.5 0 rg"), occurs(&rgb, "0 0.5 0 rg"));
    assert_true(occurs(&before, "/CS /DeviceRGB") > 0);
    assert_int_equal(occurs(&after, "/CS /DeviceRGB"), 0);
    assert_int_equal(occurs(&after, "/ColorSpace /DeviceRGB"), occurs(&before, "/ColorSpace /DeviceRGB"));
    check_table(&before);
    check_table(&after);
    free(before.at);
    free(after.at);
    free(rgb.at);
    free(ink.at);
}

static void however_the_bytes_arrive(void **state)
{
    static const size_t STEPS[] = {1, 2, 7, 61, 4093, 16384};
    struct bytes before = document(2), whole = blackened(&before, before.len);

    (void)state;
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        struct bytes after = blackened(&before, STEPS[i]);
        assert_int_equal(after.len, whole.len);
        assert_memory_equal(after.at, whole.at, whole.len);
        free(after.at);
    }
    free(before.at);
    free(whole.at);
}

static void what_is_cut_off_is_said(void **state)
{
    struct bytes before = document(1);

    (void)state;
    for (size_t len = 0; len + 20 < before.len; len += 97) {
        struct bytes to = {0};
        struct qr_pdf_black *b = qr_pdf_black_new(keep, &to);
        assert_int_equal(qr_pdf_black_take(b, before.at, len), 0);
        assert_int_equal(qr_pdf_black_end(b), -EIO);
        free(to.at);
    }
    free(before.at);
}

static void what_the_writer_says_ends_it(void **state)
{
    struct bytes before = document(1), to = {.room = 500};
    struct qr_pdf_black *b = qr_pdf_black_new(keep, &to);

    (void)state;
    assert_int_equal(qr_pdf_black_take(b, before.at, before.len), -ENOSPC);
    assert_int_equal(qr_pdf_black_end(b), -ENOSPC);
    free(before.at);
    free(to.at);
}

static void a_damaged_stream_is_said(void **state)
{
    struct bytes before = document(1), to = {0};
    struct qr_pdf_black *b = qr_pdf_black_new(keep, &to);
    char *stream = memmem(before.at, before.len, "stream\n", 7);

    (void)state;
    memset(stream + 9, 0xFF, 40);
    assert_int_equal(qr_pdf_black_take(b, before.at, before.len), -EIO);
    assert_int_equal(qr_pdf_black_end(b), -EIO);
    free(before.at);
    free(to.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(black_becomes_black_ink_and_nothing_else_changes),
        cmocka_unit_test(however_the_bytes_arrive),
        cmocka_unit_test(what_is_cut_off_is_said),
        cmocka_unit_test(what_the_writer_says_ends_it),
        cmocka_unit_test(a_damaged_stream_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
