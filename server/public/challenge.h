/*
 * A question that costs a browser a moment's work to answer, so that a script pays for each seat that it takes: find a
 * number for which SHA-256 of "CHALLENGE:NUMBER" begins with so many zero bits. It is signed, so that the server need
 * not remember what it asked; it is for one campaign and one address, for some minutes, and serves once on each server.
 */
#ifndef SERVER_PUBLIC_CHALLENGE_H
#define SERVER_PUBLIC_CHALLENGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHALLENGE_KEY = 32,
    CHALLENGE_TEXT = 40,       /* with NUL: 29 bytes as base64url */
    CHALLENGE_ANSWER_MAX = 10, /* digits */
    CHALLENGE_BITS_MIN = 14,   /* 16,384 hashes on average: a few hundredths of a second on a phone */
    CHALLENGE_BITS_MAX = 20,   /* 64 times as many: a few seconds */
    CHALLENGE_SECONDS = 600,   /* it is good for */
    CHALLENGE_WAIT = 10,       /* seconds after which one that is not solved may be waited for instead */
    CHALLENGE_SPENT = 65536,   /* that are remembered as used; a power of two. Of more the oldest are forgotten. */
    CHALLENGE_WAYS = 8,
};

enum challenge_answer {
    CHALLENGE_SOLVED,
    CHALLENGE_WAITED, /* not solved, and old enough */
    CHALLENGE_OPEN,   /* neither, yet */
    CHALLENGE_VOID,   /* not ours, of another campaign or address, too old, or used */
};

/* What it is for. */
struct challenge_for {
    const unsigned char *key; /* CHALLENGE_KEY bytes */
    const char *uid;          /* of the campaign */
    const struct in6_addr *client;
    int64_t now; /* unix seconds */
};

void challenge_key(const void *secret, size_t len, unsigned char ret[CHALLENGE_KEY]);
void challenge_make(const struct challenge_for *f, int bits, char ret[CHALLENGE_TEXT]);
/* How many bits to ask for of an address that has taken so many times its budget: one more each time that it is twice
 * as much. */
int challenge_bits_for(float taken);
/* The bits that a genuine one asks for. */
int challenge_bits(const char *text);
/* answer: the number as text; empty: none. */
enum challenge_answer challenge_check(const struct challenge_for *f, const char *text, const char *answer);
/* From now on it is void on this server. false: it already was. now: of a clock that nobody sets. Any thread. */
bool challenge_spend(const char *text, int64_t now);

#endif
