/* Calls as RESP, built argument by argument in a buffer that is kept for the next one. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_cluster.h"
#include "redis_private.h"
#include "scripts.h"

void redis_call_release(struct redis_call *c)
{
    struct redis_link *l = c->home;
    if (c->cap > REDIS_CALL_KEEP) {
        free(c->buffer);
        c->buffer = NULL;
        c->cap = 0;
    }
    c->next = l->free_calls;
    l->free_calls = c;
}

struct redis_call *redis_call_begin(struct redis_link *l)
{
    struct redis_link *home = l->home;
    struct redis_call *c = home->free_calls;
    if (c)
        home->free_calls = c->next;
    else if (home->calls_used < LINK_CALLS)
        c = &home->calls[home->calls_used++];
    else
        abort(); /* cannot be: REDIS_PENDING_MAX wait for Redis, the rest for the end of this loop pass */
    char *buffer = c->buffer;
    size_t cap = c->cap;
    memset(c, 0, sizeof *c);
    c->buffer = buffer;
    c->cap = cap;
    c->home = home;
    c->link = l;
    c->script = c->slot = -1;
    c->len = CALL_HEADER;
    c->deadline_ms = STORE_DEADLINE_MS;
    return c;
}

bool redis_call_room(struct redis_call *c, size_t more)
{
    if (c->len + more <= c->cap)
        return true;
    size_t cap = c->cap ? c->cap : 512;
    while (cap < c->len + more)
        cap *= 2;
    char *buffer = realloc(c->buffer, cap);
    if (!buffer) {
        c->no_memory = true;
        return false;
    }
    c->buffer = buffer;
    c->cap = cap;
    return true;
}

static char *put_count(char *p, char kind, size_t n)
{
    char digits[24];
    int i = 0;
    do
        digits[i++] = (char)('0' + n % 10);
    while (n /= 10);
    *p++ = kind;
    while (i > 0)
        *p++ = digits[--i];
    *p++ = '\r';
    *p++ = '\n';
    return p;
}

/* One argument in two pieces, as RESP: "$<len>\r\n<a><b>\r\n". */
static void put_argument(struct redis_call *c, const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (!redis_call_room(c, a_len + b_len + 32))
        return;
    char *p = put_count(c->buffer + c->len, '$', a_len + b_len);
    p = mempcpy(p, a, a_len);
    p = b_len ? mempcpy(p, b, b_len) : p;
    p = mempcpy(p, "\r\n", 2);
    c->len = (size_t)(p - c->buffer);
    c->arguments++;
}

void redis_call_bytes(struct redis_call *c, const char *bytes, size_t len)
{
    put_argument(c, bytes, len, NULL, 0);
}

void redis_call_text(struct redis_call *c, const char *text)
{
    put_argument(c, text, strlen(text), NULL, 0);
}

void redis_call_int(struct redis_call *c, int64_t n)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)n);
    put_argument(c, text, (size_t)len, NULL, 0);
}

/*
 * In a cluster, behind the keys that a script is told: one that is never there. While its slot moves to another node, a
 * node refuses (TRYAGAIN) a call of whose keys it has some and not others, before anything is done. Without that key, a
 * script would be let begin where all that it is told are there, and fail half-way at one that it makes itself.
 */
static const char NEVER[] = ":never";

/* Of a cluster's slots: CRC-16 (XMODEM) of the tag. */
static int slot_of(const char *tag)
{
    unsigned crc = 0;
    for (const char *p = tag; *p; p++) {
        crc ^= (unsigned)(unsigned char)*p << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xffff;
    }
    return (int)(crc & (REDIS_SLOTS - 1));
}

bool redis_link_mends(const struct redis_link *l, const char *slug)
{
    const struct redis_link *at = l->cluster ? redis_cluster_owner(l->cluster, slot_of(slug)) : l;
    return at && (at->state == LINK_UP || at->state == LINK_FENCED) && !at->mend_refused;
}

void redis_call_key(struct redis_call *c, const char *slug, const char *suffix)
{
    char key[STORE_PREFIX_MAX + CAMPAIGN_SLUG_MAX + 3];
    if (c->home->cluster) {
        slug = slug ? slug : REDIS_COMMON_TAG;
        c->slot = c->slot < 0 ? slot_of(slug) : c->slot;
    }
    int len = slug ? snprintf(key, sizeof key, "%s{%s}", c->home->prefix, slug)
                   : snprintf(key, sizeof key, "%s", c->home->prefix);
    put_argument(c, key, (size_t)len, suffix, strlen(suffix));
    if (c->keys > 0 && --c->keys == 0)
        put_argument(c, key, (size_t)len, NEVER, sizeof NEVER - 1);
}

void redis_call_audit_key(struct redis_call *c, const char *tag)
{
    if (!c->home->cluster || !tag) {
        redis_call_key(c, NULL, "audit");
        return;
    }
    redis_call_key(c, tag, ":untold");
    snprintf(c->untold, sizeof c->untold, "%s", tag);
}

void redis_call_spoil(struct redis_call *c)
{
    c->no_memory = true;
}

void redis_call_deadline(struct redis_call *c, int deadline_ms)
{
    c->deadline_ms = deadline_ms;
}

void redis_call_await(struct redis_call *c)
{
    c->awaited = c->home->wait_replicas > 0;
}

void redis_call_mend(struct redis_call *c)
{
    c->mends = true;
    c->home->mending++;
}

/* Whether people are told something that must not get lost. */
static bool script_is_awaited(enum redis_script script)
{
    switch (script) {
    case REDIS_TAKE_SEATS:
    case REDIS_CONFIRM_SEAT:
    case REDIS_NEXT_SEAT:
    case REDIS_WAIT:
    case REDIS_SAVE_CAMPAIGNS:
    case REDIS_DELETE_CAMPAIGN:
    case REDIS_RESTORE_CAMPAIGN:
    case REDIS_CHANGE_ROW:
    case REDIS_SET_MEMBERS:
    case REDIS_DELETE_WAITING:
        return true;
    default:
        return false;
    }
}

struct redis_call *redis_script_begin(struct redis_link *l, enum redis_script script, int keys)
{
    struct redis_call *c = redis_call_begin(l);
    c->script = (int)script;
    c->awaited = l->home->wait_replicas > 0 && script_is_awaited(script);
    redis_call_text(c, "EVALSHA");
    redis_call_bytes(c, redis_script_texts[script].sha1, 40);
    c->behind_script = c->len;
    c->keys = l->home->cluster ? keys : 0;
    redis_call_int(c, keys + (c->keys > 0));
    return c;
}

/* The script is not in the server's cache (restart, SCRIPT FLUSH), so it has not run: once more, with its text. */
struct redis_call *redis_call_with_text(struct redis_call *c)
{
    const struct redis_script_text *s = &redis_script_texts[c->script];
    struct redis_call *again = redis_call_begin(c->link);
    again->done = c->done;
    again->plain = c->plain;
    again->ctx = c->ctx;
    again->deadline_ms = c->deadline_ms;
    again->due_ms = c->due_ms;
    again->awaited = c->awaited;
    again->mends = c->mends;
    again->slot = c->slot;
    again->moves = c->moves;
    memcpy(again->untold, c->untold, sizeof again->untold);
    redis_call_text(again, "EVAL");
    redis_call_bytes(again, s->text, s->len);
    size_t rest = c->len - c->behind_script;
    if (redis_call_room(again, rest)) {
        memcpy(again->buffer + again->len, c->buffer + c->behind_script, rest);
        again->len += rest;
        again->arguments = c->arguments;
    }
    redis_call_release(c);
    return again;
}

const char *redis_call_wire_bytes(struct redis_call *c, size_t *ret_len)
{
    char head[CALL_HEADER];
    size_t head_len = (size_t)(put_count(head, '*', (size_t)c->arguments) - head);
    *ret_len = c->len - CALL_HEADER + head_len;
    return memcpy(c->buffer + CALL_HEADER - head_len, head, head_len);
}
