/*
 * RFC 3339 <-> unix seconds, by the calendar alone: no time zone of the process, no clock.
 */
#include "date.h"

#include <stdio.h>

#define DATE_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int64_t year, int64_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

static int64_t days_before_year(int64_t year)
{
    int64_t y = year - 1;

    return y * 365 + y / 4 - y / 100 + y / 400;
}

static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    int64_t days = days_before_year(year) - days_before_year(1970);

    for (int64_t m = 1; m < month; m++)
        days += month_days(year, m);
    return days + day - 1;
}

/* Exactly `digits` digits at *p, of value low to high; moves *p behind them. */
static bool date_number(const char **p, const char *end, int digits, int64_t low, int64_t high, int64_t *ret_number)
{
    int64_t n = 0;

    if (end - *p < digits)
        return false;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        n = n * 10 + (**p - '0');
    }
    *ret_number = n;
    return n >= low && n <= high;
}

static bool date_char(const char **p, const char *end, char lower)
{
    if (*p == end || (**p | 0x20) != (lower | 0x20))
        return false;
    (*p)++;
    return true;
}

/* "Z", or "+08:00" as seconds east of Greenwich; must be the rest of the text. */
static bool date_offset(const char *p, const char *end, int64_t *ret_seconds)
{
    int64_t hours, minutes;
    bool west;

    *ret_seconds = 0;
    if (date_char(&p, end, 'z'))
        return p == end;
    if (p == end || (*p != '+' && *p != '-'))
        return false;
    west = *p++ == '-';
    if (!date_number(&p, end, 2, 0, 23, &hours) || p == end || *p++ != ':' || !date_number(&p, end, 2, 0, 59, &minutes))
        return false;
    *ret_seconds = (hours * 60 + minutes) * (west ? -60 : 60);
    return p == end;
}

bool date_from_text(const char *text, size_t len, int64_t *seconds)
{
    const char *p = text, *end = text + len;
    int64_t year, month, day, hour, minute, second, offset, at;

    if (!date_number(&p, end, 4, 1969, 9999, &year) || p == end || *p++ != '-' ||
        !date_number(&p, end, 2, 1, 12, &month) || p == end || *p++ != '-' ||
        !date_number(&p, end, 2, 1, month_days(year, month), &day) || !date_char(&p, end, 't'))
        return false;
    /* No leap second: unix seconds have none. */
    if (!date_number(&p, end, 2, 0, 23, &hour) || p == end || *p++ != ':' || !date_number(&p, end, 2, 0, 59, &minute) ||
        p == end || *p++ != ':' || !date_number(&p, end, 2, 0, 59, &second))
        return false;
    if (p < end && *p == '.') {
        const char *fraction = ++p;

        while (p < end && *p >= '0' && *p <= '9')
            p++;
        if (p == fraction)
            return false;
    }
    if (!date_offset(p, end, &offset))
        return false;
    at = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset;
    if (at < 0 || at > DATE_MAX)
        return false;
    *seconds = at;
    return true;
}

void date_to_text(int64_t seconds, char out[32])
{
    int64_t at = seconds < 0 ? 0 : seconds > DATE_MAX ? DATE_MAX : seconds;
    int64_t days = at / 86400, left = at % 86400, year, month = 1;

    /* 400 years have 146,097 days: never too late a year, at most one too early. */
    year = 1970 + days * 400 / 146097;
    while (days < days_since_1970(year, 1, 1))
        year--;
    while (days >= days_since_1970(year + 1, 1, 1))
        year++;
    days -= days_since_1970(year, 1, 1);
    while (days >= month_days(year, month))
        days -= month_days(year, month++);
    snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month, (int)days + 1, (int)(left / 3600),
             (int)(left / 60 % 60), (int)(left % 60));
}
