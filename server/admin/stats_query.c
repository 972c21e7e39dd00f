/* See stats_query.h. */
#include "stats_query.h"

#include <string.h>

#include "door.h"
#include "params.h"

enum { STATS_DAYS_DEFAULT = 30 }; /* without `from` */

static void read_day(struct span query, const char *name, char day[STORE_DAY], struct field_errors *errors)
{
    char text[16];
    if (!request_parameter_given(errors, name, query_get(query, name, text, sizeof text)))
        return;
    if (stats_day_valid(text))
        memcpy(day, text, STORE_DAY);
    else
        field_errors_add(errors, name, "must be a day as 2026-11-25");
}

size_t stats_query_days(struct span query, char ret_days[STORE_STATS_DAYS_MAX][STORE_DAY], struct field_errors *errors)
{
    char from[STORE_DAY], to[STORE_DAY];
    size_t before = errors->count;
    stats_today(to);
    read_day(query, "to", to, errors);
    stats_day_before(to, STATS_DAYS_DEFAULT - 1, from);
    read_day(query, "from", from, errors);
    size_t count = errors->count == before ? stats_days(from, to, ret_days) : 0;
    if (errors->count == before && count == 0)
        field_errors_add(errors, "from", "must not be after `to`, nor more than 400 days with it");
    return count;
}

bool stats_query_csv(struct span query, struct field_errors *errors)
{
    char text[16];
    long len = query_get(query, "format", text, sizeof text);
    bool csv = request_parameter_given(errors, "format", len) && strcmp(text, "csv") == 0;
    if (len >= 0 && !csv && strcmp(text, "json") != 0)
        field_errors_add(errors, "format", "must be json or csv");
    return csv;
}
