/*
 * What is wrong with a campaign at a moment: the one place that decides it, for the API, the console and the order in
 * which campaigns are listed. Pure, like all of this folder; times are unix seconds.
 */
#ifndef CAMPAIGN_TROUBLE_H
#define CAMPAIGN_TROUBLE_H

#include "campaign.h"

enum {
    TROUBLE_SOON_SECONDS = 36 * 3600, /* an expiry that wants doing today or tomorrow */
    TROUBLE_LOW_SHARE = 10,           /* fewer free seats than one in so many are few */
};

/* The worst first. */
enum campaign_severity {
    SEVERITY_STOPPED, /* it runs, and nobody gets in */
    SEVERITY_WARNING, /* something wants doing */
    SEVERITY_WELL,
    SEVERITY_IDLE, /* off, not begun or ended: of what was stopped on purpose nothing is wrong */
    SEVERITY_COUNT
};
const char *campaign_severity_name(enum campaign_severity s);

enum trouble_kind { TROUBLE_NONE, TROUBLE_EMPTY, TROUBLE_FULL, TROUBLE_CLOSED };

struct campaign_trouble {
    enum campaign_severity severity;
    enum trouble_kind stopped; /* why nobody gets in */
    size_t suspects;           /* groups in GROUP_SUSPECT */
    size_t expired;            /* groups with room whose link has expired; 0 where `stopped` says it all */
    size_t first_expired;      /* position of the first of these */
    int soonest;               /* position of the group that people get into and that expires soon; -1: none */
    size_t barred;        /* groups that are on and lead to a host that this server does not allow: who gets one is sent
                             nowhere */
    size_t first_barred;  /* position of the first of these */
    bool fallback_barred; /* so does the fallback's link or code */
    bool low;             /* few seats are left */
    int64_t next;         /* the first second at which time alone may change this; 0: never */
};

/* Seats of the groups that admit people. A single one without a limit makes limit and free -1. */
struct campaign_seats {
    int64_t limit, used, held, free;
};
/* counts: by position; NULL: nothing is counted. */
struct campaign_seats campaign_seats_of(const struct campaign *c, const struct group_count *counts, int64_t now);

/* limit, free: of campaign_seats_of, while somebody gets in. */
bool trouble_is_low(int64_t limit, int64_t free);

struct campaign_trouble campaign_trouble_of(const struct campaign *c, const struct group_count *counts, int64_t now);

#endif
