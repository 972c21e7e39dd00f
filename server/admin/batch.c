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
#include "batch_plan.h"
#include "change.h"
#include "params.h"
#include "problem.h"
#include "routes.h"

static void batch_read(struct conn *c);
static void batch_read_rows(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count);
static void batch_make(struct conn *c, const struct store_campaign *rows);
static void batch_saved(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count);
static void batch_tried(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count);

/* Ends try and turn; the answer comes next. */
static void batch_end(struct conn *c)
{
    struct admin_request *q = request_of(c);
    batch_plan_free(q->batch);
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

static void batch_try(struct conn *c)
{
    struct admin_request *q = request_of(c);
    struct span body = conn_body(c);
    struct field_errors errors;
    q->batch = batch_plan_new(body.at, body.len, &errors);
    if (q->batch) {
        batch_read(c);
    } else if (errors.count > 0) {
        batch_end(c);
        problem_reply_fields(c, &errors);
    } else {
        fail_memory(c);
    }
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
    batch_plan_free(request_of(c)->batch);
    request_of(c)->batch = NULL;
    batch_try(c);
}

void batches_create(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, batch_start);
}

/* --- what is there --- */

static void batch_read(struct conn *c)
{
    struct batch_plan *p = request_of(c)->batch;
    if (p->named > 0)
        store_campaigns_read(admin_of(c)->store, (const char(*)[CAMPAIGN_SLUG_MAX + 1]) p->slugs, p->named,
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

static struct campaign_moment moment_one(void *ctx)
{
    return change_moment(ctx);
}

static struct store_audit audit_one(void *ctx, const char *action, const char *target,
                                    const struct audit_change *change)
{
    return audit_of(ctx, action, target, change);
}

static void batch_refuse(struct conn *c)
{
    struct batch_plan *p = request_of(c)->batch;
    struct field_errors errors = p->errors;
    int status = batch_plan_status(p);
    batch_end(c);
    if (status == 422)
        problem_reply_fields(c, &errors);
    else
        problem_reply_errors(c, status, batch_status_says(status), &errors);
}

/* rows: of STORE_ALIAS_TAKEN, which alias. */
static void batch_fail(struct conn *c, enum store_result r, const struct store_campaign *rows)
{
    struct field_errors errors = {.count = 0};
    if (r == STORE_ALIAS_TAKEN)
        batch_plan_add_taken(request_of(c)->batch, rows->taken, &errors);
    batch_end(c);
    if (r == STORE_ALIAS_TAKEN)
        problem_reply_fields(c, &errors);
    else
        problem_reply_store(c, r, PROBLEM_CHANGING);
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
    struct batch_plan *p = q->batch;
    const struct batch_maker maker = {moment_one, audit_one, c, store_batch_max(admin_of(c)->store)};
    enum batch_outcome outcome = batch_plan_make(p, rows, &maker);
    bool dry_run = query_dry_run(c) == 1;
    if (outcome == BATCH_NO_MEMORY)
        fail_memory(c);
    else if (outcome == BATCH_REFUSED)
        batch_refuse(c);
    else if (outcome == BATCH_DRAWN && ++q->tries < ADMIN_CHANGE_TRIES)
        batch_again(c);
    else if (dry_run && !store_campaigns_try(admin_of(c)->store, p->saves, p->count, batch_tried, c))
        batch_answer(c, p->dry, p->count);
    else if (!dry_run)
        store_campaigns_save(admin_of(c)->store, p->saves, p->count, batch_saved, c);
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
