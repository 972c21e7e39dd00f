/* Walks along the edges between dark and light, the dark on the right hand. */
#include "outline.h"

#include <assert.h>
#include <string.h>

enum {
    ROOM = QR_SIZE_MAX + 2, /* a light module on all sides */
    DARK = 1,
    WALKED = 2, /* along its upper edge, on which each loop has to come by */
};

const int qr_way_x[4] = {1, 0, -1, 0}, qr_way_y[4] = {0, 1, 0, -1};

struct grid {
    uint8_t at[ROOM][ROOM]; /* a module (x, y) is at[y + 1][x + 1] */
};

static void fill(struct grid *g, const struct qr_symbol *s, struct qr_clearing c)
{
    for (int y = 0; y < s->size + 2; y++)
        memset(g->at[y], 0, (size_t)s->size + 2);
    for (int y = 0; y < s->size; y++)
        for (int x = 0; x < s->size; x++)
            g->at[y + 1][x + 1] = s->modules[y * s->size + x] & DARK;
    for (int y = c.y; y < c.y + c.height; y++)
        memset(&g->at[y + 1][c.x + 1], 0, (size_t)c.width);
}

/* The module ahead of a corner, on the right or on the left hand. */
static bool dark_ahead(const struct grid *g, int x, int y, int way, bool left)
{
    static const int column[4] = {1, 1, 0, 0},
                     row[4] = {0, 1, 1, 0}; /* north-east, south-east, south-west, north-west */
    int i = left ? way : (way + 1) % 4;
    return g->at[y + row[i]][x + column[i]] & DARK;
}

static void walk_loop(struct grid *g, int x, int y, void (*corner)(void *ctx, const struct qr_corner *c), void *ctx)
{
    struct qr_corner c = {.x = x, .y = y, .begins = true, .loop_x = x, .loop_y = y};
    int way = 0;
    do {
        if (way == 0)
            g->at[c.y + 1][c.x + 1] |= WALKED;
        c.x += qr_way_x[way];
        c.y += qr_way_y[way];
        c.in = way;
        if (!dark_ahead(g, c.x, c.y, way, false))
            way = (way + 1) % 4;
        else if (dark_ahead(g, c.x, c.y, way, true))
            way = (way + 3) % 4;
        else
            continue;
        c.out = way;
        corner(ctx, &c);
        c.begins = false;
    } while (c.x != x || c.y != y || way != 0);
}

void qr_outline_walk(const struct qr_symbol *s, struct qr_clearing clearing,
                     void (*corner)(void *ctx, const struct qr_corner *c), void *ctx)
{
    struct grid g;
    assert(s->size <= QR_SIZE_MAX);
    fill(&g, s, clearing);
    for (int y = 0; y < s->size; y++)
        for (int x = 0; x < s->size; x++)
            if (g.at[y + 1][x + 1] == DARK && !(g.at[y][x + 1] & DARK))
                walk_loop(&g, x, y, corner, ctx);
}
