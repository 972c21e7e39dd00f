/* Links that not every app and device opens, and what to do about it: lead.h. */
#include "lead.h"

#include <string.h>

#include "visit.h"

enum device { DEVICE_WECHAT, DEVICE_PHONE, DEVICE_DESKTOP };

static bool has(struct span ua, const char *word)
{
    return ua.at && memmem(ua.at, ua.len, word, strlen(word)) != NULL;
}

/* WeCom opens links by itself. */
static bool in_wechat(const struct request *r)
{
    return visit_app_of(r) == VISIT_WECHAT;
}

/* Who says nothing of a desktop's system counts as a phone: codes are scanned with phones. */
static enum device device_of(const struct request *r)
{
    struct span ua = r->header[HTTP_H_USER_AGENT];
    if (in_wechat(r))
        return DEVICE_WECHAT;
    if (has(ua, "Android") || has(ua, "iPhone") || has(ua, "iPad") || has(ua, "Mobile"))
        return DEVICE_PHONE;
    return has(ua, "Windows NT") || has(ua, "Macintosh") || has(ua, "X11;") ? DEVICE_DESKTOP : DEVICE_PHONE;
}

static const struct lead by_link = {.kind = LEAD_LINK};

static struct lead to_url(const char *url)
{
    return (struct lead){.kind = LEAD_URL, .url = url};
}

static struct lead to_view(enum landing_view view)
{
    return (struct lead){.kind = LEAD_VIEW, .view = view};
}

static struct lead lead_miniprogram(const struct group *g, const struct request *r)
{
    static const struct miniprogram nothing;
    const struct miniprogram *m = g->miniprogram ? g->miniprogram : &nothing;
    bool scheme = miniprogram_is_scheme(g->url);

    switch (device_of(r)) {
    case DEVICE_WECHAT:
        if (m->url_link)
            return to_url(m->url_link);
        if (!scheme)
            return by_link;
        return to_view(m->code ? LANDING_VIEW_PRESS : LANDING_VIEW_LEAVE);
    case DEVICE_DESKTOP:
        return m->fallback_url ? to_url(m->fallback_url) : to_view(LANDING_VIEW_SCAN);
    case DEVICE_PHONE:
        break;
    }
    return scheme && g->show != GROUP_SHOW_REDIRECT ? to_view(LANDING_VIEW_OPEN) : by_link;
}

struct lead lead_find(const struct group *g, const struct request *r)
{
    /* A URL Link whose code is asked for keeps its page; a scheme has a page by itself. */
    if (g->platform == PLATFORM_MINIPROGRAM && (g->show != GROUP_SHOW_PAGE || miniprogram_is_scheme(g->url)))
        return lead_miniprogram(g, r);
    if (group_shows_page(g))
        return (struct lead){.kind = LEAD_PAGE};
    if (group_leaves_wechat(g) && in_wechat(r))
        return to_view(LANDING_VIEW_LEAVE);
    return by_link;
}
