/* Draws a planned page. */
#include "plan_private.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const double CROP_GAP = 3, CROP_LENGTH = 5, CROP_WIDTH = 0.09; /* mm: a quarter of a point */

struct qr_mark *qr_plan_add(struct qr_plan *plan, enum qr_mark_kind kind, double x, double y, double width,
                            double height)
{
    assert(plan->count < QR_PLAN_MARKS);
    struct qr_mark *m = &plan->marks[plan->count++];
    *m = (struct qr_mark){.kind = kind, .x = x, .y = y, .width = width, .height = height};
    return m;
}

void qr_plan_free(struct qr_plan *plan)
{
    if (!plan)
        return;
    for (int i = 0; i < plan->count; i++)
        qr_words_clear(&plan->marks[i].words);
    qr_symbol_clear(&plan->symbol);
    free(plan);
}

void qr_plan_page(const struct qr_plan *plan, double *ret_width, double *ret_height)
{
    *ret_width = plan->width + 2 * plan->origin;
    *ret_height = plan->height + 2 * plan->origin;
}

struct qr_spot qr_plan_spot(const struct qr_plan *plan)
{
    struct qr_spot spot = plan->spot;

    spot.x += plan->origin;
    spot.y += plan->origin;
    return spot;
}

const char *qr_plan_paper(const struct qr_plan *plan)
{
    return plan->paper->name;
}

double qr_plan_px_per_mm(const struct qr_plan *plan)
{
    return plan->template->px_per_mm;
}

static void rectangle(cairo_t *cr, const struct qr_mark *m)
{
    double r = m->radius;

    if (r <= 0) {
        cairo_rectangle(cr, m->x, m->y, m->width, m->height);
        return;
    }
    cairo_new_sub_path(cr);
    cairo_arc(cr, m->x + m->width - r, m->y + r, r, -M_PI_2, 0);
    cairo_arc(cr, m->x + m->width - r, m->y + m->height - r, r, 0, M_PI_2);
    cairo_arc(cr, m->x + r, m->y + m->height - r, r, M_PI_2, M_PI);
    cairo_arc(cr, m->x + r, m->y + r, r, M_PI, M_PI + M_PI_2);
    cairo_close_path(cr);
}

static void draw(cairo_t *cr, const struct qr_plan *plan, const struct qr_mark *m)
{
    qr_colour_set(cr, m->colour);
    switch (m->kind) {
    case QR_MARK_RECT:
        rectangle(cr, m);
        cairo_fill(cr);
        break;
    case QR_MARK_DISC:
        cairo_new_sub_path(cr);
        cairo_arc(cr, m->x + m->width / 2, m->y + m->height / 2, m->width / 2, 0, 2 * M_PI);
        cairo_fill(cr);
        break;
    case QR_MARK_WORDS:
        qr_words_draw(cr, &m->words, m->x, m->y);
        break;
    case QR_MARK_LOGO:
        qr_logo_draw(cr, plan->logo, m->x, m->y, m->width, m->height);
        break;
    case QR_MARK_CODE:
        qr_code_draw(cr, &plan->symbol, &plan->look, m->x, m->y, m->width);
        break;
    }
}

/* Two hairlines at each corner, outside of the bleed. */
static void crop_marks(cairo_t *cr, double width, double height)
{
    const double x[2] = {0, width}, y[2] = {0, height}, away[2] = {-1, 1};

    cairo_set_source_rgb(cr, 0, 0, 0);
    cairo_set_line_width(cr, CROP_WIDTH);
    for (int i = 0; i < 4; i++) {
        int right = i & 1, low = i >> 1;
        cairo_move_to(cr, x[right] + away[right] * CROP_GAP, y[low]);
        cairo_rel_line_to(cr, away[right] * CROP_LENGTH, 0);
        cairo_move_to(cr, x[right], y[low] + away[low] * CROP_GAP);
        cairo_rel_line_to(cr, 0, away[low] * CROP_LENGTH);
    }
    cairo_stroke(cr);
}

void qr_plan_draw(const struct qr_plan *plan, cairo_t *cr)
{
    cairo_save(cr);
    cairo_translate(cr, plan->origin, plan->origin);
    for (int i = 0; i < plan->count; i++)
        draw(cr, plan, &plan->marks[i]);
    if (plan->crop)
        crop_marks(cr, plan->width, plan->height);
    cairo_restore(cr);
}
