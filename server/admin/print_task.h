/* One request for something printed, from its reading to its answer: what prints*.c share. */
#ifndef SERVER_ADMIN_PRINT_TASK_H
#define SERVER_ADMIN_PRINT_TASK_H

#include "door.h"
#include "print_sheet.h"

struct print_job;

struct print_task {
    struct conn *conn; /* NULL: its client has left */
    struct print print;
    struct print_sheet sheet;
    struct field_errors errors; /* what the drawing found wrong */
    struct print_job *job;      /* under way */
    bool begun;                 /* a streamed answer */
};

/* request_of(c)->print; NULL: out of memory, and 503 is answered. */
struct print_task *print_task_new(struct conn *c);
void print_task_free(struct print_task *t);
/* Frees the task and answers: what is wrong, or 503. */
void print_task_fail(struct print_task *t);
void print_task_fail_store(struct print_task *t, enum store_result r);

#endif
