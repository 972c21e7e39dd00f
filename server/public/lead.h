/* Where a visitor who has a seat goes, by what the group's link is and what they hold in their hand. Pure. */
#ifndef SERVER_PUBLIC_LEAD_H
#define SERVER_PUBLIC_LEAD_H

#include "campaign.h"
#include "landing.h"
#include "request.h"

enum lead_kind {
    LEAD_LINK, /* by a redirect to the group's link */
    LEAD_PAGE, /* the page with the group's code */
    LEAD_VIEW, /* the page that `view` says */
    LEAD_URL,  /* by a redirect to `url`; the seat may be a held one all the same */
};

struct lead {
    enum lead_kind kind;
    enum landing_view view;
    const char *url; /* the group's own */
};

/* Only links that some app does not open cost a look at the user agent. */
struct lead lead_find(const struct group *g, const struct request *r);

#endif
