/*
 * Who scans again and again from one address without a cookie is asked to prove a person before a seat is taken, or a
 * place in the waiting list: a button, and a moment's work of the browser. Nobody is kept out: thousands may sit behind
 * one address of a carrier.
 */
#ifndef SERVER_PUBLIC_GUARD_H
#define SERVER_PUBLIC_GUARD_H

#include "budget.h"
#include "challenge.h"
#include "store.h"

struct scan;

struct guard {
    struct budget *budget;
    unsigned char key[CHALLENGE_KEY];
    uint64_t asked, proven; /* since the start */
};

/* secret: the store's. false: out of memory. */
bool guard_init(struct guard *g, const unsigned char secret[STORE_SECRET]);
void guard_clear(struct guard *g);

/* Whether a seat may be taken for the scan now, or (joins: the name that was left) a place in the waiting list, which
 * costs the same: the address's budget has room, or the form that was pressed proves it. If not, the page that asks for
 * it was sent, and brings the name back. */
bool guard_admits(struct scan *s, const char *joins);
/* The seat, or the place, was not to be had after all. */
void guard_give_back(struct scan *s);
/* Whether the button of that page was pressed. */
bool guard_pressed(struct scan *s);

#endif
