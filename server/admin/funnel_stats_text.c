/* What is counted of a funnel, as JSON and as CSV. See funnel_stats.h. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "funnel_stats.h"

size_t funnel_stats_rows(const struct funnel_stats *s, const struct funnel_question *q)
{
    return q->by_channel ? s->funnel.channel_count + 1 : s->day_count;
}

const char *funnel_stats_row(const struct funnel_stats *s, const struct funnel_question *q, size_t row, long *ret_day,
                             int *ret_channel)
{
    *ret_day = q->by_channel ? -1 : (long)row;
    if (!q->by_channel) {
        *ret_channel = q->channel;
        return s->days[row];
    }
    bool rest = row == s->funnel.channel_count;
    *ret_channel = rest ? FUNNEL_ALL : (int)row;
    return rest ? "" : s->funnel.channels[row].name;
}

/* --- JSON --- */

static json_t *step_json(const struct funnel_stats *s, long day, size_t step, int channel)
{
    int64_t counts[STAT_COUNT];
    json_t *json = json_object();
    double conversion = funnel_stats_conversion(s, day, step, channel);
    funnel_stats_sum(s, day, step, channel, counts);
    for (int k = 0; k < FUNNEL_KINDS; k++)
        json_object_set_new(json, stat_words[funnel_kinds[k]],
                            funnel_stats_known(s, step, channel, funnel_kinds[k])
                                ? json_integer(counts[funnel_kinds[k]])
                                : json_null());
    json_object_set_new(json, "conversion",
                        conversion < 0 ? json_null() : json_real(round(conversion * 10000) / 10000));
    return json;
}

static json_t *steps_json(const struct funnel_stats *s, long day, int channel)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < s->funnel.step_count; i++)
        json_array_append_new(steps, step_json(s, day, i, channel));
    return steps;
}

/* The sums of all rows, with what the steps are. */
static json_t *totals_json(const struct funnel_stats *s, const struct funnel_question *q)
{
    json_t *steps = steps_json(s, -1, q->by_channel ? FUNNEL_WHOLE : q->channel);
    for (size_t i = 0; i < s->funnel.step_count; i++) {
        json_t *step = json_array_get(steps, i);
        const char *title = s->campaigns.titles[i];
        json_object_set_new(step, "campaign", json_string(s->funnel.steps[i].name));
        json_object_set_new(step, "title", title ? json_string(title) : json_null());
        json_object_set_new(step, "missing", json_boolean(s->campaigns.missing[i]));
    }
    return steps;
}

char *funnel_stats_json(const struct funnel_stats *s, const struct funnel_question *q)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < funnel_stats_rows(s, q); i++) {
        long day;
        int channel;
        const char *key = funnel_stats_row(s, q, i, &day, &channel);
        json_array_append_new(rows, json_pack("{s:s,s:o}", "key", key, "steps", steps_json(s, day, channel)));
    }
    json_t *json = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s?,s:o,s:o}", "id", s->funnel.id, "title", s->funnel.title, "from",
                             s->days[0], "to", s->days[s->day_count - 1], "by", q->by_channel ? "channel" : "day",
                             "channel", q->channel >= 0 ? s->funnel.channels[q->channel].name : NULL, "steps",
                             totals_json(s, q), "rows", rows);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    json_decref(json);
    return text;
}

/* --- CSV --- */

static void put_step(FILE *out, const struct funnel_stats *s, const char *key, long day, size_t step, int channel)
{
    int64_t counts[STAT_COUNT];
    double conversion = funnel_stats_conversion(s, day, step, channel);
    funnel_stats_sum(s, day, step, channel, counts);
    csv_put_cell(out, key);
    fprintf(out, ",%zu,", step + 1);
    csv_put_cell(out, s->funnel.steps[step].name);
    for (int k = 0; k < FUNNEL_KINDS; k++) {
        fputc(',', out);
        if (funnel_stats_known(s, step, channel, funnel_kinds[k]))
            fprintf(out, "%" PRId64, counts[funnel_kinds[k]]);
    }
    fputc(',', out);
    if (conversion >= 0)
        fprintf(out, "%.4f", conversion);
    fputs("\r\n", out);
}

char *funnel_stats_csv(const struct funnel_stats *s, const struct funnel_question *q, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    if (!out)
        return NULL;
    fprintf(out, "\xef\xbb\xbf%s,step,campaign", q->by_channel ? "channel" : "day");
    for (int k = 0; k < FUNNEL_KINDS; k++)
        fprintf(out, ",%s", stat_words[funnel_kinds[k]]);
    fputs(",conversion\r\n", out);
    for (size_t i = 0; i < funnel_stats_rows(s, q); i++) {
        long day;
        int channel;
        const char *key = funnel_stats_row(s, q, i, &day, &channel);
        for (size_t step = 0; step < s->funnel.step_count; step++)
            put_step(out, s, key, day, step, channel);
    }
    return fclose(out) == 0 ? text : (free(text), NULL);
}
