/*
 * The way from an old address to a campaign: one HMGET of the index for all that are asked for meanwhile.
 *
 * Whoever asks while a call is in flight goes out with the next one. So strangers who hammer addresses that nobody has
 * cost Redis one command at a time for each worker, however many they are; and an alias works as soon as it is there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_link.h"

enum { FINDER_BATCH_MAX = 256 }; /* addresses asked for in one call, each with its candidates */

struct alias_finder {
    struct store *store;
    struct alias_waiter *asking, **asking_tail; /* wait to be sent */
    struct alias_waiter *flying;                /* their call is in flight, in this order */
};

struct alias_finder *alias_finder_new(struct store *s)
{
    struct alias_finder *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->store = s;
    f->asking_tail = &f->asking;
    return f;
}

void alias_finder_free(struct alias_finder *f)
{
    free(f);
}

/* "slug state stamp" -> slug; what is no entry is none. */
static void read_owner(const struct redisReply *entry, char owner[CAMPAIGN_SLUG_MAX + 1])
{
    size_t len = entry->type == REDIS_REPLY_STRING ? strcspn(entry->str, " ") : 0;
    owner[0] = '\0';
    if (len > 0 && campaign_slug_valid(entry->str, len))
        snprintf(owner, CAMPAIGN_SLUG_MAX + 1, "%.*s", (int)len, entry->str);
}

/* false: not an answer to what was asked. */
static bool read_owners(struct alias_waiter *list, const struct redisReply *reply)
{
    size_t at = 0;
    if (reply->type != REDIS_REPLY_ARRAY)
        return false;
    for (struct alias_waiter *w = list; w; w = w->next)
        for (int i = 0; i < w->candidates->count; i++) {
            if (at == reply->elements)
                return false;
            read_owner(reply->element[at++], w->owner[i]);
        }
    return at == reply->elements;
}

static void find_start(struct alias_finder *f);

static void find_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct alias_finder *f = ctx;
    struct alias_waiter *list = f->flying;
    f->flying = NULL;
    if (r == STORE_OK && !read_owners(list, reply)) {
        f->store->log(STORE_LOG_ERROR, "redis_nonsense", "aliases");
        r = STORE_BAD_REPLY;
    }
    if (f->asking)
        find_start(f);
    for (struct alias_waiter *next; list; list = next) {
        next = list->next;
        list->done(list, r);
    }
}

static void find_start(struct alias_finder *f)
{
    struct alias_waiter **end = &f->asking;
    struct redis_call *call = redis_call_begin(f->store->link);
    redis_call_text(call, "HMGET");
    redis_call_key(call, NULL, "aliases");
    for (int n = 0; *end && n < FINDER_BATCH_MAX; n++) {
        const struct alias_candidates *c = (*end)->candidates;
        for (int i = 0; i < c->count; i++)
            redis_call_bytes(call, c->text, c->len[i]);
        end = &(*end)->next;
    }
    f->flying = f->asking;
    f->asking = *end;
    *end = NULL;
    if (!f->asking)
        f->asking_tail = &f->asking;
    redis_call_send(call, find_done, f);
}

void alias_find(struct alias_finder *f, struct alias_waiter *w)
{
    w->next = NULL;
    *f->asking_tail = w;
    f->asking_tail = &w->next;
    if (!f->flying)
        find_start(f);
}
