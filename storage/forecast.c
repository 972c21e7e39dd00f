/* Forecasts: the history that they are made of, read out of the statistics and kept a short time. See
 * campaign/forecast.h for the reckoning. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "forecast_hours.h"
#include "redis_link.h"

enum {
    HISTORY_DAYS = FORECAST_HISTORY_HOURS / 24,
    SHARE_DAYS = 3, /* of which it is known how many visitors a group got: groups come and go */
};

struct forecast_job {
    struct forecast_job *next; /* that waits for the same history */
    struct store *store;
    char slug[CAMPAIGN_SLUG_MAX + 1];
    int64_t now;
    enum store_result failed;
    struct forecast_history_kept *history;
    bool again; /* the history was of another campaign under that slug, and has been read anew */
    store_forecast_done done;
    void *ctx;
};

struct group_seats {
    char id[GROUP_ID_MAX + 1];
    int64_t seats;
};

/* A campaign's history. */
struct forecast_history_kept {
    char slug[CAMPAIGN_SLUG_MAX + 1]; /* "": free */
    char uid[17];                     /* "": not known yet */
    int64_t read_at, start;           /* start: of the hour that went on then */
    int utc_offset;
    int64_t hours[FORECAST_HISTORY_HOURS]; /* `count` of them */
    size_t count;
    struct group_seats *groups; /* by id */
    size_t group_count;
    int users;                 /* jobs that will look at it */
    int pending;               /* readings under way */
    enum store_result failed;  /* of them */
    struct forecast_job *jobs; /* that wait for them */
};

void forecasts_free(struct store *s)
{
    for (size_t i = 0; s->forecasts && i < STORE_FORECASTS_KEPT; i++)
        free(s->forecasts[i].groups);
    free(s->forecasts);
}

/* --- out of statistics --- */

static void take_groups(struct forecast_history_kept *h, const struct store_stats *stats)
{
    free(h->groups);
    h->groups = calloc(stats->count + 1, sizeof *h->groups);
    h->group_count = h->groups ? stats->count : 0;
    for (size_t i = 0; i < h->group_count; i++) {
        snprintf(h->groups[i].id, sizeof h->groups[i].id, "%.*s", GROUP_ID_MAX, stats->rows[i].key);
        h->groups[i].seats = stats->rows[i].counts[STAT_CONFIRMED];
    }
}

static int compare_group(const void *key, const void *group)
{
    return strcmp(key, ((const struct group_seats *)group)->id);
}

/* By position; NULL: out of memory. */
static double *shares_of(const struct forecast_history_kept *h, const struct campaign *c)
{
    double *shares = malloc((c->group_count + 1) * sizeof *shares);
    int64_t all = 0;
    for (size_t i = 0; i < h->group_count; i++)
        all += h->groups[i].seats;
    for (size_t i = 0; shares && i < c->group_count; i++) {
        const struct group_seats *own = bsearch(c->groups[i].id, h->groups, h->group_count, sizeof *own, compare_group);
        bool known = own && own->seats >= FORECAST_SEATS_MIN;
        shares[i] = known ? (double)own->seats / (double)all : -1;
    }
    return shares;
}

/* --- histories --- */

static void campaign_start(struct forecast_job *job);

static void reading_done(struct forecast_history_kept *h, enum store_result r)
{
    if (h->failed == STORE_OK)
        h->failed = r;
    if (--h->pending > 0)
        return;
    struct forecast_job *jobs = h->jobs;
    h->jobs = NULL;
    for (struct forecast_job *job = jobs, *next; job; job = next) {
        next = job->next;
        job->failed = h->failed;
        campaign_start(job);
    }
}

static void hours_read(void *ctx, enum store_result r, const struct store_stats *stats)
{
    struct forecast_history_kept *h = ctx;
    if (r == STORE_OK)
        h->count = forecast_hours(stats->rows, stats->count, h->read_at, h->hours);
    reading_done(h, r);
}

static void groups_read(void *ctx, enum store_result r, const struct store_stats *stats)
{
    struct forecast_history_kept *h = ctx;
    if (r == STORE_OK)
        take_groups(h, stats);
    reading_done(h, r);
}

static void day_of(int64_t at, char ret_day[STORE_DAY])
{
    time_t t = (time_t)at;
    struct tm tm;
    localtime_r(&t, &tm);
    strftime(ret_day, STORE_DAY, "%Y-%m-%d", &tm);
}

static void history_read(struct store *s, struct forecast_history_kept *h, int64_t now)
{
    char days[STORE_STATS_DAYS_MAX][STORE_DAY], from[STORE_DAY], to[STORE_DAY];
    h->read_at = now;
    h->start = forecast_hour_start(now);
    h->utc_offset = (int)forecast_utc_offset(now);
    h->uid[0] = '\0';
    h->failed = STORE_OK;
    h->pending = 2;
    day_of(now, to);
    stats_day_before(to, HISTORY_DAYS - 1, from);
    size_t count = stats_days(from, to, days);
    const struct store_stats_wish hours = {
        .slug = h->slug, .days = (const char(*)[STORE_DAY])days, .day_count = count, .by = STATS_BY_HOUR};
    store_stats_read(s, &hours, hours_read, h);
    const struct store_stats_wish groups = {.slug = h->slug,
                                            .days = (const char(*)[STORE_DAY])(days + count - SHARE_DAYS),
                                            .day_count = SHARE_DAYS,
                                            .by = STATS_BY_GROUP};
    store_stats_read(s, &groups, groups_read, h);
}

static bool is_fresh(const struct forecast_history_kept *h, int64_t now)
{
    return h->failed == STORE_OK && now >= h->read_at && now - h->read_at < STORE_FORECAST_SECONDS &&
           forecast_hour_start(now) == h->start;
}

/* That of the slug, else one that nobody needs: the oldest. NULL: all are needed. */
static struct forecast_history_kept *find_place(struct store *s, const char *slug)
{
    struct forecast_history_kept *oldest = NULL;
    if (!s->forecasts && !(s->forecasts = calloc(STORE_FORECASTS_KEPT, sizeof *s->forecasts)))
        return NULL;
    for (size_t i = 0; i < STORE_FORECASTS_KEPT; i++) {
        struct forecast_history_kept *h = &s->forecasts[i];
        if (strcmp(h->slug, slug) == 0)
            return h;
        if (h->users == 0 && (!oldest || h->read_at < oldest->read_at))
            oldest = h;
    }
    if (oldest) {
        snprintf(oldest->slug, sizeof oldest->slug, "%s", slug);
        oldest->failed = STORE_UNAVAILABLE; /* nothing was read of it */
    }
    return oldest;
}

/* --- a forecast --- */

static void answer(struct forecast_job *job, enum store_result r, const struct store_campaign *sc,
                   const struct forecast *f)
{
    if (job->history)
        job->history->users--;
    job->done(job->ctx, r, sc, f);
    free(job);
}

static void reckon(struct forecast_job *job, const struct store_campaign *sc)
{
    const struct forecast_history_kept *h = job->history;
    const struct campaign *c = sc->definition;
    const struct forecast_history whole = {h->hours, h->count,
                                           c->starts_at > c->created_at ? c->starts_at : c->created_at};
    struct forecast f = {.groups = malloc((c->group_count + 1) * sizeof *f.groups)};
    double *shares = shares_of(h, c);
    bool good =
        f.groups && shares && forecast_campaign(c, sc->counts, &whole, shares, job->now, h->utc_offset, &f) == 0;
    answer(job, good ? STORE_OK : STORE_UNAVAILABLE, good ? sc : NULL, good ? &f : NULL);
    free(shares);
    free(f.groups);
}

static void history_start(struct forecast_job *job)
{
    struct forecast_history_kept *h = job->history;
    if (h->pending == 0 && is_fresh(h, job->now)) {
        campaign_start(job);
        return;
    }
    job->next = h->jobs;
    h->jobs = job;
    if (h->pending == 0)
        history_read(job->store, h, job->now);
}

static void campaign_read(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct forecast_job *job = ctx;
    struct forecast_history_kept *h = job->history;
    if (r == STORE_OK && job->failed != STORE_OK)
        r = job->failed;
    if (r != STORE_OK) {
        answer(job, r, NULL, NULL);
        return;
    }
    if (!h->uid[0])
        memcpy(h->uid, sc->definition->uid, sizeof h->uid);
    if (strcmp(h->uid, sc->definition->uid) != 0 && !job->again) {
        job->again = true;
        h->failed = STORE_UNAVAILABLE; /* it is not this one's */
        history_start(job);
        return;
    }
    reckon(job, sc);
}

static void campaign_start(struct forecast_job *job)
{
    store_campaign_read(job->store, job->slug, campaign_read, job);
}

void store_forecast_read(struct store *s, const char *slug, int64_t now, store_forecast_done done, void *ctx)
{
    struct forecast_job *job = calloc(1, sizeof *job);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, NULL);
        return;
    }
    *job = (struct forecast_job){.store = s, .now = now, .done = done, .ctx = ctx};
    snprintf(job->slug, sizeof job->slug, "%s", slug);
    job->history = find_place(s, slug);
    if (!job->history) {
        job->failed = STORE_UNAVAILABLE;
        campaign_start(job);
        return;
    }
    job->history->users++;
    history_start(job);
}
