/*
 * What a batch of campaigns asks for, and what becomes of it: without a connection, for the API and the command line.
 *
 *     plan = batch_plan_new(text, len, &errors);
 *     read plan->slugs[0 .. plan->named) from the store;
 *     batch_plan_make(plan, rows, ...) == BATCH_READY -> save plan->saves[0 .. plan->count)
 */
#ifndef SERVER_ADMIN_BATCH_PLAN_H
#define SERVER_ADMIN_BATCH_PLAN_H

#include "audit.h"
#include "campaign_json.h"
#include "store.h"

struct batch_one {
    struct campaign *made; /* owned */
    struct head_counts heads;
    struct group_count *counts; /* that it then has; owned */
    struct audit_change change;
    char target[AUDIT_TARGET_MAX];
    struct store_audit audit;
};

struct batch_plan {
    struct campaign_batch *asked;
    size_t count; /* of its items */
    struct field_errors errors;
    int status; /* of the first error that is not about a value: 404, 409 or 412; 0 none */
    size_t values_wrong;
    struct batch_one *ones; /* of each item */
    struct store_save *saves;
    struct store_campaign *dry; /* what would be */
    /* of those that name a slug, in order */
    char (*slugs)[CAMPAIGN_SLUG_MAX + 1];
    size_t named;
};

enum batch_outcome {
    BATCH_READY,
    BATCH_REFUSED, /* errors and batch_plan_status say why */
    BATCH_DRAWN,   /* two slugs that were drawn are the same: to be made anew */
    BATCH_NO_MEMORY,
};

/* What a plan needs to know of whoever makes it. */
struct batch_maker {
    struct campaign_moment (*moment)(void *ctx); /* of each item a new one: names are drawn from it */
    /* Who makes a change, for its entry of the audit log. What it points at outlives the plan. */
    struct store_audit (*audit)(void *ctx, const char *action, const char *target, const struct audit_change *change);
    void *ctx;
    size_t count_max; /* campaigns that the store changes in one moment: store_batch_max */
};

/* NULL: nothing of the text can be used, and errors say why; without one: out of memory. */
struct batch_plan *batch_plan_new(const char *text, size_t len, struct field_errors *errors);
void batch_plan_free(struct batch_plan *p); /* NULL is fine */

/* rows: what the store has of slugs, in their order; NULL if there are none. Once a plan. */
enum batch_outcome batch_plan_make(struct batch_plan *p, const struct store_campaign *rows,
                                   const struct batch_maker *maker);

/* Of what was refused, as HTTP says it: 404, 409, 412 or 422, and but for the last why, in a sentence. */
int batch_plan_status(const struct batch_plan *p);
const char *batch_status_says(int status);
/* Adds which alias it is that another campaign has. */
void batch_plan_add_taken(const struct batch_plan *p, const struct store_alias_taken *taken,
                          struct field_errors *errors);

#endif
