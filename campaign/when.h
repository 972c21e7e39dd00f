/*
 * For whom a group is: what a visit must be like to get a seat in it. All that is given must fit; of a list one.
 *
 * Groups of a campaign with the same conditions share a lane; lane 0 is that of groups for everybody. The ledger keeps
 * a queue for each lane, so a scan costs by the lanes that fit it, not by the groups.
 */
#ifndef CAMPAIGN_WHEN_H
#define CAMPAIGN_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WHEN_WORDS_MAX = 200,       /* elements of a list */
    WHEN_LANGUAGE_MAX = 35,     /* bytes of a language tag (RFC 5646, 4.4.1); no other element is longer */
    WHEN_COUNTRY = 2,           /* letters of a country */
    WHEN_WINDOWS_MAX = 21,      /* of hours */
    CAMPAIGN_LANES_MAX = 32,    /* different conditions in one campaign, with that of everybody */
    WEEK_MINUTES = 7 * 24 * 60, /* from Monday, 0:00 */
};

enum visit_app {
    VISIT_WECHAT,
    VISIT_WECOM,
    VISIT_QQ,
    VISIT_ALIPAY,
    VISIT_DOUYIN,
    VISIT_WEIBO,
    VISIT_BROWSER, /* all others */
    VISIT_APPS
};
enum visit_os { VISIT_IOS, VISIT_ANDROID, VISIT_HARMONY, VISIT_DESKTOP, VISIT_SYSTEMS };
/* How they are written, in their order. */
extern const char *const visit_app_words[VISIT_APPS];
extern const char *const visit_os_words[VISIT_SYSTEMS];

/* What conditions may ask of a visit, as bits; a channel is at hand anyway. */
enum visit_fact {
    VISIT_FACT_APP = 1,
    VISIT_FACT_OS = 2,
    VISIT_FACT_LANGUAGE = 4,
    VISIT_FACT_HOURS = 8,
    VISIT_FACT_COUNTRY = 16
};

/* One visit, as far as conditions look at it. */
struct visit {
    enum visit_app app;
    enum visit_os os;
    char language[WHEN_LANGUAGE_MAX + 1]; /* the one liked best, in lower case; "" unknown */
    const char *channel;                  /* "" none */
    char country[WHEN_COUNTRY + 1];       /* ISO 3166-1 alpha-2, in lower case; "" unknown: fits no list */
    int week_minute;                      /* from Monday, 0:00, in the campaign's time zone */
};

struct when_window {
    int first, last;   /* days from Monday; last may be before first: over the end of the week */
    int start, length; /* minutes of the day; may go over midnight */
};

struct when {
    unsigned apps, systems; /* bits of the enums; 0: any */
    char *languages;        /* ",zh,en-us," or NULL: any */
    char *channels;         /* likewise */
    char *countries;        /* likewise, in lower case */
    char *hours;            /* as they were given, in lower case: ",mon-fri 09:00-18:00," or NULL */
    struct when_window windows[WHEN_WINDOWS_MAX];
    size_t window_count;
};

struct when *when_new(void); /* fits everybody; NULL: out of memory */
void when_free(struct when *w);
struct when *when_copy(const struct when *w); /* NULL: out of memory */
/* NULL is like one that fits everybody. */
bool when_is_empty(const struct when *w);
bool when_equal(const struct when *a, const struct when *b);

/* The facts that when_fits looks at, bits of enum visit_fact. */
unsigned when_asks(const struct when *w);

bool when_fits(const struct when *w, const struct visit *v);
/* Likewise, whatever the hour and the country: who has a seat keeps it when the doors close, and when their phone
 * changes its network. */
bool when_fits_person(const struct when *w, const struct visit *v);

/* Reads "mon-fri 09:00-18:00" or "sat 22:00-02:00" (a day or two, then a time and a later one; 24:00 is the day's end),
 * in lower case. NULL, or the reason why not. */
const char *when_read_window(const char *text, struct when_window *ret_window);

#endif
