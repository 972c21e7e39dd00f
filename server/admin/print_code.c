/* The drawing of one code. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"

static const struct {
    const char *type, *suffix;
} forms[] = {[PRINT_SVG] = {"image/svg+xml", "svg"}, [PRINT_PNG] = {"image/png", "png"}};

const char *print_form_type(enum print_form form)
{
    return forms[form].type;
}

const char *print_form_suffix(enum print_form form)
{
    return forms[form].suffix;
}

static int draw(const struct print *p, const struct qr_symbol *symbol, print_write write, void *ctx,
                struct field_errors *errors)
{
    int modules = symbol->size + 2 * p->look.margin;
    if (p->form == PRINT_PNG && p->px < modules) {
        field_errors_add(errors, "size", "must be at least %d: a pixel for each module and the margin", modules);
        return -EINVAL;
    }
    size_t len = 0;
    char *image = p->form == PRINT_PNG ? (char *)qr_to_png(symbol, &p->look, p->px, &len)
                                       : qr_to_svg(symbol, &p->look, p->mm, &len);
    int result = image ? write(ctx, image, len) : -ENOMEM;
    free(image);
    return result;
}

int print_draw_code(const struct print *p, print_write write, void *ctx, struct field_errors *errors)
{
    struct qr_symbol symbol;
    int result = qr_encode(p->link, strlen(p->link), p->ecc, &symbol);
    if (result == -E2BIG || result == -EINVAL) {
        field_errors_add(errors, "ecc", "the link is too long for this level");
        return -EINVAL;
    }
    if (result != 0)
        return result;
    result = draw(p, &symbol, write, ctx, errors);
    qr_symbol_clear(&symbol);
    return result;
}
