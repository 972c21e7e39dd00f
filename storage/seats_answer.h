/*
 * What the scripts that take seats answer (answer() in scripts/taking.lua), taken apart:
 * {version, definition or "", seats or -1, and for each run of visitors: position, due, serial, count}.
 */
#ifndef STORAGE_SEATS_ANSWER_H
#define STORAGE_SEATS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redisReply;
struct campaign;

/* Consecutive visitors who were given the same. */
struct seat_run {
    int64_t position; /* of the group; -1: none is open to them */
    int64_t due;      /* the hold's bucket, 0: not held */
    int64_t serial;   /* of the first of them */
    int64_t count;
};

/* Whether it has the form of an answer at all. */
bool seats_answer_formed(const struct redisReply *r);
/* The definition that came with it, or NULL: the one that is known is the newest. */
const char *seats_answer_definition(const struct redisReply *r, size_t *ret_len);
/* Nobody was given a seat: the lanes that the call named were of an older definition. */
bool seats_answer_asks_again(const struct redisReply *r);
/* The i-th run, from 0; false: there is none, or it makes no sense. */
bool seats_answer_run(const struct redisReply *r, size_t i, struct seat_run *ret_run);
/* Whether all of it makes sense for that definition and so many visitors; to be asked before anyone is told. */
bool seats_answer_valid(const struct redisReply *r, const struct campaign *d, size_t asked);

#endif
