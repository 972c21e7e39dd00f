/*
 * An address that is no campaign's own may be an old one, printed long ago for another system, that a campaign lists as
 * its alias. On the way to 404:
 *
 *     scan_not_found -> alias_find -> found -> seats_open -> opened: it lists the alias -> 302 to the campaign
 *                                                                    it does not        -> the next candidate, or 404
 *
 * The index says who has an alias, the campaign's definition whether it is so: half of a change leads nowhere. Of
 * several aliases that fit, the longest counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forward.h"
#include "scan_private.h"

struct old_path {
    struct alias_waiter waiter; /* first: the finder hands it back */
    struct scan *scan;
    struct alias_candidates candidates;
    int at;         /* the candidate that is looked at */
    bool read_anew; /* its owner's definition is what Redis has */
};

static void find_owner(struct old_path *p);

static void end(struct old_path *p, enum store_result r)
{
    struct scan *s = p->scan;
    s->old_path = NULL;
    free(p);
    send_failure(s, r);
}

/* To the campaign, with what stands behind the alias in the query. */
static void send_on(struct old_path *p)
{
    struct conn *c = conn_of(p->scan);
    struct span query = conn_request(c)->query, rest = {query.at + p->candidates.used[p->at], 0};
    char location[CAMPAIGN_SLUG_MAX + HTTP_TARGET_MAX + 3];
    struct reply r;
    rest.len = query.len > p->candidates.used[p->at] ? query.len - p->candidates.used[p->at] : 0;
    if (rest.len > HTTP_TARGET_MAX || !forward_query_is_clean(rest))
        rest.len = 0;
    snprintf(location, sizeof location, "/%s%s%.*s", p->waiter.owner[p->at], rest.len ? "?" : "", (int)rest.len,
             rest.len ? rest.at : "");
    p->scan->old_path = NULL;
    free(p);
    reply_begin(&r, c, 302);
    reply_header_text(&r, "Location", location);
    reply_header_text(&r, "Cache-Control", "no-store");
    reply_end(&r, NULL, 0);
}

static void owner_opened(struct seat_waiter *w, enum store_result r)
{
    struct scan *s = (struct scan *)w;
    struct old_path *p = s->old_path;
    if (r == STORE_OK && campaign_find_alias(campaign_of(s), p->candidates.text, p->candidates.len[p->at]) >= 0) {
        send_on(p);
    } else if (r == STORE_OK && !p->read_anew) { /* the alias may be newer than what is at hand */
        p->read_anew = true;
        seats_open_anew(context_of(s)->seats, p->waiter.owner[p->at], w);
    } else if (r == STORE_OK || r == STORE_NOT_FOUND) {
        find_owner(p);
    } else {
        end(p, r);
    }
}

/* The next candidate that somebody has, from the longest on. */
static void find_owner(struct old_path *p)
{
    struct scan *s = p->scan;
    do
        p->at--;
    while (p->at >= 0 && !p->waiter.owner[p->at][0]);
    if (p->at < 0) {
        end(p, STORE_NOT_FOUND);
        return;
    }
    s->waiter.done = owner_opened;
    p->read_anew = false;
    if (seats_open(context_of(s)->seats, p->waiter.owner[p->at], &s->waiter))
        owner_opened(&s->waiter, STORE_OK);
    else
        p->read_anew = true; /* it is asked for now */
}

static void found(struct alias_waiter *w, enum store_result r)
{
    struct old_path *p = (struct old_path *)w;
    if (r != STORE_OK) {
        end(p, r);
        return;
    }
    p->at = p->candidates.count;
    find_owner(p);
}

void scan_not_found(struct conn *c)
{
    const struct request *r = conn_request(c);
    struct scan *s = conn_data(c);
    struct alias_candidates candidates;
    bool asks = (r->method == HTTP_M_GET || r->method == HTTP_M_HEAD) && r->content_length == 0;
    if (!asks || !alias_find_candidates(r->path.at, r->path.len, r->query.at, r->query.len, &candidates)) {
        scan_refuse(c, 404);
        return;
    }
    struct old_path *p = malloc(sizeof *p);
    if (!p) {
        send_failure(s, STORE_UNAVAILABLE);
        return;
    }
    *p = (struct old_path){.scan = s, .candidates = candidates};
    p->waiter.done = found;
    p->waiter.candidates = &p->candidates;
    s->old_path = p;
    alias_find(context_of(s)->aliases, &p->waiter);
}
