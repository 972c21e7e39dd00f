/* GET /funnels/{id}/stats: how many came from step to step, by day or by channel, as JSON or CSV. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "auth.h"
#include "funnel_stats.h"
#include "funnels.h"
#include "params.h"
#include "routes.h"
#include "stats_query.h"

/* What is asked. */
struct funnel_task {
    struct conn *conn;
    struct funnel_question question;
    char channel[CAMPAIGN_CHANNEL_MAX + 1]; /* "": all */
    bool csv;
    char days[STORE_STATS_DAYS_MAX][STORE_DAY];
    size_t day_count;
};

static void answer_csv(const struct funnel_task *t, const struct funnel_stats *stats)
{
    struct conn *c = t->conn;
    struct reply reply;
    char name[128];
    size_t len = 0;
    char *text = funnel_stats_csv(stats, &t->question, &len);
    if (!text) {
        problem_reply(c, 503, NULL);
        return;
    }
    snprintf(name, sizeof name, "attachment; filename=\"funnel-%s-%s-%s.csv\"", stats->funnel.id, stats->days[0],
             t->question.by_channel ? "channel" : "day");
    answer_begin(&reply, c, 200, "text/csv; charset=utf-8");
    reply_header_text(&reply, "Content-Disposition", name);
    reply_end(&reply, text, len);
    free(text);
}

static void read_done(void *ctx, enum store_result r, const struct funnel_stats *stats)
{
    struct funnel_task *t = ctx;
    if (r != STORE_OK) {
        problem_reply_store(t->conn, r, PROBLEM_READING);
    } else if (t->csv) {
        answer_csv(t, stats);
    } else {
        char *text = funnel_stats_json(stats, &t->question);
        answer_json(t->conn, 200, text, text ? strlen(text) : 0, 0, NULL);
    }
    free(t);
}

/* The channel of the question, among the funnel's. */
static bool find_channel(struct funnel_task *t, const struct funnel *f)
{
    t->question.channel = FUNNEL_WHOLE;
    for (size_t i = 0; t->channel[0] && i < f->channel_count; i++)
        if (strcmp(f->channels[i].name, t->channel) == 0)
            t->question.channel = (int)i;
    return !t->channel[0] || t->question.channel != FUNNEL_WHOLE;
}

static void found(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct funnel_task *t = ctx;
    struct conn *c = t->conn;
    struct funnel f;
    struct field_errors errors = {.count = 0};
    if (r == STORE_OK && !funnel_from_record(json, len, &f))
        r = STORE_BAD_REPLY;
    if (r == STORE_OK && find_channel(t, &f)) {
        funnel_stats_read(admin_of(c)->store, &f, (const char(*)[STORE_DAY])t->days, t->day_count, read_done, t);
        return;
    }
    free(t);
    field_errors_add(&errors, "channel", "is none of the funnel's");
    if (r == STORE_OK)
        problem_reply_fields(c, &errors);
    else
        funnels_refuse(c, r, PROBLEM_READING);
}

static void read_question(struct funnel_task *t, struct span query, struct field_errors *errors)
{
    char by[16] = "day";
    long len = query_get(query, "by", by, sizeof by);
    t->question.by_channel = request_parameter_given(errors, "by", len) && strcmp(by, "channel") == 0;
    if (len >= 0 && !t->question.by_channel && strcmp(by, "day") != 0)
        field_errors_add(errors, "by", "must be day or channel");
    if (!request_parameter_given(errors, "channel", query_get(query, "channel", t->channel, sizeof t->channel)))
        t->channel[0] = '\0';
    if (t->question.by_channel && t->channel[0])
        field_errors_add(errors, "channel", "goes with by=day");
    t->csv = stats_query_csv(query, errors);
    t->day_count = stats_query_days(query, t->days, errors);
}

static void stats_start(struct conn *c)
{
    struct field_errors errors = {.count = 0};
    char id[FUNNEL_ID + 1];
    if (!funnels_read_id(c, id))
        return;
    struct funnel_task *t = calloc(1, sizeof *t);
    if (!t) {
        problem_reply(c, 503, NULL);
        return;
    }
    t->conn = c;
    read_question(t, conn_request(c)->query, &errors);
    if (errors.count == 0) {
        store_row_get(admin_of(c)->store, funnels_rows, id, found, t);
        return;
    }
    free(t);
    problem_reply_fields(c, &errors);
}

void funnels_stats(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, stats_start);
}
