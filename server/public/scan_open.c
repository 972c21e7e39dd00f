/* The way in, for scans and buttons alike: what a worker has for them, and the campaign that an address names. */
#include <errno.h>
#include <stdio.h>

#include "scan_private.h"

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

void scan_open_at(struct conn *c, struct scan *s, struct span path, void (*opened)(struct scan *s))
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

void scan_open(struct conn *c, struct scan *s, void (*opened)(struct scan *s))
{
    scan_open_at(c, s, conn_segment(c, 0), opened);
}

bool scan_read_channel(struct conn *c, struct scan *s)
{
    struct span channel = conn_segment(c, 1);
    bool fits = !channel.len || (lower(channel, s->waiter.channel, CAMPAIGN_CHANNEL_MAX) &&
                                 campaign_channel_valid(s->waiter.channel, channel.len));
    if (!fits)
        scan_not_found(c);
    return fits;
}
