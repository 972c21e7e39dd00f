/*
 * The waiting list, from a visitor's side:
 *
 *     no group open -> wait_offer: a page that asks for a name, and a cookie that will name them
 *     its button    -> wait_pressed "join"  -> join_done: back to the code's own address
 *     that address  -> wait_come            -> come_done: their place; or the seat, as for any scan
 *     its script    -> wait_pressed "look"  -> look_done: how many wait before
 *     its button    -> wait_pressed "leave" -> leave_done
 *
 * Buttons post to the page's own address, so channel and query stay. The id in the cookie is all that names a visitor.
 */
#include "wait.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "params.h"
#include "utf8.h"

enum {
    WAIT_POLL_MIN = 5,    /* seconds between two questions of a page */
    WAIT_POLL_MAX = 60,   /* likewise, from far behind */
    WAIT_POLL_SHARE = 20, /* one second more for so many who wait before */
};

static bool has_list(const struct scan *s)
{
    return campaign_of(s)->waiting.ask != WAITING_CLOSED;
}

/* The call's request; NULL: out of memory, and that was answered. Freed by whoever is called back. */
static struct seat_place *place_new(struct scan *s, enum seat_place_action action)
{
    struct seat_place *p = calloc(1, sizeof *p);
    if (!p) {
        send_failure(s, STORE_UNAVAILABLE);
        return NULL;
    }
    p->action = action;
    if (!visitor_read_place(conn_request(conn_of(s)), p->id))
        visitor_draw_place(p->id);
    s->waiter.place = p;
    return p;
}

static struct seat_place place_take(struct scan *s)
{
    struct seat_place p = *s->waiter.place;
    free(s->waiter.place);
    s->waiter.place = NULL;
    return p;
}

static void place_send(struct scan *s, void (*done)(struct seat_waiter *w, enum store_result r))
{
    s->waiter.done = done;
    s->waiter.lanes = scan_lanes;
    seats_place(context_of(s)->seats, &s->waiter);
}

/* --- pages --- */

/* page NULL: it could not be made. A visitor who has no name yet is given one. */
static void send_page(struct scan *s, int status, const struct landing_page *page)
{
    struct reply r;
    char id[STORE_PLACE_ID + 1];
    begin_page(&r, conn_of(s), page ? status : 503);
    reply_header_text(&r, "Huoma-Group", "none");
    if (!visitor_read_place(conn_request(conn_of(s)), id)) {
        visitor_draw_place(id);
        visitor_write_place(&context_of(s)->visitors, &r, id, s->path);
    }
    end_page(&r, page, s->path);
}

/* What was typed is not what is asked. */
static void send_wrong(struct scan *s, const char *typed)
{
    struct landing_page page = {0};
    struct answers *a = answers_of(s);
    const struct landing_contact *k = a ? answers_contact(a) : NULL;
    bool made = k && landing_join(&page, campaign_of(s), k, typed, language_of(conn_of(s))) == 0;
    send_page(s, 422, made ? &page : NULL);
    free(page.html);
}

static void send_place(struct scan *s, const struct seat_place *p)
{
    struct landing_page page = {0};
    struct answers *a = answers_of(s);
    const struct landing_contact *k = a ? answers_contact(a) : NULL;
    count_visit(s, NULL, view_kinds(s));
    bool made = k && landing_place(&page, campaign_of(s), k, p->before, p->missed, language_of(conn_of(s))) == 0;
    send_page(s, 200, made ? &page : NULL);
    free(page.html);
}

bool wait_offer(struct scan *s)
{
    if (!has_list(s))
        return false;
    struct answers *a = answers_of(s);
    send_page(s, 200, a ? answers_join(a, language_of(conn_of(s))) : NULL);
    return true;
}

/* --- a scan --- */

static void come_done(struct seat_waiter *w, enum store_result r)
{
    struct scan *s = (struct scan *)w;
    struct seat_place p = place_take(s);
    if (r != STORE_OK)
        send_failure(s, r);
    else if (p.state == SEAT_PLACE_SEAT)
        scan_seated(s);
    else if (p.state == SEAT_PLACE_WAITS)
        send_place(s, &p);
    else
        scan_take(s);
}

bool wait_come(struct scan *s)
{
    char id[STORE_PLACE_ID + 1];
    if (!has_list(s) || !visitor_read_place(conn_request(conn_of(s)), id))
        return false;
    if (place_new(s, SEAT_PLACE_COME))
        place_send(s, come_done);
    return true;
}

/* --- joining and leaving --- */

/* Back to the page, which says what came of it. */
static void send_back(struct scan *s, const char *id)
{
    struct reply r;
    scan_begin_return(s, &r);
    if (id)
        visitor_write_place(&context_of(s)->visitors, &r, id, s->path);
    reply_end(&r, NULL, 0);
}

static void join_done(struct seat_waiter *w, enum store_result r)
{
    struct scan *s = (struct scan *)w;
    struct seat_place p = place_take(s);
    if (r == STORE_OK && p.state != SEAT_PLACE_WAITS)
        guard_give_back(s);
    if (r != STORE_OK)
        send_failure(s, r);
    else if (p.state == SEAT_PLACE_FULL)
        send_message(s, 200, LANDING_WAITING_FULL);
    else
        send_back(s, p.id);
}

/* Whether it can be shown to them again, to be mended. */
static bool is_text(const char *s)
{
    uint32_t c;
    while (*s) {
        size_t bytes = utf8_next(s, &c);
        if (bytes == 0)
            return false;
        s += bytes;
    }
    return true;
}

static void join_start(struct scan *s)
{
    char typed[WAITING_BYTES_MAX * 2], name[WAITING_BYTES_MAX + 1];
    if (query_get(conn_body(conn_of(s)), "name", typed, sizeof typed) <= 0)
        typed[0] = '\0';
    if (!waiting_read_name(campaign_of(s)->waiting.ask, typed, name)) {
        send_wrong(s, is_text(typed) ? typed : "");
        return;
    }
    struct seat_place *p = guard_admits(s, name) ? place_new(s, SEAT_PLACE_JOIN) : NULL;
    if (!p)
        return;
    memcpy(p->name, name, sizeof name);
    place_send(s, join_done);
}

static void leave_done(struct seat_waiter *w, enum store_result r)
{
    struct scan *s = (struct scan *)w;
    place_take(s);
    if (r != STORE_OK)
        send_failure(s, r);
    else
        send_back(s, NULL);
}

/* --- asking --- */

static void look_done(struct seat_waiter *w, enum store_result r)
{
    static const char *const words[SEAT_PLACE_STATES] = {[SEAT_PLACE_NONE] = "none",
                                                         [SEAT_PLACE_WAITS] = "waits",
                                                         [SEAT_PLACE_SEAT] = "seat",
                                                         [SEAT_PLACE_OPEN] = "none",
                                                         [SEAT_PLACE_FULL] = "none"};
    struct scan *s = (struct scan *)w;
    struct seat_place p = place_take(s);
    struct reply reply;
    char body[128];
    if (r != STORE_OK) {
        send_failure(s, r);
        return;
    }
    int64_t poll = WAIT_POLL_MIN + p.before / WAIT_POLL_SHARE;
    int len = snprintf(body, sizeof body, "{\"state\":\"%s\",\"before\":%" PRId64 ",\"poll\":%" PRId64 "}",
                       words[p.state], p.before, poll < WAIT_POLL_MAX ? poll : WAIT_POLL_MAX);
    reply_begin(&reply, conn_of(s), 200);
    reply_header_text(&reply, "Content-Type", "application/json");
    reply_header_text(&reply, "Cache-Control", "no-store");
    reply_end(&reply, body, (size_t)len);
}

/* --- what is pressed --- */

static void ask_start(struct scan *s, enum seat_place_action action,
                      void (*done)(struct seat_waiter *w, enum store_result r))
{
    if (place_new(s, action))
        place_send(s, done);
}

bool wait_pressed(struct scan *s)
{
    char what[8];
    if (query_get(conn_body(conn_of(s)), "wait", what, sizeof what) <= 0)
        return false;
    if (send_if_not_running(s))
        return true;
    if (has_list(s) && strcmp(what, "join") == 0)
        join_start(s);
    else if (has_list(s) && strcmp(what, "look") == 0)
        ask_start(s, SEAT_PLACE_LOOK, look_done);
    else if (has_list(s) && strcmp(what, "leave") == 0)
        ask_start(s, SEAT_PLACE_LEAVE, leave_done);
    else /* the list was closed meanwhile */
        send_back(s, NULL);
    return true;
}
