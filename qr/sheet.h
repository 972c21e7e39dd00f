/*
 * Many prints, each with its own channel's code, in one document: a page each, or a grid of them on a sheet that is cut
 * afterwards. One at a time, nothing is kept: a sheet of a thousand needs no more memory than one of ten.
 *
 *     sheet = qr_sheet_new(...);
 *     for (i = 0; i < codes; i++) {
 *         if (i > 0 && i % qr_sheet_cells(sheet) == 0)
 *             end the page, begin the next;
 *         plan = qr_sheet_plan(sheet, code, link, label, &why);
 *         qr_sheet_place(sheet, i, plan, cr);
 *         qr_plan_free(plan);
 *     }
 */
#ifndef QR_SHEET_H
#define QR_SHEET_H

#include "poster.h"

enum { QR_SHEET_CODES = 1000 };

enum qr_layout { QR_PAGES, QR_GRID };

struct qr_sheet;

/*
 * poster: what all have in common, and the first one's code, link and label; borrowed as long as the sheet. paper: of
 * the grid, "a4" (also NULL or ""), "a3" or "letter", upright or lying, whichever holds more. With a distance the first
 * code chooses the paper of all. NULL: refused with field (sheet_paper, layout, or one of the poster's) and reason, or
 * out of memory and the field is NULL.
 */
struct qr_sheet *qr_sheet_new(struct qr_type *t, const struct qr_poster *poster, enum qr_layout layout,
                              const char *paper, struct qr_refusal *ret_refusal);
void qr_sheet_free(struct qr_sheet *sheet);

/* mm of each page; codes on a page. */
void qr_sheet_page(const struct qr_sheet *sheet, double *ret_width, double *ret_height);
int qr_sheet_cells(const struct qr_sheet *sheet);

/* One code's print, as qr_poster_plan. */
struct qr_plan *qr_sheet_plan(const struct qr_sheet *sheet, const char *code, const char *link, const char *label,
                              struct qr_refusal *ret_refusal);

/* Draws the print of this index (from 0) at its place on its page; with the page's first one the cut marks of the grid.
 */
void qr_sheet_place(const struct qr_sheet *sheet, int index, const struct qr_plan *plan, cairo_t *cr);

#endif
