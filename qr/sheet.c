/* The geometry of sheets: how many fit, where each stands, where to cut. */
#include "sheet.h"

#include "plan_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const double MARGIN = 8;              /* mm of the sheet, for the printer's grip and the cut marks */
static const double GAP = 4;                 /* mm between discs; what is rectangular shares its cuts */
static const double TICK = 4, TICK_AWAY = 2; /* mm of a cut mark, and from the grid to it */
static const double TICK_WIDTH = 0.09;       /* mm: a quarter of a point */
static const double SLACK = 1e-6;

static const struct paper SHEETS[] = {{"a4", 210, 297}, {"a3", 297, 420}, {"letter", 215.9, 279.4}};

struct qr_sheet {
    struct qr_type *type;
    struct qr_poster poster; /* its paper fixed */
    enum qr_layout layout;
    double width, height; /* of a page */
    double cell_width, cell_height, gap, bleed;
    double left, top; /* of the grid */
    int columns, rows;
};

static int fitting(double room, double size, double gap, double bleed)
{
    return (int)floor((room - 2 * fmax(MARGIN, bleed) + gap + SLACK) / (size + gap));
}

static void lay(struct qr_sheet *s, double width, double height)
{
    int columns = fitting(width, s->cell_width, s->gap, s->bleed);
    int rows = fitting(height, s->cell_height, s->gap, s->bleed);

    if (columns * rows <= s->columns * s->rows || columns < 1)
        return;
    s->width = width;
    s->height = height;
    s->columns = columns;
    s->rows = rows;
    s->left = (width - columns * (s->cell_width + s->gap) + s->gap) / 2;
    s->top = (height - rows * (s->cell_height + s->gap) + s->gap) / 2;
}

static bool grid(struct qr_sheet *s, const char *name, const struct qr_plan *plan, struct qr_refusal *ret)
{
    const struct paper *sheet = NULL;

    for (size_t i = 0; i < sizeof SHEETS / sizeof *SHEETS; i++)
        if (strcasecmp(SHEETS[i].name, name && *name ? name : SHEETS[0].name) == 0)
            sheet = &SHEETS[i];
    if (!sheet)
        return qr_refuse(ret, "sheet_paper", "one of a4, a3, letter");
    s->cell_width = plan->width;
    s->cell_height = plan->height;
    s->bleed = plan->bleed;
    s->gap = fmax(plan->template->round ? GAP : 0, 2 * plan->bleed);
    lay(s, sheet->width, sheet->height);
    lay(s, sheet->height, sheet->width);
    if (s->columns * s->rows == 0)
        return qr_refuse(ret, "layout", "not one %s on %s fits on a sheet of %s: layout=pages has a page for each",
                         plan->template->name, plan->paper->name, sheet->name);
    return true;
}

struct qr_sheet *qr_sheet_new(struct qr_type *t, const struct qr_poster *poster, enum qr_layout layout,
                              const char *paper, struct qr_refusal *ret_refusal)
{
    struct qr_plan *first = qr_poster_plan(t, poster, ret_refusal);
    struct qr_sheet *s = first ? calloc(1, sizeof *s) : NULL;

    if (!s) {
        if (first)
            ret_refusal->field = NULL;
        qr_plan_free(first);
        return NULL;
    }
    s->type = t;
    s->poster = *poster;
    s->poster.paper = qr_plan_paper(first);
    s->layout = layout;
    bool ok = true;
    if (layout == QR_GRID) {
        s->poster.marks = false; /* the grid has its own */
        ok = grid(s, paper, first, ret_refusal);
    } else {
        qr_plan_page(first, &s->width, &s->height);
        s->columns = s->rows = 1;
    }
    qr_plan_free(first);
    if (ok)
        return s;
    qr_sheet_free(s);
    return NULL;
}

void qr_sheet_free(struct qr_sheet *sheet)
{
    free(sheet);
}

void qr_sheet_page(const struct qr_sheet *sheet, double *ret_width, double *ret_height)
{
    *ret_width = sheet->width;
    *ret_height = sheet->height;
}

int qr_sheet_cells(const struct qr_sheet *sheet)
{
    return sheet->columns * sheet->rows;
}

struct qr_plan *qr_sheet_plan(const struct qr_sheet *sheet, const char *code, const char *link, const char *label,
                              struct qr_refusal *ret_refusal)
{
    struct qr_poster poster = sheet->poster;

    poster.code = code;
    poster.link = link;
    poster.label = label;
    return qr_poster_plan(sheet->type, &poster, ret_refusal);
}

static double along(double begin, double size, double gap, int i, int end)
{
    return begin + i * (size + gap) + (end ? size : 0);
}

/* In the margin, at both sides of each cut. */
static void cut_marks(const struct qr_sheet *s, cairo_t *cr)
{
    double right = along(s->left, s->cell_width, s->gap, s->columns - 1, 1);
    double foot = along(s->top, s->cell_height, s->gap, s->rows - 1, 1);
    double away = fmax(TICK_AWAY, s->bleed);

    for (int i = 0; i < 2 * s->columns; i++) {
        double x = along(s->left, s->cell_width, s->gap, i / 2, i & 1);
        cairo_move_to(cr, x, s->top - away);
        cairo_rel_line_to(cr, 0, -TICK);
        cairo_move_to(cr, x, foot + away);
        cairo_rel_line_to(cr, 0, TICK);
    }
    for (int i = 0; i < 2 * s->rows; i++) {
        double y = along(s->top, s->cell_height, s->gap, i / 2, i & 1);
        cairo_move_to(cr, s->left - away, y);
        cairo_rel_line_to(cr, -TICK, 0);
        cairo_move_to(cr, right + away, y);
        cairo_rel_line_to(cr, TICK, 0);
    }
    cairo_set_source_rgb(cr, 0, 0, 0);
    cairo_set_line_width(cr, TICK_WIDTH);
    cairo_stroke(cr);
}

void qr_sheet_place(const struct qr_sheet *sheet, int index, const struct qr_plan *plan, cairo_t *cr)
{
    int cell = index % qr_sheet_cells(sheet);

    if (sheet->layout == QR_PAGES) {
        qr_plan_draw(plan, cr);
        return;
    }
    if (cell == 0)
        cut_marks(sheet, cr);
    cairo_save(cr);
    cairo_translate(cr, along(sheet->left, sheet->cell_width, sheet->gap, cell % sheet->columns, 0) - plan->origin,
                    along(sheet->top, sheet->cell_height, sheet->gap, cell / sheet->columns, 0) - plan->origin);
    qr_plan_draw(plan, cr);
    cairo_restore(cr);
}
