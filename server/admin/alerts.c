/* The second's beat of alerts, and what they are set to. See alerts.h. */
#include "alerts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "campaign_json_memory.h"
#include "events.h"
#include "steady.h"

/* Which of three answers a callback brings. */
static void settings_read(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count);
static void destinations_read(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count);
static void sequence_read(void *ctx, enum store_result r, int64_t n);
static void list_read(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count);

/* --- time --- */

int64_t alerts_now(const struct alerts *s)
{
    int64_t now = time(NULL);
#ifdef HUOMA_TEST_CLOCK
    long long told = 0;
    FILE *f = s->clock_file ? fopen(s->clock_file, "re") : NULL;
    if (f && fscanf(f, "%lld", &told) == 1)
        now = told;
    if (f)
        fclose(f);
#endif
    (void)s;
    return now;
}

/* --- what is set --- */

void alerts_reload(struct alerts *s)
{
    s->loaded_at = 0;
}

static void load(struct alerts *s)
{
    static const struct store_rows settings = {STORE_ALERT_SETTINGS, NULL};
    s->loading = true;
    s->loaded_at = steady_seconds();
    store_row_list(s->store, settings, settings_read, s);
}

static void settings_read(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    static const struct store_rows destinations = {STORE_DESTINATIONS, NULL};
    struct alerts *s = ctx;
    struct alert_override *overrides = r == STORE_OK ? calloc(count + 1, sizeof *overrides) : NULL;
    json_t *rows = json_array();
    if (!overrides) {
        s->loading = false;
        json_decref(rows);
        return;
    }
    s->settings = alert_settings_default;
    s->override_count = 0;
    for (size_t i = 0; i < count; i++) { /* that of all first: it stands behind the others */
        struct field_errors errors = {.count = 0};
        json_t *row = json_memory_load(json[i], len[i], 0, NULL);
        const char *slug = json_string_value(json_object_get(row, "campaign"));
        if (slug && strcmp(slug, "*") == 0)
            alert_settings_patch(&s->settings, row, &errors);
        json_array_append_new(rows, row ? row : json_null());
    }
    for (size_t i = 0; i < count; i++) {
        struct field_errors errors = {.count = 0};
        struct alert_override *o = &overrides[s->override_count];
        const json_t *row = json_array_get(rows, i);
        const char *slug = json_string_value(json_object_get(row, "campaign"));
        if (!slug || strcmp(slug, "*") == 0 || strlen(slug) > CAMPAIGN_SLUG_MAX)
            continue;
        memcpy(o->slug, slug, strlen(slug) + 1);
        o->settings = s->settings;
        alert_settings_patch(&o->settings, row, &errors);
        s->override_count++;
    }
    json_decref(rows);
    free(s->overrides);
    s->overrides = overrides;
    s->has_settings = true;
    store_row_list(s->store, destinations, destinations_read, s);
}

static void destinations_read(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct alerts *s = ctx;
    s->loading = false;
    if (r != STORE_OK)
        return;
    s->destination_count = 0;
    for (size_t i = 0; i < count && s->destination_count < STORE_DESTINATIONS_MAX; i++)
        s->destination_count += destination_from_record(json[i], len[i], &s->destinations[s->destination_count]);
    s->has_destinations = true;
}

const struct alert_settings *alerts_settings_of(const struct alerts *s, const char *slug)
{
    for (size_t i = 0; i < s->override_count; i++)
        if (strcmp(s->overrides[i].slug, slug) == 0)
            return &s->overrides[i].settings;
    return &s->settings;
}

/* --- what is open --- */

static void sequence_read(void *ctx, enum store_result r, int64_t n)
{
    struct alerts *s = ctx;
    if (r == STORE_OK && n != s->sequence)
        store_alert_list(s->store, list_read, s);
    else
        s->listing = false;
}

static void tell_events(struct alerts *s, const json_t *record)
{
    events_tell(s->admin->events, "alert", alert_record_to_api(record));
}

/* How long a cause has been away is not in the store. */
static void keep_calm(const struct alerts *s, struct alert_open *o)
{
    for (size_t i = 0; i < s->open_count; i++) {
        const struct alert_open *old = &s->open[i];
        if (old->kind == o->kind && strcmp(old->slug, o->slug) == 0 && strcmp(old->group, o->group) == 0)
            o->calm_since = old->calm_since;
    }
}

static void list_read(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct alerts *s = ctx;
    struct alert_open *open = r == STORE_OK ? calloc(count + 1, sizeof *open) : NULL;
    size_t open_count = 0;
    int64_t last = s->sequence, newest = 0;
    s->listing = false;
    if (!open)
        return;
    for (size_t i = 0; i < count; i++) {
        json_t *record = json_memory_load(json[i], len[i], 0, NULL);
        int64_t sequence = alert_record_number(record, "sequence");
        if (alert_record_is_open(record) && alert_record_read(record, &open[open_count])) {
            keep_calm(s, &open[open_count]);
            alert_watch_add(s, open[open_count++].slug);
        }
        if (last >= 0 && sequence > last)
            tell_events(s, record);
        newest = sequence > newest ? sequence : newest;
        json_decref(record);
    }
    free(s->open);
    s->open = open;
    s->open_count = open_count;
    s->sequence = newest > last ? newest : last < 0 ? 0 : last;
}

/* --- the beat --- */

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct alerts *s = arg;
    (void)fd, (void)what;
    if (!s->loading && (s->clock_file || steady_seconds() - s->loaded_at >= ALERTS_LOAD_SECONDS))
        load(s);
    if (!s->listing) {
        s->listing = true;
        store_alert_sequence(s->store, sequence_read, s);
    }
    if (s->has_destinations) {
        alert_watch_tick(s);
        alert_post_tick(s);
    }
    int ms = s->clock_file ? ALERTS_TEST_TICK_MS : ALERTS_TICK_MS;
    event_add(&s->tick, &(struct timeval){ms / 1000, ms % 1000 * 1000});
}

struct alerts *alerts_new(struct event_base *base, struct admin *a)
{
    struct alerts *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->admin = a;
    s->store = a->store;
    s->settings = alert_settings_default;
    s->sequence = -1;
#ifdef HUOMA_TEST_CLOCK
    s->clock_file = getenv("HUOMA_TEST_CLOCK");
#endif
    gethostname(s->server, sizeof s->server - 1);
    s->destinations = calloc(STORE_DESTINATIONS_MAX, sizeof *s->destinations);
    s->sender = s->destinations ? sender_new(base, &a->config->alert_private_hosts) : NULL;
    if (!s->sender) {
        free(s->destinations);
        free(s);
        return NULL;
    }
    event_assign(&s->tick, base, -1, EV_TIMEOUT, on_tick, s);
    event_add(&s->tick, &(struct timeval){0, 0});
    return s;
}

void alerts_free(struct alerts *s)
{
    if (!s)
        return;
    event_del(&s->tick);
    sender_free(s->sender);
    alert_post_free(s);
    alert_watch_free(s);
    free(s->overrides);
    free(s->destinations);
    free(s->open);
    free(s);
}
