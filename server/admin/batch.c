/*
 * POST /campaigns:batch: many campaigns created and edited in one moment, or none.
 *
 * Read the campaigns that the items name -> make all of them -> save all in one call, and again from the start when
 * another server's change came between: an item that cannot be made then says so.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "audit.h"
#include "auth.h"
#include "change.h"
#include "params.h"
#include "problem.h"
#include "routes.h"

/* One try of a request. */
struct batch {
    bool dry_run;
    struct campaign_batch *asked;
    size_t count;
    struct field_errors errors;
    int status; /* of the first error that is not about a value: 404, 409 or 412; 0 none */
    size_t values_wrong;
    struct batch_one {
        struct campaign *made; /* owned */
        struct head_counts heads;
        struct group_count *counts; /* that it then has; owned */
        struct audit_change change;
        char target[AUDIT_TARGET_MAX];
        struct store_audit audit;
    } * ones; /* of each item */
    struct store_save *saves;
    struct store_campaign *dry; /* what would be */
    /* of those that name a slug, in order */
    char (*slugs)[CAMPAIGN_SLUG_MAX + 1];
    size_t named;
};

static void batch_read(struct conn *c);
static void batch_read_rows(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count);
static void batch_make(struct conn *c, const struct store_campaign *rows);
static void batch_saved(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count);
static void batch_tried(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count);

static void batch_free(struct batch *b)
{
    if (!b)
        return;
    for (size_t i = 0; b->ones && i < b->count; i++) {
        campaign_free(b->ones[i].made);
        head_counts_free(&b->ones[i].heads);
        free(b->ones[i].counts);
        audit_change_clear(&b->ones[i].change);
    }
    campaign_batch_free(b->asked);
    free(b->ones);
    free(b->saves);
    free(b->dry);
    free(b->slugs);
    free(b);
}

/* Ends try and turn; the answer comes next. */
static void batch_end(struct conn *c)
{
    struct admin_request *q = request_of(c);
    batch_free(q->batch);
    q->batch = NULL;
    change_turn_end(c);
}

static void fail_memory(struct conn *c)
{
    batch_end(c);
    problem_reply(c, 503, "The server is out of memory; nothing was changed. Try again soon.");
}

/* --- what is asked --- */

/* ?dry_run=: 1 or 0, 0 when it is not there, -1 when it is something else. */
static int query_dry_run(struct conn *c)
{
    char text[8];
    long len = query_get(conn_request(c)->query, "dry_run", text, sizeof text);
    if (len == -2)
        return 0;
    return len == 1 && (text[0] == '0' || text[0] == '1') ? text[0] - '0' : -1;
}

static bool batch_has_room(struct batch *b)
{
    size_t n = b->count;
    b->ones = calloc(n, sizeof *b->ones);
    b->saves = calloc(n, sizeof *b->saves);
    b->dry = calloc(n, sizeof *b->dry);
    b->slugs = calloc(n, sizeof *b->slugs);
    return b->ones && b->saves && b->dry && b->slugs;
}

static void batch_try(struct conn *c)
{
    struct admin_request *q = request_of(c);
    struct span body = conn_body(c);
    struct batch *b = q->batch = calloc(1, sizeof *b);
    if (!b) {
        fail_memory(c);
        return;
    }
    b->dry_run = query_dry_run(c) == 1;
    b->asked = campaign_batch_from_request(body.at, body.len, &b->errors);
    if (!b->asked && b->errors.count > 0) {
        struct field_errors errors = b->errors;
        batch_end(c);
        problem_reply_fields(c, &errors);
        return;
    }
    b->count = b->asked ? campaign_batch_count(b->asked) : 0;
    if (!b->asked || !batch_has_room(b)) {
        fail_memory(c);
        return;
    }
    b->values_wrong = b->errors.count + b->errors.more;
    batch_read(c);
}

static void batch_start(struct conn *c)
{
    if (!change_takes_type(c, false))
        return;
    if (query_dry_run(c) >= 0) {
        change_turn_begin(c, true, batch_try);
        return;
    }
    struct field_errors errors = {.count = 0};
    field_errors_add(&errors, "dry_run", "must be 1 or 0");
    problem_reply_fields(c, &errors);
}

static void batch_again(struct conn *c)
{
    batch_free(request_of(c)->batch);
    batch_try(c);
}

void batches_create(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, batch_start);
}

/* --- what is there --- */

static void batch_read(struct conn *c)
{
    struct batch *b = request_of(c)->batch;
    for (size_t i = 0; i < b->count; i++) {
        const struct campaign_batch_item *item = campaign_batch_item(b->asked, i);
        if (item->slug[0] && !item->wrong)
            memcpy(b->slugs[b->named++], item->slug, sizeof item->slug);
    }
    if (b->named > 0)
        store_campaigns_read(admin_of(c)->store, (const char(*)[CAMPAIGN_SLUG_MAX + 1]) b->slugs, b->named,
                             batch_read_rows, c);
    else
        batch_make(c, NULL);
}

static void batch_read_rows(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct conn *c = ctx;
    (void)count;
    if (r == STORE_OK) {
        batch_make(c, rows);
        return;
    }
    batch_end(c);
    problem_reply_store(c, r, r == STORE_TOO_LARGE ? PROBLEM_CHANGING : PROBLEM_READING);
}

/* --- what becomes of it --- */

static void refuse_item(struct batch *b, size_t at, int status, const char *key, const char *reason)
{
    char field[FIELD_NAME_MAX];
    snprintf(field, sizeof field, "campaigns[%zu].%s", at, key);
    field_errors_add(&b->errors, field, "%s", reason);
    if (b->status == 0)
        b->status = status;
}

/* Whether what is there lets the item be made. */
static bool item_fits(struct batch *b, size_t at, const struct campaign *was)
{
    const struct campaign_batch_item *item = campaign_batch_item(b->asked, at);
    char reason[FIELD_REASON_MAX];
    if (!item->edits && was) {
        refuse_item(b, at, 409, "slug", "there is a campaign of this slug already");
    } else if (item->edits && !was) {
        refuse_item(b, at, 404, "slug", "there is no such campaign");
    } else if (item->edits && item->version > 0 && item->version != was->version) {
        snprintf(reason, sizeof reason, "the current version is %" PRId64, was->version);
        refuse_item(b, at, 412, "version", reason);
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
static bool make_item(struct conn *c, struct batch *b, size_t at, const struct store_campaign *row)
{
    const struct campaign *was = row ? row->definition : NULL;
    size_t before = b->errors.count + b->errors.more;
    struct campaign_moment moment = change_moment(c);
    if (!item_fits(b, at, was))
        return true;
    struct batch_one *one = &b->ones[at];
    one->made = campaign_batch_make(b->asked, at, was, &moment, &one->heads, &b->errors);
    size_t wrong = b->errors.count + b->errors.more - before;
    b->values_wrong += wrong;
    if (!one->made)
        return wrong > 0;
    one->made->version = (was ? was->version : 0) + 1;
    one->counts = counts_of(one->made, was ? row : NULL, &one->heads);
    b->dry[at] = (struct store_campaign){.definition = one->made, .counts = one->counts};
    audit_campaign(&one->change, was, one->made, was ? row->counts : NULL, &one->heads);
    snprintf(one->target, sizeof one->target, "campaign:%s", one->made->slug);
    one->audit = audit_of(c, was ? "campaign.change" : "campaign.create", one->target, &one->change);
    b->saves[at] = (struct store_save){one->made, was, &one->heads, -1, &one->audit};
    return one->counts != NULL;
}

/* Slugs that were drawn may be taken by another item, as seldom as that is: two of a kind are drawn anew. */
static bool drawn_twice(const struct batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        for (size_t j = 0; !campaign_batch_item(b->asked, i)->slug[0] && j < b->count; j++)
            if (i != j && strcmp(b->ones[i].made->slug, b->ones[j].made->slug) == 0)
                return true;
    return false;
}

static void batch_refuse(struct conn *c)
{
    struct batch *b = request_of(c)->batch;
    struct field_errors errors = b->errors;
    int status = b->values_wrong > 0 ? 422 : b->status;
    batch_end(c);
    if (status == 422)
        problem_reply_fields(c, &errors);
    else
        problem_reply_errors(c, status,
                             status == 404   ? "A campaign to edit does not exist; nothing was changed."
                             : status == 409 ? "A campaign to create exists already; nothing was changed."
                                             : "A campaign is at another version; nothing was changed.",
                             &errors);
}

/* rows: of STORE_ALIAS_TAKEN, which alias. */
static void batch_fail(struct conn *c, enum store_result r, const struct store_campaign *rows)
{
    struct batch *b = request_of(c)->batch;
    char field[FIELD_NAME_MAX];
    struct field_errors errors = {.count = 0};
    if (r != STORE_ALIAS_TAKEN) {
        batch_end(c);
        problem_reply_store(c, r, PROBLEM_CHANGING);
        return;
    }
    const struct store_alias_taken *taken = rows->taken;
    for (size_t i = 0; i < b->count; i++) {
        if (strcmp(b->ones[i].made->slug, taken->slug) != 0)
            continue;
        snprintf(field, sizeof field, "campaigns[%zu].aliases[%zu]", i, taken->position);
        field_errors_add(&errors, field, "belongs to the campaign %s", taken->owner);
    }
    batch_end(c);
    problem_reply_fields(c, &errors);
}

static void batch_answer(struct conn *c, const struct store_campaign *rows, size_t count)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    bool good = f != NULL;
    if (f) {
        fputs("{\"data\":[", f);
        good = answer_print_campaigns(f, c, rows, count);
        fputs("]}", f);
        good = good && !ferror(f);
        good = fclose(f) == 0 && good;
    }
    batch_end(c);
    if (!good) {
        free(text);
        text = NULL;
    }
    answer_json(c, 200, text, len, 0, NULL);
}

static void batch_make(struct conn *c, const struct store_campaign *rows)
{
    struct admin_request *q = request_of(c);
    struct batch *b = q->batch;
    size_t row = 0, groups = 0;
    for (size_t i = 0; i < b->count; i++) {
        const struct campaign_batch_item *item = campaign_batch_item(b->asked, i);
        if (item->wrong)
            continue;
        if (!make_item(c, b, i, item->slug[0] ? &rows[row++] : NULL)) {
            fail_memory(c);
            return;
        }
        groups += b->ones[i].made ? b->ones[i].made->group_count : 0;
    }
    if (groups > STORE_BATCH_GROUPS_MAX) {
        field_errors_add(&b->errors, "campaigns", "must have at most %d groups together", (int)STORE_BATCH_GROUPS_MAX);
        b->values_wrong++;
    }
    if (b->errors.count > 0)
        batch_refuse(c);
    else if (drawn_twice(b) && ++q->tries < ADMIN_CHANGE_TRIES)
        batch_again(c);
    else if (b->dry_run && !store_campaigns_try(admin_of(c)->store, b->saves, b->count, batch_tried, c))
        batch_answer(c, b->dry, b->count);
    else if (!b->dry_run)
        store_campaigns_save(admin_of(c)->store, b->saves, b->count, batch_saved, c);
}

static void batch_saved(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    if ((r == STORE_CONFLICT || r == STORE_NOT_FOUND) && ++q->tries < ADMIN_CHANGE_TRIES) {
        batch_again(c);
        return;
    }
    if (r != STORE_OK) {
        batch_fail(c, r, rows);
        return;
    }
    for (size_t i = 0; i < count; i++)
        change_log(c, rows[i].definition->slug, campaign_batch_item(q->batch->asked, i)->edits ? "changed" : "created",
                   rows[i].definition->version);
    batch_answer(c, rows, count);
}

static void batch_tried(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct conn *c = ctx;
    (void)count;
    if (r == STORE_OK)
        batch_answer(c, request_of(c)->batch->dry, request_of(c)->batch->count);
    else
        batch_fail(c, r, rows);
}
