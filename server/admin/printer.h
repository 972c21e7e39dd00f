/*
 * What takes long to draw is drawn on a thread of its own, which runs when nobody else wants to: SCHED_IDLE, as the
 * programs that it starts. That is not enough where the kernel shares processors out by groups of processes, because
 * whoever answers scans is in the same group, and would pay for what was printed. So a long job that has to wait for a
 * processor leaves it alone for a while at its next pause.
 *
 * A job is a function that is run on the thread, one at a time, and writes bytes. A short job (a code, a poster) is
 * collected and told of when it is done. A long one (a sheet) goes through a pipe of PRINTER_PIPE bytes: when it is
 * full the job waits for the client. While a long job waits, and wherever it pauses, short jobs have their turn: nobody
 * waits for a sheet but who wants one too.
 *
 * All functions but those marked "on the thread" are for the base's thread only.
 */
#ifndef SERVER_ADMIN_PRINTER_H
#define SERVER_ADMIN_PRINTER_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PRINTER_SHORT_MAX = 64,        /* short jobs that wait or run; more are refused */
    PRINTER_LONG_MAX = 8,          /* long ones, those included whose client still takes what is left */
    PRINTER_PIPE = 1 << 20,        /* bytes of a long job ahead of its client */
    PRINTER_ANSWER_MAX = 64 << 20, /* bytes of a short job */
    PRINTER_HELD_SECONDS = 120,    /* a long job waits so long for its client in all, if others wait for it */
    PRINTER_NICE = 19,             /* of the thread, setpriority(2), where there is no SCHED_IDLE */
    PRINTER_REST = 3,              /* of a long job: times as long as it worked, if it had to wait */
    PRINTER_REST_MS_MAX = 10,      /* likewise, at most */
    PRINTER_BUSY = 16,             /* it had to wait: for more than this part of the time */
};

struct printer;
struct print_job;
struct event_base;

struct print_order {
    bool is_long;
    void *ctx; /* of the three; theirs from printer_add until done has returned */
    /* On the thread. 0 or -errno. */
    int (*work)(void *ctx, struct print_job *job);
    /* Of a long job: there are bytes to take. NULL for a short one. */
    void (*ready)(void *ctx, struct print_job *job);
    /* Once, as the last, never from inside another call: work has returned `result`, and of a long job all bytes are
     * taken, or it was cancelled or had failed. -ECANCELED: by the client or because the server stops: then nothing but
     * the connection is to be used any more. The job is gone afterwards. */
    void (*done)(void *ctx, struct print_job *job, int result);
};

/* Starts the thread. NULL: out of memory, descriptors or threads. */
struct printer *printer_new(struct event_base *base);
/* Cancels all jobs, waits for the one under way, and has all told that they are done. NULL is fine. */
void printer_free(struct printer *p);

/* NULL: as many wait as may, or out of memory; nobody is called. */
struct print_job *printer_add(struct printer *p, const struct print_order *order);

/* Jobs that wait or run. */
void printer_count(struct printer *p, size_t *ret_short, size_t *ret_long);

/* On the thread: 0; -ECANCELED nobody wants it any more; -EFBIG; -ENOMEM. Waits for the client of a long job. Is a
 * qr_write with the job as its ctx. */
int print_job_write(void *job, const void *bytes, size_t len);
/* On the thread, of a long job: lets the short ones that wait go first, and rests if others want the processors. 0 or
 * -ECANCELED. */
int print_job_pause(struct print_job *job);

/* Nobody wants it any more: its work ends at its next write or pause, and done is called. */
void print_job_cancel(struct print_job *job);
/* Of a long job: up to size bytes, which are then its client's; 0: none now. */
size_t print_job_take(struct print_job *job, char *out, size_t size);
/* Of a short job, in done: what it wrote. */
const char *print_job_bytes(const struct print_job *job, size_t *len);

#endif
