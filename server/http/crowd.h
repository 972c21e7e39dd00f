/*
 * How many connections each address has open at a door, so that one of them does not take all. Counted in a table that
 * does not grow: addresses that share a place in it share a count, and nobody can choose with whom.
 */
#ifndef SERVER_HTTP_CROWD_H
#define SERVER_HTTP_CROWD_H

#include <netinet/in.h>
#include <stdint.h>

enum { CROWD_PLACES = 16384 }; /* a power of two */

struct crowd;

struct crowd *crowd_new(void); /* NULL: out of memory */
void crowd_free(struct crowd *c);
/* The count of an address (client_network), which the caller keeps. As long as the crowd lives. */
uint32_t *crowd_count(struct crowd *c, const struct in6_addr *client);

#endif
