/* The hosts that the configuration allows links to lead to, as the domain's rules take them. */
#ifndef SERVER_ALLOWED_H
#define SERVER_ALLOWED_H

#include "config.h"
#include "hosts.h"

_Static_assert(sizeof(((struct config *)0)->allowed_hosts.list[0]) == PLATFORM_HOST_MAX + 1, "both have the same room");

/* Valid as long as the configuration. */
static inline struct allowed_hosts hosts_of_config(const struct config *config)
{
    return (struct allowed_hosts){config->allowed_hosts.list, config->allowed_hosts.count};
}

#endif
