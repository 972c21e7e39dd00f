/* What conn*.c, door.c and reply.c share. Nobody else includes this. */
#ifndef SERVER_HTTP_CONN_PRIVATE_H
#define SERVER_HTTP_CONN_PRIVATE_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "body.h"
#include "conn.h"
#include "crowd.h"
#include "reply.h"
#include "route.h"

enum {
    CONN_BODY_ROOM = 1024,                        /* bytes that a body is read in, at the least */
    CONN_BUFFER = HTTP_HEAD_MAX + CONN_BODY_ROOM, /* bytes read ahead of a connection */
    DOOR_CONNS_KEPT = 1024,                       /* free connections kept for the next ones */
    DOOR_BUFFERS_KEPT = 256,                      /* free read buffers, likewise */
    DOOR_DATE_LINE = 48,
    STREAM_CHUNK_HEAD = 20,                      /* a chunk's size in hex and its line's end */
    STREAM_BUFFER = HTTP_STREAM_UNSENT_MAX + 64, /* with the lines of a chunk and of the last one */
};

/* Of either end of a connection. */
union conn_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* What a connection does now; each has its own deadline. */
enum conn_state {
    CONN_IDLE, /* between requests, nothing read */
    CONN_HEAD, /* a head has begun */
    CONN_BODY,
    CONN_WAITING, /* a handler has the request */
    CONN_WRITING, /* the socket did not take the whole answer at once */
    CONN_LINGER,  /* refused and answered: reads and drops, so that the answer is not lost to a reset (RFC 9112, 9.6) */
    CONN_STREAM,  /* a streamed answer: what the client sends is dropped, when it leaves is seen */
    CONN_CLOSED,
};

struct conn {
    struct http_door *door;
    struct conn *next, **prev; /* all connections of the door; or its free list */
    struct event read_event, write_event;
    int fd;
    struct in6_addr peer; /* IPv4 as v4-mapped */
    uint32_t *crowd;      /* how many connections its address has; NULL: they are not counted */
    enum conn_state state;
    bool reading;     /* read_event is added */
    bool busy;        /* conn_process is on the stack */
    bool eof;         /* the client has ended its side */
    bool dead;        /* the client is gone */
    bool close_after; /* this request is the last */
    bool refused;     /* bytes that nobody reads may be under way: linger */
    int64_t deadline_ms;
    char *in;                      /* CONN_BUFFER bytes, or NULL when idle */
    size_t in_at, in_len, scanned; /* the request under way begins at in_at; bytes are there up to in_len */
    size_t body_at;                /* where the head of the request under way ends */
    size_t lingered;
    char *out; /* what is still to be sent */
    size_t out_at, out_len;
    void (*client_left)(struct conn *c);
    void (*stream_ended)(struct conn *c), (*stream_drained)(struct conn *c); /* of a streamed answer */
    bool stream_body, stream_chunked, stream_finished;                       /* it has an end; how; all is there */
    struct request request;
    struct route_match match;
    struct request_body body;
    bool large;         /* the body is one of the door's large_bodies */
    max_align_t data[]; /* the door's own */
};

struct http_door {
    struct event_base *base;
    struct http_door_options o;
    int fd; /* -1 when drained */
    uint16_t port;
    struct crowd *crowd; /* NULL: addresses are not counted */
    struct event accept_event, pause_event, tick_event;
    struct conn *conns, *free_conns;
    size_t conn_count, free_conn_count;
    int large_bodies;   /* being read or handled, see body.h */
    char *free_buffers; /* linked through their first bytes */
    size_t free_buffer_count;
    bool draining, accept_paused;
    long long accept_logged_ms;
    int64_t date_second;
    char date_line[DOOR_DATE_LINE]; /* "Date: Mon, 23 Nov 2026 03:40:03 GMT\r\n" */
    size_t date_len;
    char out[REPLY_HEAD_MAX]; /* where replies are built */
};

int64_t door_now_ms(void); /* monotonic, coarse */
void door_refresh_date(struct http_door *d);
char *door_buffer_get(struct http_door *d); /* NULL: out of memory */
void door_buffer_put(struct http_door *d, char *buffer);
/* Connections are let in again if they were kept out because there were too many. */
void door_conn_gone(struct http_door *d);

/* conn.c: its life. */
void conn_accepted(struct http_door *d, int fd, const union conn_address *peer);
void conn_set_state(struct conn *c, enum conn_state state); /* and its deadline */
bool conn_is_crowded(const struct conn *c);                 /* it is one of too many, and not kept */
void conn_tick(struct conn *c, int64_t now_ms);             /* ends it when the deadline is over */
void conn_want_read(struct conn *c, bool want);
void conn_give_back_buffer(struct conn *c);
void conn_clear_body(struct conn *c);
/* Ends it as soon as nobody is at it any more: at once, from conn_process, or when the reply under way has come. */
void conn_close(struct conn *c);
/* The one place where a connection ends. */
void conn_free(struct conn *c);
/* Answered, and no more is read: what the client still sends is dropped, then it ends. */
void conn_linger(struct conn *c);

/* conn_read.c: its bytes. */
/* Reads once. false: the connection is not to go on now (ended, or nothing was there). */
bool conn_receive(struct conn *c);
/* Reads once and drops it; ends the connection when its client has, or sends too much. */
void conn_drop(struct conn *c);
/* Bytes to the front of the buffer, when there is no room behind them; while a body is read only to the end of its
 * head, into which the request's spans point. */
void conn_compact(struct conn *c);

/* conn_serve.c: its requests. Serves what has been read; the connection may be gone afterwards. */
void conn_process(struct conn *c);

/* conn_answer.c: sends head and parts as the answer to the request under way; goes on when the socket has room. */
void conn_answer(struct conn *c, struct iovec *parts, int count);
void conn_answer_go_on(struct conn *c);

/* conn_stream.c: sends the head of a streamed answer. false: the client has left, and the connection is gone. */
bool conn_stream_begin(struct conn *c, const char *head, size_t len, void (*ended)(struct conn *c));
void conn_stream_go_on(struct conn *c); /* the socket has room */

#endif
