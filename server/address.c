/* See address.h. */
#include "address.h"

#include <string.h>

struct range {
    uint8_t net[16];
    int bits;
    bool near; /* of this machine, its network or its provider */
};

#define V4(a, b, c, d, bits, near)                                                                                     \
    {                                                                                                                  \
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, (bits) + 96, near                                      \
    }

/* RFC 6890 and the registries that it began. */
static const struct range v4_ranges[] = {
    V4(0, 0, 0, 0, 8, true),       /* this network */
    V4(10, 0, 0, 0, 8, true),      /* private */
    V4(100, 64, 0, 0, 10, true),   /* carrier's NAT; Alibaba's metadata */
    V4(127, 0, 0, 0, 8, true),     /* loopback */
    V4(169, 254, 0, 0, 16, true),  /* link-local; metadata */
    V4(172, 16, 0, 0, 12, true),   /* private */
    V4(192, 0, 0, 0, 24, false),   /* protocols */
    V4(192, 0, 2, 0, 24, false),   /* documentation */
    V4(192, 88, 99, 0, 24, false), /* 6to4 relays */
    V4(192, 168, 0, 0, 16, true),  /* private */
    V4(198, 18, 0, 0, 15, false),  /* benchmarks */
    V4(198, 51, 100, 0, 24, false), V4(203, 0, 113, 0, 24, false),
    V4(224, 0, 0, 0, 3, false), /* multicast, reserved, broadcast */
};
/* Of IPv6 only 2000::/3 is given out; in it: */
static const struct range v6_ranges[] = {
    {{0x20, 0x01, 0x00}, 23, false},       /* protocols, Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, false}, /* documentation */
    {{0x20, 0x02}, 16, false},             /* 6to4: an IPv4 address inside */
    {{0x3f, 0xff}, 20, false},             /* documentation */
};

static bool in_range(const struct range *r, const struct in6_addr *a)
{
    size_t whole = (size_t)r->bits / 8;
    int rest = r->bits % 8;
    return memcmp(r->net, a->s6_addr, whole) == 0 &&
           (rest == 0 || (r->net[whole] ^ a->s6_addr[whole]) >> (8 - rest) == 0);
}

/* IPv4 as v4-mapped; so is what NAT64 (RFC 6052) carries. false: no address of these families. */
static bool to_mapped(const struct sockaddr *sa, struct in6_addr *ret)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        memcpy(ret->s6_addr, mapped, sizeof mapped);
        memcpy(ret->s6_addr + 12, &in.sin_addr, 4);
    } else if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof in6);
        *ret = in6.sin6_addr;
        if (memcmp(ret->s6_addr, nat64, sizeof nat64) == 0)
            memcpy(ret->s6_addr, mapped, sizeof mapped);
    } else {
        return false;
    }
    return true;
}

/* The special range that holds it; NULL: none. */
static const struct range *range_of(const struct in6_addr *a)
{
    static const struct range not_given_out = {.near = true};
    bool v4 = IN6_IS_ADDR_V4MAPPED(a);
    if (!v4 && (a->s6_addr[0] & 0xe0) != 0x20)
        return &not_given_out;
    const struct range *r = v4 ? v4_ranges : v6_ranges;
    size_t count = v4 ? sizeof v4_ranges / sizeof *r : sizeof v6_ranges / sizeof *r;
    for (size_t i = 0; i < count; i++)
        if (in_range(&r[i], a))
            return &r[i];
    return NULL;
}

bool address_counts(const struct config *c, const struct in6_addr *a)
{
    const struct range *r = range_of(a);
    return !(r && r->near) && !config_trusts_proxy(c, a);
}

bool address_is_private(const struct sockaddr *sa)
{
    struct in6_addr a;
    return !to_mapped(sa, &a) || range_of(&a);
}

bool address_may_be_reached(const struct sockaddr *sa, bool plain, const struct config_cidrs *allowed)
{
    struct in6_addr a;
    if (to_mapped(sa, &a) && config_cidrs_hold(allowed, &a))
        return true;
    return !plain && !address_is_private(sa);
}
