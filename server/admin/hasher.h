/*
 * Passwords are hashed with argon2id, which takes a tenth of a second and 64 MB on purpose: so in a thread of its own,
 * one at a time, and the event loop goes on. Used from the base's thread only.
 */
#ifndef SERVER_ADMIN_HASHER_H
#define SERVER_ADMIN_HASHER_H

#include <stdbool.h>
#include <stddef.h>

enum {
    HASHER_QUEUE_MAX = 32,     /* passwords that wait; more are refused */
    HASHER_PASSWORD_MAX = 256, /* bytes */
    HASHER_TEXT = 128,         /* a hash as text, with NUL (crypto_pwhash_STRBYTES) */
};

struct hasher;
struct event_base;

/* Starts the thread. NULL: out of memory, descriptors or threads. */
struct hasher *hasher_new(struct event_base *base);
/* Waits for the hash under way; nobody is called back any more. NULL is fine. */
void hasher_free(struct hasher *h);

/* good: the password fits the hash, or was hashed; hash: the one made, else "". Once, never from inside the call. */
typedef void (*hasher_done)(void *ctx, bool good, const char *hash);

/* password: copied, and wiped when used. hash: the one to compare with; NULL compares with nobody's, which takes as
 * long and is never good. false: the queue is full, and done is not called. */
bool hasher_verify(struct hasher *h, const char *password, const char *hash, hasher_done done, void *ctx);
bool hasher_hash(struct hasher *h, const char *password, hasher_done done, void *ctx);

/* The same hash, made at once: for the command line. false: out of memory. */
bool hasher_hash_now(const char *password, char out[HASHER_TEXT]);

#endif
