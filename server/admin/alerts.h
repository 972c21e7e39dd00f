/*
 * Alerts: looks at campaigns by and by, tells people what the rules find (campaign/alert.h), and keeps what is told.
 *
 * Work is bounded by the second, however many campaigns there are: those in which something moves are looked at every
 * few seconds, the others in turn. Several servers on one store look alike; who comes first with a cause has it told
 * (storage/scripts/change_alert.lua). What is to be sent lies in the store until the other side has taken it.
 */
#ifndef SERVER_ADMIN_ALERTS_H
#define SERVER_ADMIN_ALERTS_H

#include <event2/event_struct.h>
#include <jansson.h>

#include "destination.h"
#include "door.h"
#include "letter.h"
#include "sender.h"

struct event_base;

enum {
    ALERTS_TICK_MS = 1000,
    ALERTS_TEST_TICK_MS = 50,             /* where tests move the clock */
    ALERTS_LOAD_SECONDS = 10,             /* how old settings and destinations of another server may be */
    ALERTS_WATCHED_MAX = 4096,            /* campaigns whose past is kept; of more, those in which something moves */
    ALERTS_LOOKS_MAX = 64,                /* campaigns looked at in a second */
    ALERTS_MOVING_SECONDS = 2,            /* between looks at a campaign in which something moves */
    ALERTS_STILL_SECONDS = 60,            /* and at the others */
    ALERTS_MOVES_SECONDS = 900,           /* how long it counts as moving */
    ALERTS_GROUPS_A_SECOND = 100,         /* a look at so many groups is made up for by a second more until the next */
    ALERTS_FORECAST_SECONDS = 120,        /* between two forecasts of a campaign in which something moves */
    ALERTS_FORECAST_STILL_SECONDS = 1800, /* and of one in which something moved in the last day */
    ALERTS_FORECASTS_MAX = 2,             /* made in a second, or at the same time */
    ALERTS_WALK_SECONDS = 10,             /* between two walks over the index */
    ALERTS_LEASE_SECONDS = 60, /* who took a message and is gone is followed by another; more than SENDER_SECONDS */
    ALERTS_GIVE_UP_SECONDS = 86400,
    ALERTS_PING_SECONDS = 5,
    ALERTS_FULL_SECONDS = 60, /* that there are too many is said so often at most */
    ALERTS_OWN_MAX = 100,     /* messages about the store, which wait in memory */
    ALERTS_LINK_DAYS = 7,
    ALERTS_OVERRIDES_MAX = STORE_ALERT_SETTINGS_MAX,
    ALERTS_SERVER_MAX = 64,
};

/* An alert that is open, as the store has it. */
struct alert_open {
    enum alert_kind kind;
    char slug[CAMPAIGN_SLUG_MAX + 1], group[GROUP_ID_MAX + 1];
    int level;
    int64_t version;    /* of the campaign when it was told */
    int64_t calm_since; /* 0: its cause is there */
    bool seen;          /* by the look under way */
};

struct alert_override {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    struct alert_settings settings;
};

struct alert_watched;
struct alert_delivery;

struct alerts {
    struct admin *admin;
    struct store *store;
    struct event tick;
    const char *clock_file; /* of tests; NULL */
    struct sender *sender;
    char server[ALERTS_SERVER_MAX + 1];
    /* what is set */
    struct alert_settings settings;
    struct alert_override *overrides;
    size_t override_count;
    struct destination *destinations; /* STORE_DESTINATIONS_MAX */
    size_t destination_count;
    int64_t loaded_at; /* steady_seconds() */
    bool loading, has_settings, has_destinations;
    /* what is open */
    struct alert_open *open;
    size_t open_count;
    int64_t sequence; /* -1: not read yet */
    bool listing;
    /* campaigns */
    struct alert_watched *watched;
    size_t watched_count;
    int forecasting;                  /* forecasts that are being made */
    char walk[CAMPAIGN_SLUG_MAX + 1]; /* where the walk over the index is */
    bool walking;
    int64_t walk_at;
    /* the store's health */
    int64_t ping_at, bad_since, trouble_since; /* 0: it is well; no trouble was told */
    bool pinging;
    int64_t full_at; /* steady_seconds(); when it was last said that there are too many */
    /* messages */
    int flying;
    uint64_t sent, delayed, given_up;
    bool taking;
    struct alert_delivery *own; /* about the store */
    int own_count;
};

/* Begins to watch. NULL: out of memory or threads. a: its store, config, events and owner_key are there. */
struct alerts *alerts_new(struct event_base *base, struct admin *a);
/* After the store's. NULL is fine. */
void alerts_free(struct alerts *s);
/* Unix seconds; tests move it. */
int64_t alerts_now(const struct alerts *s);
/* Settings or destinations have changed: they are read again with the next tick. */
void alerts_reload(struct alerts *s);
const struct alert_settings *alerts_settings_of(const struct alerts *s, const char *slug);

/* --- alert_watch.c --- */
void alert_watch_tick(struct alerts *s);
void alert_watch_add(struct alerts *s, const char *slug);
void alert_watch_free(struct alerts *s);
/* The last forecast of a campaign. */
struct alert_foreseen {
    int64_t at; /* when it was made; 0: there is none */
    enum forecast_why why;
    struct forecast_moment gone;
};
/* What is known without asking the store. false: nothing, or of an older version, or too long ago. */
bool alert_watch_foresees(const struct alerts *s, const struct campaign *c, struct alert_foreseen *ret);

/* --- alert_post.c --- */
void alert_post_tick(struct alerts *s);
void alert_post_free(struct alerts *s);
/* Sends a record to all destinations, past the store. */
void alert_post_own(struct alerts *s, const json_t *record, enum alert_event event, int64_t number);
/* Until when destination d wants quiet, unix seconds; 0: it does not. */
int64_t alert_post_quiet_until(const struct destination *d, int64_t now);

/* --- alert_record.c --- */

/* As an alert is kept, but what the store adds. NULL: out of memory. */
json_t *alert_record_new(const struct alert_finding *f, const struct campaign *c);
json_t *alert_record_of_store(const char *server, int64_t since);
/* false: it is none. */
bool alert_record_read(const json_t *record, struct alert_open *ret_open);
bool alert_record_is_open(const json_t *record);
int64_t alert_record_number(const json_t *record, const char *key);
/* What is told of it. Texts point into the record; links are "". */
struct alert_news alert_record_news(const json_t *record, enum alert_event event);
/* As the API shows it. NULL: out of memory. */
json_t *alert_record_to_api(const json_t *record);
/* "kind:slug:group". */
void alert_cause(enum alert_kind kind, const char *slug, const char *group, char *out, size_t size);

/* Settings out of a JSON object: what it gives replaces what *s has; null leaves it as it is. */
void alert_settings_patch(struct alert_settings *s, const json_t *body, struct field_errors *errors);
json_t *alert_settings_to_json(const struct alert_settings *s);
extern const char *const alert_settings_keys[]; /* ended by NULL */

#endif
