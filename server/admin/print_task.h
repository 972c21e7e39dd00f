/* One request for something printed, from its reading to its answer: what prints*.c share. */
#ifndef SERVER_ADMIN_PRINT_TASK_H
#define SERVER_ADMIN_PRINT_TASK_H

#include "door.h"
#include "print_sheet.h"
#include "printer.h"

struct print_task {
    struct conn *conn; /* NULL: its client has left */
    struct print print;
    struct print_sheet sheet;
    struct print_campaign of;
    struct print_told told;     /* by the drawing */
    struct field_errors errors; /* likewise */
    struct print_press *press;  /* the print thread's */
    struct print_job *job;      /* under way */
    bool begun;                 /* a streamed answer */
};

/* request_of(c)->print; NULL: out of memory, and 503 is answered. */
struct print_task *print_task_new(struct conn *c);
void print_task_free(struct print_task *t);
/* Frees the task and answers what is wrong: its errors, or what `result` means. */
void print_task_fail(struct print_task *t, int result);
/* Reads what is printed of the request's campaign; done's ctx is the task. */
void print_task_read(struct print_task *t, bool with_logo, store_printed_done done);
/* Takes that. false: it was not read, and that is answered. */
bool print_task_take(struct print_task *t, enum store_result r, const struct store_printed *p);
/* Has it done on the print thread; order's ctx is the task. If there is no room for it, answers that. */
void print_task_start(struct print_task *t, const struct print_order *order);
/* Huoma-Proof and Huoma-Compact. */
void print_task_headers(const struct print_task *t, struct reply *r);

#endif
