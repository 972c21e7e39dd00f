/* See caption.h. */
#include "caption.h"

/* Shares of the code's side. */
#define WIDTH 0.92
#define HEIGHT 0.12
#define SIZE 0.075
#define SIZE_MIN 0.03

enum { CHARS = 60 };

bool qr_caption_set(struct qr_type *t, const char *text, double side, struct qr_caption *ret, struct qr_refusal *why)
{
    struct qr_box box = {.field = "caption",
                         .text = text,
                         .align = QR_CENTRE,
                         .chars = CHARS,
                         .lines = 1,
                         .width = side * WIDTH,
                         .height = side * HEIGHT,
                         .size = side * SIZE,
                         .size_min = side * SIZE_MIN};
    ret->side = side;
    return qr_text_set(t, &box, &ret->words, why);
}

double qr_caption_height(double side)
{
    return side * (1 + HEIGHT);
}

void qr_caption_draw(cairo_t *cr, const struct qr_caption *c, double side)
{
    cairo_save(cr);
    cairo_scale(cr, side / c->side, side / c->side);
    qr_words_draw(cr, &c->words, c->side * (1 - WIDTH) / 2, c->side);
    cairo_restore(cr);
}

void qr_caption_clear(struct qr_caption *c)
{
    qr_words_clear(&c->words);
}
