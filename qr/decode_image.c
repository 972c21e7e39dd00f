/*
 * PNG and JPEG to shades of grey. Sizes are looked at in the head of the file, before anything is unpacked: a few
 * kilobytes can unpack to gigabytes.
 */
#include "decode_image.h"

#include <stdio.h> /* jpeglib.h wants it first */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

static enum qr_decoded make_room(struct decode_pixels *p, unsigned long width, unsigned long height)
{
    if (width == 0 || height == 0)
        return QR_DECODE_DAMAGED;
    if (width > QR_DECODE_SIDE_MAX || height > QR_DECODE_SIDE_MAX || width * height > QR_DECODE_PIXELS_MAX)
        return QR_DECODE_TOO_LARGE;
    p->width = (unsigned)width;
    p->height = (unsigned)height;
    p->gray = malloc(width * height);
    return p->gray ? QR_DECODED : QR_DECODE_TOO_LARGE;
}

static enum qr_decoded decode_png(const uint8_t *bytes, size_t len, struct decode_pixels *p)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    const png_color white = {255, 255, 255};
    enum qr_decoded d;

    if (!png_image_begin_read_from_memory(&image, bytes, len))
        return QR_DECODE_DAMAGED;
    d = make_room(p, image.width, image.height);
    if (d != QR_DECODED)
        return d;
    image.format = PNG_FORMAT_GRAY;
    return png_image_finish_read(&image, &white, p->gray, 0, NULL) ? QR_DECODED : QR_DECODE_DAMAGED;
}

static void on_jpeg_error(j_common_ptr jpeg)
{
    (void)jpeg;
    decode_give_up(QR_DECODE_DAMAGED);
}

static void on_jpeg_message(j_common_ptr jpeg)
{
    (void)jpeg;
}

/* A file that is cut off is filled up with grey by the library, with a warning: a code in what is there may be read. */
static enum qr_decoded decode_jpeg(const uint8_t *bytes, size_t len, struct decode_pixels *p)
{
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    enum qr_decoded d;

    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = on_jpeg_error;
    errors.output_message = on_jpeg_message;
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, bytes, (unsigned long)len);
    jpeg_read_header(&jpeg, TRUE);
    d = make_room(p, jpeg.image_width, jpeg.image_height);
    if (d != QR_DECODED)
        return d;
    jpeg.out_color_space = JCS_GRAYSCALE;
    jpeg_start_decompress(&jpeg);
    while (jpeg.output_scanline < p->height) {
        JSAMPROW row = p->gray + (size_t)jpeg.output_scanline * p->width;

        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    return QR_DECODED;
}

enum qr_decoded decode_image(const uint8_t *bytes, size_t len, struct decode_pixels *p)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, jpeg[] = {0xff, 0xd8, 0xff};

    if (len >= sizeof(png) && memcmp(bytes, png, sizeof(png)) == 0)
        return decode_png(bytes, len, p);
    if (len >= sizeof(jpeg) && memcmp(bytes, jpeg, sizeof(jpeg)) == 0)
        return decode_jpeg(bytes, len, p);
    return QR_DECODE_NO_IMAGE;
}
