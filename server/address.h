/* Which addresses are those of strangers, and which of this machine, its network, or nobody. */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "config.h"

/* Of IPv4 and IPv6 (v4-mapped and other forms that carry an IPv4 address too): anything but a public unicast address
 * (IANA's special-purpose registries). Other families are private. */
bool address_is_private(const struct sockaddr *a);
/* Whether what comes from it is counted together: it is a stranger's. Behind one of this machine or its network stands
 * a proxy that trusted_proxies does not name, or a hall, and behind one that it names everybody. IPv4 as v4-mapped. */
bool address_counts(const struct config *c, const struct in6_addr *a);
/* Whether a connection to it may be made; plain: it is to be without TLS, which is for `allowed` only. What a person
 * types as a destination of alerts must not make the server speak to what only the server can reach. */
bool address_may_be_reached(const struct sockaddr *a, bool plain, const struct config_cidrs *allowed);

#endif
