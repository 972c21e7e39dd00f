/* What server*.c share. Nobody else includes this. */
#ifndef SERVER_SERVER_PRIVATE_H
#define SERVER_SERVER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "server.h"
#include "thread.h"

enum {
    SERVER_URL_MAX = 128,
    SERVER_SETUP_TOKEN = 44, /* 32 random bytes in base64url, with NUL */
};

struct redis_child;

struct server {
    struct config config;              /* a copy: base_url may be found out, the port is drawn */
    const struct countries *countries; /* NULL: no database */
    struct event_base *base;
    struct redis_child *redis;
    struct store *store; /* the main thread's, while it begins */
    const char *redis_url;
    unsigned char secret[STORE_SECRET];
    struct server_thread *threads[CONFIG_WORKERS_MAX + 1]; /* workers, then the admin thread */
    int thread_count;
    struct metrics_worker metrics[CONFIG_WORKERS_MAX];
    int notify_fd;
    struct event notify_event, signal_events[4], try_event, wait_event, drain_event, format_event;
    bool told_wait, ready, stopping, failed;
    char demo_token[64];
    char setup_token[SERVER_SETUP_TOKEN]; /* "": there are users */
    char public_url[SERVER_URL_MAX], admin_url[SERVER_URL_MAX];
};

/* server.c */
/* Ends the process with 1, once what has begun is ended; one line to stderr. */
void server_fail(struct server *s, const char *what, const char *why);
void server_log_store(enum store_log_level level, const char *event, const char *detail);

/* server_begin.c: starts Redis, or reaches for one; all else follows on the loop. false: it has failed. */
bool server_begin(struct server *s);

/* server_threads.c */
/* Makes all threads and starts them. That each has opened its door, or has ended, is told by notify_fd. */
void server_start_threads(struct server *s);
/* Returns when all are joined and freed; runs the loop meanwhile. Those never started are freed, too. */
void server_end_threads(struct server *s);

/* server_ready.c */
/* Writes ready_file, logs, greets on the terminal (demo). */
void server_tell_ready(struct server *s);
/* The URL of Redis without what logs in. */
void server_show_redis(const struct server *s, char *out, size_t size);

#endif
