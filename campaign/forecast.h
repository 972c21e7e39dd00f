/*
 * When a campaign will be full: out of the seats that were confirmed in each hour, and those that are free.
 *
 * How many come is level times shape. The shape is that of the days seen so far (hour of the day, weekend or not); the
 * level is drawn between the last hour and the last days: who comes in a rush is believed, but a rush fades.
 * docs/forecast.md has what comes of it. Pure arithmetic: no clock, no I/O.
 */
#ifndef CAMPAIGN_FORECAST_H
#define CAMPAIGN_FORECAST_H

#include "campaign.h"

enum {
    FORECAST_HISTORY_HOURS = 28 * 24, /* more is not asked for */
    FORECAST_HORIZON_HOURS = 14 * 24, /* nothing is said of what lies beyond */
    FORECAST_SEATS_MIN = 5,           /* fewer in the last days make no rate */
    FORECAST_SECONDS_MIN = 300,       /* nor do those of a shorter time */
};

/* Why no moment is told, or why it does not matter. */
enum forecast_why {
    FORECAST_TOLD,               /* it is */
    FORECAST_NOT_RUNNING,        /* the campaign is off, not begun or ended */
    FORECAST_CLOSED,             /* the group is off or expired; the campaign: no group is open */
    FORECAST_FULL,               /* already */
    FORECAST_NO_LIMIT,           /* never full; the campaign: one of its open groups has none */
    FORECAST_TOO_LITTLE_HISTORY, /* fewer than FORECAST_SEATS_MIN seats, or FORECAST_SECONDS_MIN */
    FORECAST_NOBODY_COMES,       /* some did, but hardly anybody in the last days */
    FORECAST_EXPIRES_FIRST,      /* the code expires before; the campaign: that of its last open group */
    FORECAST_ENDS_FIRST,         /* the campaign ends before */
    FORECAST_TOO_FAR,            /* beyond FORECAST_HORIZON_HOURS */
    FORECAST_WHYS
};
/* As the API writes them; NULL for FORECAST_TOLD. */
extern const char *const forecast_why_words[FORECAST_WHYS];

/* Seats confirmed, by hour of the clock on the wall, the oldest first; the last one is the hour of `now`, which goes
 * on. */
struct forecast_history {
    const int64_t *seats;
    size_t hours;
    int64_t begin; /* unix seconds before which nobody could come; 0: not known */
};

/* How many will come. Made by forecast_fit; its fields are its own. */
struct forecast_model {
    enum forecast_why why; /* FORECAST_TOLD, _TOO_LITTLE_HISTORY or _NOBODY_COMES: there is no rate to speak of */
    int64_t now;           /* moved by `shift` seconds, so that hours of the wall's clock are whole hours of it */
    int shift, utc_offset;
    double first;                      /* how long the first hour of history was, in hours */
    double hour[24], weekend, weekday; /* the shape: factors around 1, by the hour of the day in UTC */
    double usual, recent;              /* seats an hour, the shape taken out */
    double error;                      /* of the level, relative */
    double seen;                       /* seats that the recent level stands on */
    double coming[FORECAST_HORIZON_HOURS +
                  2]; /* by the i-th full hour that begins after now, or is now: seats until then */
};

/* A moment, and between which moments it lies four times in five. All 0: not within the horizon, or there is no rate.
 */
struct forecast_moment {
    int64_t at, soonest, latest;
};

/* utc_offset: seconds that the clock by which hours were counted is ahead of UTC, now. */
void forecast_fit(struct forecast_model *m, const struct forecast_history *h, int64_t now, int utc_offset);

/* Seats expected in the next hour. */
double forecast_next_hour(const struct forecast_model *m);

/* When so many more seats will be taken. seats <= 0: now. */
struct forecast_moment forecast_when(const struct forecast_model *m, double seats);

struct forecast_group {
    enum forecast_why why;
    struct forecast_moment full;
};
struct forecast {
    enum forecast_why why;
    double per_hour;               /* seats expected in the next hour; negative: there is no rate */
    struct forecast_moment gone;   /* when all seats are taken */
    struct forecast_group *groups; /* by position; given by the caller, group_count of them */
};

/*
 * Of a campaign. How visitors are spread follows the strategy: in order; by share, where all are full at once; by
 * weight. shares: of the last days' visitors, those who got into each group, by position, negative: not known; of
 * groups that are for some visitors only it decides, of others nothing. NULL: none is known. Where a group is for
 * everybody, `gone` is about such groups. 0 or -ENOMEM.
 */
int forecast_campaign(const struct campaign *c, const struct group_count *counts, const struct forecast_history *whole,
                      const double *shares, int64_t now, int utc_offset, struct forecast *out);

#endif
