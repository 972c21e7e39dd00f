/* Lines of an export that are campaigns. */
#include "campaign_json_memory.h"
#include "import_own_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_json.h"
#include "export_campaign.h"

enum { WINDOW = 16 /* campaigns on their way to the store */ };

static void campaign_found(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct import *m = ctx;
    json_t *definition = json_object_get(m->object, "definition"), *there = NULL;
    size_t len = 0;
    char *text = r == STORE_OK ? campaign_to_stored(sc->definition, &len) : NULL;
    if (text)
        there = json_memory_load(text, len, 0, NULL);
    else if (r == STORE_OK)
        json_memory_lacks();
    m->result = r;
    m->same = there && definition && json_equal(there, definition);
    free(text);
    json_decref(there);
    session_done(m->session);
}

/* Whether the aliases could be had; *m tells which not. */
static void aliases_tried(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct import *m = ctx;
    m->result = r;
    if (r == STORE_ALIAS_TAKEN && count > 0 && rows[0].taken)
        m->taken = *rows[0].taken;
    session_done(m->session);
}

static enum verdict refuse_alias(struct import *m, const struct campaign *c)
{
    char why[ALIAS_MAX + CAMPAIGN_SLUG_MAX + 64];
    snprintf(why, sizeof why, "its old address %s leads to %s already",
             m->taken.position < c->alias_count ? c->aliases[m->taken.position] : "", m->taken.owner);
    return import_own_refuse(m, c->slug, why);
}

/* Slugs and aliases that stand in the file before, by line; NULL: all is new. */
static json_t *find_repeated(struct import *m, const struct campaign *c)
{
    json_t *first = json_object_get(m->slugs, c->slug);
    for (size_t i = 0; !first && i < c->alias_count; i++)
        first = json_object_get(m->slugs, c->aliases[i]);
    if (first)
        return first;
    json_object_set_new(m->slugs, c->slug, json_integer(m->line));
    for (size_t i = 0; i < c->alias_count; i++)
        json_object_set_new(m->slugs, c->aliases[i], json_integer(m->line));
    return NULL;
}

static bool leads_elsewhere(struct import *m, const struct campaign *c,
                            char why[FIELD_NAME_MAX + FIELD_REASON_MAX + PLATFORM_HOST_MAX])
{
    char field[FIELD_NAME_MAX], host[PLATFORM_HOST_MAX + 1];
    if (!campaign_find_barred(c, &m->hosts, field, sizeof field, host))
        return false;
    snprintf(why, FIELD_NAME_MAX + FIELD_REASON_MAX + PLATFORM_HOST_MAX,
             "%s leads to %s, which this server does not allow", field, host);
    return true;
}

static enum verdict compare_campaign(struct import *m, const struct campaign *c)
{
    char why[96], elsewhere[FIELD_NAME_MAX + FIELD_REASON_MAX + PLATFORM_HOST_MAX];
    json_t *first = find_repeated(m, c);
    if (first) {
        snprintf(why, sizeof why, "line %lld has the slug or an old address already",
                 (long long)json_integer_value(first));
        return import_own_refuse(m, c->slug, why);
    }
    store_campaign_read(session_store(m->session), c->slug, campaign_found, m);
    session_run(m->session);
    if (import_own_store_failed(m, m->result))
        return VERDICT_REFUSED;
    if (m->result == STORE_OK)
        return m->same ? VERDICT_THERE
                       : import_own_refuse(m, c->slug, "there is a campaign of that slug, and it is another one");
    if (leads_elsewhere(m, c, elsewhere))
        return import_own_refuse(m, c->slug, elsewhere);
    struct store_save save = {.campaign = c, .touched = -1};
    if (store_campaigns_try(session_store(m->session), &save, 1, aliases_tried, m)) {
        session_run(m->session);
        if (m->result == STORE_ALIAS_TAKEN)
            return refuse_alias(m, c);
        if (import_own_store_failed(m, m->result))
            return VERDICT_REFUSED;
    }
    return VERDICT_NEW;
}

enum verdict import_own_look_at_campaign(struct import *m, json_t *line)
{
    struct exported_campaign e;
    char why[EXPORT_WHY_MAX];
    const char *slug = json_string_value(json_object_get(line, "slug"));
    enum verdict v = export_campaign_from_json(line, m->now, &e, why)
                         ? compare_campaign(m, e.definition)
                         : import_own_refuse(m, slug ? slug : "a campaign", why);
    if (v == VERDICT_NEW) {
        snprintf(why, sizeof why, "%zu group%s", e.definition->group_count, e.definition->group_count == 1 ? "" : "s");
        import_own_say(m, "new", e.definition->slug, why);
    }
    exported_campaign_clear(&e);
    return v;
}

/* A campaign on its way to the store. */
struct restore {
    struct import *import;
    long line;
    char slug[CAMPAIGN_SLUG_MAX + 1];
};

static void restored(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct restore *restore = ctx;
    struct import *m = restore->import;
    (void)sc;
    m->pending--;
    if (!import_own_make_failed(m, r) && r != STORE_OK) {
        long at = m->line;
        m->line = restore->line;
        m->verdicts[m->line] =
            (unsigned char)import_own_refuse(m, restore->slug,
                                             r == STORE_ALIAS_TAKEN ? "one of its old addresses was taken meanwhile"
                                                                    : "was made by somebody else meanwhile");
        m->line = at;
    }
    free(restore);
    session_done(m->session);
}

void import_own_make_campaign(struct import *m, json_t *line)
{
    struct exported_campaign e;
    char why[EXPORT_WHY_MAX], target[AUDIT_TARGET_MAX];
    struct restore *restore = malloc(sizeof *restore);
    bool read = export_campaign_from_json(line, m->now, &e, why);
    if (!restore || !read) /* the file was whole a moment ago */
        json_memory_lacks();
    if (import_own_lacks_memory(m)) {
        exported_campaign_clear(&e);
        free(restore);
        return;
    }
    *restore = (struct restore){.import = m, .line = m->line};
    snprintf(restore->slug, sizeof restore->slug, "%s", e.definition->slug);
    snprintf(target, sizeof target, "campaign:%s", e.definition->slug);
    struct store_audit audit = session_audit("campaign.import", target, NULL);
    m->pending++;
    store_campaign_restore(session_store(m->session), &e.dump, &audit, restored, restore);
    exported_campaign_clear(&e);
    while (m->pending >= WINDOW)
        session_run(m->session);
}
