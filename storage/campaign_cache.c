/* A chained hash table and a list in order of use. */
#include "campaign_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

void queue_init(struct waiter_queue *q)
{
    q->head = NULL;
    q->tail = &q->head;
    q->count = 0;
}

void queue_push(struct waiter_queue *q, struct seat_waiter *w)
{
    w->next = NULL;
    *q->tail = w;
    q->tail = &w->next;
    q->count++;
}

struct seat_waiter *queue_pop(struct waiter_queue *q)
{
    struct seat_waiter *w = q->head;
    if (!w)
        return NULL;
    q->head = w->next;
    if (!q->head)
        q->tail = &q->head;
    q->count--;
    return w;
}

int cache_init(struct campaign_cache *c, size_t max, void (*prepared_free)(void *prepared))
{
    memset(c, 0, sizeof *c);
    c->max = max;
    c->prepared_free = prepared_free;
    c->slot_count = 64;
    while (c->slot_count < max)
        c->slot_count *= 2;
    c->slots = calloc(c->slot_count, sizeof *c->slots);
    randombytes_buf(c->hash_key, sizeof c->hash_key);
    return c->slots ? 0 : -ENOMEM;
}

static struct cached_campaign **slot_of(struct campaign_cache *c, const char *slug)
{
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)slug, strlen(slug), c->hash_key);
    return &c->slots[hash & (c->slot_count - 1)];
}

static void unlink_use(struct campaign_cache *c, struct cached_campaign *e)
{
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_newest(struct campaign_cache *c, struct cached_campaign *e)
{
    e->newer = NULL;
    e->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

struct cached_campaign *cache_find(struct campaign_cache *c, const char *slug)
{
    struct cached_campaign *e = *slot_of(c, slug);
    while (e && strcmp(e->pub.slug, slug) != 0)
        e = e->chain;
    if (e && e != c->newest) {
        unlink_use(c, e);
        link_newest(c, e);
    }
    return e;
}

void cache_set_definition(struct campaign_cache *c, struct cached_campaign *e, struct campaign *definition)
{
    if (e->pub.prepared)
        c->prepared_free(e->pub.prepared);
    e->pub.prepared = NULL;
    if (e->pub.definition) {
        c->groups -= e->pub.definition->group_count;
        campaign_free(e->pub.definition);
    }
    e->pub.definition = definition;
    if (definition)
        c->groups += definition->group_count;
}

static bool is_free(const struct cached_campaign *e)
{
    return !e->due && !e->loading && !e->taking && !e->singles && !e->opening.count && !e->asking.count &&
           !e->flying.count;
}

void cache_drop(struct campaign_cache *c, struct cached_campaign *e)
{
    struct cached_campaign **at = slot_of(c, e->pub.slug);
    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    unlink_use(c, e);
    c->count--;
    cache_set_definition(c, e, NULL);
    free(e);
}

static void make_room(struct campaign_cache *c)
{
    for (struct cached_campaign *e = c->oldest, *newer; e && (c->count >= c->max || c->groups > CACHE_GROUPS_MAX);
         e = newer) {
        newer = e->newer;
        if (is_free(e))
            cache_drop(c, e);
    }
}

struct cached_campaign *cache_add(struct campaign_cache *c, const char *slug)
{
    make_room(c);
    struct cached_campaign *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    strncpy(e->pub.slug, slug, sizeof e->pub.slug - 1);
    queue_init(&e->opening);
    queue_init(&e->asking);
    queue_init(&e->flying);
    struct cached_campaign **slot = slot_of(c, e->pub.slug);
    e->chain = *slot;
    *slot = e;
    link_newest(c, e);
    c->count++;
    return e;
}

void cache_mark_all_stale(struct campaign_cache *c)
{
    for (struct cached_campaign *e = c->newest; e; e = e->older)
        e->stale = true;
}

void cache_clear(struct campaign_cache *c)
{
    while (c->newest)
        cache_drop(c, c->newest);
    free(c->slots);
}
