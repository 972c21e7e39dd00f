/* A thread's link to Redis, and the small things that every part of the program asks of it. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <sodium.h>

#include "redis_link.h"

const char *store_result_name(enum store_result r)
{
    static const char *const names[STORE_RESULT_COUNT] = {
        [STORE_OK] = "ok",
        [STORE_FULL] = "full",
        [STORE_NOT_FOUND] = "not_found",
        [STORE_CONFLICT] = "conflict",
        [STORE_ALIAS_TAKEN] = "alias_taken",
        [STORE_STALE] = "stale",
        [STORE_UNAVAILABLE] = "unavailable",
        [STORE_TIMEOUT] = "timeout",
        [STORE_BAD_REPLY] = "bad_reply",
        [STORE_NO_SPACE] = "no_space",
        [STORE_TOO_LARGE] = "too_large",
        [STORE_LAST_OWNER] = "last_owner",
    };
    return (unsigned)r < STORE_RESULT_COUNT ? names[r] : "unknown";
}

struct store *store_new(struct event_base *base, const struct store_options *options, char err[STORE_ERR_MAX])
{
    struct store *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(err, STORE_ERR_MAX, "out of memory");
        return NULL;
    }
    s->base = base;
    s->hold_seconds = options->hold_seconds;
    s->audit_days = options->audit_days;
    s->stats_days = options->stats_days;
    s->allowed_hosts = options->allowed_hosts;
    s->hour_minute = -1;
    s->log = options->log;
    snprintf(s->prefix, sizeof s->prefix, "%s", options->key_prefix);
    if (snprintf(s->url, sizeof s->url, "%s", options->redis_url) >= (int)sizeof s->url) {
        snprintf(err, STORE_ERR_MAX, "redis_url: too long");
        free(s);
        return NULL;
    }
    s->link = redis_link_new(base, s->url, s->prefix, options->wait_replicas, s->log, err);
    if (!s->link) {
        free(s);
        return NULL;
    }
    return s;
}

void store_free(struct store *s)
{
    if (!s)
        return;
    redis_link_free(s->link);
    forecasts_free(s);
    sodium_memzero(s->url, sizeof s->url);
    free(s);
}

bool store_is_up(const struct store *s)
{
    return redis_link_is_up(s->link);
}

void store_on_change(struct store *s, void (*changed)(void *ctx, bool up), void *ctx)
{
    redis_link_on_change(s->link, changed, ctx);
}

/* --- the hour of statistics --- */

/* Local time is slow, and no hour begins within a minute. */
void store_hour_at(struct store *s, int64_t unix_now)
{
    time_t now = (time_t)unix_now;
    struct tm tm;
    if (now / 60 == s->hour_minute)
        return;
    s->hour_minute = now / 60;
    localtime_r(&now, &tm);
    s->hour = (uint32_t)(((tm.tm_year + 1900) * 100 + tm.tm_mon + 1) * 100 + tm.tm_mday) * 100 + (uint32_t)tm.tm_hour;
    size_t len = strftime(s->hour_text, sizeof s->hour_text, "%Y-%m-%d %H", &tm);
    snprintf(s->hour_text + len, sizeof s->hour_text - len, " %d", s->stats_days);
}

uint32_t store_hour(struct store *s)
{
    store_hour_at(s, time(NULL));
    return s->hour;
}

void redis_call_hour(struct redis_call *c, struct store *s)
{
    store_hour_at(s, time(NULL));
    redis_call_text(c, s->hour_text);
}

/* --- ping --- */

void store_ping(struct store *s, store_done done, void *ctx)
{
    struct redis_call *c = redis_call_begin(s->link);
    redis_call_text(c, "SET"); /* a PING is answered by a Redis that is full, or somebody's replica */
    redis_call_key(c, NULL, "ping");
    redis_call_text(c, "1");
    redis_call_await(c); /* nor can seats be taken when replicas are wanted and not there */
    redis_call_send_plain(c, done, ctx);
}

/* --- the secret --- */

struct secret_call {
    store_secret_done done;
    void *ctx;
};

static void secret_done(void *ctx, enum store_result r, const redisReply *reply)
{
    struct secret_call call = *(struct secret_call *)ctx;
    unsigned char secret[STORE_SECRET];
    size_t len = 0;
    free(ctx);
    if (r == STORE_OK && (reply->type != REDIS_REPLY_STRING || reply->len != 2 * STORE_SECRET ||
                          sodium_hex2bin(secret, sizeof secret, reply->str, reply->len, NULL, &len, NULL) != 0))
        r = STORE_BAD_REPLY;
    call.done(call.ctx, r, r == STORE_OK ? secret : NULL);
    sodium_memzero(secret, sizeof secret);
}

static void secret_made(void *ctx, enum store_result r, const redisReply *reply)
{
    (void)ctx, (void)r, (void)reply; /* whether it was ours or somebody's: the GET behind it tells */
}

void store_secret(struct store *s, store_secret_done done, void *ctx)
{
    unsigned char secret[STORE_SECRET];
    char hex[2 * STORE_SECRET + 1];
    struct secret_call *call = malloc(sizeof *call);
    if (!call) {
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    *call = (struct secret_call){done, ctx};
    randombytes_buf(secret, sizeof secret);
    sodium_bin2hex(hex, sizeof hex, secret, sizeof secret);
    struct redis_call *c = redis_call_begin(s->link);
    redis_call_text(c, "SETNX");
    redis_call_key(c, NULL, "secret");
    redis_call_text(c, hex);
    redis_call_send(c, secret_made, NULL);
    c = redis_call_begin(s->link);
    redis_call_text(c, "GET");
    redis_call_key(c, NULL, "secret");
    redis_call_send(c, secret_done, call);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(hex, sizeof hex);
}

/* --- facts --- */

enum { FACTS = 5 }; /* questions */

struct facts_call {
    store_facts_done done;
    void *ctx;
    int left; /* answers that are still to come, in any order: a cluster's nodes answer each when it likes */
    enum store_result result;
    struct store_facts facts;
};

static void facts_answered(struct facts_call *call)
{
    if (--call->left > 0)
        return;
    call->done(call->ctx, call->result, call->result == STORE_OK ? &call->facts : NULL);
    free(call);
}

static void config_value(const redisReply *reply, char *out, size_t size)
{
    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements >= 2 &&
        reply->element[1]->type == REDIS_REPLY_STRING)
        snprintf(out, size, "%s", reply->element[1]->str);
}

static void facts_version(void *ctx, enum store_result r, const redisReply *reply)
{
    struct facts_call *call = ctx;
    static const char key[] = "redis_version:";
    const char *at = r == STORE_OK && reply->type == REDIS_REPLY_STRING ? strstr(reply->str, key) : NULL;
    if (at)
        snprintf(call->facts.version, sizeof call->facts.version, "%.*s", (int)strcspn(at + sizeof key - 1, "\r\n"),
                 at + sizeof key - 1);
    facts_answered(call);
}

static void facts_aof(void *ctx, enum store_result r, const redisReply *reply)
{
    struct facts_call *call = ctx;
    config_value(r == STORE_OK ? reply : NULL, call->facts.aof, sizeof call->facts.aof);
    facts_answered(call);
}

static void facts_fsync(void *ctx, enum store_result r, const redisReply *reply)
{
    struct facts_call *call = ctx;
    config_value(r == STORE_OK ? reply : NULL, call->facts.fsync, sizeof call->facts.fsync);
    facts_answered(call);
}

static void facts_eviction(void *ctx, enum store_result r, const redisReply *reply)
{
    struct facts_call *call = ctx;
    config_value(r == STORE_OK ? reply : NULL, call->facts.eviction, sizeof call->facts.eviction);
    facts_answered(call);
}

static void facts_campaigns(void *ctx, enum store_result r, const redisReply *reply)
{
    struct facts_call *call = ctx;
    if (r == STORE_OK && !redis_reply_int(reply, &call->facts.campaigns))
        r = STORE_BAD_REPLY;
    call->result = r;
    facts_answered(call);
}

static void config_get(struct store *s, const char *name, redis_done done, void *ctx)
{
    struct redis_call *c = redis_call_begin(s->link);
    redis_call_text(c, "CONFIG");
    redis_call_text(c, "GET");
    redis_call_text(c, name);
    redis_call_send(c, done, ctx);
}

void store_facts(struct store *s, store_facts_done done, void *ctx)
{
    struct facts_call *call = calloc(1, sizeof *call);
    if (!call) {
        done(ctx, STORE_UNAVAILABLE, NULL);
        return;
    }
    *call = (struct facts_call){.done = done, .ctx = ctx, .left = FACTS};
    struct redis_call *c = redis_call_begin(s->link);
    redis_call_text(c, "INFO");
    redis_call_text(c, "server");
    redis_call_send(c, facts_version, call);
    config_get(s, "appendonly", facts_aof, call);
    config_get(s, "appendfsync", facts_fsync, call);
    config_get(s, "maxmemory-policy", facts_eviction, call);
    c = redis_call_begin(s->link);
    redis_call_text(c, "ZCARD");
    redis_call_key(c, NULL, "campaigns");
    redis_call_send(c, facts_campaigns, call);
}
