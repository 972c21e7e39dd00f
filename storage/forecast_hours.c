/* See forecast_hours.h. */
#include "forecast_hours.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOUR = 3600, KEY = 16 /* "2026-11-25T14" */ };

int64_t forecast_utc_offset(int64_t at)
{
    time_t t = (time_t)at;
    struct tm tm;
    return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

int64_t forecast_hour_start(int64_t at)
{
    int64_t local = at + forecast_utc_offset(at);
    return at - (local % HOUR + HOUR) % HOUR;
}

static int compare_row(const void *key, const void *row)
{
    return strcmp(key, ((const struct store_stats_row *)row)->key);
}

/* -1: that hour is not among the rows. */
static int64_t seats_at(const struct store_stats_row *rows, size_t count, int64_t at, char ret_key[KEY])
{
    time_t t = (time_t)at;
    struct tm tm;
    localtime_r(&t, &tm);
    strftime(ret_key, KEY, "%Y-%m-%dT%H", &tm);
    const struct store_stats_row *row = bsearch(ret_key, rows, count, sizeof *rows, compare_row);
    return row ? row->counts[STAT_CONFIRMED] : -1;
}

/* Backwards from the last place; returns how many. */
static size_t put_backwards(const struct store_stats_row *rows, size_t count, int64_t now,
                            int64_t hours[FORECAST_HISTORY_HOURS])
{
    char key[KEY], later[KEY] = "";
    int64_t start = forecast_hour_start(now);
    for (size_t i = 0; i < FORECAST_HISTORY_HOURS; i++) {
        int64_t *hour = &hours[FORECAST_HISTORY_HOURS - 1 - i];
        *hour = seats_at(rows, count, start - (int64_t)i * HOUR, key);
        if (*hour < 0)
            return i;
        if (strcmp(key, later) == 0) { /* clocks went back: a row for both, in proportion */
            int64_t length = i == 1 ? now - start : HOUR;
            hour[1] = *hour * length / (HOUR + length);
            *hour -= hour[1];
        }
        memcpy(later, key, KEY);
    }
    return FORECAST_HISTORY_HOURS;
}

size_t forecast_hours(const struct store_stats_row *rows, size_t count, int64_t now,
                      int64_t ret_hours[FORECAST_HISTORY_HOURS])
{
    size_t known = put_backwards(rows, count, now, ret_hours);
    memmove(ret_hours, ret_hours + FORECAST_HISTORY_HOURS - known, known * sizeof *ret_hours);
    return known;
}
