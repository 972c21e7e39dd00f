/*
 * One serving thread: an event base with its store and its door (a worker's or the admin's). All of it is made before
 * the thread starts and freed after it has ended; while it runs nothing of it is touched from outside but by messages.
 */
#ifndef SERVER_THREAD_H
#define SERVER_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "country.h"
#include "metrics.h"
#include "store.h"

struct server_thread;

enum thread_kind { THREAD_WORKER, THREAD_ADMIN };

struct thread_options {
    enum thread_kind kind;
    const struct config *config;
    const struct countries *countries; /* workers: NULL without a database */
    const char *redis_url;
    store_log log;
    const unsigned char *secret;    /* the store's */
    const char *setup_token;        /* the admin door: of the link that makes the first owner, or NULL */
    uint16_t port;                  /* workers: the one that all share */
    struct metrics_worker *metrics; /* a worker's own; the admin door's: those of all workers */
    int notify_fd; /* an eventfd: 1 is added when the thread has opened its door, and when it has ended */
};

/* Binds its port. NULL, why in err. */
struct server_thread *server_thread_new(const struct thread_options *o, char *err, size_t err_size);
uint16_t server_thread_port(const struct server_thread *t);
int server_thread_start(struct server_thread *t); /* 0 or -errno */
/* Stops accepting, answers what is in flight, ends. Returns at once. */
void server_thread_drain(struct server_thread *t);
/* Ends now, whatever is in flight. */
void server_thread_stop(struct server_thread *t);
bool server_thread_opened(const struct server_thread *t); /* its door lets people in */
bool server_thread_ended(const struct server_thread *t);  /* or was never started: joining it does not wait */
void server_thread_join(struct server_thread *t);
void server_thread_free(struct server_thread *t); /* NULL is fine; joined before, or never started */

#endif
