/* The file of `huoma qr`: how large, proved, drawn. See qr_file.h. */
#include "qr_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "caption.h"
#include "distance.h"
#include "output.h"
#include "proof.h"

enum { PNG_PX = 1024, PRINT_MM = 50 };

/* The side: what is asked for, what the distance needs, or the form's own. 0: said on stderr that it can't be. */
static long choose_size(const struct qr_order *o, const struct qr_symbol *symbol)
{
    int all = symbol->size + 2 * o->look.margin;
    if (o->form == FORM_PNG) {
        long px = o->size ? o->size : PNG_PX;
        if (px < all)
            cli_fail("--size", "at least %d: a pixel for each module and the margin", all);
        return px < all ? 0 : px;
    }
    double needed = o->distance > 0 ? ceil(qr_distance_width(o->distance, symbol->size) * all / symbol->size) : 0;
    if (needed > QR_MM_MAX) {
        cli_fail("--distance", "needs a code of %.0f mm, and %d mm are the most", needed, QR_MM_MAX);
        return 0;
    }
    if (o->size && (double)o->size < needed) {
        cli_fail("--size", "too small for this distance: at least %.0f mm", needed);
        return 0;
    }
    return o->size ? o->size : needed > 0 ? (long)needed : PRINT_MM;
}

/* Text is set in millimetres, that of a PNG as if it were printed. false: said on stderr. */
static bool set_caption(const struct qr_order *o, struct qr_type *type, long size, struct qr_caption *ret)
{
    struct qr_refusal why;
    if (qr_caption_set(type, o->caption, o->form == FORM_PNG ? PRINT_MM : (double)size, ret, &why))
        return true;
    cli_fail("--caption", "%s", why.reason);
    return false;
}

/* caption: NULL: none. */
static int draw(const struct qr_order *o, const struct qr_symbol *symbol, long size, const struct qr_caption *caption,
                struct cli_output *out)
{
    int all = symbol->size + 2 * o->look.margin;
    double side = o->form == FORM_PNG ? (double)(size / all * all) : (double)size; /* modules of whole pixels */
    double left = floor(((double)size - side) / 2);
    double height = caption ? ceil(qr_caption_height((double)size)) : (double)size;
    static const enum qr_form FORMS[] = {QR_SVG, QR_PNG, QR_PDF, QR_EPS};
    struct qr_canvas *canvas = qr_canvas_new(FORMS[o->form], (double)size, height, 0, o->url, cli_output_write, out);
    if (!canvas)
        return -ENOMEM;
    cairo_t *cr = qr_canvas_cairo(canvas);
    qr_colour_set(cr, o->look.light);
    cairo_paint(cr);
    if (caption) {
        qr_colour_set(cr, o->look.dark);
        qr_caption_draw(cr, caption, (double)size);
    }
    qr_code_draw(cr, symbol, &o->look, left, left, side);
    return qr_canvas_end(canvas);
}

/* What is nothing but squares needs no drawing library. */
static int put(const struct qr_order *o, const struct qr_symbol *symbol, long size, const struct qr_caption *caption,
               struct cli_output *out)
{
    size_t len = 0;
    if (o->look.rounded || o->look.logo || caption || o->form > FORM_PNG)
        return draw(o, symbol, size, caption, out);
    void *image = o->form == FORM_PNG ? (void *)qr_to_png(symbol, &o->look, (int)size, &len)
                                      : (void *)qr_to_svg(symbol, &o->look, (double)size, &len);
    int result = image ? cli_output_write(out, image, len) : -ENOMEM;
    free(image);
    return result;
}

static enum cli_exit write_file(const struct qr_order *o, const struct qr_symbol *symbol, long size,
                                const struct qr_caption *caption)
{
    struct cli_output *out = cli_output_open(o->file);
    if (!out)
        return CLI_FAILED;
    int result = put(o, symbol, size, caption, out);
    enum cli_exit code = cli_output_end(out, result == 0);
    return result == 0 ? code : cli_fail("qr", "%s", strerror(-result));
}

/* --- proof --- */

struct proof_drawing {
    const struct qr_symbol *symbol;
    const struct qr_look *look;
};

static void draw_proof(void *ctx, cairo_t *cr)
{
    const struct proof_drawing *d = ctx;
    qr_code_draw(cr, d->symbol, d->look, 0, 0, 1);
}

/* false: said on stderr. */
static bool prove(const struct qr_order *o, const struct qr_symbol *symbol, const char *text)
{
    struct proof_drawing drawing = {symbol, &o->look};
    struct qr_proof proof = {.draw = draw_proof,
                             .ctx = &drawing,
                             .side = 1,
                             .modules = symbol->size,
                             .margin = o->look.margin,
                             .text = text};
    struct qr_prover *prover = qr_prover_new();
    int margin;
    enum qr_proved proved = prover ? qr_prove(prover, &proof, &margin) : QR_NOT_PROVED;
    qr_prover_free(prover);
    if (proved >= QR_NOT_PROVED)
        cli_fail("qr", "the code %s", qr_proof_reason(proved));
    else if (proved != QR_PROVED)
        cli_fail("qr", "the code %s: %s", qr_proof_reason(proved),
                 o->look.logo ? "leave the logo out, or have a shorter link (--compact)"
                              : "more contrast between --dark and --light, or a shorter link (--compact)");
    return proved == QR_PROVED;
}

/* --- all of it --- */

enum cli_exit qr_file_make(const struct qr_order *o, const struct qr_symbol *symbol, const char *text)
{
    char trouble[QR_REASON_MAX];
    struct qr_caption caption = {.side = 0};
    long size = choose_size(o, symbol);
    if (size == 0 || !prove(o, symbol, text))
        return CLI_FAILED;
    if (!o->caption)
        return write_file(o, symbol, size, NULL);
    struct qr_type *type = qr_type_new(trouble, sizeof trouble);
    enum cli_exit code = CLI_FAILED;
    if (!type)
        cli_fail("--caption", "%s", trouble);
    else if (set_caption(o, type, size, &caption))
        code = write_file(o, symbol, size, &caption);
    qr_caption_clear(&caption);
    qr_type_free(type);
    return code;
}
