/* See hosts.h. */
#include "hosts.h"

#include <stdio.h>
#include <string.h>

#include "campaign.h"

static bool pattern_fits(const char *pattern, const char *host)
{
    size_t len = strlen(host), tail = strlen(pattern) - 1;

    if (pattern[0] != '*')
        return strcmp(pattern, host) == 0;
    return len > tail && strcmp(host + len - tail, pattern + 1) == 0;
}

bool hosts_allow(const struct allowed_hosts *a, const char *url, char host[PLATFORM_HOST_MAX + 1])
{
    platform_host_of_url(url, host);
    for (size_t i = 0; i < a->count; i++) {
        if (pattern_fits(a->list[i], host))
            return true;
    }
    return a->count == 0;
}

/* Which link of the group leads elsewhere; NULL: none does. */
static const char *group_barred(const struct group *g, const struct allowed_hosts *a, char host[PLATFORM_HOST_MAX + 1])
{
    const struct miniprogram *m = g->miniprogram;
    const struct {
        const char *field, *url;
    } links[] = {
        {"url", g->url},
        {"miniprogram.url_link", m ? m->url_link : NULL},
        {"miniprogram.code", m ? m->code : NULL},
        {"miniprogram.fallback_url", m ? m->fallback_url : NULL},
    };

    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        if (links[i].url && !hosts_allow(a, links[i].url, host))
            return links[i].field;
    }
    return NULL;
}

static bool is_barred(const struct allowed_hosts *a, const char *url, char host[PLATFORM_HOST_MAX + 1])
{
    return url && !hosts_allow(a, url, host);
}

void campaign_bar_hosts(struct campaign *c, const struct allowed_hosts *a)
{
    char host[PLATFORM_HOST_MAX + 1];
    size_t on = 0, open = 0;

    c->fallback_url_barred = a->count > 0 && is_barred(a, c->fallback_url, host);
    c->fallback_contact_barred = a->count > 0 && is_barred(a, c->fallback_contact, host);
    for (size_t i = 0; i < c->group_count; i++) {
        struct group *g = &c->groups[i];

        g->barred = a->count > 0 && group_barred(g, a, host);
        on += g->enabled;
        open += g->enabled && !g->barred;
    }
    c->only_barred = on > 0 && open == 0;
}

bool campaign_find_barred(const struct campaign *c, const struct allowed_hosts *a, char *field, size_t field_size,
                          char host[PLATFORM_HOST_MAX + 1])
{
    for (size_t i = 0; a->count > 0 && i < c->group_count; i++) {
        const char *link = group_barred(&c->groups[i], a, host);

        if (link) {
            snprintf(field, field_size, "groups[%zu].%s", i, link);
            return true;
        }
    }
    bool url = is_barred(a, c->fallback_url, host);
    snprintf(field, field_size, url ? "fallback.url" : "fallback.contact");
    return url || is_barred(a, c->fallback_contact, host);
}
