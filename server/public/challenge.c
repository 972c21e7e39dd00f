/* See challenge.h. */
#include "challenge.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "client.h"

struct parts {
    unsigned char at[4]; /* unix seconds, the high byte first */
    unsigned char bits;
    unsigned char id[8];
    unsigned char mac[crypto_generichash_BYTES_MIN];
};
_Static_assert(sodium_base64_ENCODED_LEN(sizeof(struct parts), sodium_base64_VARIANT_URLSAFE_NO_PADDING) ==
                   CHALLENGE_TEXT,
               "all of it is text");

void challenge_key(const void *secret, size_t len, unsigned char ret[CHALLENGE_KEY])
{
    static const unsigned char purpose[] = "huoma challenge 1";
    crypto_generichash(ret, CHALLENGE_KEY, purpose, sizeof purpose - 1, secret, len);
}

static void sign(const struct challenge_for *f, const struct parts *p, unsigned char mac[sizeof p->mac])
{
    unsigned char address[CLIENT_NETWORK];
    crypto_generichash_state state;
    client_network(f->client, address);
    crypto_generichash_init(&state, f->key, CHALLENGE_KEY, sizeof p->mac);
    crypto_generichash_update(&state, p->at, offsetof(struct parts, mac));
    crypto_generichash_update(&state, address, sizeof address);
    crypto_generichash_update(&state, (const unsigned char *)f->uid, strlen(f->uid));
    crypto_generichash_final(&state, mac, sizeof p->mac);
}

void challenge_make(const struct challenge_for *f, int bits, char ret[CHALLENGE_TEXT])
{
    uint32_t at = (uint32_t)f->now;
    struct parts p = {
        .at = {(unsigned char)(at >> 24), (unsigned char)(at >> 16), (unsigned char)(at >> 8), (unsigned char)at},
        .bits = (unsigned char)bits};
    randombytes_buf(p.id, sizeof p.id);
    sign(f, &p, p.mac);
    sodium_bin2base64(ret, CHALLENGE_TEXT, (unsigned char *)&p, sizeof p, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool take_apart(const char *text, struct parts *p)
{
    size_t len;
    return strlen(text) == CHALLENGE_TEXT - 1 &&
           sodium_base642bin((unsigned char *)p, sizeof *p, text, CHALLENGE_TEXT - 1, NULL, &len, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           len == sizeof *p;
}

int challenge_bits_for(float taken)
{
    float over = taken > 1 ? log2f(taken) : 0;
    return (int)fminf(CHALLENGE_BITS_MIN + 1 + over, CHALLENGE_BITS_MAX);
}

int challenge_bits(const char *text)
{
    struct parts p;
    return take_apart(text, &p) ? p.bits : CHALLENGE_BITS_MAX;
}

static bool solves(const char *text, const char *answer, int bits)
{
    char line[CHALLENGE_TEXT + 1 + CHALLENGE_ANSWER_MAX + 1];
    unsigned char hash[crypto_hash_sha256_BYTES];
    size_t digits = strlen(answer);
    if (digits < 1 || digits > CHALLENGE_ANSWER_MAX || strspn(answer, "0123456789") != digits)
        return false;
    unsigned long long len = (unsigned)snprintf(line, sizeof line, "%s:%s", text, answer);
    crypto_hash_sha256(hash, (unsigned char *)line, len);
    uint32_t head = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
    return bits >= CHALLENGE_BITS_MIN && bits <= CHALLENGE_BITS_MAX && head >> (32 - bits) == 0;
}

enum challenge_answer challenge_check(const struct challenge_for *f, const char *text, const char *answer)
{
    struct parts p;
    unsigned char mac[sizeof p.mac];
    if (!take_apart(text, &p))
        return CHALLENGE_VOID;
    sign(f, &p, mac);
    uint32_t at = (uint32_t)p.at[0] << 24 | (uint32_t)p.at[1] << 16 | (uint32_t)p.at[2] << 8 | p.at[3];
    int64_t age = f->now - (int64_t)at;
    if (sodium_memcmp(mac, p.mac, sizeof mac) != 0 || age > CHALLENGE_SECONDS || age < -CHALLENGE_SECONDS)
        return CHALLENGE_VOID;
    if (solves(text, answer, p.bits))
        return CHALLENGE_SOLVED;
    return !answer[0] && age >= CHALLENGE_WAIT ? CHALLENGE_WAITED : CHALLENGE_OPEN;
}

/* --- each serves once --- */

struct spent {
    uint64_t id; /* 0: none */
    int64_t at;
};

/* Shared by all workers, for the next connection may come to another one. Made with the first that is used. */
static struct spent *all_spent;
static pthread_mutex_t spending = PTHREAD_MUTEX_INITIALIZER;

static bool spend(uint64_t id, int64_t now)
{
    if (!all_spent && !(all_spent = calloc(CHALLENGE_SPENT, sizeof *all_spent)))
        return false;
    struct spent *set = &all_spent[id % (CHALLENGE_SPENT / CHALLENGE_WAYS) * CHALLENGE_WAYS], *oldest = set;
    for (struct spent *s = set; s < set + CHALLENGE_WAYS; s++) {
        if (s->id == id)
            return false;
        if (s->at < oldest->at)
            oldest = s;
    }
    *oldest = (struct spent){id, now};
    return true;
}

bool challenge_spend(const char *text, int64_t now)
{
    struct parts p;
    uint64_t id;
    if (!take_apart(text, &p))
        return false;
    memcpy(&id, p.id, sizeof id);
    pthread_mutex_lock(&spending);
    bool first = spend(id ? id : 1, now);
    pthread_mutex_unlock(&spending);
    return first;
}
