/*
 * One code: its symbol, how large it is, and its drawing, with a line of text below it when that is asked for.
 *
 * Sizes are millimetres, of a PNG pixels.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caption.h"
#include "distance.h"
#include "print_press.h"

/* One code on its way to its file. */
struct code_print {
    const struct print *p;
    struct print_symbol code;
    struct qr_look look;
    double side, height; /* of the code with its quiet zone; of all */
    struct qr_caption caption;
};

int print_symbol_make(const struct print *p, const struct print_campaign *of, const char *channel,
                      struct print_symbol *ret, struct print_told *told, struct field_errors *errors)
{
    char link[PRINT_LINK_MAX];
    /* A poster but the sticker has its logo beside the code. */
    bool inside = p->with_logo && of->logo && (p->kind == PRINT_CODE || p->template == QR_STICKER);
    enum qr_ecc ecc = inside ? QR_ECC_H : p->ecc;
    if (p->ecc_given && p->ecc != ecc) {
        field_errors_add(errors, "ecc", "%s", qr_logo_needs);
        return -EINVAL;
    }
    print_link(link, of->base_url, of->slug, channel);
    size_t len = strlen(link);
    /* Campaigns and channels are found in capitals too; what stands before them is not ours to know. */
    int result = p->compact ? qr_encode_compact(link, len, len - strlen(of->base_url), ecc, &ret->symbol, ret->text,
                                                told->compact)
                            : qr_encode(link, len, ecc, &ret->symbol);
    if (!p->compact)
        memcpy(ret->text, link, len + 1);
    if (result == 0 || result == -ENOMEM)
        return result;
    field_errors_add(errors, "ecc", "the link is too long for this level");
    return -EINVAL;
}

/* --- how large --- */

static int choose_size(struct code_print *c, struct field_errors *errors)
{
    const struct print *p = c->p;
    int modules = c->code.symbol.size, all = modules + 2 * p->margin;
    c->side = p->size;
    if (p->form == QR_PNG && p->size < all) {
        field_errors_add(errors, "size", "must be at least %d: a pixel for each module and the margin", all);
        return -EINVAL;
    }
    if (p->form == QR_PNG || p->distance == 0)
        return 0;
    double needed = ceil(qr_distance_width(p->distance, modules) * all / modules);
    char far[QR_DISTANCE_WORDS];
    qr_distance_say(p->distance, far);
    if (needed > QR_MM_MAX) {
        field_errors_add(errors, "distance", "needs a code of %.0f mm for %s, and %d mm are the most", needed, far,
                         (int)QR_MM_MAX);
        return -EINVAL;
    }
    if (p->size_given && p->size < needed) {
        field_errors_add(errors, "size", "is too small for %s: at least %.0f mm would do", far, needed);
        return -EINVAL;
    }
    if (!p->size_given)
        c->side = needed;
    return 0;
}

static int set_caption(struct print_press *press, struct code_print *c, struct print_told *told,
                       struct field_errors *errors)
{
    c->height = c->side;
    if (!c->p->caption[0])
        return 0;
    struct qr_type *type = print_press_type(press, told);
    struct qr_refusal why;
    double side = c->p->form == QR_PNG ? PRINT_MM : c->side; /* text is set in mm */
    if (!type)
        return -ENOTSUP;
    if (!qr_caption_set(type, c->p->caption, side, &c->caption, &why)) {
        field_errors_add(errors, why.field, "%s", why.reason);
        return -EINVAL;
    }
    c->height = qr_caption_height(c->side);
    return 0;
}

/* --- on its canvas --- */

static void set_colour(cairo_t *cr, uint32_t rgb)
{
    cairo_set_source_rgb(cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

static void draw(const struct code_print *c, cairo_t *cr)
{
    int modules = c->code.symbol.size + 2 * c->look.margin;
    double side = c->p->form == QR_PNG ? floor(c->side / modules) * modules : c->side; /* modules of whole pixels */
    double left = floor((c->side - side) / 2);
    set_colour(cr, c->look.light);
    cairo_rectangle(cr, 0, 0, c->side, ceil(c->height));
    cairo_fill(cr);
    if (c->p->caption[0]) {
        set_colour(cr, c->look.dark);
        qr_caption_draw(cr, &c->caption, c->side);
    }
    qr_code_draw(cr, &c->code.symbol, &c->look, left, left, side);
}

/* What is nothing but squares needs no drawing library: a PNG of one bit a pixel, and an SVG of a few kilobytes. */
static int put_squares(const struct code_print *c, qr_write write, void *ctx)
{
    size_t len = 0;
    void *image = c->p->form == QR_PNG ? (void *)qr_to_png(&c->code.symbol, &c->look, (int)c->side, &len)
                                       : (void *)qr_to_svg(&c->code.symbol, &c->look, c->side, &len);
    int result = image ? write(ctx, image, len) : -ENOMEM;
    free(image);
    return result;
}

static int put(const struct code_print *c, const struct print_campaign *of, qr_write write, void *ctx)
{
    bool squares = !c->look.rounded && !c->look.logo && !c->p->caption[0];
    if (squares && (c->p->form == QR_PNG || c->p->form == QR_SVG))
        return put_squares(c, write, ctx);
    struct qr_canvas *canvas = qr_canvas_new(c->p->form, c->side, ceil(c->height), 0, of->title, write, ctx);
    if (!canvas)
        return -ENOMEM;
    draw(c, qr_canvas_cairo(canvas));
    return qr_canvas_end(canvas);
}

static struct qr_look look_of(const struct print *p, const struct print_campaign *of)
{
    return (struct qr_look){.margin = p->margin,
                            .dark = p->dark,
                            .light = p->light,
                            .rounded = p->rounded,
                            .logo = p->with_logo ? of->logo : NULL};
}

int print_code_draw(struct print_press *press, const struct print *p, const struct print_campaign *of, qr_write write,
                    void *ctx, struct print_told *told, struct field_errors *errors)
{
    struct code_print c = {.p = p};
    int result = print_symbol_make(p, of, p->channel, &c.code, told, errors);
    if (result != 0)
        return result;
    c.look = look_of(p, of);
    result = choose_size(&c, errors);
    if (result == 0)
        result = set_caption(press, &c, told, errors);
    if (result == 0)
        result = print_prove_code(press, p, &c.code, &c.look, told, errors);
    if (result == 0)
        result = put(&c, of, write, ctx);
    qr_caption_clear(&c.caption);
    qr_symbol_clear(&c.code.symbol);
    return result;
}

char *print_code_at_once(struct print_proofs *proofs, const struct print *p, const struct print_campaign *of,
                         struct print_told *told, size_t *len)
{
    struct code_print c = {.p = p, .look = look_of(p, of)};
    struct field_errors errors = {.count = 0};
    char *image = NULL;
    *told = (struct print_told){.margin = -1};
    if (p->kind != PRINT_CODE || p->form != QR_SVG || p->rounded || p->with_logo || p->caption[0])
        return NULL;
    if (print_symbol_make(p, of, p->channel, &c.code, told, &errors) == 0 && choose_size(&c, &errors) == 0 &&
        print_proved_code(proofs, p, &c.code, &c.look, told))
        image = qr_to_svg(&c.code.symbol, &c.look, c.side, len);
    qr_symbol_clear(&c.code.symbol);
    if (!image)
        *told = (struct print_told){.margin = -1};
    return image;
}
