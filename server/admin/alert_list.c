/* GET /alerts: what was told, the latest first; and what the rules are set to, for all campaigns and for one. */
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

static const struct store_rows settings_rows = {STORE_ALERT_SETTINGS, NULL};

/* --- GET /alerts --- */

enum wanted { WANTED_ALL, WANTED_OPEN, WANTED_OVER };

static enum wanted read_state(struct conn *c, struct field_errors *errors)
{
    char text[8];
    long len = query_get(conn_request(c)->query, "state", text, sizeof text);
    if (!request_parameter_given(errors, "state", len))
        return WANTED_ALL;
    if (strcmp(text, "open") != 0 && strcmp(text, "over") != 0)
        field_errors_add(errors, "state", "must be open or over");
    return strcmp(text, "open") == 0 ? WANTED_OPEN : WANTED_OVER;
}

static int64_t number_of(const json_t *record)
{
    const char *id = json_string_value(json_object_get(record, "id"));
    return id ? strtoll(id, NULL, 10) : 0;
}

static int later_first(const void *a, const void *b)
{
    int64_t x = number_of(*(json_t *const *)a), y = number_of(*(json_t *const *)b);
    return (x < y) - (x > y);
}

/* Records of the wanted state, the latest first; returns how many. Each is the caller's. */
static size_t read_records(const char *const *json, const size_t *len, size_t count, enum wanted wanted, json_t **ret)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        json_t *record = json_memory_load(json[i], len[i], 0, NULL);
        if (record && (wanted == WANTED_ALL || alert_record_is_open(record) == (wanted == WANTED_OPEN)))
            ret[n++] = record;
        else
            json_decref(record);
    }
    qsort(ret, n, sizeof(json_t *), later_first);
    return n;
}

static json_t *page_of(json_t **records, size_t count, const struct fields_page *page)
{
    json_t *data = json_array(), *next = json_null();
    int64_t before = page->cursor[0] ? strtoll(page->cursor, NULL, 10) : INT64_MAX, last = 0;
    for (size_t i = 0; i < count; i++) {
        if (number_of(records[i]) >= before)
            continue;
        if (json_array_size(data) == (size_t)page->limit) {
            next = json_sprintf("%lld", (long long)last);
            break;
        }
        json_array_append_new(data, alert_record_to_api(records[i]));
        last = number_of(records[i]);
    }
    return json_pack("{s:o,s:o,s:I}", "data", data, "next", next, "total", (json_int_t)count);
}

static void list_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct conn *c = ctx;
    struct fields_page page;
    struct field_errors errors = {.count = 0};
    json_t **records = r == STORE_OK ? calloc(count + 1, sizeof(json_t *)) : NULL;
    if (!records) {
        problem_reply_store(c, r == STORE_OK ? STORE_UNAVAILABLE : r, PROBLEM_READING);
        return;
    }
    fields_read_page(conn_request(c)->query, &page, &errors);
    size_t n = read_records(json, len, count, read_state(c, &errors), records);
    json_t *answer = page_of(records, n, &page);
    for (size_t i = 0; i < n; i++)
        json_decref(records[i]);
    free(records);
    fields_answer(c, 200, answer, NULL);
}

static void list_start(struct conn *c)
{
    struct fields_page page;
    struct field_errors errors = {.count = 0};
    fields_read_page(conn_request(c)->query, &page, &errors);
    read_state(c, &errors);
    if (page.cursor[0] && strspn(page.cursor, "0123456789") != strlen(page.cursor))
        field_errors_add(&errors, "cursor", "must be a `next` of an earlier page");
    if (errors.count)
        problem_reply_fields(c, &errors);
    else
        store_alert_list(admin_of(c)->store, list_done, c);
}

void alerts_list(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, list_start);
}

/* --- settings: a row by campaign ("*" of all), with what it says only --- */

/* Whose settings: slug "" means all. `own` is the row, NULL if there is none; owned by the request. */
struct settings_job {
    struct conn *conn;
    const char *name;
    char *was;
    json_t *body;
    bool deletes;
};

static void job_free(struct settings_job *job)
{
    free(job->was);
    json_decref(job->body);
    free(job);
}

/* As they count, and of a campaign what it sets itself. */
static json_t *settings_shown(struct conn *c, const json_t *row)
{
    const struct admin_request *q = request_of(c);
    struct alert_settings s = q->slug[0] ? admin_of(c)->alerts->settings : alert_settings_default;
    struct field_errors errors = {.count = 0};
    json_t *own = json_array();
    if (row)
        alert_settings_patch(&s, row, &errors);
    for (int i = 0; alert_settings_keys[i]; i++)
        if (json_object_get(row, alert_settings_keys[i]))
            json_array_append_new(own, json_string(alert_settings_keys[i]));
    json_t *shown = alert_settings_to_json(&s);
    if (q->slug[0]) {
        json_object_del(shown, "store_seconds");
        json_object_set_new(shown, "campaign", json_string(q->slug));
        json_object_set_new(shown, "own", own);
    } else {
        json_decref(own);
    }
    return shown;
}

static void settings_read(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    json_t *row = r == STORE_OK ? json_memory_load(json, len, 0, NULL) : NULL;
    if (r == STORE_OK || r == STORE_NOT_FOUND)
        fields_answer(c, 200, settings_shown(c, row), NULL);
    else
        problem_reply_store(c, r, PROBLEM_READING);
    json_decref(row);
}

static const char *row_name(struct conn *c)
{
    return request_of(c)->slug[0] ? request_of(c)->slug : "*";
}

static void campaign_read(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct conn *c = ctx;
    (void)sc;
    if (r == STORE_OK)
        request_of(c)->then(c);
    else
        problem_reply_store(c, r, PROBLEM_READING);
}

/* Goes on when the campaign of the path is there, or none is named. */
static void require_campaign(struct conn *c, void (*then)(struct conn *c))
{
    request_of(c)->then = then;
    if (!conn_segment(c, 0).at)
        then(c);
    else if (request_read_slug(c))
        store_campaign_read(admin_of(c)->store, request_of(c)->slug, campaign_read, c);
}

static void show_found(struct conn *c)
{
    store_row_get(admin_of(c)->store, settings_rows, row_name(c), settings_read, c);
}

static void show_start(struct conn *c)
{
    require_campaign(c, show_found);
}

void alert_settings_show(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, show_start);
}

static void change_done(void *ctx, enum store_result r)
{
    struct settings_job *job = ctx;
    struct conn *c = job->conn;
    alerts_reload(admin_of(c)->alerts);
    if (r == STORE_STALE || r == STORE_CONFLICT || r == STORE_NOT_FOUND)
        problem_reply(c, 409, "Somebody has changed the settings meanwhile; look at them, and try again.");
    else if (r != STORE_OK)
        problem_reply_store(c, r, PROBLEM_CHANGING);
    else if (job->deletes)
        answer_nothing(c);
    else
        fields_answer(c, 200, settings_shown(c, job->body), NULL);
    job_free(job);
}

/* What a body gives replaces what the row has; null takes it out, so that the default or that of all counts again. */
static json_t *merged(const json_t *row, const json_t *body, const char *name)
{
    json_t *now = row ? json_deep_copy(row) : json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)body, key, value)
    {
        if (json_is_null(value))
            json_object_del(now, key);
        else
            json_object_set(now, key, value);
    }
    json_object_set_new(now, "campaign", json_string(name));
    return now;
}

static void change_row(struct settings_job *job, json_t *row)
{
    struct conn *c = job->conn;
    char target[AUDIT_TARGET_MAX] = "alerts";
    struct audit_change change = {NULL, NULL};
    json_t *now = job->deletes ? NULL : merged(row, job->body, job->name);
    char *text = now ? json_dumps(now, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (request_of(c)->slug[0])
        audit_target_campaign(c, target);
    json_decref(job->body);
    job->body = json_incref(now);
    audit_objects(&change, row, now);
    struct store_audit audit = audit_of(c, "alert-settings.change", target, &change);
    store_row_change(admin_of(c)->store, settings_rows, job->name, job->was ? STORE_SAME : STORE_NEW, job->was, text,
                     &audit, change_done, job);
    audit_change_clear(&change);
    free(text);
}

static void change_found(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct settings_job *job = ctx;
    struct conn *c = job->conn;
    if (r != STORE_OK && r != STORE_NOT_FOUND) {
        problem_reply_store(c, r, PROBLEM_READING);
        job_free(job);
        return;
    }
    if (r == STORE_NOT_FOUND && job->deletes) {
        answer_nothing(c);
        job_free(job);
        return;
    }
    job->was = r == STORE_OK ? strndup(json, len) : NULL;
    change_row(job, r == STORE_OK ? json_memory_load(json, len, 0, NULL) : NULL);
}

static void change_begin(struct conn *c, json_t *body)
{
    struct settings_job *job = calloc(1, sizeof *job);
    if (!job) {
        json_decref(body);
        problem_reply(c, 503, NULL);
        return;
    }
    *job = (struct settings_job){.conn = c, .name = row_name(c), .body = body, .deletes = !body};
    store_row_get(admin_of(c)->store, settings_rows, job->name, change_found, job);
}

static void patch_found(struct conn *c)
{
    struct field_errors errors;
    struct alert_settings s = alert_settings_default;
    json_t *body = fields_read(c, alert_settings_keys, &errors);
    if (!body)
        return;
    alert_settings_patch(&s, body, &errors);
    if (request_of(c)->slug[0] && fields_given(body, "store_seconds"))
        field_errors_add(&errors, "store_seconds", "is not a campaign's");
    if (errors.count == 0) {
        change_begin(c, body);
        return;
    }
    json_decref(body);
    problem_reply_fields(c, &errors);
}

static void patch_start(struct conn *c)
{
    require_campaign(c, patch_found);
}

void alert_settings_change(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, patch_start);
}

static void delete_found(struct conn *c)
{
    change_begin(c, NULL);
}

static void delete_start(struct conn *c)
{
    require_campaign(c, delete_found);
}

void alert_settings_delete(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, delete_start);
}
