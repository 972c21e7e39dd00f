/* See sender.h. Two queues under one lock, as in hasher.c; in between curl's multi handle, which is the thread's own.
 */
#include "sender.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "address.h"

enum { POLL_MS = 1000 };

struct sender_job {
    struct sender_job *next;
    struct sender *sender;
    struct letter *letter;
    sender_done done;
    void *ctx;
    struct letter_answer answer;
    /* the thread's */
    CURL *easy;
    struct curl_slist *headers, *to;
    size_t sent, received;
    char got[LETTER_ANSWER_MAX];
    size_t got_len;
    bool refused; /* an address may not be reached */
    char error[CURL_ERROR_SIZE];
};

struct job_queue {
    struct sender_job *first, **end;
};

struct sender {
    const struct config_cidrs *allowed;
    pthread_t thread;
    pthread_mutex_t lock;
    struct job_queue todo, done; /* under lock, as all that follows */
    size_t waiting;
    bool ends;
    int fd; /* an eventfd */
    struct event done_event;
    /* the thread's */
    CURLM *multi;
    struct sender_job *flying[SENDER_TOGETHER_MAX]; /* on their way; NULL: a free place */
};

static void queue_init(struct job_queue *q)
{
    q->first = NULL;
    q->end = &q->first;
}

static void queue_push(struct job_queue *q, struct sender_job *job)
{
    job->next = NULL;
    *q->end = job;
    q->end = &job->next;
}

static struct sender_job *queue_pop(struct job_queue *q)
{
    struct sender_job *job = q->first;
    if (job && !(q->first = job->next))
        q->end = &q->first;
    return job;
}

static void job_free(struct sender_job *job)
{
    if (job->easy)
        curl_easy_cleanup(job->easy);
    curl_slist_free_all(job->headers);
    curl_slist_free_all(job->to);
    letter_free(job->letter);
    free(job);
}

/* --- curl's callbacks --- */

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct sender_job *job = ctx;
    (void)purpose;
    if (!address_may_be_reached(&a->addr, job->letter->plain, job->sender->allowed)) {
        job->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static void keep(struct sender_job *job, const char *bytes, size_t len)
{
    size_t room = sizeof job->got - job->got_len;
    memcpy(job->got + job->got_len, bytes, len < room ? len : room);
    job->got_len += len < room ? len : room;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct sender_job *job = ctx;
    keep(job, bytes, size * count);
    job->received += size * count;
    return job->received > SENDER_ANSWER_MAX ? 0 : size * count;
}

/* A mail server's answers come as headers: the last one before its goodbye says how it went. */
static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct sender_job *job = ctx;
    job->received += size * count;
    if (job->letter->mail && strncmp(bytes, "221", 3) != 0) {
        job->got_len = 0;
        keep(job, bytes, size * count);
    }
    return job->received > SENDER_ANSWER_MAX ? 0 : size * count;
}

static size_t on_read(char *bytes, size_t size, size_t count, void *ctx)
{
    struct sender_job *job = ctx;
    size_t left = job->letter->len - job->sent, n = size * count < left ? size * count : left;
    memcpy(bytes, job->letter->body + job->sent, n);
    job->sent += n;
    return n;
}

/* --- the thread --- */

static void prepare_post(struct sender_job *job)
{
    const struct letter *l = job->letter;
    for (size_t i = 0; i < l->header_count; i++)
        job->headers = curl_slist_append(job->headers, l->headers[i]);
    job->headers = curl_slist_append(job->headers, "Expect:");
    curl_easy_setopt(job->easy, CURLOPT_HTTPHEADER, job->headers);
    curl_easy_setopt(job->easy, CURLOPT_USERAGENT, "huoma");
    curl_easy_setopt(job->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)l->len);
    curl_easy_setopt(job->easy, CURLOPT_POSTFIELDS, l->body);
    curl_easy_setopt(job->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(job->easy, CURLOPT_WRITEDATA, job);
}

static void prepare_mail(struct sender_job *job)
{
    const struct letter *l = job->letter;
    char address[DESTINATION_TO_MAX + 3];
    for (const char *p = l->to; *p;) {
        size_t skip = strspn(p, " ,"), len = strcspn(p + skip, " ,");
        snprintf(address, sizeof address, "<%.*s>", (int)len, p + skip);
        if (len > 0)
            job->to = curl_slist_append(job->to, address);
        p += skip + len;
    }
    snprintf(address, sizeof address, "<%s>", l->from);
    curl_easy_setopt(job->easy, CURLOPT_MAIL_FROM, address);
    curl_easy_setopt(job->easy, CURLOPT_MAIL_RCPT, job->to);
    curl_easy_setopt(job->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(job->easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(job->easy, CURLOPT_READDATA, job);
    curl_easy_setopt(job->easy, CURLOPT_USE_SSL, l->starttls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
    if (l->user[0]) {
        curl_easy_setopt(job->easy, CURLOPT_USERNAME, l->user);
        curl_easy_setopt(job->easy, CURLOPT_PASSWORD, l->password);
    }
}

static void set_protocols(CURL *easy, const struct letter *l)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, l->mail ? "smtp,smtps" : l->plain ? "http" : "https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                     l->mail    ? (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS)
                     : l->plain ? (long)CURLPROTO_HTTP
                                : (long)CURLPROTO_HTTPS);
#endif
}

/* false: out of memory. */
static bool begin(struct sender *s, struct sender_job *job)
{
    job->easy = curl_easy_init();
    if (!job->easy)
        return false;
    set_protocols(job->easy, job->letter);
    curl_easy_setopt(job->easy, CURLOPT_URL, job->letter->url);
    curl_easy_setopt(job->easy, CURLOPT_PRIVATE, job);
    curl_easy_setopt(job->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(job->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(job->easy, CURLOPT_PROXY, ""); /* not even the environment's: it would make the connection */
    curl_easy_setopt(job->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(job->easy, CURLOPT_FRESH_CONNECT, 1L); /* each connection is looked at */
    curl_easy_setopt(job->easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(job->easy, CURLOPT_CONNECTTIMEOUT, (long)SENDER_CONNECT_SECONDS);
    curl_easy_setopt(job->easy, CURLOPT_TIMEOUT, (long)SENDER_SECONDS);
    curl_easy_setopt(job->easy, CURLOPT_ERRORBUFFER, job->error);
    curl_easy_setopt(job->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(job->easy, CURLOPT_OPENSOCKETDATA, job);
    curl_easy_setopt(job->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(job->easy, CURLOPT_HEADERDATA, job);
    if (job->letter->mail)
        prepare_mail(job);
    else
        prepare_post(job);
    return curl_multi_add_handle(s->multi, job->easy) == CURLM_OK;
}

/* Wrong for good: what the configuration or the destination says must change first. */
static bool is_permanent(CURLcode code)
{
    return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_LOGIN_DENIED ||
           code == CURLE_USE_SSL_FAILED || code == CURLE_PEER_FAILED_VERIFICATION;
}

static void conclude(struct sender_job *job, CURLcode code)
{
    struct letter_answer *a = &job->answer;
    long status = 0;
    curl_off_t later = 0;
    const char *why = job->error[0] ? job->error : curl_easy_strerror(code);
    if (job->easy) {
        curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(job->easy, CURLINFO_RETRY_AFTER, &later);
    }
    a->status = (int)status;
    a->retry_after = later > 0 && later < INT32_MAX ? (int)later : 0;
    bool answered = job->letter->mail ? code == CURLE_OK || status >= 400 : status > 0;
    if (answered) {
        letter_keep_text(a, job->got, job->got_len);
        letter_judge(job->letter->kind, a);
    } else if (job->refused) {
        snprintf(a->text, sizeof a->text,
                 job->letter->plain ? "without TLS only addresses of alert_private_hosts are reached"
                                    : "leads to a private address; alert_private_hosts says which may be reached");
        a->permanent = true;
    } else {
        letter_keep_text(a, why, strlen(why));
        a->permanent = is_permanent(code);
    }
    if (job->letter->mail) { /* 4xx passes, 5xx does not (RFC 5321, 4.2.1) */
        a->delivered = code == CURLE_OK;
        a->permanent = !a->delivered && (a->permanent || status >= 500);
        a->permanent = a->permanent && !(status >= 400 && status < 500);
    }
}

static void hand_back(struct sender *s, struct sender_job *job)
{
    uint64_t one = 1;
    pthread_mutex_lock(&s->lock);
    queue_push(&s->done, job);
    pthread_mutex_unlock(&s->lock);
    if (write(s->fd, &one, sizeof one) != sizeof one)
        abort(); /* an eventfd that nobody can fill */
}

static void finish_some(struct sender *s)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(s->multi, &left));) {
        struct sender_job *job = NULL;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &job);
        conclude(job, code);
        curl_multi_remove_handle(s->multi, job->easy);
        for (int i = 0; i < SENDER_TOGETHER_MAX; i++)
            if (s->flying[i] == job)
                s->flying[i] = NULL;
        hand_back(s, job);
    }
}

static struct sender_job *next_job(struct sender *s, bool *ret_ends)
{
    pthread_mutex_lock(&s->lock);
    *ret_ends = s->ends;
    struct sender_job *job = s->ends ? NULL : queue_pop(&s->todo);
    pthread_mutex_unlock(&s->lock);
    return job;
}

static void begin_some(struct sender *s, bool *ret_ends)
{
    for (int i = 0; i < SENDER_TOGETHER_MAX; i++) {
        struct sender_job *job = s->flying[i] ? NULL : next_job(s, ret_ends);
        if (!job)
            continue;
        if (begin(s, job)) {
            s->flying[i] = job;
        } else {
            conclude(job, CURLE_OUT_OF_MEMORY);
            hand_back(s, job);
        }
    }
}

static void *thread_main(void *arg)
{
    struct sender *s = arg;
    bool ends = false;
    int running;
    while (!ends) {
        begin_some(s, &ends);
        curl_multi_perform(s->multi, &running);
        finish_some(s);
        if (!ends)
            curl_multi_poll(s->multi, NULL, 0, POLL_MS, NULL);
        pthread_mutex_lock(&s->lock);
        ends = s->ends;
        pthread_mutex_unlock(&s->lock);
    }
    for (int i = 0; i < SENDER_TOGETHER_MAX; i++) {
        if (!s->flying[i])
            continue;
#if LIBCURL_VERSION_NUM >= 0x075700
        curl_easy_setopt(s->flying[i]->easy, CURLOPT_QUICK_EXIT, 1L); /* a name that is not resolved holds up nobody */
#endif
        curl_multi_remove_handle(s->multi, s->flying[i]->easy);
        job_free(s->flying[i]);
    }
    return NULL;
}

/* --- the loop's side --- */

static void on_done(evutil_socket_t fd, short what, void *arg)
{
    struct sender *s = arg;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof count) < 0)
        return;
    for (;;) {
        pthread_mutex_lock(&s->lock);
        struct sender_job *job = queue_pop(&s->done);
        s->waiting -= job != NULL;
        pthread_mutex_unlock(&s->lock);
        if (!job)
            return;
        job->done(job->ctx, &job->answer);
        job_free(job);
    }
}

static bool start_thread(struct sender *s)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    int error = pthread_create(&s->thread, NULL, thread_main, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

struct sender *sender_new(struct event_base *base, const struct config_cidrs *allowed)
{
    struct sender *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->allowed = allowed;
    queue_init(&s->todo);
    queue_init(&s->done);
    pthread_mutex_init(&s->lock, NULL);
    s->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    s->multi = curl_global_init(CURL_GLOBAL_DEFAULT) == 0 ? curl_multi_init() : NULL;
    if (s->fd < 0 || !s->multi || !start_thread(s)) {
        if (s->fd >= 0)
            close(s->fd);
        curl_multi_cleanup(s->multi);
        free(s);
        return NULL;
    }
    event_assign(&s->done_event, base, s->fd, EV_READ | EV_PERSIST, on_done, s);
    event_add(&s->done_event, NULL);
    return s;
}

void sender_free(struct sender *s)
{
    struct sender_job *job;
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->ends = true;
    pthread_mutex_unlock(&s->lock);
    curl_multi_wakeup(s->multi);
    pthread_join(s->thread, NULL);
    event_del(&s->done_event);
    close(s->fd);
    while ((job = queue_pop(&s->todo)) || (job = queue_pop(&s->done)))
        job_free(job);
    curl_multi_cleanup(s->multi);
    curl_global_cleanup();
    pthread_mutex_destroy(&s->lock);
    free(s);
}

bool sender_send(struct sender *s, struct letter *l, sender_done done, void *ctx)
{
    struct sender_job *job = calloc(1, sizeof *job);
    if (!job) {
        letter_free(l);
        return false;
    }
    *job = (struct sender_job){.sender = s, .letter = l, .done = done, .ctx = ctx};
    pthread_mutex_lock(&s->lock);
    bool room = s->waiting < SENDER_QUEUE_MAX;
    if (room) {
        s->waiting++;
        queue_push(&s->todo, job);
    }
    pthread_mutex_unlock(&s->lock);
    if (room)
        curl_multi_wakeup(s->multi);
    else
        job_free(job);
    return room;
}
