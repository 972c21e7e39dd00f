/* Funnels: list, create, show, change, delete. What is counted of them is in funnels_stats.c. */
#include "funnels.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "audit.h"
#include "auth.h"
#include "change.h"
#include "config.h"
#include "fields.h"
#include "routes.h"

const struct store_rows funnels_rows = {STORE_FUNNELS, NULL};

/* A request about one funnel: what it is, and what it becomes. */
struct making {
    struct conn *conn;
    json_t *body; /* NULL: it is only shown, or deleted */
    char *was;    /* the record as it stands there; NULL: a new one */
    bool deletes, conditional;
    int tries;
    struct funnel before, after;
    struct funnel_campaigns campaigns;
};

static void find(struct making *m);

static void making_free(struct making *m)
{
    funnel_campaigns_clear(&m->campaigns);
    json_decref(m->body);
    free(m->was);
    free(m);
}

bool funnels_read_id(struct conn *c, char id[FUNNEL_ID + 1])
{
    struct span segment = conn_segment(c, 0);
    if (segment.len == FUNNEL_ID) {
        memcpy(id, segment.at, segment.len);
        id[segment.len] = '\0';
        return true;
    }
    problem_reply(c, 404, "There is no such funnel.");
    return false;
}

void funnels_refuse(struct conn *c, enum store_result r, enum problem_call call)
{
    if (r == STORE_NOT_FOUND)
        problem_reply(c, 404, "There is no such funnel.");
    else
        problem_reply_store(c, r, call);
}

/* Frees. */
static void refuse(struct making *m, enum store_result r, enum problem_call call)
{
    struct conn *c = m->conn;
    making_free(m);
    funnels_refuse(c, r, call);
}

static void answer(struct conn *c, int status, const struct funnel *f, const struct funnel_campaigns *campaigns,
                   const char *location)
{
    json_t *object = funnel_to_api(f, campaigns, admin_of(c)->config->base_url);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    answer_json(c, status, text, text ? strlen(text) : 0, f->version, location);
}

/* --- GET /funnels --- */

static void list_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct conn *c = ctx;
    struct funnel f;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++)
        if (funnel_from_record(json[i], len[i], &f))
            json_array_append_new(rows, funnel_to_api(&f, NULL, admin_of(c)->config->base_url));
    fields_answer_page(c, rows, "id");
}

static void list_start(struct conn *c)
{
    if (fields_page_good(c))
        store_row_list(admin_of(c)->store, funnels_rows, list_done, c);
}

void funnels_list(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, list_start);
}

/* --- saving --- */

static void save_done(void *ctx, enum store_result r)
{
    struct making *m = ctx;
    struct conn *c = m->conn;
    char location[64];
    if (r == STORE_STALE && !m->conditional && ++m->tries < ADMIN_CHANGE_TRIES) {
        find(m); /* another change came between */
        return;
    }
    snprintf(location, sizeof location, "/api/v1/funnels/%s", m->after.id);
    if (r == STORE_STALE && m->conditional)
        change_refuse_version(c, 0);
    else if (r == STORE_STALE)
        problem_reply(c, 503, "Others are changing the funnel all the time; nothing was changed. Try again soon.");
    else if (r == STORE_NO_SPACE && !m->was)
        problem_reply(c, 409, "There are too many funnels; delete some. Nothing was changed.");
    else if (r != STORE_OK)
        funnels_refuse(c, r, PROBLEM_CHANGING);
    else if (m->deletes)
        answer_nothing(c);
    else
        answer(c, m->was ? 200 : 201, &m->after, &m->campaigns, m->was ? NULL : location);
    making_free(m);
}

static const char *action_of(const struct making *m)
{
    return m->deletes ? "funnel.delete" : m->was ? "funnel.change" : "funnel.create";
}

static void save(struct making *m)
{
    struct conn *c = m->conn;
    char target[AUDIT_TARGET_MAX];
    struct audit_change change = {NULL, NULL};
    m->after.version++;
    m->after.updated_at = conn_now(c);
    char *json = m->deletes ? NULL : funnel_to_record(&m->after);
    if (!json && !m->deletes) {
        making_free(m);
        problem_reply(c, 503, NULL);
        return;
    }
    snprintf(target, sizeof target, "funnel:%s", m->after.id);
    audit_objects(&change, m->was ? funnel_to_audit(&m->before) : NULL, m->deletes ? NULL : funnel_to_audit(&m->after));
    struct store_audit audit = audit_of(c, action_of(m), target, &change);
    store_row_change(admin_of(c)->store, funnels_rows, m->after.id, m->was ? STORE_SAME : STORE_NEW, m->was, json,
                     &audit, save_done, m);
    audit_change_clear(&change);
    free(json);
}

/* --- its campaigns: a new step must be one that is there; of all of them the answer tells --- */

static void campaigns_done(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct making *m = ctx;
    struct conn *c = m->conn;
    struct field_errors errors = {.count = 0};
    if (r != STORE_OK) {
        refuse(m, r, PROBLEM_READING);
        return;
    }
    funnel_campaigns_take(&m->campaigns, rows, count);
    if (m->body)
        funnel_check_campaigns(&m->after, m->was ? &m->before : NULL, &m->campaigns, &errors);
    if (errors.count == 0 && m->body) {
        save(m);
        return;
    }
    if (errors.count > 0)
        problem_reply_fields(c, &errors);
    else
        answer(c, 200, &m->after, &m->campaigns, NULL);
    making_free(m);
}

/* With what the record is, and the body to be read into it. */
static void make(struct making *m)
{
    struct conn *c = m->conn;
    struct field_errors errors = {.count = 0};
    char slugs[FUNNEL_STEPS_MAX][CAMPAIGN_SLUG_MAX + 1];
    if (m->body)
        funnel_read(&m->after, m->body, !m->was, &errors);
    if (errors.count > 0) {
        making_free(m);
        problem_reply_fields(c, &errors);
        return;
    }
    for (size_t i = 0; i < m->after.step_count; i++)
        memcpy(slugs[i], m->after.steps[i].name, sizeof slugs[i]);
    store_campaigns_read(admin_of(c)->store, (const char(*)[CAMPAIGN_SLUG_MAX + 1]) slugs, m->after.step_count,
                         campaigns_done, m);
}

static void found(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct making *m = ctx;
    struct conn *c = m->conn;
    if (r == STORE_OK && !funnel_from_record(json, len, &m->before))
        r = STORE_BAD_REPLY;
    free(m->was);
    m->was = r == STORE_OK ? strndup(json, len) : NULL;
    if (r == STORE_OK && !m->was)
        r = STORE_UNAVAILABLE;
    if (r != STORE_OK) {
        refuse(m, r, PROBLEM_READING);
        return;
    }
    m->after = m->before;
    if ((m->body || m->deletes) && !change_matches(conn_request(c), m->before.version, &m->conditional)) {
        int64_t version = m->before.version;
        making_free(m);
        change_refuse_version(c, version);
        return;
    }
    if (m->deletes)
        save(m);
    else
        make(m);
}

static void find(struct making *m)
{
    char id[FUNNEL_ID + 1];
    if (funnels_read_id(m->conn, id))
        store_row_get(admin_of(m->conn)->store, funnels_rows, id, found, m);
    else
        making_free(m);
}

/* body: stolen. NULL: answered. */
static struct making *making_begin(struct conn *c, json_t *body)
{
    struct making *m = calloc(1, sizeof *m);
    if (!m) {
        json_decref(body);
        problem_reply(c, 503, NULL);
        return NULL;
    }
    m->conn = c;
    m->body = body;
    return m;
}

static struct making *making_begin_body(struct conn *c)
{
    static const char *const keys[] = {"title", "steps", "channels", NULL};
    struct field_errors errors;
    json_t *body = fields_read(c, keys, &errors);
    if (body && errors.count == 0)
        return making_begin(c, body);
    if (body)
        problem_reply_fields(c, &errors);
    json_decref(body);
    return NULL;
}

/* --- POST /funnels --- */

static void create_start(struct conn *c)
{
    struct making *m = making_begin_body(c);
    if (!m)
        return;
    funnel_begin(&m->after, conn_now(c));
    make(m);
}

void funnels_create(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, create_start);
}

/* --- GET, PATCH, DELETE /funnels/{id} --- */

static void show_start(struct conn *c)
{
    struct making *m = making_begin(c, NULL);
    if (m)
        find(m);
}

void funnels_show(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, show_start);
}

static void patch_start(struct conn *c)
{
    struct making *m = making_begin_body(c);
    if (m)
        find(m);
}

void funnels_patch(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, patch_start);
}

static void delete_start(struct conn *c)
{
    struct making *m = making_begin(c, NULL);
    if (!m)
        return;
    m->deletes = true;
    find(m);
}

void funnels_delete(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, delete_start);
}
