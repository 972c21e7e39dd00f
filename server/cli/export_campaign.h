/*
 * A campaign as a line of our own export, and back: its definition as it is stored, and all that is counted.
 *
 *     {"type":"campaign","slug":"run","definition":{…},
 *      "groups":[{"id":"g1","used":3,"held":1,"reports":0,"reported":[],"suspect_since":null,
 *                  "members":{"count":187,"at":1795617180,"over":0,"source":"bot","history":[1795617180,187,200]}}],
 *      "holds":[{"group":"g1","name":1795617180,"until":1795617180,"issued":4,"confirmed":"Aw==","given_back":"",
 *                 "reported":""}],
 *      "holds_ended":1795617000,"statistics":{"2026-11-25":{"seat:shop":3}},
 *      "waiting":[{"id":"…","number":7,"joined_at":1795616000,"state":"waiting","kind":"97d170e1:0","group":null,
 *                  "until":0,"serial":0,"channel":null,"name":"Anna"}]}
 *
 * holds: seats that are shown and not yet confirmed, by the second at which they go back (unix seconds); cookies know
 * them by the name, which is another second if the clock went back (without one: the same). holds_ended: the latest
 * name of those that have gone back. Bitmaps by serial, the first one in the highest bit, in base64.
 * waiting: until is the name of the hold that was promised.
 */
#ifndef SERVER_CLI_EXPORT_CAMPAIGN_H
#define SERVER_CLI_EXPORT_CAMPAIGN_H

#include <jansson.h>

#include "store.h"

enum {
    EXPORT_WHY_MAX = 320,
    EXPORT_DAYS_MAX = 1000, /* days of statistics of a campaign */
};

/* NULL: out of memory. */
json_t *export_campaign_to_json(const struct store_dump *d);

/* A line that was read, with what it owns. Texts stay in the line. */
struct exported_campaign {
    struct store_dump dump;
    struct campaign *definition;
    struct store_dump_group *groups;
    struct store_dump_bucket *buckets;
    struct store_dump_day *days;
    struct store_dump_count *counts;
    struct store_dump_place *places;
    unsigned char *bits;   /* of all buckets */
    char (*reported)[128]; /* of each group */
    char **members;        /* likewise */
};

/* Whether the line holds together, by the rules of campaigns and of the ledger: counters of its groups, held seats as
 * many as its holds have. false: why. now: unix seconds. Clear it in either case; the line is to outlive it. */
bool export_campaign_from_json(json_t *line, int64_t now, struct exported_campaign *ret, char why[EXPORT_WHY_MAX]);
void exported_campaign_clear(struct exported_campaign *e);

#endif
