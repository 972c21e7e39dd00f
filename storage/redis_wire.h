/*
 * Bytes to and from Redis on one event base: a socket, hiredis's reader (RESP), one write a loop pass.
 *
 * hiredis's own async context is not used: 0.14 ends the process by an assertion when Redis sends a reply that nobody
 * asked for, its adapter does two epoll_ctl a command, and it frees the context under its caller.
 */
#ifndef STORAGE_REDIS_WIRE_H
#define STORAGE_REDIS_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include <hiredis/hiredis.h>

#include "redis_url.h"

struct event_base;
struct redis_wire;

enum {
    REDIS_WIRE_READ = 16 * 1024,             /* bytes a read */
    REDIS_WIRE_REPLY_MAX = 64 * 1024 * 1024, /* bytes of one reply; more ends the link */
    REDIS_WIRE_ELEMENTS_MAX = 200000,        /* elements of one array; hiredis takes the memory before they come */
    REDIS_WIRE_OUT_MAX = 64 * 1024 * 1024,   /* bytes that wait to be sent */
};

/* Where a socket leads: no name, but what it was resolved to. */
struct redis_address {
    bool is_unix;
    char path[REDIS_PATH_MAX + 1];
    char ip[64]; /* IPv4 or IPv6, as digits */
    int port;
};
/* Whether a host is an address already; then *ret_address is it. */
bool redis_address_of(const struct redis_host *host, struct redis_address *ret_address);
bool redis_address_same(const struct redis_address *a, const struct redis_address *b);

struct redis_wire_events {
    void (*reply)(void *ctx, const redisReply *reply); /* valid during the call */
    void (*lost)(void *ctx, const char *why);          /* once; the owner closes the wire, now or later */
};

/* Starts to connect; what is sent meanwhile waits. NULL: why in errno. */
struct redis_wire *redis_wire_connect(struct event_base *base, const struct redis_address *to,
                                      const struct redis_wire_events *events, void *ctx);
/* Queues bytes for the end of this loop pass. 0, -ENOMEM, or -ENOBUFS when REDIS_WIRE_OUT_MAX wait. Never calls back.
 */
int redis_wire_send(struct redis_wire *w, const char *bytes, size_t len);
/* From inside `reply`: that reply is the caller's from now on, who frees it by freeReplyObject. */
redisReply *redis_wire_take_reply(struct redis_wire *w);
/* Calls nothing back; may be called from inside an event. NULL is fine. */
void redis_wire_close(struct redis_wire *w);

#endif
