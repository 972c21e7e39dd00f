/* Sheets: a code for each of many channels, as PDF, and their links as CSV. */
#include <stdio.h>
#include <stdlib.h>

#include "answer.h"
#include "auth.h"
#include "print_body.h"
#include "print_task.h"
#include "problem.h"
#include "routes.h"

/* The task of a request with a sheet's body; NULL: what is wrong with it is answered. */
static struct print_task *begin(struct conn *c)
{
    struct print_task *t = request_read_slug(c) ? print_task_new(c) : NULL;
    if (!t)
        return NULL;
    json_t *body = print_body_read(c, &t->sheet, &t->errors);
    if (!body) { /* answered, and the request's data are gone with that */
        print_sheet_clear(&t->sheet);
        free(t);
        return NULL;
    }
    json_decref(body);
    if (t->errors.count == 0)
        return t;
    print_task_fail(t);
    return NULL;
}

/* --- POST /campaigns/{slug}/sheet.csv --- */

static void csv_done(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct print_task *t = request_of(ctx)->print;
    struct conn *c = t->conn;
    struct reply reply;
    char name[CAMPAIGN_SLUG_MAX + 64];
    size_t len = 0;
    if (r != STORE_OK) {
        print_task_fail_store(t, r);
        return;
    }
    char *text = print_sheet_csv(&t->sheet, admin_of(c)->config->base_url, sc->definition->slug, &len);
    if (!text) {
        print_task_fail(t);
        return;
    }
    print_task_free(t);
    snprintf(name, sizeof name, "attachment; filename=\"%s-channels.csv\"", sc->definition->slug);
    answer_begin(&reply, c, 200, "text/csv; charset=utf-8");
    reply_header_text(&reply, "Content-Disposition", name);
    reply_end(&reply, text, len);
    free(text);
}

static void csv_start(struct conn *c)
{
    if (begin(c))
        store_campaign_read(admin_of(c)->store, request_of(c)->slug, csv_done, c);
}

void prints_sheet_csv(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, csv_start);
}
