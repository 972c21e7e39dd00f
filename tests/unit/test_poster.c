/*
 * Posters and sheets: what is drawn where, what is refused, and how it looks (golden images, tests/golden).
 * HUOMA_GOLDEN=renew writes the images instead of comparing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <pango/pango-layout.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "distance.h"
#include "logo.h"
#include "plan_private.h"
#include "sheet.h"

static struct qr_type *type;
static uint32_t logo_pixels[64 * 40];
static const struct qr_logo LOGO = {.width = 64, .height = 40, .argb = logo_pixels};

static const struct qr_poster POSTER = {.colour = 0x07A35A,
                                        .ecc = QR_ECC_M,
                                        .code = "https://q.example.com/spring-run",
                                        .link = "q.example.com/spring-run",
                                        .title = "春季跑步群"};
static const char LONG_ZH[] = "城市更新志愿者春季招募与社区共建交流";
static const char LONG_EN[] = "Neighbourhood volunteers of spring";

static struct qr_plan *planned(const struct qr_poster *p)
{
    struct qr_refusal why;
    struct qr_plan *plan = qr_poster_plan(type, p, &why);

    if (!plan)
        fail_msg("%s: %s: %s", qr_template_name(p->template), why.field, why.reason);
    return plan;
}

static void refused(const struct qr_poster *p, const char *field, const char *reason)
{
    struct qr_refusal why;
    struct qr_plan *plan = qr_poster_plan(type, p, &why);

    if (plan)
        fail_msg("not refused, though %s", reason);
    assert_string_equal(why.field, field);
    if (!strstr(why.reason, reason))
        fail_msg("\"%s\" does not say \"%s\"", why.reason, reason);
}

/* Every paper of every template in two (languages), four (with logo and label) or eight ways (with long texts). */
static void everywhere(int ways, void (*check)(const struct qr_plan *plan))
{
    for (int k = 0; k < QR_TEMPLATES; k++) {
        for (int i = 0; i < PAPERS_MAX && qr_templates[k].papers[i].name; i++) {
            for (int way = 0; way < ways; way++) {
                struct qr_poster p = POSTER;
                p.template = (enum qr_template)k;
                p.paper = qr_templates[k].papers[i].name;
                p.language = way & 1 ? QR_EN : QR_ZH;
                p.logo = way & 2 ? &LOGO : NULL;
                p.label = way & 2 ? "南门店" : NULL;
                if (way & 4 && k != QR_STICKER) {
                    p.title = way & 1 ? LONG_EN : LONG_ZH;
                    p.subtitle = way & 1 ? "Every Saturday at seven, south gate" : "每周六早上七点，奥森南门集合";
                }
                struct qr_plan *plan = planned(&p);
                check(plan);
                qr_plan_free(plan);
            }
        }
    }
}

static void inside(const struct qr_plan *plan, const struct qr_mark *m)
{
    double margin = plan->width * (plan->template->round ? 0 : 0.08) - 0.01;
    double left = m->x + (m->width - m->words.width) / 2;

    if (m->words.align == QR_LEFT)
        left = m->x;
    else if (m->words.align == QR_RIGHT)
        left = m->x + m->width - m->words.width;
    if (left < margin || left + m->words.width > plan->width - margin || m->y < 0 ||
        m->y + m->height > plan->height - margin / 2)
        fail_msg("%s on %s: a text at %g, %g of %g x %g", plan->template->name, plan->paper->name, left, m->y,
                 m->words.width, m->height);
    for (double x = left; plan->template->round && x <= left + m->words.width; x += m->words.width)
        for (double y = m->y; y <= m->y + m->height; y += m->height)
            assert_true(hypot(x - plan->width / 2, y - plan->height / 2) < plan->width / 2);
}

/* texts stand inside the margins, and apart from the code and from each other */
static void apart(const struct qr_plan *plan)
{
    for (int i = 0; i < plan->count; i++) {
        const struct qr_mark *a = &plan->marks[i];
        if (a->kind != QR_MARK_WORDS || !a->words.layout)
            continue;
        inside(plan, a);
        assert_int_equal(pango_layout_get_line_count(a->words.layout), a->words.lines);
        for (int j = 0; j < plan->count; j++) {
            const struct qr_mark *b = &plan->marks[j];
            if (j == i || (b->kind != QR_MARK_CODE && b->kind != QR_MARK_LOGO && !b->words.layout))
                continue;
            double gap_y = fmax(a->y, b->y) - fmin(a->y + a->height, b->y + b->height);
            double gap_x = fmax(a->x, b->x) - fmin(a->x + a->width, b->x + b->width);
            if (gap_x < -0.01 && gap_y < -0.01)
                fail_msg("%s on %s: two things overlap at %g, %g", plan->template->name, plan->paper->name, a->x, a->y);
        }
    }
}

static void nothing_overlaps_or_leaves_its_margins(void **state)
{
    (void)state;
    everywhere(8, apart);
}

/* Words of several scripts, as many as come; with line feeds and bars. */
static const char *random_text(char *out, size_t size, unsigned *seed, const char *between)
{
    static const char *const WORDS[] = {"春",      "季跑步", "群，",       "周末",  "《书》", "a",
                                        "Running", "club",   "Überstraße", "10:30", "社区",   "·",
                                        "共建",    "W",      "iiii",       "。",    "①",      "（南）"};
    int n = rand_r(seed) % 12;
    size_t at = 0;

    out[0] = '\0';
    for (int i = 0; i < n && at < size; i++) {
        const char *gap = i && rand_r(seed) % 4 == 0 ? between : i && rand_r(seed) % 3 == 0 ? " " : "";
        at += (size_t)snprintf(out + at, size - at, "%s%s", gap,
                               WORDS[(size_t)rand_r(seed) % (sizeof WORDS / sizeof *WORDS)]);
    }
    return out;
}

enum { RANDOM_POSTERS = 36 }; /* that are made: about two of three are refused */

static void whatever_is_written_stays_in_its_place_or_is_refused(void **state)
{
    const char *given = getenv("HUOMA_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL), first = seed;
    int made = 0;

    (void)state;
    print_message("seed %u\n", first);
    for (int i = 0; made < RANDOM_POSTERS; i++) {
        char text[4][512];
        struct qr_poster p = POSTER;
        struct qr_refusal why;
        p.template = (enum qr_template)(i % QR_TEMPLATES);
        p.language = rand_r(&seed) % 2 ? QR_EN : QR_ZH;
        p.logo = rand_r(&seed) % 2 ? &LOGO : NULL;
        p.title = random_text(text[0], sizeof text[0], &seed, "\n");
        p.subtitle = random_text(text[1], sizeof text[1], &seed, "\n");
        p.steps = random_text(text[2], sizeof text[2], &seed, "|");
        p.label = random_text(text[3], sizeof text[3], &seed, "-");
        struct qr_plan *plan = qr_poster_plan(type, &p, &why);
        if (plan) {
            apart(plan);
            made++;
        }
        qr_plan_free(plan);
        assert_true(i < 100 * RANDOM_POSTERS);
    }
}

static void largest(const struct qr_plan *plan)
{
    struct qr_spot spot = qr_plan_spot(plan);

    assert_true(spot.side >= 0.5 * plan->width);
    assert_true(spot.module >= qr_module_min);
    assert_true(fabs(spot.module * (spot.modules + 8) - spot.side) < 1e-6);
    assert_true(fabs(spot.x + spot.side / 2 - plan->width / 2) < 0.11);
    for (int i = 0; i < plan->count; i++) {
        const struct qr_mark *m = &plan->marks[i];
        assert_true(m->kind != QR_MARK_WORDS || m->words.height < spot.side);
    }
}

static void the_code_is_the_largest_thing_and_in_the_middle(void **state)
{
    (void)state;
    everywhere(2, largest);
}

static void title_size(const struct qr_plan *plan)
{
    double em = 0;

    for (int i = 0; i < plan->count; i++)
        em = fmax(em, plan->marks[i].words.layout ? plan->marks[i].words.size : 0);
    if (em < qr_plan_reach(plan) / 150 - 1e-6)
        fail_msg("%s on %s: a title of %g mm, read from %g", plan->template->name, plan->paper->name, em,
                 qr_plan_reach(plan));
}

static void the_title_is_read_from_as_far_as_the_code(void **state)
{
    (void)state;
    everywhere(2, title_size);
}

static cairo_surface_t *rendered(const struct qr_plan *plan, double px_per_mm)
{
    double width, height;

    qr_plan_page(plan, &width, &height);
    cairo_surface_t *s =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)lround(width * px_per_mm), (int)lround(height * px_per_mm));
    cairo_t *cr = cairo_create(s);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_scale(cr, px_per_mm, px_per_mm);
    qr_plan_draw(plan, cr);
    cairo_destroy(cr);
    cairo_surface_flush(s);
    return s;
}

static uint32_t pixel(cairo_surface_t *s, int x, int y)
{
    const unsigned char *row = cairo_image_surface_get_data(s) + (ptrdiff_t)y * cairo_image_surface_get_stride(s);
    uint32_t argb;

    memcpy(&argb, row + 4 * (size_t)x, 4);
    return argb & 0xFFFFFF;
}

static void measure(const struct qr_plan *plan)
{
    struct qr_spot spot = qr_plan_spot(plan);
    double k = 5 / spot.module, zone = 4 * spot.module;
    cairo_surface_t *s = rendered(plan, k);

    for (double y = spot.y + 0.4 * spot.module; y < spot.y + spot.side - 0.4 * spot.module; y += spot.module / 3) {
        for (double x = spot.x + 0.4 * spot.module; x < spot.x + spot.side - 0.4 * spot.module; x += spot.module / 3) {
            bool in = x > spot.x + zone - spot.module / 2 && x < spot.x + spot.side - zone + spot.module / 2 &&
                      y > spot.y + zone - spot.module / 2 && y < spot.y + spot.side - zone + spot.module / 2;
            if (!in && pixel(s, (int)(x * k), (int)(y * k)) != 0xFFFFFF)
                fail_msg("%s on %s: the quiet zone is not white at %g, %g", plan->template->name, plan->paper->name, x,
                         y);
        }
    }
    for (int i = 0; i < 4 * spot.modules * spot.modules; i++) { /* at four places of each module */
        int module = i / 4, column = module % spot.modules, row = module / spot.modules;
        double x = spot.x + zone + (column + (i & 1 ? 0.3 : 0.7)) * spot.module;
        double y = spot.y + zone + (row + (i & 2 ? 0.3 : 0.7)) * spot.module;
        assert_int_equal(pixel(s, (int)(x * k), (int)(y * k)) == 0, plan->symbol.modules[module]);
    }
    cairo_surface_destroy(s);
}

static void modules_are_where_they_should_be_and_four_around_are_white(void **state)
{
    (void)state;
    for (int k = 0; k < QR_TEMPLATES; k++) {
        struct qr_poster p = POSTER;
        p.template = (enum qr_template)k;
        p.colour = 0x000000;
        p.bleed = k & 1;
        p.marks = k & 2;
        struct qr_plan *plan = planned(&p);
        measure(plan);
        qr_plan_free(plan);
    }
}

static void the_code_stands_still_whatever_the_texts_are(void **state)
{
    struct qr_poster p = POSTER;

    (void)state;
    struct qr_plan *a = planned(&p);
    p.title = LONG_ZH;
    p.subtitle = "每周六";
    p.label = "南门店";
    p.logo = &LOGO;
    p.steps = "";
    struct qr_plan *b = planned(&p);
    struct qr_spot x = qr_plan_spot(a), y = qr_plan_spot(b);
    assert_true(x.x == y.x && x.y == y.y && x.side == y.side);
    qr_plan_free(a);
    qr_plan_free(b);
}

static void bleed_and_marks_widen_the_page(void **state)
{
    struct qr_poster p = POSTER;
    double width, height;

    (void)state;
    p.bleed = true;
    struct qr_plan *plan = planned(&p);
    qr_plan_page(plan, &width, &height);
    assert_true(width == 216 && height == 303);
    cairo_surface_t *s = rendered(plan, 1);
    assert_int_equal(pixel(s, 0, 0), 0x07A35A);
    cairo_surface_destroy(s);
    qr_plan_free(plan);
    p.marks = true;
    plan = planned(&p);
    qr_plan_page(plan, &width, &height);
    assert_true(width == 230 && height == 317);
    s = rendered(plan, 10);
    assert_int_equal(pixel(s, 60, 60), 0xFFFFFF);
    assert_int_not_equal(pixel(s, 100, 40), 0xFFFFFF); /* the cut's left edge, above */
    assert_int_equal(pixel(s, 75, 75), 0x07A35A);
    cairo_surface_destroy(s);
    qr_plan_free(plan);
}

static void a_distance_chooses_the_paper_or_says_what_would_do(void **state)
{
    struct qr_poster p = POSTER;

    (void)state;
    p.distance = 1000;
    struct qr_plan *plan = planned(&p);
    assert_string_equal(qr_plan_paper(plan), "a4");
    qr_plan_free(plan);
    p.distance = 1500;
    plan = planned(&p);
    assert_string_equal(qr_plan_paper(plan), "a3");
    assert_true(qr_plan_reach(plan) >= 1500);
    qr_plan_free(plan);
    p.paper = "a4";
    refused(&p, "distance", "good for 1.2 m: paper=a3 would do");
    p.distance = 4000;
    refused(&p, "distance", "template=banner, paper=800x2000 would do");
    p.distance = 40000;
    refused(&p, "distance", "no template scans from farther than");
}

static void what_does_not_fit_is_refused_with_its_field(void **state)
{
    struct qr_poster p = POSTER;
    char code[1200];

    (void)state;
    p.paper = "a0";
    refused(&p, "paper", "a4, a5, letter, a3, a2");
    p = POSTER;
    p.title = "城市更新志愿者春季招募与社区共建交流群城市更新志愿者春季招募与社区共建交流群城市更新志愿者";
    refused(&p, "title", "at most about 36 characters");
    p = POSTER;
    p.subtitle = "\xF0\x9F\x8F\x83";
    refused(&p, "subtitle", "U+1F3C3");
    p = POSTER;
    p.steps = "一|二|三|四|五";
    refused(&p, "steps", "at most 4");
    p.steps = "一||二";
    refused(&p, "steps", "1 to 40 characters");
    p.steps = "第一步要做的事情很多很多很多很多很多很多很多很多很多很多很多很多|二|三|四";
    refused(&p, "steps", "too long");
    p = POSTER;
    p.label = "a\nb";
    refused(&p, "label", "U+000A");
    memset(code, 'a', sizeof code - 1);
    code[sizeof code - 1] = '\0';
    p = POSTER;
    p.code = code;
    p.template = QR_STICKER;
    refused(&p, "paper", "under 0.4 mm");
}

static void steps_are_of_one_size(void **state)
{
    struct qr_poster p = POSTER;

    (void)state;
    p.steps = "Scan with your camera|Tap the link that appears|Go";
    for (int k = 0; k < QR_TEMPLATES; k++) {
        double size = 0;
        if (k == QR_STICKER) /* has one step */
            continue;
        p.template = (enum qr_template)k;
        struct qr_plan *plan = planned(&p);
        for (int i = 1; i < plan->count; i++) {
            const struct qr_mark *m = &plan->marks[i];
            if (!m->words.layout || m[-1].kind == QR_MARK_DISC || m->y < plan->spot.y + plan->spot.side ||
                m->y + m->height > plan->height * plan->template->list + 0.01)
                continue;
            assert_true(size == 0 || fabs(m->words.size / size - 1) < 0.002);
            size = m->words.size;
        }
        assert_true(size > 0);
        qr_plan_free(plan);
    }
}

static void a_sticker_keeps_its_logo_inside_the_code(void **state)
{
    struct qr_poster p = POSTER;

    (void)state;
    p.template = QR_STICKER;
    p.ecc = QR_ECC_L;
    struct qr_plan *plan = planned(&p);
    assert_int_equal(plan->symbol.size, 25);
    qr_plan_free(plan);
    p.logo = &LOGO;
    plan = planned(&p);
    assert_ptr_equal(plan->look.logo, &LOGO);
    assert_int_equal(plan->symbol.size, 33); /* level H */
    qr_plan_free(plan);
}

static void moments_are_whole_pixels(void **state)
{
    struct qr_poster p = POSTER;
    double width, height;

    (void)state;
    p.template = QR_MOMENTS;
    struct qr_plan *plan = planned(&p);
    struct qr_spot spot = qr_plan_spot(plan);
    double k = qr_plan_px_per_mm(plan), module = spot.module * k, left = spot.x * k, top = spot.y * k;
    qr_plan_page(plan, &width, &height);
    assert_true(width * k == 1080 && height * k == 1920);
    assert_true(fabs(module - round(module)) < 1e-6);
    assert_true(fabs(left - round(left)) < 1e-6 && fabs(top - round(top)) < 1e-6);
    qr_plan_free(plan);
}

static void white_or_black_reads_on_every_colour(void **state)
{
    static const uint32_t COLOURS[][2] = {{0x07A35A, 0xFFFFFF}, {0x1A237E, 0xFFFFFF}, {0xC62F2F, 0xFFFFFF},
                                          {0xF5C518, 0},        {0xFFFFFF, 0},        {0x000000, 0xFFFFFF}};
    struct qr_poster p = POSTER;

    (void)state;
    for (size_t i = 0; i < sizeof COLOURS / sizeof *COLOURS; i++) {
        p.colour = COLOURS[i][0];
        struct qr_plan *plan = planned(&p);
        for (int j = 0; j < plan->count; j++)
            if (plan->marks[j].words.layout && plan->marks[j].y < plan->height * 0.2)
                assert_int_equal(plan->marks[j].colour, COLOURS[i][1]);
        qr_plan_free(plan);
    }
}

static struct qr_sheet *sheet(struct qr_poster p, enum qr_template template, enum qr_layout layout, const char *paper)
{
    struct qr_refusal why;

    p.template = template;
    struct qr_sheet *s = qr_sheet_new(type, &p, layout, paper, &why);
    if (!s)
        fail_msg("%s: %s", why.field, why.reason);
    return s;
}

static void a_grid_holds_what_fits(void **state)
{
    static const struct {
        enum qr_template template;
        const char *own, *paper;
        int cells;
    } ROWS[] = {{QR_STICKER, NULL, NULL, 12}, {QR_STICKER, "40mm", "a4", 24}, {QR_STICKER, "100mm", "letter", 2},
                {QR_STICKER, NULL, "a3", 24}, {QR_CARD, NULL, "a4", 2},       {QR_CARD, NULL, "a3", 4}};

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct qr_poster p = POSTER;
        p.paper = ROWS[i].own;
        struct qr_sheet *s = sheet(p, ROWS[i].template, QR_GRID, ROWS[i].paper);
        if (qr_sheet_cells(s) != ROWS[i].cells)
            fail_msg("row %zu: %d cells", i, qr_sheet_cells(s));
        qr_sheet_free(s);
    }
}

static void a_grid_that_holds_nothing_is_refused(void **state)
{
    struct qr_poster p = POSTER;
    struct qr_refusal why;

    (void)state;
    assert_null(qr_sheet_new(type, &p, QR_GRID, NULL, &why));
    assert_string_equal(why.field, "layout");
    p.template = QR_STICKER;
    assert_null(qr_sheet_new(type, &p, QR_GRID, "a9", &why));
    assert_string_equal(why.field, "sheet_paper");
}

static void pages_hold_one_each(void **state)
{
    struct qr_sheet *s = sheet(POSTER, QR_POSTER, QR_PAGES, NULL);
    struct qr_refusal why;
    double width, height;

    (void)state;
    assert_int_equal(qr_sheet_cells(s), 1);
    qr_sheet_page(s, &width, &height);
    assert_true(width == 210 && height == 297);
    struct qr_plan *plan = qr_sheet_plan(s, "https://q.example.com/spring-run?c=1", NULL, "一号店", &why);
    assert_non_null(plan);
    qr_plan_free(plan);
    assert_null(qr_sheet_plan(s, "https://q.example.com/spring-run?c=1", NULL, "\xE2\x80\xAE", &why));
    assert_string_equal(why.field, "label");
    qr_sheet_free(s);
}

/* Golden images: 150 px wide, grey. */
enum { GOLDEN_WIDTH = 150 };
static const double GOLDEN_MEAN = 1.5;  /* of 255: how far the average pixel may be off */
static const double GOLDEN_SHARE = .01; /* of the pixels may be off by more than GOLDEN_OFF */
enum { GOLDEN_OFF = 64 };

static int grey(uint32_t rgb)
{
    return (int)((rgb >> 16 & 0xFF) * 30 + (rgb >> 8 & 0xFF) * 59 + (rgb & 0xFF) * 11) / 100;
}

static void compare(const char *name, cairo_surface_t *got)
{
    char path[512];
    int width = cairo_image_surface_get_width(got), height = cairo_image_surface_get_height(got), off = 0;
    long sum = 0;

    snprintf(path, sizeof path, "%s/%s.png", HUOMA_GOLDEN_DIR, name);
    if (getenv("HUOMA_GOLDEN")) {
        assert_int_equal(cairo_surface_write_to_png(got, path), CAIRO_STATUS_SUCCESS);
        return;
    }
    cairo_surface_t *golden = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(golden), CAIRO_STATUS_SUCCESS);
    assert_int_equal(cairo_image_surface_get_width(golden), width);
    assert_int_equal(cairo_image_surface_get_height(golden), height);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int d = abs(grey(pixel(got, x, y)) - grey(pixel(golden, x, y)));
            sum += d;
            off += d > GOLDEN_OFF;
        }
    }
    cairo_surface_destroy(golden);
    double mean = (double)sum / width / height, share = (double)off / width / height;
    if (mean > GOLDEN_MEAN || share > GOLDEN_SHARE) {
        snprintf(path, sizeof path, "%s.png", name);
        cairo_surface_write_to_png(got, path);
        fail_msg("%s looks otherwise: off by %.2f of 255, %.1f%% of it by much; see %s", name, mean, share * 100, path);
    }
}

static void all_templates_look_as_they_did(void **state)
{
    static const uint32_t COLOURS[] = {0x07A35A, 0xF5C518, 0x1A237E};
    char name[64];

    (void)state;
    for (int i = 0; i < 2 * QR_TEMPLATES; i++) {
        struct qr_poster p = POSTER;
        p.template = (enum qr_template)(i / 2);
        p.language = i % 2 ? QR_EN : QR_ZH;
        p.colour = COLOURS[i % 3];
        p.logo = i % 2 ? &LOGO : NULL;
        p.title = i % 2 ? "Running club" : "春季跑步群";
        p.subtitle = i % 2 ? NULL : "每周六早上七点，奥森南门集合";
        p.label = "南门店";
        struct qr_plan *plan = planned(&p);
        cairo_surface_t *s = rendered(plan, GOLDEN_WIDTH / plan->width);
        snprintf(name, sizeof name, "%s-%s", qr_template_name(p.template), i % 2 ? "en" : "zh");
        compare(name, s);
        cairo_surface_destroy(s);
        qr_plan_free(plan);
    }
}

static void a_sheet_looks_as_it_did(void **state)
{
    struct qr_sheet *s = sheet(POSTER, QR_STICKER, QR_GRID, NULL);
    cairo_surface_t *page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 300, 424);
    cairo_t *cr = cairo_create(page);

    (void)state;
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_scale(cr, 300 / 210.0, 300 / 210.0);
    for (int i = 0; i < 8; i++) {
        struct qr_refusal why;
        char label[24];
        snprintf(label, sizeof label, "%d 号店", i + 1);
        struct qr_plan *plan = qr_sheet_plan(s, POSTER.code, NULL, label, &why);
        assert_non_null(plan);
        qr_sheet_place(s, i, plan, cr);
        qr_plan_free(plan);
    }
    cairo_destroy(cr);
    compare("sheet", page);
    cairo_surface_destroy(page);
    qr_sheet_free(s);
}

static int begin(void **state)
{
    char error[128];

    (void)state;
    for (int i = 0; i < 64 * 40; i++)
        logo_pixels[i] = (i % 64 - 32) * (i % 64 - 32) + 3 * (i / 64 - 20) * (i / 64 - 20) < 1000 ? 0xFFC62F2F : 0;
    type = qr_type_new(error, sizeof error);
    if (!type)
        print_error("%s\n", error);
    return type ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    qr_type_free(type);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_overlaps_or_leaves_its_margins),
        cmocka_unit_test(whatever_is_written_stays_in_its_place_or_is_refused),
        cmocka_unit_test(the_code_is_the_largest_thing_and_in_the_middle),
        cmocka_unit_test(the_title_is_read_from_as_far_as_the_code),
        cmocka_unit_test(modules_are_where_they_should_be_and_four_around_are_white),
        cmocka_unit_test(the_code_stands_still_whatever_the_texts_are),
        cmocka_unit_test(bleed_and_marks_widen_the_page),
        cmocka_unit_test(a_distance_chooses_the_paper_or_says_what_would_do),
        cmocka_unit_test(what_does_not_fit_is_refused_with_its_field),
        cmocka_unit_test(steps_are_of_one_size),
        cmocka_unit_test(a_sticker_keeps_its_logo_inside_the_code),
        cmocka_unit_test(moments_are_whole_pixels),
        cmocka_unit_test(white_or_black_reads_on_every_colour),
        cmocka_unit_test(a_grid_holds_what_fits),
        cmocka_unit_test(a_grid_that_holds_nothing_is_refused),
        cmocka_unit_test(pages_hold_one_each),
        cmocka_unit_test(all_templates_look_as_they_did),
        cmocka_unit_test(a_sheet_looks_as_it_did),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
