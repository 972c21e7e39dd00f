/* GET /audit: the log of changes, the latest first, by who, action, target and time. */
#include <jansson.h>
#include <string.h>

#include "answer.h"
#include "audit.h"
#include "auth.h"
#include "fields.h"
#include "params.h"
#include "problem.h"
#include "routes.h"

/* Texts of a query; what is not given is "". */
struct log_query {
    char who[AUTH_WHO_MAX + 1], action[64], target[AUDIT_TARGET_MAX], from[40], to[40];
    struct fields_page page;
};

static void read_text(struct span query, const char *name, char *out, size_t size, struct field_errors *errors)
{
    if (!request_parameter_given(errors, name, query_get(query, name, out, size)))
        out[0] = '\0';
}

/* A date with its offset, or a day, which begins at midnight UTC; 0: not given. */
static int64_t read_moment(const char *name, const char *text, struct field_errors *errors)
{
    char whole[48];
    int64_t at = 0;
    if (!text[0])
        return 0;
    snprintf(whole, sizeof whole, "%s%s", text, strlen(text) == 10 ? "T00:00:00Z" : "");
    if (!date_from_text(whole, strlen(whole), &at) || at < 0)
        field_errors_add(errors, name, "must be a day, as 2026-11-29, or a date with its offset");
    return at * 1000;
}

static json_t *parsed(const char *text)
{
    json_t *object = text[0] ? json_loads(text, 0, NULL) : NULL;
    return object ? object : json_null();
}

static json_t *to_api(const struct store_audit_row *row)
{
    char date[32];
    date_to_text(row->at_ms / 1000, date);
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o}", "id", row->id, "at", date, "who", row->audit.who, "action",
                     row->audit.action, "target", row->audit.target, "from", row->audit.from, "before",
                     parsed(row->audit.before), "after", parsed(row->audit.after));
}

static void list_done(void *ctx, enum store_result r, const struct store_audit_row *rows, size_t count,
                      const char *next, int64_t total)
{
    struct conn *c = ctx;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    json_t *data = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = to_api(&rows[i]);
        if (row)
            json_array_append_new(data, row);
    }
    fields_answer(c, 200,
                  json_pack("{s:o,s:o,s:I}", "data", data, "next", next[0] ? json_string(next) : json_null(), "total",
                            (json_int_t)total),
                  NULL);
}

static void list_start(struct conn *c)
{
    struct span query = conn_request(c)->query;
    struct log_query l;
    struct field_errors errors = {.count = 0};
    read_text(query, "who", l.who, sizeof l.who, &errors);
    read_text(query, "action", l.action, sizeof l.action, &errors);
    read_text(query, "target", l.target, sizeof l.target, &errors);
    read_text(query, "from", l.from, sizeof l.from, &errors);
    read_text(query, "to", l.to, sizeof l.to, &errors);
    fields_read_page(query, &l.page, &errors);
    struct store_audit_query q = {
        .who = l.who,
        .action = l.action,
        .target = l.target,
        .from_ms = read_moment("from", l.from, &errors),
        .to_ms = read_moment("to", l.to, &errors),
        .cursor = l.page.cursor,
        .limit = l.page.limit,
    };
    size_t len = strlen(l.page.cursor);
    if (len >= STORE_AUDIT_ID_MAX || strspn(l.page.cursor, "0123456789-") != len)
        field_errors_add(&errors, "cursor", "must be a `next` of an earlier page");
    if (errors.count)
        problem_reply_fields(c, &errors);
    else
        store_audit_list(admin_of(c)->store, &q, list_done, c);
}

void audit_list(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, list_start);
}
