/*
 * A campaign: one printed code, and the groups it leads to, in order.
 *
 * This folder is the domain: no I/O, no Redis, no HTTP, no clock. Times are unix seconds and come from the caller; 0 is
 * "none". All strings are UTF-8, NUL-terminated and owned by the struct that holds them.
 */
#ifndef CAMPAIGN_CAMPAIGN_H
#define CAMPAIGN_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alias.h"
#include "miniprogram.h"
#include "platform.h"
#include "waiting.h"
#include "when.h"

enum {
    CAMPAIGN_SLUG_MAX = 64,      /* bytes; [a-z0-9][a-z0-9-]{0,63} */
    CAMPAIGN_DRAWN_LEN = 8,      /* bytes of a slug that nobody chose, where the server says nothing else */
    CAMPAIGN_DRAWN_MAX = 12,     /* and at most */
    CAMPAIGN_CHANNEL_MAX = 32,   /* bytes; [a-z0-9][a-z0-9-]{0,31} */
    CAMPAIGN_TITLE_MAX = 200,    /* characters (code points) */
    CAMPAIGN_TEXT_MAX = 2000,    /* characters of the fallback's text */
    CAMPAIGN_GROUPS_MAX = 10000, /* groups in one campaign */
    CAMPAIGN_ALIASES_MAX = 64,   /* old addresses that lead to one campaign */
    CAMPAIGN_HOLD_MIN = 10,      /* seconds */
    CAMPAIGN_HOLD_MAX = 86400,   /* seconds */
    CAMPAIGN_PER_ADDRESS = 100,  /* the default of what follows */
    CAMPAIGN_PER_ADDRESS_MAX = 1000000,
    CAMPAIGN_SPREAD_MAX = 20,     /* groups that fast scans go over */
    CAMPAIGN_ZONE_MAX = 64,       /* bytes of a time zone's name */
    GROUP_ID_MAX = 16,            /* bytes; [a-z0-9-]{1,16} */
    GROUP_NAME_MAX = 100,         /* characters */
    GROUP_URL_MAX = 2048,         /* bytes */
    GROUP_LIMIT_MAX = 1000000000, /* seats */
    GROUP_WEIGHT_MAX = 1000000,
};

enum campaign_strategy { CAMPAIGN_FILL, CAMPAIGN_EVEN, CAMPAIGN_RANDOM };
enum campaign_confirm { CAMPAIGN_CONFIRM_SCAN, CAMPAIGN_CONFIRM_TAP };
enum group_show { GROUP_SHOW_AUTO, GROUP_SHOW_PAGE, GROUP_SHOW_REDIRECT };

/* What a campaign is at a moment, seen from a visitor. */
enum campaign_phase { CAMPAIGN_RUNNING, CAMPAIGN_OFF, CAMPAIGN_NOT_BEGUN, CAMPAIGN_ENDED };

/* What a group is at a moment. GROUP_SUSPECT is an open group that several visitors could not get into. */
enum group_state { GROUP_OPEN, GROUP_FULL, GROUP_EXPIRED, GROUP_OFF, GROUP_SUSPECT };

struct group {
    char id[GROUP_ID_MAX + 1];
    char *name;
    char *url;              /* what its link or QR says; checked by platform_check_url. NULL: not there yet, and the
                               group is not enabled */
    enum platform platform; /* derived from url */
    enum group_show show;   /* as set; group_shows_page resolves GROUP_SHOW_AUTO */
    int64_t limit;          /* seats; -1 is none, 0 is closed */
    int64_t weight;         /* for CAMPAIGN_RANDOM; 1 to GROUP_WEIGHT_MAX */
    bool enabled;
    int64_t expires_at;              /* closed from this second on; 0 never */
    struct miniprogram *miniprogram; /* NULL: nothing beyond the link; else platform is PLATFORM_MINIPROGRAM */
    struct when *when;               /* for whom it is; NULL: everybody */
    int lane;                        /* the campaign's, by when; set by campaign_index_groups */
    bool barred;                     /* leads to a host that this server does not allow, see hosts.h; never stored */
    int64_t born; /* the version it came with: under an id that is given again stands another group */
};

/* What the ledger counts of one group; comes from storage, by position. */
struct group_count {
    int64_t used;    /* seats taken and not given back */
    int64_t held;    /* of these, shown but not yet confirmed */
    int64_t reports; /* visitors who said "can't get in" */
    bool suspect;    /* several of them within minutes, and no admin has touched the group since */
    int64_t members; /* people who were counted in the group itself; -1: nobody has */
    int64_t members_at;
};

struct campaign {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    char uid[17]; /* 16 hex digits, drawn at creation: a campaign made anew under an old slug is another one */
    char *title;
    enum campaign_strategy strategy;
    enum campaign_confirm confirm;
    bool enabled;
    int64_t starts_at, ends_at;
    int hold_seconds;    /* 0: the server's default */
    char *timezone;      /* an IANA name, for `hours` of its groups; NULL: the server's */
    int per_address;     /* seats a minute that one address takes before it is asked to prove a person; 0: any number */
    int spread;          /* CAMPAIGN_FILL: over how many open groups fast scans go; 1: over none but the next */
    bool follow_members; /* seats follow the head counts of its groups: who left frees a seat */
    bool forward_query;  /* what stands behind "?" in a scan's address goes on to the group's link */
    char *fallback_url;  /* NULL: none */
    char *fallback_text; /* NULL: none */
    char *fallback_contact; /* the text of a code that the fallback's page shows; NULL: none */
    bool fallback_url_barred, fallback_contact_barred; /* as of groups; see campaign_fallback_url */
    bool only_barred;                                  /* there are groups that are on, and all of them are */
    struct waiting_list waiting;
    char **aliases; /* old addresses that lead here, in canonical form (alias.h); NULL: none */
    size_t alias_count;
    struct group *groups; /* in order */
    size_t group_count;
    int64_t next_group; /* the number that the next generated id ("g<n>") gets; ids are never used twice */
    int64_t version;    /* 1 at creation, +1 with every change; written by storage */
    int64_t created_at, updated_at;
    int lane_count;                        /* 1: nobody is told apart */
    size_t lane_group[CAMPAIGN_LANES_MAX]; /* of each lane but the first, a group that has its conditions */
    uint32_t leaving_lanes; /* bits of those whose groups are for nobody in WeChat: group_leaves_wechat */
    bool only_leaving;      /* there are groups, and all of them stand there */
    unsigned asks;          /* what its lanes ask of a visit: bits of enum visit_fact */
    uint32_t *by_id;        /* positions sorted by id, for campaign_find_group; owned */
};

/* Without id, name and url; no limit, weight 1, enabled. group_clear frees its strings, not the struct. */
void group_init(struct group *g);
void group_clear(struct group *g);

struct campaign *campaign_new(void); /* empty, enabled, fill; NULL when out of memory */
void campaign_free(struct campaign *c);
struct campaign *campaign_copy(const struct campaign *c); /* deep; NULL when out of memory */

/* To be called after groups were added, removed or reordered, or what they are for has changed. 0, -ENOMEM, or -E2BIG:
 * more than CAMPAIGN_LANES_MAX different conditions. */
int campaign_index_groups(struct campaign *c);

/* Position of this alias (len bytes, in canonical form), or -1. */
int campaign_find_alias(const struct campaign *c, const char *alias, size_t len);
void campaign_clear_aliases(struct campaign *c);

/* Position of the group with this id, or -1. O(log n). */
int campaign_find_group(const struct campaign *c, const char *id);

/* Bits of the lanes whose groups the visit may get a seat in; always the first one. */
uint32_t campaign_lanes(const struct campaign *c, const struct visit *v);

/* Whether a visitor is in WeChat, which opens no group that they could get, and should open the code elsewhere: there a
 * group that it does not open admits people and is for them. Whether it has room only the ledger knows. */
bool campaign_is_elsewhere(const struct campaign *c, const struct visit *v, int64_t now);

enum campaign_phase campaign_phase(const struct campaign *c, int64_t now);
enum group_state group_state(const struct group *g, const struct group_count *count, int64_t now);

/* What visitors get of the fallback: NULL where there is none, or it leads to a host that this server does not allow.
 */
const char *campaign_fallback_url(const struct campaign *c);
const char *campaign_fallback_contact(const struct campaign *c);

/* Whether the group, leaving seats aside, admits people: enabled, not expired, and its host allowed. */
bool group_admits(const struct group *g, int64_t now);

/* Whether a visitor is shown a page with the group's code (true) or is redirected to its link (false). A mini program's
 * scheme opens by a button only, so it has a page too. */
bool group_shows_page(const struct group *g);

/* Whether WeChat neither opens the group's link nor has another way to it: Telegram and its like, apps' own schemes, a
 * mini program without a link or code for WeChat. Such a group gives no seats there: no cookie goes along to the
 * browser, where another seat would be taken. Where a page with the group's code is asked for, it has one. */
bool group_leaves_wechat(const struct group *g);

/* Whether the campaign lets a visitor press a button before a seat is taken: confirm "tap" and a group that redirects.
 */
bool campaign_asks_tap(const struct campaign *c);

/* [a-z0-9][a-z0-9-]{0,63}, lower case, not reserved (healthz api static metrics robots.txt ...). */
bool campaign_slug_valid(const char *slug, size_t len);
/* [a-z0-9][a-z0-9-]{0,31}, lower case, not reserved (seat next). */
bool campaign_channel_valid(const char *channel, size_t len);
/* Channels that begin so are made by funnels: what comes by them is counted as a step of one. */
#define CAMPAIGN_FUNNEL_CHANNEL "f-"
#define CAMPAIGN_FUNNEL_CHANNEL_RULE "must not begin with f-: channels that do are made by funnels"
bool campaign_channel_is_funnels(const char *channel);
/* Whether it is written as IANA's names are ("Asia/Shanghai", "Etc/GMT+8"): no path leads out of the zones' folder. */
bool campaign_timezone_valid(const char *name, size_t len);
/* [a-z0-9-]{1,16} */
bool group_id_valid(const char *id, size_t len);

/* A random slug: `len` characters (CAMPAIGN_DRAWN_MAX at most) of Crockford's base32 in lower case, five bits each. */
void campaign_slug_from_bits(uint64_t bits, size_t len, char slug[CAMPAIGN_DRAWN_MAX + 1]);

#endif
