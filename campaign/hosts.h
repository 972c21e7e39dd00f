/*
 * Where links may lead, if a server's owner limits it: to hosts of a list. Such a rule is the server's, not a
 * campaign's: what it forbids is never written down, so links are good again as soon as the list says so.
 */
#ifndef CAMPAIGN_HOSTS_H
#define CAMPAIGN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "platform.h"

struct campaign;

/* "example.com"; "*.example.com", all below it; "[2001:db8::1]"; "weixin:", "mqqapi:", "tg:" for links of apps. In
 * lower case, NUL-terminated, without the root's dot; not owned. None: all links are allowed. */
struct allowed_hosts {
    const char (*list)[PLATFORM_HOST_MAX + 1];
    size_t count;
};

/* Whether a link (one that platform_check_url accepts) leads to an allowed host. host: which one it is, in both cases.
 */
bool hosts_allow(const struct allowed_hosts *a, const char *url, char host[PLATFORM_HOST_MAX + 1]);

/* Marks what leads elsewhere: `barred` of groups, `only_barred`, and the fallback's. */
void campaign_bar_hosts(struct campaign *c, const struct allowed_hosts *a);

/* The first destination that leads elsewhere: its field ("groups[3].url") and its host; false: there is none. */
bool campaign_find_barred(const struct campaign *c, const struct allowed_hosts *a, char *field, size_t field_size,
                          char host[PLATFORM_HOST_MAX + 1]);

#endif
