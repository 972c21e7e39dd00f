/*
 * One client connection: the only reads and writes of the HTTP layer. Used by both doors.
 *
 * A door is a listener and a route table on one thread's event base. A handler is called with a whole request (head and
 * body) and answers with exactly one reply_* (reply.h), at once or later. A client that leaves before its answer is
 * marked dead; its reply goes nowhere, and the connection is freed in one place, conn_answered, when the reply has
 * come. Requests of one connection are served one at a time, in order; pipelined bytes wait.
 */
#ifndef SERVER_HTTP_CONN_H
#define SERVER_HTTP_CONN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request.h"

struct event_base;

enum {
    HTTP_HEAD_SECONDS = 10,        /* from the first byte of a head to its end, and from accept to the first head */
    HTTP_HEAD_CROWDED_SECONDS = 2, /* from accept to the first head, where a connection is one of too many */
    HTTP_BODY_SECONDS = 30,
    HTTP_WRITE_SECONDS = 30,      /* for one whole answer */
    HTTP_IDLE_SECONDS = 65,       /* between requests */
    HTTP_LINGER_SECONDS = 2,      /* after a refusal: what the client still sends is read and dropped, for so long */
    HTTP_LINGER_BYTES = 16 << 20, /* and so much: twice the largest body that any handler takes */
    HTTP_TICK_MS = 500,           /* how often deadlines are looked at: they are kept to within this */
    HTTP_ACCEPT_PER_PASS = 64,
    HTTP_ACCEPT_PAUSE_MS = 100,
    HTTP_REQUESTS_PER_PASS = 16, /* pipelined requests served before others get their turn */
    HTTP_BACKLOG = 4096,
    HTTP_DRAIN_IDLE_MS = 500,           /* for a request on a connection that is kept, when the door closes */
    HTTP_STREAM_UNSENT_MAX = 128 << 10, /* bytes of a streamed answer that its client has not taken; more ends it */
};

struct http_door;
struct conn;
struct http_route;

struct http_door_options {
    const struct http_route *routes;
    size_t route_count;
    size_t conn_data; /* bytes of the door's own data in each connection, zeroed for each request */
    size_t conns_max; /* accept pauses at this many */
    /* Beyond so many connections none is kept: each is answered once, and has HTTP_HEAD_CROWDED_SECONDS to ask. Who
     * only waits and asks again from time to time does so on another one. 0: there is no such number. */
    size_t kept_max;
    /* Those of one address likewise, of the addresses for which `counts` is true (NULL: of none); and the most that it
     * may have, of which one more is closed at once. */
    size_t address_kept, address_max;
    bool (*counts)(const void *owner, const struct in6_addr *peer);
    bool chunked; /* whether bodies may be chunked; else any Transfer-Encoding is 400 */
    void *owner;  /* worker or admin */
    /* For requests that no route takes (400, 404, 405, 413 ...), and for heads that don't parse (request is then
     * empty). Must reply, at once or later. */
    void (*refuse)(struct conn *c, int status);
};

/* Whether nobody listens there, or port is 0. false: who does is told in err ("0.0.0.0:8080: Address already in use").
 */
bool http_door_is_free(const char *host, uint16_t port, char *err, size_t err_size);
/* Binds and listens, not yet accepting, beside other doors of the same user that do (SO_REUSEPORT): the kernel shares
 * connections out among all. NULL, why in err. */
struct http_door *http_door_new(struct event_base *base, const struct http_door_options *o, const char *host,
                                uint16_t port, char *err, size_t err_size);
uint16_t http_door_port(const struct http_door *d);
int http_door_open(struct http_door *d); /* begins to accept */
/* No new connections; answers say Connection: close. Who is between two requests, or has sent none yet, has
 * HTTP_DRAIN_IDLE_MS for one: a request that is under way when its connection closes is lost. */
void http_door_drain(struct http_door *d);
bool http_door_draining(const struct http_door *d);
size_t http_door_conns(const struct http_door *d);
/* Closes all at once. Requests under way keep their conn until they have replied: free the stores first. */
void http_door_free(struct http_door *d);

/* For handlers. */
const struct request *conn_request(const struct conn *c);
struct span conn_body(const struct conn *c); /* empty when none */
void *conn_data(struct conn *c);             /* the door's own data */
struct conn *conn_of_data(void *data);       /* and back */
void *conn_owner(const struct conn *c);
bool conn_dead(const struct conn *c); /* the client has left: an answer would go nowhere */
/* For an answer that takes long to begin: `left` is called, once at most and until then, when the client ends its side.
 * It must not answer from inside the call. */
void conn_watch_client(struct conn *c, void (*left)(struct conn *c));
/* The segment of the path that matched {name} number i of the route's pattern, as sent. */
struct span conn_segment(const struct conn *c, int i);
/* The address of the other end, a client's or a proxy's. */
const struct in6_addr *conn_peer_address(const struct conn *c); /* IPv4 as v4-mapped */
void conn_peer(const struct conn *c, char out[INET6_ADDRSTRLEN]);
/* Bits of the methods that the path has, for route_allow and a 405. */
unsigned conn_allowed(const struct conn *c);
int64_t conn_now(const struct conn *c); /* unix seconds */

/* A streamed answer that reply_stream or reply_stream_body began. false: the client is gone, or too slow and was closed
 * for it: the connection is not to be touched any more. What is sent has to be taken within HTTP_WRITE_SECONDS: who
 * sends more only when nothing is unsent asks HTTP_STREAM_UNSENT_MAX of a client in that time, and no more. */
bool conn_stream_send(struct conn *c, const char *bytes, size_t len);
/* Bytes of it that the client has not taken yet. */
size_t conn_stream_unsent(const struct conn *c);
/* Closes at once: what is unsent is lost, and a chunked body is seen to be cut off. */
void conn_stream_end(struct conn *c);
/* The body is whole: the rest is sent, then the connection ends. It is not to be touched any more, and its `ended` is
 * not called. */
void conn_stream_finish(struct conn *c);

#endif
