/*
 * A connection's requests, one at a time and in order: head, body, handler.
 *
 * conn_process is the only loop. A handler that answers at once comes back into it; one that answers later leaves
 * CONN_WAITING behind, and conn_answer starts the loop again. While `busy`, nothing frees the connection but the loop
 * itself.
 */
#include <string.h>
#include <sys/socket.h>

#include "conn_private.h"

static void begin_request(struct conn *c)
{
    c->close_after = false;
    c->refused = false;
    c->scanned = 0;
    c->client_left = NULL;
    memset(c->data, 0, c->door->o.conn_data);
}

/* An answer that ends the connection, for bytes of which nobody can say where the next request begins. */
static void refuse(struct conn *c, int status)
{
    c->close_after = true;
    c->refused = true;
    conn_set_state(c, CONN_WAITING);
    c->door->o.refuse(c, status);
}

/* Nothing of the request is known, but that an answer to HEAD has no body. */
static void refuse_unparsed(struct conn *c, const char *head, size_t len, int status)
{
    memset(&c->request, 0, sizeof c->request);
    if (len > 5 && memcmp(head, "HEAD ", 5) == 0)
        c->request.method = HTTP_M_HEAD;
    memset(&c->match, 0, sizeof c->match);
    refuse(c, status);
}

static void handle(struct conn *c)
{
    conn_set_state(c, CONN_WAITING);
    if (c->match.route)
        c->match.route->handle(c);
    else
        c->door->o.refuse(c, c->match.allowed ? 405 : 404);
}

static void begin_body(struct conn *c)
{
    const struct request *r = &c->request;
    if (r->chunked && !c->door->o.chunked)
        return refuse(c, 400);
    if (!r->chunked && r->content_length == 0)
        return handle(c);
    if (!c->match.route) /* its body is not read */
        return refuse(c, c->match.allowed ? 405 : 404);
    int more = request_body_begin(&c->body, r, c->match.route->body_max);
    if (more < 0)
        return refuse(c, -more);
    c->large = c->match.route->body_max > HTTP_BODY_MAX && (r->chunked || r->content_length > HTTP_BODY_MAX);
    c->door->large_bodies += c->large;
    if (c->door->large_bodies > HTTP_BODIES_LARGE_MAX)
        return refuse(c, 503);
    conn_set_state(c, CONN_BODY);
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (r->expects_continue && c->in_at == c->in_len && send(c->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL) < 0)
        c->dead = true;
}

static void begin_head(struct conn *c, size_t head_len)
{
    begin_request(c);
    if (c->in_at + head_len > CONN_BUFFER - CONN_BODY_ROOM)
        conn_compact(c); /* leaves room for a body behind the head */
    const char *head = c->in + c->in_at;
    int status = request_parse(&c->request, head, head_len);
    c->in_at += head_len;
    c->body_at = c->in_at;
    if (status)
        return refuse_unparsed(c, head, head_len, status);
    if (!c->request.keep_alive || conn_is_crowded(c))
        c->close_after = true;
    route_find(c->door->o.routes, c->door->o.route_count, &c->request, &c->match);
    begin_body(c);
}

/* false: more bytes are needed. */
static bool process_head(struct conn *c)
{
    size_t len = c->in_len - c->in_at;
    if (len == 0)
        return false;
    if (c->state == CONN_IDLE)
        conn_set_state(c, CONN_HEAD);
    size_t head_len = request_head_end(c->in + c->in_at, len, &c->scanned);
    if (head_len) {
        begin_head(c, head_len);
        return true;
    }
    if (len < HTTP_HEAD_MAX)
        return false;
    begin_request(c);
    refuse_unparsed(c, c->in + c->in_at, len, 431);
    return true;
}

static bool process_body(struct conn *c)
{
    size_t used = 0, len = c->in_len - c->in_at;
    if (len == 0)
        return false;
    int done = request_body_feed(&c->body, c->in + c->in_at, len, &used);
    c->in_at += used;
    if (done < 0)
        refuse(c, -done);
    else if (done)
        handle(c);
    return true;
}

/* Nothing more can be done with what is here: how the connection waits, or that it ends. */
static void rest(struct conn *c)
{
    if (c->dead || c->eof) {
        if (c->state == CONN_WAITING)
            return;
        conn_free(c);
        return;
    }
    if (c->state != CONN_WAITING && c->in && c->in_at == c->in_len && c->state != CONN_BODY)
        conn_give_back_buffer(c);
    if (c->state != CONN_WAITING)
        conn_want_read(c, true);
}

/* The others first. The event is added before it is made active: libevent would not add an active one, and conn_free
 * takes back only what was added. */
static void go_on_later(struct conn *c)
{
    conn_want_read(c, true);
    if (!c->dead)
        event_active(&c->read_event, EV_READ, 0);
}

void conn_process(struct conn *c)
{
    int served = 0;
    bool later = false;
    c->busy = true;
    while (!c->dead && c->state <= CONN_BODY && c->in) {
        later = c->state == CONN_IDLE && served == HTTP_REQUESTS_PER_PASS;
        if (later) {
            go_on_later(c);
            break;
        }
        served += c->state == CONN_IDLE;
        if (c->state == CONN_BODY ? !process_body(c) : !process_head(c))
            break;
    }
    c->busy = false;
    if (c->state == CONN_CLOSED)
        conn_free(c);
    else if (c->state <= CONN_WAITING && (!later || c->dead))
        rest(c);
}
