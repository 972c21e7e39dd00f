/* Head counts of a group: how many people really are in it, told by a bot or a person, beside the seats of the ledger.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "audit.h"
#include "auth.h"
#include "change.h"
#include "fields.h"
#include "problem.h"
#include "routes.h"

static bool read_path(struct conn *c)
{
    if (!request_read_slug(c))
        return false;
    if (request_read_group(c))
        return true;
    problem_reply(c, 404, "The campaign has no such group.");
    return false;
}

/* --- PUT /campaigns/{slug}/groups/{id}/members --- */

struct count {
    int64_t members, at;
    char source[STORE_MEMBERS_SOURCE_MAX + 1];
};

static void read_source(const json_t *value, struct count *n, struct field_errors *errors)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (!value || json_is_null(value))
        return;
    bool good = text && len <= STORE_MEMBERS_SOURCE_MAX;
    for (size_t i = 0; good && i < len; i++)
        good = (unsigned char)text[i] >= 0x20 && text[i] != 0x7f;
    if (good)
        memcpy(n->source, text, len + 1);
    else
        field_errors_add(errors, "source", "must be a text of at most %d bytes, in one line, or null",
                         (int)STORE_MEMBERS_SOURCE_MAX);
}

/* false: answered. */
static bool read_body(struct conn *c, struct count *n)
{
    static const char *const keys[] = {"members", "at", "source", NULL};
    struct field_errors errors;
    json_t *body = fields_read(c, keys, &errors);
    if (!body)
        return false;
    const json_t *members = json_object_get(body, "members"), *at = json_object_get(body, "at");
    *n = (struct count){.members = json_integer_value(members)};
    if (!members)
        field_errors_add(&errors, "members", "is required");
    else if (!json_is_integer(members) || n->members < 0 || n->members > GROUP_LIMIT_MAX)
        field_errors_add(&errors, "members", "must be an integer from 0 to %d", (int)GROUP_LIMIT_MAX);
    if (at && !json_is_null(at) &&
        (!json_is_string(at) || !date_from_text(json_string_value(at), json_string_length(at), &n->at) || n->at <= 0))
        field_errors_add(&errors, "at", "must be a date with its offset, as 2026-11-29T14:20:00+08:00, or null");
    read_source(json_object_get(body, "source"), n, &errors);
    json_decref(body);
    if (errors.count > 0)
        problem_reply_fields(c, &errors);
    return errors.count == 0;
}

static void refuse(struct conn *c, enum store_members outcome, int64_t moment)
{
    char date[32];
    struct field_errors errors = {.count = 0};
    date_to_text(moment, date);
    if (outcome == STORE_MEMBERS_NO_GROUP) {
        problem_reply(c, 404, "The campaign has no such group.");
    } else if (outcome == STORE_MEMBERS_FUTURE) {
        field_errors_add(&errors, "at", "is in the future: it is %s now", date);
        problem_reply_fields(c, &errors);
    } else {
        char detail[256];
        snprintf(
            detail, sizeof detail,
            outcome == STORE_MEMBERS_OLDER
                ? "Members were counted later already, at %s. Nothing was changed."
                : "Seats follow the members, and who has come since is known from %s on only. Nothing was changed.",
            date);
        problem_reply(c, 409, detail);
    }
}

static void put_done(void *ctx, enum store_result r, enum store_members outcome, int64_t moment,
                     const struct store_campaign *now)
{
    struct conn *c = ctx;
    int position = now ? campaign_find_group(now->definition, request_of(c)->group) : -1;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_CHANGING);
    } else if (outcome != STORE_MEMBERS_SET) {
        refuse(c, outcome, moment);
    } else if (position < 0) { /* the store answers for the group that it has just found */
        problem_reply_store(c, STORE_BAD_REPLY, PROBLEM_CHANGING);
    } else {
        answer_group(c, 200, now, (size_t)position, NULL);
    }
}

static void put_start(struct conn *c)
{
    struct count n;
    char target[AUDIT_TARGET_MAX];
    if (!read_path(c) || !read_body(c, &n))
        return;
    audit_target_campaign(c, target);
    struct store_audit audit = audit_of(c, "group.members", target, NULL);
    store_members_put(admin_of(c)->store, request_of(c)->slug, request_of(c)->group, n.members, n.at, n.source, &audit,
                      put_done, c);
}

void members_put(struct conn *c)
{
    auth_require(c, AUTH_EDITOR, put_start);
}

/* --- GET /campaigns/{slug}/groups/{id}/members --- */

static json_t *date_json(int64_t seconds)
{
    char text[32];
    date_to_text(seconds, text);
    return json_string(text);
}

static json_t *history_json(const struct store_members_history *h)
{
    json_t *points = json_array();
    for (size_t i = 0; i < h->count; i++) {
        const struct store_members_point *p = &h->points[i];
        json_array_append_new(points, json_pack("{s:o, s:I, s:I, s:I}", "at", date_json(p->at), "members",
                                                (json_int_t)p->members, "seats", (json_int_t)p->seats, "drift",
                                                (json_int_t)(p->seats - p->members)));
    }
    json_t *members = h->counted ? json_integer(h->members) : json_null();
    json_t *at = h->counted ? date_json(h->at) : json_null();
    return json_pack("{s:o, s:o, s:s?, s:o}", "members", members, "at", at, "source", h->source[0] ? h->source : NULL,
                     "history", points);
}

static void read_done(void *ctx, enum store_result r, const struct store_members_history *h)
{
    struct conn *c = ctx;
    if (r == STORE_OK)
        fields_answer(c, 200, history_json(h), NULL);
    else if (r == STORE_NOT_FOUND)
        problem_reply(c, 404, "There is no such group, or no such campaign.");
    else
        problem_reply_store(c, r, PROBLEM_READING);
}

static void show_start(struct conn *c)
{
    if (read_path(c))
        store_members_read(admin_of(c)->store, request_of(c)->slug, request_of(c)->group, read_done, c);
}

void members_show(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, show_start);
}
