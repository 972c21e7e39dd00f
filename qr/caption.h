/* A line of text below a code. */
#ifndef QR_CAPTION_H
#define QR_CAPTION_H

#include "text.h"

struct qr_caption {
    struct qr_words words;
    double side; /* mm, of the code that it was set for */
};

/* side: mm, of the code with its quiet zone. Refused as qr_text_set does, or with more characters than can be read
 * there; the field is "caption". Clear with qr_caption_clear; ret is always safe to clear. */
bool qr_caption_set(struct qr_type *t, const char *text, double side, struct qr_caption *ret, struct qr_refusal *why);
/* Of code and caption together, in the unit of side. */
double qr_caption_height(double side);
/* Below a code whose upper left corner is the origin, with the current source. side: of that code, in user units. */
void qr_caption_draw(cairo_t *cr, const struct qr_caption *c, double side);
void qr_caption_clear(struct qr_caption *c);

#endif
