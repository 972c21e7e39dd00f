/*
 * What of a campaign is printed: its definition and, if it is asked for, its logo, in one call.
 *
 * Whoever asks while a call of the campaign is in flight goes out with the next one. So many who print the same
 * campaign cost Redis one command at a time, and yet each is given what the campaign was after they had asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_link.h"

struct printed_waiter {
    struct printed_waiter *next;
    store_printed_done done;
    void *ctx;
};

/* One campaign, with its logo or without, from the first who asks until nobody does. */
struct printed_read {
    struct printed_read *next; /* in store.printed */
    struct store *store;
    char slug[CAMPAIGN_SLUG_MAX + 1];
    bool with_logo;
    struct printed_waiter *asking, **asking_tail; /* wait to be sent */
    struct printed_waiter *flying;                /* their call is in flight */
};

static enum store_result nonsense(struct store *s, const char *slug, const char *why)
{
    char detail[STORE_ERR_MAX + CAMPAIGN_SLUG_MAX + 3];
    snprintf(detail, sizeof detail, "%s: %s", slug, why);
    s->log(STORE_LOG_ERROR, "campaign_unreadable", detail);
    return STORE_BAD_REPLY;
}

static enum store_result take_reply(const struct printed_read *read, const struct redisReply *reply,
                                    struct campaign **ret_definition, struct store_printed *ret)
{
    if (reply->type == REDIS_REPLY_NIL)
        return STORE_NOT_FOUND;
    char err[STORE_ERR_MAX] = "not a campaign's reply";
    bool sound = reply->type == REDIS_REPLY_ARRAY && (reply->elements == 1 || reply->elements == 2);
    for (size_t i = 0; sound && i < reply->elements; i++)
        sound = reply->element[i]->type == REDIS_REPLY_STRING &&
                (size_t)reply->element[i]->len <= (i == 0 ? (size_t)STORE_DEFINITION_MAX : (size_t)STORE_LOGO_MAX);
    if (!sound)
        return nonsense(read->store, read->slug, err);
    *ret_definition = campaign_from_stored(reply->element[0]->str, (size_t)reply->element[0]->len, err, sizeof err);
    if (!*ret_definition)
        return nonsense(read->store, read->slug, err);
    ret->definition = *ret_definition;
    if (reply->elements == 2) {
        ret->logo = reply->element[1]->str;
        ret->logo_len = (size_t)reply->element[1]->len;
    }
    return STORE_OK;
}

static void read_free(struct printed_read *read)
{
    struct printed_read **at = &read->store->printed;
    while (*at != read)
        at = &(*at)->next;
    *at = read->next;
    free(read);
}

static void read_start(struct printed_read *read);

static void read_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct printed_read *read = ctx;
    struct printed_waiter *list = read->flying;
    struct store_printed printed = {.definition = NULL};
    struct campaign *definition = NULL;
    if (r == STORE_OK)
        r = take_reply(read, reply, &definition, &printed);
    read->flying = NULL;
    if (read->asking)
        read_start(read);
    else
        read_free(read);
    for (struct printed_waiter *next; list; list = next) {
        next = list->next;
        list->done(list->ctx, r, r == STORE_OK ? &printed : NULL);
        free(list);
    }
    campaign_free(definition);
}

static void read_start(struct printed_read *read)
{
    struct redis_call *call = redis_script_begin(read->store->link, REDIS_READ_PRINTED, 2);
    redis_call_key(call, read->slug, "");
    redis_call_key(call, read->slug, ":logo");
    redis_call_int(call, read->with_logo);
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    read->flying = read->asking;
    read->asking = NULL;
    read->asking_tail = &read->asking;
    redis_call_send(call, read_done, read);
}

/* The one under way, or a new one; NULL: out of memory. */
static struct printed_read *find_read(struct store *s, const char *slug, bool with_logo)
{
    for (struct printed_read *read = s->printed; read; read = read->next)
        if (read->with_logo == with_logo && strcmp(read->slug, slug) == 0)
            return read;
    struct printed_read *read = calloc(1, sizeof *read);
    if (!read)
        return NULL;
    read->store = s;
    read->with_logo = with_logo;
    snprintf(read->slug, sizeof read->slug, "%s", slug);
    read->asking_tail = &read->asking;
    read->next = s->printed;
    s->printed = read;
    return read;
}

void store_printed_read(struct store *s, const char *slug, bool with_logo, store_printed_done done, void *ctx)
{
    struct printed_waiter *w = malloc(sizeof *w);
    struct printed_read *read = w ? find_read(s, slug, with_logo) : NULL;
    if (!read) {
        free(w);
        /* Without memory for even this there is nothing to be called back from later. */
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    *w = (struct printed_waiter){NULL, done, ctx};
    *read->asking_tail = w;
    read->asking_tail = &w->next;
    if (!read->flying)
        read_start(read);
}
