/* The pages for links that not every app opens: "open in your browser", and a mini program's three. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "embed.h"
#include "landing.h"
#include "landing_html.h"
#include "landing_page.h"
#include "landing_words.h"

struct view_look {
    struct landing_kind kind;
    enum landing_way way;
    const char *tone; /* class of the mark */
};

static struct view_look look_of(enum landing_view view)
{
    static const enum landing_way ways[LANDING_VIEWS] = {
        [LANDING_VIEW_LEAVE] = LANDING_WAY_LEAVE_APP,
        [LANDING_VIEW_PRESS] = LANDING_WAY_PRESS,
        [LANDING_VIEW_OPEN] = LANDING_WAY_TAP,
        [LANDING_VIEW_SCAN] = LANDING_WAY_PHONE,
    };
    struct view_look look = {{embed_group_html, STYLE_GROUP, SCRIPT_GROUP, true}, ways[view], ""};

    if (view == LANDING_VIEW_LEAVE) {
        /* Nobody is in the group yet: a held seat is left to come back. */
        look.kind = (struct landing_kind){embed_go_html, STYLE_GO, SCRIPT_NONE, true};
        look.tone = "soon";
    } else if (view == LANDING_VIEW_OPEN) {
        look.kind = (struct landing_kind){embed_go_html, STYLE_GO, SCRIPT_OPEN, true};
    }
    return look;
}

/* What the page's code says; NULL: it has none. */
static const char *code_of(const struct group *g, enum landing_view view)
{
    const struct miniprogram *m = g->miniprogram;

    if (view != LANDING_VIEW_PRESS && view != LANDING_VIEW_SCAN)
        return NULL;
    if (m && m->code)
        return m->code;
    return m && m->url_link ? m->url_link : g->url;
}

/* What gives way, step by step, when a page would be too large. */
static const struct view_room {
    size_t title, name, url;
} rooms[] = {{1200, 600, SIZE_MAX}, {360, 180, SIZE_MAX}, {120, 90, SIZE_MAX}, {120, 90, 0}};

struct view_texts {
    char *png, *own_link; /* malloc'd */
    char side[16];
};

static int texts_make(struct view_texts *t, const struct campaign *c, const struct group *g, const char *base_url,
                      enum landing_view view)
{
    const char *code = code_of(g, view);
    int side = 0, err = code ? landing_draw(code, &t->png, &side) : 0;

    if (!err && asprintf(&t->own_link, "%s/%s", base_url, c->slug) < 0) {
        t->own_link = NULL;
        err = -ENOMEM;
    }
    snprintf(t->side, sizeof t->side, "%d", side);
    return err;
}

static void fill_slots(struct html_slots *s, const struct campaign *c, const struct group *g,
                       const struct view_texts *t, const struct view_look *look, enum landing_language lang,
                       const struct view_room *room)
{
    const struct landing_words *words = &landing_words[lang];
    bool url_fits = room->url && landing_link_openable(g->url);
    /* A mini program's scheme means nothing in an address bar: the campaign's link does. */
    const char *copy = g->platform == PLATFORM_MINIPROGRAM ? t->own_link : url_fits ? g->url : NULL;

    html_slot_text(s, "title", landing_name(c), room->title);
    html_slot_text(s, "tab", landing_name(c), 240);
    html_slot_text(s, "name", g->name, room->name);
    html_slot_raw(s, "tone", look->tone);
    html_slot_raw(s, "do", landing_way_text(look->way, g->platform, lang));
    html_slot_raw(s, "alt", words->alt);
    html_slot_raw(s, "side", t->side);
    html_slot_raw(s, "png", t->png);
    html_slot_text(s, "open", look->way == LANDING_WAY_TAP && url_fits ? g->url : NULL, SIZE_MAX);
    html_slot_raw(s, "open_label", landing_platforms[g->platform].open[lang]);
    html_slot_text(s, "copy", look->way == LANDING_WAY_LEAVE_APP ? copy : NULL, SIZE_MAX);
    html_slot_raw(s, "join_why", words->join_why);
    html_slot_raw(s, "join", look->way == LANDING_WAY_LEAVE_APP ? NULL : words->join);
    html_slot_text(s, "next", words->next, 200);
}

int landing_leave(struct landing_page *page, const struct campaign *c, const char *base_url, enum landing_language lang)
{
    static const char copy[] = "<p class=\"copy\" dir=\"ltr\">"; /* of go.html; texts are escaped */
    const struct landing_kind kind = {embed_go_html, STYLE_GO, SCRIPT_NONE, false};
    struct html_slots s = {0};
    char *link;

    if (asprintf(&link, "%s/%s", base_url, c->slug) < 0)
        return -ENOMEM;
    html_slot_text(&s, "title", landing_name(c), 1200);
    html_slot_text(&s, "tab", landing_name(c), 240);
    html_slot_raw(&s, "tone", "soon");
    html_slot_raw(&s, "do", landing_way_text(LANDING_WAY_LEAVE_APP, PLATFORM_WEB, lang));
    html_slot_text(&s, "copy", link, SIZE_MAX);
    int err = landing_make(page, &kind, c, lang, &s);
    free(link);
    if (!err)
        page->path_at = (size_t)(strstr(strstr(page->html, copy), "</p>") - page->html);
    return err == -E2BIG ? -ENOMEM : err;
}

int landing_view(struct landing_page *page, const struct campaign *c, size_t group, const char *base_url,
                 enum landing_language lang, enum landing_view view)
{
    const struct view_look look = look_of(view);
    struct view_texts texts = {0};
    int err = texts_make(&texts, c, &c->groups[group], base_url, view);

    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0] && (i == 0 ? !err : err == -E2BIG); i++) {
        struct html_slots s = {0};
        fill_slots(&s, c, &c->groups[group], &texts, &look, lang, &rooms[i]);
        err = landing_make(page, &look.kind, c, lang, &s);
    }
    free(texts.png);
    free(texts.own_link);
    return err == -E2BIG ? -ENOMEM : err;
}
