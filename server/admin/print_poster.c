/* One poster: what was chosen and what the campaign says, planned, proved and drawn. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "print_press.h"

static const double MM_PER_INCH = 25.4;

int print_text_make(const struct print *p, const struct print_campaign *of, const char *channel, struct print_text *ret,
                    struct print_told *told, struct field_errors *errors)
{
    char link[PRINT_LINK_MAX];
    print_link(link, of->base_url, of->slug, channel);
    const char *colon = strstr(link, "://"); /* nobody types it */
    snprintf(ret->link, sizeof ret->link, "%s", colon ? colon + 3 : link);
    snprintf(ret->code, sizeof ret->code, "%s", link);
    if (!p->compact)
        return 0;
    struct print_symbol code;
    int result = print_symbol_make(p, of, channel, &code, told, errors);
    if (result != 0)
        return result;
    snprintf(ret->code, sizeof ret->code, "%s", code.text);
    qr_symbol_clear(&code.symbol);
    return 0;
}

struct qr_poster print_poster_of(const struct print *p, const struct print_campaign *of, const struct print_text *text,
                                 const char *label)
{
    return (struct qr_poster){.template = p->template,
                              .paper = p->paper,
                              .language = p->language,
                              .guide = of->guide,
                              .code = text->code,
                              .link = text->link,
                              .title = p->title_given ? p->title : of->title,
                              .subtitle = p->subtitle,
                              .label = label,
                              .steps = p->steps_given ? p->steps : NULL,
                              .colour = p->colour,
                              .ecc = p->ecc,
                              .ecc_chosen = p->ecc_given,
                              .rounded = p->rounded,
                              .logo = p->with_logo ? of->logo : NULL,
                              .distance = p->distance,
                              .bleed = p->bleed,
                              .marks = p->marks};
}

int print_refused(const struct qr_refusal *why, struct field_errors *errors)
{
    if (!why->field)
        return -ENOMEM;
    field_errors_add(errors, why->field, "%s", why->reason);
    return -EINVAL;
}

/* Pixels a millimetre of a PNG; else nothing. */
static int choose_pixels(const struct print *p, const struct qr_plan *plan, double *ret_per_mm,
                         struct field_errors *errors)
{
    double width, height;
    *ret_per_mm = p->dpi ? p->dpi / MM_PER_INCH : qr_plan_px_per_mm(plan);
    qr_plan_page(plan, &width, &height);
    double pixels = width * height * *ret_per_mm * *ret_per_mm;
    if (p->form != QR_PNG || pixels <= PRINT_PIXELS_MAX)
        return 0;
    field_errors_add(errors, "dpi", "makes an image of %.0f million pixels: at most %.0f would do", ceil(pixels / 1e6),
                     floor(sqrt(PRINT_PIXELS_MAX / (width * height)) * MM_PER_INCH));
    return -EINVAL;
}

static int put(const struct print *p, const struct qr_plan *plan, double per_mm, const struct print_campaign *of,
               qr_write write, void *ctx)
{
    double width, height;
    qr_plan_page(plan, &width, &height);
    struct qr_canvas *canvas = qr_canvas_new(p->form, width, height, per_mm, of->title, write, ctx);
    if (!canvas)
        return -ENOMEM;
    qr_plan_draw(plan, qr_canvas_cairo(canvas));
    return qr_canvas_end(canvas);
}

int print_poster_draw(struct print_press *press, const struct print *p, const struct print_campaign *of, qr_write write,
                      void *ctx, struct print_told *told, struct field_errors *errors)
{
    struct qr_type *type = print_press_type(press, told);
    struct qr_refusal why = {.field = NULL};
    struct print_text text;
    double per_mm;
    if (!type)
        return -ENOTSUP;
    int result = print_text_make(p, of, p->channel, &text, told, errors);
    if (result != 0)
        return result;
    struct qr_poster poster = print_poster_of(p, of, &text, p->label);
    struct qr_plan *plan = qr_poster_plan(type, &poster, &why);
    if (!plan)
        return print_refused(&why, errors);
    result = choose_pixels(p, plan, &per_mm, errors);
    if (result == 0)
        result = print_prove_plan(press, p, of, text.code, p->label, plan, told, errors);
    if (result == 0)
        result = put(p, plan, per_mm, of, write, ctx);
    qr_plan_free(plan);
    return result;
}
