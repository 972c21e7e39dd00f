/*
 * Short texts from strangers, the first byte saying what they are: links, old addresses, hours, languages, a browser's
 * name, queries that are passed on, Redis' URL. What is accepted holds what its reader promises.
 */
#include "alias.h"
#include "client.h"
#include "crawler.h"
#include "date.h"
#include "forward.h"
#include "fuzz.h"
#include "hosts.h"
#include "landing_language.h"
#include "params.h"
#include "platform.h"
#include "redis_url.h"
#include "store.h"
#include "visit.h"
#include "when.h"

static const char allowed[][PLATFORM_HOST_MAX + 1] = {"t.me", "*.example.com", "tg:", "[::1]"};

static void link_text(const char *text, size_t len)
{
    const struct allowed_hosts hosts = {allowed, sizeof allowed / sizeof *allowed};
    char host[PLATFORM_HOST_MAX + 1], again[PLATFORM_HOST_MAX + 1];
    if (platform_check_url(text, len))
        return;
    CHECK(strlen(text) == len && len <= 2048);
    for (size_t i = 0; i < len; i++)
        CHECK(text[i] > 0x20 && text[i] < 0x7f);
    CHECK((unsigned)platform_of_url(text) < PLATFORM_COUNT);
    platform_host_of_url(text, host);
    CHECK(host[0] && strlen(host) <= PLATFORM_HOST_MAX && !strchr(host, '@'));
    hosts_allow(&hosts, text, again);
    CHECK(strcmp(host, again) == 0);
}

static void alias_text(const char *text, size_t len)
{
    char alias[ALIAS_MAX + 1], again[ALIAS_MAX + 1];
    struct alias_candidates c;
    const char *query = memchr(text, '?', len);
    size_t path_len = query ? (size_t)(query - text) : len;
    if (!alias_read(text, len, alias)) {
        CHECK(strlen(alias) <= ALIAS_MAX && !alias_read(alias, strlen(alias), again) && strcmp(alias, again) == 0);
    }
    if (!alias_find_candidates(text, path_len, query ? query + 1 : "", query ? len - path_len - 1 : 0, &c))
        return;
    CHECK(c.count >= 1 && c.count <= ALIAS_CANDIDATES_MAX);
    for (int i = 0; i < c.count; i++)
        CHECK(c.len[i] <= ALIAS_MAX && (i == 0 || c.len[i] > c.len[i - 1]) && c.used[i] <= len);
}

static void hours_text(const char *text, size_t len)
{
    struct when_window w;
    (void)len;
    if (when_read_window(text, &w))
        return;
    CHECK(w.first >= 0 && w.first < 7 && w.last >= 0 && w.last < 7);
    CHECK(w.start >= 0 && w.start < 1440 && w.length > 0 && w.length <= 1440);
}

static void language_text(const char *text, size_t len)
{
    char best[WHEN_LANGUAGE_MAX + 1];
    CHECK((unsigned)landing_language_of(text, len, LANDING_ZH) < LANDING_LANGUAGES);
    if (!language_best(text, len, best))
        CHECK(best[0] == '\0');
}

static void browser_text(const char *text, size_t len)
{
    struct request r = {.method = HTTP_M_GET};
    r.header[HTTP_H_USER_AGENT] = (struct span){text, len};
    r.header[HTTP_H_SEC_PURPOSE] = (struct span){text, len};
    crawler_is(&r);
    struct visit v = visit_of(&r, "", 1795000000, NULL, VISIT_FACT_APP | VISIT_FACT_OS);
    CHECK((unsigned)v.app < VISIT_APPS && (unsigned)v.os < VISIT_SYSTEMS);
}

static void query_text(const char *text, size_t len)
{
    char location[FORWARD_LOCATION_MAX + 1], value[64];
    const struct span query = {text, len};
    query_get(query, "from", value, sizeof value);
    if (!forward_location("https://t.me/x?a=1#b", query, location))
        return;
    CHECK(forward_query_is_clean(query) && strlen(location) <= FORWARD_LOCATION_MAX);
    CHECK(strncmp(location, "https://t.me/x?a=1&", 19) == 0 && strcmp(location + strlen(location) - 2, "#b") == 0);
}

static void redis_text(const char *text, size_t len)
{
    struct redis_url url;
    (void)len;
    if (redis_url_parse(text, &url))
        return;
    CHECK(url.is_unix ? url.host_count == 0 : url.host_count >= 1 && url.host_count <= REDIS_HOSTS_MAX);
    for (size_t i = 0; i < url.host_count; i++)
        CHECK(url.hosts[i].name[0] && url.hosts[i].port > 0 && url.hosts[i].port < 65536);
}

/* Also of days and dates. */
static void day_text(const char *text, size_t len)
{
    char again[STORE_DAY];
    int64_t at;
    if (stats_day_valid(text)) {
        stats_day_before(text, 0, again);
        CHECK(strcmp(text, again) == 0);
    }
    date_from_text(text, len, &at);
}

static bool trusted(const void *ctx, const struct in6_addr *a)
{
    (void)ctx;
    return a->s6_addr[15] & 1;
}

static void forwarded_text(const char *text, size_t len)
{
    char client[INET6_ADDRSTRLEN], again[INET6_ADDRSTRLEN];
    client_address("::1", (struct span){text, len}, trusted, NULL, client);
    client_address(client, (struct span){"", 0}, trusted, NULL, again);
    CHECK(client[0] && strcmp(client, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *text, size_t len) = {link_text,     alias_text,   hours_text,
                                                                    language_text, browser_text, query_text,
                                                                    redis_text,    day_text,     forwarded_text};
    if (size < 1)
        return 0;
    /* A copy of its own, so that a read behind the end is seen. */
    char *text = malloc(size);
    CHECK(text);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    readers[data[0] % (sizeof readers / sizeof *readers)](text, size - 1);
    free(text);
    return 0;
}
