/* See fields.h. */
#include "fields.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "auth.h"
#include "campaign_json_memory.h"
#include "change.h"
#include "params.h"
#include "problem.h"
#include "token_record.h"

json_t *fields_read(struct conn *c, const char *const *keys, struct field_errors *errors)
{
    struct span body = conn_body(c);
    json_error_t why;
    errors->count = errors->more = 0;
    errors->not_json = false;
    if (!change_takes_type(c, false))
        return NULL;
    json_t *object = json_memory_load(body.at, body.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!object && json_memory_failed()) {
        problem_reply_fields(c, errors);
        return NULL;
    }
    if (!object) {
        errors->not_json = true;
        field_errors_add(errors, "body", "line %d, column %d: %s", why.line, why.column, why.text);
    } else if (!json_is_object(object)) {
        field_errors_add(errors, "body", "must be an object");
    }
    if (errors->count) {
        json_decref(object);
        problem_reply_fields(c, errors);
        return NULL;
    }
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        bool known = false;
        for (size_t i = 0; keys[i]; i++)
            known = known || strcmp(keys[i], key) == 0;
        if (!known)
            field_errors_add(errors, key, "is not a field that this takes");
    }
    return object;
}

bool fields_given(const json_t *body, const char *key)
{
    return json_object_get(body, key) != NULL;
}

const char *fields_text(const json_t *body, const char *key, struct field_errors *errors)
{
    const json_t *value = json_object_get(body, key);
    if (!value)
        field_errors_add(errors, key, "is required");
    else if (!json_is_string(value))
        field_errors_add(errors, key, "must be a text");
    return json_string_value(value);
}

enum auth_role fields_role(const json_t *body, struct field_errors *errors)
{
    const char *text = fields_text(body, "role", errors);
    enum auth_role role = text ? token_role_from_name(text) : AUTH_NOBODY;
    if (text && role == AUTH_NOBODY)
        field_errors_add(errors, "role", "must be owner, admin, editor or viewer");
    return role;
}

int64_t fields_expiry(const json_t *body, const char *key, int64_t now, struct field_errors *errors)
{
    const json_t *value = json_object_get(body, key);
    int64_t at = 0;
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_string(value) || !date_from_text(json_string_value(value), json_string_length(value), &at))
        field_errors_add(errors, key, "must be a date with its offset, as 2026-11-29T14:20:00+08:00, or null");
    else if (at <= now)
        field_errors_add(errors, key, "must be in the future");
    return at;
}

/* --- lists --- */

void fields_read_page(struct span query, struct fields_page *p, struct field_errors *errors)
{
    char limit[8];
    long len = query_get(query, "limit", limit, sizeof limit), n = 0;
    p->limit = ADMIN_LIST_DEFAULT;
    if (len >= 0 && strspn(limit, "0123456789") == (size_t)len)
        n = strtol(limit, NULL, 10);
    if (len == -1 || (len >= 0 && (n < 1 || n > STORE_PAGE_MAX)))
        field_errors_add(errors, "limit", "must be an integer from 1 to %d", (int)STORE_PAGE_MAX);
    else if (request_parameter_given(errors, "limit", len))
        p->limit = (int)n;
    if (!request_parameter_given(errors, "cursor", query_get(query, "cursor", p->cursor, sizeof p->cursor)))
        p->cursor[0] = '\0';
}

void fields_answer(struct conn *c, int status, json_t *object, const char *location)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    answer_json(c, status, text, text ? strlen(text) : 0, 0, location);
}

struct sorted_row {
    const char *by;
    json_t *row;
};

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const struct sorted_row *)a)->by, ((const struct sorted_row *)b)->by);
}

/* Rows behind the cursor, at most limit, and the cursor of what follows. */
static json_t *cut_page(struct sorted_row *sorted, size_t count, const struct fields_page *p)
{
    json_t *data = json_array();
    size_t at = 0, begin;
    while (at < count && p->cursor[0] && strcmp(sorted[at].by, p->cursor) <= 0)
        at++;
    for (begin = at; at < count && at - begin < (size_t)p->limit; at++)
        json_array_append(data, sorted[at].row);
    json_t *next = at < count && at > begin ? json_string(sorted[at - 1].by) : json_null();
    return json_pack("{s:o,s:o,s:I}", "data", data, "next", next, "total", (json_int_t)count);
}

bool fields_page_good(struct conn *c)
{
    struct fields_page page;
    struct field_errors errors = {.count = 0};
    fields_read_page(conn_request(c)->query, &page, &errors);
    if (errors.count)
        problem_reply_fields(c, &errors);
    return errors.count == 0;
}

void fields_answer_page(struct conn *c, json_t *rows, const char *key)
{
    struct fields_page asked;
    struct field_errors errors = {.count = 0}; /* there are none: see fields_page_good */
    fields_read_page(conn_request(c)->query, &asked, &errors);
    size_t count = json_array_size(rows);
    struct sorted_row *sorted = rows ? calloc(count + 1, sizeof *sorted) : NULL;
    json_t *page = NULL;
    if (sorted) {
        for (size_t i = 0; i < count; i++) {
            json_t *row = json_array_get(rows, i);
            sorted[i] = (struct sorted_row){json_string_value(json_object_get(row, key)), row};
        }
        qsort(sorted, count, sizeof *sorted, compare_rows);
        page = cut_page(sorted, count, &asked);
    }
    fields_answer(c, 200, page, NULL);
    free(sorted);
    json_decref(rows);
}

void fields_answer_only(struct conn *c, json_t *rows, const char *none)
{
    json_t *row = json_incref(json_array_get(rows, 0));
    if (rows && !row)
        problem_reply(c, 404, none);
    else
        fields_answer(c, 200, row, NULL);
    json_decref(rows);
}
