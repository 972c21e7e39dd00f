/* What the files of GET /events share; see events.h. */
#ifndef SERVER_ADMIN_EVENTS_PRIVATE_H
#define SERVER_ADMIN_EVENTS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event_struct.h>

#include "admin.h"
#include "auth.h"
#include "client.h"
#include "events.h"
#include "store.h"

struct json_t;

/* A campaign that somebody watches. */
struct events_watch {
    struct events *events;
    struct events_watch *next;
    char slug[CAMPAIGN_SLUG_MAX + 1];
    int clients;
    bool asked;      /* it is being read */
    int64_t read_at; /* milliseconds; when it was last asked for */
    char *text;      /* the event last told; NULL: none yet */
    unsigned seq;    /* of it */
};

struct events_client {
    struct conn *conn;
    struct events_client *next, **prev;
    struct auth_proof proof;
    char who[AUTH_WHO_MAX + 1];            /* as the audit log says it */
    unsigned char network[CLIENT_NETWORK]; /* where it listens from */
    int64_t until, checked_at;             /* steady_seconds() */
    int64_t told_at, beaten_at;            /* milliseconds */
    struct events_asked *asked;
    size_t count;
    struct {
        struct events_watch *watch;
        unsigned seq; /* the last one told */
    } watched[EVENTS_WATCHED_MAX];
};

struct events {
    struct admin *admin;
    struct store *store;
    struct changes *changes;
    struct event tick;
    struct events_client *clients;
    size_t client_count;
    struct events_watch *watches; /* the one to be read next comes first */
    int64_t changes_at;           /* milliseconds; when changes were last told of */
    char changed[EVENTS_CHANGED_MAX][CAMPAIGN_SLUG_MAX + 1];
    size_t changed_count;
    bool many;  /* more than that */
    bool heard; /* changes, since the first client */
};

/* --- events.c --- */

int64_t events_milliseconds(void);
/* To all clients. */
void events_tell_all(struct events *e, const char *text);
/* "event: NAME\ndata: JSON\n\n", to be freed; object is taken over. NULL: out of memory. */
char *events_text(const char *name, struct json_t *object);

/* --- events_watch.c: the campaigns that are watched --- */

/* One more client watches it. NULL: out of memory. */
struct events_watch *events_watch_join(struct events *e, const char *slug);
/* One less; with the last one it is gone. */
void events_watch_leave(struct events_watch *w);
/* Those whose turn it is are read. */
void events_read_watched(struct events *e, int64_t now_ms);

/* --- events_changes.c: what was saved or deleted --- */

/* As changes.h tells it. */
void events_on_changed(void *ctx, const char *slug, size_t len);
/* What has changed since the last time is read, and all are told. */
void events_read_changed(struct events *e);

/* --- events_client.c: who listens --- */

/* Of what they watch, those whose turn it is. */
void events_tell_clients(struct events *e, int64_t now_ms);
/* Whether they still may. */
void events_recheck_clients(struct events *e, int64_t now);
/* A sign of life, and the end of who has listened long enough. */
void events_beat_clients(struct events *e, int64_t now, int64_t now_ms);

#endif
