/*
 * The embedded Redis: redis-server (or valkey-server) as a child on a unix socket in data_dir.
 *
 * One server per data_dir: an flock on data_dir/lock, which the child inherits, so that it is free only when both are
 * gone. The child gets SIGKILL when its parent dies, however it dies (PR_SET_PDEATHSIG; the thread that calls
 * redis_child_start must live as long as the program: it is the main thread). With appendfsync always nothing answered
 * is lost by that.
 */
#ifndef STORAGE_REDIS_CHILD_H
#define STORAGE_REDIS_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "store.h"

struct event_base;

enum {
    REDIS_CHILD_BACKOFF_MIN_MS = 50,
    REDIS_CHILD_BACKOFF_MAX_MS = 1000, /* healthy again within 2 s of whatever made it fail */
    REDIS_CHILD_STOP_MS = 5000,        /* SIGTERM, then SIGKILL */
};

struct redis_child_options {
    const char *data_dir; /* made with 0700 if it is not there */
    bool fsync_always;
    store_log log;
};

struct redis_child;

/* Makes data_dir, takes the lock, starts the server (not yet answering). NULL, why in err: "data_dir /x: in use by
 * process 123". */
struct redis_child *redis_child_start(struct event_base *base, const struct redis_child_options *o,
                                      char err[STORE_ERR_MAX]);
/* "unix:///…/redis.sock" */
const char *redis_child_url(const struct redis_child *c);
pid_t redis_child_pid(const struct redis_child *c); /* 0 while it is down */
/* To be called on SIGCHLD: reaps, and starts it again with backoff. */
void redis_child_reap(struct redis_child *c);
/* To be called when it has answered: if it dies after that, it is started again at once; one that never answers, ever
 * more slowly. */
void redis_child_served(struct redis_child *c);
/* SIGTERM, waits, SIGKILL after REDIS_CHILD_STOP_MS, frees, releases the lock. NULL is fine. */
void redis_child_stop(struct redis_child *c);

#endif
