/*
 * The QR code in an image. A screenshot's code may be too finely drawn, noisy or light on dark: the image is tried as
 * it is, then at half its size, and again, each time inverted too.
 */
#include "decode_image.h"

#include <stdbool.h>
#include <string.h>

#include <zbar.h>

enum { SMALLEST_SIDE = 200 /* pixels: a code with less is not made for phones */ };

static void halve(struct decode_pixels *p)
{
    unsigned width = p->width / 2, height = p->height / 2;

    for (unsigned y = 0; y < height; y++) {
        const uint8_t *upper = p->gray + (size_t)2 * y * p->width, *lower = upper + p->width;

        for (unsigned x = 0; x < width; x++)
            p->gray[(size_t)y * width + x] =
                (uint8_t)((upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]) / 4);
    }
    p->width = width;
    p->height = height;
}

static enum qr_decoded take_text(const zbar_symbol_t *symbol, char *text, size_t *len)
{
    const char *data = zbar_symbol_get_data(symbol);
    size_t data_len = zbar_symbol_get_data_length(symbol);

    if (data_len > QR_DECODE_TEXT_MAX)
        return QR_DECODE_NO_TEXT;
    if (*len > 0 && (*len != data_len || memcmp(text, data, data_len) != 0))
        return QR_DECODE_SEVERAL;
    memcpy(text, data, data_len);
    *len = data_len;
    return QR_DECODED;
}

static enum qr_decoded scan(zbar_image_scanner_t *scanner, const struct decode_pixels *p, char *text, size_t *len)
{
    zbar_image_t *image = zbar_image_create();
    enum qr_decoded d = QR_DECODE_NO_CODE;

    if (!image)
        return QR_DECODE_TOO_LARGE;
    zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
    zbar_image_set_size(image, p->width, p->height);
    zbar_image_set_data(image, p->gray, (unsigned long)p->width * p->height, NULL);
    if (zbar_scan_image(scanner, image) > 0) {
        for (const zbar_symbol_t *s = zbar_image_first_symbol(image); s; s = zbar_symbol_next(s)) {
            d = take_text(s, text, len);
            if (d != QR_DECODED)
                break;
        }
    }
    zbar_image_destroy(image);
    return d;
}

/* Well-formed UTF-8 (RFC 3629) without control characters. */
static bool is_text(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text, *end = s + len;

    while (s < end) {
        int more = *s < 0x80 ? 0 : *s >= 0xc2 && *s < 0xe0 ? 1 : *s >= 0xe0 && *s < 0xf0 ? 2 : *s < 0xf5 ? 3 : -1;

        if (more < 0 || (*s >= 0x80 && *s < 0xc2) || more >= end - s || *s < 0x20 || *s == 0x7f)
            return false;
        if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) || (*s == 0xf0 && s[1] < 0x90) ||
            (*s == 0xf4 && s[1] > 0x8f) || (*s == 0xc2 && s[1] < 0xa0))
            return false;
        for (s++; more > 0; more--, s++) {
            if ((*s & 0xc0) != 0x80)
                return false;
        }
    }
    return len > 0;
}

enum qr_decoded decode_code(struct decode_pixels *p, char *text, size_t *len)
{
    zbar_image_scanner_t *scanner = zbar_image_scanner_create();
    enum qr_decoded d = QR_DECODE_NO_CODE;

    if (!scanner)
        return QR_DECODE_TOO_LARGE;
    zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
    zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
    /* The bytes as they are: guessing their encoding would load converters from files. */
    zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1);
    zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_TEST_INVERTED, 1);
    *len = 0;
    for (bool first = true; d == QR_DECODE_NO_CODE; first = false) {
        if (!first) {
            halve(p);
            if (p->width < SMALLEST_SIDE || p->height < SMALLEST_SIDE)
                break;
        }
        d = scan(scanner, p, text, len);
    }
    return d == QR_DECODED && !is_text(text, *len) ? QR_DECODE_NO_TEXT : d;
}
