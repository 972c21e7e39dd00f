/*
 * What a worker has told people of their seats lately, for a Redis that forgets: a replica that becomes the master may
 * not know the last seats that were answered. They are put back before anybody gets another one (redis_link.h, the
 * fence). What is remembered only grows, so putting it back twice, or by several workers, counts once:
 *
 *   of a bucket of holds   how many serials were issued, and which were confirmed
 *   of a group             how many seats were used when the last one was given that is not held
 */
#ifndef STORAGE_SEATS_MEMORY_H
#define STORAGE_SEATS_MEMORY_H

#include "redis_link.h"

enum {
    SEATS_MEMORY_MAX = 65536,                 /* entries of a worker; the oldest goes first */
    SEATS_MEMORY_MS = 10 * 60 * 1000,         /* a replica that lags more does not become the master */
    SEATS_MEMORY_SERIALS_MAX = 1 << 20,       /* confirmations of a bucket that are remembered */
    SEATS_MEMORY_BITS_MAX = 32 * 1024 * 1024, /* bytes of all of them */
    SEATS_MEMORY_WINDOW = 64,                 /* entries that are put back at a time */
};

struct seats_memory;

/* NULL: the store's Redis forgets nothing (or there is no memory for it). */
struct seats_memory *seats_memory_new(struct store *s);
/* Behind store_free of its store. NULL is fine. */
void seats_memory_free(struct seats_memory *m);

/* What is told, or about to be, of a group of c. due: of its bucket, or 0. count: serials issued there, or, with 0,
 * seats used. m may be NULL, and nothing is remembered. */
void seats_memory_note(struct seats_memory *m, const struct campaign *c, const char *group, int64_t due, int64_t count);
void seats_memory_note_confirmed(struct seats_memory *m, const struct campaign *c, const char *group, int64_t due,
                                 int64_t serial);

#endif
