/*
 * A text becomes a symbol (libqrencode), a symbol becomes an SVG path, PNG bytes (libpng) or terminal lines.
 *
 * Every form is deterministic: the same text and look give the same bytes, so that prints can be compared and cached.
 */
#include "qr.h"

#include <errno.h>
#include <math.h>
#include <png.h>
#include <qrencode.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Contrast of WCAG 2 between dark and light below which cameras in bad light begin to fail. */
static const double CONTRAST_MIN = 4.0;

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

static char *bytes_take(struct bytes *b, size_t *len)
{
    if (b->failed) {
        free(b->at);
        return NULL;
    }
    *len = b->len;
    return b->at;
}

int qr_encode(const char *text, size_t len, enum qr_ecc ecc, struct qr_symbol *ret_symbol)
{
    static const QRecLevel levels[] = {
        [QR_ECC_L] = QR_ECLEVEL_L, [QR_ECC_M] = QR_ECLEVEL_M, [QR_ECC_Q] = QR_ECLEVEL_Q, [QR_ECC_H] = QR_ECLEVEL_H};
    if (!len || (unsigned)ecc > QR_ECC_H || memchr(text, '\0', len))
        return -EINVAL;
    if (len > QR_TEXT_MAX)
        return -E2BIG;
    char *copy = strndup(text, len);
    if (!copy)
        return -ENOMEM;
    /* QR_MODE_8 is a hint for what is left over: runs of digits and upper case get their denser modes by themselves. */
    errno = 0;
    QRcode *code = QRcode_encodeString(copy, 0, levels[ecc], QR_MODE_8, 1);
    int why = errno;
    free(copy);
    if (!code)
        return why == ERANGE ? -E2BIG : why == EINVAL ? -EINVAL : -ENOMEM;

    size_t count = (size_t)code->width * (size_t)code->width;
    uint8_t *modules = malloc(count);
    if (!modules) {
        QRcode_free(code);
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        modules[i] = code->data[i] & 1; /* the other bits say what a module is for */
    ret_symbol->size = code->width;
    ret_symbol->modules = modules;
    QRcode_free(code);
    return 0;
}

void qr_symbol_clear(struct qr_symbol *s)
{
    free(s->modules);
    *s = (struct qr_symbol){0};
}

static bool symbol_dark(const struct qr_symbol *s, int x, int y)
{
    return x >= 0 && y >= 0 && x < s->size && y < s->size && s->modules[(size_t)y * (size_t)s->size + (size_t)x];
}

/* Relative luminance, WCAG 2.2. */
static double colour_luminance(uint32_t rgb)
{
    static const double weight[] = {0.2126, 0.7152, 0.0722};
    double sum = 0;

    for (int i = 0; i < 3; i++) {
        double v = (double)((rgb >> (16 - 8 * i)) & 0xff) / 255.0;
        sum += weight[i] * (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static bool margin_valid(int margin)
{
    return margin >= QR_QUIET && margin <= QR_QUIET_MAX;
}

const char *qr_look_refused(const struct qr_look *look)
{
    if (!margin_valid(look->margin))
        return "margin must be 4 to 40 modules";
    if (look->dark > 0xffffff || look->light > 0xffffff)
        return "a colour must be 0 to ffffff";
    double dark = colour_luminance(look->dark), light = colour_luminance(look->light);
    if (dark > light)
        return "dark must be darker than light: many scanners do not read inverted codes";
    if ((light + 0.05) / (dark + 0.05) < CONTRAST_MIN)
        return "contrast between dark and light is below 4:1";
    return NULL;
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
    for (int y = 0; y < s->size; y++) {
        for (int x = 0; x < s->size; x++) {
            if (!symbol_dark(s, x, y))
                continue;
            int run = 1;
            while (symbol_dark(s, x + run, y))
                run++;
            bytes_format(&b, "M%d %dh%dv1h-%dz", x + look->margin, y + look->margin, run, run);
            x += run;
        }
    }
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

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool qr_colour_from_text(const char *text, size_t len, uint32_t *rgb)
{
    bool hash = len && text[0] == '#';
    size_t digits = len - hash;
    uint32_t value = 0;

    if (digits != 6 && !(digits == 3 && hash))
        return false;
    for (size_t i = hash; i < len; i++) {
        int d = hex_digit(text[i]);
        if (d < 0)
            return false;
        value = value << 4 | (uint32_t)d;
        if (digits == 3)
            value = value << 4 | (uint32_t)d;
    }
    *rgb = value;
    return true;
}
