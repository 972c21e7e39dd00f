/*
 * How often somebody may try to log in, per account and per address. An attempt counts as failed until it has
 * succeeded, so that many at once are no way around. A fixed table: who fills it forgets the least recent of them.
 */
#ifndef SERVER_ADMIN_THROTTLE_H
#define SERVER_ADMIN_THROTTLE_H

#include <stdint.h>

enum {
    THROTTLE_ACCOUNT_FREE = 5,  /* attempts in a row before an account has to wait */
    THROTTLE_ADDRESS_FREE = 20, /* and an address */
    THROTTLE_WAIT_MAX = 300,    /* seconds; 1, 2, 4 ... up to this */
    THROTTLE_FORGET = 3600,     /* seconds without an attempt after which it begins anew */
    THROTTLE_SETS = 2048,       /* a power of two */
    THROTTLE_WAYS = 4,          /* entries in each */
};

struct throttle;

struct throttle *throttle_new(void); /* NULL: out of memory */
void throttle_free(struct throttle *t);

/* Counts an attempt at an account from an address (of IPv6 its /64 counts). now_s: seconds of a clock that nobody sets.
 * 0, or how many seconds to wait, and then it does not count. */
int throttle_attempt(struct throttle *t, const char *account, const char *address, int64_t now_s);
/* The attempt succeeded. */
void throttle_succeeded(struct throttle *t, const char *account, const char *address);

#endif
