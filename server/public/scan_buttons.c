/*
 * The buttons of a visitor's page. "I'm in": scan_confirm -> confirm_done; "can't get in": scan_next -> next_done.
 * Those of a tap page and of guard.c's are at the page's own address: scan_press -> tap_done. Each opens its campaign
 * first.
 */
#include <string.h>
#include <strings.h>

#include "lead.h"
#include "scan_private.h"
#include "wait.h"

void scan_begin_return(struct scan *s, struct reply *r)
{
    const struct request *q = conn_request(conn_of(s));
    char location[HTTP_TARGET_MAX + 1], *p = location;
    if (s->pressed) {
        p = mempcpy(p, q->path.at, q->path.len);
        if (q->query.len) {
            *p++ = '?';
            p = mempcpy(p, q->query.at, q->query.len);
        }
    } else {
        *p++ = '/';
        p = mempcpy(p, s->path.at, s->path.len);
    }
    reply_begin(r, conn_of(s), 303);
    reply_header(r, "Location", location, (size_t)(p - location));
    reply_header_text(r, "Cache-Control", "no-store");
}

static void send_to_campaign(struct scan *s, const struct seat_token *cookie)
{
    struct reply r;
    scan_begin_return(s, &r);
    if (cookie) {
        reply_header_text(&r, "Huoma-Group", cookie->group);
        visitor_write(&context_of(s)->visitors, &r, cookie, campaign_of(s), s->path);
    }
    reply_end(&r, NULL, 0);
}

/* Whether a button was pressed that the browser follows, and not a script that reads the answer. */
static bool is_form(const struct request *r)
{
    static const char form[] = "application/x-www-form-urlencoded";
    struct span type = r->header[HTTP_H_CONTENT_TYPE];
    return type.at && type.len >= sizeof form - 1 && strncasecmp(type.at, form, sizeof form - 1) == 0;
}

/* The seat could not be kept: the page's script loads the page again; a form is sent there. */
static void send_reload(struct scan *s, const struct seat_token *cookie)
{
    static const char body[] = "{\"reload\":true}";
    struct conn *c = conn_of(s);
    struct reply r;
    if (is_form(conn_request(c))) {
        send_to_campaign(s, cookie);
        return;
    }
    reply_begin(&r, c, 409);
    reply_header_text(&r, "Content-Type", "application/json");
    reply_header_text(&r, "Cache-Control", "no-store");
    if (cookie)
        visitor_write(&context_of(s)->visitors, &r, cookie, campaign_of(s), s->path);
    reply_end(&r, body, sizeof body - 1);
}

static void send_kept(struct scan *s, const struct seat_token *cookie)
{
    struct reply r;
    reply_begin(&r, conn_of(s), 204);
    reply_header_text(&r, "Cache-Control", "no-store");
    if (cookie)
        visitor_write(&context_of(s)->visitors, &r, cookie, campaign_of(s), s->path);
    reply_end(&r, NULL, 0);
}

static void confirm_done(struct seat_waiter *w, enum store_result r)
{
    struct scan *s = (struct scan *)w;
    if (r == STORE_OK) {
        int group = campaign_find_group(campaign_of(s), s->token.group);
        if (group >= 0 && !w->again)
            count_visit(s, &campaign_of(s)->groups[group], 1u << STAT_CONFIRMED);
        s->token.confirmed = true;
        send_kept(s, &s->token);
    } else if (r == STORE_STALE) {
        s->token.due = 0; /* the page would be that of the same group, for as long as the seat looks held */
        send_reload(s, &s->token);
    } else {
        send_failure(s, r);
    }
}

/* The button of a tap page was pressed: the seat is taken now, and the visitor sent on with it. */
static void tap_done(struct seat_waiter *w, enum store_result r)
{
    struct scan *s = (struct scan *)w;
    if (r != STORE_OK) {
        scan_done(w, r);
        return;
    }
    struct seat_token t = scan_new_token(s);
    count_visit(s, &campaign_of(s)->groups[w->group], seat_kinds(s));
    /* A page stands at the campaign's own address: that is what "open in your browser" takes along. */
    if (lead_find(&campaign_of(s)->groups[w->group], conn_request(conn_of(s))).kind != LEAD_LINK)
        send_to_campaign(s, &t);
    else
        send_seat(s, w->group, &t);
}

/* Whether it is the button of a tap page: nobody without a seat sees another page, and the script of one with a seat
 * confirms. */
static bool is_tap(struct scan *s)
{
    struct conn *c = conn_of(s);
    struct answers *a = answers_of(s);
    if (!a || !answers_ask_tap(a) || scan_seat_in_hand(s, conn_now(c)) >= 0)
        return false;
    return !s->has_token || is_form(conn_request(c));
}

static void confirm_opened(struct scan *s)
{
    if (is_tap(s)) {
        if (!send_if_not_running(s) && guard_admits(s, NULL))
            scan_take_seat(s, tap_done);
    } else if (!s->has_token || (!s->token.confirmed && s->token.due == 0)) {
        send_reload(s, NULL);
    } else if (s->token.confirmed) {
        send_kept(s, NULL);
    } else {
        s->waiter.done = confirm_done;
        seats_confirm(context_of(s)->seats, &s->waiter, s->token.group, s->token.due, s->token.serial);
    }
}

void scan_confirm(struct conn *c)
{
    scan_open(c, conn_data(c), confirm_opened);
}

static void press_opened(struct scan *s)
{
    if (wait_pressed(s))
        return;
    if (!is_tap(s) && (!guard_pressed(s) || scan_seat_in_hand(s, conn_now(conn_of(s))) >= 0))
        send_to_campaign(s, NULL); /* a seat they have by now, or a campaign that no longer asks */
    else if (!send_if_not_running(s) && guard_admits(s, NULL))
        scan_take_seat(s, tap_done);
}

void scan_press(struct conn *c)
{
    struct scan *s = conn_data(c);
    s->pressed = true;
    if (!is_form(conn_request(c)))
        scan_refuse(c, 405);
    else if (scan_read_channel(c, s))
        scan_open(c, s, press_opened);
}

static void next_done(struct seat_waiter *w, enum store_result r)
{
    struct scan *s = (struct scan *)w;
    int left = r == STORE_OK || r == STORE_FULL ? campaign_find_group(campaign_of(s), s->token.group) : -1;
    if (left >= 0)
        count_visit(s, &campaign_of(s)->groups[left], 1u << STAT_REPORTS);
    if (r != STORE_OK) {
        scan_done(w, r);
        return;
    }
    count_visit(s, &campaign_of(s)->groups[w->group], seat_kinds(s));
    seat_token_add_tried(&s->token, s->token.group);
    struct seat_token t = scan_new_token(s);
    send_to_campaign(s, &t);
}

static void next_opened(struct scan *s)
{
    if (!s->has_token) {
        send_to_campaign(s, NULL);
        return;
    }
    s->waiter.done = next_done;
    s->waiter.lanes = scan_lanes;
    s->waiter.left = (struct seat_left){.group = s->token.group,
                                        .due = s->token.due,
                                        .serial = s->token.serial,
                                        .avoid = (const char(*)[GROUP_ID_MAX + 1]) s->token.tried,
                                        .avoid_count = s->token.tried_count};
    seats_next(context_of(s)->seats, &s->waiter);
}

void scan_next(struct conn *c)
{
    scan_open(c, conn_data(c), next_opened);
}

/* The button's answer may be a page, and its address is opened again: reloaded, or passed to a browser. */
static void return_opened(struct scan *s)
{
    send_to_campaign(s, NULL);
}

void scan_return(struct conn *c)
{
    scan_open(c, conn_data(c), return_opened);
}
