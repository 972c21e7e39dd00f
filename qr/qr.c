/*
 * A symbol becomes an SVG path, PNG bytes (libpng) or terminal lines.
 *
 * Every form is deterministic: the same text and look give the same bytes, so that prints can be compared and cached.
 */
#include "qr.h"

#include <errno.h>
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A growing byte string. failed: out of memory, or a size that would overflow; what follows is dropped. */
struct bytes {
    char *at;
    size_t len, cap;
    bool failed;
};

static void bytes_add(struct bytes *b, const void *from, size_t len)
{
    if (b->failed || len > SIZE_MAX / 4 - b->len) {
        b->failed = true;
        return;
    }
    if (b->len + len + 1 > b->cap) {
        size_t cap = (b->len + len + 1) * 2;
        char *at = realloc(b->at, cap);
        if (!at) {
            b->failed = true;
            return;
        }
        b->at = at;
        b->cap = cap;
    }
    memcpy(b->at + b->len, from, len);
    b->len += len;
    b->at[b->len] = '\0';
}

static void bytes_text(struct bytes *b, const char *text)
{
    bytes_add(b, text, strlen(text));
}

static void bytes_format(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void bytes_format(struct bytes *b, const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line)
        b->failed = true;
    else
        bytes_add(b, line, (size_t)n);
}

/* A letter and a number: a path is hundreds of these, and printf would take half as long as encoding the symbol. */
static void bytes_number(struct bytes *b, char letter, int number)
{
    char text[16], *at = text + sizeof text;
    unsigned left = number < 0 ? 0U - (unsigned)number : (unsigned)number;
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        *--at = '-';
    *--at = letter;
    bytes_add(b, at, (size_t)(text + sizeof text - at));
}

static char *bytes_take(struct bytes *b, size_t *len)
{
    if (b->failed) {
        free(b->at);
        return NULL;
    }
    *len = b->len;
    return b->at;
}

static bool symbol_dark(const struct qr_symbol *s, int x, int y)
{
    return x >= 0 && y >= 0 && x < s->size && y < s->size && s->modules[(size_t)y * (size_t)s->size + (size_t)x];
}

static bool margin_valid(int margin)
{
    return margin >= QR_QUIET && margin <= QR_QUIET_MAX;
}

/* A length in mm with at most two decimals, whatever the locale's decimal sign is. */
static void svg_add_mm(struct bytes *b, double mm)
{
    long hundredths = lround(mm * 100);

    bytes_format(b, "%ld", hundredths / 100);
    if (hundredths % 10)
        bytes_format(b, ".%02ld", hundredths % 100);
    else if (hundredths % 100)
        bytes_format(b, ".%ld", hundredths % 100 / 10);
    bytes_text(b, "mm");
}

struct svg_pen {
    struct bytes *b;
    int margin, x, y; /* where it stands */
    bool begun;
};

/* Loops are closed by the edge from their last corner to the first. */
static void svg_corner(void *ctx, const struct qr_corner *c)
{
    struct svg_pen *p = ctx;
    if (c->begins) {
        bytes_text(p->b, p->begun ? "z" : "");
        bytes_number(p->b, 'M', c->x + p->margin);
        bytes_number(p->b, ' ', c->y + p->margin);
    } else if (c->x != p->x) {
        bytes_number(p->b, 'h', c->x - p->x);
    } else {
        bytes_number(p->b, 'v', c->y - p->y);
    }
    p->x = c->x;
    p->y = c->y;
    p->begun = true;
}

char *qr_to_svg(const struct qr_symbol *s, const struct qr_look *look, double mm, size_t *len)
{
    if (!margin_valid(look->margin) || !(mm >= 1 && mm <= QR_MM_MAX))
        return NULL;
    struct bytes b = {0};
    int side = s->size + 2 * look->margin;

    bytes_text(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
    svg_add_mm(&b, mm);
    bytes_text(&b, "\" height=\"");
    svg_add_mm(&b, mm);
    bytes_format(&b, "\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">", side, side);
    bytes_format(&b, "<path fill=\"#%06x\" d=\"M0 0h%dv%dH0z\"/>", (unsigned)look->light & 0xffffff, side, side);
    bytes_format(&b, "<path fill=\"#%06x\" d=\"", (unsigned)look->dark & 0xffffff);
    struct svg_pen pen = {.b = &b, .margin = look->margin};
    qr_outline_walk(s, (struct qr_clearing){0, 0, 0, 0}, svg_corner, &pen);
    if (pen.begun)
        bytes_text(&b, "z");
    bytes_text(&b, "\"/></svg>\n");
    return bytes_take(&b, len);
}

/* What stands on both sides of libpng's longjmp lives in here, behind a pointer that never changes. */
struct png_work {
    png_structp png;
    png_infop info;
    png_color palette[2];
    struct bytes out;
    uint8_t *row;
    size_t row_len;
    int px, scale, offset;
    const struct qr_symbol *symbol;
};

static void png_work_write(png_structp png, png_bytep from, size_t len)
{
    struct png_work *w = png_get_io_ptr(png);

    bytes_add(&w->out, from, len);
    if (w->out.failed)
        png_error(png, "out of memory");
}

static void png_work_flush(png_structp png)
{
    (void)png;
}

static void png_work_error(png_structp png, png_const_charp message)
{
    (void)message;
    png_longjmp(png, 1);
}

static void png_work_warn(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static png_color png_colour(uint32_t rgb)
{
    return (png_color){(png_byte)(rgb >> 16 & 0xff), (png_byte)(rgb >> 8 & 0xff), (png_byte)(rgb & 0xff)};
}

/* Row `y` of pixels: palette entry 0 is light, 1 dark. */
static void png_work_fill_row(struct png_work *w, int y)
{
    int module_y = y < w->offset ? -1 : (y - w->offset) / w->scale;

    memset(w->row, 0, w->row_len);
    for (int x = 0; x < w->symbol->size; x++) {
        if (!symbol_dark(w->symbol, x, module_y))
            continue;
        for (int i = w->offset + x * w->scale, end = i + w->scale; i < end; i++)
            w->row[i / 8] = (uint8_t)(w->row[i / 8] | 0x80 >> (i % 8));
    }
}

static bool png_work_run(struct png_work *w)
{
    if (setjmp(png_jmpbuf(w->png)))
        return false;
    png_set_write_fn(w->png, w, png_work_write, png_work_flush);
    png_set_compression_level(w->png, 9);
    png_set_filter(w->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_set_IHDR(w->png, w->info, (png_uint_32)w->px, (png_uint_32)w->px, 1, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_PLTE(w->png, w->info, w->palette, 2);
    png_write_info(w->png, w->info);
    for (int y = 0; y < w->px; y++) {
        png_work_fill_row(w, y);
        png_write_row(w->png, w->row);
    }
    png_write_end(w->png, NULL);
    return true;
}

uint8_t *qr_to_png(const struct qr_symbol *s, const struct qr_look *look, int px, size_t *len)
{
    if (!margin_valid(look->margin) || px > QR_PX_MAX || px < s->size + 2 * look->margin)
        return NULL;
    struct png_work w = {.px = px, .scale = px / (s->size + 2 * look->margin), .symbol = s};
    w.offset = (px - s->size * w.scale) / 2;
    w.palette[0] = png_colour(look->light);
    w.palette[1] = png_colour(look->dark);
    w.row_len = (size_t)px / 8 + 1;
    w.row = malloc(w.row_len);
    w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, png_work_error, png_work_warn);
    w.info = w.png ? png_create_info_struct(w.png) : NULL;
    if (!w.row || !w.info || !png_work_run(&w))
        w.out.failed = true;
    png_destroy_write_struct(&w.png, &w.info);
    free(w.row);
    return (uint8_t *)bytes_take(&w.out, len);
}

char *qr_to_terminal(const struct qr_symbol *s, bool colour, size_t *len)
{
    /* Indexed by upper dark * 2 + lower dark. With colour, dark is the foreground; without, light is, for most
     * terminals are dark. Black and white come from the 256-colour cube, which themes leave alone. */
    static const char *const dark_ink[] = {" ", "▄", "▀", "█"};
    static const char *const light_ink[] = {"█", "▀", "▄", " "};
    const char *const *ink = colour ? dark_ink : light_ink;
    struct bytes b = {0};

    for (int y = -QR_QUIET; y < s->size + QR_QUIET; y += 2) {
        if (colour)
            bytes_text(&b, "\x1b[38;5;16;48;5;231m");
        for (int x = -QR_QUIET; x < s->size + QR_QUIET; x++)
            bytes_text(&b, ink[symbol_dark(s, x, y) * 2 + symbol_dark(s, x, y + 1)]);
        bytes_text(&b, colour ? "\x1b[0m\n" : "\n");
    }
    return bytes_take(&b, len);
}
