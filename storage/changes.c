/*
 * The subscription, on a connection of its own, to where the link beside it is. A subscribed connection answers little
 * else, so the same channels are subscribed to again at each beat; the answer is the sign of life.
 */
#include "changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "redis_wire.h"

struct changes {
    struct event_base *base;
    const struct redis_link *link;
    struct redis_address address;       /* the wire's */
    char saved[STORE_PREFIX_MAX + 16];  /* the channels */
    char groups[STORE_PREFIX_MAX + 16]; /* "": not listened to */
    struct redis_wire *wire;
    struct event beat_event;
    bool heard;    /* the last beat was answered */
    bool answered; /* this beat was */
    void (*changed)(void *ctx, const char *slug, size_t len);
    void *ctx;
};

static void changes_drop(struct changes *c)
{
    redis_wire_close(c->wire);
    c->wire = NULL;
    c->heard = false;
}

static void on_lost(void *ctx, const char *why)
{
    (void)why; /* the link beside this one tells */
    changes_drop(ctx);
}

/* ["message", channel, slug], or ["subscribe", channel, 1] to each beat; AUTH's OK is let pass. */
static void on_reply(void *ctx, const redisReply *r)
{
    struct changes *c = ctx;
    if (r->type == REDIS_REPLY_ERROR) {
        changes_drop(c);
        return;
    }
    if (r->type != REDIS_REPLY_ARRAY || r->elements != 3 || r->element[0]->type != REDIS_REPLY_STRING)
        return;
    if (strcmp(r->element[0]->str, "message") == 0 && r->element[2]->type == REDIS_REPLY_STRING) {
        c->changed(c->ctx, r->element[2]->str, r->element[2]->len);
        return;
    }
    c->answered = true;
    if (!c->heard) {
        c->heard = true;
        c->changed(c->ctx, NULL, 0);
    }
}

static void changes_say(struct changes *c, const char *a, const char *b, const char *d)
{
    const char *words[] = {a, b, d};
    char head[32];
    int count = d ? 3 : 2;
    redis_wire_send(c->wire, head, (size_t)snprintf(head, sizeof head, "*%d\r\n", count));
    for (int i = 0; i < count; i++) {
        redis_wire_send(c->wire, head, (size_t)snprintf(head, sizeof head, "$%zu\r\n", strlen(words[i])));
        redis_wire_send(c->wire, words[i], strlen(words[i]));
        redis_wire_send(c->wire, "\r\n", 2);
    }
}

static void changes_connect(struct changes *c)
{
    static const struct redis_wire_events events = {.reply = on_reply, .lost = on_lost};
    const struct redis_url *url = redis_link_url(c->link);
    const struct redis_address *to = redis_link_address(c->link);
    if (!to)
        return;
    c->address = *to;
    c->wire = redis_wire_connect(c->base, to, &events, c);
    if (!c->wire)
        return;
    if (url->user[0])
        changes_say(c, "AUTH", url->user, url->password);
    else if (url->password[0])
        changes_say(c, "AUTH", url->password, NULL);
}

static void on_beat(evutil_socket_t fd, short what, void *arg)
{
    struct changes *c = arg;
    (void)fd, (void)what;
    const struct redis_address *now = redis_link_address(c->link);
    if (c->wire && (!c->answered || (now && !redis_address_same(&c->address, now))))
        changes_drop(c); /* what is said there is not heard by those who are at the master */
    if (!c->wire)
        changes_connect(c);
    c->answered = false;
    if (c->wire)
        changes_say(c, "SUBSCRIBE", c->saved, c->groups[0] ? c->groups : NULL);
    event_add(&c->beat_event, &(struct timeval){0, CHANGES_BEAT_MS * 1000});
}

struct changes *changes_new(struct store *s, enum changes_of of,
                            void (*changed)(void *ctx, const char *slug, size_t len), void *ctx,
                            char err[STORE_ERR_MAX])
{
    struct changes *c = calloc(1, sizeof *c);
    if (!c) {
        snprintf(err, STORE_ERR_MAX, "out of memory");
        return NULL;
    }
    c->link = s->link;
    c->base = s->base;
    c->changed = changed;
    c->ctx = ctx;
    snprintf(c->saved, sizeof c->saved, "%schanged", s->prefix);
    if (of == CHANGES_AND_GROUPS)
        snprintf(c->groups, sizeof c->groups, "%sgroups", s->prefix);
    event_assign(&c->beat_event, s->base, -1, EV_TIMEOUT, on_beat, c);
    on_beat(-1, 0, c);
    return c;
}

bool changes_heard(const struct changes *c)
{
    return c->heard;
}

void changes_free(struct changes *c)
{
    if (!c)
        return;
    changes_drop(c);
    event_del(&c->beat_event);
    free(c);
}
