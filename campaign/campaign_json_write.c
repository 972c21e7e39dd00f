/*
 * Campaigns into JSON: the stored form, and the API's, which adds what is counted and what follows from it.
 */
#include "campaign_json_private.h"

#include <stdlib.h>
#include <string.h>

#include "trouble.h"

static const char *const state_words[] = {"open", "full", "expired", "off", "suspect"};

/* An object in the making; any value that could not be made spoils it. */
struct writer {
    json_t *object;
    bool failed;
};

static struct writer writer_begin(void)
{
    struct writer w = {.object = json_object()};

    w.failed = !w.object;
    return w;
}

static void put(struct writer *w, const char *key, json_t *value)
{
    if (json_object_set_new(w->object, key, value) != 0)
        w->failed = true;
}

static void put_text(struct writer *w, const char *key, const char *text)
{
    put(w, key, text ? json_string(text) : json_null());
}

static void put_integer(struct writer *w, const char *key, int64_t n)
{
    put(w, key, json_integer(n));
}

static void put_integer_or_null(struct writer *w, const char *key, int64_t n, bool is_null)
{
    put(w, key, is_null ? json_null() : json_integer(n));
}

static void put_date(struct writer *w, const char *key, int64_t seconds)
{
    char text[32];

    date_to_text(seconds, text);
    put_text(w, key, seconds ? text : NULL);
}

/* NULL if anything failed. */
static json_t *writer_end(struct writer *w)
{
    if (w->failed) {
        json_decref(w->object);
        return NULL;
    }
    return w->object;
}

/* Text that grows. json_dumps is not used: when its buffer cannot grow, it leaves bytes out without a word. */
struct text {
    char *bytes;
    size_t len, room;
    bool failed;
};

static int text_append(const char *bytes, size_t len, void *ctx)
{
    struct text *t = ctx;
    size_t need;

    if (t->failed || __builtin_add_overflow(t->len, len + 1, &need)) {
        t->failed = true;
    } else if (need > t->room) {
        size_t room = need > t->room * 2 ? need : t->room * 2;
        char *grown = realloc(t->bytes, room);

        t->failed = !grown;
        if (grown) {
            t->bytes = grown;
            t->room = room;
        }
    }
    if (t->failed)
        return -1;
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
    t->bytes[t->len] = '\0';
    return 0;
}

/* Takes value (may be NULL). */
static char *dump(json_t *value, bool pretty, size_t *len)
{
    struct text t = {0};

    if (!value || json_dump_callback(value, text_append, &t, pretty ? JSON_INDENT(2) : JSON_COMPACT) != 0)
        t.failed = true;
    json_decref(value);
    if (t.failed) {
        free(t.bytes);
        return NULL;
    }
    *len = t.len;
    return t.bytes;
}

static json_t *fallback_json(const struct campaign *c)
{
    struct writer w = writer_begin();

    put_text(&w, "url", c->fallback_url);
    put_text(&w, "text", c->fallback_text);
    put_text(&w, "contact", c->fallback_contact);
    put(&w, "waiting", waiting_json(&c->waiting));
    return writer_end(&w);
}

static json_t *miniprogram_json(const struct miniprogram *m)
{
    struct writer w;

    if (!m)
        return json_null();
    w = writer_begin();
    put_text(&w, "appid", m->appid);
    put_text(&w, "path", m->path);
    put_text(&w, "query", m->query);
    put_text(&w, "env_version", miniprogram_versions[m->version]);
    put_text(&w, "url_link", m->url_link);
    put_text(&w, "code", m->code);
    put_text(&w, "fallback_url", m->fallback_url);
    return writer_end(&w);
}

static json_t *stored_group_json(const struct group *g)
{
    struct writer w = writer_begin();

    put_text(&w, "id", g->id);
    put_text(&w, "name", g->name);
    put_text(&w, "url", g->url);
    if (g->miniprogram)
        put(&w, "miniprogram", miniprogram_json(g->miniprogram));
    if (!when_is_empty(g->when))
        put(&w, "when", when_json(g->when));
    put_text(&w, "show", show_words[g->show]);
    put_integer_or_null(&w, "limit", g->limit, g->limit < 0);
    put_integer(&w, "weight", g->weight);
    put(&w, "enabled", json_boolean(g->enabled));
    put_date(&w, "expires_at", g->expires_at);
    put_integer(&w, "born", g->born);
    return writer_end(&w);
}

static json_t *stored_groups_json(const struct campaign *c)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < c->group_count; i++) {
        if (json_array_append_new(list, stored_group_json(&c->groups[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* What both forms begin with behind slug, title and link. */
static void put_settings(struct writer *w, const struct campaign *c)
{
    put_text(w, "strategy", strategy_words[c->strategy]);
    put(w, "enabled", json_boolean(c->enabled));
    put_date(w, "starts_at", c->starts_at);
    put_date(w, "ends_at", c->ends_at);
    put_text(w, "confirm", confirm_words[c->confirm]);
    put_integer_or_null(w, "hold_seconds", c->hold_seconds, c->hold_seconds == 0);
    put_integer(w, "spread", c->spread);
    put_integer(w, "per_address", c->per_address);
    put_text(w, "timezone", c->timezone);
    put(w, "forward_query", json_boolean(c->forward_query));
    put(w, "follow_members", json_boolean(c->follow_members));
    put(w, "fallback", fallback_json(c));
}

char *campaign_to_stored(const struct campaign *c, size_t *len)
{
    struct writer w = writer_begin();

    put_text(&w, "slug", c->slug);
    put_text(&w, "uid", c->uid);
    put_text(&w, "title", c->title);
    put_settings(&w, c);
    if (c->alias_count > 0) /* delete_campaign.lua looks for this key */
        put(&w, "aliases", aliases_json(c));
    put(&w, "groups", stored_groups_json(c));
    put_integer(&w, "next_group", c->next_group);
    put_integer(&w, "version", c->version);
    put_date(&w, "created_at", c->created_at);
    put_date(&w, "updated_at", c->updated_at);
    return dump(writer_end(&w), false, len);
}

/* Of counts that make no sense, 0. */
static int64_t confirmed_of(const struct group_count *n)
{
    int64_t confirmed;

    return __builtin_sub_overflow(n->used, n->held, &confirmed) ? 0 : confirmed;
}

static json_t *members_json(const struct group_count *n)
{
    struct writer w;

    if (n->members < 0)
        return json_null();
    w = writer_begin();
    put_integer(&w, "count", n->members);
    put_date(&w, "at", n->members_at);
    put_integer(&w, "drift", confirmed_of(n) - n->members);
    return writer_end(&w);
}

static json_t *group_json(const struct group *g, const struct group_count *count, int64_t now)
{
    static const struct group_count none = {.members = -1};
    const struct group_count *n = count ? count : &none;
    struct writer w = writer_begin();

    put_text(&w, "id", g->id);
    put_text(&w, "name", g->name);
    put_text(&w, "url", g->url);
    put_text(&w, "platform", platform_name(g->platform));
    put(&w, "miniprogram", miniprogram_json(g->miniprogram));
    put(&w, "when", when_is_empty(g->when) ? json_null() : when_json(g->when));
    put_text(&w, "show", show_words[group_shows_page(g) ? GROUP_SHOW_PAGE : GROUP_SHOW_REDIRECT]);
    put_integer_or_null(&w, "limit", g->limit, g->limit < 0);
    put_integer(&w, "weight", g->weight);
    put(&w, "enabled", json_boolean(g->enabled));
    put_date(&w, "expires_at", g->expires_at);
    put_integer(&w, "used", n->used);
    put_integer(&w, "confirmed", confirmed_of(n));
    put_integer(&w, "held", n->held);
    put_integer(&w, "reports", n->reports);
    put(&w, "members", members_json(n));
    put_text(&w, "state", state_words[group_state(g, n, now)]);
    return writer_end(&w);
}

static json_t *groups_json(const struct campaign *c, const struct group_count *counts, int64_t now)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < c->group_count; i++) {
        if (json_array_append_new(list, group_json(&c->groups[i], counts ? &counts[i] : NULL, now)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *seats_json(const struct campaign *c, const struct group_count *counts, int64_t now)
{
    struct writer w = writer_begin();
    struct campaign_seats seats = campaign_seats_of(c, counts, now);

    put_integer_or_null(&w, "limit", seats.limit, seats.limit < 0);
    put_integer(&w, "used", seats.used);
    put_integer(&w, "held", seats.held);
    put_integer_or_null(&w, "free", seats.free, seats.free < 0);
    return writer_end(&w);
}

/* n: how many visitors, groups or seats; -1: nothing to count. */
static void add_trouble(json_t *list, const char *kind, bool stops, const struct group *g, int64_t n, bool *failed)
{
    struct writer w = writer_begin();

    put_text(&w, "kind", kind);
    put(&w, "stops", json_boolean(stops));
    put_text(&w, "group", g ? g->id : NULL);
    put_integer_or_null(&w, "n", n, n < 0);
    if (json_array_append_new(list, writer_end(&w)) != 0)
        *failed = true;
}

/* The worst first. */
static json_t *troubles_json(const struct campaign *c, const struct group_count *counts,
                             const struct campaign_trouble *t, int64_t now)
{
    static const char *const stopped[] = {NULL, "empty", "full", "closed"};
    json_t *list = json_array();
    bool failed = !list;

    if (t->stopped)
        add_trouble(list, stopped[t->stopped], true, NULL, -1, &failed);
    if (t->barred > 0)
        add_trouble(list, "barred", true, &c->groups[t->first_barred], (int64_t)t->barred, &failed);
    if (t->fallback_barred)
        add_trouble(list, "barred", false, NULL, -1, &failed);
    for (size_t i = 0; t->suspects > 0 && i < c->group_count; i++)
        if (group_state(&c->groups[i], &counts[i], now) == GROUP_SUSPECT)
            add_trouble(list, "suspect", false, &c->groups[i], counts[i].reports, &failed);
    if (t->expired > 0)
        add_trouble(list, "expired", false, &c->groups[t->first_expired], (int64_t)t->expired, &failed);
    if (t->soonest >= 0)
        add_trouble(list, "soon", false, &c->groups[t->soonest], -1, &failed);
    if (t->low)
        add_trouble(list, "low", false, NULL, campaign_seats_of(c, counts, now).free, &failed);
    if (failed) {
        json_decref(list);
        return NULL;
    }
    return list;
}

char *campaign_lanes_to_json(const struct campaign *c, size_t *len)
{
    json_t *lanes = json_array();

    for (int lane = 1; lane < c->lane_count; lane++) {
        const struct when *of = c->groups[c->lane_group[lane]].when;
        json_t *when = of ? when_json(of) : NULL;
        int leaves = (int)(c->leaving_lanes >> lane & 1);

        if (json_array_append_new(lanes, json_pack("[o?, i]", when, leaves)) != 0) {
            json_decref(lanes);
            return NULL;
        }
    }
    return dump(lanes, false, len);
}

char *campaign_to_api(const struct campaign *c, const struct group_count *counts, const char *base_url, int64_t now,
                      bool pretty, size_t *len)
{
    struct writer w = writer_begin();
    struct campaign_trouble trouble = campaign_trouble_of(c, counts, now);

    put_text(&w, "slug", c->slug);
    put_text(&w, "title", c->title);
    put(&w, "link", json_sprintf("%s/%s", base_url, c->slug));
    put_settings(&w, c);
    put(&w, "aliases", aliases_json(c));
    put(&w, "groups", groups_json(c, counts, now));
    put(&w, "seats", seats_json(c, counts, now));
    put_text(&w, "severity", campaign_severity_name(trouble.severity));
    put(&w, "troubles", troubles_json(c, counts, &trouble, now));
    put_integer(&w, "version", c->version);
    put_date(&w, "created_at", c->created_at);
    put_date(&w, "updated_at", c->updated_at);
    return dump(writer_end(&w), pretty, len);
}

char *campaign_group_to_api(const struct campaign *c, size_t position, const struct group_count *count, int64_t now,
                            bool pretty, size_t *len)
{
    return dump(group_json(&c->groups[position], count, now), pretty, len);
}
