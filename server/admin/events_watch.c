/* Campaigns that somebody watches: each is read once a second, however many watch it. */
#include "campaign_json_memory.h"
#include "events_private.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaign_json.h"

static json_t *pick(json_t *from, const char *const *keys)
{
    json_t *picked = json_object();
    for (size_t i = 0; keys[i]; i++)
        json_object_set(picked, keys[i], json_object_get(from, keys[i]));
    return picked;
}

/* Of a campaign what changes by itself. */
static char *seats_text(const struct store_campaign *sc)
{
    static const char *const of_campaign[] = {"slug", "version", "seats", "severity", "troubles", NULL};
    static const char *const of_group[] = {"id",      "limit",   "used",  "confirmed", "held",
                                           "reports", "members", "state", NULL};
    size_t len = 0, at;
    char *api = campaign_to_api(sc->definition, sc->counts, "", time(NULL), false, &len);
    json_t *whole = api ? json_memory_load(api, len, 0, NULL) : NULL, *group;
    free(api);
    if (!whole)
        return NULL;
    json_t *told = pick(whole, of_campaign), *groups = json_array();
    bool few = sc->definition->group_count <= EVENTS_GROUPS_MAX;
    json_array_foreach(json_object_get(whole, "groups"), at, group)
    {
        if (few)
            json_array_append_new(groups, pick(group, of_group));
    }
    json_object_set_new(told, "groups", groups);
    json_decref(whole);
    return events_text("seats", told);
}

struct events_watch *events_watch_join(struct events *e, const char *slug)
{
    struct events_watch *w = e->watches;
    while (w && strcmp(w->slug, slug) != 0)
        w = w->next;
    if (!w) {
        w = calloc(1, sizeof *w);
        if (!w)
            return NULL;
        w->events = e;
        w->next = e->watches;
        snprintf(w->slug, sizeof w->slug, "%s", slug);
        e->watches = w;
    }
    w->clients++;
    return w;
}

static void watch_free(struct events_watch *w)
{
    free(w->text);
    free(w);
}

void events_watch_leave(struct events_watch *w)
{
    struct events_watch **at = &w->events->watches;
    if (--w->clients > 0)
        return;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    if (!w->asked)
        watch_free(w);
}

static void seats_read(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct events_watch *w = ctx;
    w->asked = false;
    if (w->clients == 0) { /* all have left meanwhile */
        watch_free(w);
        return;
    }
    char *text = r == STORE_OK ? seats_text(sc) : NULL;
    if (text && (!w->text || strcmp(text, w->text) != 0)) {
        free(w->text);
        w->text = text;
        w->seq++;
    } else {
        free(text);
    }
}

void events_read_watched(struct events *e, int64_t now)
{
    for (int i = 0; i < EVENTS_READS_MAX && e->watches; i++) {
        struct events_watch *w = e->watches, **end = &w->next;
        if (w->asked || now - w->read_at < EVENTS_EVERY_MS) /* all the others have had their turn */
            break;
        w->asked = true;
        w->read_at = now;
        store_campaign_read(e->store, w->slug, seats_read, w);
        while (*end)
            end = &(*end)->next;
        e->watches = w->next ? w->next : w;
        if (w->next) {
            *end = w;
            w->next = NULL;
        }
    }
}
