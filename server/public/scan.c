/*
 * THE path. A scan comes in, gets a seat, and is on its way:
 *
 *     scan_start -> seats_open -> opened -> a seat in the cookie:        send_seat
 *                                        -> seats_take -> scan_done  ->  send_seat, or send_full
 *                                        -> too many from one address:   guard.c's page
 *
 * What is sent stands in scan_send.c. Beside it the two buttons of the landing page: confirm_start -> confirm_done,
 * next_start -> next_done. Each of the three opens its campaign first, which is at hand but for the first scan after a
 * change. The buttons of a tap page and of guard.c's are at the page's own address: press_opened -> tap_done. So are
 * those of the waiting list, wait.c. An address without a campaign may be an old one: scan_not_found, in old_path.c.
 */
#include "scan_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client.h"
#include "crawler.h"
#include "lead.h"
#include "reply.h"
#include "visit.h"
#include "wait.h"

size_t scan_size(void)
{
    return sizeof(struct scan);
}

int scan_context_init(struct scan_context *x, const unsigned char secret[STORE_SECRET], int visitor_days,
                      const char *base_url)
{
    visitor_init(&x->visitors, secret, visitor_days, base_url);
    snprintf(x->base_url, sizeof x->base_url, "%s", base_url);
    int len = snprintf(x->page_lines, sizeof x->page_lines,
                       "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
                       "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
                       "Content-Security-Policy: %s\r\n",
                       landing_csp());
    if (len < 0 || (size_t)len >= sizeof x->page_lines)
        return -ENOBUFS;
    x->page_lines_len = (size_t)len;
    return 0;
}

/* --- whom a group is for --- */

static void find_country(struct scan *s, char ret_code[COUNTRY_CODE + 1])
{
    const struct scan_context *x = context_of(s);
    struct conn *c = conn_of(s);
    char peer[INET6_ADDRSTRLEN], client[INET6_ADDRSTRLEN];

    conn_peer(c, peer);
    client_address(peer, conn_request(c)->header[HTTP_H_X_FORWARDED_FOR], config_trusts_proxy, x->config, client);
    countries_find(x->countries, client, ret_code);
}

struct visit visit_of_scan(struct scan *s, char channel[CAMPAIGN_CHANNEL_MAX + 1])
{
    struct conn *c = conn_of(s);
    struct answers *a = answers_of(s);
    int had = s->has_token ? campaign_find_group(campaign_of(s), s->token.group) : -1;
    const struct when *when = had >= 0 ? campaign_of(s)->groups[had].when : NULL;

    snprintf(channel, CAMPAIGN_CHANNEL_MAX + 1, "%s", s->waiter.channel);
    if (!channel[0] && when && when->channels)
        snprintf(channel, CAMPAIGN_CHANNEL_MAX + 1, "%.*s", (int)strcspn(when->channels + 1, ","), when->channels + 1);
    struct visit v = visit_of(conn_request(c), channel, conn_now(c), a ? answers_zone(a) : NULL, campaign_of(s)->asks);
    if (campaign_of(s)->asks & VISIT_FACT_COUNTRY && context_of(s)->countries)
        find_country(s, v.country);
    return v;
}

uint32_t scan_lanes(struct seat_waiter *w)
{
    struct scan *s = (struct scan *)w;
    char channel[CAMPAIGN_CHANNEL_MAX + 1];
    struct visit v = visit_of_scan(s, channel);
    return campaign_lanes(campaign_of(s), &v);
}

/* Whether who has a seat in the group keeps it: they do when its hours are over. */
static bool keeps_seat(struct scan *s, const struct group *g)
{
    char channel[CAMPAIGN_CHANNEL_MAX + 1];
    bool leaves = campaign_of(s)->leaving_lanes >> g->lane & 1;
    if (!g->when && !leaves)
        return true;
    struct visit v = visit_of_scan(s, channel);
    return when_fits_person(g->when, &v) && !(leaves && v.app == VISIT_WECHAT);
}

/* --- the seat in the cookie --- */

/* The group of a seat that still holds without asking Redis: confirmed, or held and not yet due; and its group admits.
 */
static int seat_in_hand(struct scan *s, int64_t now)
{
    if (!s->has_token || (!s->token.confirmed && now >= s->token.due))
        return -1;
    int group = campaign_find_group(campaign_of(s), s->token.group);
    if (group < 0 || !group_admits(&campaign_of(s)->groups[group], now))
        return -1;
    return keeps_seat(s, &campaign_of(s)->groups[group]) ? group : -1;
}

/* The proof of the seat that the ledger gave, with what the old one remembered. */
static struct seat_token new_token(const struct scan *s)
{
    struct seat_token t = {.confirmed = !s->waiter.held, .due = s->waiter.due, .serial = s->waiter.serial};
    memcpy(t.group, campaign_of(s)->groups[s->waiter.group].id, sizeof t.group);
    if (s->has_token) {
        memcpy(t.tried, s->token.tried, sizeof t.tried);
        t.tried_count = s->token.tried_count;
    }
    return t;
}

/* --- opening --- */

static void open_done(struct seat_waiter *w, enum store_result r)
{
    struct scan *s = (struct scan *)w;
    struct conn *c = conn_of(s);
    if (r == STORE_NOT_FOUND) {
        scan_not_found(c);
        return;
    }
    if (r != STORE_OK) {
        send_failure(s, r);
        return;
    }
    s->has_token = visitor_read(&context_of(s)->visitors, conn_request(c), campaign_of(s), &s->token);
    s->opened(s);
}

/* Lower case of a path's segment; false: too long. */
static bool lower(struct span from, char *to, size_t max)
{
    if (from.len > max)
        return false;
    for (size_t i = 0; i < from.len; i++)
        to[i] = from.at[i] >= 'A' && from.at[i] <= 'Z' ? (char)(from.at[i] | 0x20) : from.at[i];
    to[from.len] = '\0';
    return true;
}

static void open_campaign_at(struct conn *c, struct scan *s, struct span path, void (*opened)(struct scan *s))
{
    s->path = path;
    s->opened = opened;
    s->waiter.done = open_done;
    if (!lower(s->path, s->slug, CAMPAIGN_SLUG_MAX) || !campaign_slug_valid(s->slug, s->path.len)) {
        scan_not_found(c);
        return;
    }
    if (seats_open(context_of(s)->seats, s->slug, &s->waiter))
        open_done(&s->waiter, STORE_OK);
}

static void open_campaign(struct conn *c, struct scan *s, void (*opened)(struct scan *s))
{
    open_campaign_at(c, s, conn_segment(c, 0), opened);
}

/* --- where a code leads: "+" behind the slug --- */

static void list_opened(struct scan *s)
{
    struct conn *c = conn_of(s);
    struct landing_page page = {0};
    struct reply r;
    if (send_if_not_running(s))
        return;
    int failed = landing_list(&page, campaign_of(s), conn_now(c), language_of(c));
    begin_page(&r, c, failed ? 503 : 200);
    reply_header_text(&r, "Huoma-Preview", "1");
    end_page(&r, failed ? NULL : &page, s->path);
    free(page.html);
}

/* The segment without the "+" at its end, which no slug has; false: there is none. */
static bool without_plus(struct span *segment)
{
    static const char escaped[] = "%2b";
    const char *end = segment->at + segment->len;
    size_t len = end[-1] == '+' ? 1 : segment->len > 3 && !strncasecmp(end - 3, escaped, 3) ? 3 : 0;
    segment->len -= len;
    return len > 0;
}

/* --- a scan --- */

static void send_preview(struct scan *s)
{
    struct conn *c = conn_of(s);
    struct answers *a = answers_of(s);
    struct reply r;
    count_visit(s, NULL, 1u << STAT_MACHINES);
    const struct landing_page *page = a ? answers_preview(a, context_of(s)->base_url, language_of(c)) : NULL;
    begin_page(&r, c, page ? 200 : 503);
    reply_header_text(&r, "Huoma-Preview", "1");
    end_page(&r, page, s->path);
}

static void send_tap(struct scan *s)
{
    struct conn *c = conn_of(s);
    struct reply r;
    count_visit(s, NULL, view_kinds(s));
    const struct landing_page *page = answers_tap(answers_of(s), language_of(c));
    begin_page(&r, c, page ? 200 : 503);
    end_page(&r, page, s->path);
}

void scan_seated(struct scan *s)
{
    struct seat_token t = new_token(s);
    const struct group *g = &campaign_of(s)->groups[s->waiter.group];
    /* Of a group that leads to no allowed host the view is counted by the page that they get. */
    count_visit(s, g, (g->barred ? 0 : view_kinds(s)) | seat_kinds(s));
    send_seat(s, s->waiter.group, &t);
}

static void scan_done(struct seat_waiter *w, enum store_result r)
{
    struct scan *s = (struct scan *)w;
    if (r == STORE_OK) {
        scan_seated(s);
    } else if (r == STORE_FULL) {
        guard_give_back(s);
        send_full(s);
    } else if (r == STORE_NOT_FOUND) { /* deleted, which this worker has not heard yet */
        scan_not_found(conn_of(s));
    } else {
        send_failure(s, r);
    }
}

static void take_seat(struct scan *s, void (*done)(struct seat_waiter *w, enum store_result r))
{
    if (campaign_of(s)->only_barred) { /* a seat would be of no use */
        send_full(s);
        return;
    }
    s->waiter.done = done;
    int had = s->has_token ? campaign_find_group(campaign_of(s), s->token.group) : -1;
    s->waiter.prefer = had >= 0 && !campaign_of(s)->groups[had].barred ? s->token.group : NULL;
    s->waiter.lanes = scan_lanes;
    seats_take(context_of(s)->seats, &s->waiter);
}

void scan_take(struct scan *s)
{
    struct answers *a = answers_of(s);
    bool asks = a && answers_ask_tap(a);
    if (asks && campaign_of(s)->only_leaving && visit_app_of(conn_request(conn_of(s))) == VISIT_WECHAT)
        send_full(s); /* no button where there is no seat to press it for */
    else if (asks)
        send_tap(s);
    else if (guard_admits(s))
        take_seat(s, scan_done);
}

static void scan_opened(struct scan *s)
{
    struct conn *c = conn_of(s);
    if (send_if_not_running(s))
        return;
    if (conn_request(c)->method == HTTP_M_HEAD || crawler_is(conn_request(c))) {
        send_preview(s);
        return;
    }
    int group = seat_in_hand(s, conn_now(c));
    if (group >= 0) {
        count_visit(s, &campaign_of(s)->groups[group], view_kinds(s));
        send_seat(s, (size_t)group, NULL);
    } else if (!wait_come(s)) {
        scan_take(s);
    }
}

/* The channel of the address; false: it is none, and the address perhaps an old one. */
static bool read_channel(struct conn *c, struct scan *s)
{
    struct span channel = conn_segment(c, 1);
    bool fits = !channel.len || (lower(channel, s->waiter.channel, CAMPAIGN_CHANNEL_MAX) &&
                                 campaign_channel_valid(s->waiter.channel, channel.len));
    if (!fits)
        scan_not_found(c);
    return fits;
}

void scan_start(struct conn *c)
{
    struct scan *s = conn_data(c);
    if (!read_channel(c, s))
        return;
    s->begun_ns = scan_now_ns();
    struct span path = conn_segment(c, 0);
    bool list = !s->waiter.channel[0] && without_plus(&path);
    open_campaign_at(c, s, path, list ? list_opened : scan_opened);
}

/* --- the confirmation --- */

size_t scan_address(struct scan *s, char location[HTTP_TARGET_MAX + 1])
{
    const struct request *q = conn_request(conn_of(s));
    char *p = location;
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
    return (size_t)(p - location);
}

static void send_to_campaign(struct scan *s, const struct seat_token *cookie)
{
    struct reply r;
    char location[HTTP_TARGET_MAX + 1];
    size_t len = scan_address(s, location);
    reply_begin(&r, conn_of(s), 303);
    reply_header(&r, "Location", location, len);
    reply_header_text(&r, "Cache-Control", "no-store");
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
static void send_reload(struct scan *s)
{
    static const char body[] = "{\"reload\":true}";
    struct conn *c = conn_of(s);
    struct reply r;
    if (is_form(conn_request(c))) {
        send_to_campaign(s, NULL);
        return;
    }
    reply_begin(&r, c, 409);
    reply_header_text(&r, "Content-Type", "application/json");
    reply_header_text(&r, "Cache-Control", "no-store");
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
        send_reload(s);
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
    struct seat_token t = new_token(s);
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
    if (!a || !answers_ask_tap(a) || seat_in_hand(s, conn_now(c)) >= 0)
        return false;
    return !s->has_token || is_form(conn_request(c));
}

static void confirm_opened(struct scan *s)
{
    if (is_tap(s)) {
        if (!send_if_not_running(s) && guard_admits(s))
            take_seat(s, tap_done);
    } else if (!s->has_token) {
        send_reload(s);
    } else if (s->token.confirmed) {
        send_kept(s, NULL);
    } else {
        s->waiter.done = confirm_done;
        seats_confirm(context_of(s)->seats, &s->waiter, s->token.group, s->token.due, s->token.serial);
    }
}

void scan_confirm(struct conn *c)
{
    open_campaign(c, conn_data(c), confirm_opened);
}

static void press_opened(struct scan *s)
{
    if (wait_pressed(s))
        return;
    if (!is_tap(s) && (!guard_pressed(s) || seat_in_hand(s, conn_now(conn_of(s))) >= 0))
        send_to_campaign(s, NULL); /* a seat they have by now, or a campaign that no longer asks */
    else if (!send_if_not_running(s) && guard_admits(s))
        take_seat(s, tap_done);
}

void scan_press(struct conn *c)
{
    struct scan *s = conn_data(c);
    s->pressed = true;
    if (!is_form(conn_request(c)))
        scan_refuse(c, 405);
    else if (read_channel(c, s))
        open_campaign(c, s, press_opened);
}

/* --- "can't get in" --- */

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
    struct seat_token t = new_token(s);
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
    open_campaign(c, conn_data(c), next_opened);
}

/* The button's answer may be a page, and its address is opened again: reloaded, or passed to a browser. */
static void return_opened(struct scan *s)
{
    send_to_campaign(s, NULL);
}

void scan_return(struct conn *c)
{
    open_campaign(c, conn_data(c), return_opened);
}
