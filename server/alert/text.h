/* What people read of an alert, in Chinese and English: what happened, what to do, where. */
#ifndef SERVER_ALERT_TEXT_H
#define SERVER_ALERT_TEXT_H

#include "alert.h"
#include "zone.h"

enum {
    ALERT_SUBJECT_MAX = 1200,
    ALERT_TEXT_MAX = 6144, /* with two links */
};

enum alert_event { ALERT_RAISED, ALERT_WORSE, ALERT_OVER, ALERT_TEST };
const char *alert_event_name(enum alert_event e);

/* What is told. Texts are only read. */
struct alert_news {
    enum alert_event event;
    enum alert_kind kind;
    bool expired;                                  /* ALERT_EXPIRING: it has */
    const char *slug, *title, *group, *group_name; /* "" if there is none */
    const char *server;                            /* ALERT_STORE: which one */
    int64_t at, seats;
    const char *link, *owner_link; /* "" none */
};

struct alert_text {
    char subject[ALERT_SUBJECT_MAX]; /* one line */
    char body[ALERT_TEXT_MAX];       /* the lines behind it; may be "" */
};

/* zone: whose clock times are told by; NULL: the process's. */
void alert_text_write(const struct alert_news *n, bool english, struct zone *zone, struct alert_text *ret_text);

#endif
