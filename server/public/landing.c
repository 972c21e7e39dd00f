/*
 * The pages of a visitor: templates of web/landing/ (landing_html.c fills them) with words in two languages
 * (landing_words.c) and a campaign's own texts.
 *
 * Styles and scripts stand inside the page, so that a scan is one request; they are squeezed once, at start, and their
 * hashes are what the Content-Security-Policy allows.
 */
#include "landing.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "embed.h"
#include "landing_html.h"
#include "landing_words.h"
#include "qr.h"

enum {
    SIDE_MIN = 240,
    SIDE_MAX = 280,                /* CSS pixels of the code on screen, quiet zone included */
    SAVED_PX = 560,                /* pixels of the image at most, so that a saved one is sharp */
    PNG_BUDGET = 3600,             /* bytes of the image above which it gets fewer pixels a module */
    SIZE_COARSE = 57,              /* modules; a bigger symbol is drawn with less correction: no screen is dirty */
    SLUG_ROOM = CAMPAIGN_SLUG_MAX, /* what the worker inserts at path_at */
};

/* --- styles and scripts --- */

enum style { STYLE_GROUP, STYLE_NOTE, STYLES };
enum script { SCRIPT_GROUP, SCRIPT_BUSY, SCRIPT_PREVIEW, SCRIPTS, SCRIPT_NONE = SCRIPTS };

/* Written once by landing_init, read by all threads. */
static struct {
    char *style[STYLES], *script[SCRIPTS];
    char csp[1024];
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
    const char *const styles[STYLES][3] = {{embed_page_css, embed_group_css}, {embed_page_css, embed_note_css}};
    const char *const scripts[SCRIPTS][3] = {
        {embed_page_js, embed_group_js}, {embed_page_js, embed_busy_js}, {embed_page_js, embed_preview_js}};
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

/* --- a page --- */

struct page_kind {
    const char *template;
    enum style style;
    enum script script;
    bool based; /* has a <base> that names the campaign */
};

/* The body by its template, then the page around it. slots gets more entries. -E2BIG: the page would be too large. */
static int page_make(struct landing_page *page, const struct page_kind *kind, enum landing_language lang,
                     struct html_slots *slots)
{
    static const char *const tags[LANDING_LANGUAGES] = {"zh-CN", "en"};
    struct html body = {0}, all = {0};
    size_t path_at = SIZE_MAX;

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
static const char *campaign_name(const struct campaign *c)
{
    return c->title && *c->title ? c->title : c->slug;
}

/* --- the page with the code --- */

/* Whether a link may become a button: what a browser may open, and never a script. */
static bool link_openable(const char *url)
{
    static const char *const schemes[] = {"https://", "http://", "weixin:", "mqqapi:", "tg:"};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (!strncasecmp(url, schemes[i], strlen(schemes[i])))
            return true;
    }
    return false;
}

/* A text as base64 of a PNG, and the CSS pixels it is shown at: whole ones a module where that falls into the range. */
static int code_draw(const char *url, char **ret_base64, int *ret_side)
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

/* What gives way, step by step, when a page would be too large: long texts first, then the link beside its code. */
static const struct {
    size_t title, name, url;
} group_room[] = {{1200, 600, 8192}, {360, 180, 8192}, {360, 180, 0}, {120, 90, 0}};

int landing_group(struct landing_page *page, const struct campaign *c, size_t group, enum landing_language lang,
                  enum landing_app app)
{
    static const struct page_kind kind_of_this = {.style = STYLE_GROUP, .script = SCRIPT_GROUP, .based = true};
    struct page_kind kind = kind_of_this;
    const struct group *g = &c->groups[group];
    const struct landing_platform *platform = &landing_platforms[g->platform];
    enum landing_way way = platform->in[app];
    char *png, until[96] = "", date[48], side_text[16];
    int side, err = code_draw(g->url, &png, &side);

    if (err)
        return err;
    /* Inside WeChat a scheme of its own is no link either. */
    if (way == LANDING_WAY_OPEN && app == LANDING_IN_WECHAT && strncasecmp(g->url, "http", 4))
        way = LANDING_WAY_LEAVE_APP;
    if (g->expires_at) {
        /* One second earlier: a group that closes at midnight is good until the day before. */
        landing_date_write(date, sizeof date, g->expires_at - 1, false, lang);
        if (date[0])
            snprintf(until, sizeof until, landing_words[lang].until, date);
    }
    snprintf(side_text, sizeof side_text, "%d", side);
    kind.template = embed_group_html;
    err = -E2BIG;
    for (size_t i = 0; err == -E2BIG && i < sizeof group_room / sizeof group_room[0]; i++) {
        struct html_slots s = {0};
        bool url_fits = group_room[i].url && link_openable(g->url);
        html_slot_text(&s, "title", campaign_name(c), group_room[i].title);
        html_slot_text(&s, "tab", campaign_name(c), 240);
        html_slot_text(&s, "name", g->name, group_room[i].name);
        html_slot_raw(&s, "alt", landing_words[lang].alt);
        html_slot_raw(&s, "side", side_text);
        html_slot_raw(&s, "png", png);
        html_slot_raw(&s, "do", landing_way_text(way, g->platform, lang));
        html_slot_raw(&s, "until", until);
        html_slot_raw(&s, "save", way == LANDING_WAY_SAVE ? landing_words[lang].save : NULL);
        html_slot_text(&s, "open", way == LANDING_WAY_OPEN && url_fits ? g->url : NULL, SIZE_MAX);
        html_slot_raw(&s, "open_label", platform->open[lang]);
        html_slot_text(&s, "copy", way == LANDING_WAY_LEAVE_APP && url_fits ? g->url : NULL, SIZE_MAX);
        html_slot_raw(&s, "join_why", landing_words[lang].join_why);
        html_slot_raw(&s, "join", landing_words[lang].join);
        html_slot_text(&s, "next", landing_words[lang].next, 200);
        err = page_make(page, &kind, lang, &s);
    }
    free(png);
    return err == -E2BIG ? -ENOMEM : err;
}

/* --- the pages without one --- */

int landing_tap(struct landing_page *page, const struct campaign *c, enum landing_language lang)
{
    const struct page_kind kind = {embed_tap_html, STYLE_NOTE, SCRIPT_NONE, true};
    struct html_slots s = {0};

    html_slot_text(&s, "title", campaign_name(c), 1200);
    html_slot_text(&s, "tab", campaign_name(c), 240);
    html_slot_raw(&s, "say", landing_words[lang].tap_say);
    html_slot_raw(&s, "join", landing_words[lang].join);
    return page_make(page, &kind, lang, &s);
}

int landing_message(struct landing_page *page, enum landing_message m, const struct campaign *c,
                    enum landing_language lang)
{
    static const size_t say_room[] = {SIZE_MAX, 6000, 4800, 3600};
    const struct landing_message_words *w = &landing_messages[m].in[lang];
    const bool busy = m == LANDING_BUSY;
    const struct page_kind kind = {embed_message_html, STYLE_NOTE, busy ? SCRIPT_BUSY : SCRIPT_NONE, false};
    const char *say = m == LANDING_FULL && c && c->fallback_text && *c->fallback_text ? c->fallback_text : w->say;
    char date[48], when[96] = "";
    int err = -E2BIG;

    if (m == LANDING_NOT_BEGUN && c && c->starts_at) {
        landing_date_write(date, sizeof date, c->starts_at, true, lang);
        if (date[0])
            snprintf(when, sizeof when, landing_words[lang].begins, date);
    }
    for (size_t i = 0; err == -E2BIG && i < sizeof say_room / sizeof say_room[0]; i++) {
        struct html_slots s = {0};
        html_slot_text(&s, "title", c ? campaign_name(c) : NULL, 1200);
        html_slot_raw(&s, "tab", w->head);
        html_slot_raw(&s, "tone", landing_messages[m].tone);
        html_slot_raw(&s, "head", w->head);
        html_slot_text(&s, "say", say, say_room[i]);
        html_slot_raw(&s, "when", when);
        html_slot_raw(&s, "retry", busy ? "5" : NULL);
        html_slot_raw(&s, "wait", busy ? "y" : NULL);
        html_slot_raw(&s, "wait_before", landing_words[lang].wait_before);
        html_slot_raw(&s, "wait_after", landing_words[lang].wait_after);
        html_slot_raw(&s, "again", landing_messages[m].again ? landing_words[lang].again : NULL);
        err = page_make(page, &kind, lang, &s);
    }
    return err == -E2BIG ? -ENOMEM : err;
}

int landing_preview(struct landing_page *page, const struct campaign *c, const char *base_url,
                    enum landing_language lang)
{
    const struct page_kind kind = {embed_preview_html, STYLE_NOTE, SCRIPT_PREVIEW, false};
    struct html_slots s = {0};
    char *url;

    if (asprintf(&url, "%s/%s", base_url, c->slug) < 0)
        return -ENOMEM;
    html_slot_text(&s, "title", campaign_name(c), 1200);
    html_slot_text(&s, "tab", campaign_name(c), 240);
    html_slot_text(&s, "og_url", url, 3000);
    html_slot_raw(&s, "say", landing_words[lang].preview_say);
    html_slot_raw(&s, "join", landing_words[lang].join);
    int err = page_make(page, &kind, lang, &s);
    free(url);
    return err == -E2BIG ? -ENOMEM : err;
}
