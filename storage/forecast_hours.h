/*
 * Hours of statistics, which are those of the clock on the wall (the process's time zone), as hours that pass: what a
 * forecast is made of. When clocks go forward, an hour of the wall is missing; when they go back, one row has two.
 */
#ifndef STORAGE_FORECAST_HOURS_H
#define STORAGE_FORECAST_HOURS_H

#include "store.h"

/* Seconds that the wall's clock is ahead of UTC at unix second `at`. */
int64_t forecast_utc_offset(int64_t at);
/* When the hour began that goes on then. */
int64_t forecast_hour_start(int64_t at);

/* Seats confirmed in each hour, the oldest first, the last one that of `now`. rows: by hour, in the order of their
 * keys. Returns how many there are. */
size_t forecast_hours(const struct store_stats_row *rows, size_t count, int64_t now,
                      int64_t ret_hours[FORECAST_HISTORY_HOURS]);

#endif
