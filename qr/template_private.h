/*
 * The templates and their papers, as tables. Vertical places are shares of the height, sizes of type shares of the
 * width (of a sheet as high as the template was made for: on a flatter one they shrink with the height).
 */
#ifndef QR_TEMPLATE_PRIVATE_H
#define QR_TEMPLATE_PRIVATE_H

#include "poster.h"

enum { PAPERS_MAX = 8 };

struct paper {
    const char *name;
    double width, height; /* mm */
};

enum arrangement {
    STEPS_ROW,   /* side by side */
    STEPS_STACK, /* one under another */
    STEPS_HINT,  /* the first one only, as a line */
};

struct template
{
    const char *name;
    struct paper papers[PAPERS_MAX]; /* the own one first, a NULL name ends them */
    bool full;                       /* the field covers all, the code stands on a white panel */
    bool round;                      /* the field is a disc */
    enum arrangement steps;
    double aspect; /* height by width it was made for */
    double head;   /* foot of the head */
    double code;   /* foot of the code; it begins at the head's foot */
    double side;   /* of the code, quiet zone included, at most this share of the width */
    double list;   /* foot of the steps */
    double foot;   /* foot of the last line */
    double title, title_min, subtitle, subtitle_min, step, step_min, small, small_min;
    double px_per_mm; /* of a PNG, when nothing else is asked */
    double whole;     /* modules are a whole multiple of this; 0: any size */
};

extern const struct template qr_templates[QR_TEMPLATES];

#endif
