/* See crowd.h. */
#include "crowd.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

struct crowd {
    unsigned char secret[crypto_shorthash_KEYBYTES];
    uint32_t counts[CROWD_PLACES];
};

struct crowd *crowd_new(void)
{
    struct crowd *c = calloc(1, sizeof *c);
    if (c)
        randombytes_buf(c->secret, sizeof c->secret);
    return c;
}

void crowd_free(struct crowd *c)
{
    free(c);
}

uint32_t *crowd_count(struct crowd *c, const struct in6_addr *client)
{
    unsigned char network[CLIENT_NETWORK], hash[crypto_shorthash_BYTES];
    uint64_t key;
    client_network(client, network);
    crypto_shorthash(hash, network, sizeof network, c->secret);
    memcpy(&key, hash, sizeof key);
    return &c->counts[key % CROWD_PLACES];
}
