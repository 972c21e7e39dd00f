/* See budget.h. */
#include "budget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "client.h"

static const float LATELY_MS = 60000; /* after so long a seat counts for a third */

struct budget {
    unsigned char secret[crypto_shorthash_KEYBYTES]; /* nobody can choose which accounts share a place */
    struct budget_account accounts[BUDGET_ACCOUNTS];
};

/* Its pages are touched when they are first used. */
struct budget *budget_new(void)
{
    struct budget *b = calloc(1, sizeof *b);
    if (b)
        randombytes_buf(b->secret, sizeof b->secret);
    return b;
}

void budget_free(struct budget *b)
{
    free(b);
}

static uint64_t account_key(const struct budget *b, const char *uid, const struct in6_addr *client)
{
    unsigned char in[CLIENT_NETWORK + 64], hash[crypto_shorthash_BYTES];
    size_t len = strnlen(uid, sizeof in - CLIENT_NETWORK);
    uint64_t key;
    client_network(client, in);
    memcpy(in + CLIENT_NETWORK, uid, len);
    crypto_shorthash(hash, in, CLIENT_NETWORK + len, b->secret);
    memcpy(&key, hash, sizeof key);
    return key ? key : 1;
}

struct budget_account *budget_account(struct budget *b, const char *uid, const struct in6_addr *client, int64_t now_ms)
{
    uint64_t key = account_key(b, uid, client);
    struct budget_account *set = &b->accounts[key % (BUDGET_ACCOUNTS / BUDGET_WAYS) * BUDGET_WAYS], *oldest = set;
    for (struct budget_account *a = set; a < set + BUDGET_WAYS; a++) {
        if (a->key == key) {
            float left = expf(-(float)(now_ms - a->at_ms) / LATELY_MS);
            a->seats *= left;
            a->waited *= left;
            a->at_ms = now_ms;
            return a;
        }
        if (a->at_ms < oldest->at_ms)
            oldest = a;
    }
    *oldest = (struct budget_account){.key = key, .at_ms = now_ms};
    return oldest;
}
