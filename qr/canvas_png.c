/* An image surface as PNG, row by row. */
#include <errno.h>
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include "canvas_private.h"

enum { LEVEL = 6 /* of compression; flat colours gain nothing from filters or from more */ };

/* What stands on both sides of libpng's longjmp lives in here, behind a pointer that never changes. */
struct png_work {
    png_structp png;
    png_infop info;
    qr_write write;
    void *ctx;
    int failed;
    png_bytep row;
};

static void write_some(png_structp png, png_bytep bytes, size_t len)
{
    struct png_work *w = png_get_io_ptr(png);
    w->failed = w->write(w->ctx, bytes, len);
    if (w->failed)
        png_error(png, "");
}

static void flush(png_structp png)
{
    (void)png;
}

static void on_error(png_structp png, png_const_charp message)
{
    (void)message;
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

/* RGB24 of cairo: a number of 32 bits, the highest 8 unused. */
static void fill_row(png_bytep row, const unsigned char *line, int width)
{
    const uint32_t *pixel = (const void *)line;
    for (int x = 0; x < width; x++) {
        row[3 * x] = (png_byte)(pixel[x] >> 16 & 0xff);
        row[3 * x + 1] = (png_byte)(pixel[x] >> 8 & 0xff);
        row[3 * x + 2] = (png_byte)(pixel[x] & 0xff);
    }
}

static void run(struct png_work *w, cairo_surface_t *image, double px_per_mm)
{
    int width = cairo_image_surface_get_width(image), height = cairo_image_surface_get_height(image);
    int stride = cairo_image_surface_get_stride(image);
    const unsigned char *data = cairo_image_surface_get_data(image);
    if (setjmp(png_jmpbuf(w->png))) {
        w->failed = w->failed ? w->failed : -ENOMEM;
        return;
    }
    png_set_write_fn(w->png, w, write_some, flush);
    png_set_compression_level(w->png, LEVEL);
    png_set_filter(w->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_set_IHDR(w->png, w->info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (px_per_mm > 0) {
        png_uint_32 per_metre = (png_uint_32)lround(px_per_mm * 1000);
        png_set_pHYs(w->png, w->info, per_metre, per_metre, PNG_RESOLUTION_METER);
    }
    png_write_info(w->png, w->info);
    for (int y = 0; y < height; y++) {
        fill_row(w->row, data + (size_t)y * (size_t)stride, width);
        png_write_row(w->png, w->row);
    }
    png_write_end(w->png, NULL);
}

int canvas_write_png(cairo_surface_t *image, double px_per_mm, qr_write write, void *ctx)
{
    struct png_work w = {.write = write, .ctx = ctx};
    w.row = malloc((size_t)cairo_image_surface_get_width(image) * 3 + 1);
    w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    w.info = w.png ? png_create_info_struct(w.png) : NULL;
    if (w.row && w.info)
        run(&w, image, px_per_mm);
    else
        w.failed = -ENOMEM;
    png_destroy_write_struct(&w.png, &w.info);
    free(w.row);
    return w.failed;
}
