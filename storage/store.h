/*
 * Everything that knows Redis, as the rest of the program sees it. The only header of storage/ that others include.
 *
 * One struct store per thread, on that thread's event base; nothing here is shared between threads. Every call calls
 * back exactly once, never from inside the call, and always within STORE_DEADLINE_MS. A result of STORE_UNAVAILABLE
 * means that nothing was changed; STORE_TIMEOUT and STORE_BAD_REPLY mean *unknown*: the change may have been made.
 */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert.h"
#include "campaign.h"
#include "campaign_json.h"
#include "forecast.h"
#include "hosts.h"
#include "trouble.h"

struct event_base;

enum {
    STORE_ERR_MAX = 256,
    STORE_DEADLINE_MS = 1500,                /* a visitor is told within 2 s */
    STORE_PREFIX_MAX = 32,                   /* bytes of key_prefix */
    STORE_DEFINITION_MAX = 32 * 1024 * 1024, /* bytes of a stored definition */
    STORE_PAGE_MAX = 200,                    /* rows of a list */
    STORE_FORMAT = 1,                        /* of the store: the newest that this program reads and writes */
    STORE_FORMAT_MAX = 9999,
    STORE_SECRET = 32,                        /* bytes of hm:secret */
    STORE_TOKEN_HASH = 65,                    /* hex of SHA-256, with NUL */
    STORE_TOKENS_MAX = 10000,                 /* API tokens in a store */
    STORE_USERS_MAX = 1000,                   /* users in a store */
    STORE_DESTINATIONS_MAX = 50,              /* where alerts are sent */
    STORE_ALERT_SETTINGS_MAX = 1000,          /* campaigns with settings of their own */
    STORE_ALERTS_MAX = 1000,                  /* alerts that are kept, and that are open at a time */
    STORE_OUTBOX_MAX = 5000,                  /* messages that wait to be sent */
    STORE_LINKS_MAX = 500,                    /* owner links of a campaign */
    STORE_LOGO_MAX = 768 << 10,               /* bytes of a logo as base64 */
    STORE_FUNNELS_MAX = 500,                  /* funnels in a store */
    STORE_ROW_MAX = 4096,                     /* bytes of a record of these */
    STORE_SESSION_IDLE_SECONDS = 12 * 3600,   /* a session that is not used ends */
    STORE_SESSION_TOUCH_SECONDS = 60,         /* a use is written so often at most */
    STORE_AUDIT_ID_MAX = 41,                  /* "milliseconds-number" */
    STORE_DAY = 11,                           /* bytes of "2026-11-25" */
    STORE_STATS_DAYS_MAX = 400,               /* days of statistics that are read at once */
    STORE_CHANNELS_MAX = 32,                  /* channels whose counts are read at once */
    STORE_FORECAST_SECONDS = 30,              /* how old the history may be that a forecast is made of */
    STORE_FORECASTS_KEPT = 32,                /* campaigns whose history is kept */
    STORE_PLACE_ID = 22,                      /* characters of base64url that name one who waits */
    STORE_MEMBERS_SOURCE_MAX = 64,            /* bytes that say who counted heads */
    STORE_MEMBERS_POINTS_MAX = 721,           /* of a group's head counts: one an hour, 30 days */
    STORE_PROBLEMS_MAX = 16,                  /* campaigns that are taken to be looked at, at once */
    STORE_BATCH_MAX = 1000,                   /* campaigns that are saved at once */
    STORE_BATCH_GROUPS_MAX = 20000,           /* their groups: bounds how long scans wait for a save */
    STORE_BATCH_BYTES_MAX = 32 * 1024 * 1024, /* definitions that are read at once */
};

enum store_result {
    STORE_OK,
    STORE_FULL, /* no group open */
    STORE_NOT_FOUND,
    STORE_CONFLICT,    /* exists already, or the version has moved on */
    STORE_ALIAS_TAKEN, /* another campaign has one of its aliases: nothing was changed */
    STORE_STALE,       /* the seat is no longer kept */
    STORE_UNAVAILABLE, /* no link to Redis: nothing was changed */
    STORE_TIMEOUT,     /* no answer in time: unknown */
    STORE_BAD_REPLY,   /* an answer that makes no sense: unknown */
    STORE_NO_SPACE,    /* Redis refuses writes (-MISCONF, -OOM), or there are too many: nothing was changed */
    STORE_TOO_LARGE,   /* more than is read at once; nothing was changed */
    STORE_LAST_OWNER,  /* without that user nobody could make users: nothing was changed */
    STORE_RESULT_COUNT
};
const char *store_result_name(enum store_result r);

enum store_log_level { STORE_LOG_INFO, STORE_LOG_WARN, STORE_LOG_ERROR };
typedef void (*store_log)(enum store_log_level level, const char *event, const char *detail);

struct store_options {
    const char *redis_url;              /* see redis_url.h */
    const char *key_prefix;             /* "hm:" */
    int hold_seconds;                   /* for campaigns that set none */
    int audit_days;                     /* how long an entry of the audit log is kept */
    int stats_days;                     /* how long statistics are */
    struct allowed_hosts allowed_hosts; /* definitions come with what leads elsewhere marked (hosts.h) */
    int wait_replicas;                  /* how many of Redis's replicas have a seat before it is answered */
    store_log log;
};

struct store;

/* Starts to connect, and connects again, with backoff, whenever the link is lost. NULL: bad URL or out of memory, why
 * in err. */
struct store *store_new(struct event_base *base, const struct store_options *options, char err[STORE_ERR_MAX]);
/* Every pending call is called back with STORE_UNAVAILABLE or STORE_TIMEOUT first. NULL is fine. */
void store_free(struct store *s);

/* Whether the link is up: connected, authenticated, answered a PING. */
bool store_is_up(const struct store *s);
/* Called (if not NULL) when that changes. */
void store_on_change(struct store *s, void (*changed)(void *ctx, bool up), void *ctx);

typedef void (*store_done)(void *ctx, enum store_result r);

/* What the audit log is told of a change, atomically with it. Only read during the call. */
struct store_audit {
    const char *who;            /* a user's name, "token:NAME", "admin_token", "cli:UNIX-USER", "owner-link:ID" */
    const char *action;         /* "campaign.change" */
    const char *target;         /* "campaign:SLUG", "campaign:SLUG/GROUP", "user:NAME", "token:ID" */
    const char *from;           /* an address, or "" */
    const char *before, *after; /* JSON objects of what is different; NULL or "": nothing to say */
};
/* Whether Redis answers and takes writes, now. */
void store_ping(struct store *s, store_done done, void *ctx);

/* --- the secret of cookies: made by whoever asks first, the same on every server --- */
typedef void (*store_secret_done)(void *ctx, enum store_result r, const unsigned char secret[STORE_SECRET]);
void store_secret(struct store *s, store_secret_done done, void *ctx);

/*
 * --- the format of what is kept (format.c) ---
 *
 * A program writes what the store's format says, whatever newer ones it knows, until an operator raises it, when no
 * older program serves any more. One that does not know the store's format must not touch it.
 */
int store_format_known(void); /* STORE_FORMAT */
/* r: OK, or BAD_REPLY where no number stands; else Redis did not answer. */
typedef void (*store_format_done)(void *ctx, enum store_result r, int format);
void store_format(struct store *s, store_format_done done, void *ctx);
/* To the newest that this program knows. Only from an older one: who calls has looked. */
void store_raise_format(struct store *s, store_done done, void *ctx);
/* Why a store of that format is refused, as one line. */
void store_format_refusal(int format, char out[STORE_ERR_MAX]);

/* --- the scan path (seats.c): campaigns as a worker knows them, and the seats it takes --- */

/*
 * A campaign as one worker knows it. Found and loaded by seats_open, never freed by the caller; it may be dropped when
 * no waiter stands at it, so it is not kept across event-loop passes without one. definition is replaced when it
 * changes.
 */
struct seats_campaign {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    struct campaign *definition; /* NULL: not loaded, or there is no such campaign */
    void *prepared;              /* the door's own, made from definition; freed by prepared_free when definition goes */
};

/* The seat of one who could not get in, and groups not to be offered. What is pointed at outlives the callback. */
struct seat_left {
    const char *group;
    int64_t due, serial;
    const char (*avoid)[GROUP_ID_MAX + 1];
    int avoid_count;
};

/* What one visitor of a waiting list wants, and where they stand. */
enum seat_place_action { SEAT_PLACE_JOIN, SEAT_PLACE_LOOK, SEAT_PLACE_COME, SEAT_PLACE_LEAVE };
enum seat_place_state {
    SEAT_PLACE_NONE,  /* not in the list (any more), or has been in */
    SEAT_PLACE_WAITS, /* `before` others wait longer */
    SEAT_PLACE_SEAT,  /* the waiter's group, due and serial are theirs; who came for it has it */
    SEAT_PLACE_OPEN,  /* nobody joins while a group is open: a scan takes a seat */
    SEAT_PLACE_FULL,  /* as many wait as may */
    SEAT_PLACE_STATES
};
struct seat_place {
    enum seat_place_action action;
    char id[STORE_PLACE_ID + 1];      /* drawn by whoever sends the visitor the page; the same one joins once */
    char name[WAITING_BYTES_MAX + 1]; /* SEAT_PLACE_JOIN */
    enum seat_place_state state;      /* what follows is given, like the waiter's */
    int64_t before;
    bool missed; /* a seat was promised, and they did not come in time */
};

/* One who waits for the ledger. Embedded in the caller's object, which must outlive the callback. */
struct seat_waiter {
    struct seat_waiter *next; /* the ledger's */
    struct seats_campaign *campaign;
    void (*done)(struct seat_waiter *w, enum store_result r);
    int64_t asked_ms;   /* the ledger's */
    uint32_t lane_bits; /* likewise */
    /* what is asked */
    char channel[CAMPAIGN_CHANNEL_MAX + 1]; /* "" none */
    const char *prefer; /* seats_take: a group id to try first, if it is of the visit's lanes; or NULL */
    /* campaign_lanes of the visit; asked for only where the campaign has several, and again when it has changed */
    uint32_t (*lanes)(struct seat_waiter *w);
    struct seat_left left;    /* seats_next */
    struct seat_place *place; /* seats_place */
    /* what is given: valid in done when r is STORE_OK */
    size_t group; /* position in campaign->definition->groups */
    bool held;    /* to be confirmed; else the seat is confirmed already */
    bool again;   /* seats_confirm: it was before */
    int64_t due;  /* the hold's bucket, see seat_token.h; 0 when not held */
    int64_t serial;
    uint32_t hour; /* in which the ledger counted the seat, as of store_hour */
};

struct seats;

struct seats_options {
    size_t campaigns_max; /* definitions kept in memory; the least recently scanned goes first */
    void (*prepared_free)(void *prepared);
};
struct seats *seats_new(struct store *s, const struct seats_options *o, char err[STORE_ERR_MAX]);
/* After store_free of its store: who still waits is told STORE_UNAVAILABLE. NULL is fine. */
void seats_free(struct seats *s);

/*
 * The campaign of that slug (already lower case and valid), loaded if need be. Returns it if it is at hand and fresh;
 * else NULL, and w->done comes: STORE_OK with w->campaign->definition (possibly an older copy, if Redis is not to be
 * had), STORE_NOT_FOUND, or why not. w->campaign is set in both cases.
 */
struct seats_campaign *seats_open(struct seats *s, const char *slug, struct seat_waiter *w);

/* The same, but what is at hand does not do: w->done comes with what Redis has now. */
void seats_open_anew(struct seats *s, const char *slug, struct seat_waiter *w);

/* A seat in the first open group by the campaign's strategy. Scans of one campaign share a call while one is in flight.
 * STORE_OK, STORE_FULL, STORE_NOT_FOUND (campaign gone, off, not begun or ended: look at the definition) or a failure.
 */
void seats_take(struct seats *s, struct seat_waiter *w);

/* Calls that took seats so far, and the scans in them. */
void seats_numbers(const struct seats *s, uint64_t *ret_calls, uint64_t *ret_scans);

/* Confirms a hold. STORE_OK: kept (w->held false; w->group, due, serial the seat's), STORE_STALE: it was given back and
 * its group has no room. */
void seats_confirm(struct seats *s, struct seat_waiter *w, const char *group, int64_t due, int64_t serial);

/* "Can't get in": reports the group of w->left, gives its seat back if that can still be told (its bucket is there),
 * and takes one in another open group that is not to be avoided. Results as seats_take. */
void seats_next(struct seats *s, struct seat_waiter *w);

/* --- old addresses (alias_finder.c); who has which alias is aliases.h's --- */

/* One who wants to know which campaigns have an address. Must outlive the callback. */
struct alias_waiter {
    struct alias_waiter *next;                 /* the finder's */
    const struct alias_candidates *candidates; /* what is asked; likewise to outlive it */
    void (*done)(struct alias_waiter *w, enum store_result r);
    /* With STORE_OK, by candidate: a slug, or "". Whether that campaign lists the alias, its definition says. */
    char owner[ALIAS_CANDIDATES_MAX][CAMPAIGN_SLUG_MAX + 1];
};

struct alias_finder;
struct alias_finder *alias_finder_new(struct store *s); /* NULL: out of memory */
/* After store_free of its store, which tells those who still wait. NULL is fine. */
void alias_finder_free(struct alias_finder *f);
/* Calls back with STORE_OK or a failure, never STORE_NOT_FOUND. */
void alias_find(struct alias_finder *f, struct alias_waiter *w);

/* The waiting list: joins, looks, comes for the seat, or leaves; w->place says which. STORE_OK: w->place->state, and
 * with SEAT_PLACE_SEAT w's seat. May be asked again when the answer is unknown. */
void seats_place(struct seats *s, struct seat_waiter *w);

/* --- head counts of groups (members.c) --- */

enum store_members {
    STORE_MEMBERS_SET,
    STORE_MEMBERS_NO_GROUP,
    STORE_MEMBERS_OLDER,   /* than the last one, which is of the moment that is told */
    STORE_MEMBERS_TOO_OLD, /* seats follow, and who came since is known from the moment on that is told */
    STORE_MEMBERS_FUTURE,  /* it is not yet the moment that they name; what is told is the store's */
};
struct store_campaign;
typedef void (*store_members_put_done)(void *ctx, enum store_result r, enum store_members outcome, int64_t moment,
                                       const struct store_campaign *now);
/* So many people were counted in the group at that second (0: now). source: who counted, up to STORE_MEMBERS_SOURCE_MAX
 * bytes, no control characters. now: NULL unless STORE_MEMBERS_SET. The audit entry's before and after are made by the
 * store. May be asked again when the answer is unknown. */
void store_members_put(struct store *s, const char *slug, const char *group, int64_t members, int64_t at,
                       const char *source, const struct store_audit *audit, store_members_put_done done, void *ctx);

struct store_members_point {
    int64_t at, members;
    int64_t seats; /* that were confirmed at that moment */
};
struct store_members_history {
    bool counted;
    int64_t members, at; /* the last count */
    const char *source;
    const struct store_members_point *points; /* one an hour, the oldest first */
    size_t count;
};
typedef void (*store_members_done)(void *ctx, enum store_result r, const struct store_members_history *h);
/* STORE_NOT_FOUND: no such campaign or group. */
void store_members_read(struct store *s, const char *slug, const char *group, store_members_done done, void *ctx);

/* --- statistics (stats.c) --- */

/* What is counted. Those of visits are counted by workers, and come with a flush; the others with the seat. */
enum stat_kind {
    STAT_VIEWS,     /* pages and redirects that people were answered with */
    STAT_PEOPLE,    /* visitors who got their first seat: those who brought no cookie */
    STAT_RETURNING, /* views of those who brought one */
    STAT_FULL,      /* views that said that no group is open */
    STAT_MACHINES,  /* previews, crawlers, prefetches: in no other number */
    STAT_REPORTS,   /* "can't get in" */
    STAT_SEATS,     /* seats given */
    STAT_CONFIRMED, /* of these, confirmed, at once or later */
    STAT_VISIT_KINDS,
    STAT_HELD = STAT_VISIT_KINDS, /* seats given to be confirmed */
    STAT_GIVEN_BACK,
    STAT_LOST, /* seats given that no worker has told of: what it had counted beside them was lost with it */
    STAT_COUNT
};

enum stat_by { STATS_BY_DAY, STATS_BY_HOUR, STATS_BY_GROUP, STATS_BY_CHANNEL, STATS_BY_DEVICE, STATS_BY_LANGUAGE };

enum { STATS_BYS = STATS_BY_LANGUAGE + 1 };
extern const char *const stat_words[STAT_COUNT], *const stats_by_words[STATS_BYS];
/* The order in which kinds are shown. */
extern const enum stat_kind stat_order[STAT_COUNT];
/* Whether a kind is known for rows, or for their total: of which visitor a seat was that went back, the ledger does not
 * know, a page's buttons do not say through which channel their visitor came, and what was lost is told by hours. all:
 * campaigns together. */
bool stat_is_known(enum stat_kind kind, enum stat_by by, bool all, bool total);
/* Today, in the process's time zone. */
void stats_today(char ret_day[STORE_DAY]);
bool stats_day_valid(const char *day);
/* The valid day so many days before another. */
void stats_day_before(const char *day, int days, char ret_day[STORE_DAY]);
/* The valid days from the first to the last; 0: the last is before the first, or there are more than
 * STORE_STATS_DAYS_MAX. */
size_t stats_days(const char *from, const char *to, char ret_days[STORE_STATS_DAYS_MAX][STORE_DAY]);

/* The hour that it is, as 2026112514, in the process's time zone; made once a minute. */
uint32_t store_hour(struct store *s);

/* One call that adds a worker's counts of one campaign and hour; counted once, however often it is sent. */
struct store_flush {
    const char *slug, *uid; /* NULL: of all campaigns together */
    uint32_t hour;          /* as of store_hour */
    const char *worker;     /* names the worker and this run of it */
    int64_t number;         /* rises with each flush of the worker */
    uint64_t dropped;       /* scans that did not fit into the worker's memory */
};
/* Names of fields, see count_visits.lua; "" for what is not counted. */
struct store_visits {
    const char *group, *channel, *device, *language;
    const uint32_t *counts; /* STAT_VISIT_KINDS */
};
struct redis_call;
struct redis_call *store_flush_begin(struct store *s, const struct store_flush *f);
void store_flush_add(struct redis_call *call, const struct store_visits *v);
/* STORE_OK: they are counted. Else it is not known, or they are not: to be sent again, with the same number. */
void store_flush_send(struct redis_call *call, store_done done, void *ctx);

/* One row of an answer. */
struct store_stats_row {
    char key[64]; /* "2026-11-25", "2026-11-25T14", a group's id, a channel, "wechat/ios", a language; "" unknown */
    int64_t counts[STAT_COUNT];
};
struct store_stats {
    const struct store_stats_row *rows; /* in the order of their keys */
    size_t count;
    int64_t totals[STAT_COUNT];
    int64_t dropped; /* of all campaigns together alone */
};
typedef void (*store_stats_done)(void *ctx, enum store_result r, const struct store_stats *stats);
/* What is asked for. */
struct store_stats_wish {
    const char *slug;              /* NULL: all campaigns together, by day or hour */
    const char *group;             /* NULL, or one group of the campaign alone, by day or hour */
    const char (*days)[STORE_DAY]; /* names, from the first to the last, STORE_STATS_DAYS_MAX at most */
    size_t day_count;
    enum stat_by by;
};
/* The wish is only read during the call. Each day or hour has a row, also those in which nothing was counted; what
 * visits of one group were in an hour, or lost, is not known. Lost are seats of hours that are over: those of the
 * running one may be on their way. STORE_UNAVAILABLE also when too many are read at the moment. */
void store_stats_read(struct store *s, const struct store_stats_wish *wish, store_stats_done done, void *ctx);

/* counts: of each day those of each channel, in their order. Kinds that are not known by channel are 0. */
typedef void (*store_channels_done)(void *ctx, enum store_result r, const int64_t (*counts)[STAT_COUNT]);
/* A few channels of a campaign, in any order (stats_channels.c); 1 to STORE_STATS_DAYS_MAX days, STORE_CHANNELS_MAX
 * channels at most. What is pointed at is only read during the call. STORE_UNAVAILABLE also: out of memory. */
void store_channels_read(struct store *s, const char *slug, const char (*days)[STORE_DAY], size_t day_count,
                         const char (*channels)[CAMPAIGN_CHANNEL_MAX + 1], size_t channel_count,
                         store_channels_done done, void *ctx);

/* --- forecasts (forecast.c) --- */

/* sc and f are valid during the callback; both NULL without STORE_OK. */
typedef void (*store_forecast_done)(void *ctx, enum store_result r, const struct store_campaign *sc,
                                    const struct forecast *f);
/* When a campaign will be full, seen from unix second `now`: its history (28 days by hour, in one round trip, kept for
 * STORE_FORECAST_SECONDS for whoever asks next), then its counters. STORE_UNAVAILABLE also when too many histories are
 * read at the moment. */
void store_forecast_read(struct store *s, const char *slug, int64_t now, store_forecast_done done, void *ctx);

/* --- waiting lists for admins (waiting.c) --- */

enum store_waiting_state { STORE_WAITS, STORE_PROMISED, STORE_MISSED, STORE_IN };
struct store_waiting {
    int64_t number; /* names the entry; in the order of joining */
    int64_t joined_at, promised_until /* 0: no seat is promised */, before;
    enum store_waiting_state state;
    const char *group, *channel, *name; /* group and channel may be "" */
};
struct store_waiting_page {
    const struct store_waiting *rows;
    size_t count;
    int64_t total, waiting; /* entries; of them those who wait */
};
typedef void (*store_waiting_done)(void *ctx, enum store_result r, const struct store_waiting_page *page);
/* Entries behind that number (0: from the first), at most limit (up to STORE_PAGE_MAX). */
void store_waiting_list(struct store *s, const char *slug, int64_t after, int limit, store_waiting_done done,
                        void *ctx);
/* Forgets one entry, or all of them (number 0). STORE_NOT_FOUND: no such entry or campaign. */
void store_waiting_delete(struct store *s, const char *slug, int64_t number, const struct store_audit *audit,
                          store_done done, void *ctx);

/* --- campaigns for admins (campaigns.c) --- */

/* Which alias another campaign has. */
struct store_alias_taken {
    char slug[CAMPAIGN_SLUG_MAX + 1]; /* whose alias it was to be */
    size_t position;                  /* in its `aliases` */
    char owner[CAMPAIGN_SLUG_MAX + 1];
};

/* A definition and what the ledger counts, read in one moment. Valid during the callback. */
struct store_campaign {
    const struct campaign *definition;
    const struct group_count *counts;      /* by position */
    const struct store_alias_taken *taken; /* with STORE_ALIAS_TAKEN, all else is NULL */
};
typedef void (*store_campaign_done)(void *ctx, enum store_result r, const struct store_campaign *c);

void store_campaign_read(struct store *s, const char *slug, store_campaign_done done, void *ctx);

/* --- what is printed of a campaign (printed.c) --- */

struct store_printed {
    const struct campaign *definition;
    const char *logo; /* the file in base64; NULL: there is none, or it was not asked for */
    size_t logo_len;
};
/* Valid during the callback. */
typedef void (*store_printed_done)(void *ctx, enum store_result r, const struct store_printed *p);

/* As it is now: who asks for the same campaign while it is being read shares the next answer. */
void store_printed_read(struct store *s, const char *slug, bool with_logo, store_printed_done done, void *ctx);

/* --- changing campaigns --- */

/*
 * Writes a definition and its plan in the ledger, atomically with scans, and tells every worker. was: NULL creates
 * (STORE_CONFLICT if the slug is taken), else the definition that it was made from, whose version must still be the
 * current one (STORE_CONFLICT if it is not; STORE_NOT_FOUND if gone). The stored version is the next one. touched:
 * position of the group whose suspicion this change clears, or -1. The callback brings the campaign as it then is, or
 * with STORE_ALIAS_TAKEN which alias of c another campaign has. c, was and heads are only read during the call.
 */
void store_campaign_save(struct store *s, const struct campaign *c, const struct campaign *was,
                         const struct head_counts *heads, int touched, const struct store_audit *audit,
                         store_campaign_done done, void *ctx);

/* --- several at once (campaign_save.c, campaigns.c) --- */

/* rows: in the order of what was asked for; a row without definition: there is no such campaign. Valid during the
 * callback. */
typedef void (*store_campaigns_done)(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count);

/* count: 1 to STORE_BATCH_MAX. STORE_TOO_LARGE: their definitions come to more than STORE_BATCH_BYTES_MAX. Each is read
 * in a moment of its own. */
void store_campaigns_read(struct store *s, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count,
                          store_campaigns_done done, void *ctx);

/* One campaign to save: what store_campaign_save takes. */
struct store_save {
    const struct campaign *campaign;
    const struct campaign *was;      /* NULL: it is made */
    const struct head_counts *heads; /* NULL: none */
    int touched;
    const struct store_audit *audit; /* NULL: nothing is told */
};
/* How many at most: STORE_BATCH_MAX, or 1 where campaigns lie in several Redis, which have no moment in common. */
size_t store_batch_max(const struct store *s);
/* All of them in one moment, or none: STORE_CONFLICT or STORE_NOT_FOUND if it may not be for any one, STORE_ALIAS_TAKEN
 * with one row that says which alias (one that another campaign of the list gives up counts as taken). count: 1 to
 * STORE_BATCH_MAX, with STORE_BATCH_GROUPS_MAX groups at most; a slug occurs once. What list points at is only read
 * during the call. */
void store_campaigns_save(struct store *s, const struct store_save *list, size_t count, store_campaigns_done done,
                          void *ctx);

/* Whether their aliases could be had now: STORE_OK (rows say nothing), or as store_campaigns_save. Nothing is saved;
 * the aliases are claimed and given back. false: there is nothing to try, and nobody is called back. */
bool store_campaigns_try(struct store *s, const struct store_save *list, size_t count, store_campaigns_done done,
                         void *ctx);

/* was: the version it must have, or 0 for any. */
void store_campaign_delete(struct store *s, const char *slug, int64_t was, const struct store_audit *audit,
                           store_done done, void *ctx);

enum store_order {
    STORE_BY_SLUG,
    STORE_BY_PROBLEMS, /* what is wrong with them (trouble.h), the worst first, then by slug; see store_problems_take */
};
enum {
    STORE_CURSOR_MAX = CAMPAIGN_SLUG_MAX + 3, /* bytes of a list's cursor, with NUL: a slug, or "<severity>.<slug>" */
};
/* Whether it can be a `next` of that order. */
bool store_cursor_valid(enum store_order order, const char *cursor, size_t len);

/* A page of campaigns. rows: definition and counts of each. next: "" when there is no more. */
typedef void (*store_list_done)(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count,
                                const char *next, int64_t total);
/* q: NULL or text that slug or title contain, case-insensitive in ASCII. cursor: "" or a `next` of before. limit: 1 to
 * STORE_PAGE_MAX. */
void store_campaign_list(struct store *s, enum store_order order, const char *q, const char *cursor, int limit,
                         store_list_done done, void *ctx);

/* --- the order by problems (problems.c): who looks at a campaign tells how bad it is --- */

/* Campaigns to be looked at, because something was heard of them (changes_new) or because it is their time. They are
 * the caller's until the moment `until` (the store's); what is not settled by then is given to the next who asks.
 * heard: to be looked at first; what is not known is passed over. */
typedef void (*store_problems_done)(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1],
                                    size_t count, int64_t until);
void store_problems_take(struct store *s, const char (*heard)[CAMPAIGN_SLUG_MAX + 1], size_t count,
                         store_problems_done done, void *ctx);

struct store_problem {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    bool gone, unreadable; /* there is no such campaign; or it stays where it is */
    enum campaign_severity severity;
    int64_t seconds; /* until time alone may change it; 0: it does not */
};
/* What came of those that were taken until then. One that has changed meanwhile is looked at again. */
void store_problems_settle(struct store *s, const struct store_problem *list, size_t count, int64_t until);

/* All of these may have changed, or are new. */
void store_problems_note(struct store *s, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count, store_done done,
                         void *ctx);

/* --- a campaign with all that is kept of it, out of one store and into another (campaign_dump.c) --- */

struct store_bytes {
    const char *at; /* NULL: none */
    size_t len;
};
struct store_dump_group {
    int64_t used, held, reports;
    const char *reported;  /* when the last ones did: unix seconds, blanks between; "" */
    int64_t suspect_since; /* unix seconds; 0: it is not */
    const char *members;   /* the last head count as ledger.lua keeps it, "187 1795617180 0 bot"; "": none */
    const char *counted;   /* those of before, "at members seats" each, blanks between; "" */
};
/* Seats that are held, see seat_token.h: of a group, until a second. Bitmaps by serial. */
struct store_dump_bucket {
    const char *group;
    int64_t due, issued;
    struct store_bytes confirmed; /* or given back one by one */
    struct store_bytes given_back, reported;
};
struct store_dump_count {
    const char *name; /* "seat:CHANNEL": without quotes and backslashes */
    int64_t count;
};
struct store_dump_day {
    const char *day; /* 2026-11-25 */
    const struct store_dump_count *counts;
    size_t count;
};
/* One of a waiting list: where they stand, and the seat that was promised or taken (group "": none yet). */
struct store_dump_place {
    const char *id; /* the visitor's own name of it: whoever has it has the place */
    int64_t number, joined_at;
    char state;       /* 'w' waits, 'p' promised, 'i' in */
    const char *line; /* whom it stands with, see waiting.lua */
    const char *group, *channel, *name;
    int64_t due, serial;
};
struct store_dump {
    const struct campaign *definition;
    const struct store_dump_group *groups; /* by position */
    int64_t swept;                         /* the latest second whose held seats have gone back */
    const struct store_dump_bucket *buckets;
    size_t bucket_count;
    const struct store_dump_day *days;
    size_t day_count;
    const struct store_dump_place *places; /* by number */
    size_t place_count;
};

/* The next slugs of the index behind `cursor` ("": from the first on), STORE_PAGE_MAX at most; none: that was all. */
typedef void (*store_slugs_done)(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1],
                                 size_t count);
void store_campaign_slugs(struct store *s, const char *cursor, store_slugs_done done, void *ctx);

/* In one moment. d is valid during the callback. */
typedef void (*store_dump_done)(void *ctx, enum store_result r, const struct store_dump *d);
void store_campaign_dump(struct store *s, const char *slug, store_dump_done done, void *ctx);

/* Makes the campaign as it was, with its version and counters, in one moment. STORE_CONFLICT: there is one of its slug;
 * STORE_ALIAS_TAKEN as store_campaign_save. d must hold together: groups, buckets and counters of its definition. It is
 * only read during the call. */
void store_campaign_restore(struct store *s, const struct store_dump *d, const struct store_audit *audit,
                            store_campaign_done done, void *ctx);

/* --- accounts.c: users, API tokens and owner links, as opaque records by name --- */

enum store_table {
    STORE_USERS,              /* by name; records are JSON with `role` and `disabled`, and one enabled owner remains */
    STORE_TOKENS,             /* by the token's hash */
    STORE_FUNNELS,            /* by id */
    STORE_LINKS,              /* owner links of a campaign, by id; gone with it */
    STORE_LOGOS,              /* one of a campaign, STORE_LOGO; a file as base64, up to STORE_LOGO_MAX; gone with it */
    STORE_DESTINATIONS,       /* of alerts, by id */
    STORE_DESTINATION_STATES, /* how sending to them went, by id; written by store_delivery_settle */
    STORE_ALERT_SETTINGS,     /* "*" for all, else by slug */
};
#define STORE_LOGO "logo"

struct store_rows {
    enum store_table table;
    const char *slug; /* of the campaign; else NULL */
};
typedef void (*store_row_done)(void *ctx, enum store_result r, const char *json, size_t len);
typedef void (*store_rows_done)(void *ctx, enum store_result r, const char *const *json, const size_t *len,
                                size_t count);

/* STORE_NOT_FOUND if there is none of that name. */
void store_row_get(struct store *s, struct store_rows rows, const char *name, store_row_done done, void *ctx);
/* In no order. */
void store_row_list(struct store *s, struct store_rows rows, store_rows_done done, void *ctx);

enum store_rule {
    STORE_NEW,   /* makes a row: STORE_CONFLICT if there is one of that name, STORE_NO_SPACE if there are too many */
    STORE_FIRST, /* likewise, if it is the table's first: else STORE_CONFLICT */
    STORE_SAME,  /* the row must be what it `was`: else STORE_STALE, or STORE_NOT_FOUND */
    STORE_ANY,   /* the row must be there: else STORE_NOT_FOUND */
    STORE_PUT, /* makes it, or replaces what it `was` (NULL: none): else STORE_STALE; of a campaign that must be there:
                  else STORE_NOT_FOUND */
};
/* json: NULL deletes. audit: told in the same moment; NULL: nothing is. */
void store_row_change(struct store *s, struct store_rows rows, const char *name, enum store_rule rule, const char *was,
                      const char *json, const struct store_audit *audit, store_done done, void *ctx);

/* Remembers when a token was used, as text; NULL forgets it. Nobody is called back. */
void store_token_used(struct store *s, const char hash[STORE_TOKEN_HASH], const char *when);
/* hash, when, hash, when ... of all that were. */
void store_token_uses(struct store *s, store_rows_done done, void *ctx);

/* A session, by its token's hash; json: NULL ends it. It ends by itself when it is not used for
 * STORE_SESSION_IDLE_SECONDS. */
void store_session_put(struct store *s, const char hash[STORE_TOKEN_HASH], const char *json,
                       const struct store_audit *audit, store_done done, void *ctx);
/* Counts as a use. */
void store_session_get(struct store *s, const char hash[STORE_TOKEN_HASH], store_row_done done, void *ctx);

/* --- alerts.c: what people are told of, and what waits to be sent --- */

/* until: expiries up to this second are told of. STORE_NOT_FOUND: no such campaign. */
typedef void (*store_alert_look_done)(void *ctx, enum store_result r, const struct alert_facts *f);
void store_alert_look(struct store *s, const char *slug, int64_t until, store_alert_look_done done, void *ctx);

/* An alert that begins or gets worse (level 1 or more), or is over (0). Only read during the call. */
struct store_alert {
    const char *cause; /* names it while it is open */
    int level;
    const char *json; /* the record; it is given id, sequence, raised_at, changed_at and over_at. NULL when over, but of
                         one that begins (at its `at`) and is over at once */
    int64_t now;      /* unix seconds */
    bool tell;        /* each destination gets an entry in the outbox, in the same moment */
};
/* STORE_STALE: somebody has done it; STORE_NO_SPACE: too many are open, or wait to be sent. */
void store_alert_change(struct store *s, const struct store_alert *alert, store_done done, void *ctx);
/* The records of all that are kept, in no order. */
void store_alert_list(struct store *s, store_rows_done done, void *ctx);
/* The number of the last change: while it stays, so does the list. */
typedef void (*store_number_done)(void *ctx, enum store_result r, int64_t n);
void store_alert_sequence(struct store *s, store_number_done done, void *ctx);

/* Takes at most `count` messages that are due, until until_ms: who took one and is gone is followed by another. texts:
 * id, entry, id, entry ... An entry: {"to","event","tries","since","alert":{the record}}. */
void store_deliveries_take(struct store *s, int64_t now_ms, int64_t until_ms, int count, store_rows_done done,
                           void *ctx);
/* next_ms: when it is due again as `entry`; 0: it is done with. state: the destination's, JSON; NULL: as it was. */
void store_delivery_settle(struct store *s, const char *id, int64_t next_ms, const char *entry, const char *to,
                           const char *state, store_done done, void *ctx);

/* --- audit.c: the log of changes, of which the latest come first --- */

/* For what changes nothing in the store. */
void store_audit_add(struct store *s, const struct store_audit *audit, store_done done, void *ctx);

struct store_audit_query {
    const char *who, *action, *target; /* "": any. An action of a kind ("user"), a target with what belongs to it */
    int64_t from_ms, to_ms;            /* unix milliseconds; 0: any */
    const char *cursor;                /* "" or a `next` of before */
    int limit;                         /* 1 to STORE_PAGE_MAX */
};
struct store_audit_row {
    const char *id;
    int64_t at_ms;
    struct store_audit audit;
};
/* A page may be shorter than asked for and still have a next: it looks at so many entries at most. total: entries of
 * the whole log. */
typedef void (*store_audit_done)(void *ctx, enum store_result r, const struct store_audit_row *rows, size_t count,
                                 const char *next, int64_t total);
void store_audit_list(struct store *s, const struct store_audit_query *q, store_audit_done done, void *ctx);

/* Entries in the order in which they came, behind the one of that id ("": from the first on), STORE_PAGE_MAX at most;
 * none: that was all. next is ""; total says nothing. */
void store_audit_walk(struct store *s, const char *behind, store_audit_done done, void *ctx);
/* Puts an entry back at its own moment. STORE_CONFLICT: it is there; STORE_STALE: the log has later ones, and grows at
 * its end only. behind: NULL; else nothing is put back, but looked whether it could be, behind the entry of that id
 * ("": behind those that are there). */
void store_audit_restore(struct store *s, const struct store_audit_row *row, const char *behind, store_done done,
                         void *ctx);

/* --- changes.c: what others change --- */
struct changes;
/* What is listened to. */
enum changes_of {
    CHANGES_SAVED,      /* saves and deletions */
    CHANGES_AND_GROUPS, /* and that a group has filled up, is open again, or suspect */
};
/* changed: a campaign's slug (not terminated), or NULL: some may have been missed (the link was down). NULL: out of
 * memory or a bad URL. */
struct changes *changes_new(struct store *s, enum changes_of of,
                            void (*changed)(void *ctx, const char *slug, size_t len), void *ctx,
                            char err[STORE_ERR_MAX]);
void changes_free(struct changes *c);

/* --- what Redis promises (redis_link.c): for the start's warning and `huoma check` --- */
struct store_facts {
    char version[32];
    char fsync[16]; /* "always", "everysec", "no"; "" unknown (CONFIG is not allowed) */
    bool aof;
    char eviction[32]; /* maxmemory-policy */
    int64_t campaigns;
};
typedef void (*store_facts_done)(void *ctx, enum store_result r, const struct store_facts *f);
void store_facts(struct store *s, store_facts_done done, void *ctx);

#endif
