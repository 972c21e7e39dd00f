/*
 * What is printed of a campaign: parameters are read here, drawing is done on the print thread, and answered here.
 *
 * start -> the campaign is read -> a job on the print thread -> done.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "auth.h"
#include "print_task.h"
#include "printer.h"
#include "problem.h"
#include "routes.h"

enum { PRINT_ETAG = 16 /* bytes of hash in an ETag */ };

/* --- one request --- */

struct print_task *print_task_new(struct conn *c)
{
    struct print_task *t = request_of(c)->print = calloc(1, sizeof *t);
    if (t)
        t->conn = c;
    else
        problem_reply(c, 503, NULL);
    return t;
}

void print_task_free(struct print_task *t)
{
    if (t->conn)
        request_of(t->conn)->print = NULL;
    print_sheet_clear(&t->sheet);
    free(t);
}

void print_task_fail(struct print_task *t)
{
    struct conn *c = t->conn;
    struct field_errors errors = t->errors;
    print_task_free(t);
    if (errors.count > 0)
        problem_reply_fields(c, &errors);
    else
        problem_reply(c, 503, NULL);
}

void print_task_fail_store(struct print_task *t, enum store_result r)
{
    struct conn *c = t->conn;
    print_task_free(t);
    problem_reply_store(c, r, PROBLEM_READING);
}

/* --- the answer --- */

/* Whether If-None-Match names this tag (RFC 9110, 13.1.2: weak comparison). */
static bool client_has(const struct request *r, const char *etag)
{
    struct span s = r->header[HTTP_H_IF_NONE_MATCH];
    return s.at && (span_is(s, "*") || memmem(s.at, s.len, etag, strlen(etag)) != NULL);
}

static void send_print(struct conn *c, const struct print *p, const char *image, size_t len)
{
    unsigned char hash[PRINT_ETAG];
    char hex[PRINT_ETAG * 2 + 1], etag[sizeof hex + 2], name[CAMPAIGN_SLUG_MAX + CAMPAIGN_CHANNEL_MAX + 48];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)image, len, NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    snprintf(etag, sizeof etag, "\"%s\"", hex);
    snprintf(name, sizeof name, "inline; filename=\"%s%s%s.%s\"", request_of(c)->slug, p->channel[0] ? "-" : "",
             p->channel, print_form_suffix(p->form));
    bool has = client_has(conn_request(c), etag);
    struct reply r;
    answer_begin(&r, c, has ? 304 : 200, print_form_type(p->form));
    reply_header_text(&r, "ETag", etag);
    reply_header_text(&r, "Content-Disposition", name);
    reply_end(&r, has ? NULL : image, has ? 0 : len);
}

static int draw_work(void *ctx, struct print_job *job)
{
    struct print_task *t = ctx;
    return print_draw_code(&t->print, print_job_write, job, &t->errors);
}

static void draw_done(void *ctx, struct print_job *job, int result)
{
    struct print_task *t = ctx;
    struct conn *c = t->conn;
    size_t len;
    const char *image = print_job_bytes(job, &len);
    struct print p = t->print;
    if (result != 0) {
        print_task_fail(t);
        return;
    }
    print_task_free(t);
    send_print(c, &p, image, len);
}

/* --- the request --- */

static void campaign_read(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct conn *c = ctx;
    struct print_task *t = request_of(c)->print;
    struct print_order order = {.ctx = t, .work = draw_work, .done = draw_done};
    if (r != STORE_OK) {
        print_task_fail_store(t, r);
        return;
    }
    print_link(t->print.link, admin_of(c)->config->base_url, sc->definition->slug, t->print.channel);
    if (printer_add(admin_of(c)->printer, &order))
        return;
    print_task_free(t);
    problem_reply(c, 503, "Too much is being printed; try again soon.");
}

static void print_start(struct conn *c, enum print_form form)
{
    struct admin_request *q = request_of(c);
    struct print_task *t = request_read_slug(c) ? print_task_new(c) : NULL;
    if (!t)
        return;
    struct print_source source = print_source_query(conn_request(c)->query);
    t->print.form = form;
    print_read_code(&source, &t->print, &t->errors);
    if (t->errors.count > 0)
        print_task_fail(t);
    else
        store_campaign_read(admin_of(c)->store, q->slug, campaign_read, c);
}

static void svg_start(struct conn *c)
{
    print_start(c, PRINT_SVG);
}

static void png_start(struct conn *c)
{
    print_start(c, PRINT_PNG);
}

void prints_svg(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, svg_start);
}

void prints_png(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, png_start);
}
