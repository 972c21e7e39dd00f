/*
 * The outline of a symbol's dark modules: closed loops, clockwise around what is dark and counter-clockwise around what
 * is light within. Neighbours share no edge, so that no viewer draws a hairline between them. Modules that only touch
 * at a corner have loops of their own.
 */
#ifndef QR_OUTLINE_H
#define QR_OUTLINE_H

#include "symbol.h"

#include <stdbool.h>

/* Modules that are left out, whatever they are; of no width: none. */
struct qr_clearing {
    int x, y, width, height;
};

struct qr_corner {
    int x, y;           /* from the symbol's upper left corner, modules */
    int in, out;        /* where the outline comes from and goes to: 0 right, 1 down, 2 left, 3 up */
    bool begins;        /* the first corner of its loop, whose last one closes it */
    int loop_x, loop_y; /* of its edges above dark modules, the leftmost of the highest begins here */
};

/* One step each way. */
extern const int qr_way_x[4], qr_way_y[4];

/* Tells all corners, loop by loop. Needs no memory but 32 KB of the stack. */
void qr_outline_walk(const struct qr_symbol *s, struct qr_clearing clearing,
                     void (*corner)(void *ctx, const struct qr_corner *c), void *ctx);

#endif
