/*
 * Text -> QR symbol -> SVG, PNG, terminal. No I/O. Only this folder includes libqrencode and the drawing libraries.
 * The quiet zone is always at least QR_QUIET modules and inside the size that was asked for (ISO/IEC 18004, 9.1).
 */
#ifndef QR_QR_H
#define QR_QR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QR_QUIET = 4, /* modules of quiet zone at least */
    QR_QUIET_MAX = 40,
    QR_TEXT_MAX = 2300, /* bytes */
    QR_PX_MAX = 4096,   /* pixels of a PNG's side */
    QR_MM_MAX = 2000,   /* millimetres of an SVG's side */
};

enum qr_ecc { QR_ECC_L, QR_ECC_M, QR_ECC_Q, QR_ECC_H };

struct qr_symbol {
    int size;         /* modules a side, without quiet zone */
    uint8_t *modules; /* size * size; 1 dark; owned */
};

struct qr_look {
    int margin;           /* modules of quiet zone, QR_QUIET to QR_QUIET_MAX */
    uint32_t dark, light; /* 0xRRGGBB */
};

/* 0; -EINVAL empty or has a NUL; -E2BIG too long for the level; -ENOMEM. */
int qr_encode(const char *text, size_t len, enum qr_ecc ecc, struct qr_symbol *ret_symbol);
void qr_symbol_clear(struct qr_symbol *s);

/* NULL if colours and margin will scan; else the reason (contrast below 4:1 by WCAG 2, inverted, margin). */
const char *qr_look_refused(const struct qr_look *look);

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

/* "#RRGGBB", "RRGGBB" or "#RGB" -> 0xRRGGBB; false if it is none of these. */
bool qr_colour_from_text(const char *text, size_t len, uint32_t *rgb);

#endif
