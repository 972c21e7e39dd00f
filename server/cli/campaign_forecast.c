/* When a campaign will be full, as `huoma campaign show` tells it. See campaign_forecast.h. */
#include "campaign_forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, MINUTES_MOST = 90, HOURS_MOST = 36 };

static const char *const words[FORECAST_WHYS] = {
    [FORECAST_NO_LIMIT] = "never full: there is no limit",
    [FORECAST_TOO_LITTLE_HISTORY] = "too few came so far to tell when it is full",
    [FORECAST_NOBODY_COMES] = "hardly anybody came in the last days",
    [FORECAST_EXPIRES_FIRST] = "the code expires before it fills",
    [FORECAST_ENDS_FIRST] = "the campaign ends before it fills",
    [FORECAST_TOO_FAR] = "not full within 14 days",
};

static void span_text(int64_t seconds, char out[32])
{
    if (seconds < MINUTES_MOST * MINUTE)
        snprintf(out, 32, "%d min", (int)(seconds / MINUTE) + 1);
    else if (seconds < HOURS_MOST * HOUR)
        snprintf(out, 32, "%d h", (int)((seconds + HOUR / 2) / HOUR));
    else
        snprintf(out, 32, "%d days", (int)((seconds + DAY / 2) / DAY));
}

/* The time of a day that is near, the day else. */
static void moment_text(int64_t at, int64_t now, char out[32])
{
    time_t t = (time_t)at;
    struct tm tm;
    localtime_r(&t, &tm);
    strftime(out, 32, at - now < DAY ? "%H:%M" : "%Y-%m-%d", &tm);
}

static void put_full(FILE *out, const struct forecast_moment *full, int64_t now)
{
    char span[32], from[32], to[32];
    span_text(full->at - now, span);
    moment_text(full->soonest, now, from);
    moment_text(full->latest, now, to);
    fprintf(out, "full in about %s", span);
    if (strcmp(from, to) != 0)
        fprintf(out, " (%s to %s)", from, to);
}

static void put_text(FILE *out, const struct campaign *c, const struct forecast *f, int64_t now)
{
    if (f->why != FORECAST_TOLD && !words[f->why])
        return;
    fprintf(out, "\nForecast: ");
    if (f->why == FORECAST_TOLD)
        put_full(out, &f->gone, now);
    else
        fputs(words[f->why], out);
    if (f->per_hour >= 0)
        fprintf(out, ", about %.0f seats in the next hour", round(f->per_hour));
    fputc('\n', out);
    for (size_t i = 0; c->group_count > 1 && f->per_hour >= 0 && i < c->group_count; i++) {
        enum forecast_why why = f->groups[i].why;
        if (why != FORECAST_TOLD && why != FORECAST_EXPIRES_FIRST)
            continue;
        fprintf(out, "  %s ", c->groups[i].id);
        if (why == FORECAST_TOLD)
            put_full(out, &f->groups[i].full, now);
        else
            fputs(words[why], out);
        fputc('\n', out);
    }
}

static void forecast_keep(void *ctx, enum store_result r, const struct store_campaign *sc, const struct forecast *f)
{
    struct held_forecast *h = ctx;
    int64_t now = time(NULL);
    size_t len;
    FILE *out = r == STORE_OK ? open_memstream(&h->text, &len) : NULL;
    if (out) {
        put_text(out, sc->definition, f, now);
        fclose(out);
        h->json = forecast_to_json(sc->definition, f, now);
    }
    session_done(h->session);
}

void held_forecast_read(struct session *s, const char *slug, struct held_forecast *h)
{
    *h = (struct held_forecast){.session = s};
    store_forecast_read(session_store(s), slug, time(NULL), forecast_keep, h);
    session_run(s);
}

void held_forecast_clear(struct held_forecast *h)
{
    free(h->text);
    free(h->json);
}
