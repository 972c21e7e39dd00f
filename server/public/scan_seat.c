/* The seat of a visitor: which groups are for them, whether the one in their cookie holds, and how one is taken. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "scan_private.h"
#include "visit.h"

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

int scan_seat_in_hand(struct scan *s, int64_t now)
{
    if (!s->has_token || (!s->token.confirmed && now >= s->token.due))
        return -1;
    int group = campaign_find_group(campaign_of(s), s->token.group);
    if (group < 0 || !group_admits(&campaign_of(s)->groups[group], now))
        return -1;
    return keeps_seat(s, &campaign_of(s)->groups[group]) ? group : -1;
}

struct seat_token scan_new_token(const struct scan *s)
{
    struct seat_token t = {.confirmed = !s->waiter.held, .due = s->waiter.due, .serial = s->waiter.serial};
    memcpy(t.group, campaign_of(s)->groups[s->waiter.group].id, sizeof t.group);
    if (s->has_token) {
        memcpy(t.tried, s->token.tried, sizeof t.tried);
        t.tried_count = s->token.tried_count;
    }
    return t;
}

void scan_take_seat(struct scan *s, void (*done)(struct seat_waiter *w, enum store_result r))
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
