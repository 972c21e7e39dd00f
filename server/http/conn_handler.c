/* What a handler may know of the connection whose request it has. */
#include <arpa/inet.h>
#include <stddef.h>

#include "conn_private.h"

const struct request *conn_request(const struct conn *c)
{
    return &c->request;
}

struct span conn_body(const struct conn *c)
{
    return (struct span){c->body.bytes ? c->body.bytes : "", c->body.len};
}

void *conn_data(struct conn *c)
{
    return c->data;
}

struct conn *conn_of_data(void *data)
{
    return (struct conn *)(void *)((char *)data - offsetof(struct conn, data));
}

void *conn_owner(const struct conn *c)
{
    return c->door->o.owner;
}

bool conn_dead(const struct conn *c)
{
    return c->dead;
}

void conn_watch_client(struct conn *c, void (*left)(struct conn *c))
{
    c->client_left = left;
    if (!c->dead && !c->eof && c->in_len < CONN_BUFFER)
        conn_want_read(c, true);
}

struct span conn_segment(const struct conn *c, int i)
{
    return c->match.segment[i];
}

const struct in6_addr *conn_peer_address(const struct conn *c)
{
    return &c->peer;
}

void conn_peer(const struct conn *c, char out[INET6_ADDRSTRLEN])
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(&c->peer);
    inet_ntop(v4 ? AF_INET : AF_INET6, c->peer.s6_addr + (v4 ? 12 : 0), out, INET6_ADDRSTRLEN);
}

int64_t conn_now(const struct conn *c)
{
    door_refresh_date(c->door);
    return c->door->date_second;
}

unsigned conn_allowed(const struct conn *c)
{
    return c->match.allowed;
}
