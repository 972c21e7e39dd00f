/*
 * The embedded Redis as a child process. See redis_child.h for what it promises.
 *
 * In order of life: data_dir and its lock, the command line, fork and exec, reaping and starting again, stopping.
 * Between fork and exec only async-signal-safe calls are made (signal-safety(7)): other threads of ours may hold any
 * lock.
 */
#include "redis_child.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LOCK_WAIT_MS = 3000, /* for the Redis of a server that has just died */
    POLL_MS = 5,
    EARLY_EXIT_MS = 1000,     /* an exit this soon is explained with the log's last line */
    LOG_BYTES_MAX = 10 << 20, /* a redis.log beyond this is moved to redis.log.1 at a start */
    LAST_LINE_MAX = 160,
    ARGS_MAX = 40,
    SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) - 1,
};

struct redis_child {
    struct event_base *base;
    struct event *timer; /* the next start */
    store_log log;
    bool fsync_always;
    int lock;
    pid_t pid; /* 0 while it is down */
    int64_t started_ms;
    int backoff_ms; /* 0: the next start is at once */
    char binary[PATH_MAX];
    char data_dir[PATH_MAX]; /* absolute */
    char socket[PATH_MAX];
    char log_path[PATH_MAX];
    char url[PATH_MAX];
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_ms(int ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static void say(struct redis_child *c, enum store_log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void say(struct redis_child *c, enum store_log_level level, const char *event, const char *format, ...)
{
    char detail[LAST_LINE_MAX + 96];
    va_list ap;
    va_start(ap, format);
    vsnprintf(detail, sizeof detail, format, ap);
    va_end(ap);
    c->log(level, event, detail);
}

/* --- data_dir and its lock --- */

/* path = data_dir/name; false: longer than a path can be. */
static bool path_in(const struct redis_child *c, const char *name, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/%s", c->data_dir, name) < PATH_MAX;
}

static int make_data_dir(struct redis_child *c, const char *dir, char err[STORE_ERR_MAX])
{
    struct stat st;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        goto failed;
    if (!realpath(dir, c->data_dir) || stat(c->data_dir, &st) != 0)
        goto failed;
    if (!S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else if (access(c->data_dir, R_OK | W_OK | X_OK) == 0)
        return 0;
failed:
    snprintf(err, STORE_ERR_MAX, "data_dir %s: %s", dir, strerror(errno));
    return -1;
}

static int make_paths(struct redis_child *c, char err[STORE_ERR_MAX])
{
    bool fits = path_in(c, "redis.sock", c->socket) && path_in(c, "redis.log", c->log_path);
    if (!fits || strlen(c->socket) > SOCKET_PATH_MAX) {
        /* The kernel's own limit; hiredis would cut the path without a word. */
        snprintf(err, STORE_ERR_MAX,
                 "data_dir %.100s...: its socket's path has %zu bytes, at most %d are possible: choose a shorter one",
                 c->data_dir, strlen(c->data_dir) + strlen("/redis.sock"), (int)SOCKET_PATH_MAX);
        return -1;
    }
    snprintf(c->url, sizeof c->url, "unix://%.*s", (int)SOCKET_PATH_MAX, c->socket);
    return 0;
}

/* The pid that the lock's holder has written; 0: none yet. */
static pid_t read_holder(int lock)
{
    char text[16] = "";
    ssize_t n = pread(lock, text, sizeof text - 1, 0);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    return pid > 0 && pid < INT_MAX ? (pid_t)pid : 0;
}

/* Our own number in the file is another boot's or another container's. */
static bool holder_lives(pid_t pid)
{
    return pid > 0 && pid != getpid() && (kill(pid, 0) == 0 || errno == EPERM);
}

/* A lock held by a dead server's Redis is free within moments (PR_SET_PDEATHSIG); one held by a living server is not.
 */
static int take_lock(struct redis_child *c, char err[STORE_ERR_MAX])
{
    char path[PATH_MAX], pid[16];
    int64_t until = now_ms() + LOCK_WAIT_MS;
    c->lock = path_in(c, "lock", path) ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    while (c->lock >= 0 && flock(c->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        pid_t holder = read_holder(c->lock);
        if (holder_lives(holder) || now_ms() > until) {
            if (holder)
                snprintf(err, STORE_ERR_MAX, "data_dir %.180s: in use by process %d", c->data_dir, (int)holder);
            else
                snprintf(err, STORE_ERR_MAX, "data_dir %.180s: in use by another process", c->data_dir);
            return -1;
        }
        sleep_ms(POLL_MS);
    }
    int len = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (c->lock < 0 || ftruncate(c->lock, 0) != 0 || pwrite(c->lock, pid, (size_t)len, 0) != len) {
        snprintf(err, STORE_ERR_MAX, "data_dir %.180s: lock: %s", c->data_dir, strerror(errno));
        return -1;
    }
    return 0;
}

/* --- the command --- */

static bool find_in_path(const char *name, char out[PATH_MAX])
{
    const char *path = getenv("PATH");
    for (const char *p = path && *path ? path : "/usr/local/bin:/usr/bin:/bin"; *p;) {
        size_t len = strcspn(p, ":");
        struct stat st;
        if (len > 0 && snprintf(out, PATH_MAX, "%.*s/%s", (int)len, p, name) < PATH_MAX && access(out, X_OK) == 0 &&
            stat(out, &st) == 0 && S_ISREG(st.st_mode))
            return true;
        p += len;
        p += *p == ':';
    }
    return false;
}

static int find_binary(struct redis_child *c, char err[STORE_ERR_MAX])
{
    if (find_in_path("redis-server", c->binary) || find_in_path("valkey-server", c->binary))
        return 0;
    snprintf(err, STORE_ERR_MAX, "redis-server not found: apt-get install redis-server");
    return -1;
}

/* Pairs of setting and value for Redis's command line; the values live as long as c. */
static void fill_args(struct redis_child *c, char *args[ARGS_MAX])
{
    const char *const settings[] = {
        "--port",
        "0",
        "--unixsocket",
        c->socket,
        "--unixsocketperm",
        "700",
        "--dir",
        c->data_dir,
        "--appendonly",
        "yes",
        "--appendfsync",
        c->fsync_always ? "always" : "everysec",
        "--no-appendfsync-on-rewrite",
        "no",
        "--aof-load-truncated",
        "yes",
        "--save",
        "",
        "--maxmemory-policy",
        "noeviction",
        "--daemonize",
        "no",
        "--logfile",
        c->log_path,
        "--maxclients",
        "1000",
        "--repl-diskless-sync-delay", /* a backup begins at once */
        "0",
    };
    _Static_assert(sizeof settings / sizeof settings[0] + 2 <= ARGS_MAX, "all settings and NULL fit");
    size_t n = 0;
    args[n++] = c->binary;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        args[n++] = (char *)settings[i];
    args[n] = NULL;
}

static void rotate_log(const struct redis_child *c)
{
    struct stat st;
    char old[PATH_MAX];
    if (stat(c->log_path, &st) == 0 && st.st_size > LOG_BYTES_MAX && path_in(c, "redis.log.1", old))
        rename(c->log_path, old);
}

/* --- fork and exec --- */

/* In the child; never returns. */
static void become_redis(const struct redis_child *c, pid_t parent, char *const args[], int null, int log)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    /* A group of its own: ctrl-C in the terminal is for the server, which stops Redis when its visitors are answered.
     */
    setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(127);
    for (int s = 1; s < NSIG; s++)
        sigaction(s, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* What Redis says before it has read its settings goes to its log too. */
    if (dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        _exit(127);
    /* Descriptor 3 is the lock, and stays open: the lock is free only when Redis is gone too. */
    int kept = c->lock == 3 ? fcntl(3, F_SETFD, 0) : dup2(c->lock, 3);
    if (kept < 0)
        _exit(127);
    close_range(4, ~0U, 0); /* ours are close-on-exec anyhow; this is for those that were handed to us */
    execv(c->binary, args);
    static const char why[] = "huoma: redis-server could not be executed\n";
    _exit(write(2, why, sizeof why - 1) > 0 ? 127 : 126);
}

/* 0, or -errno. */
static int start(struct redis_child *c)
{
    char *args[ARGS_MAX];
    pid_t parent = getpid();
    fill_args(c, args);
    rotate_log(c);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log = open(c->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int r = null < 0 || log < 0 ? -errno : 0;
    if (r == 0) {
        pid_t pid = fork();
        if (pid == 0)
            become_redis(c, parent, args, null, log);
        if (pid < 0) {
            r = -errno;
        } else {
            setpgid(pid, pid); /* whoever comes first; an error means that the child was */
            c->pid = pid;
            c->started_ms = now_ms();
        }
    }
    if (null >= 0)
        close(null);
    if (log >= 0)
        close(log);
    return r;
}

static void start_later(struct redis_child *c)
{
    struct timeval delay = {c->backoff_ms / 1000, c->backoff_ms % 1000 * 1000};
    evtimer_add(c->timer, &delay);
    c->backoff_ms = c->backoff_ms == 0 ? REDIS_CHILD_BACKOFF_MIN_MS : c->backoff_ms * 2;
    if (c->backoff_ms > REDIS_CHILD_BACKOFF_MAX_MS)
        c->backoff_ms = REDIS_CHILD_BACKOFF_MAX_MS;
}

static void start_now(evutil_socket_t fd, short events, void *ctx)
{
    struct redis_child *c = ctx;
    (void)fd, (void)events;
    int r = start(c);
    if (r != 0) {
        say(c, STORE_LOG_ERROR, "redis_start", "%s: %s", c->binary, strerror(-r));
        start_later(c);
        return;
    }
    say(c, STORE_LOG_INFO, "redis_start", "pid %d", (int)c->pid);
}

struct redis_child *redis_child_start(struct event_base *base, const struct redis_child_options *o,
                                      char err[STORE_ERR_MAX])
{
    struct redis_child *c = calloc(1, sizeof *c);
    if (!c) {
        snprintf(err, STORE_ERR_MAX, "redis: %s", strerror(ENOMEM));
        return NULL;
    }
    c->base = base;
    c->log = o->log;
    c->fsync_always = o->fsync_always;
    c->lock = -1;
    if (find_binary(c, err) || make_data_dir(c, o->data_dir, err) || make_paths(c, err) || take_lock(c, err))
        goto failed;
    c->timer = evtimer_new(base, start_now, c);
    int r = c->timer ? start(c) : -ENOMEM;
    if (r != 0) {
        snprintf(err, STORE_ERR_MAX, "%.180s: %s", c->binary, strerror(-r));
        goto failed;
    }
    say(c, STORE_LOG_INFO, "redis_start", "pid %d", (int)c->pid);
    return c;
failed:
    redis_child_stop(c);
    return NULL;
}

const char *redis_child_url(const struct redis_child *c)
{
    return c->url;
}

pid_t redis_child_pid(const struct redis_child *c)
{
    return c->pid;
}

/* --- reaping, starting again --- */

/* The last line of redis.log, without its bytes that are no printable ASCII. */
static void read_last_line(const struct redis_child *c, char out[LAST_LINE_MAX])
{
    char tail[2048];
    int fd = open(c->log_path, O_RDONLY | O_CLOEXEC);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    off_t from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
    ssize_t n = fd >= 0 ? pread(fd, tail, sizeof tail, from) : 0;
    if (fd >= 0)
        close(fd);
    while (n > 0 && (tail[n - 1] == '\n' || tail[n - 1] == '\r' || tail[n - 1] == ' '))
        n--;
    ssize_t begin = n;
    while (begin > 0 && tail[begin - 1] != '\n')
        begin--;
    size_t len = 0;
    for (ssize_t i = begin; i < n && len < LAST_LINE_MAX - 1; i++)
        if (tail[i] >= ' ' && tail[i] <= '~')
            out[len++] = tail[i];
    out[len] = '\0';
}

static void say_exit(struct redis_child *c, int status, int64_t life_ms)
{
    char last[LAST_LINE_MAX] = "";
    const char *what = WIFSIGNALED(status) ? "signal" : "code";
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    if (life_ms < EARLY_EXIT_MS)
        read_last_line(c, last);
    say(c, STORE_LOG_ERROR, "redis_exit", "pid %d, %s %d%s%s", (int)c->pid, what, number, last[0] ? ": " : "", last);
}

/* Whether it is gone. Its process group is swept while the zombie still keeps the number from being used again: a
 * rewrite of the AOF under way is a child of Redis, writes into data_dir and holds the lock. */
static bool collect(struct redis_child *c, int flags, int *status)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOWAIT | flags) != 0)
        return errno == ECHILD;
    if (info.si_pid == 0)
        return false;
    kill(-c->pid, SIGKILL);
    waitpid(c->pid, status, 0);
    return true;
}

void redis_child_reap(struct redis_child *c)
{
    int status = 0;
    if (c->pid == 0 || !collect(c, WNOHANG, &status))
        return;
    int64_t life_ms = now_ms() - c->started_ms;
    say_exit(c, status, life_ms);
    c->pid = 0;
    start_later(c);
}

void redis_child_served(struct redis_child *c)
{
    c->backoff_ms = 0;
}

/* --- stopping --- */

static void stop_process(struct redis_child *c)
{
    int status = 0;
    int64_t until = now_ms() + REDIS_CHILD_STOP_MS;
    kill(c->pid, SIGTERM);
    kill(c->pid, SIGCONT); /* a stopped process would not see it */
    bool gone;
    while (!(gone = collect(c, WNOHANG, &status)) && now_ms() < until)
        sleep_ms(POLL_MS);
    if (!gone) {
        kill(c->pid, SIGKILL);
        while (!collect(c, 0, &status) && errno == EINTR)
            continue;
        say(c, STORE_LOG_WARN, "redis_stop", "pid %d, killed after %d ms", (int)c->pid, (int)REDIS_CHILD_STOP_MS);
    } else {
        say(c, STORE_LOG_INFO, "redis_stop", "pid %d", (int)c->pid);
    }
    c->pid = 0;
}

void redis_child_stop(struct redis_child *c)
{
    if (!c)
        return;
    if (c->timer)
        event_free(c->timer);
    if (c->pid)
        stop_process(c);
    if (c->lock >= 0)
        close(c->lock);
    free(c);
}
