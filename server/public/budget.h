/*
 * How many seats an address has taken lately, of each campaign: what a worker remembers so that one address cannot
 * empty a campaign unseen. Pure: no I/O.
 *
 * An address is what client_network takes for one. What was taken counts for less as time goes by, so one that takes
 * its budget at once, and as much as it may from then on, takes twice as much in a minute, never more. The table does
 * not grow: in a full one the account that was used longest ago is given up, which costs whoever fills it one address
 * for each.
 */
#ifndef SERVER_PUBLIC_BUDGET_H
#define SERVER_PUBLIC_BUDGET_H

#include <netinet/in.h>
#include <stdint.h>

enum {
    BUDGET_ACCOUNTS = 32768, /* a power of two */
    BUDGET_WAYS = 8,         /* places that one may have */
};

struct budget_account {
    uint64_t key; /* 0: none */
    int64_t at_ms;
    float seats;  /* taken lately */
    float waited; /* those of them that were waited for, see guard.c */
};

struct budget;
struct budget *budget_new(void); /* NULL: out of memory */
void budget_free(struct budget *b);

/* The account of an address with a campaign, as of now_ms (any clock that does not jump); valid until the next call. */
struct budget_account *budget_account(struct budget *b, const char *uid, const struct in6_addr *client, int64_t now_ms);

#endif
