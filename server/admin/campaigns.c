/* Campaigns: list, create, show, patch, delete, order. Each handler is followed by what it leads to, top to bottom. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "answer.h"
#include "audit.h"
#include "auth.h"
#include "change.h"
#include "params.h"
#include "problem.h"
#include "routes.h"

/* --- GET /campaigns --- */

struct list_query {
    char q[ADMIN_QUERY_MAX + 1];
    enum store_order order;
    char cursor[STORE_CURSOR_MAX];
};

static void read_order(struct span query, struct list_query *l, struct field_errors *errors)
{
    char word[16];
    long len = query_get(query, "sort", word, sizeof word);
    l->order = STORE_BY_SLUG;
    if (len == -1 || (len >= 0 && strcmp(word, "slug") != 0 && strcmp(word, "problems") != 0))
        field_errors_add(errors, "sort", "must be slug or problems");
    else if (request_parameter_given(errors, "sort", len) && strcmp(word, "problems") == 0)
        l->order = STORE_BY_PROBLEMS;
}

static void read_list_query(struct span query, struct list_query *l, struct field_errors *errors)
{
    long len = query_get(query, "cursor", l->cursor, sizeof l->cursor);
    read_order(query, l, errors);
    if (len == -1 || (len > 0 && !store_cursor_valid(l->order, l->cursor, (size_t)len)))
        field_errors_add(errors, "cursor", "must be a `next` of an earlier page");
    else if (!request_parameter_given(errors, "cursor", len))
        l->cursor[0] = '\0';
    if (!request_parameter_given(errors, "q", query_get(query, "q", l->q, sizeof l->q)))
        l->q[0] = '\0';
}

/* Of the page's campaigns those that are known: the alerts' thread foresees them, so a page asks the store nothing
 * more.
 */
static bool print_forecasts(FILE *f, struct conn *c, const struct store_campaign *rows, size_t count)
{
    const char *comma = "";
    struct alert_foreseen known;
    for (size_t i = 0; i < count; i++) {
        if (!alert_watch_foresees(admin_of(c)->alerts, rows[i].definition, &known))
            continue;
        char *text = forecast_moment_to_json(rows[i].definition->slug, known.why, &known.gone, known.at);
        if (!text)
            return false;
        fprintf(f, "%s%s", comma, text);
        free(text);
        comma = ",";
    }
    return true;
}

static void list_done(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count, const char *next,
                      int64_t total)
{
    struct conn *c = ctx;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    bool good = f != NULL;
    if (f) {
        fputs("{\"data\":[", f);
        good = answer_print_campaigns(f, c, rows, count);
        const char *quote = next[0] ? "\"" : "";
        fprintf(f, "],\"next\":%s%s%s,\"total\":%" PRId64 ",\"forecasts\":[", quote, next[0] ? next : "null", quote,
                total);
        good = good && print_forecasts(f, c, rows, count);
        fputs("]}", f);
        good = good && !ferror(f);
        good = fclose(f) == 0 && good;
    }
    if (!good) {
        free(text);
        text = NULL;
    }
    answer_json(c, 200, text, len, 0, NULL);
}

static void list_start(struct conn *c)
{
    struct list_query l;
    struct field_errors errors = {.count = 0};
    request_read_limit(c, &errors);
    read_list_query(conn_request(c)->query, &l, &errors);
    if (errors.count > 0)
        problem_reply_fields(c, &errors);
    else
        store_campaign_list(admin_of(c)->store, l.order, l.q, l.cursor, request_of(c)->limit, list_done, c);
}

void campaigns_list(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, list_start);
}

/* --- POST /campaigns --- */

static void create_done(void *ctx, enum store_result r, const struct store_campaign *sc);

/* Makes the campaign that the body describes; last: the slug that was tried before, "" at first. */
static void create_try(struct conn *c, const char *last)
{
    struct admin_request *q = request_of(c);
    struct campaign_moment moment = change_moment(c);
    struct field_errors errors = {.count = 0};
    struct span body = conn_body(c);
    struct campaign *made = campaign_from_request(body.at, body.len, &moment, &errors);
    if (!made) {
        problem_reply_fields(c, &errors);
        return;
    }
    /* A slug that the body names comes out the same again; one that was drawn does not. */
    if (strcmp(made->slug, last) == 0) {
        char detail[CAMPAIGN_SLUG_MAX + 64];
        snprintf(detail, sizeof detail, "There is a campaign %s already.", made->slug);
        campaign_free(made);
        problem_reply(c, 409, detail);
        return;
    }
    snprintf(q->slug, sizeof q->slug, "%s", made->slug);
    struct audit_change change = {NULL, NULL};
    char target[AUDIT_TARGET_MAX];
    audit_campaign(&change, NULL, made, NULL, NULL);
    audit_target_campaign(c, target);
    struct store_audit audit = audit_of(c, "campaign.create", target, &change);
    store_campaign_save(admin_of(c)->store, made, NULL, NULL, -1, &audit, create_done, c);
    audit_change_clear(&change);
    campaign_free(made);
}

static void create_done(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    if (r == STORE_CONFLICT && ++q->tries < ADMIN_SLUG_TRIES) {
        char last[CAMPAIGN_SLUG_MAX + 1];
        snprintf(last, sizeof last, "%s", q->slug);
        create_try(c, last);
        return;
    }
    if (r == STORE_ALIAS_TAKEN) {
        problem_reply_alias(c, sc->taken);
        return;
    }
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_CHANGING);
        return;
    }
    char location[CAMPAIGN_SLUG_MAX + 32];
    snprintf(location, sizeof location, "/api/v1/campaigns/%s", q->slug);
    change_log(c, q->slug, "created", sc->definition->version);
    answer_campaign(c, 201, sc, location);
}

static void create_start(struct conn *c)
{
    if (change_takes_type(c, false))
        create_try(c, "");
}

void campaigns_create(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, create_start);
}

/* --- GET /campaigns/{slug} --- */

static void show_done(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    if (r == STORE_OK)
        answer_campaign(ctx, 200, sc, NULL);
    else
        problem_reply_store(ctx, r, PROBLEM_READING);
}

static void show_start(struct conn *c)
{
    if (request_read_slug(c))
        store_campaign_read(admin_of(c)->store, request_of(c)->slug, show_done, c);
}

void campaigns_show(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, show_start);
}

/* --- PATCH /campaigns/{slug} --- */

static struct campaign *patch_make(struct conn *c, struct change_draft *d)
{
    (void)c;
    return campaign_from_patch(d->was, d->body.at, d->body.len, &d->moment, &d->heads, &d->errors);
}

static void patch_answer(struct conn *c, const struct store_campaign *now)
{
    answer_campaign(c, 200, now, NULL);
}

static void patch_start(struct conn *c)
{
    static const struct change patch = {true, true, "campaign.change", patch_make, patch_answer};
    if (request_read_slug(c))
        change_start(c, &patch);
}

void campaigns_patch(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, patch_start);
}

/* --- PUT /campaigns/{slug}/order --- */

static struct campaign *order_make(struct conn *c, struct change_draft *d)
{
    (void)c;
    return campaign_with_order(d->was, d->body.at, d->body.len, &d->moment, &d->errors);
}

static void order_start(struct conn *c)
{
    static const struct change order = {false, true, "campaign.order", order_make, patch_answer};
    if (request_read_slug(c))
        change_start(c, &order);
}

void campaigns_order(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, order_start);
}

/* --- DELETE /campaigns/{slug}: read first, so that the audit log knows what it was --- */

static void delete_read(void *ctx, enum store_result r, const struct store_campaign *sc);

static void delete_done(void *ctx, enum store_result r)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    bool conditional;
    change_matches(conn_request(c), 0, &conditional);
    if (r == STORE_OK) {
        change_log(c, q->slug, "deleted", 0);
        answer_nothing(c);
    } else if (r == STORE_CONFLICT && conditional) {
        change_refuse_version(c, 0);
    } else if (r == STORE_CONFLICT && ++q->tries < ADMIN_CHANGE_TRIES) {
        store_campaign_read(admin_of(c)->store, q->slug, delete_read, c);
    } else {
        problem_reply_store(c, r, PROBLEM_CHANGING);
    }
}

/* sc: NULL if it cannot be read; such a one can still be deleted. */
static void delete_send(struct conn *c, const struct store_campaign *sc)
{
    struct audit_change change = {NULL, NULL};
    char target[AUDIT_TARGET_MAX];
    if (sc)
        audit_campaign(&change, sc->definition, NULL, NULL, NULL);
    audit_target_campaign(c, target);
    struct store_audit audit = audit_of(c, "campaign.delete", target, &change);
    store_campaign_delete(admin_of(c)->store, request_of(c)->slug, sc ? sc->definition->version : 0, &audit,
                          delete_done, c);
    audit_change_clear(&change);
}

static void delete_read(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct conn *c = ctx;
    bool conditional;
    bool matches = change_matches(conn_request(c), r == STORE_OK ? sc->definition->version : 0, &conditional);
    if (r == STORE_BAD_REPLY && !conditional)
        delete_send(c, NULL);
    else if (r != STORE_OK)
        problem_reply_store(c, r, PROBLEM_READING);
    else if (!matches)
        change_refuse_version(c, sc->definition->version);
    else
        delete_send(c, sc);
}

static void delete_start(struct conn *c)
{
    if (request_read_slug(c))
        store_campaign_read(admin_of(c)->store, request_of(c)->slug, delete_read, c);
}

void campaigns_delete(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, delete_start);
}
