/* See hasher.h. Two queues under one lock: what is to be done, for the thread; what is done, for the loop, which an
 * eventfd wakes. */
#include "hasher.h"

#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

_Static_assert(HASHER_TEXT == crypto_pwhash_argon2id_STRBYTES, "a hash as text");

/* Nobody's: as costly to compare with as any other. */
static const char nobody[] =
    "$argon2id$v=19$m=65536,t=2,p=1$aHVvbWEtbm9ib2R5LTAwMA$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

struct hasher_job {
    struct hasher_job *next;
    bool verifies, good;
    char password[HASHER_PASSWORD_MAX + 1];
    char hash[HASHER_TEXT]; /* to compare with, or made */
    hasher_done done;
    void *ctx;
};

struct job_queue {
    struct hasher_job *first, **end;
};

struct hasher {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job_queue todo, done; /* under lock, as all that follows */
    size_t waiting;
    bool ends;
    int fd; /* an eventfd */
    struct event done_event;
};

static void queue_init(struct job_queue *q)
{
    q->first = NULL;
    q->end = &q->first;
}

static void queue_push(struct job_queue *q, struct hasher_job *job)
{
    job->next = NULL;
    *q->end = job;
    q->end = &job->next;
}

static struct hasher_job *queue_pop(struct job_queue *q)
{
    struct hasher_job *job = q->first;
    if (job && !(q->first = job->next))
        q->end = &q->first;
    return job;
}

static void job_free(struct hasher_job *job)
{
    sodium_memzero(job, sizeof *job);
    free(job);
}

/* --- the thread --- */

bool hasher_hash_now(const char *password, char out[HASHER_TEXT])
{
    return crypto_pwhash_argon2id_str(out, password, strlen(password), crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE,
                                      crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE) == 0;
}

static void work(struct hasher_job *job)
{
    if (job->verifies)
        job->good = crypto_pwhash_argon2id_str_verify(job->hash, job->password, strlen(job->password)) == 0;
    else
        job->good = hasher_hash_now(job->password, job->hash);
    sodium_memzero(job->password, sizeof job->password);
}

static void *thread_main(void *arg)
{
    struct hasher *h = arg;
    pthread_mutex_lock(&h->lock);
    while (!h->ends) {
        struct hasher_job *job = queue_pop(&h->todo);
        if (!job) {
            pthread_cond_wait(&h->wake, &h->lock);
            continue;
        }
        pthread_mutex_unlock(&h->lock);
        work(job);
        pthread_mutex_lock(&h->lock);
        queue_push(&h->done, job);
        uint64_t one = 1;
        if (write(h->fd, &one, sizeof one) != sizeof one)
            abort(); /* an eventfd that nobody can fill */
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* --- the loop's side --- */

static void on_done(evutil_socket_t fd, short what, void *arg)
{
    struct hasher *h = arg;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof count) < 0)
        return;
    for (;;) {
        pthread_mutex_lock(&h->lock);
        struct hasher_job *job = queue_pop(&h->done);
        h->waiting -= job != NULL;
        pthread_mutex_unlock(&h->lock);
        if (!job)
            return;
        job->done(job->ctx, job->good, job->verifies ? "" : job->hash);
        job_free(job);
    }
}

struct hasher *hasher_new(struct event_base *base)
{
    struct hasher *h = calloc(1, sizeof *h);
    sigset_t all, before;
    if (!h)
        return NULL;
    queue_init(&h->todo);
    queue_init(&h->done);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->wake, NULL);
    h->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    int error = h->fd < 0 ? -1 : pthread_create(&h->thread, NULL, thread_main, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        if (h->fd >= 0)
            close(h->fd);
        free(h);
        return NULL;
    }
    event_assign(&h->done_event, base, h->fd, EV_READ | EV_PERSIST, on_done, h);
    event_add(&h->done_event, NULL);
    return h;
}

void hasher_free(struct hasher *h)
{
    struct hasher_job *job;
    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    h->ends = true;
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    event_del(&h->done_event);
    close(h->fd);
    while ((job = queue_pop(&h->todo)) || (job = queue_pop(&h->done)))
        job_free(job);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static bool add(struct hasher *h, struct hasher_job *job)
{
    pthread_mutex_lock(&h->lock);
    bool room = h->waiting < HASHER_QUEUE_MAX;
    if (room) {
        h->waiting++;
        queue_push(&h->todo, job);
        pthread_cond_signal(&h->wake);
    }
    pthread_mutex_unlock(&h->lock);
    if (!room)
        job_free(job);
    return room;
}

static struct hasher_job *job_new(const char *password, hasher_done done, void *ctx)
{
    size_t len = strlen(password);
    struct hasher_job *job = len <= HASHER_PASSWORD_MAX ? calloc(1, sizeof *job) : NULL;
    if (job) {
        memcpy(job->password, password, len + 1);
        job->done = done;
        job->ctx = ctx;
    }
    return job;
}

bool hasher_verify(struct hasher *h, const char *password, const char *hash, hasher_done done, void *ctx)
{
    struct hasher_job *job = job_new(password, done, ctx);
    if (!job)
        return false;
    job->verifies = true;
    snprintf(job->hash, sizeof job->hash, "%s", hash ? hash : nobody);
    return add(h, job);
}

bool hasher_hash(struct hasher *h, const char *password, hasher_done done, void *ctx)
{
    struct hasher_job *job = job_new(password, done, ctx);
    return job && add(h, job);
}
