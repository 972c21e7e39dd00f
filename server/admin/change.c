/*
 * A change of a campaign: read -> make -> save, and again from the start when another server's change came between.
 * With If-Match there is no second try: the client's version is then no longer the current one.
 */
#include "change.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "allowed.h"
#include "answer.h"
#include "audit.h"
#include "config.h"
#include "log.h"
#include "problem.h"

static void read_done(void *ctx, enum store_result r, const struct store_campaign *sc);
static void save_done(void *ctx, enum store_result r, const struct store_campaign *sc);

/* --- what a request says --- */

static struct span trim(struct span s)
{
    while (s.len > 0 && (*s.at == ' ' || *s.at == '\t')) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* The part of *rest before the next sep, trimmed; *rest is then what stands behind it. */
static struct span next_part(struct span *rest, char sep)
{
    const char *end = memchr(rest->at, sep, rest->len);
    struct span part = {rest->at, end ? (size_t)(end - rest->at) : rest->len};
    size_t used = end ? part.len + 1 : part.len;
    rest->at += used;
    rest->len -= used;
    return trim(part);
}

bool change_takes_type(struct conn *c, bool merge_patch)
{
    struct span rest = conn_request(c)->header[HTTP_H_CONTENT_TYPE];
    bool good = false;
    if (rest.at) {
        struct span type = next_part(&rest, ';');
        good = span_is_nocase(type, "application/json") ||
               (merge_patch && span_is_nocase(type, "application/merge-patch+json"));
    }
    while (good && rest.len > 0) {
        struct span parameter = next_part(&rest, ';');
        good = parameter.len == 0 || span_is_nocase(parameter, "charset=utf-8") ||
               span_is_nocase(parameter, "charset=\"utf-8\"");
    }
    if (!good)
        problem_reply(c, 415,
                      merge_patch
                          ? "The body must be JSON in UTF-8, with Content-Type: application/merge-patch+json or "
                            "application/json."
                          : NULL);
    return good;
}

bool change_matches_etag(const struct request *r, const char *etag, bool *conditional)
{
    struct span rest = r->header[HTTP_H_IF_MATCH];
    *conditional = false;
    if (!rest.at)
        return true;
    if (span_is(trim(rest), "*"))
        return etag != NULL;
    *conditional = true;
    while (etag && rest.len > 0)
        if (span_is(next_part(&rest, ','), etag))
            return true;
    return false;
}

bool change_matches(const struct request *r, int64_t version, bool *conditional)
{
    char etag[32];
    snprintf(etag, sizeof etag, "\"%" PRId64 "\"", version);
    return change_matches_etag(r, etag, conditional);
}

void change_refuse_version(struct conn *c, int64_t version)
{
    char detail[128];
    if (version > 0)
        snprintf(detail, sizeof detail, "If-Match must name the current version: \"%" PRId64 "\". Nothing was changed.",
                 version);
    else
        snprintf(detail, sizeof detail,
                 "If-Match names a version that is no longer the current one. Nothing was changed.");
    problem_reply(c, 412, detail);
}

struct campaign_moment change_moment(const struct conn *c)
{
    struct campaign_moment m = {
        .now = conn_now(c),
        .slug_length = (size_t)admin_of(c)->config->slug_length,
        .hosts = hosts_of_config(admin_of(c)->config),
        .offers_country = admin_of(c)->config->country_database[0] != '\0',
        .knows_timezone = config_timezone_known,
    };
    randombytes_buf(m.random, sizeof m.random);
    return m;
}

void change_log(struct conn *c, const char *slug, const char *what, int64_t version)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, version);
    log_event(LOG_INFO, "campaign_changed", "slug", slug, "what", what, "version", number, "by", request_of(c)->by,
              NULL);
}

/* --- turns: changes of one campaign are made one after the other, so that those of this server never collide --- */

/* Whether one that came before stands in the way: it changes the same campaign, or either may change any. */
static bool turn_taken(const struct admin *a, const struct admin_request *q)
{
    for (const struct admin_request *p = a->changing; p && p != q; p = p->next_change)
        if (p->alone || q->alone || strcmp(p->slug, q->slug) == 0)
            return true;
    return false;
}

static void turns_run(struct admin *a)
{
    struct admin_request *next = a->changing;
    while (next) {
        if (next->running || turn_taken(a, next)) {
            next = next->next_change;
            continue;
        }
        next->running = true;
        next->turn(conn_of_data(next));
        next = a->changing; /* its turn may be over already */
    }
}

void change_turn_begin(struct conn *c, bool alone, void (*turn)(struct conn *c))
{
    struct admin *a = admin_of(c);
    struct admin_request *q = request_of(c), **end = &a->changing;
    q->turn = turn;
    q->alone = alone;
    while (*end)
        end = &(*end)->next_change;
    *end = q;
    turns_run(a);
}

void change_turn_end(struct conn *c)
{
    struct admin *a = admin_of(c);
    struct admin_request *q = request_of(c), **at = &a->changing;
    while (*at != q)
        at = &(*at)->next_change;
    *at = q->next_change;
    turns_run(a);
}

/* --- the change itself --- */

static void change_read(struct conn *c)
{
    store_campaign_read(admin_of(c)->store, request_of(c)->slug, read_done, c);
}

void change_start(struct conn *c, const struct change *change)
{
    struct admin_request *q = request_of(c);
    if (change->has_body && !change_takes_type(c, change->merge_patch))
        return;
    q->change = change;
    change_turn_begin(c, false, change_read);
}

static void save(struct conn *c, const struct store_campaign *was, const struct campaign *changed,
                 const struct change_draft *draft)
{
    struct audit_change change = {NULL, NULL};
    char target[AUDIT_TARGET_MAX];
    audit_campaign(&change, was->definition, changed, was->counts, &draft->heads);
    audit_target_campaign(c, target);
    struct store_audit audit = audit_of(c, request_of(c)->change->action, target, &change);
    store_campaign_save(admin_of(c)->store, changed, was->definition, &draft->heads, draft->touched, &audit, save_done,
                        c);
    audit_change_clear(&change);
}

static void make_and_save(struct conn *c, const struct store_campaign *sc)
{
    struct admin_request *q = request_of(c);
    const struct campaign *was = sc->definition;
    struct change_draft draft = {.was = was, .body = conn_body(c), .moment = change_moment(c), .touched = -1};
    struct campaign *changed = q->change->make(c, &draft);
    if (!changed) {
        head_counts_free(&draft.heads);
        change_turn_end(c);
        if (draft.no_group)
            problem_reply(c, 404, "The campaign has no such group.");
        else
            problem_reply_fields(c, &draft.errors);
        return;
    }
    save(c, sc, changed, &draft);
    head_counts_free(&draft.heads);
    campaign_free(changed);
}

static void read_done(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct conn *c = ctx;
    bool conditional;
    if (r == STORE_OK && change_matches(conn_request(c), sc->definition->version, &conditional)) {
        make_and_save(c, sc);
        return;
    }
    change_turn_end(c);
    if (r == STORE_OK)
        change_refuse_version(c, sc->definition->version);
    else
        problem_reply_store(c, r, PROBLEM_READING);
}

static void save_done(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct conn *c = ctx;
    struct admin_request *q = request_of(c);
    bool conditional;
    change_matches(conn_request(c), 0, &conditional);
    if (r == STORE_CONFLICT && !conditional && ++q->tries < ADMIN_CHANGE_TRIES) {
        change_read(c);
        return;
    }
    change_turn_end(c);
    if (r == STORE_OK) {
        change_log(c, q->slug, "changed", sc->definition->version);
        q->change->answer(c, sc);
    } else if (r == STORE_ALIAS_TAKEN) {
        problem_reply_alias(c, sc->taken);
    } else if (r == STORE_CONFLICT && conditional) {
        change_refuse_version(c, 0);
    } else {
        problem_reply_store(c, r, PROBLEM_CHANGING);
    }
}
