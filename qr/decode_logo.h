/* huoma-decode's third work: pictures. */
#ifndef QR_DECODE_LOGO_H
#define QR_DECODE_LOGO_H

#include <stddef.h>
#include <stdint.h>

#include "logo.h"

/* A whole PNG or JPEG -> premultiplied pixels, halved until neither side is above QR_LOGO_SIDE. QR_DECODED or why not;
 * QR_DECODE_NO_CODE: it is too small. What is allocated is never freed: the process ends with it. */
enum qr_decoded decode_logo(const uint8_t *bytes, size_t len, struct qr_logo *ret);

#endif
