/* One code, drawn by cairo: light ground, dark modules as one path, a logo in the middle. */
#include "code.h"

#include "colour.h"

#include <math.h>
#include <stdbool.h>

/* Contrast of WCAG 2 between dark and light below which cameras in bad light begin to fail. */
static const double CONTRAST_MIN = 4.0;
/* The share of the symbol's width that a logo clears, and the border around it, in modules. */
static const double LOGO_SHARE = 0.2, LOGO_BORDER = 0.25;
/* Radii in modules: of modules, and of the three loops of a finder pattern; the middle of each module keeps its tone.
 */
static const double ROUND_MODULE = 0.5, ROUND_RING = 1.5, ROUND_HOLE = 0.5, ROUND_EYE = 1;
static const double ROUND_CURVE = 0.5523; /* from an arc's end to its control point, of the radius: a quarter circle */
enum { FINDER = 7 };                      /* modules a side of a finder pattern */

const char qr_logo_needs[] = "must be H with a logo in the code, which hides a part of it: or leave the logo out";

const char *qr_look_refused(const struct qr_look *look)
{
    if (look->margin < QR_QUIET || look->margin > QR_QUIET_MAX)
        return "margin must be 4 to 40 modules";
    if (look->dark > 0xffffff || look->light > 0xffffff)
        return "a colour must be 0 to ffffff";
    if (qr_colour_luminance(look->dark) > qr_colour_luminance(look->light))
        return "dark must be darker than light: many scanners do not read inverted codes";
    if (qr_colour_contrast(look->dark, look->light) < CONTRAST_MIN)
        return "contrast between dark and light is below 4:1";
    return NULL;
}

void qr_colour_set(cairo_t *cr, uint32_t rgb)
{
    cairo_set_source_rgb(cr, (rgb >> 16) / 255.0, (rgb >> 8 & 0xFF) / 255.0, (rgb & 0xFF) / 255.0);
}

struct pen {
    cairo_t *cr;
    int size; /* of the symbol */
};

static void begin_loop(cairo_t *cr)
{
    cairo_close_path(cr); /* the one before */
    cairo_new_sub_path(cr);
}

static void square_corner(void *ctx, const struct qr_corner *c)
{
    const struct pen *p = ctx;
    if (c->begins)
        begin_loop(p->cr);
    cairo_line_to(p->cr, c->x, c->y);
}

/* Outwards all corners are round, inwards only a finder pattern's, whose three loops begin in its own square. */
static double radius_of(const struct pen *p, const struct qr_corner *c)
{
    int x = c->loop_x < FINDER ? c->loop_x : c->loop_x - (p->size - FINDER);
    int y = c->loop_y < FINDER ? c->loop_y : c->loop_y - (p->size - FINDER);
    bool far = c->loop_x >= FINDER && c->loop_y >= FINDER;
    if (x >= 0 && y >= 0 && !far)
        return x == 0 && y == 0 ? ROUND_RING : x == 1 ? ROUND_HOLE : ROUND_EYE;
    return c->out == (c->in + 1) % 4 ? ROUND_MODULE : 0;
}

static void round_corner(void *ctx, const struct qr_corner *c)
{
    const struct pen *p = ctx;
    double r = radius_of(p, c), q = r * (1 - ROUND_CURVE);
    double in_x = qr_way_x[c->in], in_y = qr_way_y[c->in], out_x = qr_way_x[c->out], out_y = qr_way_y[c->out];
    if (c->begins)
        begin_loop(p->cr);
    cairo_line_to(p->cr, c->x - r * in_x, c->y - r * in_y);
    if (r > 0)
        cairo_curve_to(p->cr, c->x - q * in_x, c->y - q * in_y, c->x + q * out_x, c->y + q * out_y, c->x + r * out_x,
                       c->y + r * out_y);
}

void qr_logo_draw(cairo_t *cr, const struct qr_logo *logo, double x, double y, double width, double height)
{
    cairo_surface_t *surface = cairo_image_surface_create_for_data((unsigned char *)logo->argb, CAIRO_FORMAT_ARGB32,
                                                                   logo->width, logo->height, logo->width * 4);

    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, width / logo->width, height / logo->height);
    cairo_set_source_surface(cr, surface, 0, 0);
    cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    cairo_rectangle(cr, 0, 0, logo->width, logo->height);
    cairo_fill(cr);
    cairo_restore(cr);
    cairo_surface_destroy(surface);
}

/* The largest odd number of modules that is not above the share. */
static int widest(int size)
{
    int n = (int)(size * LOGO_SHARE);
    return n % 2 ? n : n - 1;
}

/* Modules that a pixel of the logo is wide. */
static double logo_scale(int size, const struct qr_logo *logo)
{
    return (widest(size) - 2 * LOGO_BORDER) / fmax(logo->width, logo->height);
}

/* The smallest odd number of modules that holds so much and the border. */
static int cleared(double across)
{
    return 2 * (int)ceil((across + 2 * LOGO_BORDER - 1) / 2 - 1e-9) + 1;
}

struct qr_clearing qr_code_clearing(const struct qr_symbol *s, const struct qr_logo *logo)
{
    if (!logo)
        return (struct qr_clearing){0, 0, 0, 0};
    double scale = logo_scale(s->size, logo);
    int width = cleared(scale * logo->width), height = cleared(scale * logo->height);
    return (struct qr_clearing){(s->size - width) / 2, (s->size - height) / 2, width, height};
}

static void logo_inside(cairo_t *cr, int size, const struct qr_logo *logo)
{
    double scale = logo_scale(size, logo), width = scale * logo->width, height = scale * logo->height;
    qr_logo_draw(cr, logo, (size - width) / 2, (size - height) / 2, width, height);
}

void qr_code_draw(cairo_t *cr, const struct qr_symbol *s, const struct qr_look *look, double x, double y, double side)
{
    double module = side / (s->size + 2 * look->margin);
    struct pen pen = {cr, s->size};

    qr_colour_set(cr, look->light);
    cairo_rectangle(cr, x, y, side, side);
    cairo_fill(cr);
    cairo_save(cr);
    cairo_translate(cr, x + look->margin * module, y + look->margin * module);
    cairo_scale(cr, module, module);
    qr_outline_walk(s, qr_code_clearing(s, look->logo), look->rounded ? round_corner : square_corner, &pen);
    cairo_close_path(cr);
    qr_colour_set(cr, look->dark);
    cairo_fill(cr);
    if (look->logo)
        logo_inside(cr, s->size, look->logo);
    cairo_restore(cr);
}
