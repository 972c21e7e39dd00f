/*
 * See printer.h. One lock for all; an eventfd wakes the loop, a condition the thread.
 *
 * The thread runs one job, or a long job that waits for its client or pauses, and inside of that a short one. So a long
 * job needs no stack of its own, and what fonts and drawing libraries keep for their thread is kept once.
 */
#include "printer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

static const int64_t NS_PER_MS = 1000000, NS_PER_S = 1000000000;

struct print_job {
    struct print_job *next;
    struct printer *printer;
    struct print_order order;
    int result;
    char *bytes; /* of a short job: all; of a long one: a ring of PRINTER_PIPE */
    size_t len, room, begin;
    int64_t held_ns;             /* how long it has waited for its client */
    bool cancelled, ended, told; /* told: there are bytes that ready is still to be called for */
};

struct job_queue {
    struct print_job *first, **end;
};

struct printer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job_queue shorts, longs; /* to be done; under lock, as all that follows and each job's own */
    struct print_job *running[2];   /* the short job and the long one under way */
    struct job_queue ended;         /* done is to be called */
    struct job_queue left;          /* long jobs that ended, and whose client has not taken all */
    size_t short_count, long_count;
    bool stops;
    int64_t since_ns,
        waited_ns; /* of the long job's last pause: when it was, how long the thread had waited till then */
    int waited_fd; /* says how long the thread has waited for a processor; -1: nobody does */
    int fd;        /* an eventfd */
    struct event event;
};

static void queue_init(struct job_queue *q)
{
    q->first = NULL;
    q->end = &q->first;
}

static void queue_push(struct job_queue *q, struct print_job *job)
{
    job->next = NULL;
    *q->end = job;
    q->end = &job->next;
}

static struct print_job *queue_pop(struct job_queue *q)
{
    struct print_job *job = q->first;
    if (job && !(q->first = job->next))
        q->end = &q->first;
    return job;
}

static bool queue_remove(struct job_queue *q, const struct print_job *job)
{
    struct print_job **at = &q->first;
    while (*at && *at != job)
        at = &(*at)->next;
    if (!*at)
        return false;
    if (!(*at = job->next))
        q->end = at;
    return true;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void wake_loop(const struct printer *p)
{
    uint64_t one = 1;
    if (write(p->fd, &one, sizeof one) != sizeof one)
        abort(); /* an eventfd that nobody can fill */
}

/* --- on the thread; all but the jobs' own work under lock --- */

/* How long the thread has waited for a processor (its second number in schedstat). */
static int64_t waited_ns(const struct printer *p)
{
    char text[96], *rest;
    ssize_t n = p->waited_fd >= 0 ? pread(p->waited_fd, text, sizeof text - 1, 0) : 0;
    if (n <= 0)
        return 0;
    text[n] = '\0';
    strtoll(text, &rest, 10);
    return strtoll(rest, NULL, 10);
}

static void note_pause(struct printer *p)
{
    p->waited_ns = waited_ns(p);
    p->since_ns = now_ns();
}

static void job_run(struct printer *p, struct print_job *job)
{
    if (job->order.is_long)
        note_pause(p);
    p->running[job->order.is_long] = job;
    pthread_mutex_unlock(&p->lock);
    int result = job->order.work(job->order.ctx, job);
    pthread_mutex_lock(&p->lock);
    p->running[job->order.is_long] = NULL;
    job->result = job->cancelled ? -ECANCELED : result;
    job->ended = true;
    queue_push(job->order.is_long && job->len > 0 && job->result == 0 ? &p->left : &p->ended, job);
    wake_loop(p);
}

static void run_shorts(struct printer *p)
{
    for (struct print_job *job; (job = queue_pop(&p->shorts));)
        job_run(p, job);
}

static void be_patient(void)
{
    struct sched_param none = {.sched_priority = 0};
    /* Of the thread alone, on Linux. Whether it may be had or not, it is only kinder. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), PRINTER_NICE);
    pthread_setschedparam(pthread_self(), SCHED_IDLE, &none);
}

static void *thread_main(void *arg)
{
    struct printer *p = arg;
    be_patient();
    p->waited_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    pthread_mutex_lock(&p->lock);
    for (;;) {
        run_shorts(p);
        struct print_job *job = queue_pop(&p->longs);
        if (job)
            job_run(p, job);
        else if (p->stops)
            break;
        else
            pthread_cond_wait(&p->wake, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* On the condition, until `until_ns` at most. */
static void wait_until(struct printer *p, int64_t until_ns)
{
    struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};
    pthread_cond_timedwait(&p->wake, &p->lock, &until);
}

/* Until the pipe has room. Who holds up others for too long is given up. */
static int wait_for_room(struct printer *p, struct print_job *job)
{
    while (!job->cancelled && job->len == PRINTER_PIPE) {
        run_shorts(p);
        if (job->cancelled || job->len < PRINTER_PIPE)
            break;
        int64_t began = now_ns();
        wait_until(p, began + NS_PER_S);
        int64_t held = now_ns() - began;
        job->held_ns += held;
        p->since_ns += held; /* this was no work */
        if (p->longs.first && job->held_ns > PRINTER_HELD_SECONDS * NS_PER_S)
            job->cancelled = true;
    }
    return job->cancelled ? -ECANCELED : 0;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int pipe_write(struct print_job *job, const char *bytes, size_t len)
{
    struct printer *p = job->printer;
    int result = 0;
    pthread_mutex_lock(&p->lock);
    if (!job->bytes && !(job->bytes = malloc(PRINTER_PIPE)))
        result = -ENOMEM;
    while (result == 0 && len > 0 && (result = wait_for_room(p, job)) == 0) {
        size_t at = (job->begin + job->len) % PRINTER_PIPE;
        size_t n = smaller(smaller(len, PRINTER_PIPE - job->len), PRINTER_PIPE - at);
        memcpy(job->bytes + at, bytes, n);
        bytes += n;
        len -= n;
        job->len += n;
        if (!job->told) {
            job->told = true;
            wake_loop(p);
        }
    }
    pthread_mutex_unlock(&p->lock);
    return result;
}

static bool is_cancelled(struct print_job *job)
{
    pthread_mutex_lock(&job->printer->lock);
    bool cancelled = job->cancelled;
    pthread_mutex_unlock(&job->printer->lock);
    return cancelled;
}

int print_job_write(void *ctx, const void *bytes, size_t len)
{
    struct print_job *job = ctx;
    if (job->order.is_long)
        return pipe_write(job, bytes, len);
    if (is_cancelled(job))
        return -ECANCELED;
    if (len > PRINTER_ANSWER_MAX - job->len)
        return -EFBIG;
    if (len > job->room - job->len) { /* nobody else looks at these until it has ended */
        size_t room = job->room ? job->room * 2 : 16384;
        while (room < job->len + len)
            room *= 2;
        char *more = realloc(job->bytes, room);
        if (!more)
            return -ENOMEM;
        job->bytes = more;
        job->room = room;
    }
    if (len > 0)
        memcpy(job->bytes + job->len, bytes, len);
    job->len += len;
    return 0;
}

static int64_t rest_ns(const struct printer *p)
{
    int64_t waited = waited_ns(p) - p->waited_ns, passed = now_ns() - p->since_ns;
    if (waited <= passed / PRINTER_BUSY)
        return 0;
    int64_t rest = (passed - waited) * PRINTER_REST, most = PRINTER_REST_MS_MAX * NS_PER_MS;
    return rest < most ? rest : most;
}

int print_job_pause(struct print_job *job)
{
    struct printer *p = job->printer;
    int64_t rest = rest_ns(p);
    pthread_mutex_lock(&p->lock);
    run_shorts(p);
    for (int64_t until = now_ns() + rest; rest > 0 && !job->cancelled && now_ns() < until;) {
        wait_until(p, until);
        run_shorts(p);
    }
    note_pause(p);
    bool cancelled = job->cancelled;
    pthread_mutex_unlock(&p->lock);
    return cancelled ? -ECANCELED : 0;
}

/* --- the loop's side --- */

static void tell_done(struct printer *p, struct print_job *job)
{
    job->order.done(job->order.ctx, job, job->result);
    pthread_mutex_lock(&p->lock);
    *(job->order.is_long ? &p->long_count : &p->short_count) -= 1;
    pthread_mutex_unlock(&p->lock);
    free(job->bytes);
    free(job);
}

static void tell_ended(struct printer *p)
{
    for (;;) {
        pthread_mutex_lock(&p->lock);
        struct print_job *job = queue_pop(&p->ended);
        pthread_mutex_unlock(&p->lock);
        if (!job)
            return;
        tell_done(p, job);
    }
}

/* A long job of which there are bytes that nobody has been told of. */
static struct print_job *find_untold(struct printer *p)
{
    struct print_job *running = p->running[true], *found = running && running->told ? running : NULL;
    for (struct print_job *job = p->left.first; job && !found; job = job->next)
        if (job->told)
            found = job;
    if (found)
        found->told = false;
    return found;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct printer *p = arg;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof count) < 0)
        return;
    for (;;) {
        pthread_mutex_lock(&p->lock);
        struct print_job *job = find_untold(p);
        pthread_mutex_unlock(&p->lock);
        if (!job)
            break;
        job->order.ready(job->order.ctx, job);
    }
    tell_ended(p);
}

size_t print_job_take(struct print_job *job, char *out, size_t size)
{
    struct printer *p = job->printer;
    pthread_mutex_lock(&p->lock);
    size_t n = smaller(smaller(size, job->len), PRINTER_PIPE - job->begin);
    if (n > 0)
        memcpy(out, job->bytes + job->begin, n);
    job->begin = (job->begin + n) % PRINTER_PIPE;
    job->len -= n;
    if (n > 0)
        pthread_cond_signal(&p->wake);
    if (job->len == 0 && job->ended && queue_remove(&p->left, job)) {
        queue_push(&p->ended, job);
        wake_loop(p);
    }
    pthread_mutex_unlock(&p->lock);
    return n;
}

void print_job_cancel(struct print_job *job)
{
    struct printer *p = job->printer;
    pthread_mutex_lock(&p->lock);
    job->cancelled = true;
    if (queue_remove(&p->left, job) || queue_remove(&p->longs, job) || queue_remove(&p->shorts, job)) {
        job->result = -ECANCELED;
        queue_push(&p->ended, job);
        wake_loop(p);
    }
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

const char *print_job_bytes(const struct print_job *job, size_t *len)
{
    *len = job->len;
    return job->bytes ? job->bytes : "";
}

/* 0 or an errno. */
static int start_thread(struct printer *p)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    int error = pthread_create(&p->thread, NULL, thread_main, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

struct printer *printer_new(struct event_base *base)
{
    struct printer *p = calloc(1, sizeof *p);
    pthread_condattr_t monotonic;
    if (!p)
        return NULL;
    queue_init(&p->shorts);
    queue_init(&p->longs);
    queue_init(&p->ended);
    queue_init(&p->left);
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&p->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    p->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (p->fd < 0 || start_thread(p) != 0) {
        if (p->fd >= 0)
            close(p->fd);
        free(p);
        return NULL;
    }
    event_assign(&p->event, base, p->fd, EV_READ | EV_PERSIST, on_wake, p);
    event_add(&p->event, NULL);
    return p;
}

static void cancel_all(struct printer *p)
{
    struct print_job *job;
    while ((job = queue_pop(&p->shorts)) || (job = queue_pop(&p->longs)) || (job = queue_pop(&p->left)))
        queue_push(&p->ended, job);
    for (job = p->ended.first; job; job = job->next)
        job->result = -ECANCELED;
    for (int i = 0; i < 2; i++)
        if (p->running[i])
            p->running[i]->cancelled = true;
}

void printer_free(struct printer *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stops = true;
    cancel_all(p);
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    cancel_all(p); /* what was under way is among the ended now */
    tell_ended(p);
    event_del(&p->event);
    close(p->fd);
    if (p->waited_fd >= 0)
        close(p->waited_fd);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void printer_count(struct printer *p, size_t *ret_short, size_t *ret_long)
{
    pthread_mutex_lock(&p->lock);
    *ret_short = p->short_count;
    *ret_long = p->long_count;
    pthread_mutex_unlock(&p->lock);
}

struct print_job *printer_add(struct printer *p, const struct print_order *order)
{
    struct print_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->printer = p;
    job->order = *order;
    pthread_mutex_lock(&p->lock);
    size_t *count = order->is_long ? &p->long_count : &p->short_count;
    bool room = !p->stops && *count < (order->is_long ? (size_t)PRINTER_LONG_MAX : (size_t)PRINTER_SHORT_MAX);
    if (room) {
        *count += 1;
        queue_push(order->is_long ? &p->longs : &p->shorts, job);
        pthread_cond_signal(&p->wake);
    }
    pthread_mutex_unlock(&p->lock);
    if (!room)
        free(job);
    return room ? job : NULL;
}
