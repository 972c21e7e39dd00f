/*
 * What is to be printed, and its drawing. Knows neither connections nor the store: `huoma poster` prints by the same
 * rules. All but the reading of parameters may be run on any thread, one at a time.
 */
#ifndef SERVER_ADMIN_PRINT_H
#define SERVER_ADMIN_PRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "campaign_json.h"
#include "config.h"
#include "qr.h"
#include "request.h"

enum {
    PRINT_MM = 50, /* default side of a code, millimetres */
    PRINT_MM_MIN = 5,
    PRINT_PX = 1024,       /* default side of a PNG, pixels */
    PRINT_PX_MIN = 29,     /* the smallest symbol with its quiet zone, a pixel a module */
    PRINT_VALUE_MAX = 256, /* bytes of a parameter */
    PRINT_LINK_MAX = CONFIG_TEXT_MAX + CAMPAIGN_SLUG_MAX + CAMPAIGN_CHANNEL_MAX + 3,
};

struct json_t;

enum print_form { PRINT_SVG, PRINT_PNG };

/* Where parameters come from: a query, a body, options. */
struct print_source {
    /* Into out, NUL-terminated; the length, -1 malformed or too long, -2 not given, -3 given twice (as query_get). */
    long (*get)(const struct print_source *s, const char *name, char *out, size_t size);
    struct span query;         /* of print_source_query */
    const struct json_t *body; /* of print_source_body */
};

struct print_source print_source_query(struct span query);

/* How a code is to be printed. */
struct print {
    enum print_form form;
    char channel[CAMPAIGN_CHANNEL_MAX + 1]; /* "" none */
    enum qr_ecc ecc;
    struct qr_look look;
    double mm;                 /* of an SVG */
    int px;                    /* of a PNG */
    char link[PRINT_LINK_MAX]; /* what the code says */
};

const char *print_form_type(enum print_form form);   /* "image/png" */
const char *print_form_suffix(enum print_form form); /* "png" */

/* The parameters of a code; what is wrong with them is added to errors. The form is the caller's. (print_query.c) */
void print_read_code(const struct print_source *s, struct print *p, struct field_errors *errors);
#define PRINT_CHANNEL_RULE "must be 1 to 32 of a-z, 0-9 and -, not begin with -, and not be reserved"
/* A channel's name in lower case; false: it breaks the rule. */
bool print_channel(const char *text, char out[CAMPAIGN_CHANNEL_MAX + 1]);
/* base_url/slug[/channel] */
void print_link(char out[PRINT_LINK_MAX], const char *base_url, const char *slug, const char *channel);

typedef int (*print_write)(void *ctx, const void *bytes, size_t len); /* 0 or -errno, which ends the drawing */

/* Draws. 0; -EINVAL with errors filled; -ENOMEM; or what write said. (print_code.c) */
int print_draw_code(const struct print *p, print_write write, void *ctx, struct field_errors *errors);

#endif
