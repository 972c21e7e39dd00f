/* Matches paths segment by segment: a table of ten routes costs less than a hash of the path. */
#include "route.h"

#include <stdio.h>
#include <string.h>

static const char *const method_names[] = {
    [HTTP_M_GET] = "GET",     [HTTP_M_HEAD] = "HEAD",     [HTTP_M_POST] = "POST",       [HTTP_M_PUT] = "PUT",
    [HTTP_M_PATCH] = "PATCH", [HTTP_M_DELETE] = "DELETE", [HTTP_M_OPTIONS] = "OPTIONS",
};

/* How many {} segments the path has, put into segment; -1: it is not of the pattern's form. */
static int pattern_match(const char *pattern, struct span path, struct span *segment)
{
    const char *p = path.at, *end = path.at + path.len;
    int n = 0;
    while (*pattern) {
        if (pattern[0] == '{') {
            const char *start = p;
            while (p < end && *p != '/')
                p++;
            if (p == start || n == ROUTE_SEGMENTS_MAX)
                return -1;
            segment[n++] = (struct span){start, (size_t)(p - start)};
            pattern += 2;
        } else {
            if (p == end || *p != *pattern)
                return -1;
            p++;
            pattern++;
        }
    }
    return p == end ? n : -1;
}

static unsigned route_methods(const struct http_route *route)
{
    unsigned bits = 1u << route->method;
    return route->method == HTTP_M_GET ? bits | 1u << HTTP_M_HEAD : bits;
}

void route_find(const struct http_route *routes, size_t count, const struct request *r, struct route_match *match)
{
    const char *pattern = NULL; /* the first one that the path has: what stands below is another resource */
    memset(match, 0, sizeof *match);
    for (size_t i = 0; i < count; i++) {
        struct span segment[ROUTE_SEGMENTS_MAX];
        if (pattern) {
            if (strcmp(pattern, routes[i].pattern) != 0)
                continue;
        } else {
            int n = pattern_match(routes[i].pattern, r->path, segment);
            if (n < 0)
                continue;
            memcpy(match->segment, segment, (size_t)n * sizeof *segment);
            pattern = routes[i].pattern;
        }
        unsigned bits = route_methods(&routes[i]);
        match->allowed |= bits;
        if (bits & 1u << r->method) {
            match->route = &routes[i];
            return;
        }
    }
}

const char *route_allow(unsigned allowed, char out[64])
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t m = 0; m < sizeof method_names / sizeof *method_names; m++)
        if (allowed & 1u << m)
            at += (size_t)snprintf(out + at, 64 - at, "%s%s", at ? ", " : "", method_names[m]);
    return out;
}
