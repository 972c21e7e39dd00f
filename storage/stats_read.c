/* Ranges of days come out, by scripts that read some days each: what the ledger counted and what workers told make
 * rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stats_private.h"

enum {
    STATS_DAY_HOURS = 24,
    STATS_LATE_SECONDS = 10, /* so long after its end an hour's last counts may come */
    STATS_DAYS_A_CALL = 8,   /* read by one script: bounds for how long it keeps scans waiting */
    STATS_READING_MAX = 16,  /* ranges read at once on one link: each is a call for every eight days */
    STATS_ROWS_FIRST = 64,
};

struct stats_job {
    struct store *store;
    enum stat_by by;
    char group[GROUP_ID_MAX + 1]; /* "": all */
    store_stats_done done;
    void *ctx;
    size_t pending;
    enum store_result failed;
    char (*days)[STORE_DAY];
    size_t day_count;
    struct store_stats_row *rows; /* as they come: a key may occur often */
    size_t count, room;
    struct store_stats sum;
    bool all; /* campaigns together */
    struct stats_part *parts;
    char running[STORE_DAY + 3];     /* "2026-11-25T14": the first hour that may not have been told of wholly */
    int64_t untold[STATS_DAY_HOURS]; /* of the day that is being read: seats given, less those that workers told of */
};

/* One call of a range. */
struct stats_part {
    struct stats_job *job;
    size_t first, days;
};

static struct store_stats_row *new_row(struct stats_job *job, const char *key)
{
    if (job->count == job->room) {
        size_t room = job->room ? job->room * 2 : STATS_ROWS_FIRST;
        struct store_stats_row *rows = realloc(job->rows, room * sizeof *rows);
        if (!rows) {
            job->failed = STORE_UNAVAILABLE;
            return NULL;
        }
        job->rows = rows;
        job->room = room;
    }
    struct store_stats_row *row = &job->rows[job->count++];
    *row = (struct store_stats_row){.counts = {0}};
    snprintf(row->key, sizeof row->key, "%s", key);
    return row;
}

static void put(struct stats_job *job, const char *key, enum stat_kind kind, int64_t n)
{
    struct store_stats_row *row = new_row(job, key);
    if (row)
        row->counts[kind] = n;
}

/* Which row an hour's count belongs to; false: to none, when hours are not asked for. */
static bool hour_key(const struct stats_job *job, const char *day, const char *hour, char key[64])
{
    if (job->by == STATS_BY_DAY)
        snprintf(key, 64, "%s", day);
    else if (job->by == STATS_BY_HOUR)
        snprintf(key, 64, "%sT%.2s", day, hour);
    else
        return false;
    return true;
}

/* What a count of the ledger is a count of: "h14:g1" held seats, "d" given at once, "c" confirmed, "b" given back, "x"
 * reports. */
static void put_seats(struct stats_job *job, char kind, const char *key, int64_t n)
{
    switch (kind) {
    case 'h':
        put(job, key, STAT_HELD, n);
        put(job, key, STAT_SEATS, n);
        break;
    case 'd':
        put(job, key, STAT_SEATS, n);
        put(job, key, STAT_CONFIRMED, n);
        break;
    case 'c':
        put(job, key, STAT_CONFIRMED, n);
        break;
    case 'b':
        put(job, key, STAT_GIVEN_BACK, n);
        break;
    case 'x':
        put(job, key, STAT_REPORTS, n);
        break;
    default:
        break;
    }
}

static void total_seats(struct stats_job *job, char kind, int64_t n)
{
    int64_t *t = job->sum.totals;
    t[STAT_HELD] += kind == 'h' ? n : 0;
    t[STAT_SEATS] += kind == 'h' || kind == 'd' ? n : 0;
    t[STAT_CONFIRMED] += kind == 'c' || kind == 'd' ? n : 0;
    t[STAT_GIVEN_BACK] += kind == 'b' ? n : 0;
    t[STAT_REPORTS] += kind == 'x' ? n : 0;
}

static int64_t *untold_of(struct stats_job *job, const char *hour)
{
    char *end;
    unsigned long n = strtoul(hour, &end, 10);
    return end == hour + 2 && n < STATS_DAY_HOURS ? &job->untold[n] : NULL;
}

/* Adds to the untold seats of an hour; all campaigns together have no ledger, and of one group hours are not told. */
static void add_untold(struct stats_job *job, const char *hour, int64_t n)
{
    int64_t *untold = job->all || job->group[0] ? NULL : untold_of(job, hour);
    if (untold)
        *untold += n;
}

/* The day has been read. */
static void put_lost(struct stats_job *job, const char *day)
{
    char key[64], hour[4];
    for (unsigned h = 0; h < STATS_DAY_HOURS; h++) {
        snprintf(key, sizeof key, "%sT%02u", day, h);
        if (job->untold[h] <= 0 || strcmp(key, job->running) >= 0)
            continue;
        job->sum.totals[STAT_LOST] += job->untold[h];
        snprintf(hour, sizeof hour, "%02u", h);
        if (hour_key(job, day, hour, key))
            put(job, key, STAT_LOST, job->untold[h]);
    }
    memset(job->untold, 0, sizeof job->untold);
}

/* A field of :stats:<day>. */
static void read_seats(struct stats_job *job, const char *day, const char *field, int64_t n)
{
    static const char seat[] = "seat:";
    char key[64];
    if (strncmp(field, seat, sizeof seat - 1) == 0) {
        if (job->by == STATS_BY_CHANNEL)
            put(job, field + sizeof seat - 1, STAT_SEATS, n);
        return;
    }
    if (field[0] == 'h' || field[0] == 'd')
        add_untold(job, field + 1, n);
    else if (field[0] == 'q')
        add_untold(job, field + 1, -n);
    if (!strchr("hdcbx", field[0]) || !field[0])
        return;
    const char *group = strchr(field, ':');
    bool has_hour = field[1] >= '0' && field[1] <= '9', one = job->group[0] != '\0';
    if (one && (!group || strcmp(group + 1, job->group) != 0))
        return;
    if (has_hour || one)
        total_seats(job, field[0], n);
    if (job->by == STATS_BY_GROUP && group)
        put_seats(job, field[0], group + 1, n);
    else if ((has_hour || (one && job->by == STATS_BY_DAY)) && hour_key(job, day, field + 1, key))
        put_seats(job, field[0], key, n);
}

static bool is_ledgers(const struct stats_job *job, int kind, const char *key)
{
    if (job->by == STATS_BY_CHANNEL)
        return kind == STAT_SEATS && key[0] != '\0';
    return kind >= STAT_REPORTS && (job->by == STATS_BY_DAY || job->by == STATS_BY_HOUR || job->by == STATS_BY_GROUP);
}

/* Which fields of :visits have the rows, and which the totals. */
static char rows_letter(const struct stats_job *job)
{
    static const char letters[] = {[STATS_BY_DAY] = 'h',     [STATS_BY_HOUR] = 'h',   [STATS_BY_GROUP] = 'g',
                                   [STATS_BY_CHANNEL] = 'c', [STATS_BY_DEVICE] = 'd', [STATS_BY_LANGUAGE] = 'l'};
    if (job->group[0])
        return job->by == STATS_BY_DAY ? 'g' : '-';
    return letters[job->by];
}

static bool is_of_group(const struct stats_job *job, const char *field)
{
    return !job->group[0] || strcmp(field + 1, job->group) == 0;
}

/* A field of :visits:<day>. What the ledger counts exactly is taken from there, but for all campaigns together: of
 * these it knows nothing. */
static void read_visits(struct stats_job *job, const char *day, const char *field, const char *counts)
{
    char key[64], rows = rows_letter(job), totals = job->group[0] ? rows : 'h';
    int64_t n[STAT_VISIT_KINDS] = {0};
    if (strcmp(field, "#dropped") == 0)
        job->sum.dropped += strtoll(counts, NULL, 10);
    if ((field[0] != totals && field[0] != rows) || !is_of_group(job, field))
        return;
    char *end = (char *)counts;
    for (int k = 0; k < STAT_VISIT_KINDS; k++)
        n[k] = strtoll(end, &end, 10);
    if (field[0] == 'h')
        add_untold(job, field + 1, -n[STAT_SEATS]);
    if (field[0] == totals)
        for (int k = 0; k < STAT_VISIT_KINDS; k++)
            job->sum.totals[k] += job->all || k < STAT_REPORTS ? n[k] : 0;
    if (field[0] != rows)
        return;
    if (!hour_key(job, day, field + 1, key))
        snprintf(key, sizeof key, "%s", field + 1);
    struct store_stats_row *row = new_row(job, key);
    for (int k = 0; row && k < STAT_VISIT_KINDS; k++)
        row->counts[k] = !job->all && is_ledgers(job, k, key) ? 0 : n[k];
}

static bool read_day(struct stats_job *job, const char *day, const redisReply *seats, const redisReply *visits)
{
    int64_t n;
    if (seats->type != REDIS_REPLY_ARRAY || visits->type != REDIS_REPLY_ARRAY)
        return false;
    for (size_t i = 0; i + 1 < seats->elements; i += 2) {
        if (seats->element[i]->type != REDIS_REPLY_STRING || !redis_reply_int(seats->element[i + 1], &n))
            return false;
        read_seats(job, day, seats->element[i]->str, n);
    }
    for (size_t i = 0; i + 1 < visits->elements; i += 2) {
        if (visits->element[i]->type != REDIS_REPLY_STRING || visits->element[i + 1]->type != REDIS_REPLY_STRING)
            return false;
        read_visits(job, day, visits->element[i]->str, visits->element[i + 1]->str);
    }
    put_lost(job, day);
    return true;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct store_stats_row *)a)->key, ((const struct store_stats_row *)b)->key);
}

/* Rows of one key become one. */
static void merge_rows(struct stats_job *job)
{
    size_t kept = 0;
    if (job->count)
        qsort(job->rows, job->count, sizeof *job->rows, by_key);
    for (size_t i = 0; i < job->count; i++) {
        if (kept && strcmp(job->rows[kept - 1].key, job->rows[i].key) == 0) {
            for (int k = 0; k < STAT_COUNT; k++)
                job->rows[kept - 1].counts[k] += job->rows[i].counts[k];
        } else {
            job->rows[kept++] = job->rows[i];
        }
    }
    job->count = kept;
}

/* Also of what has none. */
static void add_empty_rows(struct stats_job *job)
{
    char key[64];
    for (size_t i = 0; i < job->day_count; i++) {
        if (job->by == STATS_BY_DAY)
            new_row(job, job->days[i]);
        for (int hour = 0; job->by == STATS_BY_HOUR && hour < 24; hour++) {
            snprintf(key, sizeof key, "%sT%02d", job->days[i], hour);
            new_row(job, key);
        }
    }
}

static void job_end(struct stats_job *job)
{
    if (job->failed == STORE_OK)
        add_empty_rows(job);
    if (job->failed == STORE_OK) {
        merge_rows(job);
        job->sum.rows = job->rows;
        job->sum.count = job->count;
    }
    job->store->stats_reading--;
    job->done(job->ctx, job->failed, job->failed == STORE_OK ? &job->sum : NULL);
    free(job->rows);
    free(job->days);
    free(job->parts);
    free(job);
}

static void part_read(struct stats_part *part, const redisReply *reply)
{
    struct stats_job *job = part->job;
    bool good = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 * part->days;
    for (size_t i = 0; good && i < part->days; i++)
        good = read_day(job, job->days[part->first + i], reply->element[2 * i], reply->element[2 * i + 1]);
    if (!good)
        job->failed = STORE_BAD_REPLY;
    else if (job->count > STATS_ROWS_FIRST)
        merge_rows(job);
}

static void part_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct stats_part *part = ctx;
    struct stats_job *job = part->job;
    if (r == STORE_OK && job->failed == STORE_OK)
        part_read(part, reply);
    else if (job->failed == STORE_OK)
        job->failed = r;
    if (--job->pending == 0)
        job_end(job);
}

static void part_start(struct stats_part *part, const char *slug, const char *letters)
{
    struct stats_job *job = part->job;
    char name[STORE_DAY + 16];
    struct redis_call *c = redis_script_begin(job->store->link, REDIS_READ_STATS, (int)part->days * 2);
    for (size_t i = part->first; i < part->first + part->days; i++) {
        snprintf(name, sizeof name, ":stats:%s", job->days[i]);
        redis_call_key(c, slug, name);
        snprintf(name, sizeof name, ":visits:%s", job->days[i]);
        redis_call_key(c, slug, name);
    }
    redis_call_text(c, letters);
    redis_call_deadline(c, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send(c, part_done, part);
}

static struct stats_job *job_new(const char (*days)[STORE_DAY], size_t day_count)
{
    struct stats_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->days = malloc(day_count * sizeof *days);
    job->pending = (day_count + STATS_DAYS_A_CALL - 1) / STATS_DAYS_A_CALL;
    job->parts = calloc(job->pending, sizeof *job->parts);
    if (!job->days || !job->parts) {
        free(job->days);
        free(job->parts);
        free(job);
        return NULL;
    }
    job->day_count = day_count;
    memcpy(job->days, days, day_count * sizeof *days);
    for (size_t i = 0; i < job->pending; i++) {
        size_t first = i * STATS_DAYS_A_CALL, left = day_count - first;
        job->parts[i] = (struct stats_part){job, first, left < STATS_DAYS_A_CALL ? left : STATS_DAYS_A_CALL};
    }
    return job;
}

static void write_running(char *hour, size_t size)
{
    time_t then = time(NULL) - STATS_LATE_SECONDS;
    struct tm tm;
    localtime_r(&then, &tm);
    strftime(hour, size, "%Y-%m-%dT%H", &tm);
}

void store_stats_read(struct store *s, const struct store_stats_wish *wish, store_stats_done done, void *ctx)
{
    struct stats_job *job = s->stats_reading < STATS_READING_MAX ? job_new(wish->days, wish->day_count) : NULL;
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    s->stats_reading++;
    job->store = s;
    job->by = wish->by;
    job->done = done;
    job->ctx = ctx;
    job->all = wish->slug == NULL;
    write_running(job->running, sizeof job->running);
    snprintf(job->group, sizeof job->group, "%s", wish->group ? wish->group : "");
    const char letters[] = {rows_letter(job), job->group[0] ? '-' : 'h', job->all ? '#' : '-', '\0'};
    for (size_t i = 0, parts = job->pending; i < parts; i++)
        part_start(&job->parts[i], wish->slug ? wish->slug : STATS_ALL_CAMPAIGNS, letters);
}
