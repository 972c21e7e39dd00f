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

/* Seats confirmed, by hour (of unix time), the oldest first; the last one is the hour of `now`, which goes on. */
struct forecast_history {
    const int64_t *seats;
    size_t hours;
};

/* How many will come. Made by forecast_fit; its fields are its own. */
struct forecast_model {
    bool known; /* false: there is no rate to speak of */
    int64_t now;
    int utc_offset;
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

/* utc_offset: seconds that the campaign's clock is ahead of UTC; says what a weekend is. */
void forecast_fit(struct forecast_model *m, const struct forecast_history *h, int64_t now, int utc_offset);

/* Seats expected in the next hour. */
double forecast_next_hour(const struct forecast_model *m);

/* When so many more seats will be taken. seats <= 0: now. */
struct forecast_moment forecast_when(const struct forecast_model *m, double seats);

struct forecast_group {
    struct forecast_moment full; /* of a group with a limit that admits people and has room */
    bool expires_first;          /* its code expires before */
};
struct forecast {
    bool known;
    double per_hour;               /* seats expected in the next hour */
    struct forecast_moment gone;   /* all seats are taken; all 0 too if a group that is open has no limit */
    struct forecast_group *groups; /* by position; given by the caller, group_count of them */
};

/*
 * Of a campaign. of_groups: by position, for groups that are for some visitors only; NULL or hours 0: nothing is said
 * of those. How visitors are spread follows the strategy: in order; by share, where all are full at once; by weight. 0
 * or -ENOMEM.
 */
int forecast_campaign(const struct campaign *c, const struct group_count *counts, const struct forecast_history *whole,
                      const struct forecast_history *of_groups, int64_t now, int utc_offset, struct forecast *out);

#endif
