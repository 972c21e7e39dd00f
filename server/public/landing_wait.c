/* The pages of a waiting list: where a name is left, and where one stands. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "embed.h"
#include "landing.h"
#include "landing_html.h"
#include "landing_page.h"
#include "landing_words.h"

enum { PLACE_TEXT = 96 };

/* What gives way, step by step, when a page would be too large. */
static const struct wait_room {
    size_t title, say;
} rooms[] = {{600, 3600}, {360, 1800}, {120, 600}};

int landing_contact_draw(struct landing_contact *k, const struct campaign *c)
{
    *k = (struct landing_contact){0};
    const char *contact = campaign_fallback_contact(c);
    return contact ? landing_draw(contact, &k->png, &k->side) : 0;
}

/* side: room for a text that lives as long as the slots. */
static void put_contact(struct html_slots *s, const struct landing_contact *k, char side[16],
                        enum landing_language lang)
{
    snprintf(side, 16, "%d", k->side);
    html_slot_raw(s, "or", landing_words[lang].contact);
    html_slot_raw(s, "alt", landing_words[lang].contact_alt);
    html_slot_raw(s, "side", side);
    html_slot_raw(s, "png", k->png);
}

int landing_join(struct landing_page *page, const struct campaign *c, const struct landing_contact *k,
                 const char *wrong, enum landing_language lang)
{
    const struct landing_kind kind = {embed_join_html, STYLE_WAIT, SCRIPT_NONE, false};
    const struct landing_wait_words *w = &landing_wait_words[lang];
    const bool number = c->waiting.ask == WAITING_NUMBER;
    char privacy[PLACE_TEXT], side[16];
    int err = -E2BIG;

    snprintf(privacy, sizeof privacy, w->privacy, (int)WAITING_KEEP_DAYS);
    for (size_t i = 0; err == -E2BIG && i < sizeof rooms / sizeof rooms[0]; i++) {
        struct html_slots s = {0};
        html_slot_text(&s, "title", landing_name(c), rooms[i].title);
        html_slot_text(&s, "tab", landing_name(c), 240);
        html_slot_raw(&s, "head", landing_messages[LANDING_FULL].in[lang].head);
        html_slot_text(&s, "say", c->fallback_text && *c->fallback_text ? c->fallback_text : w->say[number],
                       rooms[i].say);
        html_slot_raw(&s, "label", w->label[number]);
        html_slot_raw(&s, "complete", number ? "tel" : "nickname");
        html_slot_raw(&s, "wrong", wrong ? w->wrong[number] : NULL);
        html_slot_text(&s, "typed", wrong, 2 * WAITING_BYTES_MAX);
        html_slot_raw(&s, "queue", w->queue);
        html_slot_text(&s, "privacy", c->waiting.privacy ? c->waiting.privacy : privacy, 1200);
        put_contact(&s, k, side, lang);
        err = landing_make(page, &kind, c, lang, &s);
    }
    return err == -E2BIG ? -ENOMEM : err;
}

/* The line with the number where "#" stands. */
static void put_number(char out[PLACE_TEXT], const char *line, int64_t n)
{
    const char *at = strchr(line, '#');
    if (at)
        snprintf(out, PLACE_TEXT, "%.*s%" PRId64 "%s", (int)(at - line), line, n, at + 1);
    else
        snprintf(out, PLACE_TEXT, "%s", line);
}

/* How long a seat is kept, as people say it. */
static void put_time(char out[PLACE_TEXT], const struct landing_wait_words *w, int seconds)
{
    if (seconds >= 3600 && seconds % 3600 == 0)
        snprintf(out, PLACE_TEXT, w->hours, seconds / 3600);
    else
        snprintf(out, PLACE_TEXT, w->minutes, (seconds + 59) / 60);
}

int landing_place(struct landing_page *page, const struct campaign *c, const struct landing_contact *k, int64_t before,
                  bool missed, enum landing_language lang)
{
    const struct landing_kind kind = {embed_place_html, STYLE_WAIT, SCRIPT_WAIT, false};
    const struct landing_wait_words *w = &landing_wait_words[lang];
    char place[PLACE_TEXT], others[PLACE_TEXT], time[PLACE_TEXT], how[512], side[16];
    int err = -E2BIG;

    put_number(place, w->place, before + 1);
    put_number(others, before ? w->before : w->next, before);
    put_time(time, w, c->waiting.promise_seconds);
    snprintf(how, sizeof how, w->how, time);
    for (size_t i = 0; err == -E2BIG && i < sizeof rooms / sizeof rooms[0]; i++) {
        struct html_slots s = {0};
        html_slot_text(&s, "title", landing_name(c), rooms[i].title);
        html_slot_raw(&s, "tab", place);
        html_slot_raw(&s, "retry", "30");
        html_slot_raw(&s, "missed", missed ? w->missed : NULL);
        html_slot_raw(&s, "place_of", w->place);
        html_slot_raw(&s, "place", place);
        html_slot_raw(&s, "before_some", w->before);
        html_slot_raw(&s, "before_none", w->next);
        html_slot_raw(&s, "before", others);
        html_slot_raw(&s, "how", how);
        html_slot_raw(&s, "lost", w->lost);
        html_slot_raw(&s, "leave", w->leave);
        put_contact(&s, k, side, lang);
        err = landing_make(page, &kind, c, lang, &s);
    }
    return err == -E2BIG ? -ENOMEM : err;
}
