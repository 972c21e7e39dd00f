/*
 * What is counted of a funnel, out of the statistics of its campaigns. See funnel_stats.h.
 *
 * Into the first step people come in whatever way they like: all that its campaign counted, and of it what came by the
 * funnel's channels. Into each later step come those whom the funnel's links bring, each counted by its own channel.
 */
#include "funnel_stats.h"

#include <stdlib.h>
#include <string.h>

const enum stat_kind funnel_kinds[FUNNEL_KINDS] = {STAT_VIEWS, STAT_PEOPLE, STAT_SEATS, STAT_HELD, STAT_CONFIRMED};

struct reading {
    struct funnel_stats stats;
    funnel_stats_done done;
    void *ctx;
    size_t pending;
    enum store_result failed;
    struct part {
        struct reading *reading;
        size_t step;
    } parts[FUNNEL_STEPS_MAX];
};

static int64_t *cell(const struct funnel_stats *s, size_t day, size_t step, int channel)
{
    const struct funnel *f = &s->funnel;
    return s->cells[(day * f->step_count + step) * (f->channel_count + 1) + (size_t)(channel + 1)];
}

/* The first step's other ways are what is left when the funnel's channels are taken out; what is not known of channels
 * stays whole there. Visits are counted a second later than seats, so a difference may be off for as long. */
static void take_channels_out(struct funnel_stats *s)
{
    for (size_t day = 0; day < s->day_count; day++) {
        int64_t *rest = cell(s, day, 0, FUNNEL_ALL);
        for (int channel = 0; channel < (int)s->funnel.channel_count; channel++)
            for (int k = 0; k < STAT_COUNT; k++)
                rest[k] -= cell(s, day, 0, channel)[k];
        for (int k = 0; k < STAT_COUNT; k++)
            rest[k] = rest[k] > 0 ? rest[k] : 0;
    }
}

static void part_ended(struct reading *r, enum store_result result)
{
    if (result != STORE_OK && r->failed == STORE_OK)
        r->failed = result;
    if (--r->pending > 0)
        return;
    if (r->failed == STORE_OK)
        take_channels_out(&r->stats);
    r->done(r->ctx, r->failed, r->failed == STORE_OK ? &r->stats : NULL);
    funnel_campaigns_clear(&r->stats.campaigns);
    free(r->stats.days);
    free(r->stats.cells);
    free(r);
}

static void campaigns_done(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct reading *reading = ctx;
    if (r == STORE_OK)
        funnel_campaigns_take(&reading->stats.campaigns, rows, count);
    part_ended(reading, r);
}

/* All that the first campaign counted; its rows are the days, in their order. */
static void whole_done(void *ctx, enum store_result r, const struct store_stats *stats)
{
    struct reading *reading = ctx;
    for (size_t day = 0; r == STORE_OK && day < stats->count && day < reading->stats.day_count; day++)
        for (int k = 0; k < STAT_COUNT; k++)
            cell(&reading->stats, day, 0, FUNNEL_ALL)[k] += stats->rows[day].counts[k];
    part_ended(reading, r);
}

static void step_done(void *ctx, enum store_result r, const int64_t (*counts)[STAT_COUNT])
{
    const struct part *part = ctx;
    struct reading *reading = part->reading;
    int begin = part->step == 0 ? 0 : FUNNEL_ALL;
    for (size_t day = 0; r == STORE_OK && day < reading->stats.day_count; day++)
        for (int channel = begin; channel < (int)reading->stats.funnel.channel_count; channel++)
            memcpy(cell(&reading->stats, day, part->step, channel), *counts++, sizeof *counts);
    part_ended(reading, r);
}

static void read_step(struct store *store, struct reading *r, size_t step)
{
    const struct funnel *f = &r->stats.funnel;
    char channels[FUNNEL_CHANNELS_MAX + 1][CAMPAIGN_CHANNEL_MAX + 1];
    size_t count = 0;
    _Static_assert((int)FUNNEL_CHANNELS_MAX + 1 <= (int)STORE_CHANNELS_MAX, "they are read at once");
    if (step > 0)
        funnel_channel(f, step, FUNNEL_ALL, channels[count++]);
    for (int channel = 0; channel < (int)f->channel_count; channel++, count++) {
        if (step > 0)
            funnel_channel(f, step, channel, channels[count]);
        else
            memcpy(channels[count], f->channels[channel].name, sizeof channels[count]);
    }
    if (count == 0)
        return;
    r->pending++;
    r->parts[step] = (struct part){r, step};
    store_channels_read(store, f->steps[step].name, (const char(*)[STORE_DAY])r->stats.days, r->stats.day_count,
                        (const char(*)[CAMPAIGN_CHANNEL_MAX + 1]) channels, count, step_done, &r->parts[step]);
}

static struct reading *reading_new(const struct funnel *f, const char (*days)[STORE_DAY], size_t day_count)
{
    struct reading *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->stats.funnel = *f;
    r->stats.day_count = day_count;
    r->stats.days = malloc(day_count * sizeof *days);
    r->stats.cells = calloc(day_count * f->step_count * (f->channel_count + 1), sizeof *r->stats.cells);
    if (!r->stats.days || !r->stats.cells) {
        free(r->stats.days);
        free(r->stats.cells);
        free(r);
        return NULL;
    }
    memcpy(r->stats.days, days, day_count * sizeof *days);
    return r;
}

void funnel_stats_read(struct store *store, const struct funnel *f, const char (*days)[STORE_DAY], size_t day_count,
                       funnel_stats_done done, void *ctx)
{
    struct reading *r = reading_new(f, days, day_count);
    char slugs[FUNNEL_STEPS_MAX][CAMPAIGN_SLUG_MAX + 1];
    if (!r) {
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    r->done = done;
    r->ctx = ctx;
    r->pending = 3; /* the two below, and this function itself: some calls end at once */
    for (size_t i = 0; i < f->step_count; i++)
        memcpy(slugs[i], f->steps[i].name, sizeof slugs[i]);
    store_campaigns_read(store, (const char(*)[CAMPAIGN_SLUG_MAX + 1]) slugs, f->step_count, campaigns_done, r);
    const struct store_stats_wish whole = {.slug = slugs[0], .days = days, .day_count = day_count, .by = STATS_BY_DAY};
    store_stats_read(store, &whole, whole_done, r);
    for (size_t step = 0; step < f->step_count && r->failed == STORE_OK; step++) /* too many are read at the moment */
        read_step(store, r, step);
    part_ended(r, STORE_OK);
}

/* --- what they say --- */

void funnel_stats_sum(const struct funnel_stats *s, long day, size_t step, int channel, int64_t counts[STAT_COUNT])
{
    size_t first = day < 0 ? 0 : (size_t)day, end = day < 0 ? s->day_count : first + 1;
    int begin = channel == FUNNEL_WHOLE ? FUNNEL_ALL : channel;
    int last = channel == FUNNEL_WHOLE ? (int)s->funnel.channel_count - 1 : channel;
    memset(counts, 0, STAT_COUNT * sizeof *counts);
    for (size_t d = first; d < end; d++)
        for (int c = begin; c <= last; c++)
            for (int k = 0; k < STAT_COUNT; k++)
                counts[k] += cell(s, d, step, c)[k];
}

bool funnel_stats_known(const struct funnel_stats *s, size_t step, int channel, enum stat_kind kind)
{
    if (s->campaigns.missing[step])
        return false;
    return (step == 0 && channel == FUNNEL_WHOLE) || stat_is_known(kind, STATS_BY_CHANNEL, false, false);
}

double funnel_stats_conversion(const struct funnel_stats *s, long day, size_t step, int channel)
{
    int64_t before[STAT_COUNT], here[STAT_COUNT];
    if (step == 0 || s->campaigns.missing[step] || s->campaigns.missing[step - 1])
        return -1;
    funnel_stats_sum(s, day, step - 1, channel, before);
    funnel_stats_sum(s, day, step, channel, here);
    return before[STAT_SEATS] > 0 ? (double)here[STAT_SEATS] / (double)before[STAT_SEATS] : -1;
}
