/* See lost_watch.h: a page of the index -> the statistics of each campaign on it -> the next page. */
#include "lost_watch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "steady.h"

struct lost_watch {
    struct store *store;
    struct event tick;
    int64_t seats;     /* -1: not known yet */
    int64_t walked_at; /* unix seconds: the hours over by then are in the last walk, or the one under way; 0: none */
    int64_t again_at;  /* steady_seconds() */
    /* the walk */
    bool walking, reading;
    int left; /* reads that this tick still has */
    int64_t sum;
    char days[2][STORE_DAY];
    char page[STORE_PAGE_MAX][CAMPAIGN_SLUG_MAX + 1];
    size_t count, at; /* on the page */
};

static void go_on(struct lost_watch *l);

static void walk_failed(struct lost_watch *l)
{
    l->walking = false;
    l->walked_at = 0;
    l->again_at = steady_seconds() + LOST_AGAIN_SECONDS;
}

static void stats_read(void *ctx, enum store_result r, const struct store_stats *stats)
{
    struct lost_watch *l = ctx;
    l->reading = false;
    if (r != STORE_OK && r != STORE_BAD_REPLY) { /* one whose statistics nobody can read counts for nothing */
        walk_failed(l);
        return;
    }
    l->sum += r != STORE_OK ? 0 : stats->totals[STAT_LOST];
    go_on(l);
}

static void page_read(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count)
{
    struct lost_watch *l = ctx;
    l->reading = false;
    if (r != STORE_OK) {
        walk_failed(l);
        return;
    }
    memcpy(l->page, slugs, count * sizeof *slugs);
    l->count = count;
    l->at = 0;
    if (count > 0) {
        go_on(l);
        return;
    }
    l->walking = false;
    l->seats = l->sum;
}

/* One read at a time, as many as this tick has. */
static void go_on(struct lost_watch *l)
{
    if (l->left == 0 || l->reading)
        return;
    l->left--;
    l->reading = true;
    if (l->at < l->count) {
        const struct store_stats_wish wish = {
            .slug = l->page[l->at++], .days = (const char(*)[STORE_DAY])l->days, .day_count = 2, .by = STATS_BY_DAY};
        store_stats_read(l->store, &wish, stats_read, l);
    } else {
        char behind[CAMPAIGN_SLUG_MAX + 1] = "";
        if (l->count > 0)
            memcpy(behind, l->page[l->count - 1], sizeof behind);
        store_campaign_slugs(l->store, behind, page_read, l);
    }
}

static bool same_hour(int64_t a, int64_t b)
{
    time_t one = (time_t)a, two = (time_t)b;
    struct tm of_one, of_two;
    localtime_r(&one, &of_one);
    localtime_r(&two, &of_two);
    return of_one.tm_hour == of_two.tm_hour && a - b < 3600 && b - a < 3600;
}

static void walk_begin(struct lost_watch *l, int64_t over)
{
    l->walking = true;
    l->walked_at = over;
    l->sum = 0;
    l->count = l->at = 0;
    stats_today(l->days[1]);
    stats_day_before(l->days[1], 1, l->days[0]);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct lost_watch *l = arg;
    int64_t now = time(NULL), over = now - LOST_LATE_SECONDS;
    (void)fd, (void)what;
    if (!l->walking && !l->reading && steady_seconds() >= l->again_at && store_is_up(l->store) &&
        (l->walked_at == 0 || !same_hour(l->walked_at, over)))
        walk_begin(l, over);
    l->left = LOST_READS_MAX;
    if (l->walking)
        go_on(l);
    event_add(&l->tick, &(struct timeval){0, LOST_TICK_MS * 1000});
}

struct lost_watch *lost_watch_new(struct event_base *base, struct store *store)
{
    struct lost_watch *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->store = store;
    l->seats = -1;
    event_assign(&l->tick, base, -1, EV_TIMEOUT, on_tick, l);
    event_add(&l->tick, &(struct timeval){0, 0});
    return l;
}

void lost_watch_free(struct lost_watch *l)
{
    if (!l)
        return;
    event_del(&l->tick);
    free(l);
}

int64_t lost_watch_seats(const struct lost_watch *l)
{
    return l->seats;
}
