/*
 * Text -> QR symbol -> SVG, PNG, terminal. No I/O. Only this folder includes libqrencode and the drawing libraries.
 * The quiet zone is always at least QR_QUIET modules and inside the size that was asked for (ISO/IEC 18004, 9.1).
 *
 * These are for squares alone, the same outline as code.c draws, without cairo: a PNG of 1024 pixels takes a ninth of
 * its instructions and a twentieth of its bytes (27 of 252 million, 1 of 25 KB), an SVG a sixth and a seventh.
 */
#ifndef QR_QR_H
#define QR_QR_H

#include "code.h"
#include "colour.h"
#include "symbol.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QR_PX_MAX = 4096, /* pixels of a PNG's side */
    QR_MM_MAX = 2000, /* millimetres of an SVG's side */
};

/*
 * malloc'd text or bytes, length in *len, the same for the same input. NULL: out of memory, a margin out of range,
 * (svg) mm not 1 to QR_MM_MAX, (png) px above QR_PX_MAX or too small for a pixel a module.
 */
char *qr_to_svg(const struct qr_symbol *s, const struct qr_look *look, double mm, size_t *len);
/* Modules are whole pixels, as large as fit into px; what is left over widens the quiet zone evenly. 1 bit a pixel. */
uint8_t *qr_to_png(const struct qr_symbol *s, const struct qr_look *look, int px, size_t *len);
/* Half blocks, two modules a character high, quiet zone included; scans on light and dark terminals: colours are set by
 * escape codes when colour is true, else dark-terminal inversion is avoided by drawing light modules as full blocks. */
char *qr_to_terminal(const struct qr_symbol *s, bool colour, size_t *len);

#endif
