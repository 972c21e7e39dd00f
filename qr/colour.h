/* Colours as people write them, and how well one reads on another. */
#ifndef QR_COLOUR_H
#define QR_COLOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "#RRGGBB", "RRGGBB" or "#RGB" -> 0xRRGGBB; false if it is none of these. */
bool qr_colour_from_text(const char *text, size_t len, uint32_t *rgb);

/* Relative luminance of WCAG 2, 0 to 1. */
double qr_colour_luminance(uint32_t rgb);
/* Contrast of WCAG 2, 1 to 21, whichever is the lighter. */
double qr_colour_contrast(uint32_t a, uint32_t b);

#endif
