/*
 * Codes and posters: parameters are read here, drawing is done on the print thread, and answered here.
 *
 * start -> the campaign is read, its logo with it -> a job on the print thread -> done. What takes less time to draw
 * than to hand over is drawn as soon as the campaign is read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "auth.h"
#include "print_task.h"
#include "problem.h"
#include "routes.h"

/* --- one request --- */

struct print_task *print_task_new(struct conn *c)
{
    struct print_task *t = request_of(c)->print = calloc(1, sizeof *t);
    if (!t) {
        problem_reply(c, 503, NULL);
        return NULL;
    }
    t->conn = c;
    t->press = admin_of(c)->press;
    return t;
}

void print_task_free(struct print_task *t)
{
    if (t->conn)
        request_of(t->conn)->print = NULL;
    print_sheet_clear(&t->sheet);
    print_campaign_clear(&t->of);
    free(t);
}

void print_task_fail(struct print_task *t, int result)
{
    struct conn *c = t->conn;
    struct field_errors errors = t->errors;
    struct print_told told = t->told;
    print_task_free(t);
    if (result == -EINVAL && errors.count > 0)
        problem_reply_fields(c, &errors);
    else
        problem_reply(c, 503, result == -ENOTSUP ? told.trouble : NULL);
}

void print_task_read(struct print_task *t, bool with_logo, store_printed_done done)
{
    store_printed_read(admin_of(t->conn)->store, request_of(t->conn)->slug, with_logo, done, t);
}

bool print_task_take(struct print_task *t, enum store_result r, const struct store_printed *p)
{
    struct conn *c = t->conn;
    if (r != STORE_OK) {
        print_task_free(t);
        problem_reply_store(c, r, PROBLEM_READING);
        return false;
    }
    if (print_campaign_take(&t->of, p->definition, admin_of(c)->config->base_url) &&
        (!p->logo || print_campaign_take_logo(&t->of, p->logo, p->logo_len)))
        return true;
    print_task_fail(t, -ENOMEM);
    return false;
}

void print_task_start(struct print_task *t, const struct print_order *order)
{
    struct conn *c = t->conn;
    t->job = printer_add(admin_of(c)->printer, order);
    if (t->job)
        return;
    print_task_free(t);
    problem_reply(c, 503, "Too much is being printed; try again soon.");
}

void print_task_headers(const struct print_task *t, struct reply *r)
{
    char proof[32];
    if (t->told.margin >= 0) {
        snprintf(proof, sizeof proof, "ok; margin=%d%%", t->told.margin);
        reply_header_text(r, "Huoma-Proof", proof);
    }
    if (t->told.compact[0])
        reply_header_text(r, "Huoma-Compact", t->told.compact);
}

/* --- the answer --- */

/* inline; filename="slug-channel-poster.pdf" */
static void make_name(const struct print_task *t, char *out, size_t size)
{
    const struct print *p = &t->print;
    bool poster = p->kind == PRINT_POSTER;
    snprintf(out, size, "inline; filename=\"%s%s%s%s%s.%s\"", t->of.slug, p->channel[0] ? "-" : "", p->channel,
             poster ? "-" : "", poster ? qr_template_name(p->template) : "", print_form_suffix(p->form));
}

static int draw_work(void *ctx, struct print_job *job)
{
    struct print_task *t = ctx;
    return print_draw(t->press, &t->print, &t->of, print_job_write, job, &t->told, &t->errors);
}

/* Frees the task. */
static void answer(struct print_task *t, const char *bytes, size_t len)
{
    struct conn *c = t->conn;
    char etag[ANSWER_ETAG], name[CAMPAIGN_SLUG_MAX + CAMPAIGN_CHANNEL_MAX + 64];
    struct reply r;
    answer_etag(bytes, len, etag);
    make_name(t, name, sizeof name);
    bool has = answer_client_has(c, etag);
    answer_begin(&r, c, has ? 304 : 200, print_form_type(t->print.form));
    reply_header_text(&r, "ETag", etag);
    reply_header_text(&r, "Content-Disposition", name);
    print_task_headers(t, &r);
    print_task_free(t);
    reply_end(&r, has ? NULL : bytes, has ? 0 : len);
}

static void draw_done(void *ctx, struct print_job *job, int result)
{
    struct print_task *t = ctx;
    size_t len;
    if (result != 0) {
        print_task_fail(t, result);
        return;
    }
    if (t->print.kind == PRINT_CODE)
        print_proofs_keep(admin_of(t->conn)->proofs, t->told.proof, t->told.margin);
    const char *bytes = print_job_bytes(job, &len);
    answer(t, bytes, len);
}

/* --- the request --- */

static void campaign_read(void *ctx, enum store_result r, const struct store_printed *p)
{
    struct print_task *t = ctx;
    size_t len;
    if (!print_task_take(t, r, p))
        return;
    char *image = print_code_at_once(admin_of(t->conn)->proofs, &t->print, &t->of, &t->told, &len);
    if (image)
        answer(t, image, len);
    else
        print_task_start(t, &(struct print_order){.ctx = t, .work = draw_work, .done = draw_done});
    free(image);
}

static void print_start(struct conn *c, enum print_kind kind, enum qr_form form)
{
    struct print_task *t = request_read_slug(c) ? print_task_new(c) : NULL;
    if (!t)
        return;
    struct print_source source = print_source_query(&conn_request(c)->query);
    t->print.kind = kind;
    t->print.form = form;
    print_read(&source, &t->print, &t->errors);
    if (t->errors.count > 0)
        print_task_fail(t, -EINVAL);
    else
        print_task_read(t, print_wants_logo(&t->print), campaign_read);
}

/* What the path asks for: its last segment, which is one of the routes'. */
static void find_start(struct conn *c)
{
    static const struct {
        const char *suffix;
        enum qr_form form;
    } forms[] = {{".svg", QR_SVG}, {".png", QR_PNG}, {".pdf", QR_PDF}, {".eps", QR_EPS}};
    struct span path = conn_request(c)->path;
    bool poster = memcmp(path.at + path.len - 11, "/poster", 7) == 0;
    size_t i = 0;
    while (i < 3 && memcmp(path.at + path.len - 4, forms[i].suffix, 4) != 0)
        i++;
    print_start(c, poster ? PRINT_POSTER : PRINT_CODE, forms[i].form);
}

void prints_get(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, find_start);
}
