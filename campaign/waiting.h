/*
 * A campaign's waiting list: what it asks of those who wait when no group is open. Who stands in it is the ledger's
 * matter (storage/scripts/waiting.lua).
 */
#ifndef CAMPAIGN_WAITING_H
#define CAMPAIGN_WAITING_H

#include <stdbool.h>
#include <stddef.h>

enum {
    WAITING_NAME_MAX = 40,         /* characters of a nickname */
    WAITING_NUMBER_MAX = 32,       /* bytes of a number */
    WAITING_BYTES_MAX = 160,       /* bytes of either, in UTF-8 */
    WAITING_PROMISE_MIN = 60,      /* seconds */
    WAITING_PROMISE_MAX = 86400,   /* seconds */
    WAITING_PROMISE_DEFAULT = 600, /* seconds */
    WAITING_LIMIT_MAX = 10000,     /* who wait at once */
    WAITING_LIMIT_DEFAULT = 1000,
    WAITING_PRIVACY_MAX = 300, /* characters */
    WAITING_KEEP_DAYS = 30,    /* what they left is forgotten; WAITING_KEEP_SECONDS of ledger.lua */
};

/* WAITING_NUMBER: a telephone number or a WeChat id. */
enum waiting_ask { WAITING_CLOSED, WAITING_NICKNAME, WAITING_NUMBER };

struct waiting_list {
    enum waiting_ask ask; /* WAITING_CLOSED: there is none, and the rest means nothing */
    int promise_seconds;  /* how long a seat is kept for one who was let in */
    int limit;            /* who may wait at once */
    char *privacy;        /* what is said of what is asked; NULL: a line of ours. Owned by the campaign */
};

/* What somebody typed, without blanks at its ends, into out. false: it is not what is asked (empty, too long, control
 * characters, invalid UTF-8; a number of other characters than letters, digits and "+-_ ()"). */
bool waiting_read_name(enum waiting_ask ask, const char *text, char out[WAITING_BYTES_MAX + 1]);

#endif
