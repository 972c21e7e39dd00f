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
#include "config.h"
#include "csv.h"
#include "params.h"
#include "problem.h"
#include "routes.h"

enum {
    STATS_DAYS_DEFAULT = 30, /* without `from` */
    NOON = 12 * 3600,        /* no change of the clocks makes another day of it */
};

static const char *const stat_words[STAT_COUNT] = {
    [STAT_VIEWS] = "views",         [STAT_PEOPLE] = "people",
    [STAT_RETURNING] = "returning", [STAT_FULL] = "full",
    [STAT_MACHINES] = "machines",   [STAT_REPORTS] = "reports",
    [STAT_SEATS] = "seats",         [STAT_HELD] = "held",
    [STAT_CONFIRMED] = "confirmed", [STAT_GIVEN_BACK] = "given_back",
};
/* In this order they are shown. */
static const enum stat_kind shown[STAT_COUNT] = {STAT_VIEWS, STAT_PEOPLE,    STAT_RETURNING,  STAT_SEATS,
                                                 STAT_HELD,  STAT_CONFIRMED, STAT_GIVEN_BACK, STAT_REPORTS,
                                                 STAT_FULL,  STAT_MACHINES};

static const char *const by_words[] = {
    [STATS_BY_DAY] = "day",         [STATS_BY_HOUR] = "hour",     [STATS_BY_GROUP] = "group",
    [STATS_BY_CHANNEL] = "channel", [STATS_BY_DEVICE] = "device", [STATS_BY_LANGUAGE] = "language"};

/* What is asked. */
struct stats_task {
    struct conn *conn;
    char slug[CAMPAIGN_SLUG_MAX + 1]; /* "": all campaigns */
    enum stat_by by;
    bool csv;
    char (*days)[STORE_DAY];
    size_t day_count;
};

static void task_free(struct stats_task *t)
{
    free(t->days);
    free(t);
}

/* Whether it is known for these rows: of which visitor a seat was that went back, the ledger does not know. */
static bool is_known(const struct stats_task *t, enum stat_kind kind, bool total)
{
    bool ledgers = kind == STAT_HELD || kind == STAT_GIVEN_BACK;
    bool by_visitor = t->by == STATS_BY_CHANNEL || t->by == STATS_BY_DEVICE || t->by == STATS_BY_LANGUAGE;
    bool of_page = kind == STAT_CONFIRMED || kind == STAT_REPORTS;
    if (ledgers && (!t->slug[0] || (by_visitor && !total)))
        return false;
    /* The page's buttons do not say through which channel the visitor came. */
    return total || !(t->by == STATS_BY_CHANNEL && of_page);
}

/* --- rows --- */

/* Days and hours have a row each, also those in which nothing happened. Calls put for each row, in order. */
static void each_row(const struct stats_task *t, const struct store_stats *stats,
                     void (*put)(void *ctx, const struct stats_task *t, const struct store_stats_row *row), void *ctx)
{
    size_t at = 0, hours = t->by == STATS_BY_HOUR ? 24 : 1;
    if (t->by != STATS_BY_DAY && t->by != STATS_BY_HOUR) {
        for (; at < stats->count; at++)
            put(ctx, t, &stats->rows[at]);
        return;
    }
    for (size_t i = 0; i < t->day_count * hours; i++) {
        struct store_stats_row row = {.counts = {0}};
        if (t->by == STATS_BY_DAY)
            snprintf(row.key, sizeof row.key, "%s", t->days[i]);
        else
            snprintf(row.key, sizeof row.key, "%sT%02zu", t->days[i / 24], i % 24);
        if (at < stats->count && strcmp(stats->rows[at].key, row.key) == 0)
            row = stats->rows[at++];
        put(ctx, t, &row);
    }
}

static json_t *counts_json(const struct stats_task *t, const int64_t *counts, bool total)
{
    json_t *json = json_object();
    for (int i = 0; i < STAT_COUNT; i++)
        json_object_set_new(json, stat_words[shown[i]],
                            is_known(t, shown[i], total) ? json_integer(counts[shown[i]]) : json_null());
    return json;
}

static void add_json_row(void *ctx, const struct stats_task *t, const struct store_stats_row *row)
{
    json_t *json = json_object(), *counts = counts_json(t, row->counts, false);
    json_object_set_new(json, "key", json_string(row->key));
    json_object_update(json, counts);
    json_decref(counts);
    json_array_append_new(ctx, json);
}

static char *stats_json(const struct stats_task *t, const struct store_stats *stats)
{
    json_t *rows = json_array();
    each_row(t, stats, add_json_row, rows);
    json_t *json = json_pack("{s:s?, s:s, s:s, s:s, s:o, s:o}", "slug", t->slug[0] ? t->slug : NULL, "from", t->days[0],
                             "to", t->days[t->day_count - 1], "by", by_words[t->by], "totals",
                             counts_json(t, stats->totals, true), "rows", rows);
    if (json && !t->slug[0])
        json_object_set_new(json, "dropped", json_integer(stats->dropped));
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

static void put_csv_row(void *ctx, const struct stats_task *t, const struct store_stats_row *row)
{
    FILE *out = ctx;
    csv_put_cell(out, row->key);
    for (int i = 0; i < STAT_COUNT; i++) {
        fputc(',', out);
        if (is_known(t, shown[i], false))
            fprintf(out, "%" PRId64, row->counts[shown[i]]);
    }
    fputs("\r\n", out);
}

static void answer_csv(const struct stats_task *t, const struct store_stats *stats)
{
    char *text = NULL, name[CAMPAIGN_SLUG_MAX + 96];
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out) {
        fprintf(out, "\xef\xbb\xbf%s", by_words[t->by]);
        for (int i = 0; i < STAT_COUNT; i++)
            fprintf(out, ",%s", stat_words[shown[i]]);
        fputs("\r\n", out);
        each_row(t, stats, put_csv_row, out);
    }
    if (!out || fclose(out) != 0) {
        problem_reply(t->conn, 503, NULL);
    } else {
        struct reply reply;
        snprintf(name, sizeof name, "attachment; filename=\"%s-%s-%s.csv\"", t->slug[0] ? t->slug : "all", t->days[0],
                 by_words[t->by]);
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
    task_free(t);
}

/* --- what is asked --- */

/* The noon of a day, in unix seconds as if its zone were UTC; false: it is no day. */
static bool read_day(const char *text, time_t *noon)
{
    struct tm tm = {.tm_hour = 12};
    char again[STORE_DAY];
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    if (!end || *end || strlen(text) != STORE_DAY - 1)
        return false;
    *noon = timegm(&tm);
    gmtime_r(noon, &tm); /* the 31st of a shorter month comes out as another day */
    return strftime(again, sizeof again, "%Y-%m-%d", &tm) && strcmp(again, text) == 0;
}

static time_t noon_of_today(void)
{
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    tm.tm_hour = 12;
    tm.tm_min = tm.tm_sec = 0;
    return timegm(&tm);
}

static void read_range(struct stats_task *t, struct span query, struct field_errors *errors)
{
    char text[16];
    time_t to = noon_of_today(), from;
    long len = query_get(query, "to", text, sizeof text);
    if (request_parameter_given(errors, "to", len) && !read_day(text, &to))
        field_errors_add(errors, "to", "must be a day as 2026-11-25");
    from = to - (STATS_DAYS_DEFAULT - 1) * (time_t)86400;
    len = query_get(query, "from", text, sizeof text);
    if (request_parameter_given(errors, "from", len) && !read_day(text, &from))
        field_errors_add(errors, "from", "must be a day as 2026-11-25");
    if (errors->count)
        return;
    if (from > to || (to - from) / 86400 >= STORE_STATS_DAYS_MAX) {
        field_errors_add(errors, "from", "must not be after `to`, nor more than 400 days with it");
        return;
    }
    t->day_count = (size_t)((to - from) / 86400) + 1;
    t->days = calloc(t->day_count, sizeof *t->days);
    for (size_t i = 0; t->days && i < t->day_count; i++) {
        time_t noon = from + (time_t)i * 86400;
        struct tm tm;
        gmtime_r(&noon, &tm);
        strftime(t->days[i], sizeof t->days[i], "%Y-%m-%d", &tm);
    }
}

static void read_form(struct stats_task *t, struct span query, struct field_errors *errors)
{
    char text[16] = "day";
    size_t words = t->slug[0] ? sizeof by_words / sizeof *by_words : STATS_BY_HOUR + 1, i = 0;
    long len = query_get(query, "by", text, sizeof text);
    if (request_parameter_given(errors, "by", len))
        while (i < words && strcmp(by_words[i], text) != 0)
            i++;
    if (i == words)
        field_errors_add(errors, "by",
                         t->slug[0] ? "must be day, hour, group, channel, device or language" : "must be day or hour");
    else
        t->by = (enum stat_by)i;
    len = query_get(query, "format", text, sizeof text);
    t->csv = request_parameter_given(errors, "format", len) && strcmp(text, "csv") == 0;
    if (len >= 0 && !t->csv && strcmp(text, "json") != 0)
        field_errors_add(errors, "format", "must be json or csv");
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
    read_range(t, query, &errors);
    if (errors.count > 0 || !t->days) {
        problem_reply_fields(c, &errors);
        task_free(t);
        return;
    }
    store_stats_read(admin_of(c)->store, slug[0] ? slug : NULL, (const char(*)[STORE_DAY])t->days, t->day_count, t->by,
                     read_done, t);
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
