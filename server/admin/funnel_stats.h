/* What is counted of a funnel: how many came into each step through its links, by day and by channel. */
#ifndef SERVER_ADMIN_FUNNEL_STATS_H
#define SERVER_ADMIN_FUNNEL_STATS_H

#include "funnel_record.h"

enum {
    FUNNEL_WHOLE = -2, /* in place of a channel: all of them, and all other ways */
    FUNNEL_KINDS = 5,
};
/* What is shown of a step, in this order. */
extern const enum stat_kind funnel_kinds[FUNNEL_KINDS];

struct funnel_stats {
    struct funnel funnel;
    struct funnel_campaigns campaigns;
    char (*days)[STORE_DAY];
    size_t day_count;
    int64_t (*cells)[STAT_COUNT]; /* by day, step, and channel: the first is all other ways */
};

/* Reads what was counted on these days (1 to STORE_STATS_DAYS_MAX), and its campaigns, all at once. f and days are only
 * read during the call. stats: valid during the callback. */
typedef void (*funnel_stats_done)(void *ctx, enum store_result r, const struct funnel_stats *stats);
void funnel_stats_read(struct store *store, const struct funnel *f, const char (*days)[STORE_DAY], size_t day_count,
                       funnel_stats_done done, void *ctx);

/* Sums of a step: of a day (-1: of all), and of a channel, FUNNEL_ALL (all other ways) or FUNNEL_WHOLE. */
void funnel_stats_sum(const struct funnel_stats *s, long day, size_t step, int channel, int64_t counts[STAT_COUNT]);
/* Whether a kind is known of a step: not if its campaign is gone; of the ways into it no more than of channels. */
bool funnel_stats_known(const struct funnel_stats *s, size_t step, int channel, enum stat_kind kind);
/* Which share of those who took a seat in the step before took one in this; negative: there is nothing to say. */
double funnel_stats_conversion(const struct funnel_stats *s, long day, size_t step, int channel);

/* What is asked of them: a row for each day (of one channel, or FUNNEL_WHOLE), or one for each channel. */
struct funnel_question {
    bool by_channel;
    int channel;
};
/* Rows of an answer. key: "" is all other ways. */
size_t funnel_stats_rows(const struct funnel_stats *s, const struct funnel_question *q);
const char *funnel_stats_row(const struct funnel_stats *s, const struct funnel_question *q, size_t row, long *ret_day,
                             int *ret_channel);
/* malloc'd; NULL: out of memory. CSV has a line for each step of each row. */
char *funnel_stats_json(const struct funnel_stats *s, const struct funnel_question *q);
char *funnel_stats_csv(const struct funnel_stats *s, const struct funnel_question *q, size_t *len);

#endif
