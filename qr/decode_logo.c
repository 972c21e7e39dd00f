/* PNG and JPEG to colours. Sizes are looked at in the head of the file, before anything is unpacked. */
#include "decode_logo.h"

#include <stdio.h> /* jpeglib.h wants it first */
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdbool.h>

#include <jpeglib.h>
#include <png.h>

#include "decode_image.h"

static enum qr_decoded make_room(struct qr_logo *l, unsigned long width, unsigned long height)
{
    if (width > QR_LOGO_SIDE_MAX || height > QR_LOGO_SIDE_MAX)
        return QR_DECODE_TOO_LARGE;
    if (width < QR_LOGO_SIDE_MIN || height < QR_LOGO_SIDE_MIN)
        return QR_DECODE_NO_CODE;
    l->width = (int)width;
    l->height = (int)height;
    l->argb = malloc(width * height * sizeof(*l->argb));
    return l->argb ? QR_DECODED : QR_DECODE_TOO_LARGE;
}

/* Bytes of blue, green, red, alpha become numbers, colours times alpha. */
static void premultiply(struct qr_logo *l)
{
    size_t count = (size_t)l->width * (size_t)l->height;
    for (size_t i = 0; i < count; i++) {
        uint8_t p[4];
        memcpy(p, &l->argb[i], sizeof(p));
        uint32_t a = p[3];
        for (int k = 0; k < 3; k++)
            p[k] = (uint8_t)((p[k] * a + 127) / 255);
        l->argb[i] = a << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    }
}

static enum qr_decoded decode_png(const uint8_t *bytes, size_t len, struct qr_logo *l)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, bytes, len))
        return QR_DECODE_DAMAGED;
    enum qr_decoded d = make_room(l, image.width, image.height);
    if (d != QR_DECODED)
        return d;
    image.format = PNG_FORMAT_BGRA;
    return png_image_finish_read(&image, NULL, l->argb, 0, NULL) ? QR_DECODED : QR_DECODE_DAMAGED;
}

/* Printers' JPEGs: Adobe writes how little ink there is, the others how much. Not inlined: gcc would then warn of its
 * variables beside the setjmp, which is over. */
__attribute__((noinline)) static void from_ink(struct qr_logo *l, bool inverted)
{
    size_t count = (size_t)l->width * (size_t)l->height;
    for (size_t i = 0; i < count; i++) {
        uint8_t p[4];
        memcpy(p, &l->argb[i], sizeof(p));
        for (int k = 0; !inverted && k < 4; k++)
            p[k] = (uint8_t)(255 - p[k]);
        const uint8_t bgra[4] = {(uint8_t)(p[2] * p[3] / 255), (uint8_t)(p[1] * p[3] / 255),
                                 (uint8_t)(p[0] * p[3] / 255), 255};
        memcpy(&l->argb[i], bgra, sizeof(bgra));
    }
}

static void on_error(j_common_ptr jpeg)
{
    longjmp(*(jmp_buf *)jpeg->client_data, 1);
}

static void on_message(j_common_ptr jpeg)
{
    (void)jpeg;
}

static enum qr_decoded read_jpeg(struct jpeg_decompress_struct *jpeg, const uint8_t *bytes, size_t len,
                                 struct qr_logo *l)
{
    jpeg_mem_src(jpeg, bytes, (unsigned long)len);
    jpeg_read_header(jpeg, TRUE);
    enum qr_decoded d = make_room(l, jpeg->image_width, jpeg->image_height);
    if (d != QR_DECODED)
        return d;
    bool ink = jpeg->num_components == 4;
    jpeg->out_color_space = ink ? JCS_CMYK : JCS_EXT_BGRA;
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = (JSAMPROW)(l->argb + (size_t)jpeg->output_scanline * (size_t)l->width);
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    if (ink)
        from_ink(l, jpeg->saw_Adobe_marker);
    /* What was filled up with grey because the file is cut off is no logo. */
    return jpeg->err->num_warnings == 0 ? QR_DECODED : QR_DECODE_DAMAGED;
}

static enum qr_decoded decode_jpeg(const uint8_t *bytes, size_t len, struct qr_logo *l)
{
    static struct jpeg_decompress_struct jpeg; /* static: it stands on both sides of a longjmp */
    static struct jpeg_error_mgr errors;
    static jmp_buf out;
    enum qr_decoded d;
    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = on_error;
    errors.output_message = on_message;
    jpeg_create_decompress(&jpeg);
    jpeg.client_data = &out;
    if (setjmp(out) == 0)
        d = read_jpeg(&jpeg, bytes, len, l);
    else
        d = QR_DECODE_DAMAGED;
    jpeg_destroy_decompress(&jpeg);
    return d;
}

/* Each pixel the mean of four; with premultiplied colours that is right at edges too. */
static void halve(struct qr_logo *l)
{
    int width = l->width / 2, height = l->height / 2;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            const uint32_t *upper = l->argb + (size_t)2 * (size_t)y * (size_t)l->width + 2 * x,
                           *lower = upper + l->width;
            uint32_t mean = 0;
            for (int shift = 0; shift < 32; shift += 8) {
                uint32_t sum = (upper[0] >> shift & 255) + (upper[1] >> shift & 255) + (lower[0] >> shift & 255) +
                               (lower[1] >> shift & 255);
                mean |= (sum + 2) / 4 << shift;
            }
            l->argb[(size_t)y * (size_t)width + (size_t)x] = mean;
        }
    }
    l->width = width;
    l->height = height;
}

enum qr_decoded decode_logo(const uint8_t *bytes, size_t len, struct qr_logo *ret)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, jpeg[] = {0xff, 0xd8, 0xff};
    enum qr_decoded d = QR_DECODE_NO_IMAGE;
    if (len >= sizeof(png) && memcmp(bytes, png, sizeof(png)) == 0)
        d = decode_png(bytes, len, ret);
    else if (len >= sizeof(jpeg) && memcmp(bytes, jpeg, sizeof(jpeg)) == 0)
        d = decode_jpeg(bytes, len, ret);
    if (d != QR_DECODED)
        return d;
    premultiply(ret);
    while (ret->width > QR_LOGO_SIDE || ret->height > QR_LOGO_SIDE)
        halve(ret);
    return ret->width > 0 && ret->height > 0 ? QR_DECODED : QR_DECODE_NO_CODE;
}
