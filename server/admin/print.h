/*
 * What is to be printed, and its drawing. Knows neither connections nor the store: `huoma poster` prints by the same
 * rules. Parameters are read on any thread; all that has a print_press is for one thread.
 */
#ifndef SERVER_ADMIN_PRINT_H
#define SERVER_ADMIN_PRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "campaign_json.h"
#include "canvas.h"
#include "config.h"
#include "poster.h"
#include "print_proofs.h"
#include "qr.h"
#include "request.h"

enum {
    PRINT_MM = 50, /* default side of a code, millimetres */
    PRINT_MM_MIN = 5,
    PRINT_PX = 1024,             /* default side of a PNG, pixels */
    PRINT_PX_MIN = 29,           /* the smallest symbol with its quiet zone, a pixel a module */
    PRINT_DPI_MIN = 36,          /* of a poster's PNG */
    PRINT_DPI_MAX = 1200,        /* likewise */
    PRINT_PIXELS_MAX = 32 << 20, /* likewise, in all: of 4 bytes while it is drawn */
    PRINT_VALUE_MAX = 512,       /* bytes of a parameter */
    PRINT_WORD_MAX = 24,         /* bytes of one that is a word */
    PRINT_COLOUR = 0x067a44,     /* of posters whose campaign says no other */
    PRINT_LINK_MAX = CONFIG_TEXT_MAX + CAMPAIGN_SLUG_MAX + CAMPAIGN_CHANNEL_MAX + 3,
};

enum print_kind { PRINT_CODE, PRINT_POSTER };

/* Where parameters come from: a query, a body, options. */
struct print_source {
    /* Into out, NUL-terminated; the length, -1 malformed or too long, -2 not given, -3 given twice (as query_get). */
    long (*get)(const void *from, const char *name, char *out, size_t size);
    const void *from;
};

struct print_source print_source_query(const struct span *query);

/* All the choices. */
struct print {
    enum print_kind kind;
    enum qr_form form;
    char channel[CAMPAIGN_CHANNEL_MAX + 1]; /* "" none */
    enum qr_ecc ecc;
    bool ecc_given, rounded, compact, with_logo, logo_given;
    double distance; /* mm; 0: any */
    /* of a code alone */
    int margin;
    uint32_t dark, light;
    double size; /* mm, of a PNG pixels */
    bool size_given;
    char caption[PRINT_VALUE_MAX];
    /* of a poster */
    enum qr_template template;
    enum qr_language language;
    char paper[PRINT_WORD_MAX]; /* "": the template's own */
    char title[PRINT_VALUE_MAX], subtitle[PRINT_VALUE_MAX], steps[PRINT_VALUE_MAX], label[PRINT_VALUE_MAX];
    bool title_given, steps_given, label_given;
    uint32_t colour;
    bool bleed, marks;
    int dpi; /* of a PNG; 0: the template's own */
    /* of a sheet */
    bool grid; /* several on a page */
    char sheet_paper[PRINT_WORD_MAX];
};

/* What of a campaign is printed. */
struct print_campaign {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    char *title; /* owned */
    const char *base_url;
    enum qr_guide guide;
    unsigned char *logo_file; /* owned; NULL: none, or not asked for */
    size_t logo_len;
    const struct qr_logo *logo; /* unpacked, by what draws: the press' */
};

/* Whether a logo has to be read for it. */
bool print_wants_logo(const struct print *p);
/* Its logo, as it is kept. false: out of memory, or it is none. */
bool print_campaign_take_logo(struct print_campaign *of, const char *base64, size_t len);
/* false: out of memory; to be cleared all the same. base_url is the caller's. */
bool print_campaign_take(struct print_campaign *of, const struct campaign *c, const char *base_url);
void print_campaign_clear(struct print_campaign *of);

/* What the answer says beside the drawing. */
struct print_told {
    char trouble[QR_REASON_MAX];          /* with -ENOTSUP: what this server lacks */
    int margin;                           /* share of dirt that all codes are read with, percent; -1: not known */
    unsigned char proof[PRINT_PROOF_KEY]; /* of the design last proved */
    char compact[QR_COMPACT_SAID];        /* "25 of 29 modules", or why not; "": not asked for */
};

#define PRINT_CHANNEL_RULE "must be 1 to 32 of a-z, 0-9 and -, not begin with -, and not be reserved"
/* A channel's name in lower case; false: it breaks the rule. */
bool print_channel(const char *text, char out[CAMPAIGN_CHANNEL_MAX + 1]);
/* base_url/slug[/channel]; channel "": none */
void print_link(char out[PRINT_LINK_MAX], const char *base_url, const char *slug, const char *channel);

const char *print_form_type(enum qr_form form);   /* "image/png" */
const char *print_form_suffix(enum qr_form form); /* "png" */

/* The parameters of p->kind and p->form, which are the caller's; what is wrong with them is added to errors.
 * (print_query.c) */
void print_read(const struct print_source *s, struct print *p, struct field_errors *errors);

/* Those of a sheet, which is PDF. */
void print_read_sheet(const struct print_source *s, struct print *p, struct field_errors *errors);

/* What one thread keeps between one print and the next: the font, what was proved. */
struct print_press;
struct print_press *print_press_new(void); /* NULL: out of memory */
void print_press_free(struct print_press *press);

/* One code or poster. 0; -EINVAL with errors filled; -ENOTSUP; -ENOMEM; or what write said. */
int print_draw(struct print_press *press, const struct print *p, struct print_campaign *of, qr_write write, void *ctx,
               struct print_told *told, struct field_errors *errors);

/* A code as SVG that is nothing but squares, and whose proof is among these: what print_draw would write, drawn in less
 * time than it takes to hand it to another thread. malloc'd. NULL: it is no such code, or out of memory; then told says
 * nothing. */
char *print_code_at_once(struct print_proofs *proofs, const struct print *p, const struct print_campaign *of,
                         struct print_told *told, size_t *len);

#endif
