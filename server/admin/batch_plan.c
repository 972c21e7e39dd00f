/* See batch_plan.h. */
#include "batch_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void batch_plan_free(struct batch_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; p->ones && i < p->count; i++) {
        campaign_free(p->ones[i].made);
        head_counts_free(&p->ones[i].heads);
        free(p->ones[i].counts);
        audit_change_clear(&p->ones[i].change);
    }
    campaign_batch_free(p->asked);
    free(p->ones);
    free(p->saves);
    free(p->dry);
    free(p->slugs);
    free(p);
}

/* --- what is asked --- */

static bool plan_has_room(struct batch_plan *p)
{
    size_t n = p->count;
    p->ones = calloc(n, sizeof *p->ones);
    p->saves = calloc(n, sizeof *p->saves);
    p->dry = calloc(n, sizeof *p->dry);
    p->slugs = calloc(n, sizeof *p->slugs);
    return p->ones && p->saves && p->dry && p->slugs;
}

struct batch_plan *batch_plan_new(const char *text, size_t len, struct field_errors *errors)
{
    struct batch_plan *p = calloc(1, sizeof *p);
    *errors = (struct field_errors){.count = 0};
    if (!p)
        return NULL;
    p->asked = campaign_batch_from_request(text, len, &p->errors);
    p->count = p->asked ? campaign_batch_count(p->asked) : 0;
    if (!p->asked || !plan_has_room(p)) {
        if (!p->asked)
            *errors = p->errors;
        batch_plan_free(p);
        return NULL;
    }
    p->values_wrong = p->errors.count + p->errors.more;
    for (size_t i = 0; i < p->count; i++) {
        const struct campaign_batch_item *item = campaign_batch_item(p->asked, i);
        if (item->slug[0] && !item->wrong)
            memcpy(p->slugs[p->named++], item->slug, sizeof item->slug);
    }
    return p;
}

/* --- what becomes of it --- */

static void refuse_item(struct batch_plan *p, size_t at, int status, const char *key, const char *reason)
{
    char field[FIELD_NAME_MAX];
    snprintf(field, sizeof field, "campaigns[%zu].%s", at, key);
    field_errors_add(&p->errors, field, "%s", reason);
    if (p->status == 0)
        p->status = status;
}

/* Whether what is there lets the item be made. */
static bool item_fits(struct batch_plan *p, size_t at, const struct campaign *was)
{
    const struct campaign_batch_item *item = campaign_batch_item(p->asked, at);
    char reason[FIELD_REASON_MAX];
    if (!item->edits && was) {
        refuse_item(p, at, 409, "slug", "there is a campaign of this slug already");
    } else if (item->edits && !was) {
        refuse_item(p, at, 404, "slug", "there is no such campaign");
    } else if (item->edits && item->version > 0 && item->version != was->version) {
        snprintf(reason, sizeof reason, "the current version is %" PRId64, was->version);
        refuse_item(p, at, 412, "version", reason);
    } else {
        return true;
    }
    return false;
}

/* The counters that a changed campaign has, by its own positions. NULL: out of memory. */
static struct group_count *counts_of(const struct campaign *made, const struct store_campaign *was,
                                     const struct head_counts *heads)
{
    struct group_count *counts = calloc(made->group_count + 1, sizeof *counts);
    for (size_t i = 0; counts && was && i < made->group_count; i++) {
        int at = campaign_find_group(was->definition, made->groups[i].id);
        if (at >= 0)
            counts[i] = was->counts[at];
    }
    for (size_t i = 0; counts && i < heads->count; i++) {
        int at = campaign_find_group(made, heads->list[i].group);
        if (at >= 0)
            counts[at].used = heads->list[i].confirmed + counts[at].held;
    }
    return counts;
}

/* false: out of memory. */
static bool make_item(struct batch_plan *p, size_t at, const struct store_campaign *row,
                      const struct batch_maker *maker)
{
    const struct campaign *was = row ? row->definition : NULL;
    struct campaign_moment moment = maker->moment(maker->ctx);
    size_t before = p->errors.count + p->errors.more;
    if (!item_fits(p, at, was))
        return true;
    struct batch_one *one = &p->ones[at];
    one->made = campaign_batch_make(p->asked, at, was, &moment, &one->heads, &p->errors);
    size_t wrong = p->errors.count + p->errors.more - before;
    p->values_wrong += wrong;
    if (!one->made)
        return wrong > 0;
    one->made->version = (was ? was->version : 0) + 1;
    one->counts = counts_of(one->made, was ? row : NULL, &one->heads);
    p->dry[at] = (struct store_campaign){.definition = one->made, .counts = one->counts};
    audit_campaign(&one->change, was, one->made, was ? row->counts : NULL, &one->heads);
    snprintf(one->target, sizeof one->target, "campaign:%s", one->made->slug);
    one->audit = maker->audit(maker->ctx, was ? "campaign.change" : "campaign.create", one->target, &one->change);
    p->saves[at] = (struct store_save){one->made, was, &one->heads, -1, &one->audit};
    return one->counts != NULL;
}

/* Slugs that were drawn may be taken by another item, as seldom as that is: two of a kind are drawn anew. */
static bool drawn_twice(const struct batch_plan *p)
{
    for (size_t i = 0; i < p->count; i++)
        for (size_t j = 0; !campaign_batch_item(p->asked, i)->slug[0] && j < p->count; j++)
            if (i != j && strcmp(p->ones[i].made->slug, p->ones[j].made->slug) == 0)
                return true;
    return false;
}

enum batch_outcome batch_plan_make(struct batch_plan *p, const struct store_campaign *rows,
                                   const struct batch_maker *maker)
{
    size_t row = 0, groups = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct campaign_batch_item *item = campaign_batch_item(p->asked, i);
        if (item->wrong)
            continue;
        if (!make_item(p, i, item->slug[0] ? &rows[row++] : NULL, maker))
            return BATCH_NO_MEMORY;
        groups += p->ones[i].made ? p->ones[i].made->group_count : 0;
    }
    if (groups > STORE_BATCH_GROUPS_MAX) {
        field_errors_add(&p->errors, "campaigns", "must have at most %d groups together", (int)STORE_BATCH_GROUPS_MAX);
        p->values_wrong++;
    }
    if (p->count > maker->count_max) {
        field_errors_add(&p->errors, "campaigns",
                         "must be %zu: the store is a cluster, which changes no two in one moment", maker->count_max);
        p->values_wrong++;
    }
    if (p->errors.count > 0)
        return BATCH_REFUSED;
    return drawn_twice(p) ? BATCH_DRAWN : BATCH_READY;
}

/* --- why not --- */

int batch_plan_status(const struct batch_plan *p)
{
    return p->values_wrong > 0 ? 422 : p->status;
}

const char *batch_status_says(int status)
{
    return status == 404   ? "A campaign to edit does not exist; nothing was changed."
           : status == 409 ? "A campaign to create exists already; nothing was changed."
                           : "A campaign is at another version; nothing was changed.";
}

void batch_plan_add_taken(const struct batch_plan *p, const struct store_alias_taken *taken,
                          struct field_errors *errors)
{
    char field[FIELD_NAME_MAX];
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->ones[i].made->slug, taken->slug) != 0)
            continue;
        snprintf(field, sizeof field, "campaigns[%zu].aliases[%zu]", i, taken->position);
        field_errors_add(errors, field, "belongs to the campaign %s", taken->owner);
    }
}
