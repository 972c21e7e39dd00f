/* Calls on their way out: which link takes them, and what cannot be sent is failed from the event loop. */
#include "redis_private.h"

#include <event2/event.h>

#include "redis_cluster.h"

void redis_call_fail(struct redis_call *c, enum store_result r)
{
    struct redis_link *l = c->link;
    c->failed = r;
    list_append(&l->failing_tail, c);
    event_active(&l->fail_event, EV_TIMEOUT, 0);
}

void redis_link_on_fail(evutil_socket_t fd, short what, void *arg)
{
    struct redis_link *l = arg;
    (void)fd, (void)what;
    /* Those that fail while these are told wait for the next pass. */
    struct redis_call *list = l->failing;
    l->failing = NULL;
    l->failing_tail = &l->failing;
    for (struct redis_call *next; list; list = next) {
        next = list->next;
        redis_call_done(list, list->failed, NULL);
    }
}

/* While the link is fenced, what puts something back goes out. */
bool redis_link_takes(const struct redis_link *l, const struct redis_call *c)
{
    return l->state == LINK_UP || (l->state == LINK_FENCED && c->mends);
}

void redis_call_put_to(struct redis_link *l, struct redis_call *c)
{
    size_t len;
    c->link = l;
    if (c->no_memory || !redis_link_takes(l, c) || l->pending_count >= REDIS_PENDING_MAX ||
        (c->awaited && l->short_of_replicas)) {
        redis_call_fail(c, STORE_UNAVAILABLE);
        return;
    }
    if (c->awaited) {
        l->unwaited = true;
        if (!l->waiting) /* before the write of this pass, so both go out together */
            event_active(&l->wait_event, EV_TIMEOUT, 0);
    }
    const char *bytes = redis_call_wire_bytes(c, &len);
    if (redis_wire_send(l->wire, bytes, len) != 0) {
        redis_call_fail(c, STORE_UNAVAILABLE);
        return;
    }
    list_append(&l->pending_tail, c);
    l->pending_count++;
    if (!event_pending(&l->tick_event, EV_TIMEOUT, NULL))
        set_timer(&l->tick_event, LINK_TICK_MS);
}

void redis_call_put(struct redis_call *c)
{
    if (c->link->cluster)
        redis_cluster_put(c->link->cluster, c);
    else
        redis_call_put_to(c->link, c);
}

static void call_send(struct redis_call *c)
{
    c->due_ms = now_ms() + (c->deadline_ms ? c->deadline_ms : STORE_DEADLINE_MS);
    redis_call_put(c);
}

void redis_call_send(struct redis_call *c, redis_done done, void *ctx)
{
    c->done = done;
    c->ctx = ctx;
    call_send(c);
}

void redis_call_drop(struct redis_call *c)
{
    if (c)
        redis_call_release(c);
}

void redis_call_send_plain(struct redis_call *c, store_done done, void *ctx)
{
    c->plain = done;
    c->ctx = ctx;
    call_send(c);
}
