/* Campaigns as the ledger's scripts answer them: what one call brings, and how several are read. For campaign*.c and
 * waiting.c.
 */
#ifndef STORAGE_CAMPAIGN_ROWS_H
#define STORAGE_CAMPAIGN_ROWS_H

#include "redis_link.h"

enum {
    CAMPAIGN_KEYS = 4, /* of each campaign, in a script's KEYS */
};

/* The keys of a campaign's ledger, as ledger.lua has them. */
void campaign_call_keys(struct redis_call *call, const char *slug);
/* With the deadline of calls that no visitor waits for. */
void campaign_call_send(struct redis_call *call, redis_done done, void *ctx);

/* A definition with its counters, read in one moment. */
struct campaign_row {
    struct campaign *definition; /* NULL: nothing was read */
    struct group_count *counts;  /* by position */
    size_t bytes;                /* of the definition's text */
    bool missing;                /* there is no campaign of that slug */
};

/* Of report_campaign()'s reply. STORE_OK with *row filled; STORE_NOT_FOUND for nil; else STORE_BAD_REPLY, logged. */
enum store_result campaign_row_read(struct store *s, const char *slug, const struct redisReply *reply,
                                    struct campaign_row *row);
void campaign_row_clear(struct campaign_row *row);

/* Asks for a campaign's row: the reply is for campaign_row_read. */
void campaign_row_ask(struct store *s, const char *slug, redis_done done, void *ctx);

/*
 * Many rows, some at a time. It ends early behind the row with which the definitions come to more than bytes_max. A row
 * that cannot be read is logged, and has no definition. Embedded in the caller's object; what is pointed at outlives
 * `done`, and rows are the caller's to clear.
 */
struct campaign_rows {
    struct store *store;
    const char (*slugs)[CAMPAIGN_SLUG_MAX + 1];
    size_t count;
    size_t bytes_max;
    bool mends_index; /* slugs are of the index: those without a campaign are taken out of it */
    struct campaign_row *rows;
    void (*done)(void *ctx, enum store_result r, size_t read); /* read: how many of count */
    void *ctx;
    /* its own */
    size_t asked, pending, bytes;
    enum store_result failed;
};
void campaign_rows_read(struct campaign_rows *rows);

/* --- writing (campaign_save.c) --- */

/* A campaign's record, as saving.lua has it. */
void campaign_call_record(struct redis_call *call, const struct campaign *c, int64_t was, int touched);

/* The steps of a save (aliases, index) around another call that makes a campaign and answers as save_campaigns does. It
 * is taken over. */
void campaign_make_by(struct store *s, const struct campaign *c, struct redis_call *call, store_campaign_done done,
                      void *ctx);

/* --- the index (campaigns.c) --- */

void campaign_index_add(struct store *s, const char *slug);
/* command: HSET, or HSETNX before a creation, which may turn out to be refused because that slug has a campaign. */
void campaign_index_title(struct store *s, const char *command, const char *slug, const char *title);
void campaign_index_remove(struct store *s, const char *slug);

#endif
