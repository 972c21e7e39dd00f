/*
 * The door for visitors: one worker, on one thread's event base. Made, used and freed on that thread.
 *
 * A worker owns a listener (SO_REUSEPORT), a link to Redis, and its own view of the campaigns; workers share nothing.
 */
#ifndef SERVER_PUBLIC_WORKER_H
#define SERVER_PUBLIC_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "country.h"
#include "metrics.h"
#include "store.h"

struct worker;
struct event_base;

enum { WORKER_CAMPAIGNS_MAX = 10000, /* definitions a worker keeps */ };

/* Binds host:port, not yet accepting. config and countries (NULL without a
 * database) and metrics, where it shows its numbers, must outlive it. secret: the store's. NULL, why in err. */
struct worker *worker_new(struct event_base *base, const struct config *config, const struct countries *countries,
                          uint16_t port, struct store *store, const unsigned char secret[STORE_SECRET],
                          struct metrics_worker *metrics, char *err, size_t err_size);
uint16_t worker_port(const struct worker *w);
int worker_open(struct worker *w);
void worker_drain(struct worker *w);
/* After worker_drain: whether all is answered, and the store has what was counted. Sees to the latter. */
bool worker_ended(struct worker *w);
void worker_free(struct worker *w); /* after store_free of its store; NULL is fine */

#endif
