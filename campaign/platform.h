/* What a group's link is, and how it may be shown. The table of platforms stands in platform.c. */
#ifndef CAMPAIGN_PLATFORM_H
#define CAMPAIGN_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

enum { PLATFORM_HOST_MAX = 255 }; /* bytes of what platform_host_of_url writes */

enum platform {
    PLATFORM_WEB,
    PLATFORM_WECHAT,
    PLATFORM_WECOM,
    PLATFORM_QQ,
    PLATFORM_TELEGRAM,
    PLATFORM_WHATSAPP,
    PLATFORM_DISCORD,
    PLATFORM_MINIPROGRAM,
    PLATFORM_COUNT
};

/* The name used in JSON: "web", "wechat" ... */
const char *platform_name(enum platform p);

/* The platform of a link that platform_check_url accepts. */
enum platform platform_of_url(const char *url);

/*
 * NULL if the text may be a group's link, else the reason in a few words ("has user info", "scheme not allowed", ...).
 * Allowed: https, http with a well-formed host, weixin://dl/business/, mqqapi:, tg:. Refused: every other scheme,
 * control characters, white space, user info, bytes outside printable ASCII, more than GROUP_URL_MAX bytes. (RFC 3986,
 * section 3)
 */
const char *platform_check_url(const char *url, size_t len);

/* The host that a link which platform_check_url accepts leads to: in lower case, without port and the root's dot, an
 * IPv6 address in its brackets. Of links that have none the scheme: "tg:". */
void platform_host_of_url(const char *url, char host[PLATFORM_HOST_MAX + 1]);

/* Whether GROUP_SHOW_AUTO means a page with the code: platforms that are joined by recognising a QR (WeChat, WeCom). */
bool platform_wants_page(enum platform p);

#endif
