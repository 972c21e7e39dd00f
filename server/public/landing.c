/*
 * The pages of a visitor: templates of web/landing/ (landing_html.c fills them) with words in two languages
 * (landing_words.c) and a campaign's own texts. How a page is put together stands in landing_page.c.
 */
#include "landing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "embed.h"
#include "landing_html.h"
#include "landing_page.h"
#include "landing_words.h"

/* --- the page with the code --- */

/* What gives way, step by step, when a page would be too large: long texts first, then the link beside its code. */
static const struct {
    size_t title, name, url;
} group_room[] = {{1200, 600, 8192}, {360, 180, 8192}, {360, 180, 0}, {120, 90, 0}};

int landing_group(struct landing_page *page, const struct campaign *c, size_t group, enum landing_language lang,
                  enum landing_app app)
{
    static const struct landing_kind kind_of_this = {.style = STYLE_GROUP, .script = SCRIPT_GROUP, .based = true};
    struct landing_kind kind = kind_of_this;
    const struct group *g = &c->groups[group];
    const struct landing_platform *platform = &landing_platforms[g->platform];
    enum landing_way way = platform->in[app];
    char *png, until[96] = "", date[48], side_text[16];
    int side, err = landing_draw(g->url, &png, &side);

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
        bool url_fits = group_room[i].url && landing_link_openable(g->url);
        html_slot_text(&s, "title", landing_name(c), group_room[i].title);
        html_slot_text(&s, "tab", landing_name(c), 240);
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
        err = landing_make(page, &kind, c, lang, &s);
    }
    free(png);
    return err == -E2BIG ? -ENOMEM : err;
}

/* --- the pages without one --- */

int landing_tap(struct landing_page *page, const struct campaign *c, enum landing_language lang)
{
    const struct landing_kind kind = {embed_tap_html, STYLE_NOTE, SCRIPT_NONE, false};
    struct html_slots s = {0};

    html_slot_text(&s, "title", landing_name(c), 1200);
    html_slot_text(&s, "tab", landing_name(c), 240);
    html_slot_raw(&s, "say", landing_words[lang].tap_say);
    html_slot_raw(&s, "join", landing_words[lang].join);
    return landing_make(page, &kind, c, lang, &s);
}

int landing_challenge(struct landing_page *page, const struct campaign *c, const struct landing_challenge *k,
                      enum landing_language lang)
{
    const struct landing_kind kind = {embed_prove_html, STYLE_NOTE, SCRIPT_PROVE, false};
    const struct landing_words *w = &landing_words[lang];
    struct html_slots s = {0};
    char bits[4], wait[128], early[128];

    snprintf(bits, sizeof bits, "%d", k->bits);
    snprintf(wait, sizeof wait, w->prove_wait, k->wait);
    snprintf(early, sizeof early, w->prove_early, k->wait);
    html_slot_text(&s, "title", landing_name(c), 1200);
    html_slot_text(&s, "tab", landing_name(c), 240);
    html_slot_raw(&s, "say", w->prove_say);
    html_slot_raw(&s, "bits", bits);
    html_slot_text(&s, "challenge", k->text, SIZE_MAX);
    html_slot_raw(&s, "join", w->join);
    html_slot_raw(&s, "busy", w->prove_busy);
    html_slot_raw(&s, "wait", k->early ? NULL : wait);
    html_slot_raw(&s, "early", k->early ? early : NULL);
    html_slot_text(&s, "joins", k->joins, SIZE_MAX);
    return landing_make(page, &kind, c, lang, &s);
}

/* The code of the fallback's contact, where the campaign has one. */
static int draw_contact(enum landing_message m, const struct campaign *c, char **ret_png, int *ret_side)
{
    const char *contact = m == LANDING_FULL && c ? campaign_fallback_contact(c) : NULL;

    *ret_png = NULL;
    return contact ? landing_draw(contact, ret_png, ret_side) : 0;
}

int landing_message(struct landing_page *page, enum landing_message m, const struct campaign *c,
                    enum landing_language lang)
{
    static const size_t say_room[] = {SIZE_MAX, 6000, 4800, 3600, 1800};
    const struct landing_words *words = &landing_words[lang];
    const struct landing_message_words *w = &landing_messages[m].in[lang];
    const bool busy = m == LANDING_BUSY;
    struct landing_kind kind = {embed_message_html, STYLE_NOTE, busy ? SCRIPT_BUSY : SCRIPT_NONE, false};
    const char *say = m == LANDING_FULL && c && c->fallback_text && *c->fallback_text ? c->fallback_text : w->say;
    char date[48], when[96] = "", side_text[16] = "", *png;
    int side = 0, err = draw_contact(m, c, &png, &side);

    if (err)
        return err;
    if (png) {
        kind.style = STYLE_CONTACT;
        snprintf(side_text, sizeof side_text, "%d", side);
    }
    if (m == LANDING_NOT_BEGUN && c && c->starts_at) {
        landing_date_write(date, sizeof date, c->starts_at, true, lang);
        if (date[0])
            snprintf(when, sizeof when, words->begins, date);
    }
    err = -E2BIG;
    for (size_t i = 0; err == -E2BIG && i < sizeof say_room / sizeof say_room[0]; i++) {
        struct html_slots s = {0};
        html_slot_text(&s, "title", c ? landing_name(c) : NULL, png ? 600 : 1200);
        html_slot_raw(&s, "tab", w->head);
        html_slot_raw(&s, "tone", landing_messages[m].tone);
        html_slot_raw(&s, "head", w->head);
        html_slot_text(&s, "say", say, say_room[i]);
        html_slot_raw(&s, "when", when);
        html_slot_raw(&s, "retry", busy ? "5" : NULL);
        html_slot_raw(&s, "wait", busy ? "y" : NULL);
        html_slot_raw(&s, "wait_before", words->wait_before);
        html_slot_raw(&s, "wait_after", words->wait_after);
        html_slot_raw(&s, "again", landing_messages[m].again ? words->again : NULL);
        html_slot_raw(&s, "or", words->contact);
        html_slot_raw(&s, "alt", words->contact_alt);
        html_slot_raw(&s, "side", side_text);
        html_slot_raw(&s, "png", png);
        err = landing_make(page, &kind, c, lang, &s);
    }
    free(png);
    return err == -E2BIG ? -ENOMEM : err;
}

int landing_preview(struct landing_page *page, const struct campaign *c, const char *base_url,
                    enum landing_language lang)
{
    const struct landing_kind kind = {embed_preview_html, STYLE_NOTE, SCRIPT_PREVIEW, false};
    struct html_slots s = {0};
    char *url;

    if (asprintf(&url, "%s/%s", base_url, c->slug) < 0)
        return -ENOMEM;
    html_slot_text(&s, "title", landing_name(c), 1200);
    html_slot_text(&s, "tab", landing_name(c), 240);
    html_slot_text(&s, "og_url", url, 3000);
    html_slot_raw(&s, "say", landing_words[lang].preview_say);
    html_slot_raw(&s, "join", landing_words[lang].join);
    int err = landing_make(page, &kind, c, lang, &s);
    free(url);
    return err == -E2BIG ? -ENOMEM : err;
}
