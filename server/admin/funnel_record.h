/*
 * A funnel: an ordered list of campaigns that people are led through, and the channels they come into the first one by.
 * What the store keeps of it, by its id:
 *
 *     {"id":"k3x9ab","title":"Spring","version":2,"created_at":"…","updated_at":"…","next":6,
 *      "steps":[{"name":"hello","number":1},{"name":"event","number":2}],
 *      "channels":[{"name":"shop-1","number":5}]}
 *
 * Each step but the first has links that are posted in the groups of the steps before it: the campaign's, with a
 * channel that no other funnel and no other step has, so that who comes by it is counted without following anybody. One
 * link is for the groups that everybody is led to; one more for each of the funnel's channels is for groups that are
 * that channel's alone.
 */
#ifndef SERVER_ADMIN_FUNNEL_RECORD_H
#define SERVER_ADMIN_FUNNEL_RECORD_H

#include "campaign.h"
#include "store.h"

struct json_t;
struct field_errors;

enum {
    FUNNEL_STEPS_MIN = 2,
    FUNNEL_STEPS_MAX = 8,
    FUNNEL_CHANNELS_MAX = 20,
    FUNNEL_TITLE_MAX = 100,     /* characters */
    FUNNEL_ID = 6,              /* characters of Crockford's base32 */
    FUNNEL_NUMBER_MAX = 999999, /* of a step or channel: f-k3x9ab-999999-999999 fits a channel */
};

/* A campaign's slug, or a channel. */
struct funnel_part {
    char name[CAMPAIGN_SLUG_MAX + 1];
    int64_t number; /* its own, never used again in this funnel */
};

struct funnel {
    char id[FUNNEL_ID + 1];
    char title[FUNNEL_TITLE_MAX * 4 + 1];
    int64_t version, created_at, updated_at;
    int64_t next; /* number that is given next */
    struct funnel_part steps[FUNNEL_STEPS_MAX];
    size_t step_count;
    struct funnel_part channels[FUNNEL_CHANNELS_MAX];
    size_t channel_count;
};

/* What is known of its campaigns, by step. */
struct funnel_campaigns {
    bool missing[FUNNEL_STEPS_MAX]; /* deleted */
    char *titles[FUNNEL_STEPS_MAX]; /* malloc'd; NULL: none */
};
/* Of what store_campaigns_read of its steps brought. To be cleared. */
void funnel_campaigns_take(struct funnel_campaigns *ret_campaigns, const struct store_campaign *rows, size_t count);
void funnel_campaigns_clear(struct funnel_campaigns *campaigns);

/* Zeroed but for what is drawn and set at creation. now: unix seconds. */
void funnel_begin(struct funnel *f, int64_t now);
/* Of {"title", "steps": ["slug", ...], "channels": ["shop-1", ...]} what is there; a new one needs title and steps.
 * What is wrong is added to errors, with the field. A campaign or channel that stays keeps its number, so its links
 * stay. */
void funnel_read(struct funnel *f, const struct json_t *body, bool is_new, struct field_errors *errors);
/* Steps of f that are no step of `was` (NULL: all) must be campaigns that are there. */
void funnel_check_campaigns(const struct funnel *f, const struct funnel *was, const struct funnel_campaigns *campaigns,
                            struct field_errors *errors);
/* The channel by which a step (behind the first) is counted: f-k3x9ab-2, and f-k3x9ab-2-5 of the funnel's channel that
 * many places from the first on. channel: FUNNEL_ALL for the link without one. */
enum { FUNNEL_ALL = -1 };
void funnel_channel(const struct funnel *f, size_t step, int channel, char out[CAMPAIGN_CHANNEL_MAX + 1]);

/* malloc'd JSON of STORE_ROW_MAX bytes at most; NULL: out of memory. */
char *funnel_to_record(const struct funnel *f);
/* Back. false: not a record; *ret_funnel is untouched then. */
bool funnel_from_record(const char *json, size_t len, struct funnel *ret_funnel);
/* As the API has it, with links; campaigns may be NULL: nothing is said of them. NULL: out of memory. */
struct json_t *funnel_to_api(const struct funnel *f, const struct funnel_campaigns *campaigns, const char *base_url);
/* What the audit log is told of it. */
struct json_t *funnel_to_audit(const struct funnel *f);

#endif
