/*
 * Campaigns as JSON: the form that is stored, the form that the API speaks, and what an admin's request changes.
 *
 * All errors of a request are collected, each with its field ("groups[3].limit") and a reason; a request with any error
 * changes nothing. Duplicate keys, unknown keys, invalid UTF-8, wrong types and numbers out of range are errors.
 */
#ifndef CAMPAIGN_CAMPAIGN_JSON_H
#define CAMPAIGN_CAMPAIGN_JSON_H

#include "campaign.h"
#include "date.h"
#include "forecast.h"
#include "hosts.h"

enum {
    CAMPAIGN_JSON_DEPTH_MAX = 16,          /* lists and objects in one another */
    CAMPAIGN_JSON_CONTAINERS_MAX = 100000, /* lists and objects in one text */
    FIELD_ERRORS_MAX = 50,                 /* more are counted, not listed */
    FIELD_NAME_MAX = 96,
    FIELD_REASON_MAX = 160,
};

struct field_error {
    char field[FIELD_NAME_MAX];
    char reason[FIELD_REASON_MAX];
};

struct field_errors {
    struct field_error list[FIELD_ERRORS_MAX];
    size_t count;  /* listed */
    size_t more;   /* not listed */
    bool not_json; /* the text is not JSON at all (or has duplicate keys, a NUL, bad UTF-8, too deep); list[0] says
                      where */
};

void field_errors_add(struct field_errors *e, const char *field, const char *reason_format, ...)
    __attribute__((format(printf, 3, 4)));

/* A head count that came with a change: the group's `confirmed` is to become this. Applied by storage, atomically. */
struct head_count {
    char group[GROUP_ID_MAX + 1];
    int64_t confirmed;
};

struct head_counts {
    struct head_count *list; /* owned; free with head_counts_free */
    size_t count;
};
void head_counts_free(struct head_counts *h);

/* What a creation or change needs to know of the moment. */
struct campaign_moment {
    int64_t now;                              /* unix seconds: created_at, updated_at */
    uint64_t random[2];                       /* for a generated slug and for uid */
    bool offers_country;                      /* whether groups may be for countries: a database tells them */
    size_t slug_length;                       /* of a generated slug; 0: CAMPAIGN_DRAWN_LEN */
    struct allowed_hosts hosts;               /* where what is set may lead */
    bool (*knows_timezone)(const char *name); /* whether this machine has the zone; NULL: any that is well-formed */
};

/*
 * All that follows: errors is emptied first. NULL with errors->count 0 means out of memory. A text that is no JSON has
 * one error, of the field "body". Of heads nothing is left to free when NULL is returned.
 *
 * POST /campaigns. Text of an API request -> a new campaign (owned by the caller), or NULL with errors filled.
 * {"url": "..."} alone makes one group without a limit. Read-only fields are unknown fields here.
 */
struct campaign *campaign_from_request(const char *text, size_t len, const struct campaign_moment *m,
                                       struct field_errors *errors);

/*
 * PATCH /campaigns/{slug}, a JSON merge patch (RFC 7396). `groups`, if given, replaces the whole list: an element whose
 * id exists keeps that group and its seats. Returns a changed copy or NULL. `slug` cannot be changed. What a GET shows
 * and a client sends back unchanged (link, seats, version, created_at, updated_at, a group's used, held, reports,
 * state, platform) is accepted if it is of the right type and ignored. `confirmed` goes to heads.
 */
struct campaign *campaign_from_patch(const struct campaign *c, const char *text, size_t len,
                                     const struct campaign_moment *m, struct head_counts *heads,
                                     struct field_errors *errors);

/*
 * POST /campaigns:batch. An item is what one of the two above takes, with `op`: "create", which may be left out, or
 * "edit", which needs `slug` and may bring the `version` that the campaign must have.
 */
enum { CAMPAIGN_BATCH_MAX = 1000 }; /* items */
struct campaign_batch;
struct campaign_batch_item {
    bool edits;
    bool wrong;                       /* an error says so: it is not to be made */
    char slug[CAMPAIGN_SLUG_MAX + 1]; /* in lower case; "": a creation that names none, or a wrong one */
    int64_t version;                  /* 0: any */
};
/* NULL: nothing of the body can be used, or out of memory. Else items may be wrong: see errors. */
struct campaign_batch *campaign_batch_from_request(const char *text, size_t len, struct field_errors *errors);
void campaign_batch_free(struct campaign_batch *b); /* NULL is fine */
size_t campaign_batch_count(const struct campaign_batch *b);
const struct campaign_batch_item *campaign_batch_item(const struct campaign_batch *b, size_t at);
/* The item's campaign, from the one that it edits; NULL with its errors added to errors, of fields as
 * "campaigns[3].groups[0].url"; NULL without a new one: out of memory. */
struct campaign *campaign_batch_make(const struct campaign_batch *b, size_t at, const struct campaign *was,
                                     const struct campaign_moment *m, struct head_counts *heads,
                                     struct field_errors *errors);

/* POST /campaigns/{slug}/groups: a changed copy with one group more, its position in *position; NULL with errors. */
struct campaign *campaign_with_group(const struct campaign *c, const char *text, size_t len,
                                     const struct campaign_moment *m, size_t *position, struct field_errors *errors);

/* PATCH /campaigns/{slug}/groups/{id}: likewise. position must exist. */
struct campaign *campaign_with_group_patch(const struct campaign *c, size_t position, const char *text, size_t len,
                                           const struct campaign_moment *m, struct head_counts *heads,
                                           struct field_errors *errors);

/* DELETE /campaigns/{slug}/groups/{id}: a changed copy. NULL: out of memory. */
struct campaign *campaign_without_group(const struct campaign *c, size_t position, const struct campaign_moment *m);

/* PUT /campaigns/{slug}/order: a list that must name every group once. */
struct campaign *campaign_with_order(const struct campaign *c, const char *text, size_t len,
                                     const struct campaign_moment *m, struct field_errors *errors);

/* The stored form (definition only, compact). malloc'd; NULL: out of memory. */
char *campaign_to_stored(const struct campaign *c, size_t *len);
/* Back. NULL if it is not a definition that this version can read; why in err. */
struct campaign *campaign_from_stored(const char *text, size_t len, char *err, size_t err_size);

/* The conditions of its lanes but the first, and whether they are for WeChat, as a list: two definitions with the same
 * text number their lanes alike. malloc'd; NULL: out of memory. */
char *campaign_lanes_to_json(const struct campaign *c, size_t *len);

/*
 * The API's form. counts: by position (group_count of them) or NULL for a campaign without counters. base_url has no
 * slash at its end. malloc'd; NULL: out of memory. pretty: indented, for people.
 */
char *campaign_to_api(const struct campaign *c, const struct group_count *counts, const char *base_url, int64_t now,
                      bool pretty, size_t *len);
/* One group of it. */
char *campaign_group_to_api(const struct campaign *c, size_t position, const struct group_count *count, int64_t now,
                            bool pretty, size_t *len);

/* A forecast of moment now, as the API has it. malloc'd; NULL: out of memory. */
char *forecast_to_json(const struct campaign *c, const struct forecast *f, int64_t now);
/* Likewise of one campaign, without its groups; reckoned at moment `at`. */
char *forecast_moment_to_json(const char *slug, enum forecast_why why, const struct forecast_moment *gone, int64_t at);

#endif
