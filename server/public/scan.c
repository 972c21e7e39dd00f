/*
 * THE path. A scan comes in, gets a seat, and is on its way:
 *
 *     scan_start -> scan_open -> opened -> a seat in the cookie:        send_seat
 *                                       -> seats_take -> scan_done  ->  send_seat, or send_full
 *                                       -> too many from one address:   guard.c's page
 *
 * scan_open.c opens the campaign, which is at hand but for the first scan after a change; scan_seat.c knows the
 * visitor's seat; what is sent stands in scan_send.c. Beside it the buttons of the landing page, scan_buttons.c, and
 * those of the waiting list, wait.c. An address without a campaign may be an old one: scan_not_found, in old_path.c.
 */
#include <stdlib.h>
#include <strings.h>

#include "crawler.h"
#include "scan_private.h"
#include "visit.h"
#include "wait.h"

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
    struct seat_token t = scan_new_token(s);
    const struct group *g = &campaign_of(s)->groups[s->waiter.group];
    /* Of a group that leads to no allowed host the view is counted by the page that they get. */
    count_visit(s, g, (g->barred ? 0 : view_kinds(s)) | seat_kinds(s));
    send_seat(s, s->waiter.group, &t);
}

void scan_done(struct seat_waiter *w, enum store_result r)
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

void scan_take(struct scan *s)
{
    struct answers *a = answers_of(s);
    bool asks = a && answers_ask_tap(a);
    if (asks && campaign_of(s)->only_leaving && visit_app_of(conn_request(conn_of(s))) == VISIT_WECHAT)
        send_full(s); /* no button where there is no seat to press it for */
    else if (asks)
        send_tap(s);
    else if (guard_admits(s, NULL))
        scan_take_seat(s, scan_done);
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
    int group = scan_seat_in_hand(s, conn_now(c));
    if (group >= 0) {
        count_visit(s, &campaign_of(s)->groups[group], view_kinds(s));
        send_seat(s, (size_t)group, NULL);
    } else if (!wait_come(s)) {
        scan_take(s);
    }
}

void scan_start(struct conn *c)
{
    struct scan *s = conn_data(c);
    if (!scan_read_channel(c, s))
        return;
    s->begun_ns = scan_now_ns();
    struct span path = conn_segment(c, 0);
    bool list = !s->waiter.channel[0] && without_plus(&path);
    scan_open_at(c, s, path, list ? list_opened : scan_opened);
}
