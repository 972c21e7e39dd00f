/* How a code looks, and its drawing on any cairo surface. */
#ifndef QR_CODE_H
#define QR_CODE_H

#include "logo.h"
#include "outline.h"
#include "symbol.h"

#include <cairo.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    QR_QUIET = 4, /* modules of quiet zone at least (ISO/IEC 18004, 9.1) */
    QR_QUIET_MAX = 40,
};

struct qr_look {
    int margin;                 /* modules of quiet zone, QR_QUIET to QR_QUIET_MAX */
    uint32_t dark, light;       /* 0xRRGGBB */
    bool rounded;               /* modules round where they end, the rings in the corners as a whole */
    const struct qr_logo *logo; /* in the middle; NULL: none; borrowed */
};

/* Why a lower level than H is refused with a logo in the code. */
extern const char qr_logo_needs[];

/* NULL if colours and margin will scan; else the reason (contrast below 4:1 by WCAG 2, inverted, margin). */
const char *qr_look_refused(const struct qr_look *look);

/*
 * The modules that are left out for a logo: whole ones, an odd number each way, in the middle, with its border at most
 * a fifth of the symbol's width. None without a logo.
 */
struct qr_clearing qr_code_clearing(const struct qr_symbol *s, const struct qr_logo *logo);

/* Draws within the square at (x, y), quiet zone included; all dark modules are one path, their outline. */
void qr_code_draw(cairo_t *cr, const struct qr_symbol *s, const struct qr_look *look, double x, double y, double side);

/* Makes a colour, 0xRRGGBB, the source. */
void qr_colour_set(cairo_t *cr, uint32_t rgb);

/* Draws a logo into a rectangle. */
void qr_logo_draw(cairo_t *cr, const struct qr_logo *logo, double x, double y, double width, double height);

#endif
