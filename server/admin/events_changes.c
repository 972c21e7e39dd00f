/* Campaigns that were saved or deleted, by whatever server: all who listen are told. */
#include "events_private.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A campaign that changed, being read. */
struct events_changed {
    struct events *events;
    char slug[CAMPAIGN_SLUG_MAX + 1];
};

void events_on_changed(void *ctx, const char *slug, size_t len)
{
    struct events *e = ctx;
    if (!slug) {
        e->many = e->heard; /* the link was down: some may have been missed */
        e->heard = true;
        return;
    }
    if (len > CAMPAIGN_SLUG_MAX)
        return;
    for (size_t i = 0; i < e->changed_count; i++)
        if (strlen(e->changed[i]) == len && memcmp(e->changed[i], slug, len) == 0)
            return;
    if (e->changed_count == EVENTS_CHANGED_MAX)
        e->many = true;
    else
        snprintf(e->changed[e->changed_count++], sizeof *e->changed, "%.*s", (int)len, slug);
}

static void changed_read(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct events_changed *ch = ctx;
    int64_t version = r == STORE_OK ? sc->definition->version : 0;
    const char *what = r == STORE_NOT_FOUND ? "deleted" : version == 1 ? "created" : "changed";
    char *text = events_text(
        "campaign", json_pack("{s:s,s:s,s:I}", "slug", ch->slug, "change", what, "version", (json_int_t)version));
    if (text && (r == STORE_OK || r == STORE_NOT_FOUND))
        events_tell_all(ch->events, text);
    free(text);
    free(ch);
}

void events_read_changed(struct events *e)
{
    static const char many[] = "event: campaign\ndata: {\"slug\":null,\"change\":\"many\",\"version\":0}\n\n";
    for (size_t i = 0; i < e->changed_count; i++) {
        struct events_changed *ch = malloc(sizeof *ch);
        if (!ch)
            break;
        ch->events = e;
        memcpy(ch->slug, e->changed[i], sizeof ch->slug);
        store_campaign_read(e->store, ch->slug, changed_read, ch);
    }
    if (e->many)
        events_tell_all(e, many);
    e->changed_count = 0;
    e->many = false;
}
