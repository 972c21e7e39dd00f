/* A chained hash table and a list in the order of the last use. Entries are made once and used again. */
#include "seats_memory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaign_rows.h"

enum { SLOTS = SEATS_MEMORY_MAX }; /* a power of two */

struct memory_entry {
    struct memory_entry *chain;
    struct memory_entry *newer, *older;
    char slug[CAMPAIGN_SLUG_MAX + 1];
    char uid[sizeof((struct campaign *)0)->uid];
    char group[GROUP_ID_MAX + 1];
    int64_t due, version;
    int64_t count;
    unsigned char *confirmed; /* bits by serial, as Redis has them */
    size_t confirmed_size;
    int64_t noted_ms;
};

struct seats_memory {
    struct store *store;
    struct memory_entry *slots[SLOTS];
    struct memory_entry *newest, *oldest;
    size_t count, bits;        /* bytes of all `confirmed` */
    struct memory_entry *next; /* to be put back; NULL: all are */
    size_t flying;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct memory_entry **slot_of(struct seats_memory *m, const char *slug, const char *group, int64_t due)
{
    uint64_t hash = 14695981039346656037ULL ^ (uint64_t)due;
    for (const char *p = slug; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211ULL;
    for (const char *p = group; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211ULL;
    return &m->slots[(hash ^ hash >> 32) & (SLOTS - 1)];
}

static void unlink_use(struct seats_memory *m, struct memory_entry *e)
{
    if (m->next == e)
        m->next = e->newer;
    *(e->newer ? &e->newer->older : &m->newest) = e->older;
    *(e->older ? &e->older->newer : &m->oldest) = e->newer;
}

static void link_newest(struct seats_memory *m, struct memory_entry *e)
{
    e->newer = NULL;
    e->older = m->newest;
    *(m->newest ? &m->newest->newer : &m->oldest) = e;
    m->newest = e;
    e->noted_ms = now_ms();
}

static void forget_bits(struct seats_memory *m, struct memory_entry *e)
{
    m->bits -= e->confirmed_size;
    free(e->confirmed);
    e->confirmed = NULL;
    e->confirmed_size = 0;
}

/* Out of the table and the order. */
static struct memory_entry *take_oldest(struct seats_memory *m)
{
    struct memory_entry *e = m->oldest;
    struct memory_entry **at = slot_of(m, e->slug, e->group, e->due);
    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    unlink_use(m, e);
    forget_bits(m, e);
    m->count--;
    return e;
}

/* NULL: out of memory. */
static struct memory_entry *entry_of(struct seats_memory *m, const struct campaign *c, const char *group, int64_t due)
{
    struct memory_entry **slot = slot_of(m, c->slug, group, due), *e = *slot;
    while (e && (e->due != due || strcmp(e->group, group) != 0 || strcmp(e->slug, c->slug) != 0))
        e = e->chain;
    if (e) {
        unlink_use(m, e);
        if (strcmp(e->uid, c->uid) != 0 || (due == 0 && e->version != c->version)) {
            e->count = 0; /* another campaign, or an admin may have counted anew */
            forget_bits(m, e);
        }
    } else {
        bool old = m->oldest && now_ms() - m->oldest->noted_ms > SEATS_MEMORY_MS;
        e = old || m->count == SEATS_MEMORY_MAX ? take_oldest(m) : malloc(sizeof *e);
        if (!e)
            return NULL;
        *e = (struct memory_entry){.due = due, .chain = *slot};
        *slot = e;
        memcpy(e->slug, c->slug, strlen(c->slug) + 1);
        strncpy(e->group, group, sizeof e->group - 1);
        m->count++;
    }
    memcpy(e->uid, c->uid, sizeof e->uid);
    e->version = c->version;
    link_newest(m, e);
    return e;
}

void seats_memory_note(struct seats_memory *m, const struct campaign *c, const char *group, int64_t due, int64_t count)
{
    struct memory_entry *e = m ? entry_of(m, c, group, due) : NULL;
    if (e && count > e->count)
        e->count = count;
}

static bool bits_room(struct seats_memory *m, struct memory_entry *e, size_t bytes)
{
    size_t size = e->confirmed_size ? e->confirmed_size : 64;
    if (bytes <= e->confirmed_size)
        return true;
    while (size < bytes)
        size *= 2;
    while (m->bits + size > SEATS_MEMORY_BITS_MAX && m->oldest != e)
        free(take_oldest(m));
    unsigned char *bits = realloc(e->confirmed, size);
    if (!bits)
        return false;
    memset(bits + e->confirmed_size, 0, size - e->confirmed_size);
    m->bits += size - e->confirmed_size;
    e->confirmed = bits;
    e->confirmed_size = size;
    return true;
}

void seats_memory_note_confirmed(struct seats_memory *m, const struct campaign *c, const char *group, int64_t due,
                                 int64_t serial)
{
    if (serial < 0 || serial >= SEATS_MEMORY_SERIALS_MAX)
        return;
    struct memory_entry *e = m ? entry_of(m, c, group, due) : NULL;
    if (!e)
        return;
    if (serial >= e->count)
        e->count = serial + 1;
    if (bits_room(m, e, (size_t)serial / 8 + 1))
        e->confirmed[serial / 8] = (unsigned char)(e->confirmed[serial / 8] | 128 >> serial % 8);
}

/* --- putting back --- */

static void put_some(struct seats_memory *m);

static void put_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct seats_memory *m = ctx;
    (void)r, (void)reply; /* what could not be put back is when mend is called again */
    m->flying--;
    put_some(m);
}

static void put_entry(struct seats_memory *m, const struct memory_entry *e)
{
    struct redis_call *c = redis_script_begin(m->store->link, REDIS_PUT_BACK_SEATS, CAMPAIGN_KEYS);
    campaign_call_keys(c, e->slug);
    redis_call_text(c, e->uid);
    redis_call_int(c, e->version);
    redis_call_text(c, e->group);
    redis_call_int(c, e->due);
    redis_call_int(c, e->count);
    redis_call_bytes(c, e->confirmed ? (const char *)e->confirmed : "", e->confirmed_size);
    redis_call_hour(c, m->store);
    redis_call_mend(c);
    redis_call_send(c, put_done, m);
}

static void put_some(struct seats_memory *m)
{
    for (; m->next && m->flying < SEATS_MEMORY_WINDOW; m->next = m->next->newer) {
        if (now_ms() - m->next->noted_ms > SEATS_MEMORY_MS || !redis_link_mends(m->store->link, m->next->slug))
            continue;
        m->flying++;
        put_entry(m, m->next);
    }
}

static void on_mend(void *ctx)
{
    struct seats_memory *m = ctx;
    m->next = m->oldest;
    put_some(m);
}

struct seats_memory *seats_memory_new(struct store *s)
{
    struct seats_memory *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->store = s;
    if (redis_link_on_mend(s->link, on_mend, m))
        return m;
    free(m);
    return NULL;
}

void seats_memory_free(struct seats_memory *m)
{
    if (!m)
        return;
    while (m->oldest)
        free(take_oldest(m));
    free(m);
}
