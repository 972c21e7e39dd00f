/*
 * A picture as cairo draws it, and how a file from a stranger becomes one: in the program huoma-decode, without files,
 * network or rights (decode_child.h).
 */
#ifndef QR_LOGO_H
#define QR_LOGO_H

#include <stddef.h>
#include <stdint.h>

#include "decode_child.h"

enum {
    QR_LOGO_BYTES_MAX = 512 << 10, /* of the file */
    QR_LOGO_SIDE_MAX = 2048,       /* pixels of the file; looked at in its head, before anything is unpacked */
    QR_LOGO_SIDE_MIN = 16,
    QR_LOGO_SIDE = 512, /* pixels that are kept: more is never seen in print */
};

struct qr_logo {
    int width, height;
    uint32_t *argb; /* width * height, premultiplied, cairo's ARGB32; owned */
};

/* A whole PNG or JPEG file; of an animated one the first picture. QR_DECODED, or why not, and ret is empty then. As
 * qr_decode: waits for the program, from any thread, leaves nothing behind. */
enum qr_decoded qr_logo_decode(const void *file, size_t len, struct qr_logo *ret);
void qr_logo_clear(struct qr_logo *logo);
/* Half a sentence for people. */
const char *qr_logo_reason(enum qr_decoded d);

#endif
