/* `huoma campaign stats`: what happened to a campaign over days, as a table, JSON or CSV. */
#include <stdlib.h>
#include <string.h>

#include "campaign_request.h"
#include "campaign_view.h"
#include "csv.h"

enum { STATS_DAYS_DEFAULT = 7 }; /* as many as a terminal has room for */
enum form { FORM_TABLE, FORM_JSON, FORM_CSV };

struct wish {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    char from[STORE_DAY], to[STORE_DAY];
    enum stat_by by;
    enum form form;
    char days[STORE_STATS_DAYS_MAX][STORE_DAY];
    size_t day_count;
};

struct reading {
    struct session *session;
    const struct wish *wish;
    enum store_result result;
    bool good;
};

/* --- showing --- */

static void put_number(FILE *out, const struct wish *w, enum stat_kind kind, const int64_t *counts, bool total,
                       const char *unknown)
{
    if (stat_is_known(kind, w->by, false, total))
        fprintf(out, "%lld", (long long)counts[kind]);
    else
        fputs(unknown, out);
}

static bool print_table(const struct wish *w, const struct store_stats *stats)
{
    struct text_table *table = text_table_new(1 + STAT_COUNT);
    unsigned numbers = 0;
    if (!table)
        return false;
    text_table_cell(table, "%s", stats_by_words[w->by]);
    for (int i = 0; i < STAT_COUNT; i++) {
        text_table_cell(table, "%s", stat_words[stat_order[i]]);
        numbers |= 2u << i;
    }
    for (size_t row = 0; row <= stats->count; row++) {
        bool total = row == stats->count;
        const int64_t *counts = total ? stats->totals : stats->rows[row].counts;
        const char *key = total ? "all" : stats->rows[row].key;
        text_table_cell(table, "%s", key[0] ? key : "-");
        for (int i = 0; i < STAT_COUNT; i++) {
            if (stat_is_known(stat_order[i], w->by, false, total))
                text_table_cell(table, "%lld", (long long)counts[stat_order[i]]);
            else
                text_table_cell(table, "%s", "");
        }
    }
    bool good = text_table_print(table, numbers, stdout);
    text_table_free(table);
    printf("\nNext: huoma campaign stats %s --by hour --csv\n", w->slug);
    return good;
}

static void print_json_counts(const struct wish *w, const int64_t *counts, bool total)
{
    for (int i = 0; i < STAT_COUNT; i++) {
        printf("%s\"%s\":", i ? "," : "", stat_words[stat_order[i]]);
        put_number(stdout, w, stat_order[i], counts, total, "null");
    }
}

static void print_json(const struct wish *w, const struct store_stats *stats)
{
    printf("{\"slug\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"by\":\"%s\",\"totals\":{", w->slug, w->from, w->to,
           stats_by_words[w->by]);
    print_json_counts(w, stats->totals, true);
    printf("},\"rows\":[");
    for (size_t i = 0; i < stats->count; i++) {
        printf("%s{\"key\":", i ? ",\n" : "");
        text_print_json(stdout, stats->rows[i].key);
        putchar(',');
        print_json_counts(w, stats->rows[i].counts, false);
        putchar('}');
    }
    printf("]}\n");
}

static void print_csv(const struct wish *w, const struct store_stats *stats)
{
    printf("\xef\xbb\xbf%s", stats_by_words[w->by]);
    for (int i = 0; i < STAT_COUNT; i++)
        printf(",%s", stat_words[stat_order[i]]);
    printf("\r\n");
    for (size_t row = 0; row < stats->count; row++) {
        csv_put_cell(stdout, stats->rows[row].key);
        for (int i = 0; i < STAT_COUNT; i++) {
            putchar(',');
            put_number(stdout, w, stat_order[i], stats->rows[row].counts, false, "");
        }
        printf("\r\n");
    }
}

static void read_done(void *ctx, enum store_result r, const struct store_stats *stats)
{
    struct reading *reading = ctx;
    const struct wish *w = reading->wish;
    reading->result = r;
    reading->good = true;
    if (r == STORE_OK && w->form == FORM_JSON)
        print_json(w, stats);
    else if (r == STORE_OK && w->form == FORM_CSV)
        print_csv(w, stats);
    else if (r == STORE_OK)
        reading->good = print_table(w, stats);
    session_done(reading->session);
}

static enum cli_exit show(struct session *s, const struct wish *w)
{
    struct held_campaign h = {.session = s};
    struct reading reading = {.session = s, .wish = w};
    enum store_result r = held_campaign_read(s, w->slug, &h);
    held_campaign_clear(&h);
    if (r != STORE_OK)
        return campaign_fail(w->slug, r);
    const struct store_stats_wish wish = {
        .slug = w->slug, .days = (const char(*)[STORE_DAY])w->days, .day_count = w->day_count, .by = w->by};
    store_stats_read(session_store(s), &wish, read_done, &reading);
    session_run(s);
    if (reading.result != STORE_OK)
        return campaign_fail(w->slug, reading.result);
    return reading.good ? CLI_DONE : cli_fail("campaign stats", "out of memory");
}

/* --- the command --- */

static bool read_day(const char *option, const char *value, char day[STORE_DAY])
{
    if (!stats_day_valid(value)) {
        cli_misuse("campaign stats", "%s: %s is not a day as 2026-11-25", option, value);
        return false;
    }
    memcpy(day, value, STORE_DAY);
    return true;
}

static bool read_by(const char *value, enum stat_by *by)
{
    for (int i = 0; i < STATS_BYS; i++) {
        if (strcmp(stats_by_words[i], value) == 0) {
            *by = (enum stat_by)i;
            return true;
        }
    }
    cli_misuse("campaign stats", "--by: %s is not day, hour, group, channel, device or language", value);
    return false;
}

static bool read_range(struct wish *w)
{
    if (!w->to[0])
        stats_today(w->to);
    if (!w->from[0])
        stats_day_before(w->to, STATS_DAYS_DEFAULT - 1, w->from);
    w->day_count = stats_days(w->from, w->to, w->days);
    if (!w->day_count)
        cli_misuse("campaign stats", "--from must not be after --to, nor more than 400 days with it");
    return w->day_count > 0;
}

static bool read_wish(struct wish *w, int argc, char **argv)
{
    static const struct cli_option options[] = {{"--json", false}, {"--csv", false}, {"--from", true},
                                                {"--to", true},    {"--by", true},   {NULL, false}};
    struct cli_walk walk = {.command = "campaign stats", .argc = argc, .argv = argv};
    const char *value;
    memset(w, 0, sizeof *w);
    for (int option; (option = cli_next(&walk, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (option == CLI_ARGUMENT && (w->slug[0] || !campaign_request_slug(value, w->slug))) {
            cli_misuse(walk.command, w->slug[0] ? "more than one SLUG" : "%s is not a slug", value);
            return false;
        }
        if ((option == 2 && !read_day("--from", value, w->from)) || (option == 3 && !read_day("--to", value, w->to)) ||
            (option == 4 && !read_by(value, &w->by)))
            return false;
        w->form = option == 0 ? FORM_JSON : option == 1 ? FORM_CSV : w->form;
    }
    if (!w->slug[0])
        cli_misuse(walk.command, "needs a SLUG");
    return w->slug[0] && read_range(w);
}

enum cli_exit campaign_run_stats(const struct config *config, int argc, char **argv)
{
    static struct wish w;
    if (!read_wish(&w, argc, argv))
        return CLI_MISUSED;
    struct session *s = session_open(config);
    if (!s)
        return CLI_FAILED;
    enum cli_exit code = show(s, &w);
    session_close(s);
    return code;
}
