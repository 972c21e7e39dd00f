/* Whose request it is when proxies stand in between. Pure: no I/O. */
#ifndef SERVER_HTTP_CLIENT_H
#define SERVER_HTTP_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>

#include "request.h"

enum {
    CLIENT_HOPS_MAX = 16, /* addresses of X-Forwarded-For that are looked at, from the right */
    CLIENT_NETWORK = 8,   /* bytes */
};

/*
 * The client's address. peer: the other end of the connection. If it is trusted, forwarded (X-Forwarded-For)
 * tells: its right-most address that is not trusted, or the left-most. What is malformed leaves the peer. IPv4 in IPv6
 * is written as IPv4, and IPv4 held as that.
 */
void client_find(const struct in6_addr *peer, struct span forwarded,
                 bool (*trusted)(const void *ctx, const struct in6_addr *a), const void *ctx, struct in6_addr *out);
/* The same, of addresses as text. */
void client_address(const char *peer, struct span forwarded, bool (*trusted)(const void *ctx, const struct in6_addr *a),
                    const void *ctx, char out[INET6_ADDRSTRLEN]);

/* The same bytes for all who count as one: those of an IPv4 address, or of the /64 of an IPv6 one, which is what one
 * customer of a provider has. */
void client_network(const struct in6_addr *client, unsigned char ret[CLIENT_NETWORK]);

#endif
