/* Where alerts are sent: list, create, change, delete, and trying one out. URL and secret never come back. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "answer.h"
#include "audit.h"
#include "auth.h"
#include "campaign_json_memory.h"
#include "fields.h"
#include "params.h"
#include "problem.h"
#include "routes.h"

static const struct store_rows destinations = {STORE_DESTINATIONS, NULL};
static const struct store_rows states = {STORE_DESTINATION_STATES, NULL};

static const char *const keys[] = {"kind", "name", "language", "enabled",  "quiet", "timezone", "url", "secret",
                                   "chat", "host", "port",     "security", "user",  "from",     "to",  NULL};

static const char no_destination[] = "There is no such destination.";

static void none(struct conn *c)
{
    problem_reply(c, 404, no_destination);
}

static bool may_be_plain(struct conn *c)
{
    return admin_of(c)->config->alert_private_hosts.count > 0;
}

/* --- GET: first how sending went, then the records --- */

static json_t *shown(const struct destination *d, const json_t *state)
{
    json_t *object = destination_to_api(d), *last = json_null();
    char date[32];
    if (json_is_object(state)) {
        date_to_text(alert_record_number(state, "at"), date);
        last = json_pack("{s:s,s:O,s:O,s:O}", "at", date, "delivered", json_object_get(state, "delivered"), "status",
                         json_object_get(state, "status"), "detail", json_object_get(state, "detail"));
    }
    if (object)
        json_object_set_new(object, "last", last ? last : json_null());
    else
        json_decref(last);
    return object;
}

static void records_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    struct span id = conn_segment(c, 0);
    struct destination d;
    json_t *rows = r == STORE_OK ? json_array() : NULL;
    for (size_t i = 0; rows && i < count; i++)
        if (destination_from_record(json[i], len[i], &d) && (!id.at || span_is(id, d.id)))
            json_array_append_new(rows, shown(&d, json_object_get(q->uses, d.id)));
    sodium_memzero(&d, sizeof d);
    json_decref(q->uses);
    q->uses = NULL;
    if (r != STORE_OK)
        problem_reply_store(c, r, PROBLEM_READING);
    else if (id.at)
        fields_answer_only(c, rows, no_destination);
    else
        fields_answer_page(c, rows, "id");
}

static void states_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct conn *c = ctx;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    request_of(c)->uses = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *state = json_memory_load(json[i], len[i], 0, NULL);
        const char *id = json_string_value(json_object_get(state, "id"));
        if (id)
            json_object_set(request_of(c)->uses, id, state);
        json_decref(state);
    }
    store_row_list(admin_of(c)->store, destinations, records_done, c);
}

static void list_start(struct conn *c)
{
    if (fields_page_good(c))
        store_row_list(admin_of(c)->store, states, states_done, c);
}

void destinations_list(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, list_start);
}

/* --- POST, PATCH, DELETE --- */

/* A change under way. */
struct destination_job {
    struct conn *conn;
    struct destination now;
    json_t *body; /* PATCH */
    char *was;    /* the record; PATCH and DELETE */
    int status;   /* of the answer */
};

static void job_free(struct destination_job *job)
{
    if (job->was)
        sodium_memzero(job->was, strlen(job->was));
    free(job->was);
    json_decref(job->body);
    sodium_memzero(job, sizeof *job);
    free(job);
}

static struct destination_job *job_new(struct conn *c, int status)
{
    struct destination_job *job = calloc(1, sizeof *job);
    if (job) {
        job->conn = c;
        job->status = status;
    } else {
        problem_reply(c, 503, NULL);
    }
    return job;
}

static void change_done(void *ctx, enum store_result r)
{
    struct destination_job *job = ctx;
    struct conn *c = job->conn;
    alerts_reload(admin_of(c)->alerts);
    if (r == STORE_STALE)
        problem_reply(c, 409, "Somebody has changed it meanwhile; look at it, and try again.");
    else if (r == STORE_NOT_FOUND)
        none(c);
    else if (r == STORE_NO_SPACE)
        problem_reply(c, 409, "There are too many destinations; delete some.");
    else if (r != STORE_OK)
        problem_reply_store(c, r, PROBLEM_CHANGING);
    else if (job->status == 204)
        answer_nothing(c);
    else
        fields_answer(c, job->status, shown(&job->now, NULL), NULL);
    job_free(job);
}

static void put(struct destination_job *job, const struct destination *was, const char *action)
{
    struct conn *c = job->conn;
    bool deletes = job->status == 204;
    char target[AUDIT_TARGET_MAX];
    struct audit_change change = {NULL, NULL};
    char *record = deletes ? NULL : destination_to_record(&job->now);
    if (!deletes && (!record || strlen(record) > STORE_ROW_MAX)) {
        problem_reply(c, record ? 413 : 503, NULL);
        free(record);
        job_free(job);
        return;
    }
    snprintf(target, sizeof target, "alert-destination:%s", job->now.id);
    json_t *before = was ? destination_to_api(was) : NULL, *after = deletes ? NULL : destination_to_api(&job->now);
    if (was && (strcmp(was->url, job->now.url) != 0 || strcmp(was->secret, job->now.secret) != 0))
        json_object_set_new(after, "secrets", json_string("new")); /* that they are others, not which */
    audit_objects(&change, before, after);
    struct store_audit audit = audit_of(c, action, target, &change);
    store_row_change(admin_of(c)->store, destinations, job->now.id, job->was ? STORE_SAME : STORE_NEW, job->was, record,
                     &audit, change_done, job);
    audit_change_clear(&change);
    free(record);
}

static void create_start(struct conn *c)
{
    struct field_errors errors;
    unsigned char bytes[(DESTINATION_ID - 1) / 2];
    json_t *body = fields_read(c, keys, &errors);
    struct destination_job *job = body ? job_new(c, 201) : NULL;
    if (job) {
        destination_patch(&job->now, body, true, may_be_plain(c), &errors);
        randombytes_buf(bytes, sizeof bytes);
        sodium_bin2hex(job->now.id, sizeof job->now.id, bytes, sizeof bytes);
    }
    json_decref(body);
    if (!job)
        return;
    if (errors.count) {
        job_free(job);
        problem_reply_fields(c, &errors);
    } else {
        put(job, NULL, "alert-destination.create");
    }
}

void destinations_create(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, create_start);
}

static void change_found(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct destination_job *job = ctx;
    struct conn *c = job->conn;
    struct destination was;
    struct field_errors errors = {.count = 0};
    if (r != STORE_OK || !destination_from_record(json, len, &was)) {
        if (r == STORE_NOT_FOUND)
            none(c);
        else
            problem_reply_store(c, r == STORE_OK ? STORE_BAD_REPLY : r, PROBLEM_READING);
        job_free(job);
        return;
    }
    job->was = strndup(json, len);
    job->now = was;
    if (job->body)
        destination_patch(&job->now, job->body, false, may_be_plain(c), &errors);
    if (errors.count) {
        job_free(job);
        problem_reply_fields(c, &errors);
    } else {
        put(job, &was, job->body ? "alert-destination.change" : "alert-destination.delete");
    }
    sodium_memzero(&was, sizeof was);
}

/* The id of the path; false: 404 is answered. */
static bool read_id(struct conn *c, char id[DESTINATION_ID])
{
    long len = span_decode(conn_segment(c, 0), false, id, DESTINATION_ID);
    if (len == DESTINATION_ID - 1)
        return true;
    none(c);
    return false;
}

static void change_begin(struct conn *c, json_t *body)
{
    char id[DESTINATION_ID];
    struct destination_job *job = read_id(c, id) ? job_new(c, body ? 200 : 204) : NULL;
    if (!job) {
        json_decref(body);
        return;
    }
    job->body = body;
    store_row_get(admin_of(c)->store, destinations, id, change_found, job);
}

static void patch_start(struct conn *c)
{
    struct field_errors errors;
    json_t *body = fields_read(c, keys, &errors);
    if (!body)
        return;
    if (errors.count == 0) {
        change_begin(c, body);
        return;
    }
    json_decref(body);
    problem_reply_fields(c, &errors);
}

void destinations_patch(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, patch_start);
}

static void delete_start(struct conn *c)
{
    change_begin(c, NULL);
}

void destinations_delete(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, delete_start);
}

/* --- POST .../test: what the other side says --- */

static void test_answered(void *ctx, const struct letter_answer *a)
{
    fields_answer(ctx, 200,
                  json_pack("{s:b,s:b,s:i,s:s}", "delivered", a->delivered, "permanent", a->permanent, "status",
                            a->status, "detail", a->text),
                  NULL);
}

static void test_found(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    struct alerts *s = admin_of(c)->alerts;
    struct destination d;
    static const struct alert_news news = {.event = ALERT_TEST,
                                           .slug = "",
                                           .title = "",
                                           .group = "",
                                           .group_name = "",
                                           .server = "",
                                           .link = "",
                                           .owner_link = ""};
    unsigned char bytes[8];
    char id[32] = "test-", hex[2 * sizeof bytes + 1];
    if (r != STORE_OK || !destination_from_record(json, len, &d)) {
        if (r == STORE_NOT_FOUND)
            none(c);
        else
            problem_reply_store(c, r == STORE_OK ? STORE_BAD_REPLY : r, PROBLEM_READING);
        return;
    }
    randombytes_buf(bytes, sizeof bytes);
    snprintf(id, sizeof id, "test-%s", sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes));
    struct letter *l = letter_new(&d, &news, id, "{\"kind\":\"test\"}", NULL, alerts_now(s));
    sodium_memzero(&d, sizeof d);
    if (!l || !sender_send(s->sender, l, test_answered, c))
        problem_reply(c, 503, "Much is being sent; try again in a moment.");
}

static void test_start(struct conn *c)
{
    char id[DESTINATION_ID];
    if (read_id(c, id))
        store_row_get(admin_of(c)->store, destinations, id, test_found, c);
}

void destinations_test(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, test_start);
}
