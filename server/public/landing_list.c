/*
 * The page that says where a code leads (GET /{slug}+): who is wary of a code looks here first. Links are text and not
 * to be tapped: a WeChat group is joined by its code alone, and every other way in takes a seat.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "embed.h"
#include "landing.h"
#include "landing_html.h"
#include "landing_page.h"
#include "landing_words.h"

/* What gives way, step by step, when the page would be too large; the last fits LANDING_LIST_MAX rows. */
struct list_room {
    size_t title, name, url;
};
static const struct list_room rooms[] = {{1200, 600, SIZE_MAX}, {360, 180, 1000}, {240, 90, 400}, {120, 60, 180}};

static void add_row(struct html *rows, const char *name, const char *kind, const char *url,
                    const struct list_room *room)
{
    struct html_slots s = {0};

    html_slot_text(&s, "name", name, room->name);
    html_slot_raw(&s, "platform", kind);
    html_slot_text(&s, "url", url, room->url);
    html_fill(rows, embed_row_html, &s, NULL);
}

/* Rows of the groups that admit people, and how many have none. */
static size_t add_groups(struct html *rows, const struct campaign *c, int64_t now, enum landing_language lang,
                         const struct list_room *room)
{
    size_t open = 0;

    for (size_t i = 0; i < c->group_count; i++) {
        const struct group *g = &c->groups[i];
        if (g->limit == 0 || !group_admits(g, now))
            continue;
        if (open++ < LANDING_LIST_MAX)
            add_row(rows, g->name, landing_platform_names[g->platform][lang], g->url, room);
    }
    return open;
}

int landing_list(struct landing_page *page, const struct campaign *c, int64_t now, enum landing_language lang)
{
    const struct landing_kind kind = {embed_list_html, STYLE_LIST, SCRIPT_NONE, false};
    const struct landing_words *words = &landing_words[lang];
    int err = -E2BIG;

    for (size_t i = 0; err == -E2BIG && i < sizeof rooms / sizeof rooms[0]; i++) {
        struct html_slots s = {0};
        struct html rows = {0}, fallback = {0};
        char more[64] = "";
        size_t open = add_groups(&rows, c, now, lang, &rooms[i]);

        if (open > LANDING_LIST_MAX)
            snprintf(more, sizeof more, words->list_more, open - LANDING_LIST_MAX);
        if (campaign_fallback_url(c))
            add_row(&fallback, words->list_fallback_name, words->list_fallback, campaign_fallback_url(c), &rooms[i]);
        if (rows.failed || fallback.failed) {
            free(rows.at);
            free(fallback.at);
            return -ENOMEM;
        }
        html_slot_text(&s, "title", landing_name(c), rooms[i].title);
        html_slot_text(&s, "tab", landing_name(c), 240);
        html_slot_raw(&s, "say", open ? words->list_say : words->list_none);
        html_slot_raw(&s, "rows", rows.at);
        html_slot_raw(&s, "more", more);
        html_slot_raw(&s, "fallback", fallback.at);
        html_slot_raw(&s, "slug", c->slug);
        html_slot_raw(&s, "join", words->join);
        err = landing_make(page, &kind, c, lang, &s);
        free(rows.at);
        free(fallback.at);
    }
    return err == -E2BIG ? -ENOMEM : err;
}
