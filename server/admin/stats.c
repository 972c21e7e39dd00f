/* Statistics: what happened to a campaign, or to all of them together, over days; as JSON, and as CSV for spreadsheets.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "auth.h"
#include "csv.h"
#include "params.h"
#include "problem.h"
#include "routes.h"
#include "stats_query.h"

/* What is asked. */
struct stats_task {
    struct conn *conn;
    char slug[CAMPAIGN_SLUG_MAX + 1]; /* "": all campaigns */
    char group[GROUP_ID_MAX + 1];     /* "": all groups */
    enum stat_by by;
    bool csv;
    char days[STORE_STATS_DAYS_MAX][STORE_DAY];
    size_t day_count;
};

static bool is_known(const struct stats_task *t, enum stat_kind kind, bool total)
{
    /* An hour of one group has only what the ledger counted. */
    if (t->group[0] && (kind == STAT_LOST || (t->by == STATS_BY_HOUR && kind <= STAT_MACHINES)))
        return false;
    return stat_is_known(kind, t->by, !t->slug[0], total);
}

/* The moment, with the offset of the zone whose days and hours the keys name: which of them is not over yet. */
static json_t *now_json(void)
{
    time_t now = time(NULL);
    struct tm tm;
    char text[32], zone[8];
    localtime_r(&now, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    strftime(zone, sizeof zone, "%z", &tm);
    return json_sprintf("%s%.3s:%s", text, zone, zone + 3);
}

static json_t *counts_json(const struct stats_task *t, const int64_t *counts, bool total)
{
    json_t *json = json_object();
    for (int i = 0; i < STAT_COUNT; i++)
        json_object_set_new(json, stat_words[stat_order[i]],
                            is_known(t, stat_order[i], total) ? json_integer(counts[stat_order[i]]) : json_null());
    return json;
}

static void add_row(json_t *rows, const struct stats_task *t, const struct store_stats_row *row)
{
    json_t *json = json_object(), *counts = counts_json(t, row->counts, false);
    json_object_set_new(json, "key", json_string(row->key));
    json_object_update(json, counts);
    json_decref(counts);
    json_array_append_new(rows, json);
}

static char *stats_json(const struct stats_task *t, const struct store_stats *stats)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < stats->count; i++)
        add_row(rows, t, &stats->rows[i]);
    json_t *json = json_pack("{s:s?, s:s, s:s, s:o, s:s, s:o, s:o}", "slug", t->slug[0] ? t->slug : NULL, "from",
                             t->days[0], "to", t->days[t->day_count - 1], "now", now_json(), "by",
                             stats_by_words[t->by], "totals", counts_json(t, stats->totals, true), "rows", rows);
    if (json && !t->slug[0])
        json_object_set_new(json, "dropped", json_integer(stats->dropped));
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

static void put_row(FILE *out, const struct stats_task *t, const struct store_stats_row *row)
{
    csv_put_cell(out, row->key);
    for (int i = 0; i < STAT_COUNT; i++) {
        fputc(',', out);
        if (is_known(t, stat_order[i], false))
            fprintf(out, "%" PRId64, row->counts[stat_order[i]]);
    }
    fputs("\r\n", out);
}

static void answer_csv(const struct stats_task *t, const struct store_stats *stats)
{
    char *text = NULL, name[CAMPAIGN_SLUG_MAX + GROUP_ID_MAX + 96];
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out) {
        fprintf(out, "\xef\xbb\xbf%s", stats_by_words[t->by]);
        for (int i = 0; i < STAT_COUNT; i++)
            fprintf(out, ",%s", stat_words[stat_order[i]]);
        fputs("\r\n", out);
        for (size_t i = 0; i < stats->count; i++)
            put_row(out, t, &stats->rows[i]);
    }
    if (!out || fclose(out) != 0) {
        problem_reply(t->conn, 503, NULL);
    } else {
        struct reply reply;
        snprintf(name, sizeof name, "attachment; filename=\"%s%s%s-%s-%s.csv\"", t->slug[0] ? t->slug : "all",
                 t->group[0] ? "-" : "", t->group, t->days[0], stats_by_words[t->by]);
        answer_begin(&reply, t->conn, 200, "text/csv; charset=utf-8");
        reply_header_text(&reply, "Content-Disposition", name);
        reply_end(&reply, text, len);
    }
    free(text);
}

static void read_done(void *ctx, enum store_result r, const struct store_stats *stats)
{
    struct stats_task *t = ctx;
    if (r != STORE_OK) {
        problem_reply_store(t->conn, r, PROBLEM_READING);
    } else if (t->csv) {
        answer_csv(t, stats);
    } else {
        char *text = stats_json(t, stats);
        answer_json(t->conn, 200, text, text ? strlen(text) : 0, 0, NULL);
    }
    free(t);
}

/* --- what is asked --- */

static void read_form(struct stats_task *t, struct span query, struct field_errors *errors)
{
    char text[16] = "day";
    size_t words = t->slug[0] ? STATS_BYS : STATS_BY_HOUR + 1, i = 0;
    long len = query_get(query, "by", text, sizeof text);
    if (request_parameter_given(errors, "by", len))
        while (i < words && strcmp(stats_by_words[i], text) != 0)
            i++;
    if (i == words)
        field_errors_add(errors, "by",
                         t->slug[0] ? "must be day, hour, group, channel, device or language" : "must be day or hour");
    else
        t->by = (enum stat_by)i;
    t->csv = stats_query_csv(query, errors);
}

static void read_group(struct stats_task *t, struct span query, struct field_errors *errors)
{
    long len = query_get(query, "group", t->group, sizeof t->group);
    if (!request_parameter_given(errors, "group", len))
        return;
    if (!t->slug[0] || t->by > STATS_BY_HOUR)
        field_errors_add(errors, "group", "goes with a campaign, by day or hour");
    else if (!group_id_valid(t->group, (size_t)len))
        field_errors_add(errors, "group", "must be a group's id, as g1");
}

static void stats_start(struct conn *c, const char *slug)
{
    struct field_errors errors = {.count = 0};
    struct span query = conn_request(c)->query;
    struct stats_task *t = calloc(1, sizeof *t);
    if (!t) {
        problem_reply(c, 503, NULL);
        return;
    }
    t->conn = c;
    snprintf(t->slug, sizeof t->slug, "%s", slug);
    read_form(t, query, &errors);
    read_group(t, query, &errors);
    t->day_count = stats_query_days(query, t->days, &errors);
    if (errors.count > 0) {
        problem_reply_fields(c, &errors);
        free(t);
        return;
    }
    const struct store_stats_wish wish = {.slug = slug[0] ? slug : NULL,
                                          .group = t->group[0] ? t->group : NULL,
                                          .days = (const char(*)[STORE_DAY])t->days,
                                          .day_count = t->day_count,
                                          .by = t->by};
    store_stats_read(admin_of(c)->store, &wish, read_done, t);
}

/* --- GET /stats, GET /campaigns/{slug}/stats --- */

static void all_start(struct conn *c)
{
    stats_start(c, "");
}

void stats_all(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, all_start);
}

static void campaign_read(void *ctx, enum store_result r, const struct store_campaign *campaign)
{
    struct conn *c = ctx;
    (void)campaign;
    if (r == STORE_OK)
        stats_start(c, request_of(c)->slug);
    else
        problem_reply_store(c, r, PROBLEM_READING);
}

static void campaign_start(struct conn *c)
{
    if (request_read_slug(c))
        store_campaign_read(admin_of(c)->store, request_of(c)->slug, campaign_read, c);
}

void stats_campaign(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, campaign_start);
}
