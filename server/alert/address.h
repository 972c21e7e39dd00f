/* Which addresses alerts may go to: not those of this machine and its own network, unless the configuration says so.
 * What a person types as a destination must not make the server speak to what only the server can reach. */
#ifndef SERVER_ALERT_ADDRESS_H
#define SERVER_ALERT_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "config.h"

/* Of IPv4 and IPv6 (v4-mapped and other forms that carry an IPv4 address too): anything but a public unicast address
 * (IANA's special-purpose registries). Other families are private. */
bool address_is_private(const struct sockaddr *a);
/* Whether a connection to it may be made; plain: it is to be without TLS, which is for `allowed` only. */
bool address_may_be_reached(const struct sockaddr *a, bool plain, const struct config_cidrs *allowed);

#endif
