/* Campaigns out of replies. See campaign_rows.h. */
#include "campaign_rows.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    COUNTS_PER_GROUP = 6, /* used, held, reports, suspect, members and when they were counted */
    READ_WINDOW = 16,     /* campaigns that are read at a time */
};

void campaign_call_keys(struct redis_call *call, const char *slug)
{
    redis_call_key(call, slug, "");
    redis_call_key(call, slug, ":seats");
    redis_call_key(call, slug, ":queue");
    redis_call_key(call, slug, ":due");
}

void campaign_call_send(struct redis_call *call, redis_done done, void *ctx)
{
    redis_call_deadline(call, REDIS_ADMIN_DEADLINE_MS);
    redis_call_send(call, done, ctx);
}

/* --- one row --- */

void campaign_row_clear(struct campaign_row *row)
{
    campaign_free(row->definition);
    free(row->counts);
    *row = (struct campaign_row){0};
}

static bool read_counts(const struct redisReply *reply, struct group_count *counts, size_t groups)
{
    if (reply->elements != 1 + groups * COUNTS_PER_GROUP)
        return false;
    for (size_t i = 0; i < groups; i++) {
        struct redisReply **at = reply->element + 1 + i * COUNTS_PER_GROUP;
        int64_t suspect;
        if (!redis_reply_int(at[0], &counts[i].used) || !redis_reply_int(at[1], &counts[i].held) ||
            !redis_reply_int(at[2], &counts[i].reports) || !redis_reply_int(at[3], &suspect) ||
            !redis_reply_int(at[4], &counts[i].members) || !redis_reply_int(at[5], &counts[i].members_at))
            return false;
        counts[i].suspect = suspect != 0;
    }
    return true;
}

enum store_result campaign_row_read(struct store *s, const char *slug, const struct redisReply *reply,
                                    struct campaign_row *row)
{
    if (reply->type == REDIS_REPLY_NIL)
        return STORE_NOT_FOUND;
    char err[STORE_ERR_MAX] = "not a campaign's reply";
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 && reply->element[0]->type == REDIS_REPLY_STRING &&
        (size_t)reply->element[0]->len <= STORE_DEFINITION_MAX) {
        row->bytes = (size_t)reply->element[0]->len;
        row->definition = campaign_from_stored(reply->element[0]->str, row->bytes, err, sizeof err);
        if (row->definition) {
            campaign_bar_hosts(row->definition, &s->allowed_hosts);
            row->counts = calloc(row->definition->group_count + 1, sizeof *row->counts);
            if (row->counts && read_counts(reply, row->counts, row->definition->group_count))
                return STORE_OK;
            snprintf(err, sizeof err, "%s", row->counts ? "counters do not fit the definition" : "out of memory");
        }
    }
    campaign_row_clear(row);
    char detail[sizeof err + CAMPAIGN_SLUG_MAX + 3];
    snprintf(detail, sizeof detail, "%s: %s", slug, err);
    s->log(STORE_LOG_ERROR, "campaign_unreadable", detail);
    return STORE_BAD_REPLY;
}

void campaign_row_ask(struct store *s, const char *slug, redis_done done, void *ctx)
{
    struct redis_call *call = redis_script_begin(s->link, REDIS_READ_CAMPAIGN, CAMPAIGN_KEYS);
    campaign_call_keys(call, slug);
    redis_call_hour(call, s);
    campaign_call_send(call, done, ctx);
}

/* --- many rows --- */

/* One read, to know which slug it was. */
struct one_read {
    struct campaign_rows *rows;
    size_t at;
};

static void read_done(void *ctx, enum store_result r, const struct redisReply *reply)
{
    struct one_read *read = ctx;
    struct campaign_rows *rows = read->rows;
    size_t at = read->at;
    free(read);
    if (r != STORE_OK) {
        rows->failed = r;
    } else {
        rows->rows[at].missing =
            campaign_row_read(rows->store, rows->slugs[at], reply, &rows->rows[at]) == STORE_NOT_FOUND;
        rows->bytes += rows->rows[at].bytes;
        if (rows->rows[at].missing && rows->mends_index)
            campaign_index_remove(rows->store, rows->slugs[at]);
    }
    if (--rows->pending == 0)
        campaign_rows_read(rows);
}

void campaign_rows_read(struct campaign_rows *rows)
{
    struct one_read *reads[READ_WINDOW];
    size_t n = 0;
    if (rows->failed != STORE_OK || rows->asked == rows->count || rows->bytes > rows->bytes_max) {
        rows->done(rows->ctx, rows->failed, rows->asked);
        return;
    }
    while (n < READ_WINDOW && rows->asked + n < rows->count) {
        reads[n] = malloc(sizeof *reads[n]);
        if (!reads[n])
            break;
        *reads[n] = (struct one_read){rows, rows->asked + n};
        n++;
    }
    if (n == 0) {
        rows->done(rows->ctx, STORE_UNAVAILABLE, rows->asked);
        return;
    }
    rows->asked += n;
    rows->pending = n;
    for (size_t i = 0; i < n; i++)
        campaign_row_ask(rows->store, rows->slugs[reads[i]->at], read_done, reads[i]);
}
