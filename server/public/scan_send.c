/* What a scan is answered: pages, redirects, failures; which of them a seat leads to. scan_private.h. */
#include <stdio.h>
#include <string.h>

#include "forward.h"
#include "lead.h"
#include "route.h"
#include "scan_private.h"
#include "visit.h"
#include "wait.h"

/* --- who is asking --- */

/* Where codes are recognised by a long press, and Chinese is spoken: WeCom too. */
static bool in_wechat_or_wecom(const struct request *r)
{
    enum visit_app app = visit_app_of(r);
    return app == VISIT_WECHAT || app == VISIT_WECOM;
}

enum landing_language language_of(const struct conn *c)
{
    const struct request *r = conn_request(c);
    struct span accept = r->header[HTTP_H_ACCEPT_LANGUAGE];
    return landing_language_of(accept.at, accept.len, in_wechat_or_wecom(r) ? LANDING_ZH : LANDING_EN);
}

/* The campaign's answers, made with the first scan of a definition. NULL: out of memory. */
struct answers *answers_of(struct scan *s)
{
    struct seats_campaign *c = s->waiter.campaign;
    if (!c->prepared)
        c->prepared = answers_new(&context_of(s)->shelf, c->definition);
    return c->prepared;
}

/* --- answers --- */

static const char retry_seconds[] = "3";

void begin_page(struct reply *r, struct conn *c, int status)
{
    const struct scan_context *x = conn_owner(c);
    reply_begin(r, c, status);
    reply_lines(r, x->page_lines, x->page_lines_len);
}

/* The page, with the campaign's path as the visitor wrote it put in. page NULL: there is no memory to make it, and the
 * busy page comes again by itself; who got a seat has its proof by then. */
void end_page(struct reply *r, const struct landing_page *page, struct span path)
{
    if (!page) {
        struct scan_context *x = conn_owner(r->conn);
        reply_header_text(r, "Retry-After", retry_seconds);
        page = answers_plain(&x->shelf, LANDING_BUSY, language_of(r->conn));
    }
    size_t at = page->path_at;
    struct span parts[] = {{page->html, at}, path, {page->html + at, page->len - at}};
    reply_end_parts(r, parts, at < page->len ? 3 : 1);
}

static void send_plain(struct conn *c, int status, enum landing_message m, struct span path)
{
    struct scan_context *x = conn_owner(c);
    struct reply r;
    const struct landing_page *page = answers_plain(&x->shelf, m, language_of(c));
    begin_page(&r, c, page ? status : 503);
    if (status == 503) /* of a page that is there: else end_page says it */
        reply_header_text(&r, "Retry-After", retry_seconds);
    if (status == 405) {
        char allow[64];
        reply_header_text(&r, "Allow", route_allow(conn_allowed(c), allow));
    }
    end_page(&r, page, path);
}

void scan_refuse(struct conn *c, int status)
{
    send_plain(c, status, status == 404 ? LANDING_NOT_FOUND : LANDING_BAD_REQUEST, (struct span){"", 0});
}

void send_failure(struct scan *s, enum store_result r)
{
    static const struct {
        int status;
        enum landing_message message;
    } table[STORE_RESULT_COUNT] = {
        [STORE_NOT_FOUND] = {404, LANDING_NOT_FOUND},
        [STORE_UNAVAILABLE] = {503, LANDING_BUSY},
        [STORE_TIMEOUT] = {503, LANDING_BUSY},
        [STORE_BAD_REPLY] = {503, LANDING_BUSY},
        [STORE_NO_SPACE] = {503, LANDING_BUSY},
        [STORE_CONFLICT] = {503, LANDING_BUSY},
        [STORE_ALIAS_TAKEN] = {503, LANDING_BUSY},
        [STORE_STALE] = {503, LANDING_BUSY},
        [STORE_LAST_OWNER] = {503, LANDING_BUSY},
        [STORE_FULL] = {503, LANDING_BUSY},
        [STORE_OK] = {503, LANDING_BUSY},
    };
    if (table[r].status == 503)
        counts_failed(context_of(s)->counts);
    send_plain(conn_of(s), table[r].status, table[r].message, s->path);
}

void send_message(struct scan *s, int status, enum landing_message m)
{
    struct conn *c = conn_of(s);
    struct answers *a = answers_of(s);
    struct reply r;
    const struct landing_page *page = a ? answers_message(a, m, language_of(c)) : NULL;
    begin_page(&r, c, page ? status : 503);
    if (m == LANDING_FULL || m == LANDING_WAITING_FULL)
        reply_header_text(&r, "Huoma-Group", "none");
    end_page(&r, page, s->path);
}

/* true: the campaign is not running, and the visitor was told so. */
bool send_if_not_running(struct scan *s)
{
    switch (campaign_phase(campaign_of(s), conn_now(conn_of(s)))) {
    case CAMPAIGN_RUNNING:
        return false;
    case CAMPAIGN_OFF:
        send_message(s, 410, LANDING_OFF);
        break;
    case CAMPAIGN_NOT_BEGUN:
        send_message(s, 410, LANDING_NOT_BEGUN);
        break;
    case CAMPAIGN_ENDED:
        send_message(s, 410, LANDING_ENDED);
        break;
    }
    return true;
}

static bool is_elsewhere(struct scan *s)
{
    char channel[CAMPAIGN_CHANNEL_MAX + 1];
    if (!campaign_of(s)->leaving_lanes)
        return false;
    struct visit v = visit_of_scan(s, channel);
    return campaign_is_elsewhere(campaign_of(s), &v, conn_now(conn_of(s)));
}

/* "Open in your browser", with the campaign's link and the visitor's channel. */
static void send_leave(struct scan *s)
{
    struct conn *c = conn_of(s);
    struct answers *a = answers_of(s);
    char channel[CAMPAIGN_CHANNEL_MAX + 2];
    int len = snprintf(channel, sizeof channel, "%s%s", s->waiter.channel[0] ? "/" : "", s->waiter.channel);
    struct reply r;
    const struct landing_page *page = a ? answers_leave(a, context_of(s)->base_url, language_of(c)) : NULL;
    begin_page(&r, c, page ? 200 : 503);
    reply_header_text(&r, "Huoma-Group", "none");
    end_page(&r, page, (struct span){channel, (size_t)len});
}

void send_full(struct scan *s)
{
    const char *url = campaign_fallback_url(campaign_of(s));
    struct reply r;
    if (send_if_not_running(s))
        return;
    count_visit(s, NULL, view_kinds(s) | 1u << STAT_FULL);
    if (is_elsewhere(s)) {
        send_leave(s);
        return;
    }
    if (!url) {
        if (!wait_offer(s))
            send_message(s, 200, LANDING_FULL);
        return;
    }
    reply_begin(&r, conn_of(s), 302);
    reply_header_text(&r, "Location", url);
    reply_header_text(&r, "Cache-Control", "no-store");
    reply_header_text(&r, "Huoma-Group", "none");
    reply_end(&r, NULL, 0);
}

/* A redirect that is this visitor's alone. */
static void send_to(struct scan *s, size_t group, const char *location, const struct seat_token *cookie)
{
    struct reply r;
    reply_begin(&r, conn_of(s), 302);
    reply_header_text(&r, "Location", location);
    reply_header_text(&r, "Cache-Control", "no-store");
    reply_header_text(&r, "Huoma-Group", campaign_of(s)->groups[group].id);
    if (cookie)
        visitor_write(&context_of(s)->visitors, &r, cookie, campaign_of(s), s->path);
    reply_end(&r, NULL, 0);
}

/* Where the campaign passes queries on: the group's link with this visitor's. false: the link goes out as it is. */
static bool send_forwarded(struct scan *s, size_t group, const struct seat_token *cookie)
{
    char location[FORWARD_LOCATION_MAX + 1];
    if (!campaign_of(s)->forward_query)
        return false;
    if (!forward_location(campaign_of(s)->groups[group].url, conn_request(conn_of(s))->query, location))
        return false;
    send_to(s, group, location, cookie);
    return true;
}

static void send_redirect(struct scan *s, struct answers *a, size_t group, const struct seat_token *cookie)
{
    struct scan_context *x = context_of(s);
    struct reply r;
    if (send_forwarded(s, group, cookie))
        return;
    bool first = cookie && !cookie->due && !cookie->tried_count && span_is(s->path, s->slug);
    struct span lines = first ? answers_first_redirect(a, group, &x->visitors) : answers_redirect(a, group);
    if (!lines.at) {
        send_failure(s, STORE_UNAVAILABLE);
        return;
    }
    reply_begin(&r, conn_of(s), 302);
    reply_lines(&r, lines.at, lines.len);
    if (cookie && !first)
        visitor_write(&x->visitors, &r, cookie, campaign_of(s), s->path);
    reply_end(&r, NULL, 0);
}

static void send_page(struct scan *s, struct answers *a, size_t group, const struct seat_token *cookie)
{
    struct conn *c = conn_of(s);
    struct reply r;
    enum landing_app app = in_wechat_or_wecom(conn_request(c)) ? LANDING_IN_WECHAT : LANDING_ELSEWHERE;
    const struct landing_page *page = answers_group(a, group, language_of(c), app);
    begin_page(&r, c, page ? 200 : 503);
    reply_header_text(&r, "Huoma-Group", campaign_of(s)->groups[group].id);
    if (cookie)
        visitor_write(&context_of(s)->visitors, &r, cookie, campaign_of(s), s->path);
    end_page(&r, page, s->path);
}

static void send_view(struct scan *s, struct answers *a, size_t group, enum landing_view view,
                      const struct seat_token *cookie)
{
    struct conn *c = conn_of(s);
    struct reply r;
    const struct landing_page *page = answers_view(a, group, context_of(s)->base_url, language_of(c), view);
    begin_page(&r, c, page ? 200 : 503);
    reply_header_text(&r, "Huoma-Group", campaign_of(s)->groups[group].id);
    if (cookie)
        visitor_write(&context_of(s)->visitors, &r, cookie, campaign_of(s), s->path);
    end_page(&r, page, s->path);
}

/* A redirect to where the lead says: a URL, or the group's link. */
static void send_on(struct scan *s, struct answers *a, size_t group, struct lead lead, const struct seat_token *cookie)
{
    if (lead.kind == LEAD_URL)
        send_to(s, group, lead.url, cookie);
    else
        send_redirect(s, a, group, cookie);
}

static void send_away_done(struct seat_waiter *w, enum store_result r)
{
    struct scan *s = (struct scan *)w;
    struct answers *a = answers_of(s);
    int at = r == STORE_OK && a ? campaign_find_group(campaign_of(s), s->token.group) : -1;
    const struct group *g = at >= 0 ? &campaign_of(s)->groups[at] : NULL;
    struct lead lead = {.kind = LEAD_PAGE};
    if (g && g->url && !g->barred)
        lead = lead_find(g, conn_request(conn_of(s)));
    if (lead.kind != LEAD_URL && lead.kind != LEAD_LINK) {
        send_failure(s, r == STORE_OK ? STORE_STALE : r);
        return;
    }
    if (!w->again)
        count_visit(s, g, 1u << STAT_CONFIRMED);
    s->token.confirmed = true;
    send_on(s, a, (size_t)at, lead, &s->token);
}

/* The seat of the visitor's cookie may be gone, though it looks held. */
static void send_held_away_done(struct seat_waiter *w, enum store_result r)
{
    if (r == STORE_STALE)
        scan_take((struct scan *)w);
    else
        send_away_done(w, r);
}

/* To a link that no page stands before: a seat that is held would never be confirmed from there, so it is now. */
static void send_away(struct scan *s, struct answers *a, size_t group, struct lead lead,
                      const struct seat_token *cookie)
{
    bool held = cookie ? !cookie->confirmed : s->has_token && !s->token.confirmed;
    if (!held) {
        send_on(s, a, group, lead, cookie);
        return;
    }
    if (cookie)
        s->token = *cookie;
    s->waiter.done = cookie ? send_away_done : send_held_away_done;
    seats_confirm(context_of(s)->seats, &s->waiter, s->token.group, s->token.due, s->token.serial);
}

/* The visitor has a seat in that group. cookie: the proof to carry, or NULL when they carry it already. */
void send_seat(struct scan *s, size_t group, const struct seat_token *cookie)
{
    struct answers *a = answers_of(s);
    if (!a) {
        send_failure(s, STORE_UNAVAILABLE);
        return;
    }
    /* The ledger knows nothing of hosts. */
    if (campaign_of(s)->groups[group].barred) {
        send_full(s);
        return;
    }
    /* Only a group that is off has no link, and no such group gives seats. */
    if (!campaign_of(s)->groups[group].url) {
        send_failure(s, STORE_BAD_REPLY);
        return;
    }
    struct lead lead = lead_find(&campaign_of(s)->groups[group], conn_request(conn_of(s)));
    switch (lead.kind) {
    case LEAD_PAGE:
        send_page(s, a, group, cookie);
        break;
    case LEAD_VIEW:
        send_view(s, a, group, lead.view, cookie);
        break;
    case LEAD_LINK:
    case LEAD_URL:
        send_away(s, a, group, lead, cookie);
        break;
    }
}
