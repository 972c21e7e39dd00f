/* One code, drawn by cairo: light ground, dark modules as one path, a logo in the middle. */
#include "code.h"

#include "colour.h"

#include <math.h>
#include <stdbool.h>

/* Contrast of WCAG 2 between dark and light below which cameras in bad light begin to fail. */
static const double CONTRAST_MIN = 4.0;
/* A logo's share of the symbol's width, and the light border around it, in modules. */
static const double LOGO_SHARE = 0.2, LOGO_BORDER = 0.5;
static const double ROUND_RADIUS = 0.5; /* of a module */

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

static bool dark(const struct qr_symbol *s, int x, int y)
{
    return x >= 0 && y >= 0 && x < s->size && y < s->size && s->modules[(size_t)y * (size_t)s->size + (size_t)x];
}

void qr_colour_set(cairo_t *cr, uint32_t rgb)
{
    cairo_set_source_rgb(cr, (rgb >> 16) / 255.0, (rgb >> 8 & 0xFF) / 255.0, (rgb & 0xFF) / 255.0);
}

/* A row's neighbouring dark modules are one rectangle. */
static void square_row(cairo_t *cr, const struct qr_symbol *s, int y)
{
    for (int x = 0; x < s->size; x++) {
        int run = 0;
        while (dark(s, x + run, y))
            run++;
        if (run)
            cairo_rectangle(cr, x, y, run, 1);
        x += run;
    }
}

/* A corner is round if nothing dark joins it from either side. */
static void round_module(cairo_t *cr, const struct qr_symbol *s, int x, int y)
{
    static const int SIDE[4][2] = {{0, -1}, {1, 0}, {0, 1}, {-1, 0}}; /* up, right, down, left */
    static const int CORNER[4][2] = {{1, 0}, {1, 1}, {0, 1}, {0, 0}}; /* between each side and the next */

    cairo_new_sub_path(cr);
    for (int i = 0; i < 4; i++) {
        int next = (i + 1) % 4, cx = CORNER[i][0], cy = CORNER[i][1];
        if (dark(s, x + SIDE[i][0], y + SIDE[i][1]) || dark(s, x + SIDE[next][0], y + SIDE[next][1]))
            cairo_line_to(cr, x + cx, y + cy);
        else
            cairo_arc(cr, x + cx + (cx ? -ROUND_RADIUS : ROUND_RADIUS), y + cy + (cy ? -ROUND_RADIUS : ROUND_RADIUS),
                      ROUND_RADIUS, (i - 1) * M_PI_2, i * M_PI_2);
    }
    cairo_close_path(cr);
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

/* In the middle, its longer side a fifth of the symbol. */
static void logo_inside(cairo_t *cr, const struct qr_symbol *s, const struct qr_look *look)
{
    double most = s->size * LOGO_SHARE, k = most / fmax(look->logo->width, look->logo->height);
    double width = k * look->logo->width, height = k * look->logo->height;
    double x = (s->size - width) / 2, y = (s->size - height) / 2;

    qr_colour_set(cr, look->light);
    cairo_rectangle(cr, x - LOGO_BORDER, y - LOGO_BORDER, width + 2 * LOGO_BORDER, height + 2 * LOGO_BORDER);
    cairo_fill(cr);
    qr_logo_draw(cr, look->logo, x, y, width, height);
}

void qr_code_draw(cairo_t *cr, const struct qr_symbol *s, const struct qr_look *look, double x, double y, double side)
{
    double module = side / (s->size + 2 * look->margin);

    qr_colour_set(cr, look->light);
    cairo_rectangle(cr, x, y, side, side);
    cairo_fill(cr);
    cairo_save(cr);
    cairo_translate(cr, x + look->margin * module, y + look->margin * module);
    cairo_scale(cr, module, module);
    for (int row = 0; row < s->size; row++) {
        if (!look->rounded) {
            square_row(cr, s, row);
            continue;
        }
        for (int column = 0; column < s->size; column++)
            if (dark(s, column, row))
                round_module(cr, s, column, row);
    }
    qr_colour_set(cr, look->dark);
    cairo_fill(cr);
    if (look->logo)
        logo_inside(cr, s, look);
    cairo_restore(cr);
}
