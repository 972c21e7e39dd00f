/* Looking at campaigns: which are due, what the rules find in them, and having it told. See alerts.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "log.h"
#include "steady.h"
#include "trouble_watch.h"

enum { DAY = 86400, BUCKETS = 1024, CAUSE_MAX = 32 + CAMPAIGN_SLUG_MAX + GROUP_ID_MAX };

struct alert_campaign {
    struct alerts *alerts;
    struct alert_campaign *next;
    char slug[CAMPAIGN_SLUG_MAX + 1];
    struct alert_history history;
    int64_t next_look, moved_at;
    int64_t next_forecast; /* 0: none is wanted */
    struct alert_foreseen foreseen;
    int64_t left;          /* seats, at the last look */
    int64_t forecast_left; /* likewise, when the last forecast was asked for; 0: none was */
    bool asked;            /* it is being looked at */
    bool low;              /* few of its seats were left */
    int64_t hosts_version; /* of the definition in which groups that lead to hosts not allowed were last counted */
    int64_t barred;        /* these */
    /* between a look and what it leads to */
    struct alert_finding *news;
    size_t news_count;
};

struct alert_watched {
    struct alert_campaign *buckets[BUCKETS];
    size_t turn; /* the bucket that comes first */
};

/* --- the table --- */

static struct alert_campaign **bucket_of(const struct alerts *s, const char *slug)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *p = slug; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    return &s->watched->buckets[hash % BUCKETS];
}

static void forget(struct alert_campaign *c)
{
    struct alert_campaign **at = bucket_of(c->alerts, c->slug);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->alerts->watched_count--;
    free(c->news);
    free(c);
}

/* That in which nothing has moved for the longest time; NULL: all are being looked at, or have not yet been. */
static struct alert_campaign *stillest(struct alerts *s)
{
    struct alert_campaign *found = NULL;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct alert_campaign *c = s->watched->buckets[i]; c; c = c->next)
            if (!c->asked && c->history.since && (!found || c->moved_at < found->moved_at))
                found = c;
    return found;
}

void alert_watch_add(struct alerts *s, const char *slug)
{
    if (!slug[0] || (!s->watched && !(s->watched = calloc(1, sizeof *s->watched))))
        return;
    struct alert_campaign **at = bucket_of(s, slug), *c;
    for (c = *at; c; c = c->next)
        if (strcmp(c->slug, slug) == 0)
            return;
    if (s->watched_count >= ALERTS_WATCHED_MAX) {
        if (!(c = stillest(s)))
            return;
        forget(c);
    }
    c = calloc(1, sizeof *c);
    if (!c)
        return;
    c->alerts = s;
    snprintf(c->slug, sizeof c->slug, "%s", slug);
    c->next = *at;
    *at = c;
    s->watched_count++;
}

bool alert_watch_foresees(const struct alerts *s, const struct campaign *d, struct alert_foreseen *ret)
{
    int64_t now = alerts_now(s);
    for (const struct alert_campaign *c = s->watched ? *bucket_of(s, d->slug) : NULL; c; c = c->next) {
        if (strcmp(c->slug, d->slug) != 0)
            continue;
        *ret = c->foreseen;
        return ret->at > 0 && c->history.forecast_version == d->version && now >= ret->at &&
               now - ret->at < ALERT_FORECAST_SECONDS;
    }
    return false;
}

void alert_watch_free(struct alerts *s)
{
    for (size_t i = 0; s->watched && i < BUCKETS; i++)
        while (s->watched->buckets[i])
            forget(s->watched->buckets[i]);
    free(s->watched);
}

/* --- having it told --- */

/* Somebody else's news is no failure: the list is read again when its number has changed. */
static void changed(void *ctx, enum store_result r)
{
    struct alerts *s = ctx;
    if (r != STORE_NO_SPACE || steady_seconds() - s->full_at < ALERTS_FULL_SECONDS)
        return;
    s->full_at = steady_seconds();
    log_event(LOG_WARN, "alerts_full", "detail", "too many are open, or wait to be sent: not all are told", NULL);
}

static void tell_over(struct alerts *s, const struct alert_open *o, bool tell)
{
    char cause[CAUSE_MAX];
    alert_cause(o->kind, o->slug, o->group, cause, sizeof cause);
    const struct store_alert over = {.cause = cause, .level = 0, .now = alerts_now(s), .tell = tell};
    store_alert_change(s->store, &over, changed, s);
}

static void tell_news(struct alerts *s, const struct alert_finding *f, const struct campaign *c)
{
    char cause[CAUSE_MAX];
    json_t *record = alert_record_new(f, c);
    char *text = record ? json_dumps(record, JSON_COMPACT) : NULL;
    json_decref(record);
    alert_cause(f->kind, c->slug, f->group, cause, sizeof cause);
    const struct store_alert news = {
        .cause = cause, .level = f->level, .json = text, .now = alerts_now(s), .tell = true};
    if (text)
        store_alert_change(s->store, &news, changed, s);
    free(text);
}

/* The ledger knows nothing of hosts, so they are looked at when a version is first met; what is found is judged soon.
 */
static void count_barred(struct alert_campaign *c, const struct campaign *d)
{
    if (c->hosts_version == d->version)
        return;
    c->hosts_version = d->version;
    c->barred = 0;
    for (size_t i = 0; i < d->group_count; i++)
        c->barred += d->groups[i].enabled && d->groups[i].barred;
    c->next_look = 0;
}

static int64_t barred_of(const struct alert_campaign *c, int64_t version)
{
    if (c->alerts->admin->config->allowed_hosts.count == 0)
        return 0;
    return c->hosts_version == version ? c->barred : -1;
}

static void definition_read(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct alert_campaign *c = ctx;
    for (size_t i = 0; r == STORE_OK && i < c->news_count; i++)
        tell_news(c->alerts, &c->news[i], sc->definition);
    if (r == STORE_OK)
        count_barred(c, sc->definition);
    free(c->news);
    c->news = NULL;
    c->news_count = 0;
    c->asked = false;
}

/* --- what a look finds --- */

static struct alert_open *find_open(struct alerts *s, const char *slug, const struct alert_finding *f)
{
    for (size_t i = 0; i < s->open_count; i++) {
        struct alert_open *o = &s->open[i];
        if (o->kind == f->kind && strcmp(o->slug, slug) == 0 && strcmp(o->group, f->group) == 0)
            return o;
    }
    return NULL;
}

static bool end_calm(struct alert_open *o, const struct alert_facts *f, int64_t now)
{
    if (f->version != o->version)
        return true;
    if (o->calm_since == 0 || now < o->calm_since)
        o->calm_since = now;
    return now - o->calm_since >= alert_calm_seconds(o->kind);
}

/* Open alerts of the campaign: levels by kind; unseen until the findings say otherwise. Returns how many. */
static int begin_open(struct alerts *s, const char *slug, int was[ALERT_KINDS])
{
    int count = 0;
    for (size_t i = 0; i < s->open_count; i++) {
        struct alert_open *o = &s->open[i];
        if (strcmp(o->slug, slug) != 0)
            continue;
        o->seen = false;
        if (!o->group[0])
            was[o->kind] = o->level;
        count++;
    }
    return count;
}

static void end_open(struct alerts *s, const char *slug, const struct alert_facts *f, int64_t now)
{
    bool watched = f && f->running && alerts_settings_of(s, slug)->enabled;
    for (size_t i = 0; i < s->open_count; i++) {
        struct alert_open *o = &s->open[i];
        if (strcmp(o->slug, slug) != 0 || o->kind == ALERT_STORE)
            continue;
        if (o->seen && watched)
            o->calm_since = 0;
        else if (!watched || end_calm(o, f, now))
            tell_over(s, o, watched);
    }
}

static void set_next_look(struct alert_campaign *c, const struct alert_facts *f, bool open, int64_t now)
{
    bool moves = open || now - c->moved_at < ALERTS_MOVES_SECONDS;
    c->next_look =
        now + (moves ? ALERTS_MOVING_SECONDS : ALERTS_STILL_SECONDS) + f->group_count / ALERTS_GROUPS_A_SECOND;
    if (c->alerts->clock_file)
        c->next_look = now;
}

/* Only of campaigns that may run out, and in which something moves or moved lately; of the others once a version. At
 * once when much has gone since the last one; and as it comes before a look, that is soon, too. */
static void set_next_forecast(struct alert_campaign *c, const struct alert_facts *f, int64_t now)
{
    int64_t still = now - c->moved_at, left = f->unlimited ? 0 : f->limit - f->taken;
    bool asked = c->forecast_left > 0 && c->history.forecast_version == f->version;
    bool wanted =
        f->running && left > 0 && alerts_settings_of(c->alerts, c->slug)->supply_hours > 0 && (still < DAY || !asked);
    int wait = still < ALERTS_MOVES_SECONDS ? ALERTS_FORECAST_SECONDS : ALERTS_FORECAST_STILL_SECONDS;
    c->left = left;
    if (!wanted)
        c->next_forecast = 0;
    else if (!asked || left * 5 < c->forecast_left * 4)
        c->next_forecast = now;
    else if (c->next_forecast == 0 || c->next_forecast > now + wait)
        c->next_forecast = now + wait;
    if (c->next_forecast == now && c->next_look > now + ALERTS_MOVING_SECONDS)
        c->next_look = now + ALERTS_MOVING_SECONDS;
}

/* That few seats are left shows in no queue of the ledger: whoever lists campaigns by their problems hears of it from
 * here. */
static void look_at_seats(struct alert_campaign *c, const struct alert_facts *f)
{
    bool low = f->running && f->open && !f->unlimited && trouble_is_low(f->limit, f->limit - f->taken);
    if (low != c->low)
        trouble_watch_hear(c->alerts->admin->troubles, c->slug, strlen(c->slug));
    c->low = low;
}

/* What is to be told of is read, and what hosts a new version leads to. */
static void read_definition(struct alert_campaign *c, const struct alert_finding *news, size_t count, bool hosts)
{
    c->news = count ? malloc(count * sizeof *news) : NULL;
    c->news_count = c->news ? count : 0;
    if (c->news)
        memcpy(c->news, news, count * sizeof *news);
    if (!c->news && !hosts)
        return;
    c->asked = true;
    store_campaign_read(c->alerts->store, c->slug, definition_read, c);
}

static void judge(struct alert_campaign *c, struct alert_facts *f)
{
    struct alerts *s = c->alerts;
    struct alert_finding found[ALERT_FINDINGS_MAX];
    int was[ALERT_KINDS] = {0};
    int64_t now = alerts_now(s);
    if (c->history.since && c->history.used != f->used)
        c->moved_at = now;
    alert_history_see(&c->history, f, now);
    f->barred = barred_of(c, f->version);
    look_at_seats(c, f);
    int open = begin_open(s, c->slug, was);
    size_t count = alert_judge(alerts_settings_of(s, c->slug), f, &c->history, now, was, found), news = 0;
    for (size_t i = 0; i < count; i++) {
        struct alert_open *o = find_open(s, c->slug, &found[i]);
        if (o)
            o->seen = true;
        if (found[i].level > (o ? o->level : 0))
            found[news++] = found[i];
    }
    end_open(s, c->slug, f, now);
    set_next_look(c, f, open > 0, now);
    set_next_forecast(c, f, now);
    read_definition(c, found, news, f->barred < 0);
}

/* Of a campaign that is gone, so that another one of its name does not begin with them. */
static void forget_settings(struct alerts *s, const char *slug)
{
    static const struct store_rows settings = {STORE_ALERT_SETTINGS, NULL};
    if (alerts_settings_of(s, slug) != &s->settings)
        store_row_change(s->store, settings, slug, STORE_ANY, NULL, NULL, NULL, changed, s);
}

static void looked(void *ctx, enum store_result r, const struct alert_facts *f)
{
    struct alert_campaign *c = ctx;
    c->asked = false;
    if (r == STORE_OK) {
        struct alert_facts facts = *f;
        judge(c, &facts);
    } else if (r == STORE_NOT_FOUND) {
        end_open(c->alerts, c->slug, NULL, 0);
        forget_settings(c->alerts, c->slug);
        forget(c);
    }
}

/* --- which are due --- */

static void look_start(struct alert_campaign *c)
{
    struct alerts *s = c->alerts;
    store_alert_look(s->store, c->slug, alerts_now(s) + alert_horizon(alerts_settings_of(s, c->slug)), looked, c);
}

static void forecast_read(void *ctx, enum store_result r, const struct store_campaign *sc, const struct forecast *f)
{
    struct alert_campaign *c = ctx;
    c->alerts->forecasting--;
    if (r == STORE_OK) {
        bool known = f->why != FORECAST_TOO_LITTLE_HISTORY && f->why != FORECAST_NOBODY_COMES;
        c->history.forecast_at = known ? alerts_now(c->alerts) : 0;
        c->history.forecast_version = sc->definition->version;
        c->history.forecast_gone = f->gone.at;
        c->foreseen = (struct alert_foreseen){c->history.forecast_at, f->why, f->gone};
    }
    look_start(c);
}

/* Before the look that judges by it. */
static void forecast_start(struct alert_campaign *c, int64_t now)
{
    c->alerts->forecasting++;
    c->forecast_left = c->left;
    c->next_forecast = now + ALERTS_FORECAST_STILL_SECONDS;
    store_forecast_read(c->alerts->store, c->slug, now, forecast_read, c);
}

static void look_at_due(struct alerts *s, int64_t now)
{
    int left = ALERTS_LOOKS_MAX, forecasts = ALERTS_FORECASTS_MAX;
    size_t i;
    for (i = 0; s->watched && i < BUCKETS && left > 0; i++) {
        for (struct alert_campaign *c = s->watched->buckets[(s->watched->turn + i) % BUCKETS]; c; c = c->next) {
            if (c->asked || (c->next_look > now && now - c->history.seen >= 0))
                continue;
            c->asked = true;
            left--;
            if (c->next_forecast && c->next_forecast <= now && s->forecasting < ALERTS_FORECASTS_MAX && forecasts-- > 0)
                forecast_start(c, now);
            else
                look_start(c);
        }
    }
    if (s->watched)
        s->watched->turn = (s->watched->turn + i) % BUCKETS;
}

/* A stretch of the index at a time: who is not known yet is looked at next. */
static void walked(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count)
{
    struct alerts *s = ctx;
    s->walking = false;
    if (r != STORE_OK)
        return;
    for (size_t i = 0; i < count; i++)
        alert_watch_add(s, slugs[i]);
    if (count > 0)
        memcpy(s->walk, slugs[count - 1], sizeof s->walk);
    else
        s->walk[0] = '\0';
    s->walk_at = alerts_now(s) + (count > 0 ? 0 : ALERTS_WALK_SECONDS);
}

/* --- the store itself --- */

/* What was told while the store was away is written down for the list, without being told again. */
static void end_trouble(struct alerts *s, json_t *record)
{
    char cause[CAUSE_MAX], *text = json_dumps(record, JSON_COMPACT);
    snprintf(cause, sizeof cause, "%s:%s:", alert_kind_name(ALERT_STORE), s->server);
    const struct store_alert told = {.cause = cause, .level = 0, .json = text, .now = alerts_now(s)};
    if (text)
        store_alert_change(s->store, &told, changed, s);
    free(text);
    alert_post_own(s, record, ALERT_OVER, s->trouble_since);
    s->trouble_since = 0;
}

/* Trouble is what has been seen from one failed question to another: a machine that slept has none. */
static void count_failure(struct alerts *s, int64_t now)
{
    int most = s->settings.enabled ? s->settings.store_seconds : 0;
    if (s->bad_since == 0 || now < s->bad_since)
        s->bad_since = now;
    if (most == 0 || s->trouble_since || now - s->bad_since < most)
        return;
    s->trouble_since = s->bad_since;
    json_t *record = alert_record_of_store(s->server, s->bad_since);
    if (record)
        alert_post_own(s, record, ALERT_RAISED, s->bad_since);
    json_decref(record);
}

static void pinged(void *ctx, enum store_result r)
{
    struct alerts *s = ctx;
    s->pinging = false;
    if (r != STORE_OK) {
        count_failure(s, alerts_now(s));
        return;
    }
    s->bad_since = 0;
    if (s->trouble_since) {
        json_t *record = alert_record_of_store(s->server, s->trouble_since);
        if (record)
            end_trouble(s, record);
        json_decref(record);
    }
}

static void look_at_store(struct alerts *s, int64_t now)
{
    if (s->pinging || (!s->clock_file && now < s->ping_at && s->ping_at - now <= ALERTS_PING_SECONDS))
        return;
    s->pinging = true;
    s->ping_at = now + ALERTS_PING_SECONDS;
    store_ping(s->store, pinged, s);
}

void alert_watch_tick(struct alerts *s)
{
    int64_t now = alerts_now(s);
    look_at_store(s, now);
    if (s->sequence < 0 || !store_is_up(s->store)) /* what is open is not known yet */
        return;
    if (!s->walking && (s->clock_file || now >= s->walk_at || now + ALERTS_WALK_SECONDS < s->walk_at)) {
        s->walking = true;
        store_campaign_slugs(s->store, s->walk, walked, s);
    }
    look_at_due(s, now);
}
