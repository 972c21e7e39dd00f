/*
 * What a request says in names and values: cookies, percent-encoding, parameters of a query or form.
 */
#include "params.h"

#include <string.h>

struct span request_cookie(const struct request *r, const char *name)
{
    struct span found = {NULL, 0}, all = r->header[HTTP_H_COOKIE];
    size_t name_len = strlen(name);
    if (!all.at)
        return found;
    const char *p = all.at, *end = all.at + all.len;
    while (p < end) {
        while (p < end && (*p == ' ' || *p == '\t' || *p == ';'))
            p++;
        const char *semicolon = memchr(p, ';', (size_t)(end - p));
        const char *pair_end = semicolon ? semicolon : end;
        if ((size_t)(pair_end - p) > name_len && memcmp(p, name, name_len) == 0 && p[name_len] == '=') {
            if (found.at)
                return (struct span){NULL, 0};
            found = (struct span){p + name_len + 1, (size_t)(pair_end - p) - name_len - 1};
            while (found.len > 0 && (found.at[found.len - 1] == ' ' || found.at[found.len - 1] == '\t'))
                found.len--;
        }
        p = pair_end;
    }
    return found;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long span_decode(struct span s, bool form, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        int c = (unsigned char)s.at[i];
        if (c == '%') {
            int high = i + 2 < s.len ? hex_digit(s.at[i + 1]) : -1;
            int low = i + 2 < s.len ? hex_digit(s.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return -1;
            c = high * 16 + low;
            i += 2;
        } else if (form && c == '+') {
            c = ' ';
        }
        if (c == 0 || n + 1 >= size)
            return -1;
        out[n++] = (char)c;
    }
    if (size == 0)
        return -1;
    out[n] = '\0';
    return (long)n;
}

long query_get(struct span query, const char *name, char *out, size_t size)
{
    const char *p = query.at, *end = query.at + query.len;
    struct span found = {NULL, 0};
    int seen = 0;
    while (query.len && p < end) {
        if (++seen > HTTP_QUERY_MAX)
            return -1;
        const char *amp = memchr(p, '&', (size_t)(end - p));
        const char *pair_end = amp ? amp : end;
        const char *equals = memchr(p, '=', (size_t)(pair_end - p));
        struct span key = {p, (size_t)((equals ? equals : pair_end) - p)};
        if (span_is(key, name)) {
            if (found.at)
                return -3;
            found = equals ? (struct span){equals + 1, (size_t)(pair_end - equals) - 1} : (struct span){pair_end, 0};
        }
        p = pair_end + 1;
    }
    return found.at ? span_decode(found, true, out, size) : -2;
}
