/*
 * Who has which alias: the index `hm:aliases`, which leads from an old address to a campaign. One alias belongs to one
 * campaign.
 *
 * The index stands in another slot than the campaigns, so no script sees both. A save that adds or drops aliases is
 * three steps: claim what it adds, all or none -> save -> settle. Between any two of them everything may end:
 *
 *     after the claim   the index names a campaign that does not list the alias. Who looks it up finds out, and it
 * leads nowhere. The campaign may claim it again at once, another one after ALIAS_CLAIM_SECONDS after the save    an
 * added alias works, settled or not: the campaign lists it, so nobody can take it over. One that was dropped leads
 * nowhere, and may be taken over at once
 *
 * Who takes over an entry has seen that its campaign does not list the alias, and replaces that very entry: a claim
 * made meanwhile has another stamp. What a save drops goes only if it is older than the save, for the same reason.
 */
#ifndef STORAGE_ALIASES_H
#define STORAGE_ALIASES_H

#include "store.h"

enum {
    ALIAS_CLAIM_SECONDS = 60,  /* a claim that is not settled is left alone for so long: a save takes 5 s at most */
    ALIAS_TAKEOVERS_MAX = 256, /* entries of others that one claim looks into */
};

/* What saves of one or many campaigns change in the index. */
struct alias_changes;

/*
 * Notes what it means for the index that `was` becomes `now`; either may be NULL: made, or deleted. *changes is made
 * with the first alias that is added or dropped, and stays NULL while there is none: then there is nothing to claim.
 * 0, or -ENOMEM. Both are copied from.
 */
int alias_changes_note(struct alias_changes **changes, const struct campaign *was, const struct campaign *now);
void alias_changes_free(struct alias_changes *a); /* NULL is fine; not while a call of it is under way */

/*
 * Before the save: claims all that is added, or nothing. STORE_OK; STORE_ALIAS_TAKEN with *taken, valid during the
 * callback: the first one that another campaign lists, or is about to; or a failure, after which nothing is to be saved
 * (what may have been claimed can be claimed again).
 */
typedef void (*alias_claimed)(void *ctx, enum store_result r, const struct store_alias_taken *taken);
void alias_claim(struct store *s, struct alias_changes *a, alias_claimed done, void *ctx);

/* After the save, when it is known what became of it. saved: all of it was; else nothing was, and the claims go. Of an
 * unknown result nothing is to be told. A failure needs nobody's care. */
void alias_settle(struct store *s, struct alias_changes *a, bool saved, store_done done, void *ctx);

/* After a deletion, in place of alias_claim: its moment, as microseconds of Redis's clock in digits. */
void alias_changes_stamp(struct alias_changes *a, const char *stamp, size_t len);

#endif
