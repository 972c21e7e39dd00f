/* See canvas.h. */
#include "canvas.h"

#include <cairo-pdf.h>
#include <cairo-ps.h>
#include <cairo-svg.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "canvas_private.h"
#include "pdf_black.h"

static const double POINTS = 72 / 25.4; /* in a millimetre */

struct qr_canvas {
    enum qr_form form;
    cairo_surface_t *surface;
    cairo_t *cr;
    double px_per_mm, scale; /* from user units to the surface's */
    qr_write write;
    void *ctx;
    int failed;                 /* -errno */
    struct canvas_text text;    /* of SVG and EPS, until it is whole */
    struct qr_pdf_black *black; /* of PDF, in front of write */
};

static void give(struct qr_canvas *c, const void *bytes, size_t len)
{
    if (c->failed == 0)
        c->failed = c->write(c->ctx, bytes, len);
}

static int give_out(void *ctx, const void *bytes, size_t len)
{
    struct qr_canvas *c = ctx;
    give(c, bytes, len);
    return c->failed;
}

static cairo_status_t take(void *ctx, const unsigned char *bytes, unsigned len)
{
    struct qr_canvas *c = ctx;
    if (c->failed)
        return CAIRO_STATUS_WRITE_ERROR;
    int failed =
        c->black ? qr_pdf_black_take(c->black, bytes, len) : canvas_text_add(&c->text, (const char *)bytes, len);
    c->failed = c->failed ? c->failed : failed;
    return c->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *make_surface(struct qr_canvas *c, double width, double height, const char *title)
{
    double w = width * c->scale, h = height * c->scale;
    cairo_surface_t *s;
    switch (c->form) {
    case QR_PNG:
        return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)lround(w), (int)lround(h));
    case QR_SVG:
        s = cairo_svg_surface_create_for_stream(take, c, w, h);
        cairo_svg_surface_set_document_unit(s, CAIRO_SVG_UNIT_MM);
        return s;
    case QR_EPS:
        s = cairo_ps_surface_create_for_stream(take, c, w, h);
        cairo_ps_surface_set_eps(s, 1);
        return s;
    default:
        s = cairo_pdf_surface_create_for_stream(take, c, w, h);
        cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATE_DATE, CANVAS_DATE);
        if (title)
            cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE, title);
        return s;
    }
}

static void begin_page(struct qr_canvas *c)
{
    c->cr = cairo_create(c->surface);
    if (c->form == QR_PNG) {
        cairo_set_source_rgb(c->cr, 1, 1, 1);
        cairo_paint(c->cr);
    }
    cairo_scale(c->cr, c->scale, c->scale);
}

struct qr_canvas *qr_canvas_new(enum qr_form form, double width, double height, double px_per_mm, const char *title,
                                qr_write write, void *ctx)
{
    struct qr_canvas *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->form = form;
    c->write = write;
    c->ctx = ctx;
    c->px_per_mm = px_per_mm;
    c->scale = form == QR_SVG ? 1 : form != QR_PNG ? POINTS : px_per_mm > 0 ? px_per_mm : 1;
    if (form == QR_PDF && !(c->black = qr_pdf_black_new(give_out, c))) {
        free(c);
        return NULL;
    }
    c->surface = make_surface(c, width, height, title);
    if (cairo_surface_status(c->surface) == CAIRO_STATUS_SUCCESS) {
        begin_page(c);
        return c;
    }
    cairo_surface_destroy(c->surface);
    if (c->black)
        qr_pdf_black_end(c->black);
    canvas_text_clear(&c->text);
    free(c);
    return NULL;
}

cairo_t *qr_canvas_cairo(struct qr_canvas *c)
{
    return c->cr;
}

int qr_canvas_page(struct qr_canvas *c)
{
    cairo_show_page(c->cr);
    cairo_destroy(c->cr);
    begin_page(c);
    return c->failed;
}

int qr_canvas_end(struct qr_canvas *c)
{
    cairo_status_t drawn = cairo_status(c->cr);
    cairo_destroy(c->cr);
    cairo_surface_flush(c->surface);
    if (c->failed == 0 && drawn != CAIRO_STATUS_SUCCESS)
        c->failed = -ENOMEM;
    if (c->form == QR_PNG && c->failed == 0)
        c->failed = canvas_write_png(c->surface, c->px_per_mm, give_out, c);
    cairo_surface_finish(c->surface);
    if (c->failed == 0 && cairo_surface_status(c->surface) != CAIRO_STATUS_SUCCESS && c->form != QR_PNG)
        c->failed = -ENOMEM;
    cairo_surface_destroy(c->surface);
    if (c->black) {
        int ended = qr_pdf_black_end(c->black);
        c->failed = c->failed ? c->failed : ended;
    }
    if (c->failed == 0 && c->form == QR_SVG)
        c->failed = canvas_fix_svg(&c->text);
    if (c->failed == 0 && c->form == QR_EPS)
        canvas_fix_eps(&c->text);
    if (c->text.len > 0)
        give(c, c->text.at, c->text.len);
    int failed = c->failed;
    canvas_text_clear(&c->text);
    free(c);
    return failed;
}
