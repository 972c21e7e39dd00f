/* See client.h. Only what trusted proxies have appended is believed: what stands left of it, anybody may have written.
 */
#include "client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* IPv4 as v4-mapped; "[v6]:port" and "v4:port", as some proxies write, are none. */
static bool read_address(struct span s, struct in6_addr *a)
{
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    if (s.len == 0 || s.len >= sizeof text)
        return false;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    if (inet_pton(AF_INET, text, &v4) != 1)
        return inet_pton(AF_INET6, text, a) == 1;
    memset(a, 0, sizeof *a);
    memset(a->s6_addr + 10, 0xff, 2);
    memcpy(a->s6_addr + 12, &v4, 4);
    return true;
}

static void write_address(const struct in6_addr *a, char out[INET6_ADDRSTRLEN])
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(a);
    inet_ntop(v4 ? AF_INET : AF_INET6, a->s6_addr + (v4 ? 12 : 0), out, INET6_ADDRSTRLEN);
}

/* Takes the last element of a list off its end, without blanks. */
static struct span last_element(struct span *list)
{
    const char *comma = memrchr(list->at, ',', list->len);
    const char *at = comma ? comma + 1 : list->at, *end = list->at + list->len;
    list->len = comma ? (size_t)(comma - list->at) : 0;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return (struct span){at, (size_t)(end - at)};
}

void client_find(const struct in6_addr *peer, struct span forwarded,
                 bool (*trusted)(const void *ctx, const struct in6_addr *a), const void *ctx, struct in6_addr *out)
{
    struct in6_addr a = *peer;
    *out = *peer;
    if (!forwarded.at || forwarded.len == 0 || !trusted(ctx, peer))
        return;
    for (int i = 0; i < CLIENT_HOPS_MAX && forwarded.len > 0; i++) {
        if (!read_address(last_element(&forwarded), &a))
            return;
        if (!trusted(ctx, &a))
            break;
    }
    *out = a;
}

void client_address(const char *peer, struct span forwarded, bool (*trusted)(const void *ctx, const struct in6_addr *a),
                    const void *ctx, char out[INET6_ADDRSTRLEN])
{
    struct in6_addr own, client;
    snprintf(out, INET6_ADDRSTRLEN, "%s", peer);
    if (!read_address((struct span){peer, strlen(peer)}, &own))
        return;
    client_find(&own, forwarded, trusted, ctx, &client);
    write_address(&client, out);
}

void client_network(const struct in6_addr *client, unsigned char ret[CLIENT_NETWORK])
{
    if (IN6_IS_ADDR_V4MAPPED(client)) { /* 0000::/8 is nobody's, so none of IPv6 looks like it */
        memset(ret, 0, 4);
        memcpy(ret + 4, client->s6_addr + 12, 4);
    } else {
        memcpy(ret, client->s6_addr, CLIENT_NETWORK);
    }
}
