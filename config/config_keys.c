/* The keys: their types, their checks, the one table. See config_keys.h. */
#include "config_keys.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* As storage/redis_url.h has them. */
enum {
    UNIX_PATH_MAX = 107, /* sun_path without its NUL */
    REDIS_HOSTS_MAX = 16,
    REDIS_MASTER_MAX = 64,
};

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

/* --- types --- */

static bool whole_number(const char *text, long *n)
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
    if (!whole_number(text, &n) || n < k->min || n > k->max)
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
    if (strlen(text) > 5 || !whole_number(text, &n) || n < least || n > 65535)
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
    if (slash && (!whole_number(slash + 1, &bits) || bits < 0 || bits > (is_v4 ? 32 : 128)))
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

/* host[:port] of a URL, in place. A host is a name, an IPv4 address or an IPv6 address in brackets. */
static bool check_host_port(char *text, char why[CONFIG_WHY_MAX])
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
    return (!colon || (end && colon < end && !wild)) && check_host_port(copy, why);
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

static const struct config_type NUMBER = {FORM_NUMBER, parse_number, show_number, NULL};
static const struct config_type TEXT = {FORM_TEXT, parse_text, show_text, NULL};
static const struct config_type WORD = {FORM_TEXT, parse_word, show_word, NULL};
static const struct config_type ADDRESS = {FORM_TEXT, parse_address, show_address, NULL};
static const struct config_type CIDRS = {FORM_LIST, parse_cidrs, show_cidrs, clear_cidrs};
static const struct config_type HOSTS = {FORM_LIST, parse_host, show_hosts, clear_hosts};
static const struct config_type SWITCH = {FORM_SWITCH, parse_switch, show_switch, NULL};

/* --- checks of single keys --- */

static bool check_base_url(char *text, char why[CONFIG_WHY_MAX])
{
    char copy[CONFIG_TEXT_MAX];
    size_t scheme = strncasecmp(text, "https://", 8) == 0 ? 8 : strncasecmp(text, "http://", 7) == 0 ? 7 : 0;
    if (scheme == 0)
        return config_refuse(why, "does not begin with http:// or https://");
    for (size_t i = 0; i < scheme; i++)
        text[i] = (char)tolower((unsigned char)text[i]);
    if (strpbrk(text, "?#"))
        return config_refuse(why, "has a query or a fragment");
    char *path = text + scheme + strcspn(text + scheme, "/");
    snprintf(copy, sizeof copy, "%.*s", (int)(path - (text + scheme)), text + scheme);
    if (strchr(copy, '@'))
        return config_refuse(why, "has user info");
    if (!check_host_port(copy, why))
        return false;
    for (const char *p = path; *p; p++) /* RFC 3986, 3.3 */
        if (!isalnum((unsigned char)*p) && !strchr("/-._~!$&'()*+,;=:@%", *p))
            return config_refuse(why, "the path has a character that a URL may not have");
    for (size_t len = strlen(text); text[len - 1] == '/'; len--)
        text[len - 1] = '\0';
    return true;
}

/* A link that stands on pages as it is. */
static bool check_abuse_contact(char *text, char why[CONFIG_WHY_MAX])
{
    char copy[CONFIG_TEXT_MAX];
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}", *p))
            return config_refuse(why, "has a character that a URL may not have");
    if (strncasecmp(text, "mailto:", 7) == 0) {
        const char *at = strchr(text + 7, '@');
        size_t end = strcspn(text, "?");
        return (at && at > text + 7 && at + 1 < text + end) ||
               config_refuse(why, "is not mailto: and a mail address (mailto:abuse@example.com)");
    }
    if (strncasecmp(text, "https://", 8) != 0)
        return config_refuse(why, "does not begin with mailto: or https://");
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(text + 8, "/?#"), text + 8);
    if (strchr(copy, '@'))
        return config_refuse(why, "has user info");
    return check_host_port(copy, why);
}

static bool check_hosts(char *text, bool several, char why[CONFIG_WHY_MAX])
{
    int count = 0;
    for (char *next; text; text = next) {
        next = several ? strchr(text, ',') : NULL;
        if (next)
            *next++ = '\0';
        if (++count > REDIS_HOSTS_MAX)
            return config_refuse(why, "has more than %d hosts", REDIS_HOSTS_MAX);
        if (!check_host_port(text, why))
            return false;
    }
    return true;
}

/* Takes the master's name off the front of what stands behind the hosts. */
static bool check_master(char **rest, char why[CONFIG_WHY_MAX])
{
    size_t len = *rest ? strcspn(*rest, "/") : 0;
    if (len == 0)
        return config_refuse(why, "names no master (redis+sentinel://host:port,host:port/mymaster)");
    if (len > REDIS_MASTER_MAX)
        return config_refuse(why, "the master's name has more than %d bytes", REDIS_MASTER_MAX);
    *rest = (*rest)[len] ? *rest + len + 1 : NULL;
    return true;
}

/* Says nothing of the value: it may hold a password. */
static bool check_redis_url(char *text, char why[CONFIG_WHY_MAX])
{
    char copy[CONFIG_TEXT_MAX];
    if (strncmp(text, "unix://", 7) == 0) {
        if (text[7] != '/')
            return config_refuse(why, "unix:// needs an absolute path (unix:///run/redis/redis.sock)");
        if (strlen(text + 7) > UNIX_PATH_MAX)
            return config_refuse(why, "the path of the socket has more than %d bytes", UNIX_PATH_MAX);
        return true;
    }
    bool cluster = strncmp(text, "redis+cluster://", 16) == 0;
    bool sentinel = strncmp(text, "redis+sentinel://", 17) == 0;
    if (!sentinel && !cluster && strncmp(text, "redis://", 8) != 0)
        return config_refuse(
            why, "is neither redis://[user:pass@]host:port[/db] nor redis+sentinel://host:port,.../name nor "
                 "redis+cluster://host:port,... nor "
                 "unix:///path");
    char *authority = strstr(text, "://") + 3, *end = text + config_url_without_query(text), *rest;
    char *at = memrchr(authority, '@', (size_t)(end - authority));
    long n;
    if (at)
        authority = at + 1;
    snprintf(copy, sizeof copy, "%.*s", (int)(end - authority), authority);
    rest = strchr(copy, '/');
    if (rest)
        *rest++ = '\0';
    if (sentinel && !check_master(&rest, why))
        return false;
    if (rest && *rest && cluster)
        return config_refuse(why, "a cluster has no databases");
    if (rest && *rest && (!whole_number(rest, &n) || n < 0 || n > 65535))
        return config_refuse(why, "the database is not a number");
    return check_hosts(copy, sentinel || cluster, why);
}

static bool check_key_prefix(char *text, char why[CONFIG_WHY_MAX])
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~' || *p == '{' || *p == '}')
            return config_refuse(why, "only printable ASCII without blanks and braces is possible");
    return true;
}

static bool check_admin_token(char *text, char why[CONFIG_WHY_MAX])
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~')
            return config_refuse(why, "only printable ASCII without blanks is possible");
    return true;
}

bool config_timezone_known(const char *name)
{
    char path[128], magic[4] = "";
    bool known = false;
    if (name[0] != '/' && !strstr(name, "..")) {
        snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
        FILE *f = fopen(path, "re");
        if (f) {
            known = fread(magic, 1, sizeof magic, f) == sizeof magic && memcmp(magic, "TZif", 4) == 0;
            fclose(f);
        }
    }
    return known;
}

static bool check_timezone(char *text, char why[CONFIG_WHY_MAX])
{
    char seen[CONFIG_ECHO_MAX];
    return config_timezone_known(text) ||
           config_refuse(why, "%s is not a time zone of this system (Asia/Shanghai, UTC ...)",
                         config_echo(text, seen, sizeof seen));
}

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

/* --- the table --- */

static const char *const FSYNC_WORDS[] = {"always", "everysec", NULL};
static const char *const LEVEL_WORDS[] = {"debug", "info", "warn", "error", NULL};

#define AT(field) offsetof(struct config, field)
#define SIZE(field) (sizeof(((struct config *)0)->field) - 1)

/* clang-format off */
const struct config_key config_keys[CONFIG_KEY_COUNT] = {
    /* name, type, field, min, max, fallback, shown, value, meaning, from */
    {.name = "config", NULL, 0, 0, 0, NULL, NULL, "FILE", "JSON file with any of the keys below", FROM_FLAG},
    {.name = "listen", &ADDRESS, AT(listen), 0, 0, "0.0.0.0:8080", NULL, "HOST:PORT",
     "visitors' door (port 0: the system picks)", FROM_ANY},
    {.name = "admin_listen", &ADDRESS, AT(admin_listen), 0, 0, "127.0.0.1:8081", NULL, "HOST:PORT",
     "operators' door", FROM_ANY},
    {.name = "base_url", &TEXT, AT(base_url), 1, SIZE(base_url), "http://localhost:8080", NULL, "URL",
     "what the printed codes say", FROM_ANY, .check = check_base_url},
    {.name = "data_dir", &TEXT, AT(data_dir), 1, SIZE(data_dir), "./data", NULL, "DIR",
     "the embedded Redis's data", FROM_ANY},
    {.name = "user", &TEXT, AT(user), 0, SIZE(user), "", "whoever starts it", "NAME",
     "who serves, when root starts it (serve only)", FROM_ANY},
    {.name = "redis_url", &TEXT, AT(redis_url), 0, SIZE(redis_url), "", "embedded", "URL",
     "redis://[user:pass@]host:port[/db], redis+sentinel://..., redis+cluster://... or unix:///path", FROM_ANY, .secret = true, .check = check_redis_url},
    {.name = "key_prefix", &TEXT, AT(key_prefix), 1, SIZE(key_prefix), "hm:", NULL, "TEXT",
     "begins every Redis key", FROM_ANY, .check = check_key_prefix},
    {.name = "appendfsync", &WORD, AT(appendfsync), 0, 0, "always", NULL, "WHEN",
     "always or everysec (embedded Redis only)", FROM_ANY, .words = FSYNC_WORDS},
    {.name = "wait_replicas", &NUMBER, AT(wait_replicas), 0, 16, "0", NULL, "N",
     "how many replicas of Redis have a seat before it is answered", FROM_ANY},
    {.name = "workers", &NUMBER, AT(workers), 1, CONFIG_WORKERS_MAX, NULL, "processors", "N",
     "threads that serve visitors", FROM_ANY},
    {.name = "hold_seconds", &NUMBER, AT(hold_seconds), 10, 86400, "180", NULL, "N",
     "how long an unconfirmed seat is kept", FROM_ANY},
    {.name = "visitor_days", &NUMBER, AT(visitor_days), 1, 400, "30", NULL, "N",
     "how long a visitor is known", FROM_ANY},
    {.name = "trusted_proxies", &CIDRS, AT(trusted_proxies), 0, 0, "", "none", "CIDR,...",
     "whose X-Forwarded-For is believed", FROM_ANY},
    {.name = "admin_token", &TEXT, AT(admin_token), 0, SIZE(admin_token), "", "none", "TOKEN",
     "an owner's API token that always works", FROM_FILE | FROM_ENV, .secret = true, .check = check_admin_token},
    {.name = "timezone", &TEXT, AT(timezone), 0, SIZE(timezone), "", "the system's", "NAME",
     "days of statistics and hours of groups, as Asia/Shanghai", FROM_ANY, .check = check_timezone},
    {.name = "country_database", &TEXT, AT(country_database), 0, SIZE(country_database), "", "none", "FILE",
     "where visitors are, in MaxMind's format: for `country`", FROM_ANY},
    {.name = "admin_url", &TEXT, AT(admin_url), 0, SIZE(admin_url), "", "not known", "URL",
     "the operators' door as people reach it, for links in alerts", FROM_ANY, .check = check_base_url},
    {.name = "slug_length", &NUMBER, AT(slug_length), 8, 12, "8", NULL, "N",
     "characters of a slug that nobody chose, five random bits each", FROM_ANY},
    {.name = "allowed_hosts", &HOSTS, AT(allowed_hosts), 0, 0, "", "all", "HOST,...",
     "where groups and fallbacks may lead: example.com, *.example.com, tg:", FROM_ANY},
    {.name = "abuse_contact", &TEXT, AT(abuse_contact), 0, SIZE(abuse_contact), "", "none", "URL",
     "mailto: or https: link on every visitor's page, to report abuse", FROM_ANY, .check = check_abuse_contact},
    {.name = "alert_private_hosts", &CIDRS, AT(alert_private_hosts), 0, 0, "", "none", "CIDR,...",
     "private addresses that alerts may go to, also without TLS", FROM_ANY},
    {.name = "audit_days", &NUMBER, AT(audit_days), 1, 3650, "180", NULL, "N",
     "how long the audit log is kept", FROM_ANY},
    {.name = "stats_days", &NUMBER, AT(stats_days), 1, 3650, "400", NULL, "N",
     "how long statistics are kept", FROM_ANY},
    {.name = "log_level", &WORD, AT(log_level), 0, 0, "info", NULL, "LEVEL",
     "debug, info, warn or error", FROM_ANY, .words = LEVEL_WORDS},
    {.name = "ready_file", &TEXT, AT(ready_file), 1, SIZE(ready_file), NULL, NULL, "FILE",
     "written once serving (serve only)", FROM_FLAG},
    {.name = "demo", &SWITCH, AT(demo), 0, 0, NULL, NULL, NULL,
     "an empty store gets a campaign `demo` (serve only)", FROM_FLAG},
    {.name = "take_over", &SWITCH, AT(take_over), 0, 0, NULL, NULL, NULL,
     "begin on ports that another huoma still serves, and end that one then (serve only)", FROM_FLAG},
};
/* clang-format on */
