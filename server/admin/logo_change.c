/*
 * PUT and DELETE of a campaign's logo: read what is there -> change it, if it is still that.
 *
 * So the audit log tells which logo went, and If-Match is held against the one that goes. Without If-Match a change
 * that another one came before is made anew upon that one.
 */
#include "logo_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "change.h"
#include "logo_record.h"
#include "problem.h"

static struct store_rows logos_of(struct conn *c)
{
    return (struct store_rows){STORE_LOGOS, request_of(c)->slug};
}

static bool deletes(const struct conn *c)
{
    return conn_request(c)->method == HTTP_M_DELETE;
}

/* etag: of the logo that is there; NULL: none is, or it is not known. */
static void refuse_match(struct conn *c, const char *etag)
{
    char detail[128];
    if (etag)
        snprintf(detail, sizeof detail, "If-Match must name the logo that is there: %s. Nothing was changed.", etag);
    else
        snprintf(detail, sizeof detail, "If-Match names a logo that is not there. Nothing was changed.");
    problem_reply(c, 412, detail);
}

static void save_done(void *ctx, enum store_result r)
{
    struct conn *c = ctx;
    bool conditional;
    change_matches_etag(conn_request(c), NULL, &conditional);
    if (r == STORE_OK) {
        change_log(c, request_of(c)->slug, deletes(c) ? "logo deleted" : "logo set", 0);
        answer_nothing(c);
    } else if (r == STORE_STALE && conditional) {
        refuse_match(c, NULL);
    } else if (r == STORE_STALE && ++request_of(c)->tries < ADMIN_CHANGE_TRIES) {
        logo_change_start(c);
    } else if (r == STORE_STALE) {
        problem_reply(c, 409, "Others keep changing the logo; nothing was changed.");
    } else if (r == STORE_NOT_FOUND && deletes(c)) {
        problem_reply(c, 404, "The campaign has no logo.");
    } else {
        problem_reply_store(c, r, PROBLEM_CHANGING);
    }
}

/* was: the logo that is there; NULL: none. */
static void save(struct conn *c, const char *was)
{
    struct span body = conn_body(c);
    char *text = deletes(c) ? NULL : logo_to_text(body.at, body.len), target[AUDIT_TARGET_MAX];
    struct audit_change change = {NULL, NULL};
    if (!text && !deletes(c)) {
        problem_reply(c, 503, NULL);
        return;
    }
    logo_audit(&change, was, text);
    audit_target_campaign(c, target);
    struct store_audit audit = audit_of(c, "campaign.logo", target, &change);
    store_row_change(admin_of(c)->store, logos_of(c), STORE_LOGO, text ? STORE_PUT : STORE_SAME, was, text, &audit,
                     save_done, c);
    audit_change_clear(&change);
    free(text);
}

static void read_done(void *ctx, enum store_result r, const char *text, size_t len)
{
    struct conn *c = ctx;
    char etag[ANSWER_ETAG] = "", *was = r == STORE_OK ? strndup(text, len) : NULL;
    bool conditional, known = was && logo_etag(was, etag);
    if (r != STORE_OK && r != STORE_NOT_FOUND)
        problem_reply_store(c, r, PROBLEM_READING);
    else if (r == STORE_OK && !was)
        problem_reply(c, 503, NULL);
    else if (r == STORE_NOT_FOUND && deletes(c))
        problem_reply(c, 404, "The campaign has no logo.");
    else if (!change_matches_etag(conn_request(c), known ? etag : NULL, &conditional))
        refuse_match(c, known ? etag : NULL);
    else
        save(c, was);
    free(was);
}

void logo_change_start(struct conn *c)
{
    store_row_get(admin_of(c)->store, logos_of(c), STORE_LOGO, read_done, c);
}
