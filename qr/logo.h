/* A picture as cairo draws it. */
#ifndef QR_LOGO_H
#define QR_LOGO_H

#include <stdint.h>

struct qr_logo {
    int width, height;
    uint32_t *argb; /* width * height, premultiplied, cairo's ARGB32; owned */
};

#endif
