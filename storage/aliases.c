/* Claims on aliases: claim -> (look into who has one -> claim again) -> settle. See aliases.h. */
#include "aliases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_link.h"

enum {
    STAMP_MAX = 20,    /* digits */
    ENTRY_MAX = 128,   /* bytes of "slug state stamp" */
    CHANGES_FIRST = 8, /* room that is made at first */
};

struct alias_change {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    char *alias;     /* owned */
    size_t position; /* in its campaign's list */
    bool added;      /* else dropped */
    bool fresh;      /* claimed, and the entry had not been the campaign's */
    char *replaces;  /* the entry of another campaign that it may replace; owned; NULL none */
};

struct alias_changes {
    struct alias_change *list;
    size_t count, room;
    char stamp[STAMP_MAX + 1]; /* of the claim */
    /* the call under way */
    struct store *store;
    alias_claimed claimed;
    store_done settled;
    void *ctx;
    int takeovers;
    struct alias_change *contested;
    struct store_alias_taken taken;
};

/* --- what changes --- */

static int note(struct alias_changes **changes, const struct campaign *c, size_t position, bool added)
{
    struct alias_changes *a = *changes ? *changes : calloc(1, sizeof *a);
    if (!a)
        return -ENOMEM;
    *changes = a;
    if (a->count == a->room) {
        size_t room = a->room ? a->room * 2 : CHANGES_FIRST;
        struct alias_change *list = realloc(a->list, room * sizeof *list);
        if (!list)
            return -ENOMEM;
        a->list = list;
        a->room = room;
    }
    struct alias_change *change = &a->list[a->count];
    *change = (struct alias_change){.alias = strdup(c->aliases[position]), .position = position, .added = added};
    if (!change->alias)
        return -ENOMEM;
    memcpy(change->slug, c->slug, sizeof change->slug);
    a->count++;
    return 0;
}

/* Notes the aliases that only one of them lists. */
static int note_others(struct alias_changes **changes, const struct campaign *of, const struct campaign *than,
                       bool added)
{
    for (size_t i = 0; of && i < of->alias_count; i++) {
        if (than && campaign_find_alias(than, of->aliases[i], strlen(of->aliases[i])) >= 0)
            continue;
        int failed = note(changes, of, i, added);
        if (failed)
            return failed;
    }
    return 0;
}

int alias_changes_note(struct alias_changes **changes, const struct campaign *was, const struct campaign *now)
{
    int failed = note_others(changes, now, was, true);
    return failed ? failed : note_others(changes, was, now, false);
}

void alias_changes_free(struct alias_changes *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->count; i++) {
        free(a->list[i].alias);
        free(a->list[i].replaces);
    }
    free(a->list);
    free(a);
}

void alias_changes_stamp(struct alias_changes *a, const char *stamp, size_t len)
{
    snprintf(a->stamp, sizeof a->stamp, "%.*s", (int)(len > STAMP_MAX ? 0 : len), stamp);
}

/* --- claiming --- */

static void claim_start(struct alias_changes *a);

static void claim_finish(struct alias_changes *a, enum store_result r)
{
    a->claimed(a->ctx, r, r == STORE_ALIAS_TAKEN ? &a->taken : NULL);
}

/* The added change of that number, as the script counts; NULL: there is none. */
static struct alias_change *find_added(struct alias_changes *a, int64_t number)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->list[i].added && number-- == 0)
            return &a->list[i];
    return NULL;
}

/* The one who has the alias was read: nobody who lists it is taken it from. */
static void owner_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct alias_changes *a = ctx;
    char err[STORE_ERR_MAX];
    if (r != STORE_OK) {
        claim_finish(a, r);
        return;
    }
    if (reply->type == REDIS_REPLY_STRING) {
        const char *alias = a->contested->alias;
        struct campaign *owner = campaign_from_stored(reply->str, reply->len, err, sizeof err);
        bool lists = !owner || campaign_find_alias(owner, alias, strlen(alias)) >= 0;
        campaign_free(owner);
        if (lists) {
            claim_finish(a, STORE_ALIAS_TAKEN);
            return;
        }
    }
    claim_start(a);
}

static void owner_start(struct alias_changes *a)
{
    struct redis_call *call = redis_call_begin(a->store->link);
    redis_call_text(call, "GET");
    redis_call_key(call, a->taken.owner, "");
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send(call, owner_done, a);
}

/* {"", number, owner, entry, whether the entry alone says nothing} */
static enum store_result read_contested(struct alias_changes *a, const struct redisReply *reply, bool *look)
{
    struct redisReply **at = reply->element;
    int64_t number, open;
    if (!redis_reply_int(at[1], &number) || at[2]->type != REDIS_REPLY_STRING || at[3]->type != REDIS_REPLY_STRING ||
        at[3]->len > ENTRY_MAX || !redis_reply_int(at[4], &open) ||
        !campaign_slug_valid(at[2]->str, (size_t)at[2]->len) || !(a->contested = find_added(a, number)))
        return STORE_BAD_REPLY;
    memcpy(a->taken.slug, a->contested->slug, sizeof a->taken.slug);
    a->taken.position = a->contested->position;
    snprintf(a->taken.owner, sizeof a->taken.owner, "%s", at[2]->str);
    *look = open && a->takeovers++ < ALIAS_TAKEOVERS_MAX;
    if (!*look)
        return STORE_ALIAS_TAKEN;
    free(a->contested->replaces);
    a->contested->replaces = strdup(at[3]->str);
    return a->contested->replaces ? STORE_OK : STORE_UNAVAILABLE;
}

static enum store_result read_claimed(struct alias_changes *a, const struct redisReply *reply)
{
    const struct redisReply *stamp = reply->element[0], *fresh = reply->element[1];
    struct alias_change *change;
    if (stamp->type != REDIS_REPLY_STRING || stamp->len > STAMP_MAX || fresh->type != REDIS_REPLY_STRING)
        return STORE_BAD_REPLY;
    size_t number = 0;
    for (size_t i = 0; i < a->count; i++) {
        change = &a->list[i];
        if (!change->added)
            continue;
        if (number >= (size_t)fresh->len)
            return STORE_BAD_REPLY;
        change->fresh = fresh->str[number++] == '1';
    }
    alias_changes_stamp(a, stamp->str, (size_t)stamp->len);
    return STORE_OK;
}

static void claim_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct alias_changes *a = ctx;
    bool look = false;
    if (r == STORE_OK && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
        r = read_claimed(a, reply);
    else if (r == STORE_OK && reply->type == REDIS_REPLY_ARRAY && reply->elements == 5)
        r = read_contested(a, reply, &look);
    else if (r == STORE_OK)
        r = STORE_BAD_REPLY;
    if (r == STORE_BAD_REPLY)
        a->store->log(STORE_LOG_ERROR, "redis_nonsense", "claim_aliases");
    if (look && r == STORE_OK)
        owner_start(a);
    else
        claim_finish(a, r);
}

static struct redis_call *script_begin(struct alias_changes *a, enum redis_script script)
{
    struct redis_call *call = redis_script_begin(a->store->link, script, 1);
    redis_call_key(call, NULL, "aliases");
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    return call;
}

static void claim_start(struct alias_changes *a)
{
    struct redis_call *call = script_begin(a, REDIS_CLAIM_ALIASES);
    redis_call_int(call, ALIAS_CLAIM_SECONDS);
    for (size_t i = 0; i < a->count; i++) {
        if (!a->list[i].added)
            continue;
        redis_call_text(call, a->list[i].slug);
        redis_call_text(call, a->list[i].alias);
        redis_call_text(call, a->list[i].replaces ? a->list[i].replaces : "");
    }
    redis_call_send(call, claim_done, a);
}

void alias_claim(struct store *s, struct alias_changes *a, alias_claimed done, void *ctx)
{
    a->store = s;
    a->claimed = done;
    a->ctx = ctx;
    a->takeovers = 0;
    claim_start(a);
}

/* --- settling --- */

static void settle_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct alias_changes *a = ctx;
    (void)reply;
    a->settled(a->ctx, r);
}

void alias_settle(struct store *s, struct alias_changes *a, bool saved, store_done done, void *ctx)
{
    a->store = s;
    a->settled = done;
    a->ctx = ctx;
    struct redis_call *call = script_begin(a, REDIS_SETTLE_ALIASES);
    redis_call_text(call, a->stamp);
    for (size_t i = 0; i < a->count; i++) {
        const struct alias_change *change = &a->list[i];
        if (!saved && !(change->added && change->fresh))
            continue;
        redis_call_text(call, change->slug);
        redis_call_text(call, change->alias);
        redis_call_text(call, !saved ? "undo" : change->added ? "keep" : "drop");
    }
    redis_call_send(call, settle_done, a);
}
