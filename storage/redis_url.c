/* Takes a redis_url apart. */
#include "redis_url.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

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

static const char *resolve(struct redis_url *url)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(url->host, NULL, &hints, &found) != 0 || !found)
        return "the host's name cannot be resolved";
    int bad =
        getnameinfo(found->ai_addr, found->ai_addrlen, url->address, sizeof url->address, NULL, 0, NI_NUMERICHOST);
    freeaddrinfo(found);
    return bad ? "the host's address cannot be read" : NULL;
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

static const char *parse_host(struct redis_url *url, const char *at, size_t len)
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
    memcpy(url->host, host, host_len);
    url->host[host_len] = '\0';
    url->port = 6379;
    if (port && (!number(port, (size_t)(end - port), 65535, &url->port) || url->port == 0))
        return "the port is not from 1 to 65535";
    return NULL;
}

const char *redis_url_parse(const char *text, struct redis_url *url)
{
    memset(url, 0, sizeof *url);
    if (strncmp(text, "unix://", 7) == 0) {
        url->is_unix = true;
        if (text[7] != '/')
            return "the socket's path is not absolute";
        if (strlen(text + 7) > REDIS_PATH_MAX)
            return "the socket's path is longer than 107 bytes";
        strncpy(url->path, text + 7, REDIS_PATH_MAX);
        return NULL;
    }
    if (strncmp(text, "redis://", 8) != 0)
        return "it begins neither with redis:// nor with unix://";
    const char *at = text + 8, *end = text + strlen(text);
    const char *slash = strchr(at, '/');
    const char *authority_end = slash ? slash : end;
    const char *sign = memrchr(at, '@', (size_t)(authority_end - at));
    const char *why = sign ? parse_login(url, at, (size_t)(sign - at)) : NULL;
    if (sign)
        at = sign + 1;
    if (!why)
        why = parse_host(url, at, (size_t)(authority_end - at));
    if (!why && slash && slash + 1 < end && !number(slash + 1, (size_t)(end - slash - 1), 9999, &url->db))
        why = "the database is not a number";
    return why ? why : resolve(url);
}
