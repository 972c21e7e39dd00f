/* Campaigns, for admins and for what else reads or changes them whole. Part of store.h, which has the rules. */
#ifndef STORAGE_STORE_CAMPAIGNS_H
#define STORAGE_STORE_CAMPAIGNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "campaign.h"
#include "campaign_json.h"
#include "store_base.h"
#include "trouble.h"

struct store;

/* --- campaigns for admins (campaigns.c) --- */

/* Which alias another campaign has. */
struct store_alias_taken {
    char slug[CAMPAIGN_SLUG_MAX + 1]; /* whose alias it was to be */
    size_t position;                  /* in its `aliases` */
    char owner[CAMPAIGN_SLUG_MAX + 1];
};

/* A definition and what the ledger counts, read in one moment. Valid during the callback. */
struct store_campaign {
    const struct campaign *definition;
    const struct group_count *counts;      /* by position */
    const struct store_alias_taken *taken; /* with STORE_ALIAS_TAKEN, all else is NULL */
};
typedef void (*store_campaign_done)(void *ctx, enum store_result r, const struct store_campaign *c);

void store_campaign_read(struct store *s, const char *slug, store_campaign_done done, void *ctx);

/* --- what is printed of a campaign (printed.c) --- */

struct store_printed {
    const struct campaign *definition;
    const char *logo; /* the file in base64; NULL: there is none, or it was not asked for */
    size_t logo_len;
};
/* Valid during the callback. */
typedef void (*store_printed_done)(void *ctx, enum store_result r, const struct store_printed *p);

/* As it is now: who asks for the same campaign while it is being read shares the next answer. */
void store_printed_read(struct store *s, const char *slug, bool with_logo, store_printed_done done, void *ctx);

/* --- changing campaigns --- */

/*
 * Writes a definition and its plan in the ledger, atomically with scans, and tells every worker. was: NULL creates
 * (STORE_CONFLICT if the slug is taken), else the definition that it was made from, whose version must still be the
 * current one (STORE_CONFLICT if it is not; STORE_NOT_FOUND if gone). The stored version is the next one. touched:
 * position of the group whose suspicion this change clears, or -1. The callback brings the campaign as it then is, or
 * with STORE_ALIAS_TAKEN which alias of c another campaign has. c, was and heads are only read during the call.
 */
void store_campaign_save(struct store *s, const struct campaign *c, const struct campaign *was,
                         const struct head_counts *heads, int touched, const struct store_audit *audit,
                         store_campaign_done done, void *ctx);

/* --- several at once (campaign_save.c, campaigns.c) --- */

/* rows: in the order of what was asked for; a row without definition: there is no such campaign. Valid during the
 * callback. */
typedef void (*store_campaigns_done)(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count);

/* count: 1 to STORE_BATCH_MAX. STORE_TOO_LARGE: their definitions come to more than STORE_BATCH_BYTES_MAX. Each is read
 * in a moment of its own. */
void store_campaigns_read(struct store *s, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count,
                          store_campaigns_done done, void *ctx);

/* One campaign to save: what store_campaign_save takes. */
struct store_save {
    const struct campaign *campaign;
    const struct campaign *was;      /* NULL: it is made */
    const struct head_counts *heads; /* NULL: none */
    int touched;
    const struct store_audit *audit; /* NULL: nothing is told */
};
/* How many at most: STORE_BATCH_MAX, or 1 where campaigns lie in several Redis, which have no moment in common. */
size_t store_batch_max(const struct store *s);
/* All of them in one moment, or none: STORE_CONFLICT or STORE_NOT_FOUND if it may not be for any one, STORE_ALIAS_TAKEN
 * with one row that says which alias (one that another campaign of the list gives up counts as taken). count: 1 to
 * STORE_BATCH_MAX, with STORE_BATCH_GROUPS_MAX groups at most; a slug occurs once. What list points at is only read
 * during the call. */
void store_campaigns_save(struct store *s, const struct store_save *list, size_t count, store_campaigns_done done,
                          void *ctx);

/* Whether their aliases could be had now: STORE_OK (rows say nothing), or as store_campaigns_save. Nothing is saved;
 * the aliases are claimed and given back. false: there is nothing to try, and nobody is called back. */
bool store_campaigns_try(struct store *s, const struct store_save *list, size_t count, store_campaigns_done done,
                         void *ctx);

/* was: the version it must have, or 0 for any. */
void store_campaign_delete(struct store *s, const char *slug, int64_t was, const struct store_audit *audit,
                           store_done done, void *ctx);

enum store_order {
    STORE_BY_SLUG,
    STORE_BY_PROBLEMS, /* what is wrong with them (trouble.h), the worst first, then by slug; see store_problems_take */
};
enum {
    STORE_CURSOR_MAX = CAMPAIGN_SLUG_MAX + 3, /* bytes of a list's cursor, with NUL: a slug, or "<severity>.<slug>" */
};
/* Whether it can be a `next` of that order. */
bool store_cursor_valid(enum store_order order, const char *cursor, size_t len);

/* A page of campaigns. rows: definition and counts of each. next: "" when there is no more. */
typedef void (*store_list_done)(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count,
                                const char *next, int64_t total);
/* q: NULL or text that slug or title contain, case-insensitive in ASCII. cursor: "" or a `next` of before. limit: 1 to
 * STORE_PAGE_MAX. */
void store_campaign_list(struct store *s, enum store_order order, const char *q, const char *cursor, int limit,
                         store_list_done done, void *ctx);

/* --- the order by problems (problems.c): who looks at a campaign tells how bad it is --- */

/* Campaigns to be looked at, because something was heard of them (changes_new) or because it is their time. They are
 * the caller's until the moment `until` (the store's); what is not settled by then is given to the next who asks.
 * heard: to be looked at first; what is not known is passed over. */
typedef void (*store_problems_done)(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1],
                                    size_t count, int64_t until);
void store_problems_take(struct store *s, const char (*heard)[CAMPAIGN_SLUG_MAX + 1], size_t count,
                         store_problems_done done, void *ctx);

struct store_problem {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    bool gone, unreadable; /* there is no such campaign; or it stays where it is */
    enum campaign_severity severity;
    int64_t seconds; /* until time alone may change it; 0: it does not */
};
/* What came of those that were taken until then. One that has changed meanwhile is looked at again. */
void store_problems_settle(struct store *s, const struct store_problem *list, size_t count, int64_t until);

/* All of these may have changed, or are new. */
void store_problems_note(struct store *s, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count, store_done done,
                         void *ctx);

/* --- a campaign with all that is kept of it, out of one store and into another (campaign_dump.c) --- */

struct store_bytes {
    const char *at; /* NULL: none */
    size_t len;
};
struct store_dump_group {
    int64_t used, held, reports;
    const char *reported;  /* when the last ones did: unix seconds, blanks between; "" */
    int64_t suspect_since; /* unix seconds; 0: it is not */
    const char *members;   /* the last head count as ledger.lua keeps it, "187 1795617180 0 bot"; "": none */
    const char *counted;   /* those of before, "at members seats" each, blanks between; "" */
};
/* Seats that are held, see seat_token.h: of a group, until a second. Cookies know them by the name, which is later than
 * that when the clock went back. Bitmaps by serial. */
struct store_dump_bucket {
    const char *group;
    int64_t name, due, issued;
    struct store_bytes confirmed; /* or given back one by one */
    struct store_bytes given_back, reported;
};
struct store_dump_count {
    const char *name; /* "seat:CHANNEL": without quotes and backslashes */
    int64_t count;
};
struct store_dump_day {
    const char *day; /* 2026-11-25 */
    const struct store_dump_count *counts;
    size_t count;
};
/* One of a waiting list: where they stand, and the seat that was promised or taken (group "": none yet). */
struct store_dump_place {
    const char *id; /* the visitor's own name of it: whoever has it has the place */
    int64_t number, joined_at;
    char state;       /* 'w' waits, 'p' promised, 'i' in */
    const char *line; /* whom it stands with, see waiting.lua */
    const char *group, *channel, *name;
    int64_t due, serial; /* due: the bucket's name */
};
struct store_dump {
    const struct campaign *definition;
    const struct store_dump_group *groups; /* by position */
    int64_t swept;                         /* the latest name of held seats that have gone back */
    const struct store_dump_bucket *buckets;
    size_t bucket_count;
    const struct store_dump_day *days;
    size_t day_count;
    const struct store_dump_place *places; /* by number */
    size_t place_count;
};

/* The next slugs of the index behind `cursor` ("": from the first on), STORE_PAGE_MAX at most; none: that was all. */
typedef void (*store_slugs_done)(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1],
                                 size_t count);
void store_campaign_slugs(struct store *s, const char *cursor, store_slugs_done done, void *ctx);

/* In one moment. d is valid during the callback. */
typedef void (*store_dump_done)(void *ctx, enum store_result r, const struct store_dump *d);
void store_campaign_dump(struct store *s, const char *slug, store_dump_done done, void *ctx);

/* Makes the campaign as it was, with its version and counters, in one moment. STORE_CONFLICT: there is one of its slug;
 * STORE_ALIAS_TAKEN as store_campaign_save. d must hold together: groups, buckets and counters of its definition. It is
 * only read during the call. */
void store_campaign_restore(struct store *s, const struct store_dump *d, const struct store_audit *audit,
                            store_campaign_done done, void *ctx);

#endif
