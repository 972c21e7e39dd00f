/* A Redis that answers nonsense must not give a seat: every number is checked before the first one counts. */
#include "seats_answer.h"

#include "redis_link.h"

enum { RUNS_AT = 3, RUN_FIELDS = 4 }; /* where runs begin, and numbers in each */

static bool read_int(const redisReply *r, size_t i, int64_t *n)
{
    return i < r->elements && redis_reply_int(r->element[i], n);
}

bool seats_answer_formed(const redisReply *r)
{
    return r->type == REDIS_REPLY_ARRAY && r->elements >= RUNS_AT && (r->elements - RUNS_AT) % RUN_FIELDS == 0 &&
           r->element[1]->type == REDIS_REPLY_STRING;
}

const char *seats_answer_definition(const redisReply *r, size_t *ret_len)
{
    *ret_len = r->element[1]->len;
    return *ret_len ? r->element[1]->str : NULL;
}

bool seats_answer_asks_again(const redisReply *r)
{
    int64_t seats;
    return read_int(r, 2, &seats) && seats == -1;
}

bool seats_answer_run(const redisReply *r, size_t i, struct seat_run *ret_run)
{
    size_t at = RUNS_AT + i * RUN_FIELDS;
    struct seat_run run;
    if (!read_int(r, at, &run.position) || !read_int(r, at + 1, &run.due) || !read_int(r, at + 2, &run.serial) ||
        !read_int(r, at + 3, &run.count) || run.position < -1 || run.due < 0 || run.serial < 0 || run.count < 1)
        return false;
    *ret_run = run;
    return true;
}

bool seats_answer_valid(const redisReply *r, const struct campaign *d, size_t asked)
{
    size_t runs = (r->elements - RUNS_AT) / RUN_FIELDS, len;
    int64_t seats, all = 0, given = 0;
    if (seats_answer_asks_again(r))
        return runs == 0 && seats_answer_definition(r, &len);
    if (!read_int(r, 2, &seats))
        return false;
    for (size_t i = 0; i < runs; i++) {
        struct seat_run run;
        if (!seats_answer_run(r, i, &run) || (run.position >= 0 && (size_t)run.position >= d->group_count) ||
            run.count > (int64_t)asked - all)
            return false;
        all += run.count;
        given += run.position >= 0 ? run.count : 0;
    }
    return given == seats && (size_t)all == asked;
}
