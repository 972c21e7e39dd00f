/* API tokens: list, create, show, delete. A token is shown once, when it is made. Only owners come here. */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "audit.h"
#include "auth.h"
#include "fields.h"
#include "params.h"
#include "problem.h"
#include "routes.h"
#include "token_record.h"

static const struct store_rows tokens = {STORE_TOKENS, NULL};

static void set_date(json_t *object, const char *key, int64_t at)
{
    char date[32];
    date_to_text(at, date);
    json_object_set_new(object, key, at ? json_string(date) : json_null());
}

/* last_used: NULL never. */
static json_t *to_api(const struct token_record *t, const char *last_used)
{
    json_t *object = json_pack("{s:s,s:s,s:s}", "id", t->id, "name", t->name, "role", auth_role_name(t->role));
    set_date(object, "created_at", t->created_at);
    set_date(object, "expires_at", t->expires_at);
    json_object_set_new(object, "last_used", last_used ? json_string(last_used) : json_null());
    return object;
}

/* --- GET /tokens, GET /tokens/{id}: first when they were used, then the records --- */

static void uses_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count);
static void records_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count);

static void list_start(struct conn *c)
{
    if (fields_page_good(c))
        store_token_uses(admin_of(c)->store, uses_done, c);
}

void tokens_list(struct conn *c)
{
    auth_require(c, AUTH_OWNER, list_start);
}

static void show_start(struct conn *c)
{
    store_token_uses(admin_of(c)->store, uses_done, c);
}

void tokens_show(struct conn *c)
{
    auth_require(c, AUTH_OWNER, show_start);
}

static void uses_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct conn *c = ctx;
    json_t *uses = r == STORE_OK ? json_object() : NULL;
    (void)len;
    if (!uses) {
        problem_reply_store(c, r == STORE_OK ? STORE_UNAVAILABLE : r, PROBLEM_READING);
        return;
    }
    for (size_t i = 0; i + 1 < count; i += 2)
        json_object_set_new(uses, json[i], json_string(json[i + 1]));
    request_of(c)->uses = uses;
    store_row_list(admin_of(c)->store, tokens, records_done, c);
}

/* The rows with that id, or all of them. */
static json_t *rows_of(json_t *uses, const char *const *json, const size_t *len, size_t count, struct span id)
{
    json_t *rows = json_array();
    struct token_record t;
    for (size_t i = 0; i < count; i++)
        if (token_record_from_json(json[i], len[i], &t) && (!id.at || span_is(id, t.id)))
            json_array_append_new(rows, to_api(&t, json_string_value(json_object_get(uses, t.hash))));
    return rows;
}

static void records_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    json_t *rows = r == STORE_OK ? rows_of(q->uses, json, len, count, conn_segment(c, 0)) : NULL;
    json_decref(q->uses);
    q->uses = NULL;
    if (r != STORE_OK)
        problem_reply_store(c, r, PROBLEM_READING);
    else if (conn_segment(c, 0).at)
        fields_answer_only(c, rows, "There is no such token.");
    else
        fields_answer_page(c, rows, "id");
}

/* --- POST /tokens --- */

struct token_making {
    struct conn *conn;
    struct token_record record;
    char text[TOKEN_TEXT];
};

static void create_done(void *ctx, enum store_result r)
{
    struct token_making m = *(struct token_making *)ctx;
    sodium_memzero(ctx, sizeof m);
    free(ctx);
    if (r == STORE_OK) {
        json_t *made = to_api(&m.record, NULL);
        json_object_set_new(made, "token", json_string(m.text));
        fields_answer(m.conn, 201, made, NULL);
    } else {
        problem_reply_store(m.conn, r, PROBLEM_CHANGING);
    }
    sodium_memzero(&m, sizeof m);
}

static void make(struct token_making *m)
{
    struct conn *c = m->conn;
    char target[AUDIT_TARGET_MAX];
    struct audit_change change = {NULL, NULL};
    token_record_draw(&m->record, m->text);
    char *json = token_record_to_json(&m->record);
    if (!json) {
        free(m);
        problem_reply(c, 503, NULL);
        return;
    }
    snprintf(target, sizeof target, "token:%s", m->record.id);
    audit_objects(&change, NULL,
                  json_pack("{s:s,s:s}", "name", m->record.name, "role", auth_role_name(m->record.role)));
    struct store_audit audit = audit_of(c, "token.create", target, &change);
    store_row_change(admin_of(c)->store, tokens, m->record.hash, STORE_NEW, NULL, json, &audit, create_done, m);
    audit_change_clear(&change);
    free(json);
}

static void read_wish(struct conn *c, const json_t *body, struct token_record *record, struct field_errors *errors)
{
    const char *name = fields_text(body, "name", errors);
    size_t len = name ? strlen(name) : 0;
    bool clean = true;
    for (size_t i = 0; i < len; i++)
        clean = clean && (unsigned char)name[i] >= ' ' && name[i] != 0x7f;
    if (name && (len == 0 || len > AUTH_NAME_MAX || !clean))
        field_errors_add(errors, "name", "must be 1 to %d bytes without control characters", (int)AUTH_NAME_MAX);
    else if (name)
        memcpy(record->name, name, len + 1);
    record->role = fields_role(body, errors);
    record->created_at = conn_now(c);
    record->expires_at = fields_expiry(body, "expires_at", conn_now(c), errors);
}

static void create_start(struct conn *c)
{
    static const char *const keys[] = {"name", "role", "expires_at", NULL};
    struct field_errors errors;
    json_t *body = fields_read(c, keys, &errors);
    if (!body)
        return;
    struct token_making *m = calloc(1, sizeof *m);
    if (m) {
        m->conn = c;
        read_wish(c, body, &m->record, &errors);
    }
    json_decref(body);
    if (m && errors.count == 0) {
        make(m);
        return;
    }
    free(m);
    problem_reply_fields(c, &errors);
}

void tokens_create(struct conn *c)
{
    auth_require(c, AUTH_OWNER, create_start);
}

/* --- DELETE /tokens/{id} --- */

static void delete_done(void *ctx, enum store_result r)
{
    if (r == STORE_OK)
        answer_nothing(ctx);
    else if (r == STORE_NOT_FOUND)
        problem_reply(ctx, 404, "There is no such token.");
    else
        problem_reply_store(ctx, r, PROBLEM_CHANGING);
}

static void delete_found(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct conn *c = ctx;
    struct token_record t, found;
    struct audit_change change = {NULL, NULL};
    char target[AUDIT_TARGET_MAX];
    bool any = false;
    for (size_t i = 0; r == STORE_OK && i < count && !any; i++) {
        any = token_record_from_json(json[i], len[i], &t) && span_is(conn_segment(c, 0), t.id);
        if (any)
            found = t;
    }
    if (!any) {
        delete_done(c, r == STORE_OK ? STORE_NOT_FOUND : r);
        return;
    }
    snprintf(target, sizeof target, "token:%s", found.id);
    audit_objects(&change, json_pack("{s:s,s:s}", "name", found.name, "role", auth_role_name(found.role)), NULL);
    struct store_audit audit = audit_of(c, "token.delete", target, &change);
    store_row_change(admin_of(c)->store, tokens, found.hash, STORE_ANY, NULL, NULL, &audit, delete_done, c);
    store_token_used(admin_of(c)->store, found.hash, NULL);
    audit_change_clear(&change);
}

static void delete_start(struct conn *c)
{
    store_row_list(admin_of(c)->store, tokens, delete_found, c);
}

void tokens_delete(struct conn *c)
{
    auth_require(c, AUTH_OWNER, delete_start);
}
