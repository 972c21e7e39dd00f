/* What a key's value may be in general: read from text and shown as text. */
#include "config_types.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool config_refuse(char why[CONFIG_WHY_MAX], const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(why, CONFIG_WHY_MAX, format, ap);
    va_end(ap);
    return false;
}

const char *config_echo(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (; text[n] && n < size - 1; n++)
        out[n] = text[n] >= ' ' && text[n] <= '~' ? text[n] : '?';
    out[n] = '\0';
    if (text[n])
        memcpy(out + size - 4, "...", 4);
    return out;
}

bool config_whole_number(const char *text, long *n)
{
    char *end;
    if (!isdigit((unsigned char)text[0]) && !(text[0] == '-' && isdigit((unsigned char)text[1])))
        return false;
    errno = 0;
    *n = strtol(text, &end, 10);
    return *end == '\0' && errno == 0;
}

static bool parse_number(const struct config_key *k, void *at, const char *text, char why[CONFIG_WHY_MAX])
{
    char seen[CONFIG_ECHO_MAX];
    long n;
    if (!config_whole_number(text, &n) || n < k->min || n > k->max)
        return config_refuse(why, "%s is not from %ld to %ld", config_echo(text, seen, sizeof seen), k->min, k->max);
    *(int *)at = (int)n;
    return true;
}

static void show_number(const struct config_key *k, const void *at, char *out, size_t size)
{
    (void)k;
    snprintf(out, size, "%d", *(const int *)at);
}

static bool parse_text(const struct config_key *k, void *at, const char *text, char why[CONFIG_WHY_MAX])
{
    char copy[CONFIG_TEXT_MAX];
    size_t len = strlen(text);
    if (len < (size_t)k->min)
        return config_refuse(why, "is empty");
    if (len > (size_t)k->max)
        return config_refuse(why, "%zu bytes, more than %ld", len, k->max);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return config_refuse(why, "has a control character");
    memcpy(copy, text, len + 1);
    if (k->check && len > 0 && !k->check(copy, why))
        return false;
    memcpy(at, copy, strlen(copy) + 1);
    return true;
}

static void show_text(const struct config_key *k, const void *at, char *out, size_t size)
{
    (void)k;
    snprintf(out, size, "%s", (const char *)at);
}

_Static_assert(sizeof(enum config_appendfsync) == sizeof(int) && sizeof(enum config_log_level) == sizeof(int),
               "a word is stored through an int");

static bool parse_word(const struct config_key *k, void *at, const char *text, char why[CONFIG_WHY_MAX])
{
    char seen[CONFIG_ECHO_MAX], list[80] = "";
    for (int i = 0; k->words[i]; i++) {
        if (strcmp(text, k->words[i]) == 0) {
            memcpy(at, &i, sizeof i);
            return true;
        }
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", k->words[i]);
    }
    return config_refuse(why, "%s is none of %s", config_echo(text, seen, sizeof seen), list);
}

static void show_word(const struct config_key *k, const void *at, char *out, size_t size)
{
    int i;
    memcpy(&i, at, sizeof i);
    snprintf(out, size, "%s", k->words[i]);
}

static bool parse_switch(const struct config_key *k, void *at, const char *text, char why[CONFIG_WHY_MAX])
{
    (void)k, (void)text, (void)why;
    *(bool *)at = true;
    return true;
}

static void show_switch(const struct config_key *k, const void *at, char *out, size_t size)
{
    (void)k;
    snprintf(out, size, "%s", *(const bool *)at ? "yes" : "no");
}

static bool parse_port(const char *text, long least, uint16_t *port)
{
    long n;
    if (strlen(text) > 5 || !config_whole_number(text, &n) || n < least || n > 65535)
        return false;
    *port = (uint16_t)n;
    return true;
}

/* "127.0.0.1:8080" or "[::1]:8080" */
static bool parse_address(const struct config_key *k, void *at, const char *text, char why[CONFIG_WHY_MAX])
{
    struct config_address a = {0};
    struct in6_addr ip;
    char seen[CONFIG_ECHO_MAX];
    (void)k;
    const char *host = text, *colon = strrchr(text, ':');
    if (!colon)
        return config_refuse(why, "%s is not HOST:PORT", config_echo(text, seen, sizeof seen));
    size_t len = (size_t)(colon - text);
    bool v6 = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    if (v6) {
        host++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof a.host)
        return config_refuse(why, "%s is not HOST:PORT", config_echo(text, seen, sizeof seen));
    memcpy(a.host, host, len);
    if (inet_pton(v6 ? AF_INET6 : AF_INET, a.host, &ip) != 1)
        return config_refuse(why, "%s: the host must be a numeric address (0.0.0.0, 127.0.0.1, [::1] ...)",
                             config_echo(text, seen, sizeof seen));
    if (!parse_port(colon + 1, 0, &a.port))
        return config_refuse(why, "%s: the port is not from 0 to 65535", config_echo(text, seen, sizeof seen));
    memcpy(at, &a, sizeof a);
    return true;
}

static void show_address(const struct config_key *k, const void *at, char *out, size_t size)
{
    const struct config_address *a = at;
    (void)k;
    snprintf(out, size, strchr(a->host, ':') ? "[%s]:%u" : "%s:%u", a->host, a->port);
}

static bool parse_cidr(const char *text, struct config_cidr *out, char why[CONFIG_WHY_MAX])
{
    char host[INET6_ADDRSTRLEN], seen[CONFIG_ECHO_MAX];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    struct in_addr v4;
    long bits;
    if (len == 0 || len >= sizeof host)
        return config_refuse(why, "%s is not an address or a CIDR (10.0.0.0/8, fd00::/8)",
                             config_echo(text, seen, sizeof seen));
    memcpy(host, text, len);
    host[len] = '\0';
    bool is_v4 = inet_pton(AF_INET, host, &v4) == 1;
    if (is_v4) {
        memset(&out->net, 0, sizeof out->net);
        memset(out->net.s6_addr + 10, 0xff, 2);
        memcpy(out->net.s6_addr + 12, &v4, 4);
    } else if (inet_pton(AF_INET6, host, &out->net) != 1) {
        return config_refuse(why, "%s is not an address or a CIDR (10.0.0.0/8, fd00::/8)",
                             config_echo(text, seen, sizeof seen));
    }
    bits = is_v4 ? 32 : 128;
    if (slash && (!config_whole_number(slash + 1, &bits) || bits < 0 || bits > (is_v4 ? 32 : 128)))
        return config_refuse(why, "%s: the prefix is not from 0 to %d", config_echo(text, seen, sizeof seen),
                             is_v4 ? 32 : 128);
    out->bits = (int)bits + (is_v4 ? 96 : 0);
    for (int i = out->bits; i < 128; i++) /* 10.1.2.3/8 means 10.0.0.0/8 */
        out->net.s6_addr[i / 8] &= (uint8_t) ~(0x80 >> (i % 8));
    return true;
}

static bool parse_cidrs(const struct config_key *k, void *at, const char *text, char why[CONFIG_WHY_MAX])
{
    struct config_cidrs *cidrs = at;
    (void)k;
    if (cidrs->count == CONFIG_CIDRS_MAX)
        return config_refuse(why, "more than %d entries", CONFIG_CIDRS_MAX);
    if (!parse_cidr(text, &cidrs->list[cidrs->count], why))
        return false;
    cidrs->count++;
    return true;
}

static void show_cidrs(const struct config_key *k, const void *at, char *out, size_t size)
{
    const struct config_cidrs *cidrs = at;
    size_t n = 0;
    (void)k;
    out[0] = '\0';
    for (size_t i = 0; i < cidrs->count && n < size; i++) {
        const struct config_cidr *p = &cidrs->list[i];
        bool v4 = p->bits >= 96 && IN6_IS_ADDR_V4MAPPED(&p->net);
        char host[INET6_ADDRSTRLEN];
        inet_ntop(v4 ? AF_INET : AF_INET6, p->net.s6_addr + (v4 ? 12 : 0), host, sizeof host);
        n += (size_t)snprintf(out + n, size - n, "%s%s/%d", i ? ", " : "", host, v4 ? p->bits - 96 : p->bits);
    }
}

static void clear_cidrs(void *at)
{
    ((struct config_cidrs *)at)->count = 0;
}

/* "tg:" and its like: links of apps, which have no host. */
static bool is_app_scheme(const char *text)
{
    static const char *const schemes[] = {"weixin:", "mqqapi:", "tg:"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strcmp(text, schemes[i]) == 0)
            return true;
    return false;
}

bool config_check_host_port(char *text, char why[CONFIG_WHY_MAX])
{
    char *port = NULL;
    if (text[0] == '[') {
        struct in6_addr ip;
        char *end = strchr(text, ']');
        if (!end)
            return config_refuse(why, "the address has no ']'");
        *end = '\0';
        if (inet_pton(AF_INET6, text + 1, &ip) != 1 || (end[1] && end[1] != ':'))
            return config_refuse(why, "the host is not an IPv6 address");
        port = end[1] ? end + 2 : NULL;
    } else {
        size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
        if (len > 253 || text[0] == '.' || (text[len] && text[len] != ':'))
            return config_refuse(why, "the host is not well-formed");
        if (len == 0)
            return config_refuse(why, "has no host");
        port = text[len] ? text + len + 1 : NULL;
    }
    uint16_t n;
    if (port && !parse_port(port, 1, &n))
        return config_refuse(why, "the port is not from 1 to 65535");
    return true;
}

/* A host alone, in lower case: nothing else would ever be equal to one. */
static bool is_host(const char *text, bool wild)
{
    char copy[CONFIG_HOST_MAX + 1], why[CONFIG_WHY_MAX];
    const char *colon = strrchr(text, ':'), *end = strrchr(text, ']');
    snprintf(copy, sizeof copy, "%s", text);
    return (!colon || (end && colon < end && !wild)) && config_check_host_port(copy, why);
}

static bool parse_host(const struct config_key *k, void *at, const char *text, char why[CONFIG_WHY_MAX])
{
    struct config_hosts *hosts = at;
    char seen[CONFIG_ECHO_MAX], host[CONFIG_HOST_MAX + 1] = "";
    size_t len = strlen(text);
    bool wild = strncmp(text, "*.", 2) == 0;
    (void)k;
    if (hosts->count == CONFIG_HOSTS_MAX)
        return config_refuse(why, "more than %d entries", CONFIG_HOSTS_MAX);
    for (size_t i = 0; i < len && len <= CONFIG_HOST_MAX; i++)
        host[i] = (char)tolower((unsigned char)text[i]);
    if (!is_app_scheme(host) && !is_host(host + (wild ? 2 : 0), wild))
        return config_refuse(why, "%s is not a host (example.com, *.example.com), nor weixin:, mqqapi: or tg:",
                             config_echo(text, seen, sizeof seen));
    if (host[len - 1] == '.') /* the root's */
        host[len - 1] = '\0';
    memcpy(hosts->list[hosts->count++], host, sizeof host);
    return true;
}

static void show_hosts(const struct config_key *k, const void *at, char *out, size_t size)
{
    const struct config_hosts *hosts = at;
    size_t n = 0;
    (void)k;
    out[0] = '\0';
    for (size_t i = 0; i < hosts->count && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "", hosts->list[i]);
}

static void clear_hosts(void *at)
{
    ((struct config_hosts *)at)->count = 0;
}

const struct config_type config_type_number = {FORM_NUMBER, parse_number, show_number, NULL};
const struct config_type config_type_text = {FORM_TEXT, parse_text, show_text, NULL};
const struct config_type config_type_word = {FORM_TEXT, parse_word, show_word, NULL};
const struct config_type config_type_address = {FORM_TEXT, parse_address, show_address, NULL};
const struct config_type config_type_cidrs = {FORM_LIST, parse_cidrs, show_cidrs, clear_cidrs};
const struct config_type config_type_hosts = {FORM_LIST, parse_host, show_hosts, clear_hosts};
const struct config_type config_type_switch = {FORM_SWITCH, parse_switch, show_switch, NULL};

bool config_cidrs_hold(const struct config_cidrs *cidrs, const struct in6_addr *a)
{
    for (size_t i = 0; i < cidrs->count; i++) {
        const struct config_cidr *p = &cidrs->list[i];
        int whole = p->bits / 8, rest = p->bits % 8;
        if (memcmp(a->s6_addr, p->net.s6_addr, (size_t)whole) == 0 &&
            (rest == 0 || (a->s6_addr[whole] ^ p->net.s6_addr[whole]) >> (8 - rest) == 0))
            return true;
    }
    return false;
}

bool config_trusts_proxy(const void *config, const struct in6_addr *a)
{
    return config_cidrs_hold(&((const struct config *)config)->trusted_proxies, a);
}
