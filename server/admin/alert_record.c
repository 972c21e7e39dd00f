/* Alerts and their settings as JSON. See alerts.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"

enum {
    FULL_PERCENT_MAX = 100,
    SUPPLY_HOURS_MAX = 720,
    EXPIRY_DAYS_MAX = 90,
    STORE_SECONDS_MIN = 10,
    STORE_SECONDS_MAX = 3600,
};

void alert_cause(enum alert_kind kind, const char *slug, const char *group, char *out, size_t size)
{
    snprintf(out, size, "%s:%s:%s", alert_kind_name(kind), slug, group);
}

/* --- records --- */

json_t *alert_record_new(const struct alert_finding *f, const struct campaign *c)
{
    int position = f->group[0] ? campaign_find_group(c, f->group) : -1;
    const char *name = position >= 0 ? c->groups[position].name : NULL;
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:i,s:I,s:I,s:I,s:s}", "kind", alert_kind_name(f->kind), "slug", c->slug,
                     "title", c->title ? c->title : "", "group", f->group, "group_name", name ? name : "", "level",
                     f->level, "at", (json_int_t)f->at, "seats", (json_int_t)f->seats, "version",
                     (json_int_t)c->version, "server", "");
}

json_t *alert_record_of_store(const char *server, int64_t since)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:i,s:I,s:i,s:i,s:s}", "kind", alert_kind_name(ALERT_STORE), "slug", "",
                     "title", "", "group", "", "group_name", "", "level", 1, "at", (json_int_t)since, "seats", 0,
                     "version", 0, "server", server);
}

int64_t alert_record_number(const json_t *record, const char *key)
{
    const json_t *value = json_object_get(record, key);
    return json_is_number(value) ? (int64_t)json_number_value(value) : 0;
}

static const char *text_of(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text ? text : "";
}

bool alert_record_is_open(const json_t *record)
{
    return alert_record_number(record, "over_at") == 0;
}

bool alert_record_read(const json_t *record, struct alert_open *ret)
{
    const char *slug = text_of(record, "slug"), *group = text_of(record, "group");
    struct alert_open o = {.kind = alert_kind_from_name(text_of(record, "kind")),
                           .level = (int)alert_record_number(record, "level"),
                           .version = alert_record_number(record, "version")};
    if (o.kind == ALERT_KINDS || strlen(slug) > CAMPAIGN_SLUG_MAX || strlen(group) > GROUP_ID_MAX)
        return false;
    memcpy(o.slug, slug, strlen(slug) + 1);
    memcpy(o.group, group, strlen(group) + 1);
    *ret = o;
    return true;
}

struct alert_news alert_record_news(const json_t *record, enum alert_event event)
{
    struct alert_news n = {
        .event = event,
        .kind = alert_kind_from_name(text_of(record, "kind")),
        .slug = text_of(record, "slug"),
        .title = text_of(record, "title"),
        .group = text_of(record, "group"),
        .group_name = text_of(record, "group_name"),
        .server = text_of(record, "server"),
        .at = alert_record_number(record, "at"),
        .seats = alert_record_number(record, "seats"),
        .link = "",
        .owner_link = "",
    };
    if (n.kind == ALERT_KINDS)
        n.kind = ALERT_STORE;
    n.expired = n.kind == ALERT_EXPIRING && alert_record_number(record, "changed_at") >= n.at;
    return n;
}

static json_t *text_or_null(const char *text)
{
    return text[0] ? json_string(text) : json_null();
}

static json_t *date_or_null(int64_t at)
{
    char date[32];
    date_to_text(at, date);
    return at ? json_string(date) : json_null();
}

json_t *alert_record_to_api(const json_t *record)
{
    static const char *const dates[] = {"at", "raised_at", "changed_at", "over_at"};
    struct alert_news n = alert_record_news(record, ALERT_RAISED);
    struct alert_text zh, en;
    alert_text_write(&n, false, NULL, &zh);
    alert_text_write(&n, true, NULL, &en);
    json_t *object =
        json_pack("{s:s,s:s,s:s,s:o,s:s,s:o,s:s,s:I,s:I,s:{s:s,s:s},s:s}", "id", text_of(record, "id"), "kind",
                  alert_kind_name(n.kind), "state", alert_record_is_open(record) ? "open" : "over", "campaign",
                  text_or_null(n.slug), "title", n.title, "group", text_or_null(n.group), "group_name", n.group_name,
                  "level", (json_int_t)alert_record_number(record, "level"), "seats", (json_int_t)n.seats, "text", "zh",
                  zh.subject, "en", en.subject, "server", n.server);
    for (size_t i = 0; object && i < sizeof dates / sizeof *dates; i++)
        json_object_set_new(object, dates[i], date_or_null(alert_record_number(record, dates[i])));
    return object;
}

/* --- settings --- */

const char *const alert_settings_keys[] = {"enabled",     "full_percent",  "seats_left",  "supply_hours",
                                           "expiry_days", "suspect",       "burst_seats", "no_group",
                                           "barred",      "store_seconds", NULL};

static void patch_bool(bool *at, const json_t *body, const char *key, struct field_errors *e)
{
    const json_t *value = json_object_get(body, key);
    if (json_is_boolean(value))
        *at = json_is_true(value);
    else if (value && !json_is_null(value))
        field_errors_add(e, key, "must be true or false");
}

static int64_t patch_number(int64_t now, const json_t *body, const char *key, int64_t least, int64_t most,
                            struct field_errors *e)
{
    const json_t *value = json_object_get(body, key);
    if (!value || json_is_null(value))
        return now;
    json_int_t n = json_integer_value(value);
    if (json_is_integer(value) && (n == 0 || (n >= least && n <= most)))
        return n;
    field_errors_add(e, key, "must be an integer from %lld to %lld, or 0 for never", (long long)least, (long long)most);
    return now;
}

/* Falling, each once. */
static void patch_days(int days[ALERT_EXPIRY_STEPS], const json_t *body, struct field_errors *e)
{
    const json_t *value = json_object_get(body, "expiry_days");
    int read[ALERT_EXPIRY_STEPS] = {0};
    size_t count = json_array_size(value);
    if (!value || json_is_null(value))
        return;
    bool good = json_is_array(value) && count <= ALERT_EXPIRY_STEPS;
    for (size_t i = 0; good && i < count; i++) {
        const json_t *n = json_array_get(value, i);
        read[i] = (int)json_integer_value(n);
        good = json_is_integer(n) && json_integer_value(n) >= 1 && json_integer_value(n) <= EXPIRY_DAYS_MAX &&
               (i == 0 || read[i] < read[i - 1]);
    }
    if (good)
        memcpy(days, read, sizeof read);
    else
        field_errors_add(e, "expiry_days", "must be at most %d days from %d to 1, falling", (int)ALERT_EXPIRY_STEPS,
                         (int)EXPIRY_DAYS_MAX);
}

void alert_settings_patch(struct alert_settings *s, const json_t *body, struct field_errors *e)
{
    patch_bool(&s->enabled, body, "enabled", e);
    s->full_percent = (int)patch_number(s->full_percent, body, "full_percent", 1, FULL_PERCENT_MAX, e);
    s->seats_left = patch_number(s->seats_left, body, "seats_left", 1, GROUP_LIMIT_MAX, e);
    s->supply_hours = (int)patch_number(s->supply_hours, body, "supply_hours", 1, SUPPLY_HOURS_MAX, e);
    patch_days(s->expiry_days, body, e);
    patch_bool(&s->suspect, body, "suspect", e);
    s->burst_seats = patch_number(s->burst_seats, body, "burst_seats", 10, GROUP_LIMIT_MAX, e);
    patch_bool(&s->no_group, body, "no_group", e);
    patch_bool(&s->barred, body, "barred", e);
    s->store_seconds =
        (int)patch_number(s->store_seconds, body, "store_seconds", STORE_SECONDS_MIN, STORE_SECONDS_MAX, e);
}

json_t *alert_settings_to_json(const struct alert_settings *s)
{
    json_t *days = json_array();
    for (int i = 0; i < ALERT_EXPIRY_STEPS && s->expiry_days[i]; i++)
        json_array_append_new(days, json_integer(s->expiry_days[i]));
    return json_pack("{s:b,s:i,s:I,s:i,s:o,s:b,s:I,s:b,s:b,s:i}", "enabled", s->enabled, "full_percent",
                     s->full_percent, "seats_left", (json_int_t)s->seats_left, "supply_hours", s->supply_hours,
                     "expiry_days", days, "suspect", s->suspect, "burst_seats", (json_int_t)s->burst_seats, "no_group",
                     s->no_group, "barred", s->barred, "store_seconds", s->store_seconds);
}
