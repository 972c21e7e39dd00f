/*
 * What a code costs at least: libqrencode, and the bare drawing of the same image. Draws COUNT of them, and writes the
 * last one, of TEXT itself, to stdout, so that it can be compared with huoma's. The others differ in their last four
 * characters, as those of a server's requests do: a processor that sees one text again and again learns its branches.
 *
 * cc -O2 -o yard-qr bench/yardsticks/qr.c $(pkg-config --cflags --libs libqrencode libpng)
 * yard-qr png|svg TEXT PX|MM COUNT
 */
#include <png.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUIET = 4, PX_MAX = 4096 };

static void put(png_structp png, png_bytep bytes, size_t len)
{
    fwrite(bytes, 1, len, png_get_io_ptr(png));
}

static void flush(png_structp png)
{
    (void)png;
}

/* One bit a pixel, modules of whole pixels, as huoma's. */
static void draw_png(const QRcode *code, int px, FILE *out)
{
    static png_byte row[PX_MAX / 8 + 1];
    png_color palette[2] = {{255, 255, 255}, {0, 0, 0}};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    int scale = px / (code->width + 2 * QUIET), left = (px - code->width * scale) / 2;
    png_set_write_fn(png, out, put, flush);
    png_set_compression_level(png, 9);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_set_IHDR(png, info, (png_uint_32)px, (png_uint_32)px, 1, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_PLTE(png, info, palette, 2);
    png_write_info(png, info);
    for (int y = 0, last = -2; y < px; y++) {
        int line = y < left ? -1 : (y - left) / scale;
        if (line != last)
            memset(row, 0, sizeof row);
        for (int x = 0; line != last && line >= 0 && line < code->width && x < code->width * scale; x++)
            if (code->data[line * code->width + x / scale] & 1)
                row[(left + x) / 8] = (png_byte)(row[(left + x) / 8] | 0x80 >> (left + x) % 8);
        last = line;
        png_write_row(png, row);
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
}

static void draw_svg(const QRcode *code, int mm, FILE *out)
{
    int side = code->width + 2 * QUIET;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%dmm\" height=\"%dmm\" viewBox=\"0 0 %d %d\" "
            "shape-rendering=\"crispEdges\"><path fill=\"#ffffff\" d=\"M0 0h%dv%dH0z\"/><path fill=\"#000000\" d=\"",
            mm, mm, side, side, side, side);
    for (int y = 0; y < code->width; y++) {
        for (int x = 0, run; x < code->width; x += run + 1) {
            for (run = 0; x + run < code->width && code->data[y * code->width + x + run] & 1;)
                run++;
            if (run)
                fprintf(out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
        }
    }
    fputs("\"/></svg>\n", out);
}

int main(int argc, char **argv)
{
    int size = argc == 5 ? atoi(argv[3]) : 0;
    if (size < 1 || size > PX_MAX)
        return 2;
    size_t text_len = strlen(argv[2]);
    char *text = strdup(argv[2]);
    if (!text || text_len < 4)
        return 2;
    for (int left = atoi(argv[4]); left > 0; left--) {
        char *bytes = NULL;
        for (int i = 1, n = left - 1; left > 1 && i <= 4; i++, n /= 10)
            text[text_len - (size_t)i] = (char)('0' + n % 10);
        if (left == 1)
            strcpy(text, argv[2]);
        size_t len = 0;
        FILE *out = open_memstream(&bytes, &len);
        QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
        if (!out || !code)
            return 1;
        (strcmp(argv[1], "png") == 0 ? draw_png : draw_svg)(code, size, out);
        QRcode_free(code);
        fclose(out);
        if (left == 1)
            fwrite(bytes, 1, len, stdout);
        free(bytes);
    }
    free(text);
    return 0;
}
