/*
 * A change of a campaign: read it, make a changed copy, save that if nobody was faster, else start over.
 *
 * What differs between the requests that change (merge patch, order, groups) is one struct change each.
 */
#ifndef SERVER_ADMIN_CHANGE_H
#define SERVER_ADMIN_CHANGE_H

#include "campaign_json.h"
#include "door.h"

/* What a change is made from, and what it leads to. */
struct change_draft {
    const struct campaign *was;
    struct span body;
    struct campaign_moment moment;
    struct field_errors errors;
    struct head_counts heads; /* freed by change.c */
    int touched;              /* position of the group whose suspicion this clears, or -1 */
    bool no_group;            /* the group that the path names does not exist */
};

struct change {
    bool merge_patch; /* application/merge-patch+json is understood too */
    bool has_body;
    const char *action; /* for the audit log */
    /* A changed copy, or NULL with draft->errors or no_group; NULL without either: out of memory. */
    struct campaign *(*make)(struct conn *c, struct change_draft *draft);
    void (*answer)(struct conn *c, const struct store_campaign *now);
};

/* For handlers, when slug and group of the request are known. */
void change_start(struct conn *c, const struct change *change);

/*
 * Changes of one campaign (the request's slug) are made one after the other, in the order of their arrival; one that
 * may change any campaign is alone with them all. turn is called when it is the request's turn, perhaps at once. The
 * turn ends before the answer, after which the request is gone.
 */
void change_turn_begin(struct conn *c, bool alone, void (*turn)(struct conn *c));
void change_turn_end(struct conn *c);

/* If the body's type is not JSON: answers 415 and returns false. */
bool change_takes_type(struct conn *c, bool merge_patch);
/* Whether a request goes on at this version. Without If-Match always; with one, *conditional is set. */
bool change_matches(const struct request *r, int64_t version, bool *conditional);
/* Likewise of what has this ETag, in quotes; NULL: there is nothing, which no If-Match agrees to. */
bool change_matches_etag(const struct request *r, const char *etag, bool *conditional);
struct campaign_moment change_moment(const struct conn *c);
/* One log line about a change that was made. */
void change_log(struct conn *c, const char *slug, const char *what, int64_t version);
/* 412 to a request whose If-Match names another version. version: the current one, 0 if not known. */
void change_refuse_version(struct conn *c, int64_t version);

#endif
