/* One scan, and what it may be answered: shared by scan*.c, guard.c, old_path.c and wait.c alone. */
#ifndef SERVER_PUBLIC_SCAN_PRIVATE_H
#define SERVER_PUBLIC_SCAN_PRIVATE_H

#include "landing.h"
#include "reply.h"
#include "scan.h"

#include <time.h>

struct scan {
    struct seat_waiter waiter; /* first: the ledger hands it back */
    void (*opened)(struct scan *s);
    char slug[CAMPAIGN_SLUG_MAX + 1]; /* in lower case */
    struct span path;                 /* the slug as the request wrote it */
    struct seat_token token;          /* what the cookie proved */
    bool has_token;
    bool pressed;              /* the button of a tap page, at the campaign's own address */
    int64_t begun_ns;          /* its head had come, by the clock of scan_now_ns; 0: not timed */
    struct old_path *old_path; /* old_path.c's, while an old address is looked up */
};

static inline struct conn *conn_of(struct scan *s)
{
    return conn_of_data(s);
}

static inline struct scan_context *context_of(struct scan *s)
{
    return conn_owner(conn_of(s));
}

static inline const struct campaign *campaign_of(const struct scan *s)
{
    return s->waiter.campaign->definition;
}

static inline int64_t scan_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Counts the kinds (1u << enum stat_kind) of a visit, in a group or (NULL) in none. */
static inline void count_visit(struct scan *s, const struct group *g, unsigned kinds)
{
    struct conn *c = conn_of(s);
    const struct scan_context *x = conn_owner(c);
    uint32_t hour = kinds & 1u << STAT_SEATS ? s->waiter.hour : 0; /* a seat's is the one that the ledger was told */
    counts_add(x->counts, campaign_of(s), g ? g->id : "", s->waiter.channel, conn_request(c), hour, kinds);
    if (s->begun_ns && kinds & 1u << STAT_VIEWS) {
        counts_took(x->counts, scan_now_ns() - s->begun_ns);
        s->begun_ns = 0;
    }
}

/* The kinds of a page or redirect, and of a seat that was given. */
static inline unsigned view_kinds(const struct scan *s)
{
    return 1u << STAT_VIEWS | (s->has_token ? 1u << STAT_RETURNING : 0);
}

static inline unsigned seat_kinds(const struct scan *s)
{
    return 1u << STAT_SEATS | (s->has_token ? 0 : 1u << STAT_PEOPLE) | (s->waiter.held ? 0 : 1u << STAT_CONFIRMED);
}

/* scan_open.c */
/* Opens the campaign of the address, or of a path in it, and goes on with `opened`; else it has been answered. */
void scan_open(struct conn *c, struct scan *s, void (*opened)(struct scan *s));
void scan_open_at(struct conn *c, struct scan *s, struct span path, void (*opened)(struct scan *s));
/* The channel of the address; false: it is none, and has been answered: the address is perhaps an old one. */
bool scan_read_channel(struct conn *c, struct scan *s);

/* scan_seat.c */
/* The visit as conditions see it; without a channel, as those of buttons, it counts as of the first one that its seat's
 * group is for. */
struct visit visit_of_scan(struct scan *s, char channel[CAMPAIGN_CHANNEL_MAX + 1]);
/* The lanes of the visit. */
uint32_t scan_lanes(struct seat_waiter *w);
/* The group of a seat that still holds without asking Redis: confirmed, or held and not yet due; and its group admits.
 * -1: there is none. */
int scan_seat_in_hand(struct scan *s, int64_t now);
/* The proof of the seat that the ledger gave, with what the old one remembered. */
struct seat_token scan_new_token(const struct scan *s);
void scan_take_seat(struct scan *s, void (*done)(struct seat_waiter *w, enum store_result r));

/* scan.c */
/* The waiter was given a seat: on the way with it. */
void scan_seated(struct scan *s);
/* The ledger has answered: on the way with the seat, or told that there is none. */
void scan_done(struct seat_waiter *w, enum store_result r);
/* A seat is taken, or a tap asked for first. */
void scan_take(struct scan *s);

/* scan_buttons.c: begins a 303 to where the visitor stands. A button at the campaign's own address keeps its channel
 * and query. */
void scan_begin_return(struct scan *s, struct reply *r);

/* scan_send.c */
enum landing_language language_of(const struct conn *c);
/* The campaign's answers, made with the first scan of a definition. NULL: out of memory. */
struct answers *answers_of(struct scan *s);

void begin_page(struct reply *r, struct conn *c, int status);
/* The page, with the campaign's path as the visitor wrote it put in. page NULL: there is no memory to make it. */
void end_page(struct reply *r, const struct landing_page *page, struct span path);

void send_failure(struct scan *s, enum store_result r);
/* true: the campaign is not running, and the visitor was told so. */
bool send_if_not_running(struct scan *s);
void send_message(struct scan *s, int status, enum landing_message m);
/* No group is open to this visitor: where they should open the code instead, or the campaign's link, its waiting list,
 * or its page. */
void send_full(struct scan *s);
/* The visitor has a seat in that group. cookie: the proof to carry, or NULL when they carry it already. May confirm it
 * first, and then sends later. */
void send_seat(struct scan *s, size_t group, const struct seat_token *cookie);

#endif
