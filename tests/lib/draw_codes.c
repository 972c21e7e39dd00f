/*
 * draw_codes DIR: a code of every level and shape, and at level H with a logo, in every form: NAME.svg, NAME.png,
 * NAME.eps and a page of codes.pdf, in the order of names.txt, where each has its name, its modules a side and its
 * modules as 0 and 1. For decoders and rulers (tests/e2e/test_codes.py). A code says its name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "qr.h"

static const double MM = 40;
enum { PX_PER_MODULE = 5 };

static uint32_t logo_pixels[64 * 32];
static const struct qr_logo LOGO = {.width = 64, .height = 32, .argb = logo_pixels};

struct code {
    char name[32], text[96];
    struct qr_symbol symbol;
    struct qr_look look;
};

static void must(bool good)
{
    if (!good)
        exit(1);
}

static int put(void *ctx, const void *bytes, size_t len)
{
    return fwrite(bytes, 1, len, ctx) == len ? 0 : -1;
}

static FILE *file_in(const char *dir, const char *name, const char *suffix)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix);
    FILE *f = fopen(path, "wb");
    must(f != NULL);
    return f;
}

static void draw(const struct code *c, enum qr_form form, double side, const char *dir, const char *suffix)
{
    FILE *f = file_in(dir, c->name, suffix);
    struct qr_canvas *canvas = qr_canvas_new(form, side, side, 0, NULL, put, f);
    must(canvas != NULL);
    qr_code_draw(qr_canvas_cairo(canvas), &c->symbol, &c->look, 0, 0, side);
    must(qr_canvas_end(canvas) == 0 && fclose(f) == 0);
}

/* What is squares alone is not drawn by cairo as SVG and PNG (qr.h). */
static void squares(const struct code *c, const char *dir)
{
    size_t len;
    void *svg = qr_to_svg(&c->symbol, &c->look, MM, &len);
    FILE *f = file_in(dir, c->name, ".svg");
    must(svg && put(f, svg, len) == 0 && fclose(f) == 0);
    void *png = qr_to_png(&c->symbol, &c->look, (c->symbol.size + 2 * c->look.margin) * PX_PER_MODULE, &len);
    f = file_in(dir, c->name, ".png");
    must(png && put(f, png, len) == 0 && fclose(f) == 0);
    free(svg);
    free(png);
}

static void one(struct code *c, const char *dir, FILE *names, struct qr_canvas *pdf)
{
    snprintf(c->text, sizeof c->text, "https://q.example.com/spring-run?c=%s", c->name);
    fprintf(names, "%s %d ", c->name, c->symbol.size);
    for (int i = 0; i < c->symbol.size * c->symbol.size; i++)
        fputc('0' + c->symbol.modules[i], names);
    fputc('\n', names);
    if (c->look.rounded || c->look.logo) {
        draw(c, QR_SVG, MM, dir, ".svg");
        draw(c, QR_PNG, (c->symbol.size + 2 * c->look.margin) * PX_PER_MODULE, dir, ".png");
    } else {
        squares(c, dir);
    }
    draw(c, QR_EPS, MM, dir, ".eps");
    qr_code_draw(qr_canvas_cairo(pdf), &c->symbol, &c->look, 0, 0, MM);
}

int main(int argc, char **argv)
{
    must(argc == 2);
    for (int i = 0; i < 64 * 32; i++)
        logo_pixels[i] = i / 64 % 16 < 8 ? 0xFFC62F2F : 0xFF102030;
    FILE *names = file_in(argv[1], "names", ".txt"), *file = file_in(argv[1], "codes", ".pdf");
    struct qr_canvas *pdf = qr_canvas_new(QR_PDF, MM, MM, 0, NULL, put, file);
    must(pdf != NULL);
    for (int i = 0; i < 10; i++) {
        enum qr_ecc ecc = i < 8 ? (enum qr_ecc)(i / 2) : QR_ECC_H;
        struct code c = {.look = {.margin = QR_QUIET + i % 3, .light = 0xffffff, .rounded = i % 2}};
        c.look.logo = i < 8 ? NULL : &LOGO;
        snprintf(c.name, sizeof c.name, "%c-%s%s", "LMQH"[ecc], i % 2 ? "rounded" : "square", i < 8 ? "" : "-logo");
        snprintf(c.text, sizeof c.text, "https://q.example.com/spring-run?c=%s", c.name);
        must(qr_encode(c.text, strlen(c.text), ecc, &c.symbol) == 0);
        must(i == 0 || qr_canvas_page(pdf) == 0);
        one(&c, argv[1], names, pdf);
        qr_symbol_clear(&c.symbol);
    }
    must(qr_canvas_end(pdf) == 0 && fclose(file) == 0 && fclose(names) == 0);
    return 0;
}
