/*
 * The pages of a sheet. Each place is planned twice, once to be proved and once to be drawn: what is kept of a page
 * would be kept a thousand times.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "print_press.h"
#include "print_sheet.h"
#include "sheet.h"

/* A sheet on its way to its file. */
struct sheet_print {
    struct print_press *press;
    const struct print *p;
    const struct print_sheet *list;
    const struct print_campaign *of;
    const struct print_pace *pace;
    struct print_told *told;
    struct field_errors *errors;
    struct print_text first; /* that sheet borrows */
    struct qr_sheet *sheet;
};

/* A place's own label, else that of all, else its channel. */
static const char *label_of(const struct sheet_print *s, size_t at)
{
    const struct print_place *place = &s->list->places[at];
    return place->label[0] ? place->label : s->p->label_given ? s->p->label : place->channel;
}

/* A label of the list is told by its place there. */
static int refuse_place(const struct sheet_print *s, size_t at, struct qr_refusal *why)
{
    char field[FIELD_NAME_MAX];
    snprintf(field, sizeof field, "channels[%zu]", at);
    if (why->field && strcmp(why->field, "label") == 0 && s->list->places[at].label[0])
        why->field = field;
    return print_refused(why, s->errors);
}

static int lay_out(struct sheet_print *s)
{
    struct qr_type *type = print_press_type(s->press, s->told);
    struct qr_refusal why = {.field = NULL};
    if (!type)
        return -ENOTSUP;
    int result = print_text_make(s->p, s->of, s->list->places[0].channel, &s->first, s->told, s->errors);
    if (result != 0)
        return result;
    struct qr_poster poster = print_poster_of(s->p, s->of, &s->first, label_of(s, 0));
    s->sheet = qr_sheet_new(type, &poster, s->p->grid ? QR_GRID : QR_PAGES, s->p->sheet_paper, &why);
    return s->sheet ? 0 : refuse_place(s, 0, &why);
}

static int plan_place(const struct sheet_print *s, size_t at, struct print_text *text, struct qr_plan **ret)
{
    struct qr_refusal why = {.field = NULL};
    int result = print_text_make(s->p, s->of, s->list->places[at].channel, text, s->told, s->errors);
    if (result != 0)
        return result;
    *ret = qr_sheet_plan(s->sheet, text->code, text->link, label_of(s, at), &why);
    return *ret ? 0 : refuse_place(s, at, &why);
}

static int prove_all(const struct sheet_print *s)
{
    int result = 0;
    for (size_t i = 0; i < s->list->count && result == 0; i++) {
        struct print_text text;
        struct qr_plan *plan;
        result = plan_place(s, i, &text, &plan);
        if (result != 0)
            break;
        result = print_prove_plan(s->press, s->p, s->of, text.code, label_of(s, i), plan, s->told, s->errors);
        qr_plan_free(plan);
        if (result == 0)
            result = s->pace->next(s->pace->ctx, false, i + 1, s->list->count);
    }
    return result;
}

static int draw_place(const struct sheet_print *s, size_t at, struct qr_canvas *canvas)
{
    struct print_text text;
    struct qr_plan *plan;
    int result = at > 0 && at % (size_t)qr_sheet_cells(s->sheet) == 0 ? qr_canvas_page(canvas) : 0;
    if (result == 0)
        result = plan_place(s, at, &text, &plan);
    if (result != 0)
        return result;
    qr_sheet_place(s->sheet, (int)at, plan, qr_canvas_cairo(canvas));
    qr_plan_free(plan);
    return s->pace->next(s->pace->ctx, true, at + 1, s->list->count);
}

static int draw_all(const struct sheet_print *s, qr_write write, void *ctx)
{
    double width, height;
    int result = 0;
    qr_sheet_page(s->sheet, &width, &height);
    struct qr_canvas *canvas = qr_canvas_new(QR_PDF, width, height, 0, s->of->title, write, ctx);
    if (!canvas)
        return -ENOMEM;
    for (size_t i = 0; i < s->list->count && result == 0; i++)
        result = draw_place(s, i, canvas);
    int ended = qr_canvas_end(canvas);
    return result ? result : ended;
}

int print_sheet_draw(struct print_press *press, const struct print *p, const struct print_sheet *list,
                     struct print_campaign *of, const struct print_pace *pace, qr_write write, void *ctx,
                     struct print_told *told, struct field_errors *errors)
{
    struct sheet_print s = {
        .press = press, .p = p, .list = list, .of = of, .pace = pace, .told = told, .errors = errors};
    int result = print_begin(press, p, of, told, errors);
    if (result == 0)
        result = lay_out(&s);
    if (result == 0)
        result = prove_all(&s);
    qr_prover_rest(press->prover);
    if (result == 0)
        result = draw_all(&s, write, ctx);
    qr_sheet_free(s.sheet);
    return result;
}
