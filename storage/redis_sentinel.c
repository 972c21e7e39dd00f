/* A step (name, connection, answer of one sentinel) has one deadline; what goes wrong in it goes on with the next
 * sentinel, from the timer. Connections are kept for the next time. */
#include "redis_sentinel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "redis_lookup.h"
#include "redis_wire.h"

enum { ANSWERS = 2 }; /* to a question: the address, and all else that is known of the master */

enum sentinel_state { SENTINEL_IDLE, SENTINEL_ASKING, SENTINEL_FAILED };

struct sentinel_peer {
    struct redis_sentinel *sentinel;
    struct redis_wire *wire;
    bool logging_in; /* its answer to AUTH is still to come */
};

struct redis_sentinel {
    struct event_base *base;
    const struct redis_url *url;
    enum sentinel_state state;
    struct sentinel_peer peers[REDIS_HOSTS_MAX];
    size_t at, tried; /* the one that is asked; how many failed since the last answer */
    int answers;      /* that are still to come */
    struct redis_host answered;
    struct redis_lookup *lookup;
    struct event timer; /* ends a step, or begins the next question */
    bool finding;       /* somebody waits to be told */
    const char *why;
    struct redis_host master; /* told last, */
    long long epoch;          /* with this epoch */
    redis_sentinel_told told;
    void *ctx;
};

static void set_timer(struct redis_sentinel *s, int ms)
{
    event_add(&s->timer, &(struct timeval){ms / 1000, ms % 1000 * 1000});
}

static void peer_close(struct sentinel_peer *p)
{
    redis_wire_close(p->wire);
    p->wire = NULL;
    p->logging_in = false;
}

/* The step is over; the next one begins from the timer. */
static void step_failed(struct redis_sentinel *s, const char *why)
{
    redis_lookup_cancel(&s->lookup);
    s->state = SENTINEL_FAILED;
    s->why = why;
    set_timer(s, 0);
}

/* To the sentinel that is asked; 0 or -errno. */
static int send_words(struct redis_sentinel *s, const char *const *words, size_t count)
{
    char text[REDIS_USER_MAX + REDIS_PASSWORD_MAX + 80];
    int len = snprintf(text, sizeof text, "*%zu\r\n", count);
    for (size_t i = 0; i < count; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "$%zu\r\n%s\r\n", strlen(words[i]), words[i]);
    return redis_wire_send(s->peers[s->at].wire, text, (size_t)len);
}

static void send_question(struct redis_sentinel *s)
{
    static const char *const commands[ANSWERS] = {"get-master-addr-by-name", "master"};
    int r = 0;
    for (int i = 0; r == 0 && i < ANSWERS; i++)
        r = send_words(s, (const char *[]){"SENTINEL", commands[i], s->url->master}, 3);
    s->answers = ANSWERS;
    if (r != 0)
        step_failed(s, "out of memory");
}

static int send_login(struct redis_sentinel *s)
{
    const char *words[3] = {"AUTH"};
    size_t count = 1;
    if (!s->url->sentinel_password[0])
        return 0;
    if (s->url->sentinel_user[0])
        words[count++] = s->url->sentinel_user;
    words[count++] = s->url->sentinel_password;
    s->peers[s->at].logging_in = true;
    return send_words(s, words, count);
}

static void on_lost(void *ctx, const char *why)
{
    struct sentinel_peer *p = ctx;
    struct redis_sentinel *s = p->sentinel;
    (void)why;
    peer_close(p);
    if (s->state == SENTINEL_ASKING && p == &s->peers[s->at])
        step_failed(s, "a sentinel cannot be reached");
}

/* {host, port}; false: not of that form. */
static bool read_master(const redisReply *r, struct redis_host *master)
{
    if (r->type != REDIS_REPLY_ARRAY || r->elements != 2 || r->element[0]->type != REDIS_REPLY_STRING ||
        r->element[1]->type != REDIS_REPLY_STRING || r->element[0]->len == 0 || r->element[0]->len > REDIS_HOST_MAX)
        return false;
    long port = strtol(r->element[1]->str, NULL, 10);
    if (port < 1 || port > 65535)
        return false;
    snprintf(master->name, sizeof master->name, "%s", r->element[0]->str);
    master->port = (int)port;
    return true;
}

/* Of {name, value ...}; -1: there is none. */
static long long read_epoch(const redisReply *r)
{
    for (size_t i = 0; r->type == REDIS_REPLY_ARRAY && i + 1 < r->elements; i += 2)
        if (r->element[i]->type == REDIS_REPLY_STRING && r->element[i + 1]->type == REDIS_REPLY_STRING &&
            strcmp(r->element[i]->str, "config-epoch") == 0)
            return strtoll(r->element[i + 1]->str, NULL, 10);
    return -1;
}

static void step_done(struct redis_sentinel *s, long long epoch)
{
    bool another = s->answered.port != s->master.port || strcmp(s->answered.name, s->master.name) != 0;
    bool tell = s->finding || another;
    s->state = SENTINEL_IDLE;
    s->tried = 0;
    s->finding = false;
    s->master = s->answered;
    s->epoch = epoch;
    s->at = (s->at + 1) % s->url->host_count;
    set_timer(s, REDIS_SENTINEL_POLL_MS);
    if (tell)
        s->told(s->ctx, &s->master, NULL);
}

static bool wants_login(const redisReply *r)
{
    return r->type == REDIS_REPLY_ERROR && (strncmp(r->str, "NOAUTH", 6) == 0 || strncmp(r->str, "NOPERM", 6) == 0);
}

static void on_reply(void *ctx, const redisReply *reply)
{
    struct sentinel_peer *p = ctx;
    struct redis_sentinel *s = p->sentinel;
    if (s->state != SENTINEL_ASKING || p != &s->peers[s->at]) { /* it was given up meanwhile */
        peer_close(p);
        return;
    }
    if (p->logging_in) {
        p->logging_in = false;
        if (reply->type != REDIS_REPLY_STATUS) {
            peer_close(p);
            step_failed(s, "a sentinel refuses the login");
        }
        return;
    }
    if (s->answers-- == ANSWERS) {
        if (!read_master(reply, &s->answered)) {
            peer_close(p);
            step_failed(s, wants_login(reply) ? "a sentinel wants a login (?sentinel_password=...)"
                                              : "a sentinel does not know the master's name");
        }
        return;
    }
    long long epoch = read_epoch(reply);
    if (epoch < s->epoch)
        step_failed(s, "a sentinel has not heard yet who is the master");
    else
        step_done(s, epoch);
}

static void open_wire(struct redis_sentinel *s, const struct redis_address *to)
{
    static const struct redis_wire_events events = {.reply = on_reply, .lost = on_lost};
    struct sentinel_peer *p = &s->peers[s->at];
    p->wire = redis_wire_connect(s->base, to, &events, p);
    if (!p->wire)
        step_failed(s, "a sentinel cannot be reached");
    else if (send_login(s) != 0)
        step_failed(s, "out of memory");
    else
        send_question(s);
}

static void on_resolved(void *ctx, const struct redis_address *address, const char *why)
{
    (void)why;
    if (address)
        open_wire(ctx, address);
    else
        step_failed(ctx, "a sentinel's name cannot be resolved");
}

static void ask(struct redis_sentinel *s)
{
    const struct redis_host *host = &s->url->hosts[s->at];
    struct redis_address address;
    s->state = SENTINEL_ASKING;
    set_timer(s, REDIS_SENTINEL_STEP_MS);
    if (s->peers[s->at].wire)
        send_question(s);
    else if (redis_address_of(host, &address))
        open_wire(s, &address);
    else if (redis_lookup_start(&s->lookup, s->base, host, on_resolved, s) != 0)
        step_failed(s, "out of memory");
}

static void next_sentinel(struct redis_sentinel *s)
{
    s->at = (s->at + 1) % s->url->host_count;
    if (++s->tried < s->url->host_count) {
        ask(s);
        return;
    }
    bool tell = s->finding;
    s->tried = 0;
    s->epoch = 0; /* all of them say less: they were set up anew */
    s->finding = false;
    s->state = SENTINEL_IDLE;
    set_timer(s, REDIS_SENTINEL_POLL_MS);
    if (tell)
        s->told(s->ctx, NULL, s->why);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct redis_sentinel *s = arg;
    (void)fd, (void)what;
    if (s->state == SENTINEL_ASKING) {
        peer_close(&s->peers[s->at]);
        step_failed(s, "a sentinel does not answer");
    } else if (s->state == SENTINEL_FAILED) {
        next_sentinel(s);
    } else {
        ask(s);
    }
}

void redis_sentinel_find(struct redis_sentinel *s)
{
    s->finding = true;
    if (s->state == SENTINEL_IDLE)
        ask(s);
}

struct redis_sentinel *redis_sentinel_new(struct event_base *base, const struct redis_url *url,
                                          redis_sentinel_told told, void *ctx)
{
    struct redis_sentinel *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->base = base;
    s->url = url;
    s->told = told;
    s->ctx = ctx;
    for (size_t i = 0; i < REDIS_HOSTS_MAX; i++)
        s->peers[i].sentinel = s;
    event_assign(&s->timer, base, -1, EV_TIMEOUT, on_timer, s);
    return s;
}

void redis_sentinel_free(struct redis_sentinel *s)
{
    if (!s)
        return;
    redis_lookup_cancel(&s->lookup);
    for (size_t i = 0; i < REDIS_HOSTS_MAX; i++)
        peer_close(&s->peers[i]);
    event_del(&s->timer);
    free(s);
}
