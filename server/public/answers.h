/*
 * What a campaign's visitors are answered, made once and kept with the campaign's definition: redirect heads, pages. A
 * worker keeps a bounded number of pages; the one that was made first goes first.
 */
#ifndef SERVER_PUBLIC_ANSWERS_H
#define SERVER_PUBLIC_ANSWERS_H

#include <stddef.h>

#include "campaign.h"
#include "landing.h"
#include "request.h"
#include "visitor.h"
#include "zone.h"

enum { ANSWERS_PAGES_MAX = 1024 }; /* pages a worker keeps, each under LANDING_PAGE_MAX */

struct answer_page {
    struct landing_page page;
    struct answer_page *newer, *older;
    struct answer_page **owner; /* where it hangs; set to NULL when it goes */
};

/* A worker's pages, and those that belong to no campaign. */
struct answer_shelf {
    struct answer_page *newest, *oldest;
    size_t count;
    struct answer_page *plain[LANDING_MESSAGES][LANDING_LANGUAGES];
    struct landing_page busy[LANDING_LANGUAGES]; /* made beforehand, for when there is no memory to make a page */
};
/* An empty shelf, all 0, gets the busy page. 0, or -ENOMEM; to be cleared either way. */
int answer_shelf_begin(struct answer_shelf *s);
void answer_shelf_clear(struct answer_shelf *s);

struct answers;

/* Made from a definition, which must outlive it; NULL: out of memory. Freed with answers_free (given as void *, for the
 * store). */
struct answers *answers_new(struct answer_shelf *shelf, const struct campaign *c);
void answers_free(void *answers);

/* "Location: …\r\nCache-Control: no-store\r\nHuoma-Group: …\r\n"; at == NULL: out of memory. */
struct span answers_redirect(struct answers *a, size_t group);
/* Likewise with the Set-Cookie line of a seat that was never held, for the path in lower case: it is the same for all.
 */
struct span answers_first_redirect(struct answers *a, size_t group, const struct visitor_options *o);
/* NULL: out of memory. Valid until the next of these calls. */
const struct landing_page *answers_group(struct answers *a, size_t group, enum landing_language l,
                                         enum landing_app app);
const struct landing_page *answers_view(struct answers *a, size_t group, const char *base_url, enum landing_language l,
                                        enum landing_view view);
const struct landing_page *answers_tap(struct answers *a, enum landing_language l);
const struct landing_page *answers_leave(struct answers *a, const char *base_url, enum landing_language l);
const struct landing_page *answers_preview(struct answers *a, const char *base_url, enum landing_language l);
const struct landing_page *answers_message(struct answers *a, enum landing_message m, enum landing_language l);
/* Where a name is left, as it stands before anybody has; and the contact's code, for the pages that are each visitor's
 * own. */
const struct landing_page *answers_join(struct answers *a, enum landing_language l);
const struct landing_contact *answers_contact(struct answers *a);
/* A message that names no campaign; LANDING_BUSY is always there. */
const struct landing_page *answers_plain(struct answer_shelf *s, enum landing_message m, enum landing_language l);
bool answers_ask_tap(const struct answers *a);
/* The campaign's time zone, for its hours; NULL: the process's. */
struct zone *answers_zone(const struct answers *a);

#endif
