/*
 * A campaign's logo: a PNG or JPEG, kept as it came once the program that unpacks strangers' pictures has unpacked it.
 *
 * PUT: unpacked on the print thread -> kept (logo_change.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "auth.h"
#include "logo.h"
#include "logo_change.h"
#include "logo_record.h"
#include "print_task.h"
#include "problem.h"
#include "routes.h"

/* A logo on its way into the store. */
struct logo_task {
    struct conn *conn;
    enum qr_decoded decoded;
};

/* --- PUT --- */

static int decode_work(void *ctx, struct print_job *job)
{
    struct logo_task *t = ctx;
    struct span body = conn_body(t->conn); /* stays as it is until the answer */
    struct qr_logo logo;
    (void)job;
    t->decoded = qr_logo_decode(body.at, body.len, &logo);
    qr_logo_clear(&logo);
    return 0;
}

static void decode_done(void *ctx, struct print_job *job, int result)
{
    struct logo_task t = *(struct logo_task *)ctx;
    struct field_errors errors = {.count = 0};
    (void)job;
    free(ctx);
    if (result == 0 && t.decoded == QR_DECODED) {
        logo_change_start(t.conn);
    } else if (result != 0) {
        problem_reply(t.conn, 503, NULL);
    } else if (t.decoded >= QR_DECODE_NO_SANDBOX) { /* it is this server that can't, whatever the file is */
        char why[QR_REASON_MAX];
        snprintf(why, sizeof why, "The logo %s.", qr_logo_reason(t.decoded));
        problem_reply(t.conn, 503, why);
    } else {
        field_errors_add(&errors, "logo", "%s", qr_logo_reason(t.decoded));
        problem_reply_fields(t.conn, &errors);
    }
}

/* What begins as neither is let through: it is refused by its field. */
static bool takes_type(struct conn *c)
{
    struct span type = conn_request(c)->header[HTTP_H_CONTENT_TYPE], body = conn_body(c);
    bool png = type.at && span_is_nocase(type, "image/png"), jpeg = type.at && span_is_nocase(type, "image/jpeg");
    if (!png && !jpeg)
        problem_reply(c, 415, "The body must be a picture, with Content-Type: image/png or image/jpeg.");
    else if (body.len > 0 && body.at[0] == (png ? '\xff' : '\x89'))
        problem_reply(c, 415, "The body is not of the type that Content-Type names.");
    else
        return true;
    return false;
}

static void put_start(struct conn *c)
{
    if (!request_read_slug(c) || !takes_type(c))
        return;
    struct logo_task *t = calloc(1, sizeof *t);
    struct print_order order = {.ctx = t, .work = decode_work, .done = decode_done};
    if (t)
        t->conn = c;
    if (t && printer_add(admin_of(c)->printer, &order))
        return;
    free(t);
    problem_reply(c, 503, NULL);
}

void logos_put(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, put_start);
}

/* --- GET and DELETE --- */

static void show(struct conn *c, const unsigned char *file, size_t len)
{
    const char *type = logo_type(file, len);
    char etag[ANSWER_ETAG], name[CAMPAIGN_SLUG_MAX + 48];
    struct reply reply;
    answer_etag(file, len, etag);
    snprintf(name, sizeof name, "inline; filename=\"%s-logo.%s\"", request_of(c)->slug,
             strcmp(type, "image/png") == 0 ? "png" : "jpg");
    bool has = answer_client_has(c, etag);
    answer_begin(&reply, c, has ? 304 : 200, type);
    reply_header_text(&reply, "ETag", etag);
    reply_header_text(&reply, "Content-Disposition", name);
    reply_end(&reply, has ? NULL : (const char *)file, has ? 0 : len);
}

static void found(void *ctx, enum store_result r, const char *text, size_t len)
{
    struct conn *c = ctx;
    size_t size = 0;
    unsigned char *file = r == STORE_OK ? logo_from_text(text, len, &size) : NULL;
    if (r == STORE_NOT_FOUND)
        problem_reply(c, 404, "The campaign has no logo.");
    else if (!file)
        problem_reply_store(c, r == STORE_OK ? STORE_BAD_REPLY : r, PROBLEM_READING);
    else
        show(c, file, size);
    free(file);
}

static void get_start(struct conn *c)
{
    if (request_read_slug(c))
        store_row_get(admin_of(c)->store, (struct store_rows){STORE_LOGOS, request_of(c)->slug}, STORE_LOGO, found, c);
}

void logos_get(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, get_start);
}

static void delete_start(struct conn *c)
{
    if (request_read_slug(c))
        logo_change_start(c);
}

void logos_delete(struct conn *c)
{
    auth_require(c, AUTH_ADMIN, delete_start);
}
