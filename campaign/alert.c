/* See alert.h. */
#include "alert.h"

#include <math.h>
#include <string.h>

enum {
    HOUR = 3600,
    DAY = 86400,
    RECENT_SECONDS = 900,
    HISTORY_GAP = 3 * DAY, /* without a look: what was before says nothing any more */
    BURST_TIMES = 8,       /* as fast as usual */
    BACK_PERCENT = 50,     /* of the seats that were taken */
    CALM_SECONDS = 300,    /* held seats come back and go again */
    CALM_BURST_SECONDS = 1800,
    CALM_HOSTS_SECONDS = 3600, /* a server beside this one may have another list, as while lists are changed */
    RUNS_OUT_EASES = 2,        /* times the hours that are set: then it is over */
    LEVEL_TWO_SHARE = 5,       /* a fifth of the room that was left at level 1 */
};

const struct alert_settings alert_settings_default = {
    .enabled = true,
    .full_percent = 90,
    .seats_left = 0,
    .supply_hours = 6,
    .expiry_days = {3, 1},
    .suspect = true,
    .burst_seats = 100,
    .no_group = true,
    .barred = true,
    .store_seconds = 30,
};

static const char *const names[ALERT_KINDS] = {
    [ALERT_NEARLY_FULL] = "nearly_full", [ALERT_RUNS_OUT] = "runs_out", [ALERT_EXPIRING] = "expiring",
    [ALERT_SUSPECT] = "suspect",         [ALERT_BURST] = "burst",       [ALERT_GIVEN_BACK] = "given_back",
    [ALERT_NO_GROUP] = "no_group",       [ALERT_BARRED] = "barred",     [ALERT_STORE] = "store",
};

const char *alert_kind_name(enum alert_kind k)
{
    return (unsigned)k < ALERT_KINDS ? names[k] : "unknown";
}

enum alert_kind alert_kind_from_name(const char *name)
{
    int k = 0;
    while (k < ALERT_KINDS && strcmp(names[k], name) != 0)
        k++;
    return (enum alert_kind)k;
}

int alert_calm_seconds(enum alert_kind k)
{
    switch (k) {
    case ALERT_EXPIRING:
    case ALERT_SUSPECT:
    case ALERT_STORE:
        return 0;
    case ALERT_BARRED:
        return CALM_HOSTS_SECONDS;
    case ALERT_BURST:
    case ALERT_GIVEN_BACK:
        return CALM_BURST_SECONDS;
    default:
        return CALM_SECONDS;
    }
}

bool alert_is_urgent(enum alert_kind k, int level)
{
    return k == ALERT_NO_GROUP || k == ALERT_BARRED || k == ALERT_STORE || k == ALERT_BURST ||
           (k == ALERT_RUNS_OUT && level > 1);
}

int64_t alert_horizon(const struct alert_settings *s)
{
    return (int64_t)s->expiry_days[0] * DAY;
}

/* --- what was seen before --- */

/* Minutes that have passed without a look are empty. What falls out of those that are counted is usual from then on. */
static void turn_minutes(struct alert_history *h, int64_t now)
{
    static const double keep = 1 - 60.0 / DAY;
    for (int64_t m = h->minute + 1; m <= now / 60; m++) {
        if (m - ALERT_MINUTES >= h->since / 60) {
            h->usual = h->usual * keep + (double)h->gained[m % ALERT_MINUTES];
            h->usual_weight = h->usual_weight * keep + 1;
        }
        h->gained[m % ALERT_MINUTES] = h->back[m % ALERT_MINUTES] = 0;
    }
    h->minute = now / 60;
}

void alert_history_see(struct alert_history *h, const struct alert_facts *f, int64_t now)
{
    if (h->since == 0 || now < h->seen || now - h->seen > HISTORY_GAP) {
        *h = (struct alert_history){.since = now,
                                    .seen = now,
                                    .version = f->version,
                                    .used = f->used,
                                    .minute = now / 60,
                                    .forecast_at = h->forecast_at,
                                    .forecast_version = h->forecast_version,
                                    .forecast_gone = h->forecast_gone};
        return;
    }
    int64_t gained = f->version == h->version ? f->used - h->used : 0;
    turn_minutes(h, now);
    if (gained > 0)
        h->gained[h->minute % ALERT_MINUTES] += gained;
    else
        h->back[h->minute % ALERT_MINUTES] -= gained;
    double keep = exp(-(double)(now - h->seen) / RECENT_SECONDS);
    h->recent = h->recent * keep + (gained > 0 ? (double)gained : 0);
    h->recent_weight = h->recent_weight * keep + (double)(now - h->seen);
    h->version = f->version;
    h->used = f->used;
    h->seen = now;
}

/* Seats a second. */
static double recent_rate(const struct alert_history *h)
{
    return h->recent_weight > 0 ? h->recent / h->recent_weight : 0;
}

/* Seats in as many minutes as are counted. */
static double usual_count(const struct alert_history *h)
{
    return h->usual_weight > 0 ? h->usual / h->usual_weight * ALERT_MINUTES : 0;
}

static int64_t sum_of(const int64_t minutes[ALERT_MINUTES])
{
    int64_t sum = 0;
    for (int i = 0; i < ALERT_MINUTES; i++)
        sum += minutes[i];
    return sum;
}

/* --- the rules --- */

struct judging {
    const struct alert_settings *s;
    const struct alert_facts *f;
    const struct alert_history *h;
    int64_t now;
    const int *was;
    struct alert_finding *list;
    size_t count;
};

static void find(struct judging *j, enum alert_kind kind, const char *group, int level, int64_t at, int64_t seats)
{
    struct alert_finding *f = &j->list[j->count++];
    *f = (struct alert_finding){.kind = kind, .level = level, .at = at, .seats = seats};
    if (group)
        memcpy(f->group, group, strlen(group) + 1);
}

static void judge_full(struct judging *j)
{
    const struct alert_facts *f = j->f;
    int was = j->was ? j->was[ALERT_NEARLY_FULL] : 0;
    int64_t left = f->limit - f->taken;
    if (f->unlimited || f->limit <= 0)
        return;
    if (left <= 0) { /* that no group is open is told; this stays what it was */
        if (was)
            find(j, ALERT_NEARLY_FULL, NULL, 0, 0, 0);
        return;
    }
    int64_t share = j->s->full_percent ? f->limit * (100 - j->s->full_percent) / 100 : 0;
    int64_t most = share > j->s->seats_left ? share : j->s->seats_left;
    if (most > 0 && left <= most)
        find(j, ALERT_NEARLY_FULL, NULL, left * LEVEL_TWO_SHARE <= most ? 2 : 1, 0, left);
    else if (was && most > 0 && left <= most + f->limit * ALERT_CLOSED_SHARE / 100)
        find(j, ALERT_NEARLY_FULL, NULL, 0, 0, left);
}

static bool has_forecast(const struct judging *j)
{
    const struct alert_history *h = j->h;
    return h->forecast_at > 0 && h->forecast_version == j->f->version && j->now >= h->forecast_at &&
           j->now - h->forecast_at < ALERT_FORECAST_SECONDS;
}

/* How long the seats that are left will do, in seconds; HUGE_VAL: nobody knows, or for long. */
static double supply_seconds(const struct judging *j, int64_t left)
{
    if (has_forecast(j)) {
        int64_t gone = j->h->forecast_gone;
        return gone == 0 ? HUGE_VAL : gone > j->now ? (double)(gone - j->now) : 0;
    }
    if (j->now - j->h->since < ALERT_RATE_SECONDS || recent_rate(j->h) <= 0)
        return HUGE_VAL;
    return (double)left / recent_rate(j->h);
}

static void judge_supply(struct judging *j)
{
    const struct alert_facts *f = j->f;
    int was = j->was ? j->was[ALERT_RUNS_OUT] : 0;
    int64_t left = f->limit - f->taken;
    if (f->unlimited || f->limit <= 0 || j->s->supply_hours == 0)
        return;
    if (left <= 0 && was)
        find(j, ALERT_RUNS_OUT, NULL, 0, 0, 0);
    if (left <= 0)
        return;
    double seconds = supply_seconds(j, left), wanted = (double)j->s->supply_hours * HOUR;
    if (seconds <= wanted)
        find(j, ALERT_RUNS_OUT, NULL, seconds <= HOUR ? 2 : 1, j->now + (int64_t)seconds, left);
    else if (was && seconds <= wanted * RUNS_OUT_EASES)
        find(j, ALERT_RUNS_OUT, NULL, 0, 0, left);
}

/* Only of groups with room: a full one's code is needed no more. */
static void judge_groups(struct judging *j)
{
    for (size_t i = 0; i < j->f->listed; i++) {
        const struct alert_group *g = &j->f->groups[i];
        int level = 0;
        for (int k = 0; g->expires_at && k < ALERT_EXPIRY_STEPS && j->s->expiry_days[k]; k++)
            if (g->expires_at - j->now <= (int64_t)j->s->expiry_days[k] * DAY)
                level = k + 1;
        if (level && g->expires_at <= j->now)
            level++;
        bool told = level && j->now - g->expires_at < DAY; /* what has long been expired is not news */
        if (level)
            find(j, ALERT_EXPIRING, g->id, told ? level : 0, g->expires_at, 0);
        if (g->suspect && j->s->suspect)
            find(j, ALERT_SUSPECT, g->id, 1, 0, 0);
    }
}

static void judge_haste(struct judging *j)
{
    int64_t gained = sum_of(j->h->gained), back = sum_of(j->h->back), wanted = j->s->burst_seats;
    if (wanted == 0 || j->now - j->h->since < ALERT_USUAL_SECONDS)
        return;
    if (gained >= wanted && (double)gained >= BURST_TIMES * usual_count(j->h))
        find(j, ALERT_BURST, NULL, 1, 0, gained);
    if (back >= wanted && back * 100 >= (gained + j->f->held) * BACK_PERCENT)
        find(j, ALERT_GIVEN_BACK, NULL, 1, 0, back);
}

static void judge_hosts(struct judging *j)
{
    if (j->s->barred && j->f->barred > 0)
        find(j, ALERT_BARRED, NULL, 1, 0, j->f->barred);
    else if (j->s->barred && j->f->barred < 0 && j->was && j->was[ALERT_BARRED])
        find(j, ALERT_BARRED, NULL, 0, 0, 0);
}

size_t alert_judge(const struct alert_settings *s, const struct alert_facts *f, const struct alert_history *h,
                   int64_t now, const int was[ALERT_KINDS], struct alert_finding ret[ALERT_FINDINGS_MAX])
{
    struct judging j = {s, f, h, now, was, ret, 0};
    if (!s->enabled || !f->running)
        return 0;
    judge_full(&j);
    judge_supply(&j);
    judge_groups(&j);
    judge_haste(&j);
    judge_hosts(&j);
    if (s->no_group && !f->open && f->used > 0) /* one that nobody ever got into is still being made */
        find(&j, ALERT_NO_GROUP, NULL, 1, 0, 0);
    return j.count;
}
