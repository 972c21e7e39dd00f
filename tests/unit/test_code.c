/* qr/outline.c and qr/code.c: what is drawn of a symbol, without a look at pixels. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "code.h"

static uint8_t modules[QR_SIZE_MAX * QR_SIZE_MAX];

/* --- the outline --- */

struct ruler {
    const struct qr_symbol *s;
    struct qr_clearing clearing;
    struct qr_corner first, last;
    int loops, corners;
    long twice_area, length;
};

static bool dark(const struct ruler *r, int x, int y)
{
    const struct qr_clearing *c = &r->clearing;
    if (x < 0 || y < 0 || x >= r->s->size || y >= r->s->size)
        return false;
    if (x >= c->x && x < c->x + c->width && y >= c->y && y < c->y + c->height)
        return false;
    return r->s->modules[y * r->s->size + x];
}

/* From one corner to the next: straight, dark on the right hand and light on the left all along. */
static void edge(struct ruler *r, const struct qr_corner *a, const struct qr_corner *b)
{
    int n = abs(b->x - a->x) + abs(b->y - a->y);
    assert_int_equal(a->out, b->in);
    assert_int_equal(a->x + n * qr_way_x[a->out], b->x);
    assert_int_equal(a->y + n * qr_way_y[a->out], b->y);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        double x = a->x + (i + 0.5) * qr_way_x[a->out], y = a->y + (i + 0.5) * qr_way_y[a->out];
        double right_x = x - qr_way_y[a->out] * 0.5, right_y = y + qr_way_x[a->out] * 0.5;
        double left_x = x + qr_way_y[a->out] * 0.5, left_y = y - qr_way_x[a->out] * 0.5;
        assert_true(dark(r, (int)floor(right_x), (int)floor(right_y)));
        assert_false(dark(r, (int)floor(left_x), (int)floor(left_y)));
    }
    r->length += n;
    r->twice_area += (long)a->x * b->y - (long)b->x * a->y;
}

static void corner(void *ctx, const struct qr_corner *c)
{
    struct ruler *r = ctx;
    assert_true((c->in + c->out) % 2 == 1);
    if (c->begins && r->loops++ > 0)
        edge(r, &r->last, &r->first);
    if (c->begins)
        r->first = *c;
    else
        edge(r, &r->last, c);
    r->last = *c;
    r->corners++;
}

/* All borders between dark and light are walked once, and what they enclose is as large as all that is dark. */
static struct ruler measure(const struct qr_symbol *s, struct qr_clearing clearing)
{
    struct ruler r = {.s = s, .clearing = clearing};
    long borders = 0, area = 0;
    qr_outline_walk(s, clearing, corner, &r);
    if (r.loops > 0)
        edge(&r, &r.last, &r.first);
    for (int y = 0; y <= s->size; y++)
        for (int x = 0; x <= s->size; x++) {
            area += dark(&r, x, y);
            borders += (dark(&r, x, y) != dark(&r, x - 1, y)) + (dark(&r, x, y) != dark(&r, x, y - 1));
        }
    assert_int_equal(r.length, borders);
    assert_int_equal(r.twice_area, 2 * area);
    return r;
}

static struct ruler measure_picture(int size, const char *picture)
{
    struct qr_symbol s = {size, modules};
    for (int i = 0; i < size * size; i++)
        modules[i] = picture[i] == '#';
    return measure(&s, (struct qr_clearing){0, 0, 0, 0});
}

static void neighbours_share_one_outline_and_what_touches_at_a_corner_does_not(void **state)
{
    (void)state;
    assert_int_equal(measure_picture(1, "#").corners, 4);
    assert_int_equal(measure_picture(2, "    ").corners, 0);
    assert_int_equal(measure_picture(2, "####").corners, 4);
    assert_int_equal(measure_picture(2, "# ##").corners, 6);
    struct ruler r = measure_picture(2, "# "
                                        " #");
    assert_true(r.loops == 2 && r.corners == 8);
    r = measure_picture(3, "###"
                           "# #"
                           "###");
    assert_true(r.loops == 2 && r.corners == 8);
    r = measure_picture(4, "####"
                           "# ##"
                           "## #"
                           "####");
    assert_true(r.loops == 2 && r.corners == 12);
}

static void any_pattern_is_outlined_whole(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    (void)state;
    print_message("seed %u\n", seed);
    for (int i = 0; i < 200; i++) {
        struct qr_symbol s = {1 + rand_r(&seed) % 40, modules};
        int share = rand_r(&seed) % 101;
        for (int m = 0; m < s.size * s.size; m++)
            modules[m] = rand_r(&seed) % 100 < share;
        measure(&s, (struct qr_clearing){0, 0, 0, 0});
        measure(&s, (struct qr_clearing){s.size / 3, s.size / 4, s.size / 3, s.size / 5});
    }
    struct qr_symbol chess = {QR_SIZE_MAX, modules};
    for (int m = 0; m < QR_SIZE_MAX * QR_SIZE_MAX; m++)
        modules[m] = m % 2 == 1;
    assert_int_equal(measure(&chess, (struct qr_clearing){0, 0, 0, 0}).loops, QR_SIZE_MAX * QR_SIZE_MAX / 2);
}

/* --- the logo --- */

/* Whether a logo in the middle may hide it: neither finder, timing, format nor version (ISO/IEC 18004, 5.3). */
static bool may_hide(int size, int x, int y)
{
    bool left = x <= 8, right = x >= size - 8, top = y <= 8, low = y >= size - 8;
    bool corner = (left && top) || (right && top) || (left && low);
    bool version = size >= 45 && ((x >= size - 11 && y < 6) || (y >= size - 11 && x < 6));
    return !corner && x != 6 && y != 6 && !version;
}

static void a_logo_clears_whole_modules_in_the_middle_and_a_fifth_of_the_width_at_most(void **state)
{
    static const int sides[][2] = {{10, 10}, {512, 512}, {512, 16}, {16, 512}, {300, 200}, {200, 300}, {512, 511}};
    (void)state;
    for (int size = 21; size <= QR_SIZE_MAX; size += 4) {
        for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
            struct qr_logo logo = {.width = sides[i][0], .height = sides[i][1]};
            struct qr_symbol s = {.size = size};
            struct qr_clearing c = qr_code_clearing(&s, &logo);
            assert_true(c.width >= 1 && c.height >= 1 && c.width % 2 == 1 && c.height % 2 == 1);
            assert_int_equal(2 * c.x + c.width, size);
            assert_int_equal(2 * c.y + c.height, size);
            assert_true(c.width <= 0.2 * size && c.height <= 0.2 * size);
            assert_true(logo.width <= logo.height || c.width >= c.height);
            assert_true(logo.width >= logo.height || c.width <= c.height);
            for (int y = c.y; y < c.y + c.height; y++)
                for (int x = c.x; x < c.x + c.width; x++)
                    assert_true(may_hide(size, x, y));
        }
        assert_int_equal(qr_code_clearing(&(struct qr_symbol){.size = size}, NULL).width, 0);
    }
}

/* A logo of one tone in a code whose modules are of no tone but the ground's: nothing else is left to be seen. */
static void a_logo_stays_within_what_it_clears_with_a_border(void **state)
{
    enum { PX = 8, SIZE = 29, SIDE = (SIZE + 2 * QR_QUIET) * PX };
    static uint32_t ink[2] = {0xFF000000, 0xFF000000};
    const struct qr_logo logo = {.width = 2, .height = 1, .argb = ink};
    struct qr_symbol s = {SIZE, modules};
    memset(modules, 1, SIZE * SIZE);
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, SIDE, SIDE);
    cairo_t *cr = cairo_create(image);
    (void)state;
    qr_code_draw(cr, &s, &(struct qr_look){.margin = QR_QUIET, .dark = 0xffffff, .light = 0xffffff, .logo = &logo}, 0,
                 0, SIDE);
    cairo_destroy(cr);
    cairo_surface_flush(image);
    struct qr_clearing c = qr_code_clearing(&s, &logo);
    const unsigned char *data = cairo_image_surface_get_data(image);
    int seen = 0, stride = cairo_image_surface_get_stride(image);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            if (data[y * stride + x * 4] > 250)
                continue;
            seen++;
            assert_in_range(x, (QR_QUIET + c.x) * PX + 1, (QR_QUIET + c.x + c.width) * PX - 2);
            assert_in_range(y, (QR_QUIET + c.y) * PX + 1, (QR_QUIET + c.y + c.height) * PX - 2);
        }
    assert_true(seen > c.width * PX * c.width * PX / 3);
    cairo_surface_destroy(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_share_one_outline_and_what_touches_at_a_corner_does_not),
        cmocka_unit_test(any_pattern_is_outlined_whole),
        cmocka_unit_test(a_logo_clears_whole_modules_in_the_middle_and_a_fifth_of_the_width_at_most),
        cmocka_unit_test(a_logo_stays_within_what_it_clears_with_a_border),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
