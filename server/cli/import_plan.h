/*
 * What an import is to make: campaigns that the rules let in and that are not there yet. All rows are looked at before
 * the first campaign is written. What becomes of each row is printed as it is known.
 *
 * Once json_memory_was_short() rows may be missing, or lack something, or be refused for nothing: the plan is to be
 * given up, and does not say of such rows what may be wrong.
 */
#ifndef SERVER_CLI_IMPORT_PLAN_H
#define SERVER_CLI_IMPORT_PLAN_H

#include "campaign_json.h"
#include "import.h"
#include "session.h"

enum { IMPORT_PLAN_MAX = 1000000 /* campaigns */ };

struct import_planned {
    long line;
    struct campaign *campaign;
    struct head_counts heads;
    bool done; /* there already, refused, or written: not to be written (again) */
};

struct import_plan {
    struct import_planned *list;
    size_t count, room;
    json_t *slugs, *aliases; /* -> line of the first row that has it */
    size_t refused, unchanged, created;
    const struct config *config;
};

/* The configuration outlives the plan. 0 or -ENOMEM. Clear it in either case. */
int import_plan_begin(struct import_plan *p, const struct config *config);
void import_plan_clear(struct import_plan *p);

/* The sink that a format's rows go to; ctx is the plan. */
struct import_sink import_plan_sink(struct import_plan *p);

/* Compares with what is in the store: what is there already is unchanged, or refused when it is another one. */
enum store_result import_plan_compare(struct import_plan *p, struct session *s);

/* Writes what is left, up to STORE_BATCH_MAX campaigns in one moment. What has an alias of another campaign is refused.
 */
enum store_result import_plan_write(struct import_plan *p, struct session *s);

/* Refuses what has an old address that a campaign of the store has. (import_aliases.c) */
enum store_result import_plan_compare_aliases(struct import_plan *p, struct session *s);

/* A row that is refused: counted and printed. */
void import_plan_refuse(struct import_plan *p, struct import_planned *row, const char *why);

/* How many are to be written. */
size_t import_plan_left(const struct import_plan *p);

/* One line for a campaign of the plan that would be written, or was. */
void import_plan_print(const struct import_plan *p);

#endif
