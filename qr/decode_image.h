/* Images and the codes in them, for huoma-decode alone: nothing of this may run in a process that has anything to lose.
 */
#ifndef QR_DECODE_IMAGE_H
#define QR_DECODE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "decode_child.h"

struct decode_pixels {
    uint8_t *gray; /* a byte each, rows without gaps; malloc'd, never freed: the process ends with it */
    unsigned width, height;
};

/* Bytes of a PNG or JPEG -> pixels; transparent ones are white. QR_DECODED or why not. A broken JPEG ends the process
 * by what decode_give_up does. */
enum qr_decoded decode_image(const uint8_t *bytes, size_t len, struct decode_pixels *p);

/* The text of the only QR code. Shrinks p. text: room for QR_DECODE_TEXT_MAX bytes and a NUL. */
enum qr_decoded decode_code(struct decode_pixels *p, char *text, size_t *len);

/* Says why and ends the process. In decode_main.c. */
_Noreturn void decode_give_up(enum qr_decoded why);

#endif
