/* Errors as problem+json. Two const tables: what a status is called, and which status a storage result is. */
#include "problem.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "door.h"
#include "route.h"

static const struct {
    int status;
    const char *title;
    const char *detail; /* when whoever refuses says no more */
} statuses[] = {
    {400, "Bad Request", "The request is malformed."},
    {401, "Unauthorized", "A login or a token is needed: Authorization: Bearer TOKEN, or X-Api-Key: TOKEN."},
    {403, "Forbidden", "The role does not allow this."},
    {404, "Not Found", "There is nothing at this address."},
    {405, "Method Not Allowed", "The address does not take this method; the Allow header names those it takes."},
    {409, "Conflict", "It exists already."},
    {412, "Precondition Failed", "If-Match names another version than the current one."},
    {413, "Content Too Large", "The body is larger than this address takes."},
    {414, "URI Too Long", "The address is too long."},
    {415, "Unsupported Media Type", "The body must be JSON, with Content-Type: application/json."},
    {417, "Expectation Failed", "Only Expect: 100-continue is understood."},
    {422, "Unprocessable Content", "The request has errors; nothing was changed."},
    {431, "Request Header Fields Too Large", "The headers are too large."},
    {429, "Too Many Requests", "Too many attempts; wait as long as Retry-After says."},
    {500, "Internal Server Error", "The request failed."},
    {501, "Not Implemented", "The method is not known."},
    {503, "Service Unavailable", "The server cannot answer this now; try again soon."},
    {505, "HTTP Version Not Supported", "Only HTTP/1.0 and HTTP/1.1 are spoken."},
    {507, "Insufficient Storage", "The store has no space left; nothing was changed."},
};

static const struct {
    int status;
    const char *reading, *changing;
} store_results[STORE_RESULT_COUNT] = {
    [STORE_OK] = {500, "The request failed.", "The request failed."},
    [STORE_FULL] = {409, "No group is open.", "No group is open."},
    [STORE_NOT_FOUND] = {404, "There is no such campaign.", "There is no such campaign."},
    [STORE_CONFLICT] = {409, "It exists already.",
                        "It was changed by someone else at the same time; nothing was changed here."},
    [STORE_ALIAS_TAKEN] = {422, "An alias belongs to another campaign.",
                           "An alias belongs to another campaign; nothing was changed."},
    [STORE_STALE] = {409, "The seat is no longer kept.", "The seat is no longer kept."},
    [STORE_UNAVAILABLE] = {503, "The store cannot be reached; try again soon.",
                           "The store cannot be reached; nothing was changed. Try again soon."},
    [STORE_TIMEOUT] = {503, "The store did not answer in time; try again soon.",
                       "The store did not answer in time: the change may have been made. Read before trying again."},
    [STORE_BAD_REPLY] = {503, "The store's answer makes no sense; the server's log says more.",
                         "The store's answer makes no sense: the change may have been made. Read before trying again."},
    [STORE_LAST_OWNER] = {409, "The last owner stays.", "The last owner stays an owner, enabled; nothing was changed."},
    [STORE_NO_SPACE] = {507, "The store has no space left.", "The store has no space left; nothing was changed."},
    [STORE_TOO_LARGE] = {422, "That is more than can be read at once.",
                         "The campaigns are too large to be changed at once; nothing was changed."},
};

static size_t status_row(int status)
{
    size_t fallback = 0;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (statuses[i].status == status)
            return i;
        if (statuses[i].status == 500)
            fallback = i;
    }
    return fallback;
}

static json_t *errors_to_json(const struct field_errors *errors)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < errors->count; i++) {
        const struct field_error *e = &errors->list[i];
        if (json_array_append_new(list, json_pack("{s:s,s:s}", "field", e->field, "reason", e->reason)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static char *problem_text(int status, const char *title, const char *detail, const struct field_errors *errors)
{
    json_t *problem =
        json_pack("{s:s,s:s,s:i,s:s}", "type", "about:blank", "title", title, "status", status, "detail", detail);
    if (problem && errors && json_object_set_new(problem, "errors", errors_to_json(errors)) != 0) {
        json_decref(problem);
        return NULL;
    }
    char *text = problem ? json_dumps(problem, JSON_COMPACT) : NULL;
    json_decref(problem);
    return text;
}

/* seconds: of Retry-After; 0: as the status has it. */
static void send_problem(struct conn *c, int status, int seconds, const char *detail, const struct field_errors *errors)
{
    size_t row = status_row(status);
    char *body = problem_text(status, statuses[row].title, detail ? detail : statuses[row].detail, errors);
    const char *said = body ? body : "{}"; /* out of memory: the status alone must do */
    struct reply r;
    answer_begin(&r, c, status, "application/problem+json");
    if (status == 401)
        reply_header_text(&r, "WWW-Authenticate", "Bearer");
    if (status == 405) {
        char allow[64];
        reply_header_text(&r, "Allow", route_allow(conn_allowed(c), allow));
    }
    if (status == 503 || seconds) {
        char text[16];
        snprintf(text, sizeof text, "%d", seconds ? seconds : ADMIN_RETRY_AFTER);
        reply_header_text(&r, "Retry-After", text);
    }
    reply_end(&r, said, strlen(said));
    free(body);
}

void problem_reply(struct conn *c, int status, const char *detail)
{
    send_problem(c, status, 0, detail, NULL);
}

void problem_reply_later(struct conn *c, int status, int seconds, const char *detail)
{
    send_problem(c, status, seconds, detail, NULL);
}

void problem_reply_errors(struct conn *c, int status, const char *detail, const struct field_errors *errors)
{
    send_problem(c, status, 0, detail, errors);
}

void problem_reply_fields(struct conn *c, const struct field_errors *errors)
{
    if (errors->count == 0) {
        send_problem(c, 503, 0, "The server is out of memory; nothing was changed. Try again soon.", NULL);
        return;
    }
    if (errors->not_json) {
        send_problem(c, 400, 0, "The body is not JSON; nothing was changed.", errors);
        return;
    }
    char detail[96];
    size_t all = errors->count + errors->more;
    snprintf(detail, sizeof detail, "%zu %s%s; nothing was changed.", all, all == 1 ? "error" : "errors",
             errors->more ? ", of which the first are listed" : "");
    send_problem(c, 422, 0, detail, errors);
}

void problem_reply_store(struct conn *c, enum store_result r, enum problem_call call)
{
    enum store_result known = r < STORE_RESULT_COUNT ? r : STORE_BAD_REPLY;
    send_problem(c, store_results[known].status, 0,
                 call == PROBLEM_CHANGING ? store_results[known].changing : store_results[known].reading, NULL);
}

void problem_reply_alias(struct conn *c, const struct store_alias_taken *taken)
{
    struct field_errors errors = {.count = 0};
    char field[FIELD_NAME_MAX];
    snprintf(field, sizeof field, "aliases[%zu]", taken->position);
    field_errors_add(&errors, field, "belongs to the campaign %s", taken->owner);
    problem_reply_fields(c, &errors);
}

void problem_refuse(struct conn *c, int status)
{
    send_problem(c, status, 0, NULL, NULL);
}
