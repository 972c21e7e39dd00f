/*
 * Owner links: whoever holds one sees one group's seats and may replace its link and expiry, without an account, and
 * nothing else. Editors make and revoke them. Tokens and records are owner_link_record.c's.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "audit.h"
#include "auth.h"
#include "campaign_json_memory.h"
#include "change.h"
#include "fields.h"
#include "owner_links.h"
#include "params.h"
#include "problem.h"
#include "routes.h"

enum {
    LINK_URL_MAX = 512,
};

static struct store_rows links_of(const struct admin_request *q)
{
    return (struct store_rows){STORE_LINKS, q->slug};
}

/* Slug, group and id into the request; false: it is not of ours, or has expired. */
static bool read_token(struct conn *c, struct span token)
{
    struct admin_request *q = request_of(c);
    struct owner_link_claim claim;
    if (!owner_link_open(admin_of(c)->owner_key, token.at, token.len, &claim))
        return false;
    memcpy(q->slug, claim.slug, sizeof claim.slug);
    memcpy(q->group, claim.group, sizeof claim.group);
    memcpy(q->link, claim.id, sizeof claim.id);
    q->link_until = claim.expires_at;
    return conn_now(c) < q->link_until;
}

static void no_link(struct conn *c)
{
    problem_reply(c, 404, "The group has no such owner link.");
}

/* Campaign and group of the path; false: answered. */
static bool read_path(struct conn *c)
{
    if (!request_read_slug(c))
        return false;
    if (request_read_group(c))
        return true;
    problem_reply(c, 404, "The campaign has no such group.");
    return false;
}

/* --- GET .../owner-links --- */

static void list_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct conn *c = ctx;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        struct owner_link l;
        if (!owner_link_read(json[i], len[i], &l) || strcmp(l.group, request_of(c)->group) != 0 ||
            l.expires_at <= conn_now(c))
            continue;
        json_t *record = json_memory_load(json[i], len[i], 0, NULL);
        json_object_del(record, "group");
        json_array_append_new(rows, record);
    }
    fields_answer_page(c, rows, "id");
}

static void list_start(struct conn *c)
{
    if (fields_page_good(c) && read_path(c))
        store_row_list(admin_of(c)->store, links_of(request_of(c)), list_done, c);
}

void owner_links_list(struct conn *c)
{
    auth_require(c, AUTH_EDITOR, list_start);
}

/* --- POST .../owner-links: the group must be there; links that have expired go --- */

static void forgotten(void *ctx, enum store_result r)
{
    (void)ctx, (void)r; /* the next one who makes a link tries again */
}

/* The address that the request came to, as its page said it. */
static void door_url(struct conn *c, char out[LINK_URL_MAX])
{
    const struct request *r = conn_request(c);
    struct span host = r->header[HTTP_H_HOST], origin = r->header[HTTP_H_ORIGIN];
    bool tls = origin.at && origin.len > 8 && memcmp(origin.at, "https://", 8) == 0;
    snprintf(out, LINK_URL_MAX, "%s://%.*s", tls ? "https" : "http", (int)host.len, host.at ? host.at : "");
}

static void create_done(void *ctx, enum store_result r)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    char token[OWNER_LINK_TOKEN_MAX], door[LINK_URL_MAX], date[32];
    if (r != STORE_OK) {
        if (r == STORE_NO_SPACE)
            problem_reply(c, 409, "The campaign has too many owner links; revoke some.");
        else
            problem_reply_store(c, r, PROBLEM_CHANGING);
        return;
    }
    owner_link_token(admin_of(c)->owner_key, q->slug, q->group, q->link, q->link_until, token);
    door_url(c, door);
    date_to_text(q->link_until, date);
    json_t *url = json_sprintf("%s/#owner=%s", door, token);
    json_t *made = json_pack("{s:s,s:o,s:s}", "id", q->link, "url", url, "expires_at", date);
    fields_answer(c, 201, made, NULL);
}

static void create_put(struct conn *c)
{
    struct admin_request *q = request_of(c);
    char target[AUDIT_TARGET_MAX];
    struct audit_change change = {NULL, NULL};
    owner_link_draw(q->link);
    char *json = owner_link_record(q->link, q->group, q->by, conn_now(c), q->link_until);
    if (!json) {
        problem_reply(c, 503, NULL);
        return;
    }
    audit_target_campaign(c, target);
    owner_link_audit_made(&change, q->link, q->link_until);
    struct store_audit audit = audit_of(c, "owner-link.create", target, &change);
    store_row_change(admin_of(c)->store, links_of(q), q->link, STORE_NEW, NULL, json, &audit, create_done, c);
    audit_change_clear(&change);
    free(json);
}

static void create_listed(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct conn *c = ctx;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct owner_link l;
        if (owner_link_read(json[i], len[i], &l) && l.expires_at <= conn_now(c))
            store_row_change(admin_of(c)->store, links_of(request_of(c)), l.id, STORE_ANY, NULL, NULL, NULL, forgotten,
                             NULL);
    }
    create_put(c);
}

static void create_read(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    if (r != STORE_OK)
        problem_reply_store(c, r, PROBLEM_READING);
    else if (campaign_find_group(sc->definition, q->group) < 0)
        problem_reply(c, 404, "The campaign has no such group.");
    else
        store_row_list(admin_of(c)->store, links_of(q), create_listed, c);
}

static void create_start(struct conn *c)
{
    static const char *const keys[] = {"days", NULL};
    struct field_errors errors;
    json_t *body = read_path(c) ? fields_read(c, keys, &errors) : NULL;
    if (!body)
        return;
    const json_t *days = json_object_get(body, "days");
    json_int_t n = days ? json_integer_value(days) : OWNER_LINK_DAYS;
    if (n < 1 || n > OWNER_LINK_DAYS_MAX)
        field_errors_add(&errors, "days", "must be an integer from 1 to %d", (int)OWNER_LINK_DAYS_MAX);
    json_decref(body);
    request_of(c)->link_until = conn_now(c) + n * 86400;
    if (errors.count)
        problem_reply_fields(c, &errors);
    else
        store_campaign_read(admin_of(c)->store, request_of(c)->slug, create_read, c);
}

void owner_links_create(struct conn *c)
{
    auth_require(c, AUTH_EDITOR, create_start);
}

/* --- DELETE .../owner-links/{id} --- */

static void delete_done(void *ctx, enum store_result r)
{
    if (r == STORE_OK)
        answer_nothing(ctx);
    else if (r == STORE_NOT_FOUND)
        no_link(ctx);
    else
        problem_reply_store(ctx, r, PROBLEM_CHANGING);
}

static void delete_found(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    char target[AUDIT_TARGET_MAX];
    struct audit_change change = {NULL, NULL};
    struct owner_link l;
    if (r == STORE_OK && (!owner_link_read(json, len, &l) || strcmp(l.group, q->group) != 0))
        r = STORE_NOT_FOUND;
    if (r != STORE_OK) {
        delete_done(c, r);
        return;
    }
    audit_target_campaign(c, target);
    owner_link_audit_revoked(&change, q->link);
    struct store_audit audit = audit_of(c, "owner-link.revoke", target, &change);
    store_row_change(admin_of(c)->store, links_of(q), q->link, STORE_ANY, NULL, NULL, &audit, delete_done, c);
    audit_change_clear(&change);
}

static void delete_start(struct conn *c)
{
    struct admin_request *q = request_of(c);
    if (!read_path(c))
        return;
    if (span_decode(conn_segment(c, 2), false, q->link, sizeof q->link) > 0)
        store_row_get(admin_of(c)->store, links_of(q), q->link, delete_found, c);
    else
        no_link(c);
}

void owner_links_delete(struct conn *c)
{
    auth_require(c, AUTH_EDITOR, delete_start);
}

/* --- with a link: GET /owner, PATCH /owner --- */

static void link_found(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct conn *c = ctx;
    (void)json, (void)len;
    if (r == STORE_OK)
        request_of(c)->then(c);
    else if (r == STORE_NOT_FOUND)
        problem_reply(c, 401, "The owner link is no longer valid.");
    else
        problem_reply_store(c, r, PROBLEM_READING);
}

/* Calls `then` if the request brings a link that is valid; slug and group are then known. */
static void require_link(struct conn *c, void (*then)(struct conn *c))
{
    static const char scheme[] = "owner ";
    struct admin_request *q = request_of(c);
    struct span token = conn_request(c)->header[HTTP_H_AUTHORIZATION];
    char who[AUTH_WHO_MAX + 1];
    if (!token.at || token.len < sizeof scheme || !span_is_nocase((struct span){token.at, sizeof scheme - 1}, scheme)) {
        problem_reply(c, 401, "An owner link is needed: Authorization: Owner TOKEN.");
        return;
    }
    if (!read_token(c, (struct span){token.at + sizeof scheme - 1, token.len - sizeof scheme + 1})) {
        problem_reply(c, 401, "The owner link is not valid, or has expired.");
        return;
    }
    snprintf(who, sizeof who, "owner-link:%s", q->link);
    auth_name(c, who);
    snprintf(q->by, sizeof q->by, "owner-link:%s", q->link);
    q->then = then;
    store_row_get(admin_of(c)->store, links_of(q), q->link, link_found, c);
}

/* The one group, and of its campaign no more than how it is called. */
static void answer_owner(struct conn *c, const struct store_campaign *sc)
{
    static const char *const shown[] = {"id",   "name",      "url",  "platform", "limit",
                                        "used", "confirmed", "held", "state",    "expires_at"};
    struct admin_request *q = request_of(c);
    int position = campaign_find_group(sc->definition, q->group);
    size_t len = 0;
    char date[32];
    if (position < 0) {
        problem_reply(c, 404, "The group is no longer there.");
        return;
    }
    char *api =
        campaign_group_to_api(sc->definition, (size_t)position, &sc->counts[position], conn_now(c), false, &len);
    json_t *whole = api ? json_memory_load(api, len, 0, NULL) : NULL, *group = json_object();
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        json_object_set(group, shown[i], json_object_get(whole, shown[i]));
    date_to_text(q->link_until, date);
    fields_answer(c, 200,
                  json_pack("{s:{s:s,s:s},s:o,s:s}", "campaign", "slug", sc->definition->slug, "title",
                            sc->definition->title ? sc->definition->title : "", "group", group, "expires_at", date),
                  NULL);
    json_decref(whole);
    free(api);
}

static void show_done(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    if (r == STORE_OK)
        answer_owner(ctx, sc);
    else
        problem_reply_store(ctx, r, PROBLEM_READING);
}

static void show_start(struct conn *c)
{
    store_campaign_read(admin_of(c)->store, request_of(c)->slug, show_done, c);
}

void owner_show(struct conn *c)
{
    require_link(c, show_start);
}

static struct campaign *patch_make(struct conn *c, struct change_draft *d)
{
    int position = campaign_find_group(d->was, request_of(c)->group);
    d->no_group = position < 0;
    d->touched = position;
    return position < 0 ? NULL
                        : campaign_with_group_patch(d->was, (size_t)position, d->body.at, d->body.len, &d->moment,
                                                    &d->heads, &d->errors);
}

static void patch_start(struct conn *c)
{
    static const char *const keys[] = {"url", "expires_at", NULL};
    static const struct change patch = {true, true, "group.change", patch_make, answer_owner};
    struct field_errors errors;
    json_t *body = fields_read(c, keys, &errors);
    if (!body)
        return;
    json_decref(body);
    if (errors.count)
        problem_reply_fields(c, &errors);
    else
        change_start(c, &patch);
}

void owner_patch(struct conn *c)
{
    require_link(c, patch_start);
}
