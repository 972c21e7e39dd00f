/*
 * What is worth telling people of a campaign before visitors notice: the rules, without clock, store or sending.
 *
 * A finding is a cause that is there now, with how bad it is. Who keeps the alerts decides by alert_is_news whether it
 * is told, and by alert_calm_seconds when it is over. Times are unix seconds.
 */
#ifndef CAMPAIGN_ALERT_H
#define CAMPAIGN_ALERT_H

#include "campaign.h"

enum {
    ALERT_EXPIRY_STEPS = 4, /* how many days before an expiry may be named */
    ALERT_GROUPS_MAX = 40,  /* groups of one campaign that are told of at a time */
    ALERT_FINDINGS_MAX = 2 * ALERT_GROUPS_MAX + 6,
    ALERT_MINUTES = 10,            /* whose seats are counted one by one */
    ALERT_USUAL_SECONDS = 3600,    /* before that is known of a campaign, nothing is unusual in it */
    ALERT_RATE_SECONDS = 300,      /* before that, how fast seats go is not known */
    ALERT_FORECAST_SECONDS = 3600, /* an older forecast says nothing any more */
    ALERT_CLOSED_SHARE = 5,        /* percent below the limit at which "nearly full" is over */
};

enum alert_kind {
    ALERT_NEARLY_FULL, /* level 1: as set; 2: a fifth of that room is left */
    ALERT_RUNS_OUT,    /* 1: within the hours that are set; 2: within one */
    ALERT_EXPIRING,    /* of a group: one more with each step; the last: it has expired */
    ALERT_SUSPECT,     /* of a group */
    ALERT_BURST,       /* seats go much faster than usual */
    ALERT_GIVEN_BACK,  /* many seats are held and not used */
    ALERT_NO_GROUP,    /* no group is open */
    ALERT_BARRED,      /* groups lead to hosts that the server does not allow (hosts.h) */
    ALERT_STORE,       /* of a server: Redis does not answer, or takes no writes */
    ALERT_KINDS
};
const char *alert_kind_name(enum alert_kind k);
/* ALERT_KINDS: there is none of that name. */
enum alert_kind alert_kind_from_name(const char *name);

/* 0 turns a rule off. */
struct alert_settings {
    bool enabled;
    int full_percent;   /* of all seats */
    int64_t seats_left; /* fewer are nearly full, whatever the share */
    int supply_hours;
    int expiry_days[ALERT_EXPIRY_STEPS]; /* falling; 0 behind the last */
    bool suspect;
    int64_t burst_seats; /* seats in ten minutes that may be a burst */
    bool no_group;
    bool barred;
    int store_seconds; /* without an answer of Redis */
};
extern const struct alert_settings alert_settings_default;

/* A group that has room and a date, or is suspect. */
struct alert_group {
    char id[GROUP_ID_MAX + 1];
    int64_t expires_at; /* 0: none within the horizon that was asked for */
    bool suspect;
};

/* What the ledger knows of a campaign, in one moment. */
struct alert_facts {
    int64_t version;
    bool running; /* switched on, begun and not ended */
    int64_t group_count, used, held;
    /* groups that are switched on and not expired */
    int64_t limit, taken; /* of those with a limit */
    bool unlimited, open; /* one has none; one takes visitors */
    struct alert_group groups[ALERT_GROUPS_MAX];
    size_t listed;
    /* not the ledger's: groups that are on and lead to a host that this server does not allow; -1: not known yet */
    int64_t barred;
};

/* What was seen of a campaign before. Zeroed at first. */
struct alert_history {
    int64_t since, seen; /* first and last look; 0: none */
    int64_t version, used;
    int64_t minute; /* of the newest of gained and back */
    int64_t gained[ALERT_MINUTES], back[ALERT_MINUTES];
    double recent, recent_weight; /* seats a second, and how much of it is known: the last quarter of an hour */
    double usual, usual_weight;   /* seats a minute, likewise: the last day, but the minutes that are counted */
    /* the last forecast (forecast.h): of when and of which version, and when all seats are gone; 0: it sees no end */
    int64_t forecast_at, forecast_version, forecast_gone;
};

/* Takes a look into account. A clock that goes back begins it anew; what an admin's change did to the counters is not
 * counted. */
void alert_history_see(struct alert_history *h, const struct alert_facts *f, int64_t now);

struct alert_finding {
    enum alert_kind kind;
    char group[GROUP_ID_MAX + 1]; /* "" of the whole campaign */
    int level;                    /* 1 or more; 0: as it was, neither news nor over */
    int64_t at;                   /* ALERT_EXPIRING: when; ALERT_RUNS_OUT: about when; else 0 */
    int64_t seats;                /* left, or taken or given back in ten minutes; ALERT_BARRED: groups */
};

/* What is there now, by kind. was: levels of the alerts that are open, by kind, for those that end later than they
 * begin; NULL: none. Returns how many. */
size_t alert_judge(const struct alert_settings *s, const struct alert_facts *f, const struct alert_history *h,
                   int64_t now, const int was[ALERT_KINDS], struct alert_finding ret[ALERT_FINDINGS_MAX]);

/* How long a cause must have been away until its alert is over: what comes and goes by itself is not told each time.
 * An admin's change ends it at once. */
int alert_calm_seconds(enum alert_kind k);
/* Whether it is told at night too: visitors are turned away, or it is too late in the morning. */
bool alert_is_urgent(enum alert_kind k, int level);

/* How long before the earliest expiry has to be known, seconds. */
int64_t alert_horizon(const struct alert_settings *s);

#endif
