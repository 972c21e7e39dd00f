/*
 * The order of campaigns by what is wrong with them: two sorted sets that stand in one slot, and which of them are to
 * be looked at. The scripts note_problems.lua, take_problems.lua and settle_problems.lua are all that writes them.
 */
#include "problems.h"

#include <stdio.h>
#include <stdlib.h>

#include "campaign_rows.h"

#define PROBLEMS_TAG "~problems" /* no slug can be it */

void problems_key(struct redis_call *c, const struct store *s, const char *suffix)
{
    char name[32];
    snprintf(name, sizeof name, "problems%s", suffix);
    if (redis_link_is_cluster(s->link))
        redis_call_key(c, NULL, name);
    else
        redis_call_key(c, PROBLEMS_TAG, suffix);
}

static struct redis_call *problems_call(struct store *s, enum redis_script script)
{
    struct redis_call *call = redis_script_begin(s->link, script, 2);
    problems_key(call, s, "");
    problems_key(call, s, ":due");
    return call;
}

static void ignore_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    (void)ctx, (void)r, (void)reply; /* who took them is followed by another */
}

void problems_note(struct store *s, const char *slug)
{
    struct redis_call *call = problems_call(s, REDIS_NOTE_PROBLEMS);
    redis_call_text(call, slug);
    campaign_call_send(call, ignore_done, NULL);
}

void problems_forget(struct store *s, const char *slug)
{
    struct redis_call *call = problems_call(s, REDIS_SETTLE_PROBLEMS);
    redis_call_text(call, "");
    redis_call_text(call, slug);
    redis_call_text(call, "");
    redis_call_int(call, 0);
    campaign_call_send(call, ignore_done, NULL);
}

void store_problems_note(struct store *s, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count, store_done done,
                         void *ctx)
{
    struct redis_call *call = problems_call(s, REDIS_NOTE_PROBLEMS);
    for (size_t i = 0; i < count; i++)
        redis_call_text(call, slugs[i]);
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send_plain(call, done, ctx);
}

/* --- taking --- */

struct take_job {
    store_problems_done done;
    void *ctx;
    char slugs[STORE_PROBLEMS_MAX][CAMPAIGN_SLUG_MAX + 1];
};

static void take_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct take_job *job = ctx;
    int64_t until = 0;
    size_t count = 0;
    if (r == STORE_OK && (reply->type != REDIS_REPLY_ARRAY || reply->elements < 1 ||
                          reply->elements > 1 + STORE_PROBLEMS_MAX || !redis_reply_int(reply->element[0], &until)))
        r = STORE_BAD_REPLY;
    for (size_t i = 1; r == STORE_OK && i < reply->elements; i++) {
        const struct redisReply *slug = reply->element[i];
        if (slug->type != REDIS_REPLY_STRING || !campaign_slug_valid(slug->str, (size_t)slug->len))
            r = STORE_BAD_REPLY;
        else
            snprintf(job->slugs[count++], sizeof job->slugs[0], "%s", slug->str);
    }
    job->done(job->ctx, r, (const char(*)[CAMPAIGN_SLUG_MAX + 1]) job->slugs, r == STORE_OK ? count : 0, until);
    free(job);
}

void store_problems_take(struct store *s, const char (*heard)[CAMPAIGN_SLUG_MAX + 1], size_t count,
                         store_problems_done done, void *ctx)
{
    struct take_job *job = malloc(sizeof *job);
    if (!job) {
        done(ctx, STORE_UNAVAILABLE, NULL, 0, 0);
        return;
    }
    job->done = done;
    job->ctx = ctx;
    struct redis_call *call = problems_call(s, REDIS_TAKE_PROBLEMS);
    redis_call_int(call, STORE_PROBLEMS_MAX);
    for (size_t i = 0; i < count; i++)
        redis_call_text(call, heard[i]);
    campaign_call_send(call, take_done, job);
}

void store_problems_settle(struct store *s, const struct store_problem *list, size_t count, int64_t until)
{
    static const char *const severities[] = {"0", "1", "2", "3"};
    struct redis_call *call = problems_call(s, REDIS_SETTLE_PROBLEMS);
    redis_call_int(call, until);
    for (size_t i = 0; i < count; i++) {
        redis_call_text(call, list[i].slug);
        redis_call_text(call, list[i].gone ? "" : list[i].unreadable ? "?" : severities[list[i].severity]);
        redis_call_int(call, list[i].seconds);
    }
    campaign_call_send(call, ignore_done, NULL);
}
