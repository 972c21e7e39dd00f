/*
 * Sending what the outbox holds: taken for a while, made into a letter, handed to the sender, settled.
 *
 * Who dies between is followed by another when the lease is over: a message is sent at least once, under the same id.
 * Messages about the store itself wait in memory, because it is the store that is away.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "audit.h"
#include "campaign_json_memory.h"
#include "log.h"
#include "owner_links.h"
#include "zone.h"

enum {
    DAY = 86400,
    ID_MAX = 64, /* bytes of a message's id */
    LINK_MAX = CONFIG_TEXT_MAX + OWNER_LINK_TOKEN_MAX + 16,
};

/* Seconds until the next try, by how many there were. */
static const int backoff[] = {10, 30, 60, 300, 900, 1800, 3600};
enum { STEPS = sizeof backoff / sizeof *backoff };

struct alert_delivery {
    struct alert_delivery *next; /* of those about the store */
    struct alerts *alerts;
    struct destination to;
    char id[ID_MAX];
    json_t *entry; /* owned: to, event, tries, since, alert */
    bool own;      /* about the store */
    bool flies;
    int64_t next_s; /* of those about the store: when it is due */
    char owner_link[LINK_MAX];
};

static void delivery_free(struct alert_delivery *d)
{
    json_decref(d->entry);
    sodium_memzero(&d->to, sizeof d->to);
    free(d);
}

static const struct destination *destination_of(const struct alerts *s, const char *id)
{
    for (size_t i = 0; id && i < s->destination_count; i++)
        if (strcmp(s->destinations[i].id, id) == 0)
            return &s->destinations[i];
    return NULL;
}

static enum alert_event event_of(const json_t *entry)
{
    const char *name = json_string_value(json_object_get(entry, "event"));
    int e = ALERT_RAISED;
    while (name && e < ALERT_TEST && strcmp(alert_event_name((enum alert_event)e), name) != 0)
        e++;
    return (enum alert_event)e;
}

int64_t alert_post_quiet_until(const struct destination *d, int64_t now)
{
    struct zone *zone = d->timezone[0] ? zone_new(d->timezone) : NULL;
    int64_t second = (now + zone_offset(zone, now)) % DAY;
    int64_t from = d->quiet_from * 60, to = d->quiet_to * 60;
    bool quiet = from < to ? second >= from && second < to : from > to && (second >= from || second < to);
    zone_free(zone);
    return quiet ? now + (to - second + DAY) % DAY : 0;
}

/* --- what became of it --- */

static void settled(void *ctx, enum store_result r)
{
    (void)ctx, (void)r; /* it is taken again when its lease is over, and sent again under the same id */
}

static char *state_of(const struct alert_delivery *d, const struct letter_answer *a, int64_t now)
{
    json_t *state = json_pack("{s:s,s:I,s:b,s:i,s:s}", "id", d->to.id, "at", (json_int_t)now, "delivered", a->delivered,
                              "status", a->status, "detail", a->text);
    char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
    json_decref(state);
    return text;
}

static void log_answer(const struct alert_delivery *d, const struct letter_answer *a, bool ends)
{
    char status[16];
    snprintf(status, sizeof status, "%d", a->status);
    if (a->delivered)
        log_event(LOG_INFO, "alert_sent", "id", d->id, "destination", d->to.id, NULL);
    else
        log_event(LOG_WARN, ends ? "alert_not_sent" : "alert_delayed", "id", d->id, "destination", d->to.id, "status",
                  status, "detail", a->text, NULL);
}

static void own_end(struct alert_delivery *d)
{
    struct alert_delivery **at = &d->alerts->own;
    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    d->alerts->own_count--;
    delivery_free(d);
}

/* next_s: 0: it is done with. */
static void settle(struct alert_delivery *d, int64_t next_s, const char *state)
{
    if (d->own) {
        d->flies = false;
        d->next_s = next_s;
        if (next_s == 0)
            own_end(d);
        return;
    }
    char *entry = next_s ? json_dumps(d->entry, JSON_COMPACT) : NULL;
    store_delivery_settle(d->alerts->store, d->id, entry ? next_s * 1000 : 0, entry, d->to.id, state, settled, NULL);
    free(entry);
    delivery_free(d);
}

static void answered(void *ctx, const struct letter_answer *a)
{
    struct alert_delivery *d = ctx;
    struct alerts *s = d->alerts;
    int64_t now = alerts_now(s), tries = alert_record_number(d->entry, "tries"), next = 0;
    bool late = now - alert_record_number(d->entry, "since") >= ALERTS_GIVE_UP_SECONDS;
    s->flying--;
    if (!a->delivered && !a->permanent && !late) {
        int wait = backoff[tries < STEPS ? tries : STEPS - 1];
        next = now + (a->retry_after > wait && a->retry_after < DAY ? a->retry_after : wait);
        json_object_set_new(d->entry, "tries", json_integer(tries + 1));
    }
    s->sent += a->delivered;
    s->delayed += next != 0;
    s->given_up += !a->delivered && next == 0;
    log_answer(d, a, next == 0);
    char *state = state_of(d, a, now);
    settle(d, next, state);
    free(state);
}

/* --- on its way --- */

/* The page of a campaign in the console. */
static void write_link(const struct alerts *s, const char *slug, char *out, size_t size)
{
    const char *base = s->admin->config->admin_url;
    out[0] = '\0';
    if (base[0])
        snprintf(out, size, slug[0] ? "%s/#/c/%s" : "%s/", base, slug);
}

static json_t *webhook_data(const json_t *record, const char *link, const char *owner_link)
{
    json_t *data = alert_record_to_api(record);
    if (data) {
        json_object_del(data, "text");
        json_object_set_new(data, "link", link[0] ? json_string(link) : json_null());
        json_object_set_new(data, "owner_link", owner_link[0] ? json_string(owner_link) : json_null());
    }
    return data;
}

static void send_letter(struct alert_delivery *d)
{
    struct alerts *s = d->alerts;
    const json_t *record = json_object_get(d->entry, "alert");
    struct alert_news news = alert_record_news(record, event_of(d->entry));
    struct zone *zone = d->to.timezone[0] ? zone_new(d->to.timezone) : NULL;
    char link[LINK_MAX];
    write_link(s, news.slug, link, sizeof link);
    news.link = link;
    news.owner_link = d->owner_link;
    json_t *data = webhook_data(record, link, d->owner_link);
    char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
    struct letter *l = text ? letter_new(&d->to, &news, d->id, text, zone, alerts_now(s)) : NULL;
    json_decref(data);
    free(text);
    zone_free(zone);
    if (!l || !sender_send(s->sender, l, answered, d)) { /* no memory, or much on its way: its lease ends */
        s->flying--;
        if (d->own)
            d->flies = false;
        else
            delivery_free(d);
    }
}

/* --- the owner's link: made by the first who sends the alert, found there by the others --- */

static void link_made(void *ctx, enum store_result r)
{
    struct alert_delivery *d = ctx;
    if (r != STORE_OK && r != STORE_CONFLICT)
        d->owner_link[0] = '\0';
    send_letter(d);
}

/* From the alert's id, so that trying again makes no other one. */
static void link_id(const struct alerts *s, const json_t *record, char out[OWNER_LINK_ID])
{
    unsigned char hash[(OWNER_LINK_ID - 1) / 2 + 8];
    char *text = json_dumps(json_object_get(record, "id"), JSON_ENCODE_ANY);
    const char *slug = json_string_value(json_object_get(record, "slug"));
    crypto_generichash_state state;
    crypto_generichash_init(&state, s->admin->owner_key, sizeof s->admin->owner_key, sizeof hash);
    crypto_generichash_update(&state, (const unsigned char *)slug, strlen(slug) + 1);
    if (text)
        crypto_generichash_update(&state, (const unsigned char *)text, strlen(text));
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(out, OWNER_LINK_ID, hash, (OWNER_LINK_ID - 1) / 2);
    free(text);
}

static void make_link(struct alert_delivery *d, const char *slug, const char *group)
{
    struct alerts *s = d->alerts;
    const json_t *record = json_object_get(d->entry, "alert");
    int64_t now = alert_record_number(record, "raised_at"), until = now + ALERTS_LINK_DAYS * DAY;
    char id[OWNER_LINK_ID], token[OWNER_LINK_TOKEN_MAX], target[AUDIT_TARGET_MAX];
    struct audit_change change = {NULL, NULL};
    link_id(s, record, id);
    char *row = owner_link_record(id, group, "alerts", now, until);
    if (!row) {
        send_letter(d);
        return;
    }
    owner_link_token(s->admin->owner_key, slug, group, id, until, token);
    snprintf(d->owner_link, sizeof d->owner_link, "%s/#owner=%s", s->admin->config->admin_url, token);
    snprintf(target, sizeof target, "campaign:%s/%s", slug, group);
    audit_objects(&change, NULL, json_pack("{s:s}", "owner_link", id));
    const struct store_audit audit = {"alerts", "owner-link.create", target, "", NULL, change.after};
    store_row_change(s->store, (struct store_rows){STORE_LINKS, slug}, id, STORE_NEW, NULL, row, &audit, link_made, d);
    audit_change_clear(&change);
    free(row);
}

static void send_or_wait(struct alert_delivery *d)
{
    struct alerts *s = d->alerts;
    const json_t *record = json_object_get(d->entry, "alert");
    enum alert_event event = event_of(d->entry);
    struct alert_news news = alert_record_news(record, event);
    bool urgent = event != ALERT_OVER && alert_is_urgent(news.kind, (int)alert_record_number(record, "level"));
    int64_t quiet = urgent ? 0 : alert_post_quiet_until(&d->to, alerts_now(s));
    if (quiet) {
        settle(d, quiet, NULL);
        return;
    }
    s->flying++;
    if (news.kind == ALERT_EXPIRING && event != ALERT_OVER && s->admin->config->admin_url[0])
        make_link(d, news.slug, news.group);
    else
        send_letter(d);
}

/* --- the outbox --- */

static void take_one(struct alerts *s, const char *id, const char *json, size_t len)
{
    json_t *entry = json_memory_load(json, len, 0, NULL);
    const char *name = json_string_value(json_object_get(entry, "to"));
    const struct destination *to = destination_of(s, name);
    struct alert_delivery *d = to && to->enabled ? calloc(1, sizeof *d) : NULL;
    if (!d) { /* nobody wants it any more */
        if (!to || !to->enabled)
            store_delivery_settle(s->store, id, 0, NULL, name ? name : "", NULL, settled, NULL);
        json_decref(entry);
        return;
    }
    d->alerts = s;
    d->to = *to;
    d->entry = entry;
    snprintf(d->id, sizeof d->id, "%s", id);
    send_or_wait(d);
}

static void taken(void *ctx, enum store_result r, const char *const *texts, const size_t *len, size_t count)
{
    struct alerts *s = ctx;
    s->taking = false;
    for (size_t i = 0; r == STORE_OK && i + 1 < count; i += 2)
        take_one(s, texts[i], texts[i + 1], len[i + 1]);
}

/* Those about the store that are due. */
static void send_own(struct alerts *s, int64_t now)
{
    for (struct alert_delivery *d = s->own, *next; d && s->flying < SENDER_TOGETHER_MAX; d = next) {
        next = d->next;
        if (d->flies || now < d->next_s)
            continue;
        int64_t quiet = event_of(d->entry) == ALERT_OVER ? alert_post_quiet_until(&d->to, now) : 0;
        d->next_s = quiet;
        if (quiet)
            continue;
        d->flies = true;
        s->flying++;
        send_letter(d);
    }
}

void alert_post_tick(struct alerts *s)
{
    int64_t now = alerts_now(s);
    send_own(s, now);
    if (s->taking || s->flying >= SENDER_TOGETHER_MAX || !store_is_up(s->store))
        return;
    s->taking = true;
    store_deliveries_take(s->store, now * 1000, (now + ALERTS_LEASE_SECONDS) * 1000, SENDER_TOGETHER_MAX - s->flying,
                          taken, s);
}

void alert_post_own(struct alerts *s, const json_t *record, enum alert_event event, int64_t number)
{
    int64_t now = alerts_now(s);
    for (size_t i = 0; i < s->destination_count && s->own_count < ALERTS_OWN_MAX; i++) {
        struct alert_delivery *d = s->destinations[i].enabled ? calloc(1, sizeof *d) : NULL;
        if (!d)
            continue;
        json_t *alert = json_deep_copy(record);
        json_object_set_new(alert, "id", json_sprintf("store-%lld", (long long)number));
        json_object_set_new(alert, "raised_at", json_integer(number));
        json_object_set_new(alert, "changed_at", json_integer(now));
        json_object_set_new(alert, "over_at", json_integer(event == ALERT_OVER ? now : 0));
        d->alerts = s;
        d->own = true;
        d->to = s->destinations[i];
        d->entry = json_pack("{s:s,s:i,s:I,s:o}", "event", alert_event_name(event), "tries", 0, "since",
                             (json_int_t)now, "alert", alert);
        snprintf(d->id, sizeof d->id, "store-%lld-%s-%s", (long long)number, alert_event_name(event), d->to.id);
        d->next = s->own;
        s->own = d;
        s->own_count++;
    }
}

void alert_post_free(struct alerts *s)
{
    while (s->own)
        own_end(s->own);
}
