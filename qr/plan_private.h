/*
 * A planned page: what is drawn, in order, in millimetres from the upper left corner of the cut. Filled by poster.c,
 * drawn by plan.c as often as one likes.
 */
#ifndef QR_PLAN_PRIVATE_H
#define QR_PLAN_PRIVATE_H

#include "code.h"
#include "poster.h"
#include "template_private.h"

enum qr_mark_kind { QR_MARK_RECT, QR_MARK_DISC, QR_MARK_WORDS, QR_MARK_LOGO, QR_MARK_CODE };

struct qr_mark {
    enum qr_mark_kind kind;
    double x, y, width, height; /* of a disc: the square around it */
    double radius;              /* of a rectangle's corners */
    uint32_t colour;
    struct qr_words words; /* owned */
};

struct qr_plan {
    const struct template *template;
    const struct paper *paper;
    double width, height; /* of the cut */
    double origin;        /* from the page's edge to the cut */
    double bleed;         /* of colour beyond the cut */
    bool crop;            /* marks */
    struct qr_look look;
    const struct qr_logo *logo; /* at the head; borrowed */
    struct qr_symbol symbol;    /* owned */
    struct qr_spot spot;        /* from the upper left corner of the cut */
    int count;
    struct qr_mark marks[QR_PLAN_MARKS];
};

/* The next thing to draw. */
struct qr_mark *qr_plan_add(struct qr_plan *plan, enum qr_mark_kind kind, double x, double y, double width,
                            double height);

#endif
