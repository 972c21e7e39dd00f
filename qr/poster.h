/*
 * One printed page (or sticker, banner, image for a phone) around a code: planned first, which may be refused with the
 * field and the reason; then drawn, as often as one likes, in millimetres on any cairo surface.
 *
 * All templates share one grid: 12 columns, margins 8% of the width, the code the largest thing and on white, one field
 * of the brand's colour, black or white text, whichever reads on it. Nothing else is coloured, so that a printer needs
 * one ink beside black.
 */
#ifndef QR_POSTER_H
#define QR_POSTER_H

#include "symbol.h"
#include "text.h"

#include <cairo.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    QR_TITLE_CHARS = 60, /* characters at most, whatever the template */
    QR_SUBTITLE_CHARS = 90,
    QR_STEP_CHARS = 40,
    QR_STEPS_MAX = 4,
    QR_LABEL_CHARS = 40,
    QR_LINK_CHARS = 160,
    QR_PLAN_MARKS = 40, /* things drawn on one page */
};

enum qr_template { QR_POSTER, QR_FLYER, QR_CARD, QR_STICKER, QR_BANNER, QR_MOMENTS, QR_TEMPLATES };

/* The steps when none are given: a group in WeChat, or any other link. */
enum qr_guide { QR_GUIDE_WECHAT, QR_GUIDE_LINK };

/* All that can be chosen. Texts are UTF-8 and borrowed until the plan is made, the logo until it is drawn. */
struct qr_poster {
    enum qr_template template;
    const char *paper; /* a name; NULL or "": the template's own, or with a distance the smallest that will do */
    enum qr_language language;
    enum qr_guide guide;
    const char *code;                     /* what the code says */
    const char *link;                     /* shown at the foot; NULL: nothing */
    const char *title, *subtitle, *label; /* NULL or "": none */
    const char *steps;                    /* by '|'; NULL: the language's own; "": none */
    uint32_t colour;                      /* 0xRRGGBB of the field */
    enum qr_ecc ecc;                      /* H with a logo inside the code, */
    bool ecc_chosen;                      /* unless somebody wants this one: then it is refused */
    bool rounded;                         /* modules */
    const struct qr_logo *logo;           /* NULL: none */
    double distance;                      /* mm from which it must scan; 0: any */
    bool bleed;                           /* 3 mm of colour beyond the cut */
    bool marks;                           /* crop marks outside of that */
};

/* Where a code stands on its page, mm, quiet zone included: what proof has to look at. */
struct qr_spot {
    double x, y, side;
    double module;
    int modules; /* a side, without the quiet zone */
};

struct qr_plan;

/* NULL: refused with field and reason, or out of memory and the field is NULL. Free with qr_plan_free. */
struct qr_plan *qr_poster_plan(struct qr_type *t, const struct qr_poster *p, struct qr_refusal *ret_refusal);
void qr_plan_free(struct qr_plan *plan);

/* The page to make, bleed and marks included. */
void qr_plan_page(const struct qr_plan *plan, double *ret_width, double *ret_height);
struct qr_spot qr_plan_spot(const struct qr_plan *plan);
/* mm; from how far it can be scanned. */
double qr_plan_reach(const struct qr_plan *plan);
const char *qr_plan_paper(const struct qr_plan *plan);
/* Pixels a millimetre of a PNG when nothing else is asked: 300 dpi, the banner less, 1080 x 1920 for moments. */
double qr_plan_px_per_mm(const struct qr_plan *plan);

/* Draws the page with its upper left corner at the origin. */
void qr_plan_draw(const struct qr_plan *plan, cairo_t *cr);

/* "poster" and so on; false if it is none. */
bool qr_template_from_text(const char *text, size_t len, enum qr_template *ret);
const char *qr_template_name(enum qr_template template);
/* The names of the papers of a template, the own one first, by ", ". */
void qr_template_papers(enum qr_template template, char *out, size_t size);

#endif
