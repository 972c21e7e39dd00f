/* See budget.h. */
#include "budget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

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

void budget_address(const struct in6_addr *client, unsigned char ret[8])
{
    if (IN6_IS_ADDR_V4MAPPED(client)) { /* 0000::/8 is nobody's, so none of IPv6 looks like it */
        memset(ret, 0, 4);
        memcpy(ret + 4, client->s6_addr + 12, 4);
    } else {
        memcpy(ret, client->s6_addr, 8);
    }
}

static uint64_t account_key(const struct budget *b, const char *uid, const struct in6_addr *client)
{
    unsigned char in[8 + 64], hash[crypto_shorthash_BYTES];
    size_t len = strnlen(uid, sizeof in - 8);
    uint64_t key;
    budget_address(client, in);
    memcpy(in + 8, uid, len);
    crypto_shorthash(hash, in, 8 + len, b->secret);
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
