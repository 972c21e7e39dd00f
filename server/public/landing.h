/*
 * The pages that a visitor sees, as HTML text. No request, no connection, no Redis in here: what to say comes in, a
 * page comes out. All pages share one dress (web/landing/), one request each, no outside host, under LANDING_PAGE_MAX
 * bytes.
 */
#ifndef SERVER_PUBLIC_LANDING_H
#define SERVER_PUBLIC_LANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "campaign.h"
#include "landing_language.h"

enum { LANDING_PAGE_MAX = 12 * 1024 }; /* bytes; titles and texts of any allowed length included, else cut with "…" */

enum landing_app { LANDING_IN_WECHAT, LANDING_ELSEWHERE, LANDING_APPS };

/* What a group shows where neither its link nor its page will do (lead.h says when). */
enum landing_view {
    LANDING_VIEW_LEAVE, /* "open in your browser", with the link to copy; no code, and it confirms nothing */
    LANDING_VIEW_PRESS, /* the mini program's own code, to long-press */
    LANDING_VIEW_OPEN,  /* a button that opens the mini program */
    LANDING_VIEW_SCAN,  /* a code for the phone of someone at a desktop */
    LANDING_VIEWS
};

enum landing_message {
    LANDING_NOT_FOUND,    /* 404: no such code */
    LANDING_OFF,          /* 410: stopped */
    LANDING_NOT_BEGUN,    /* 410: says when it begins */
    LANDING_ENDED,        /* 410 */
    LANDING_FULL,         /* 200: the fallback, with the campaign's text if it has one */
    LANDING_WAITING_FULL, /* 200: nobody more can wait */
    LANDING_BUSY,         /* 503: counts down and tries again by itself */
    LANDING_BAD_REQUEST,  /* 400, 405, 413 ... : the scan went wrong, scan again */
    LANDING_MESSAGES
};

/* A page whose links are relative to <base href="/…/">: the campaign's path as the visitor wrote it goes in at
 * `path_at` (cookie paths are case-sensitive, slugs are not). The bytes [0,path_at) + path segment + [path_at,len) are
 * the page. */
struct landing_page {
    char *html; /* malloc'd */
    size_t len;
    size_t path_at; /* == len: nothing is to be inserted */
};

/* All return 0 or -ENOMEM and leave *page untouched then. c may be NULL in landing_message only. Dates are
 * written in the process's time zone. */
int landing_group(struct landing_page *page, const struct campaign *c, size_t group, enum landing_language lang,
                  enum landing_app app);
/* One of its other pages. base_url: of the campaign's own link, which is what to copy where the group's is of no use.
 */
int landing_view(struct landing_page *page, const struct campaign *c, size_t group, const char *base_url,
                 enum landing_language lang, enum landing_view view);
/* "Open in your browser" for who gets no seat where they are: the campaign's own link to copy. At path_at, the link's
 * end, goes "/" and the visitor's channel. */
int landing_leave(struct landing_page *page, const struct campaign *c, const char *base_url,
                  enum landing_language lang);
/* The page with one button, before a seat is taken (confirm "tap"): POSTs to its own address. */
int landing_tap(struct landing_page *page, const struct campaign *c, enum landing_language lang);
/* What a visitor is asked to prove, see guard.h. */
struct landing_challenge {
    const char *text;
    int bits, wait;    /* seconds without a script */
    bool early;        /* they did not wait so long */
    const char *joins; /* the name under which they join the waiting list; NULL: they want a seat */
};
int landing_challenge(struct landing_page *page, const struct campaign *c, const struct landing_challenge *k,
                      enum landing_language lang);
int landing_message(struct landing_page *page, enum landing_message m, const struct campaign *c,
                    enum landing_language lang);
/* For crawlers, HEAD and prefetch: Open Graph tags (og:title, og:type, og:url, og:description), no link to any group.
 */
int landing_preview(struct landing_page *page, const struct campaign *c, const char *base_url,
                    enum landing_language lang);

/* The code of the fallback's contact, drawn once for the pages of a waiting list, which are each visitor's own. */
struct landing_contact {
    char *png; /* base64, malloc'd; NULL: the campaign has none */
    int side;  /* CSS pixels */
};
int landing_contact_draw(struct landing_contact *k, const struct campaign *c);

/* No group is open, and the campaign has a waiting list: leave a name. wrong: what was typed and is not what is
 * asked, UTF-8; it stands there to be mended. NULL: nothing was typed yet. */
int landing_join(struct landing_page *page, const struct campaign *c, const struct landing_contact *k,
                 const char *wrong, enum landing_language lang);
/* The place of one who waits behind `before` others. missed: a seat was promised, and they did not come in time. */
int landing_place(struct landing_page *page, const struct campaign *c, const struct landing_contact *k, int64_t before,
                  bool missed, enum landing_language lang);

enum { LANDING_LIST_MAX = 20 }; /* groups that the list names; of more it says how many */

/* Where the code leads: the groups that admit people at `now`, each with its whole link, and the fallback's. */
int landing_list(struct landing_page *page, const struct campaign *c, int64_t now, enum landing_language lang);

/* The value of Content-Security-Policy for all of these pages: no host, inline style and script by their hashes. Made
 * once by landing_init, which is called before threads start. 0 or -errno. */
int landing_init(void);
/* Where every page leads who reports abuse: a mailto: or https: link that outlives the pages; NULL or empty: there is
 * no such link. Called before threads start. */
void landing_report_to(const char *contact);
const char *landing_csp(void);

#endif
