/*
 * Old addresses of an import that campaigns of the store have already. The save says so too, and for good; here it is
 * known before anything is written, and in a dry run.
 */
#include <stdio.h>
#include <string.h>

#include "campaign_view.h"
#include "import_plan.h"

struct search {
    struct alias_waiter waiter; /* first: what the finder gives back is cast to it */
    struct session *session;
    enum store_result result;
};

static void search_done(struct alias_waiter *w, enum store_result r)
{
    struct search *search = (struct search *)w;

    search->result = r;
    session_done(search->session);
}

/* owner: the slug that has this alias by the store's index, or "". */
static enum store_result find_owner(struct session *s, struct alias_finder *finder, const char *alias,
                                    char owner[CAMPAIGN_SLUG_MAX + 1])
{
    struct alias_candidates candidates;
    struct search search = {.waiter = {.candidates = &candidates, .done = search_done}, .session = s};
    size_t path_len = strcspn(alias, "?");
    const char *query = alias[path_len] ? alias + path_len + 1 : "";

    owner[0] = '\0';
    if (!alias_find_candidates(alias, path_len, query, strlen(query), &candidates))
        return STORE_OK;
    alias_find(finder, &search.waiter);
    session_run(s);
    if (search.result == STORE_OK && candidates.len[candidates.count - 1] == strlen(alias))
        memcpy(owner, search.waiter.owner[candidates.count - 1], CAMPAIGN_SLUG_MAX + 1);
    return search.result;
}

/* The index alone may be what a crash left behind: the campaign's own list counts. */
static enum store_result check_alias(struct import_plan *p, struct import_planned *row, struct session *s,
                                     struct alias_finder *finder, const char *alias)
{
    char owner[CAMPAIGN_SLUG_MAX + 1], why[ALIAS_MAX + CAMPAIGN_SLUG_MAX + 64];
    enum store_result r = find_owner(s, finder, alias, owner);
    struct held_campaign h;

    if (r != STORE_OK || !owner[0] || strcmp(owner, row->campaign->slug) == 0)
        return r;
    r = held_campaign_read(s, owner, &h);
    if (r == STORE_OK && campaign_find_alias(h.campaign, alias, strlen(alias)) >= 0) {
        snprintf(why, sizeof why, "its old address %s leads to %s already", alias, owner);
        import_plan_refuse(p, row, why);
    }
    held_campaign_clear(&h);
    return r == STORE_NOT_FOUND ? STORE_OK : r;
}

enum store_result import_plan_compare_aliases(struct import_plan *p, struct session *s)
{
    struct alias_finder *finder = alias_finder_new(session_store(s));
    enum store_result r = finder ? STORE_OK : STORE_UNAVAILABLE;

    for (size_t i = 0; i < p->count; i++) {
        struct import_planned *row = &p->list[i];

        for (size_t a = 0; r == STORE_OK && !row->done && a < row->campaign->alias_count; a++)
            r = check_alias(p, row, s, finder, row->campaign->aliases[a]);
    }
    alias_finder_free(finder);
    return r;
}
