/*
 * A surface to draw on, in one of four forms, whose bytes go out while it is drawn. The same drawing gives the same
 * bytes each time: dates and the numbers that cairo counts up in a process are fixed. Black of a PDF and of an EPS is
 * black ink alone, not a mixture of all.
 */
#ifndef QR_CANVAS_H
#define QR_CANVAS_H

#include <cairo.h>
#include <stddef.h>

enum qr_form { QR_SVG, QR_PNG, QR_PDF, QR_EPS };

enum { QR_CANVAS_BUFFER_MAX = 64 << 20 /* bytes of an SVG or EPS, which is kept until it is whole */ };

/* 0 or -errno, which ends the drawing. */
typedef int (*qr_write)(void *ctx, const void *bytes, size_t len);

struct qr_canvas;

/*
 * width and height: millimetres; of a PNG with px_per_mm 0 pixels, whole ones. title: what readers show of a PDF, may
 * be NULL; copied. A PNG begins white, the others empty. NULL: out of memory.
 */
struct qr_canvas *qr_canvas_new(enum qr_form form, double width, double height, double px_per_mm, const char *title,
                                qr_write write, void *ctx);
/* The canvas'; user units are those of width and height. */
cairo_t *qr_canvas_cairo(struct qr_canvas *c);
/* Of a PDF: ends a page, and begins the next with a fresh state. 0 or what write said. */
int qr_canvas_page(struct qr_canvas *c);
/* Writes what is left and frees. 0; -ENOMEM; -EFBIG; or what write said. */
int qr_canvas_end(struct qr_canvas *c);

#endif
