/* See throttle.h. Entries are found by a keyed hash: nobody can choose names that share one. */
#include "throttle.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct throttle_entry {
    uint64_t key; /* 0: free */
    int64_t last_s;
    int failures;
};

struct throttle {
    unsigned char secret[crypto_shorthash_KEYBYTES];
    struct throttle_entry sets[THROTTLE_SETS][THROTTLE_WAYS];
};

struct throttle *throttle_new(void)
{
    struct throttle *t = calloc(1, sizeof *t);
    if (t)
        randombytes_buf(t->secret, sizeof t->secret);
    return t;
}

void throttle_free(struct throttle *t)
{
    free(t);
}

static uint64_t key_of(const struct throttle *t, char kind, const void *bytes, size_t len)
{
    unsigned char text[1 + 128], hash[crypto_shorthash_BYTES];
    uint64_t key;
    len = len < sizeof text - 1 ? len : sizeof text - 1;
    text[0] = (unsigned char)kind;
    memcpy(text + 1, bytes, len);
    crypto_shorthash(hash, text, len + 1, t->secret);
    memcpy(&key, hash, sizeof key);
    return key ? key : 1;
}

static uint64_t key_of_account(const struct throttle *t, const char *account)
{
    return key_of(t, 'a', account, strlen(account));
}

static uint64_t key_of_address(const struct throttle *t, const char *address)
{
    struct in6_addr v6;
    if (inet_pton(AF_INET6, address, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6))
        return key_of(t, '6', &v6, 8);
    return key_of(t, '4', address, strlen(address));
}

/* The entry of that key, or the one to take for it. */
static struct throttle_entry *find(struct throttle *t, uint64_t key)
{
    struct throttle_entry *set = t->sets[key % THROTTLE_SETS], *oldest = set;
    for (int i = 0; i < THROTTLE_WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].last_s < oldest->last_s)
            oldest = &set[i];
    }
    return oldest;
}

static struct throttle_entry *take(struct throttle *t, uint64_t key, int64_t now_s)
{
    struct throttle_entry *e = find(t, key);
    if (e->key != key || now_s - e->last_s > THROTTLE_FORGET)
        *e = (struct throttle_entry){.key = key, .last_s = now_s};
    return e;
}

/* Seconds until the next attempt. */
static int wait_of(const struct throttle_entry *e, int free_attempts, int64_t now_s)
{
    int over = e->failures - free_attempts;
    if (over < 0)
        return 0;
    int64_t wait = over < 9 && (1 << over) < THROTTLE_WAIT_MAX ? 1 << over : THROTTLE_WAIT_MAX;
    int64_t left = e->last_s + wait - now_s;
    return left > 0 ? (int)left : 0;
}

int throttle_attempt(struct throttle *t, const char *account, const char *address, int64_t now_s)
{
    struct throttle_entry *by_account = take(t, key_of_account(t, account), now_s);
    struct throttle_entry *by_address = take(t, key_of_address(t, address), now_s);
    int first = wait_of(by_account, THROTTLE_ACCOUNT_FREE, now_s);
    int second = wait_of(by_address, THROTTLE_ADDRESS_FREE, now_s);
    if (first || second)
        return first > second ? first : second;
    by_account->failures++;
    by_address->failures++;
    by_account->last_s = by_address->last_s = now_s;
    return 0;
}

void throttle_succeeded(struct throttle *t, const char *account, const char *address)
{
    uint64_t account_key = key_of_account(t, account), address_key = key_of_address(t, address);
    struct throttle_entry *e = find(t, account_key);
    if (e->key == account_key)
        e->failures = 0;
    e = find(t, address_key);
    if (e->key == address_key && e->failures > 0)
        e->failures--;
}
