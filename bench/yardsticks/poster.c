/*
 * What a poster's page costs at least: cairo and pango setting and drawing the same page, fonts warm, as PDF. Draws it
 * COUNT times and says how many microseconds of CPU one takes.
 *
 * cc -O2 -flto -Iqr -o yard-poster bench/yardsticks/poster.c build/release/qr/libqr.a \
 *    $(pkg-config --cflags --libs pangocairo pangoft2 fontconfig libqrencode libpng zlib) -lm
 * yard-poster TEXT TITLE COUNT
 */
#include <cairo-pdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "poster.h"

static const double POINTS = 72 / 25.4; /* in a millimetre */

static cairo_status_t drop(void *total, const unsigned char *bytes, unsigned len)
{
    (void)bytes;
    *(size_t *)total += len;
    return CAIRO_STATUS_SUCCESS;
}

static int draw(struct qr_type *type, const struct qr_poster *poster, size_t *total)
{
    struct qr_refusal why;
    struct qr_plan *plan = qr_poster_plan(type, poster, &why);
    double width, height;
    if (!plan)
        return fprintf(stderr, "%s: %s\n", why.field, why.reason), 1;
    qr_plan_page(plan, &width, &height);
    cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(drop, total, width * POINTS, height * POINTS);
    cairo_t *cr = cairo_create(pdf);
    cairo_scale(cr, POINTS, POINTS);
    qr_plan_draw(plan, cr);
    cairo_destroy(cr);
    cairo_surface_finish(pdf);
    cairo_surface_destroy(pdf);
    qr_plan_free(plan);
    return 0;
}

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    char why[QR_REASON_MAX];
    struct qr_type *type = qr_type_new(why, sizeof why);
    int count = argc == 4 ? atoi(argv[3]) : 0;
    size_t total = 0;
    if (!type || count < 1)
        return fprintf(stderr, "%s\n", type ? "yard-poster TEXT TITLE COUNT" : why), 2;
    struct qr_poster poster = {
        .template = QR_POSTER, .code = argv[1], .link = argv[1], .title = argv[2], .colour = 0x067a44, .ecc = QR_ECC_M};
    if (draw(type, &poster, &total) != 0) /* warms the fonts */
        return 1;
    double began = cpu_us();
    for (int i = 0; i < count; i++)
        draw(type, &poster, &total);
    printf("%.1f\n", (cpu_us() - began) / count);
    qr_type_free(type);
    return 0;
}
