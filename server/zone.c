/* Offsets from GLib, the rest is counting: the day of 1970-01-01 was a Thursday. See zone.h. */
#include "zone.h"

#include <time.h>

#include <glib.h>

#include "when.h"

enum { WEEK_SECONDS = WEEK_MINUTES * 60, THURSDAY_SECONDS = 3 * 24 * 3600 };

struct zone *zone_new(const char *name)
{
    return (struct zone *)g_time_zone_new_identifier(name);
}

void zone_free(struct zone *z)
{
    if (z)
        g_time_zone_unref((GTimeZone *)z);
}

int64_t zone_offset(struct zone *z, int64_t now)
{
    time_t t = (time_t)now;
    struct tm tm;

    if (z)
        return g_time_zone_get_offset((GTimeZone *)z,
                                      g_time_zone_find_interval((GTimeZone *)z, G_TIME_TYPE_UNIVERSAL, now));
    return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

int zone_week_minute(struct zone *z, int64_t now)
{
    int64_t second = (now + zone_offset(z, now) + THURSDAY_SECONDS) % WEEK_SECONDS;

    return (int)((second + WEEK_SECONDS) % WEEK_SECONDS / 60);
}
