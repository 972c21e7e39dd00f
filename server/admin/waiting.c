/* The waiting list of a campaign: shown page by page, taken along as CSV, forgotten. What visitors left is theirs: it
 * is for editors and up. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "audit.h"
#include "auth.h"
#include "change.h"
#include "csv.h"
#include "params.h"
#include "problem.h"
#include "routes.h"

static const char *const state_words[] = {
    [STORE_WAITS] = "waiting", [STORE_PROMISED] = "promised", [STORE_MISSED] = "missed", [STORE_IN] = "in"};

/* --- GET /campaigns/{slug}/waiting --- */

/* A name of an entry: digits; false: it is none. */
static bool read_number(const char *text, long len, int64_t *number)
{
    if (len <= 0 || len > 15 || strspn(text, "0123456789") != (size_t)len)
        return false;
    *number = strtoll(text, NULL, 10);
    return *number > 0;
}

static json_t *row_json(const struct store_waiting *w)
{
    char id[24], joined[32], until[32];
    bool waits = w->state == STORE_WAITS, promised = w->state == STORE_PROMISED;
    date_to_text(w->joined_at, joined);
    date_to_text(w->promised_until, until);
    snprintf(id, sizeof id, "%" PRId64, w->number);
    return json_pack("{s:s, s:s, s:o, s:s, s:s?, s:s, s:s?, s:s?}", "id", id, "name", w->name, "place",
                     waits ? json_integer(w->before + 1) : json_null(), "state", state_words[w->state], "channel",
                     w->channel[0] ? w->channel : NULL, "joined_at", joined, "group", w->group[0] ? w->group : NULL,
                     "promised_until", promised ? until : NULL);
}

static json_t *page_json(const struct store_waiting_page *page, int limit)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < page->count; i++) {
        if (json_array_append_new(rows, row_json(&page->rows[i])) != 0) {
            json_decref(rows);
            return NULL;
        }
    }
    char next[24] = "";
    if (page->count == (size_t)limit)
        snprintf(next, sizeof next, "%" PRId64, page->rows[page->count - 1].number);
    return json_pack("{s:o, s:s?, s:I, s:I}", "data", rows, "next", next[0] ? next : NULL, "total",
                     (json_int_t)page->total, "waiting", (json_int_t)page->waiting);
}

static void list_done(void *ctx, enum store_result r, const struct store_waiting_page *page)
{
    struct conn *c = ctx;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    json_t *json = page_json(page, request_of(c)->limit);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    answer_json(c, 200, text, text ? strlen(text) : 0, 0, NULL);
}

/* --- the same as CSV: all of it, page after page --- */

struct csv_job {
    struct conn *conn;
    FILE *out;
    char *text;
    size_t len;
};

static void put_row(FILE *out, const struct store_waiting *w)
{
    char joined[32];
    date_to_text(w->joined_at, joined);
    fprintf(out, "%" PRId64 ",", w->number);
    csv_put_cell(out, w->name);
    fprintf(out, ",%s,%s,%s,%s\r\n", state_words[w->state], w->channel, joined, w->group);
}

static void csv_finish(struct csv_job *job, enum store_result r)
{
    struct conn *c = job->conn;
    bool good = fclose(job->out) == 0;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
    } else if (!good) {
        problem_reply(c, 503, NULL);
    } else {
        struct reply reply;
        char name[CAMPAIGN_SLUG_MAX + 64];
        snprintf(name, sizeof name, "attachment; filename=\"%s-waiting.csv\"", request_of(c)->slug);
        answer_begin(&reply, c, 200, "text/csv; charset=utf-8");
        reply_header_text(&reply, "Content-Disposition", name);
        reply_end(&reply, job->text, job->len);
    }
    free(job->text);
    free(job);
}

static void csv_done(void *ctx, enum store_result r, const struct store_waiting_page *page)
{
    struct csv_job *job = ctx;
    struct conn *c = job->conn;
    for (size_t i = 0; r == STORE_OK && i < page->count; i++)
        put_row(job->out, &page->rows[i]);
    if (r == STORE_OK && page->count == STORE_PAGE_MAX)
        store_waiting_list(admin_of(c)->store, request_of(c)->slug, page->rows[page->count - 1].number, STORE_PAGE_MAX,
                           csv_done, job);
    else
        csv_finish(job, r);
}

static void csv_start(struct conn *c)
{
    struct csv_job *job = calloc(1, sizeof *job);
    if (job)
        job->out = open_memstream(&job->text, &job->len);
    if (!job || !job->out) {
        free(job);
        problem_reply(c, 503, NULL);
        return;
    }
    job->conn = c;
    /* Excel takes a file without the mark for the system's old encoding, and Chinese names for rubbish. */
    fputs("\xef\xbb\xbfid,name,state,channel,joined_at,group\r\n", job->out);
    store_waiting_list(admin_of(c)->store, request_of(c)->slug, 0, STORE_PAGE_MAX, csv_done, job);
}

static void list_start(struct conn *c)
{
    struct field_errors errors = {.count = 0};
    struct span query = conn_request(c)->query;
    char cursor[16], format[8] = "json";
    int64_t after = 0;
    if (!request_read_slug(c))
        return;
    request_read_limit(c, &errors);
    long len = query_get(query, "cursor", cursor, sizeof cursor);
    if (request_parameter_given(&errors, "cursor", len) && !read_number(cursor, len, &after))
        field_errors_add(&errors, "cursor", "must be a `next` of an earlier page");
    len = query_get(query, "format", format, sizeof format);
    if (request_parameter_given(&errors, "format", len) && strcmp(format, "json") != 0 && strcmp(format, "csv") != 0)
        field_errors_add(&errors, "format", "must be json or csv");
    if (errors.count > 0)
        problem_reply_fields(c, &errors);
    else if (strcmp(format, "csv") == 0)
        csv_start(c);
    else
        store_waiting_list(admin_of(c)->store, request_of(c)->slug, after, request_of(c)->limit, list_done, c);
}

void waiting_list(struct conn *c)
{
    auth_require(c, AUTH_EDITOR, list_start);
}

/* --- DELETE /campaigns/{slug}/waiting, DELETE /campaigns/{slug}/waiting/{id} --- */

static void delete_done(void *ctx, enum store_result r)
{
    struct conn *c = ctx;
    if (r == STORE_OK) {
        change_log(c, request_of(c)->slug, "waiting list entries deleted", 0);
        answer_nothing(c);
    } else if (r == STORE_NOT_FOUND) {
        problem_reply(c, 404, "There is no such entry, or no such campaign.");
    } else {
        problem_reply_store(c, r, PROBLEM_CHANGING);
    }
}

static void delete_start(struct conn *c)
{
    struct span segment = conn_segment(c, 1);
    char text[24];
    int64_t number = 0;
    if (!request_read_slug(c))
        return;
    if (segment.len && !read_number(text, span_decode(segment, false, text, sizeof text), &number)) {
        delete_done(c, STORE_NOT_FOUND);
        return;
    }
    char target[AUDIT_TARGET_MAX];
    audit_target_campaign(c, target);
    struct store_audit audit = audit_of(c, number ? "waiting.delete" : "waiting.clear", target, NULL);
    store_waiting_delete(admin_of(c)->store, request_of(c)->slug, number, &audit, delete_done, c);
}

void waiting_delete(struct conn *c)
{
    auth_require(c, AUTH_EDITOR, delete_start);
}
