/*
 * Sheets: a code for each of many channels, as PDF, and their links as CSV.
 *
 * The PDF goes to its client while it is drawn: what the print thread writes is taken out of the job's pipe as fast as
 * the connection takes it. Until the first byte, when all codes have been proved, anything may still be refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "answer.h"
#include "auth.h"
#include "print_body.h"
#include "print_task.h"
#include "problem.h"
#include "routes.h"

enum { SHEET_PIECE = 64 << 10 /* bytes that a client has to take before it is sent more */ };

_Static_assert((int)SHEET_PIECE <= (int)HTTP_STREAM_UNSENT_MAX, "a connection takes a piece");

/* The task of a request with a sheet's body; NULL: what is wrong with it is answered. */
static struct print_task *begin(struct conn *c)
{
    struct print_task *t = request_read_slug(c) ? print_task_new(c) : NULL;
    if (!t)
        return NULL;
    json_t *body = print_body_read(c, &t->sheet, &t->errors);
    if (!body) { /* answered, and the request's data are gone with that */
        t->conn = NULL;
        print_task_free(t);
        return NULL;
    }
    struct print_source source = print_source_body(body);
    print_read_sheet(&source, &t->print, &t->errors);
    json_decref(body);
    if (t->errors.count == 0)
        return t;
    print_task_fail(t, -EINVAL);
    return NULL;
}

static void put_name(struct reply *r, const struct print_task *t, const char *suffix)
{
    char name[CAMPAIGN_SLUG_MAX + 64];
    snprintf(name, sizeof name, "attachment; filename=\"%s-%s\"", t->of.slug, suffix);
    reply_header_text(r, "Content-Disposition", name);
}

/* --- POST /campaigns/{slug}/sheet.csv --- */

static void csv_done(void *ctx, enum store_result r, const struct store_printed *p)
{
    struct print_task *t = ctx;
    struct reply reply;
    size_t len = 0;
    if (!print_task_take(t, r, p))
        return;
    char *text = print_sheet_csv(&t->sheet, t->of.base_url, t->of.slug, &len);
    if (!text) {
        print_task_fail(t, -ENOMEM);
        return;
    }
    answer_begin(&reply, t->conn, 200, "text/csv; charset=utf-8");
    put_name(&reply, t, "channels.csv");
    print_task_free(t);
    reply_end(&reply, text, len);
    free(text);
}

static void csv_start(struct conn *c)
{
    struct print_task *t = begin(c);
    if (t)
        print_task_read(t, false, csv_done);
}

void prints_sheet_csv(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, csv_start);
}

/* --- POST /campaigns/{slug}/sheet.pdf: on the print thread --- */

static int pause_between(void *ctx, bool drawing, size_t done, size_t all)
{
    (void)drawing, (void)done, (void)all;
    return print_job_pause(ctx);
}

static int sheet_work(void *ctx, struct print_job *job)
{
    struct print_task *t = ctx;
    struct print_pace pace = {pause_between, job};
    return print_sheet_draw(t->press, &t->print, &t->sheet, &t->of, &pace, print_job_write, job, &t->told, &t->errors);
}

/* --- its answer --- */

/* The client has left, before or in the middle of its answer. */
static void client_left(struct conn *c)
{
    struct print_task *t = request_of(c)->print;
    if (t && t->job)
        print_job_cancel(t->job);
}

static void stream_ended(struct conn *c)
{
    struct print_task *t = request_of(c)->print;
    client_left(c);
    t->conn = NULL;
}

/* What is there, as long as it is taken at once. */
static void send_pieces(struct conn *c)
{
    static char piece[SHEET_PIECE]; /* of this call only */
    struct print_task *t = request_of(c)->print;
    size_t n;
    while (t->conn && conn_stream_unsent(c) == 0 && (n = print_job_take(t->job, piece, sizeof piece)) > 0)
        conn_stream_send(c, piece, n);
}

static void stream_begin(struct print_task *t)
{
    struct conn *c = t->conn;
    struct reply r;
    t->begun = true;
    answer_begin(&r, c, 200, print_form_type(t->print.form));
    put_name(&r, t, "sheet.pdf");
    print_task_headers(t, &r);
    if (reply_stream_body(&r, send_pieces, stream_ended))
        return;
    t->conn = NULL; /* it has left before the first byte */
    print_job_cancel(t->job);
}

static void sheet_ready(void *ctx, struct print_job *job)
{
    struct print_task *t = ctx;
    (void)job;
    if (!t->begun)
        stream_begin(t);
    if (t->conn)
        send_pieces(t->conn);
}

static void sheet_done(void *ctx, struct print_job *job, int result)
{
    struct print_task *t = ctx;
    struct conn *c = t->conn;
    (void)job;
    t->job = NULL;
    if (c && !t->begun) {
        print_task_fail(t, result);
        return;
    }
    if (c && result == 0)
        conn_stream_finish(c);
    else if (c)
        conn_stream_end(c); /* cut off, which a client sees: the last chunk is not there */
    t->conn = NULL;
    print_task_free(t);
}

/* --- its request --- */

static void sheet_read(void *ctx, enum store_result r, const struct store_printed *p)
{
    struct print_task *t = ctx;
    struct print_order order = {
        .is_long = true, .ctx = t, .work = sheet_work, .ready = sheet_ready, .done = sheet_done};
    if (!print_task_take(t, r, p))
        return;
    conn_watch_client(t->conn, client_left);
    print_task_start(t, &order);
}

static void sheet_start(struct conn *c)
{
    struct print_task *t = begin(c);
    if (t)
        print_task_read(t, print_wants_logo(&t->print), sheet_read);
}

void prints_sheet_pdf(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, sheet_start);
}
