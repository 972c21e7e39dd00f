/* A command's way to the store. See session.h. */
#include "session.h"

#include <event2/event.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "allowed.h"
#include "cli.h"
#include "redis_child.h"

struct session {
    struct event_base *base;
    struct redis_child *child; /* NULL: somebody else's Redis */
    struct event *reaper, *deadline;
    struct store *store;
    char url[CONFIG_TEXT_MAX];
    bool done;
};

/* What the store and the embedded Redis last complained about: the reason when nothing comes of it. A command has no
 * log. */
static char complaint[256];

static void keep_complaint(enum store_log_level level, const char *event, const char *detail)
{
    if (level != STORE_LOG_INFO)
        snprintf(complaint, sizeof complaint, "%s: %s", event, detail);
}

static void on_change(void *ctx, bool up)
{
    struct session *s = ctx;
    if (up)
        session_done(s);
}

static void on_deadline(evutil_socket_t fd, short events, void *ctx)
{
    struct session *s = ctx;
    (void)fd, (void)events;
    session_done(s);
}

static void on_sigchld(evutil_socket_t fd, short events, void *ctx)
{
    struct session *s = ctx;
    (void)fd, (void)events;
    redis_child_reap(s->child);
}

struct store *session_store(const struct session *s)
{
    return s->store;
}

void session_done(struct session *s)
{
    s->done = true;
    event_base_loopbreak(s->base);
}

void session_run(struct session *s)
{
    while (!s->done)
        if (event_base_dispatch(s->base) != 0)
            break;
    s->done = false;
}

/* The socket of the server that runs on this data_dir, if it answers. */
static bool find_server(const char *data_dir, char url[CONFIG_TEXT_MAX])
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    char dir[PATH_MAX];
    if (!realpath(data_dir, dir) ||
        snprintf(to.sun_path, sizeof to.sun_path, "%s/redis.sock", dir) >= (int)sizeof to.sun_path)
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    if (fd >= 0)
        close(fd);
    snprintf(url, CONFIG_TEXT_MAX, "unix://%s", to.sun_path);
    return answers;
}

/* An embedded Redis for the time of this command. fsync always, whatever is configured: it will be stopped in a moment.
 */
static bool start_own(struct session *s, const struct config *config)
{
    struct redis_child_options o = {.data_dir = config->data_dir, .fsync_always = true, .log = keep_complaint};
    char why[STORE_ERR_MAX];
    s->child = redis_child_start(s->base, &o, why);
    if (!s->child) {
        snprintf(complaint, sizeof complaint, "%s", why);
        return false;
    }
    snprintf(s->url, sizeof s->url, "%s", redis_child_url(s->child));
    s->reaper = evsignal_new(s->base, SIGCHLD, on_sigchld, s);
    return s->reaper && event_add(s->reaper, NULL) == 0;
}

static bool find_redis(struct session *s, const struct config *config)
{
    if (config->redis_url[0]) {
        snprintf(s->url, sizeof s->url, "%s", config->redis_url);
        return true;
    }
    /* Looked for again: a server may have come between. */
    if (find_server(config->data_dir, s->url) || start_own(s, config) || find_server(config->data_dir, s->url))
        return true;
    cli_fail("store", "%s", complaint);
    return false;
}

/* Turns the loop until the store answers or the deadline has come. */
static bool wait_for_store(struct session *s)
{
    struct timeval most = {SESSION_DEADLINE_MS / 1000, SESSION_DEADLINE_MS % 1000 * 1000};
    s->deadline = evtimer_new(s->base, on_deadline, s);
    if (!s->deadline || evtimer_add(s->deadline, &most) != 0)
        return false;
    store_on_change(s->store, on_change, s);
    if (!store_is_up(s->store))
        session_run(s);
    store_on_change(s->store, NULL, NULL);
    evtimer_del(s->deadline);
    s->done = false;
    return store_is_up(s->store);
}

static bool connect_store(struct session *s, const struct config *config)
{
    struct store_options o = {.redis_url = s->url,
                              .key_prefix = config->key_prefix,
                              .hold_seconds = config->hold_seconds,
                              .audit_days = config->audit_days,
                              .stats_days = config->stats_days,
                              .allowed_hosts = hosts_of_config(config),
                              .wait_replicas = config->wait_replicas,
                              .log = keep_complaint};
    char why[STORE_ERR_MAX], shown[CONFIG_TEXT_MAX];
    s->store = store_new(s->base, &o, why);
    if (!s->store) {
        cli_fail("store", "%s", why);
        return false;
    }
    if (wait_for_store(s))
        return true;
    config_mask_url(s->url, shown);
    cli_fail("store", "not reachable: %s: %s", shown, complaint[0] ? complaint : "no answer within 10 s");
    return false;
}

struct format_look {
    struct session *session;
    enum store_result result;
    int format; /* 0: not known */
};

static void format_seen(void *ctx, enum store_result r, int format)
{
    struct format_look *look = ctx;
    look->result = r;
    look->format = r == STORE_OK ? format : 0;
    session_done(look->session);
}

/* A command of an older version must not touch what it does not know. */
static bool knows_format(struct session *s)
{
    struct format_look look = {.session = s};
    char why[STORE_ERR_MAX];
    store_format(s->store, format_seen, &look);
    session_run(s);
    if (look.result != STORE_OK && look.result != STORE_BAD_REPLY) {
        cli_fail_store("store", look.result);
        return false;
    }
    if (look.format <= store_format_known())
        return true;
    store_format_refusal(look.format, why);
    cli_fail("store", "%s", why);
    return false;
}

struct session *session_open(const struct config *config)
{
    struct session *s = calloc(1, sizeof *s);
    complaint[0] = '\0';
    if (s)
        s->base = event_base_new();
    if (!s || !s->base)
        cli_fail("store", "out of memory");
    else if (find_redis(s, config) && connect_store(s, config) && knows_format(s))
        return s;
    session_close(s);
    return NULL;
}

struct store_audit session_audit(const char *action, const char *target, const struct audit_change *change)
{
    static char who[AUTH_WHO_MAX + 1];
    const struct passwd *user = getpwuid(getuid());
    if (user)
        snprintf(who, sizeof who, "cli:%s", user->pw_name);
    else
        snprintf(who, sizeof who, "cli:%u", (unsigned)getuid());
    return (struct store_audit){who, action, target, "", change ? change->before : NULL, change ? change->after : NULL};
}

void session_close(struct session *s)
{
    if (!s)
        return;
    store_free(s->store);
    redis_child_stop(s->child);
    if (s->reaper)
        event_free(s->reaper);
    if (s->deadline)
        event_free(s->deadline);
    if (s->base)
        event_base_free(s->base);
    free(s);
}
