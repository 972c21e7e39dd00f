/* See counts.h. */
#include "counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "landing_language.h"
#include "visit.h"

enum {
    WORKER_NAME = 17, /* hex digits of a worker's name, with NUL */
    LANGUAGE = 4,     /* "zh", "yue": a tag's first part */
    FIELD = 48,       /* bytes of a field's name */
};

/* The device and language of a visit. */
struct look {
    uint8_t app, os;
    char language[LANGUAGE];
};

struct cell {
    uint64_t hash; /* 0: free */
    uint32_t hour;
    struct look look;
    char slug[CAMPAIGN_SLUG_MAX + 1];
    char uid[sizeof((struct campaign){0}).uid];
    char group[GROUP_ID_MAX + 1];
    char channel[CAMPAIGN_CHANNEL_MAX + 1];
    uint32_t counts[STAT_VISIT_KINDS];
};

struct table {
    size_t filled;
    uint64_t dropped;
    struct cell cells[COUNTS_CELLS];
};

struct memo {
    uint64_t hash;
    struct look look;
};

/* A stretch of the sorted cells that goes out in one call. */
struct stretch {
    struct counts *counts;
    size_t first, end;
    bool all; /* campaigns together */
    bool flying, counted;
};

struct counts {
    struct store *store;
    char worker[WORKER_NAME];
    uint64_t seed;
    struct table tables[2], *live, *flying;
    int64_t number;                        /* of the flight, or of the last one */
    bool failed;                           /* a call of it */
    bool in_flight;                        /* `flying` has something that the store is not known to have */
    size_t pending;                        /* calls without an answer */
    size_t next;                           /* stretch to send */
    struct cell *sorted[2][COUNTS_FILLED]; /* by campaign and hour, and by hour alone */
    size_t sorted_count;
    struct stretch stretches[2 * COUNTS_FILLED];
    size_t stretch_count;
    struct memo memos[COUNTS_MEMOS];
    /* since the start */
    uint64_t visits[STAT_VISIT_KINDS], holds, holds_confirmed, dropped, failures, latency[METRICS_BUCKETS + 1],
        latency_us;
};
_Static_assert((int)STAT_VISIT_KINDS == (int)METRICS_KINDS, "every kind is shown");

/* --- counting --- */

static uint64_t hash_add(uint64_t h, const char *at, size_t len)
{
    uint64_t word;
    for (; len >= sizeof word; at += sizeof word, len -= sizeof word) {
        memcpy(&word, at, sizeof word);
        h = (h ^ word) * UINT64_C(0x9fb21c651e98df25);
        h ^= h >> 32;
    }
    word = len;
    memcpy(&word, at, len);
    h = (h ^ word ^ (uint64_t)len << 56) * UINT64_C(0x9fb21c651e98df25);
    return h ^ h >> 32;
}

static struct look look_at(const struct request *r)
{
    struct visit v = visit_of(r, "", 0, NULL, VISIT_FACT_APP | VISIT_FACT_OS | VISIT_FACT_LANGUAGE);
    struct look look = {.app = (uint8_t)v.app, .os = (uint8_t)v.os};
    size_t len = strcspn(v.language, "-");
    if (len < sizeof look.language)
        memcpy(look.language, v.language, len);
    return look;
}

/* Reading a user agent costs more than all the rest, and most visitors' have been read a moment ago. */
static struct look look_of(struct counts *c, const struct request *r)
{
    struct span agent = r->header[HTTP_H_USER_AGENT], accept = r->header[HTTP_H_ACCEPT_LANGUAGE];
    uint64_t hash = c->seed;
    if (agent.at)
        hash = hash_add(hash, agent.at, agent.len);
    if (accept.at)
        hash = hash_add(hash, accept.at, accept.len);
    struct memo *m = &c->memos[hash % COUNTS_MEMOS];
    if (m->hash != hash) {
        m->look = look_at(r);
        m->hash = hash;
    }
    return m->look;
}

static bool is_cell(const struct cell *cell, const struct cell *wanted)
{
    return cell->hash == wanted->hash && cell->hour == wanted->hour && cell->look.app == wanted->look.app &&
           cell->look.os == wanted->look.os && memcmp(cell->look.language, wanted->look.language, LANGUAGE) == 0 &&
           strcmp(cell->slug, wanted->slug) == 0 && strcmp(cell->uid, wanted->uid) == 0 &&
           strcmp(cell->group, wanted->group) == 0 && strcmp(cell->channel, wanted->channel) == 0;
}

/* NULL: there is no room. */
static struct cell *find_cell(struct table *t, const struct cell *wanted)
{
    for (size_t i = 0; i < COUNTS_PROBES; i++) {
        struct cell *cell = &t->cells[(wanted->hash + i) % COUNTS_CELLS];
        if (cell->hash && is_cell(cell, wanted))
            return cell;
        if (!cell->hash) {
            if (t->filled == COUNTS_FILLED)
                return NULL;
            t->filled++;
            *cell = *wanted;
            return cell;
        }
    }
    return NULL;
}

void counts_add(struct counts *c, const struct campaign *campaign, const char *group, const char *channel,
                const struct request *r, uint32_t hour, unsigned kinds)
{
    struct cell wanted;
    size_t slug = strlen(campaign->slug), id = strlen(group), name = strlen(channel);
    wanted.look = look_of(c, r);
    wanted.hour = hour ? hour : store_hour(c->store);
    memcpy(wanted.slug, campaign->slug, slug + 1);
    memcpy(wanted.uid, campaign->uid, sizeof wanted.uid);
    memcpy(wanted.group, group, id + 1);
    memcpy(wanted.channel, channel, name + 1);
    memset(wanted.counts, 0, sizeof wanted.counts);
    uint64_t h = hash_add(c->seed, (const char *)&wanted.look, sizeof wanted.look);
    h = hash_add(hash_add(hash_add(h, group, id), channel, name), campaign->slug, slug);
    wanted.hash = (h ^ wanted.hour) | 1;
    struct cell *cell = find_cell(c->live, &wanted);
    for (unsigned k = 0, left = kinds; left; k++, left >>= 1)
        c->visits[k] += left & 1;
    bool seat = kinds >> STAT_SEATS & 1, confirmed = kinds >> STAT_CONFIRMED & 1;
    c->holds += seat && !confirmed;
    c->holds_confirmed += confirmed && !seat;
    if (!cell) {
        c->live->dropped++;
        c->dropped++;
        return;
    }
    for (int k = 0; kinds; k++, kinds >>= 1)
        cell->counts[k] += kinds & 1;
}

void counts_took(struct counts *c, int64_t ns)
{
    uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;
    size_t i = 0;
    while (i < METRICS_BUCKETS && us > metrics_bounds_us[i])
        i++;
    c->latency[i]++;
    c->latency_us += us;
}

void counts_failed(struct counts *c)
{
    c->failures++;
}

static void show(_Atomic uint64_t *to, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        atomic_store_explicit(&to[i], from[i], memory_order_relaxed);
}

void counts_publish(const struct counts *c, struct metrics_worker *m)
{
    uint64_t unflushed = c->live->filled + (c->in_flight ? c->flying->filled : 0);
    show(m->visits, c->visits, STAT_VISIT_KINDS);
    show(m->latency, c->latency, METRICS_BUCKETS + 1);
    show(&m->latency_us, &c->latency_us, 1);
    show(&m->holds, &c->holds, 1);
    show(&m->holds_confirmed, &c->holds_confirmed, 1);
    show(&m->dropped, &c->dropped, 1);
    show(&m->failures, &c->failures, 1);
    show(&m->unflushed, &unflushed, 1);
}

/* --- sending --- */

static int by_hour(const void *a, const void *b)
{
    const struct cell *x = *(struct cell *const *)a, *y = *(struct cell *const *)b;
    return x->hour < y->hour ? -1 : x->hour > y->hour;
}

static int by_campaign(const void *a, const void *b)
{
    const struct cell *x = *(struct cell *const *)a, *y = *(struct cell *const *)b;
    int order = strcmp(x->slug, y->slug);
    if (order == 0)
        order = strcmp(x->uid, y->uid);
    return order ? order : by_hour(a, b);
}

static void add_stretches(struct counts *c, bool all)
{
    int (*order)(const void *, const void *) = all ? by_hour : by_campaign;
    struct cell **sorted = c->sorted[all];
    qsort(sorted, c->sorted_count, sizeof *sorted, order);
    for (size_t first = 0, end; first < c->sorted_count; first = end) {
        for (end = first + 1; end < c->sorted_count && order(&sorted[first], &sorted[end]) == 0; end++)
            ;
        c->stretches[c->stretch_count++] = (struct stretch){.counts = c, .first = first, .end = end, .all = all};
    }
}

/* What is live goes out, and another table is counted in. */
static void take_off(struct counts *c)
{
    struct table *t = c->live;
    c->live = c->flying;
    c->flying = t;
    c->sorted_count = c->stretch_count = 0;
    for (size_t i = 0; i < COUNTS_CELLS; i++)
        if (t->cells[i].hash)
            c->sorted[0][c->sorted_count++] = &t->cells[i];
    memcpy(c->sorted[1], c->sorted[0], c->sorted_count * sizeof *c->sorted[0]);
    add_stretches(c, false);
    add_stretches(c, true);
    c->number++;
    c->in_flight = true;
}

static void add_cell(struct redis_call *call, const struct cell *cell)
{
    char group[FIELD] = "", channel[FIELD], device[FIELD], language[FIELD];
    if (cell->group[0])
        snprintf(group, sizeof group, "g%s", cell->group);
    snprintf(channel, sizeof channel, "c%s", cell->channel);
    snprintf(device, sizeof device, "d%s/%s", visit_app_words[cell->look.app], visit_os_words[cell->look.os]);
    snprintf(language, sizeof language, "l%s", cell->look.language);
    store_flush_add(call, &(struct store_visits){group, channel, device, language, cell->counts});
}

static void add_sum(struct redis_call *call, struct cell **cells, size_t count)
{
    uint32_t sum[STAT_VISIT_KINDS] = {0};
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < STAT_VISIT_KINDS; k++)
            sum[k] += cells[i]->counts[k];
    store_flush_add(call, &(struct store_visits){"", "", "", "", sum});
}

static void send_more(struct counts *c);

static void flush_done(void *ctx, enum store_result r)
{
    struct stretch *s = ctx;
    struct counts *c = s->counts;
    s->counted = r == STORE_OK;
    s->flying = false;
    c->pending--;
    c->failed = c->failed || r != STORE_OK;
    send_more(c);
}

static void send_stretch(struct counts *c, struct stretch *s)
{
    struct cell **cells = c->sorted[s->all];
    const struct cell *cell = cells[s->first];
    struct store_flush f = {.hour = cell->hour, .worker = c->worker, .number = c->number};
    if (s->all)
        f.dropped = s->first == 0 ? c->flying->dropped : 0;
    else
        f.slug = cell->slug, f.uid = cell->uid;
    struct redis_call *call = store_flush_begin(c->store, &f);
    if (s->all)
        add_sum(call, cells + s->first, s->end - s->first);
    for (size_t i = s->first; !s->all && i < s->end; i++)
        add_cell(call, cells[i]);
    s->flying = true;
    c->pending++;
    store_flush_send(call, flush_done, s);
}

static void land(struct counts *c)
{
    c->in_flight = false;
    c->flying->filled = 0;
    c->flying->dropped = 0;
    for (size_t i = 0; i < c->sorted_count; i++)
        c->sorted[0][i]->hash = 0;
}

/* Sends what waits, and ends the flight when all is counted. What failed waits for the next tick. */
static void send_more(struct counts *c)
{
    while (!c->failed && c->next < c->stretch_count && c->pending < COUNTS_FLYING) {
        struct stretch *s = &c->stretches[c->next++];
        if (!s->counted)
            send_stretch(c, s);
    }
    if (c->pending == 0 && !c->failed)
        land(c);
}

void counts_flush(struct counts *c)
{
    if (c->pending || !store_is_up(c->store))
        return;
    if (!c->in_flight && c->live->filled)
        take_off(c);
    c->failed = false;
    c->next = 0;
    if (c->in_flight)
        send_more(c);
}

bool counts_settled(const struct counts *c)
{
    return !c->in_flight && !c->live->filled;
}

struct counts *counts_new(struct store *store)
{
    unsigned char name[(WORKER_NAME - 1) / 2];
    struct counts *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->store = store;
    c->live = &c->tables[0];
    c->flying = &c->tables[1];
    randombytes_buf(name, sizeof name);
    sodium_bin2hex(c->worker, sizeof c->worker, name, sizeof name);
    randombytes_buf(&c->seed, sizeof c->seed);
    return c;
}

void counts_free(struct counts *c)
{
    free(c);
}
