/* Statistics of a few channels of a campaign, by day: only their fields are read, so what it costs does not grow with
 * the channels that strangers make up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_link.h"

enum { CHANNEL_DAYS_A_CALL = 32 /* read by one script: bounds for how long it keeps scans waiting */ };

struct channels_job {
    store_channels_done done;
    void *ctx;
    size_t pending, channel_count;
    enum store_result failed;
    int64_t (*counts)[STAT_COUNT]; /* by day and channel */
    struct channels_part *parts;
};

/* One call: some days. */
struct channels_part {
    struct channels_job *job;
    size_t first, days;
};

static void job_free(struct channels_job *job)
{
    free(job->counts);
    free(job->parts);
    free(job);
}

/* Counts with blanks between, those of visits; seats are the ledger's. */
static void read_counts(const char *text, int64_t counts[STAT_COUNT])
{
    char *end = (char *)text;
    for (int k = 0; k < STAT_VISIT_KINDS; k++) {
        int64_t n = strtoll(end, &end, 10);
        if (k != STAT_SEATS && stat_is_known((enum stat_kind)k, STATS_BY_CHANNEL, false, false))
            counts[k] = n;
    }
}

static bool read_day(const struct channels_job *job, const redisReply *seats, const redisReply *visits,
                     int64_t (*counts)[STAT_COUNT])
{
    if (seats->type != REDIS_REPLY_ARRAY || visits->type != REDIS_REPLY_ARRAY ||
        seats->elements != job->channel_count || visits->elements != job->channel_count)
        return false;
    for (size_t i = 0; i < job->channel_count; i++) {
        const redisReply *seat = seats->element[i], *visit = visits->element[i];
        if (seat->type != REDIS_REPLY_NIL && !redis_reply_int(seat, &counts[i][STAT_SEATS]))
            return false;
        if (visit->type == REDIS_REPLY_STRING)
            read_counts(visit->str, counts[i]);
        else if (visit->type != REDIS_REPLY_NIL)
            return false;
    }
    return true;
}

static void part_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct channels_part *part = ctx;
    struct channels_job *job = part->job;
    bool good = r == STORE_OK && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 * part->days;
    for (size_t i = 0; good && i < part->days; i++)
        good = read_day(job, reply->element[2 * i], reply->element[2 * i + 1],
                        job->counts + (part->first + i) * job->channel_count);
    if (!good && job->failed == STORE_OK)
        job->failed = r == STORE_OK ? STORE_BAD_REPLY : r;
    if (--job->pending > 0)
        return;
    job->done(job->ctx, job->failed, job->failed == STORE_OK ? (const int64_t(*)[STAT_COUNT])job->counts : NULL);
    job_free(job);
}

static struct channels_job *job_new(size_t day_count, size_t channel_count)
{
    struct channels_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->channel_count = channel_count;
    job->pending = (day_count + CHANNEL_DAYS_A_CALL - 1) / CHANNEL_DAYS_A_CALL;
    job->counts = calloc(day_count * channel_count, sizeof *job->counts);
    job->parts = calloc(job->pending, sizeof *job->parts);
    if (job->counts && job->parts)
        return job;
    job_free(job);
    return NULL;
}

void store_channels_read(struct store *s, const char *slug, const char (*days)[STORE_DAY], size_t day_count,
                         const char (*channels)[CAMPAIGN_CHANNEL_MAX + 1], size_t channel_count,
                         store_channels_done done, void *ctx)
{
    struct channels_job *job = job_new(day_count, channel_count);
    char name[STORE_DAY + 16];
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    job->done = done;
    job->ctx = ctx;
    for (size_t p = 0, parts = job->pending; p < parts; p++) {
        size_t first = p * CHANNEL_DAYS_A_CALL, left = day_count - first;
        struct channels_part *part = &job->parts[p];
        *part = (struct channels_part){job, first, left < CHANNEL_DAYS_A_CALL ? left : CHANNEL_DAYS_A_CALL};
        struct redis_call *c = redis_script_begin(s->link, REDIS_READ_CHANNELS, (int)part->days * 2);
        for (size_t i = first; i < first + part->days; i++) {
            snprintf(name, sizeof name, ":stats:%s", days[i]);
            redis_call_key(c, slug, name);
            snprintf(name, sizeof name, ":visits:%s", days[i]);
            redis_call_key(c, slug, name);
        }
        for (size_t i = 0; i < channel_count; i++)
            redis_call_text(c, channels[i]);
        redis_call_deadline(c, REDIS_ADMIN_DEADLINE_MS);
        redis_call_send(c, part_done, part);
    }
}
