/* See events.h. */
#include "events_private.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "steady.h"

int64_t events_milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void events_tell_all(struct events *e, const char *text)
{
    for (struct events_client *k = e->clients, *next; k; k = next) {
        next = k->next;
        conn_stream_send(k->conn, text, strlen(text));
    }
}

char *events_text(const char *name, json_t *object)
{
    char *json = object ? json_dumps(object, JSON_COMPACT) : NULL, *text = NULL;
    json_decref(object);
    if (json && asprintf(&text, "event: %s\ndata: %s\n\n", name, json) < 0)
        text = NULL;
    free(json);
    return text;
}

void events_tell(struct events *e, const char *name, struct json_t *object)
{
    char *text = events_text(name, object);
    if (text)
        events_tell_all(e, text);
    free(text);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct events *e = arg;
    int64_t now = steady_seconds(), now_ms = events_milliseconds();
    (void)fd, (void)what;
    events_beat_clients(e, now, now_ms);
    events_recheck_clients(e, now);
    if (now_ms - e->changes_at >= EVENTS_EVERY_MS) {
        e->changes_at = now_ms;
        events_read_changed(e);
    }
    events_read_watched(e, now_ms);
    events_tell_clients(e, now_ms);
    if (e->clients)
        event_add(&e->tick, &(struct timeval){0, EVENTS_TICK_MS * 1000});
}

struct events *events_new(struct event_base *base, struct admin *admin)
{
    struct events *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->admin = admin;
    e->store = admin->store;
    event_assign(&e->tick, base, -1, EV_TIMEOUT, on_tick, e);
    return e;
}

void events_free(struct events *e)
{
    if (!e)
        return;
    event_del(&e->tick);
    changes_free(e->changes);
    free(e);
}
