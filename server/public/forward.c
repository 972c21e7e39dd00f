/* Puts a query into a link: pure text, checked byte by byte, for it comes from a stranger and goes into a header. */
#include "forward.h"

#include <string.h>
#include <strings.h>

static bool is_web(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "http://", 7) == 0;
}

bool forward_query_is_clean(struct span query)
{
    for (size_t i = 0; i < query.len; i++) {
        unsigned char c = (unsigned char)query.at[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"'<>#\\", c))
            return false;
    }
    return true;
}

bool forward_location(const char *url, struct span query, char out[FORWARD_LOCATION_MAX + 1])
{
    size_t base = strcspn(url, "#"), fragment = strlen(url + base);
    const char *own = memchr(url, '?', base);
    if (query.len == 0 || !is_web(url) || query.len > FORWARD_LOCATION_MAX ||
        base + 1 + query.len + fragment > FORWARD_LOCATION_MAX || !forward_query_is_clean(query))
        return false;
    char *p = mempcpy(out, url, base);
    if (!own)
        *p++ = '?';
    else if (p[-1] != '?' && p[-1] != '&')
        *p++ = '&';
    p = mempcpy(p, query.at, query.len);
    memcpy(p, url + base, fragment + 1);
    return true;
}
