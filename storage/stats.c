/* Statistics: what their kinds are called, and the days that ranges are made of. */
#include <string.h>
#include <time.h>

#include "stats_private.h"

const char *const stat_words[STAT_COUNT] = {
    [STAT_VIEWS] = "views",         [STAT_PEOPLE] = "people",
    [STAT_RETURNING] = "returning", [STAT_FULL] = "full",
    [STAT_MACHINES] = "machines",   [STAT_REPORTS] = "reports",
    [STAT_SEATS] = "seats",         [STAT_HELD] = "held",
    [STAT_CONFIRMED] = "confirmed", [STAT_GIVEN_BACK] = "given_back",
    [STAT_LOST] = "lost",
};
const enum stat_kind stat_order[STAT_COUNT] = {STAT_VIEWS, STAT_PEOPLE,    STAT_RETURNING,  STAT_SEATS,
                                               STAT_HELD,  STAT_CONFIRMED, STAT_GIVEN_BACK, STAT_REPORTS,
                                               STAT_FULL,  STAT_MACHINES,  STAT_LOST};
const char *const stats_by_words[STATS_BYS] = {
    [STATS_BY_DAY] = "day",         [STATS_BY_HOUR] = "hour",     [STATS_BY_GROUP] = "group",
    [STATS_BY_CHANNEL] = "channel", [STATS_BY_DEVICE] = "device", [STATS_BY_LANGUAGE] = "language"};

bool stat_is_known(enum stat_kind kind, enum stat_by by, bool all, bool total)
{
    bool ledgers = kind == STAT_HELD || kind == STAT_GIVEN_BACK;
    bool by_visitor = by == STATS_BY_CHANNEL || by == STATS_BY_DEVICE || by == STATS_BY_LANGUAGE;
    if (ledgers && (all || (by_visitor && !total)))
        return false;
    if (kind == STAT_LOST)
        return !all && (total || by == STATS_BY_DAY || by == STATS_BY_HOUR);
    return total || by != STATS_BY_CHANNEL || (kind != STAT_CONFIRMED && kind != STAT_REPORTS);
}

/* The noon of a day, as if its zone were UTC: no change of the clocks makes another day of it. -1: it is no day. */
static time_t day_noon(const char *day)
{
    struct tm tm = {.tm_hour = 12};
    char again[STORE_DAY];
    const char *end = strptime(day, "%Y-%m-%d", &tm);
    if (!end || *end || strlen(day) != STORE_DAY - 1)
        return -1;
    time_t noon = timegm(&tm);
    gmtime_r(&noon, &tm); /* the 31st of a shorter month comes out as another day */
    return strftime(again, sizeof again, "%Y-%m-%d", &tm) && strcmp(again, day) == 0 && noon > 0 ? noon : -1;
}

static void day_of_noon(time_t noon, char ret_day[STORE_DAY])
{
    struct tm tm;
    gmtime_r(&noon, &tm);
    strftime(ret_day, STORE_DAY, "%Y-%m-%d", &tm);
}

void stats_today(char ret_day[STORE_DAY])
{
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    strftime(ret_day, STORE_DAY, "%Y-%m-%d", &tm);
}

bool stats_day_valid(const char *day)
{
    return day_noon(day) >= 0;
}

void stats_day_before(const char *day, int days, char ret_day[STORE_DAY])
{
    day_of_noon(day_noon(day) - days * (time_t)STATS_DAY_SECONDS, ret_day);
}

size_t stats_days(const char *from, const char *to, char ret_days[STORE_STATS_DAYS_MAX][STORE_DAY])
{
    time_t first = day_noon(from), last = day_noon(to);
    if (last < first || (last - first) / STATS_DAY_SECONDS >= STORE_STATS_DAYS_MAX)
        return 0;
    size_t count = 0;
    for (time_t noon = first; noon <= last; noon += STATS_DAY_SECONDS)
        day_of_noon(noon, ret_days[count++]);
    return count;
}
