/* What the pages of a visitor are made with: styles, scripts, a body and the page around it, codes. For landing*.c
 * alone. */
#ifndef SERVER_PUBLIC_LANDING_PAGE_H
#define SERVER_PUBLIC_LANDING_PAGE_H

#include "landing.h"
#include "landing_html.h"

enum landing_style { STYLE_GROUP, STYLE_NOTE, STYLE_CONTACT, STYLE_GO, STYLE_LIST, STYLE_WAIT, STYLES };
enum landing_script {
    SCRIPT_GROUP,
    SCRIPT_BUSY,
    SCRIPT_PREVIEW,
    SCRIPT_OPEN,
    SCRIPT_WAIT,
    SCRIPT_PROVE,
    SCRIPTS,
    SCRIPT_NONE = SCRIPTS
};

struct landing_kind {
    const char *template;
    enum landing_style style;
    enum landing_script script;
    bool based; /* has a <base> that names the campaign */
};

/* The body by its template, then the page around it. c: which campaign it is of, or NULL. slots gets more entries.
 * -E2BIG: the page would be too large. */
int landing_make(struct landing_page *page, const struct landing_kind *kind, const struct campaign *c,
                 enum landing_language lang, struct html_slots *slots);

/* What a campaign is called, where its title is empty by its slug. */
const char *landing_name(const struct campaign *c);

/* Whether a link may become a button: what a browser may open, and never a script. */
bool landing_link_openable(const char *url);

/* A text as base64 of a PNG (malloc'd), and the CSS pixels it is shown at. 0 or -ENOMEM. */
int landing_draw(const char *text, char **ret_base64, int *ret_side);

#endif
