/*
 * What a link is, and whether it may be a group's link at all.
 *
 * A link is taken apart once, strictly (RFC 3986, section 3): what a browser might read in another way than we do
 * (backslashes, user info, numbers as hosts) is refused, so that the host that is compared is the host that is visited.
 */
#include "platform.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "campaign.h"

enum {
    LINK_HOST_MAX = 253, /* bytes; RFC 1035, 2.3.4, without the root's dot */
    LINK_LABEL_MAX = 63, /* bytes; likewise */
    LINK_PORT_MAX = 65535,
    PLATFORM_RULES_MAX = 3,
};

/* Either a scheme of its own, or a host of the web and what the path begins with (NULL: anything). */
struct platform_rule {
    const char *scheme;
    const char *host;
    const char *path;
};

struct platform_row {
    const char *name;
    bool page; /* joined by recognising a QR: a redirect does not join */
    struct platform_rule rules[PLATFORM_RULES_MAX];
};

static const struct platform_row platforms[PLATFORM_COUNT] = {
    [PLATFORM_WEB] = {.name = "web"},
    [PLATFORM_WECHAT] = {.name = "wechat", .page = true, .rules = {{.host = "weixin.qq.com", .path = "/g/"}}},
    [PLATFORM_WECOM] = {.name = "wecom", .page = true, .rules = {{.host = "work.weixin.qq.com"}}},
    [PLATFORM_QQ] = {.name = "qq", .rules = {{.host = "qm.qq.com"}, {.scheme = "mqqapi"}}},
    [PLATFORM_TELEGRAM] = {.name = "telegram", .rules = {{.host = "t.me"}, {.host = "telegram.me"}, {.scheme = "tg"}}},
    [PLATFORM_WHATSAPP] = {.name = "whatsapp", .rules = {{.host = "chat.whatsapp.com"}}},
    [PLATFORM_DISCORD] = {.name = "discord",
                          .rules = {{.host = "discord.gg"}, {.host = "discord.com", .path = "/invite/"}}},
    [PLATFORM_MINIPROGRAM] = {.name = "miniprogram",
                              .rules = {{.scheme = "weixin"}, {.host = "wxaurl.cn"}, {.host = "wxmpurl.cn"}}},
};

struct piece {
    const char *at;
    size_t len;
};

/* A link taken apart. Of app schemes only scheme and rest are set. */
struct link {
    struct piece scheme;
    struct piece rest; /* all behind "scheme:" */
    bool web;          /* http or https */
    struct piece host;
    bool default_port;
    struct piece path; /* from the slash on, with query and fragment */
};

static bool piece_is_nocase(struct piece p, const char *text)
{
    return p.len == strlen(text) && strncasecmp(p.at, text, p.len) == 0;
}

static bool piece_begins(struct piece p, const char *text)
{
    size_t len = strlen(text);

    return p.len >= len && memcmp(p.at, text, len) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const char *check_characters(const char *url, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)url[i];

        if (c == ' ' || (c >= '\t' && c <= '\r'))
            return "has white space";
        if (c < 0x20 || c == 0x7f)
            return "has a control character";
        if (c > 0x7e)
            return "has a character outside ASCII (write it as %HH, a host in its xn-- form)";
        if (c == '\\')
            return "has a backslash";
        if (c == '"' || c == '<' || c == '>')
            return "has a quote or angle bracket (write it as %HH)";
        if (c == '%' && (len - i < 3 || !is_hex(url[i + 1]) || !is_hex(url[i + 2])))
            return "has a % that two hex digits do not follow";
        if (c == '%' && url[i + 1] == '0' && url[i + 2] == '0')
            return "has an escaped NUL";
    }
    return NULL;
}

static bool host_is_address(struct piece host, int family)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr addr; /* the larger of the two */

    if (host.len >= sizeof(text))
        return false;
    memcpy(text, host.at, host.len);
    text[host.len] = '\0';
    return inet_pton(family, text, &addr) == 1;
}

static bool label_is_number(struct piece label)
{
    size_t i = 0;

    if (label.len > 1 && label.at[0] == '0' && (label.at[1] == 'x' || label.at[1] == 'X'))
        return true;
    while (i < label.len && is_digit(label.at[i]))
        i++;
    return i == label.len;
}

static bool host_is_name(struct piece host)
{
    struct piece label = {host.at, 0};
    struct piece last = label;

    if (host.len > 0 && host.at[host.len - 1] == '.')
        host.len--;
    if (host.len == 0 || host.len > LINK_HOST_MAX)
        return false;
    for (size_t i = 0; i <= host.len; i++) {
        if (i < host.len && host.at[i] != '.') {
            if (!is_alnum(host.at[i]) && host.at[i] != '-' && host.at[i] != '_')
                return false;
            label.len++;
            continue;
        }
        if (label.len == 0 || label.len > LINK_LABEL_MAX || label.at[0] == '-' || label.at[label.len - 1] == '-')
            return false;
        last = label;
        label = (struct piece){host.at + i + 1, 0};
    }
    /* Browsers read a host whose last label is a number as an IPv4 address, in octal and hex too: only the plain form
     * passes. */
    return !label_is_number(last) || host_is_address(host, AF_INET);
}

static bool port_is_valid(struct piece port, long *number)
{
    long n = 0;

    if (port.len == 0 || port.len > 5)
        return false;
    for (size_t i = 0; i < port.len; i++) {
        if (!is_digit(port.at[i]))
            return false;
        n = n * 10 + (port.at[i] - '0');
    }
    *number = n;
    return n >= 1 && n <= LINK_PORT_MAX;
}

static const char *split_authority(struct link *l, struct piece authority)
{
    const char *colon;
    long port = 0;
    bool named = authority.len == 0 || authority.at[0] != '[';

    if (memchr(authority.at, '@', authority.len))
        return "has user info";
    l->host = authority;
    if (named) {
        colon = memchr(authority.at, ':', authority.len);
    } else {
        const char *close = memchr(authority.at, ']', authority.len);

        if (!close || !host_is_address((struct piece){authority.at + 1, (size_t)(close - authority.at) - 1}, AF_INET6))
            return "host is not well-formed";
        l->host.len = (size_t)(close - authority.at) + 1;
        colon = l->host.len < authority.len ? close + 1 : NULL;
        if (colon && *colon != ':')
            return "host is not well-formed";
    }
    l->default_port = true;
    if (colon) {
        struct piece text = {colon + 1, authority.len - (size_t)(colon - authority.at) - 1};

        if (!port_is_valid(text, &port))
            return "port is not from 1 to 65535";
        l->default_port = port == (piece_is_nocase(l->scheme, "https") ? 443 : 80);
        l->host.len = (size_t)(colon - authority.at);
    }
    if (l->host.len == 0)
        return "has no host";
    return !named || host_is_name(l->host) ? NULL : "host is not well-formed";
}

static size_t authority_len(struct piece p)
{
    size_t len = 0;

    while (len < p.len && p.at[len] != '/' && p.at[len] != '?' && p.at[len] != '#')
        len++;
    return len;
}

static const char *split_web(struct link *l)
{
    struct piece authority;

    l->web = true;
    if (!piece_begins(l->rest, "//"))
        return "has no host";
    authority = (struct piece){l->rest.at + 2, l->rest.len - 2};
    authority.len = authority_len(authority);
    l->path = (struct piece){authority.at + authority.len, l->rest.len - 2 - authority.len};
    return split_authority(l, authority);
}

/* weixin: opens far more than mini programs; only their path passes, and nothing that could climb out of it. */
static const char *check_weixin(struct piece rest)
{
    static const char prefix[] = "//dl/business/";

    if (!piece_begins(rest, prefix))
        return "scheme not allowed, but for weixin://dl/business/";
    for (size_t i = sizeof(prefix) - 1; i < rest.len && rest.at[i] != '?' && rest.at[i] != '#'; i++) {
        if (rest.at[i] == '.' || rest.at[i] == '%')
            return "has a dot segment";
    }
    return NULL;
}

static const char *check_app(struct link *l)
{
    struct piece authority;

    if (l->rest.len == 0)
        return "has nothing behind its scheme";
    if (piece_begins(l->rest, "//")) {
        authority = (struct piece){l->rest.at + 2, l->rest.len - 2};
        if (memchr(authority.at, '@', authority_len(authority)))
            return "has user info";
    }
    return piece_is_nocase(l->scheme, "weixin") ? check_weixin(l->rest) : NULL;
}

static const char *split_link(struct link *l, const char *url, size_t len)
{
    const char *colon = memchr(url, ':', len);

    memset(l, 0, sizeof(*l));
    if (!colon)
        return "has no scheme (https:// ...)";
    l->scheme = (struct piece){url, (size_t)(colon - url)};
    l->rest = (struct piece){colon + 1, len - l->scheme.len - 1};
    if (piece_is_nocase(l->scheme, "https") || piece_is_nocase(l->scheme, "http"))
        return split_web(l);
    if (piece_is_nocase(l->scheme, "weixin") || piece_is_nocase(l->scheme, "mqqapi") ||
        piece_is_nocase(l->scheme, "tg"))
        return check_app(l);
    return "scheme not allowed";
}

const char *platform_check_url(const char *url, size_t len)
{
    struct link l;
    const char *reason;

    if (len == 0)
        return "is empty";
    if (len > GROUP_URL_MAX)
        return "is longer than 2048 bytes";
    reason = check_characters(url, len);
    return reason ? reason : split_link(&l, url, len);
}

static bool rule_fits(const struct platform_rule *rule, const struct link *l)
{
    if (rule->scheme)
        return piece_is_nocase(l->scheme, rule->scheme);
    return rule->host && l->web && l->default_port && piece_is_nocase(l->host, rule->host) &&
           (!rule->path || piece_begins(l->path, rule->path));
}

enum platform platform_of_url(const char *url)
{
    struct link l;

    if (split_link(&l, url, strlen(url)))
        return PLATFORM_WEB;
    for (int p = 0; p < PLATFORM_COUNT; p++) {
        for (int r = 0; r < PLATFORM_RULES_MAX; r++) {
            if (rule_fits(&platforms[p].rules[r], &l))
                return (enum platform)p;
        }
    }
    return PLATFORM_WEB;
}

void platform_host_of_url(const char *url, char host[PLATFORM_HOST_MAX + 1])
{
    struct link l;
    struct piece name = {"", 0};

    if (!split_link(&l, url, strlen(url)))
        name = l.web ? l.host : (struct piece){l.scheme.at, l.scheme.len + 1};
    if (l.web && name.len > 0 && name.at[name.len - 1] == '.')
        name.len--;
    if (name.len > PLATFORM_HOST_MAX)
        name.len = PLATFORM_HOST_MAX;
    for (size_t i = 0; i < name.len; i++)
        host[i] = (char)(name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] | 0x20 : name.at[i]);
    host[name.len] = '\0';
}

const char *platform_name(enum platform p)
{
    return platforms[p].name;
}

bool platform_wants_page(enum platform p)
{
    return platforms[p].page;
}
