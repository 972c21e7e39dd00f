/* Takes a redis_url apart. */
#include "redis_url.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decodes [at, at+len) into out; false: too long or a bad escape. */
static bool decode(const char *at, size_t len, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)at[i];
        if (c == '%') {
            int high = i + 2 < len ? hex_digit(at[i + 1]) : -1, low = i + 2 < len ? hex_digit(at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c == 0 || n + 1 >= size)
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return true;
}

static bool number(const char *at, size_t len, int max, int *out)
{
    if (len == 0 || len > 6)
        return false;
    int n = 0;
    for (size_t i = 0; i < len; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        n = n * 10 + (at[i] - '0');
    }
    *out = n;
    return n <= max;
}

static const char *parse_login(struct redis_url *url, const char *at, size_t len)
{
    const char *colon = memchr(at, ':', len);
    size_t user = colon ? (size_t)(colon - at) : len;
    if (!decode(at, user, url->user, sizeof url->user))
        return "the user is too long or badly escaped";
    if (colon && !decode(colon + 1, len - user - 1, url->password, sizeof url->password))
        return "the password is too long or badly escaped";
    return colon ? NULL : "a user needs a password: redis://user:password@host";
}

/* One host; [at, at+len) has no comma. */
static const char *parse_host(struct redis_host *to, int usual_port, const char *at, size_t len)
{
    const char *end = at + len, *host = at, *port = NULL;
    size_t host_len;
    if (len && *at == '[') {
        const char *close = memchr(at, ']', len);
        if (!close || (close + 1 < end && close[1] != ':'))
            return "the host is malformed";
        host = at + 1;
        host_len = (size_t)(close - host);
        port = close + 1 < end ? close + 2 : NULL;
    } else {
        const char *colon = memchr(at, ':', len);
        host_len = colon ? (size_t)(colon - at) : len;
        port = colon ? colon + 1 : NULL;
    }
    if (host_len == 0 || host_len > REDIS_HOST_MAX)
        return "the host is missing or too long";
    memcpy(to->name, host, host_len);
    to->name[host_len] = '\0';
    to->port = usual_port;
    if (port && (!number(port, (size_t)(end - port), 65535, &to->port) || to->port == 0))
        return "the port is not from 1 to 65535";
    return NULL;
}

static const char *parse_hosts(struct redis_url *url, const char *at, size_t len)
{
    const char *end = at + len, *why = NULL;
    size_t most = url->kind == REDIS_ONE ? 1 : REDIS_HOSTS_MAX;
    int usual_port = url->kind == REDIS_SENTINEL ? REDIS_SENTINEL_PORT : REDIS_PORT;
    for (const char *comma; !why; at = comma + 1) {
        comma = memchr(at, ',', (size_t)(end - at));
        size_t host_len = (size_t)((comma ? comma : end) - at);
        if (url->host_count == most)
            return "it has too many hosts";
        why = parse_host(&url->hosts[url->host_count++], usual_port, at, host_len);
        if (!comma)
            break;
    }
    return why;
}

/* "name[/db]" */
static const char *parse_master(struct redis_url *url, const char **at, const char *end)
{
    size_t len = strcspn(*at, "/");
    if (len > (size_t)(end - *at))
        len = (size_t)(end - *at);
    if (len == 0)
        return "the master's name is missing: redis+sentinel://host:port/name";
    if (!decode(*at, len, url->master, sizeof url->master))
        return "the master's name is too long or badly escaped";
    *at += len + (*at + len < end);
    return NULL;
}

/* One "name=value" of what stands behind "?". */
static const char *parse_parameter(struct redis_url *url, const char *at, size_t len)
{
    static const char user[] = "sentinel_user=", password[] = "sentinel_password=";
    if (strncmp(at, user, sizeof user - 1) == 0)
        return decode(at + sizeof user - 1, len - sizeof user + 1, url->sentinel_user, sizeof url->sentinel_user)
                   ? NULL
                   : "sentinel_user is too long or badly escaped";
    if (strncmp(at, password, sizeof password - 1) == 0)
        return decode(at + sizeof password - 1, len - sizeof password + 1, url->sentinel_password,
                      sizeof url->sentinel_password)
                   ? NULL
                   : "sentinel_password is too long or badly escaped";
    return "behind ? only sentinel_user= and sentinel_password= are known";
}

static const char *parse_query(struct redis_url *url, const char *at)
{
    const char *why = NULL;
    for (size_t len; !why; at += len + 1) {
        len = strcspn(at, "&");
        why = parse_parameter(url, at, len);
        if (!at[len])
            break;
    }
    if (!why && url->sentinel_user[0] && !url->sentinel_password[0])
        return "sentinel_user needs a sentinel_password";
    return why;
}

static const char *parse_unix(struct redis_url *url, const char *path)
{
    url->is_unix = true;
    if (path[0] != '/')
        return "the socket's path is not absolute";
    if (strlen(path) > REDIS_PATH_MAX)
        return "the socket's path is longer than 107 bytes";
    strncpy(url->path, path, REDIS_PATH_MAX);
    return NULL;
}

const char *redis_url_parse(const char *text, struct redis_url *url)
{
    static const struct {
        const char *scheme;
        enum redis_kind kind;
    } schemes[] = {{"redis://", REDIS_ONE}, {"redis+sentinel://", REDIS_SENTINEL}, {"redis+cluster://", REDIS_CLUSTER}};
    const char *at = NULL, *end = text + strlen(text);
    memset(url, 0, sizeof *url);
    if (strncmp(text, "unix://", 7) == 0)
        return parse_unix(url, text + 7);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(text, schemes[i].scheme, strlen(schemes[i].scheme)) == 0) {
            url->kind = schemes[i].kind;
            at = text + strlen(schemes[i].scheme);
        }
    if (!at)
        return "it begins with none of redis://, redis+sentinel://, redis+cluster:// and unix://";
    const char *slash = strchr(at, '/');
    const char *authority_end = slash ? slash : end, *rest = slash ? slash + 1 : end;
    const char *sign = memrchr(at, '@', (size_t)(authority_end - at));
    const char *why = sign ? parse_login(url, at, (size_t)(sign - at)) : NULL;
    const char *query = url->kind == REDIS_SENTINEL ? strchr(rest, '?') : NULL;
    if (query)
        end = query;
    if (sign)
        at = sign + 1;
    if (!why)
        why = parse_hosts(url, at, (size_t)(authority_end - at));
    if (!why && url->kind == REDIS_SENTINEL)
        why = parse_master(url, &rest, end);
    if (!why && url->kind == REDIS_CLUSTER && rest < end)
        why = "a cluster has no databases";
    if (!why && rest < end && !number(rest, (size_t)(end - rest), 9999, &url->db))
        why = "the database is not a number";
    if (!why && query)
        why = parse_query(url, query + 1);
    return why;
}
