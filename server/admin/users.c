/* Users: list, create, show, patch, delete. Only owners come here. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "answer.h"
#include "auth.h"
#include "fields.h"
#include "params.h"
#include "problem.h"
#include "routes.h"

static const struct store_rows users = {STORE_USERS, NULL};

/* Never with the password's hash. */
static json_t *to_api(const struct user_record *u)
{
    char date[32];
    date_to_text(u->created_at, date);
    return json_pack("{s:s,s:s,s:b,s:s}", "name", u->name, "role", auth_role_name(u->role), "disabled", u->disabled,
                     "created_at", date);
}

/* The name out of the path into an account; NULL: answered. */
static struct account *account_of_path(struct conn *c)
{
    struct account *a = account_begin(c);
    if (a && span_decode(conn_segment(c, 0), false, a->user.name, sizeof a->user.name) > 0)
        return a;
    if (a)
        account_refuse_store(c, STORE_NOT_FOUND, PROBLEM_READING);
    return NULL;
}

/* --- GET /users --- */

static void list_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct conn *c = ctx;
    struct user_record u;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++)
        if (user_record_from_json(json[i], len[i], &u))
            json_array_append_new(rows, to_api(&u));
    fields_answer_page(c, rows, "name");
}

static void list_start(struct conn *c)
{
    if (fields_page_good(c))
        store_row_list(admin_of(c)->store, users, list_done, c);
}

void users_list(struct conn *c)
{
    auth_require(c, AUTH_OWNER, list_start);
}

/* --- GET /users/{name} --- */

static void show_done(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    struct user_record u;
    if (r == STORE_OK && !user_record_from_json(json, len, &u))
        r = STORE_BAD_REPLY;
    if (r != STORE_OK) {
        account_refuse_store(c, r, PROBLEM_READING);
        return;
    }
    account_end(c);
    fields_answer(c, 200, to_api(&u), NULL);
}

static void show_start(struct conn *c)
{
    struct account *a = account_of_path(c);
    if (a)
        store_row_get(admin_of(c)->store, users, a->user.name, show_done, c);
}

void users_show(struct conn *c)
{
    auth_require(c, AUTH_OWNER, show_start);
}

/* --- POST /users --- */

static void created(struct conn *c)
{
    json_t *user = to_api(&request_of(c)->account->user);
    account_end(c);
    fields_answer(c, 201, user, NULL);
}

static void read_new_user(const json_t *body, struct account *a, struct field_errors *errors)
{
    const char *name = fields_text(body, "name", errors);
    const char *wrong = name ? user_name_problem(name) : NULL;
    if (wrong)
        field_errors_add(errors, "name", "%s", wrong);
    else if (name)
        memcpy(a->user.name, name, strlen(name) + 1);
    account_read_password(body, a, errors);
    a->user.role = fields_role(body, errors);
    a->rule = STORE_NEW;
    a->action = "user.create";
    a->saved = created;
}

static void create_start(struct conn *c)
{
    static const char *const keys[] = {"name", "password", "role", NULL};
    struct field_errors errors;
    json_t *body = fields_read(c, keys, &errors);
    struct account *a = body ? account_begin(c) : NULL;
    if (!a) {
        json_decref(body);
        return;
    }
    read_new_user(body, a, &errors);
    json_decref(body);
    if (errors.count) {
        account_end(c);
        problem_reply_fields(c, &errors);
    } else {
        account_hash(c, account_create);
    }
}

void users_create(struct conn *c)
{
    auth_require(c, AUTH_OWNER, create_start);
}

/* --- PATCH /users/{name} --- */

static void patched(struct conn *c)
{
    struct account *a = request_of(c)->account;
    if (a->hash[0] && request_of(c)->session[0] && strcmp(a->user.name, request_of(c)->by) == 0) {
        account_begin_session(c, NULL); /* one's own other sessions have ended */
        return;
    }
    json_t *user = to_api(&a->user);
    account_end(c);
    fields_answer(c, 200, user, NULL);
}

static void read_patch(const json_t *body, struct account *a, struct field_errors *errors)
{
    if (fields_given(body, "role")) {
        a->sets_role = true;
        a->role = fields_role(body, errors);
    }
    if (fields_given(body, "disabled")) {
        const json_t *disabled = json_object_get(body, "disabled");
        a->sets_disabled = true;
        a->disabled = json_is_true(disabled);
        if (!json_is_boolean(disabled))
            field_errors_add(errors, "disabled", "must be true or false");
    }
    if (fields_given(body, "password"))
        account_read_password(body, a, errors);
    a->action = "user.change";
    a->saved = patched;
}

static void patch_start(struct conn *c)
{
    static const char *const keys[] = {"role", "password", "disabled", NULL};
    struct field_errors errors;
    struct account *a = account_of_path(c);
    json_t *body = a ? fields_read(c, keys, &errors) : NULL;
    if (!body) {
        account_end(c);
        return;
    }
    read_patch(body, a, &errors);
    json_decref(body);
    if (errors.count) {
        account_end(c);
        problem_reply_fields(c, &errors);
    } else if (a->password[0]) {
        account_hash(c, account_change);
    } else {
        account_change(c);
    }
}

void users_patch(struct conn *c)
{
    auth_require(c, AUTH_OWNER, patch_start);
}

/* --- DELETE /users/{name} --- */

static void deleted(struct conn *c)
{
    account_end(c);
    answer_nothing(c);
}

static void delete_start(struct conn *c)
{
    struct account *a = account_of_path(c);
    if (!a)
        return;
    a->deletes = true;
    a->action = "user.delete";
    a->saved = deleted;
    account_change(c);
}

void users_delete(struct conn *c)
{
    auth_require(c, AUTH_OWNER, delete_start);
}
