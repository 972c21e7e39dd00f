/* Groups of a campaign: create, show, patch, delete. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "auth.h"
#include "campaign_json_memory.h"
#include "change.h"
#include "problem.h"
#include "routes.h"

static void no_group(struct conn *c)
{
    problem_reply(c, 404, "The campaign has no such group.");
}

/* Campaign and group out of the path; false: answered. */
static bool read_path(struct conn *c)
{
    if (!request_read_slug(c))
        return false;
    if (request_read_group(c))
        return true;
    no_group(c);
    return false;
}

/* Position of the path's group; -1 marks the draft. */
static int find_group(struct conn *c, struct change_draft *d)
{
    int position = campaign_find_group(d->was, request_of(c)->group);
    d->no_group = position < 0;
    return position;
}

/* --- POST /campaigns/{slug}/groups --- */

static struct campaign *create_make(struct conn *c, struct change_draft *d)
{
    size_t position = 0;
    struct campaign *changed = campaign_with_group(d->was, d->body.at, d->body.len, &d->moment, &position, &d->errors);
    if (changed)
        snprintf(request_of(c)->group, sizeof request_of(c)->group, "%s", changed->groups[position].id);
    return changed;
}

static void create_answer(struct conn *c, const struct store_campaign *now)
{
    struct admin_request *q = request_of(c);
    int position = campaign_find_group(now->definition, q->group);
    if (position < 0) { /* the store answers with what it has just saved */
        problem_reply_store(c, STORE_BAD_REPLY, PROBLEM_CHANGING);
        return;
    }
    char location[CAMPAIGN_SLUG_MAX + GROUP_ID_MAX + 40];
    snprintf(location, sizeof location, "/api/v1/campaigns/%s/groups/%s", q->slug, q->group);
    answer_group(c, 201, now, (size_t)position, location);
}

static void create_start(struct conn *c)
{
    static const struct change create = {false, true, "group.create", create_make, create_answer};
    if (request_read_slug(c))
        change_start(c, &create);
}

void groups_create(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, create_start);
}

/* --- GET /campaigns/{slug}/groups/{id} --- */

static void show_done(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct conn *c = ctx;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    int position = campaign_find_group(sc->definition, request_of(c)->group);
    if (position < 0)
        no_group(c);
    else
        answer_group(c, 200, sc, (size_t)position, NULL);
}

static void show_start(struct conn *c)
{
    if (read_path(c))
        store_campaign_read(admin_of(c)->store, request_of(c)->slug, show_done, c);
}

void groups_show(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, show_start);
}

/* --- PATCH /campaigns/{slug}/groups/{id} --- */

/* Whether the body asks only for what an editor may change. Else answers: 403, or 400 if it cannot be read. */
static bool editor_may(struct conn *c)
{
    static const char *const keys[] = {"limit", "url", "name", "expires_at", "enabled", "confirmed"};
    struct span body = conn_body(c);
    json_error_t why;
    json_t *patch = json_memory_load(body.at ? body.at : "", body.len, JSON_REJECT_DUPLICATES, &why);
    if (!patch) {
        struct field_errors errors = {.not_json = true};
        if (json_memory_failed())
            errors.not_json = false;
        else
            field_errors_add(&errors, "body", "line %d, column %d: %s", why.line, why.column, why.text);
        problem_reply_fields(c, &errors);
        return false;
    }
    const char *key;
    json_t *value;
    bool may = true;
    json_object_foreach(patch, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            known = known || strcmp(key, keys[i]) == 0;
        may = may && known;
    }
    json_decref(patch);
    if (!may)
        problem_reply(c, 403,
                      "An editor may change a group's limit, url, name, expires_at, enabled and confirmed; all else "
                      "needs the role admin.");
    return may;
}

static struct campaign *patch_make(struct conn *c, struct change_draft *d)
{
    int position = find_group(c, d);
    if (position < 0)
        return NULL;
    d->touched = position;
    return campaign_with_group_patch(d->was, (size_t)position, d->body.at, d->body.len, &d->moment, &d->heads,
                                     &d->errors);
}

static void patch_answer(struct conn *c, const struct store_campaign *now)
{
    int position = campaign_find_group(now->definition, request_of(c)->group);
    if (position < 0)
        problem_reply_store(c, STORE_BAD_REPLY, PROBLEM_CHANGING);
    else
        answer_group(c, 200, now, (size_t)position, NULL);
}

static void patch_start(struct conn *c)
{
    static const struct change patch = {true, true, "group.change", patch_make, patch_answer};
    if (request_of(c)->role < AUTH_ADMIN && !editor_may(c))
        return;
    if (read_path(c))
        change_start(c, &patch);
}

void groups_patch(struct conn *c)
{
    auth_require(c, AUTH_EDITOR, patch_start);
}

/* --- DELETE /campaigns/{slug}/groups/{id} --- */

static struct campaign *delete_make(struct conn *c, struct change_draft *d)
{
    int position = find_group(c, d);
    return position < 0 ? NULL : campaign_without_group(d->was, (size_t)position, &d->moment);
}

static void delete_answer(struct conn *c, const struct store_campaign *now)
{
    (void)now;
    answer_nothing(c);
}

static void delete_start(struct conn *c)
{
    static const struct change delete = {false, false, "group.delete", delete_make, delete_answer};
    if (read_path(c))
        change_start(c, &delete);
}

void groups_delete(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, delete_start);
}
