/* Statistics and forecasts. Part of store.h, which has the rules. */
#ifndef STORAGE_STORE_STATS_H
#define STORAGE_STORE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forecast.h"
#include "store_base.h"
#include "store_campaigns.h"

struct store;

/* --- statistics (stats*.c) --- */

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

#endif
