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
#include "print.h"
#include "printer.h"
#include "problem.h"
#include "routes.h"

enum { PRINT_ETAG = 16 /* bytes of hash in an ETag */ };

/* One request, from its reading to its answer; owned by the request that it hangs on. */
struct print_task {
    struct conn *conn;
    struct print print;
    struct field_errors errors; /* what the drawing found wrong */
};

static void task_free(struct print_task *t)
{
    if (t)
        request_of(t->conn)->print = NULL;
    free(t);
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
    struct field_errors errors = t->errors;
    task_free(t);
    if (result == 0)
        send_print(c, &p, image, len);
    else if (errors.count > 0)
        problem_reply_fields(c, &errors);
    else
        problem_reply(c, 503, NULL);
}

/* --- the request --- */

static void campaign_read(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct conn *c = ctx;
    struct print_task *t = request_of(c)->print;
    struct print_order order = {.ctx = t, .work = draw_work, .done = draw_done};
    if (r != STORE_OK) {
        task_free(t);
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    print_set_link(&t->print, admin_of(c)->config->base_url, sc->definition->slug);
    if (printer_add(admin_of(c)->printer, &order))
        return;
    task_free(t);
    problem_reply(c, 503, "Too much is being printed; try again soon.");
}

static void print_start(struct conn *c, enum print_form form)
{
    struct admin_request *q = request_of(c);
    struct field_errors errors = {.count = 0};
    if (!request_read_slug(c))
        return;
    struct print_task *t = q->print = calloc(1, sizeof *t);
    if (!t) {
        problem_reply(c, 503, NULL);
        return;
    }
    struct print_source source = print_source_query(conn_request(c)->query);
    t->conn = c;
    t->print.form = form;
    print_read_code(&source, &t->print, &errors);
    if (errors.count == 0) {
        store_campaign_read(admin_of(c)->store, q->slug, campaign_read, c);
        return;
    }
    task_free(t);
    problem_reply_fields(c, &errors);
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
