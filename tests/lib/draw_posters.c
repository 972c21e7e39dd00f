/*
 * draw_posters DIR: every template on every paper as PNG and as a page of posters.pdf, a grid as sheet.pdf, for
 * decoders and pdftotext to read (tests/e2e/test_posters.py). A code says what it is drawn on.
 */
#include <cairo-pdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan_private.h"
#include "sheet.h"

static const double POINTS = 72 / 25.4;
enum { STICKERS = 14 };

static uint32_t logo_pixels[64 * 64];
static const struct qr_logo LOGO = {.width = 64, .height = 64, .argb = logo_pixels};

static struct qr_plan *must(struct qr_plan *plan, const struct qr_refusal *why)
{
    if (!plan) {
        fprintf(stderr, "%s: %s\n", why->field, why->reason);
        exit(1);
    }
    return plan;
}

/* As different from each other as may be asked for. */
static struct qr_plan *sample(struct qr_type *type, int template, int paper)
{
    static const uint32_t COLOURS[] = {0x07A35A, 0xF5C518, 0x1A237E, 0xFFFFFF, 0x000000};
    const struct template *k = &qr_templates[template];
    char code[64];
    struct qr_refusal why;
    struct qr_poster p = {.template = (enum qr_template) template,
                          .paper = k->papers[paper].name,
                          .language = paper % 2 ? QR_EN : QR_ZH,
                          .code = code,
                          .link = "q.example.com/spring-run",
                          .title = paper % 2 ? "Running club" : "春季跑步群",
                          .subtitle = "每周六早上七点",
                          .label = "南门店",
                          .colour = COLOURS[(template + paper) % 5],
                          .ecc = QR_ECC_M,
                          .rounded = paper % 2,
                          .logo = paper % 3 ? NULL : &LOGO,
                          .bleed = paper % 2,
                          .marks = paper == 2};

    snprintf(code, sizeof code, "https://q.example.com/spring-run?c=%s-%s", k->name, k->papers[paper].name);
    return must(qr_poster_plan(type, &p, &why), &why);
}

/* About four pixels a module: what a phone sees from as far as it can. */
static void png(const struct qr_plan *plan, const char *dir, const char *name, const char *paper)
{
    double width, height, k = 4 / qr_plan_spot(plan).module;
    char path[512];

    qr_plan_page(plan, &width, &height);
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * k), (int)ceil(height * k));
    cairo_t *cr = cairo_create(s);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_scale(cr, k, k);
    qr_plan_draw(plan, cr);
    snprintf(path, sizeof path, "%s/%s-%s.png", dir, name, paper);
    if (cairo_surface_write_to_png(s, path) != CAIRO_STATUS_SUCCESS)
        exit(1);
    cairo_destroy(cr);
    cairo_surface_destroy(s);
}

static void page(const struct qr_plan *plan, cairo_surface_t *pdf)
{
    double width, height;

    qr_plan_page(plan, &width, &height);
    cairo_pdf_surface_set_size(pdf, width * POINTS, height * POINTS);
    cairo_t *cr = cairo_create(pdf);
    cairo_scale(cr, POINTS, POINTS);
    qr_plan_draw(plan, cr);
    cairo_show_page(cr);
    cairo_destroy(cr);
}

static void all(struct qr_type *type, const char *dir)
{
    char path[512];

    snprintf(path, sizeof path, "%s/posters.pdf", dir);
    cairo_surface_t *pdf = cairo_pdf_surface_create(path, 1, 1);
    for (int i = 0; i < QR_TEMPLATES; i++) {
        for (int j = 0; j < PAPERS_MAX && qr_templates[i].papers[j].name; j++) {
            struct qr_plan *plan = sample(type, i, j);
            png(plan, dir, qr_templates[i].name, qr_templates[i].papers[j].name);
            page(plan, pdf);
            qr_plan_free(plan);
        }
    }
    cairo_surface_destroy(pdf);
}

static void grid(struct qr_type *type, const char *dir)
{
    struct qr_poster p = {
        .template = QR_STICKER, .colour = 0x07A35A, .title = "春季跑步群", .code = "HTTPS://Q.EXAMPLE.COM/S"};
    struct qr_refusal why;
    struct qr_sheet *sheet = qr_sheet_new(type, &p, QR_GRID, NULL, &why);
    char path[512];
    double width, height;

    if (!sheet)
        exit(1);
    qr_sheet_page(sheet, &width, &height);
    snprintf(path, sizeof path, "%s/sheet.pdf", dir);
    cairo_surface_t *pdf = cairo_pdf_surface_create(path, width * POINTS, height * POINTS);
    cairo_t *cr = cairo_create(pdf);
    cairo_scale(cr, POINTS, POINTS);
    for (int i = 0; i < STICKERS; i++) {
        char code[64], label[32];
        if (i > 0 && i % qr_sheet_cells(sheet) == 0)
            cairo_show_page(cr);
        snprintf(code, sizeof code, "https://q.example.com/spring-run?c=shop-%d", i + 1);
        snprintf(label, sizeof label, "%d 号店", i + 1);
        struct qr_plan *plan = must(qr_sheet_plan(sheet, code, NULL, label, &why), &why);
        qr_sheet_place(sheet, i, plan, cr);
        qr_plan_free(plan);
    }
    cairo_destroy(cr);
    cairo_surface_destroy(pdf);
    qr_sheet_free(sheet);
}

int main(int argc, char **argv)
{
    char error[128];
    struct qr_type *type = qr_type_new(error, sizeof error);

    if (argc != 2 || !type) {
        fprintf(stderr, "%s\n", type ? "draw_posters DIR" : error);
        return 1;
    }
    for (int i = 0; i < 64 * 64; i++)
        logo_pixels[i] = (i % 64 - 32) * (i % 64 - 32) + (i / 64 - 32) * (i / 64 - 32) < 1000 ? 0xFFC62F2F : 0;
    all(type, argv[1]);
    grid(type, argv[1]);
    qr_type_free(type);
    return 0;
}
