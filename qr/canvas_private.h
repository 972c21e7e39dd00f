/* What canvas.c leaves to canvas_text.c and canvas_png.c. */
#ifndef QR_CANVAS_PRIVATE_H
#define QR_CANVAS_PRIVATE_H

#include "canvas.h"

/* Of everything that is made, whenever. */
#define CANVAS_DATE "2026-01-01T00:00:00Z"

/* Text that grows. */
struct canvas_text {
    char *at; /* owned, NUL-terminated unless NULL */
    size_t len, room;
};

/* 0; -ENOMEM; -EFBIG: more than QR_CANVAS_BUFFER_MAX. */
int canvas_text_add(struct canvas_text *t, const char *bytes, size_t len);
void canvas_text_clear(struct canvas_text *t);

/* Numbers that cairo counts up in the process, in ids and references to them, begin at 1. 0 or -ENOMEM. */
int canvas_fix_svg(struct canvas_text *t);
/* The moment of creation is a fixed one. */
void canvas_fix_eps(struct canvas_text *t);

/* px_per_mm: what the file says of its size; 0 nothing. 0; -ENOMEM; or what write said. */
int canvas_write_png(cairo_surface_t *image, double px_per_mm, qr_write write, void *ctx);

#endif
