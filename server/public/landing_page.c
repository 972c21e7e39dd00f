/*
 * How a visitor's page is put together, whatever it says: landing_page.h.
 *
 * Styles and scripts stand inside the page, so that a scan is one request; they are squeezed once, at start, and their
 * hashes are what the Content-Security-Policy allows.
 */
#include "landing_page.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "embed.h"
#include "landing_words.h"
#include "qr.h"

enum {
    SIDE_MIN = 240,
    SIDE_MAX = 280,                /* CSS pixels of the code on screen, quiet zone included */
    SAVED_PX = 560,                /* pixels of the image at most, so that a saved one is sharp */
    PNG_BUDGET = 3600,             /* bytes of the image above which it gets fewer pixels a module */
    SIZE_COARSE = 57,              /* modules; a bigger symbol is drawn with less correction: no screen is dirty */
    SLUG_ROOM = CAMPAIGN_SLUG_MAX, /* what the worker inserts at path_at */
    REPORT_LINK_MAX = 512,         /* bytes: the server's setting, a subject, a slug */
};

/* --- styles and scripts --- */

/* Written once by landing_init, read by all threads. */
static struct {
    char *style[STYLES], *script[SCRIPTS];
    char csp[1024];
    const char *report; /* where abuse is reported; NULL: nowhere */
} dress;

static void csp_add(const char *format, const char *text)
{
    size_t used = strlen(dress.csp);

    snprintf(dress.csp + used, sizeof dress.csp - used, format, text);
}

static void csp_add_hash(const char *source)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char base64[sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)];

    crypto_hash_sha256(hash, (const unsigned char *)source, strlen(source));
    sodium_bin2base64(base64, sizeof base64, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    csp_add(" 'sha256-%s'", base64);
}

int landing_init(void)
{
    if (dress.csp[0])
        return 0;
    if (sodium_init() < 0)
        return -EIO;
    const char *const styles[STYLES][6] = {
        [STYLE_GROUP] = {embed_page_css, embed_code_css, embed_group_css},
        [STYLE_NOTE] = {embed_page_css, embed_note_css},
        [STYLE_CONTACT] = {embed_page_css, embed_code_css, embed_note_css},
        [STYLE_GO] = {embed_page_css, embed_group_css, embed_note_css},
        [STYLE_LIST] = {embed_page_css, embed_list_css},
        [STYLE_WAIT] = {embed_page_css, embed_code_css, embed_group_css, embed_note_css, embed_wait_css},
    };
    const char *const scripts[SCRIPTS][4] = {
        [SCRIPT_GROUP] = {embed_page_js, embed_group_js},
        [SCRIPT_BUSY] = {embed_page_js, embed_busy_js},
        [SCRIPT_PREVIEW] = {embed_page_js, embed_preview_js},
        [SCRIPT_OPEN] = {embed_page_js, embed_group_js, embed_open_js},
        [SCRIPT_WAIT] = {embed_page_js, embed_wait_js},
        [SCRIPT_PROVE] = {embed_prove_js},
    };
    bool whole = true;
    for (int i = 0; i < STYLES; i++)
        whole = (dress.style[i] = html_squeeze(styles[i], "{};:,>~")) && whole;
    for (int i = 0; i < SCRIPTS; i++)
        whole = (dress.script[i] = html_squeeze(scripts[i], "{}()[];:,=<>&|?*!")) && whole;
    if (!whole)
        return -ENOMEM;

    /* No form-action: Chromium applies it to the redirects behind a form too, and "next" may lead on to a group on any
     * host or scheme. Nothing from outside is markup here, so there is no form to be misled. */
    csp_add("%s", "default-src 'none'; img-src data:; style-src");
    for (int i = 0; i < STYLES; i++)
        csp_add_hash(dress.style[i]);
    csp_add("%s", "; script-src");
    for (int i = 0; i < SCRIPTS; i++)
        csp_add_hash(dress.script[i]);
    csp_add("%s", "; connect-src 'self'; base-uri 'self'; frame-ancestors 'none'");
    return 0;
}

const char *landing_csp(void)
{
    return dress.csp;
}

/* --- where abuse is reported --- */

void landing_report_to(const char *contact)
{
    dress.report = contact && *contact ? contact : NULL;
}

/* A mail says by its subject which campaign it is about. Empty: there is no link. */
static void report_link(char link[REPORT_LINK_MAX], const struct campaign *c, enum landing_language lang)
{
    const char *contact = dress.report;

    if (contact && c && !strncasecmp(contact, "mailto:", 7))
        snprintf(link, REPORT_LINK_MAX, "%s%csubject=%s%s", contact, strchr(contact, '?') ? '&' : '?',
                 landing_words[lang].report_subject, c->slug);
    else
        snprintf(link, REPORT_LINK_MAX, "%s", contact ? contact : "");
}

/* --- a page --- */

/* The body by its template, then the page around it. slots gets more entries. -E2BIG: the page would be too large. */
int landing_make(struct landing_page *page, const struct landing_kind *kind, const struct campaign *c,
                 enum landing_language lang, struct html_slots *slots)
{
    static const char *const tags[LANDING_LANGUAGES] = {"zh-CN", "en"};
    struct html body = {0}, all = {0};
    size_t path_at = SIZE_MAX;
    char report[REPORT_LINK_MAX];

    html_fill(&body, kind->template, slots, NULL);
    if (body.failed) {
        free(body.at);
        return -ENOMEM;
    }
    while (body.len && body.at[body.len - 1] == '\n')
        body.at[--body.len] = '\0';
    html_slot_raw(slots, "lang", tags[lang]);
    html_slot_raw(slots, "based", kind->based ? "y" : NULL);
    html_slot_raw(slots, "css", dress.style[kind->style]);
    html_slot_raw(slots, "js", kind->script == SCRIPT_NONE ? NULL : dress.script[kind->script]);
    html_slot_raw(slots, "body", body.at);
    report_link(report, c, lang);
    html_slot_text(slots, "report", report, SIZE_MAX);
    html_slot_raw(slots, "report_label", landing_words[lang].report);
    html_fill(&all, embed_page_html, slots, &path_at);
    free(body.at);
    if (all.failed || all.len + SLUG_ROOM >= LANDING_PAGE_MAX) {
        int why = all.failed ? -ENOMEM : -E2BIG;
        free(all.at);
        return why;
    }
    *page = (struct landing_page){all.at, all.len, path_at == SIZE_MAX ? all.len : path_at};
    return 0;
}

/* What a campaign is called, where its title is empty by its slug. */
const char *landing_name(const struct campaign *c)
{
    return c->title && *c->title ? c->title : c->slug;
}

/* --- links and codes --- */

/* Whether a link may become a button: what a browser may open, and never a script. */
bool landing_link_openable(const char *url)
{
    static const char *const schemes[] = {"https://", "http://", "weixin:", "mqqapi:", "tg:"};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (!strncasecmp(url, schemes[i], strlen(schemes[i])))
            return true;
    }
    return false;
}

/* A text as base64 of a PNG, and the CSS pixels it is shown at: whole ones a module where that falls into the range. */
int landing_draw(const char *url, char **ret_base64, int *ret_side)
{
    static const struct qr_look look = {.margin = QR_QUIET, .dark = 0x000000, .light = 0xffffff};
    struct qr_symbol symbol, coarse;
    size_t len = 0;
    int err = qr_encode(url, strlen(url), QR_ECC_M, &symbol);

    if (!err && symbol.size > SIZE_COARSE && !qr_encode(url, strlen(url), QR_ECC_L, &coarse)) {
        qr_symbol_clear(&symbol);
        symbol = coarse;
    }
    if (err)
        return -ENOMEM;
    int modules = symbol.size + 2 * look.margin, scale = SAVED_PX / modules;
    uint8_t *png = NULL;
    for (; scale > 0; scale--) {
        free(png);
        png = qr_to_png(&symbol, &look, modules * scale, &len);
        if (!png || len <= PNG_BUDGET)
            break;
    }
    qr_symbol_clear(&symbol);
    if (!png)
        return -ENOMEM;
    size_t size = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
    char *base64 = malloc(size);
    if (base64)
        sodium_bin2base64(base64, size, png, len, sodium_base64_VARIANT_ORIGINAL);
    free(png);
    if (!base64)
        return -ENOMEM;
    int side = SIDE_MAX / modules * modules;
    *ret_base64 = base64;
    *ret_side = side >= SIDE_MIN ? side : SIDE_MAX;
    return 0;
}
