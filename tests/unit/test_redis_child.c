/* The embedded Redis, with a real redis-server: answers, comes back, is alone, and never outlives its server. */
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "redis_child.h"

enum { WAIT_MS = 20000, EVENTS_MAX = 64 };

static char folder[64], data_dir[80];
static struct event_base *base;
static struct event *reaper;
static struct redis_child *child;
static char err[STORE_ERR_MAX];

/* What was logged, as "event detail". */
static char logged[EVENTS_MAX][320];
static int64_t logged_ms[EVENTS_MAX];
static int logged_count;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void keep_log(enum store_log_level level, const char *event, const char *detail)
{
    (void)level;
    if (logged_count == EVENTS_MAX)
        return;
    snprintf(logged[logged_count], sizeof logged[0], "%s %s", event, detail);
    logged_ms[logged_count++] = now_ms();
}

static void on_sigchld(evutil_socket_t fd, short events, void *ctx)
{
    (void)fd, (void)events, (void)ctx;
    if (child)
        redis_child_reap(child);
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/huoma-redis-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(data_dir, sizeof data_dir, "%s/data", folder);
    base = event_base_new();
    reaper = evsignal_new(base, SIGCHLD, on_sigchld, NULL);
    event_add(reaper, NULL);
    logged_count = 0;
    return 0;
}

static int finish(void **state)
{
    char command[128];
    (void)state;
    redis_child_stop(child);
    child = NULL;
    event_free(reaper);
    event_base_free(base);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct redis_child *start_child(void)
{
    struct redis_child_options o = {.data_dir = data_dir, .fsync_always = true, .log = keep_log};
    return redis_child_start(base, &o, err);
}

/* Sends one inline command on a connection of its own; the answer's first bytes, "" when there is none. */
static const char *ask(const char *command)
{
    static char answer[512];
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s/redis.sock", data_dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ssize_t n = -1;
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 && write(fd, command, strlen(command)) > 0 &&
        write(fd, "\r\n", 2) == 2)
        n = read(fd, answer, sizeof answer - 1);
    close(fd);
    answer[n > 0 ? n : 0] = '\0';
    return answer;
}

/* Turns the event loop until Redis answers PING. */
static void wait_for_pong(void)
{
    struct timeval step = {0, 5000};
    int64_t until = now_ms() + WAIT_MS;
    while (strcmp(ask("PING"), "+PONG\r\n") != 0) {
        assert_true(now_ms() < until);
        event_base_loopexit(base, &step);
        event_base_dispatch(base);
    }
}

static void wait_for_events(int count)
{
    struct timeval step = {0, 5000};
    int64_t until = now_ms() + WAIT_MS;
    while (logged_count < count) {
        assert_true(now_ms() < until);
        event_base_loopexit(base, &step);
        event_base_dispatch(base);
    }
}

static bool gone(pid_t pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

static void wait_until_gone(pid_t pid)
{
    int64_t until = now_ms() + WAIT_MS;
    while (!gone(pid)) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 2);
    }
}

static void assert_setting(const char *name, const char *value)
{
    char command[64], want[64];
    snprintf(command, sizeof command, "CONFIG GET %s", name);
    snprintf(want, sizeof want, "\r\n%s\r\n", value);
    const char *answer = ask(command);
    if (!strstr(answer, want))
        fail_msg("%s: %s", name, answer);
}

static void test_starts_and_answers(void **state)
{
    struct stat st;
    char path[128], url[sizeof path + 8];
    (void)state;
    child = start_child();
    assert_non_null(child);
    wait_for_pong();
    assert_true(redis_child_pid(child) > 0);
    snprintf(path, sizeof path, "%s/redis.sock", data_dir);
    snprintf(url, sizeof url, "unix://%s", path);
    assert_string_equal(redis_child_url(child), url);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(data_dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_setting("port", "0");
    assert_setting("appendonly", "yes");
    assert_setting("appendfsync", "always");
    assert_setting("no-appendfsync-on-rewrite", "no");
    assert_setting("maxmemory-policy", "noeviction");
    assert_setting("save", "");
}

static void test_comes_back_with_data(void **state)
{
    (void)state;
    child = start_child();
    assert_non_null(child);
    wait_for_pong();
    for (int i = 0; i < 3; i++) {
        char set[32], want[32];
        snprintf(set, sizeof set, "SET k %d", i);
        snprintf(want, sizeof want, "$1\r\n%d\r\n", i);
        assert_string_equal(ask(set), "+OK\r\n");
        pid_t was = redis_child_pid(child);
        int before = logged_count;
        kill(was, SIGKILL);
        wait_for_events(before + 2); /* its exit, its start */
        assert_non_null(strstr(logged[before], "signal 9"));
        assert_int_not_equal(redis_child_pid(child), was);
        wait_for_pong();
        assert_string_equal(ask("GET k"), want);
    }
}

/* Runs f in a process of its own and returns its exit code. */
static int in_process(int (*f)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(f());
    while (waitpid(pid, &status, 0) != pid)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int second_server(void)
{
    char want[160];
    int64_t from = now_ms();
    struct event_base *own = event_base_new();
    struct redis_child_options o = {.data_dir = data_dir, .fsync_always = true, .log = keep_log};
    snprintf(want, sizeof want, "data_dir %s: in use by process %d", data_dir, (int)getppid());
    if (redis_child_start(own, &o, err))
        return 1;
    return strcmp(err, want) != 0 ? 2 : now_ms() - from > 1000 ? 3 : 0;
}

static void test_second_server_is_refused(void **state)
{
    (void)state;
    child = start_child();
    assert_non_null(child);
    wait_for_pong();
    assert_int_equal(in_process(second_server), 0);
    assert_string_equal(ask("PING"), "+PONG\r\n"); /* the first one did not notice */
}

/* A server in a process of its own, killed -9 once its Redis answers: that must go too, and the lock with it. */
static void test_dies_with_its_parent(void **state)
{
    int fds[2];
    pid_t redis = 0, server;
    (void)state;
    assert_int_equal(pipe(fds), 0);
    server = fork();
    if (server == 0) {
        event_reinit(base);
        child = start_child();
        redis = child ? redis_child_pid(child) : -1;
        if (write(fds[1], &redis, sizeof redis) != sizeof redis)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(fds[0], &redis, sizeof redis), sizeof redis);
    assert_true(redis > 0);
    wait_for_pong();
    assert_string_equal(ask("SET k v"), "+OK\r\n");
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    child = start_child(); /* waits for the lock */
    if (!child)
        fail_msg("%s", err);
    wait_until_gone(redis);
    wait_for_pong();
    assert_string_equal(ask("GET k"), "$1\r\nv\r\n");
    close(fds[0]);
    close(fds[1]);
}

/* The server is dead, its number still stands in the file, and its Redis lets go a moment later. */
static void test_waits_for_a_dead_servers_lock(void **state)
{
    char path[128];
    (void)state;
    assert_int_equal(mkdir(data_dir, 0700), 0);
    snprintf(path, sizeof path, "%s/lock", data_dir);
    pid_t dead = fork();
    if (dead == 0)
        _exit(0);
    waitpid(dead, NULL, 0);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    dprintf(fd, "%d\n", (int)dead);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    pid_t holder = fork();
    if (holder == 0) {
        poll(NULL, 0, 300);
        _exit(0);
    }
    close(fd);
    child = start_child();
    if (!child)
        fail_msg("%s", err);
    wait_for_pong();
    waitpid(holder, NULL, 0);
}

static void test_stop_leaves_nothing(void **state)
{
    char path[128];
    (void)state;
    child = start_child();
    assert_non_null(child);
    wait_for_pong();
    pid_t pid = redis_child_pid(child);
    redis_child_stop(child);
    child = NULL;
    assert_true(gone(pid));
    assert_string_equal(ask("PING"), "");
    snprintf(path, sizeof path, "%s/redis.sock", data_dir);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof path, "%s/lock", data_dir);
    int fd = open(path, O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
}

static void test_stops_a_stopped_redis(void **state)
{
    (void)state;
    child = start_child();
    assert_non_null(child);
    wait_for_pong();
    pid_t pid = redis_child_pid(child);
    kill(pid, SIGSTOP);
    int64_t from = now_ms();
    redis_child_stop(child);
    child = NULL;
    assert_true(gone(pid));
    assert_true(now_ms() - from < REDIS_CHILD_STOP_MS);
}

static int count_descriptors(pid_t pid, const char *target)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        char link[256] = "";
        if (readlinkat(dirfd(d), e->d_name, link, sizeof link - 1) > 0 && strstr(link, target))
            count++;
    }
    closedir(d);
    return count;
}

static void test_inherits_only_the_lock(void **state)
{
    char path[128], line[128], blocked[sizeof line] = "";
    sigset_t some;
    (void)state;
    snprintf(path, sizeof path, "%s/open", folder);
    int fd = open(path, O_RDWR | O_CREAT, 0600); /* not close-on-exec */
    assert_true(fd >= 0);
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigprocmask(SIG_BLOCK, &some, NULL);
    child = start_child();
    sigprocmask(SIG_UNBLOCK, &some, NULL);
    assert_non_null(child);
    wait_for_pong();
    assert_int_equal(count_descriptors(redis_child_pid(child), path), 0);
    snprintf(path, sizeof path, "%s/lock", data_dir);
    assert_int_equal(count_descriptors(redis_child_pid(child), path), 1);
    assert_int_equal(getpgid(redis_child_pid(child)), redis_child_pid(child));
    snprintf(path, sizeof path, "/proc/%d/status", (int)redis_child_pid(child));
    FILE *f = fopen(path, "r");
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "SigBlk:", 7) == 0)
            snprintf(blocked, sizeof blocked, "%s", line + 8);
    fclose(f);
    close(fd);
    assert_string_equal(blocked, "0000000000000000\n");
}

static void with_path(const char *path, void (*f)(void))
{
    char *was = strdup(getenv("PATH"));
    setenv("PATH", path, 1);
    f();
    setenv("PATH", was, 1);
    free(was);
}

static void start_fails(void)
{
    assert_null(start_child());
}

static void start_works(void)
{
    child = start_child();
    assert_non_null(child);
}

static void write_script(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    chmod(path, 0755);
}

static void test_errors_are_clear(void **state)
{
    char was[sizeof data_dir];
    (void)state;
    with_path("/nonexistent", start_fails);
    assert_string_equal(err, "redis-server not found: apt-get install redis-server");
    memcpy(was, data_dir, sizeof was);
    snprintf(data_dir, sizeof data_dir, "/dev/null");
    start_fails();
    assert_string_equal(err, "data_dir /dev/null: Not a directory");
    snprintf(data_dir, sizeof data_dir, "%s/a/b", folder);
    start_fails();
    assert_non_null(strstr(err, "/a/b: No such file or directory"));
    memcpy(data_dir, was, sizeof was);
}

static void test_socket_path_limit(void **state)
{
    char dir[160], was[80];
    (void)state;
    memcpy(was, data_dir, sizeof was);
    for (size_t length = 107; length <= 108; length++) { /* of the socket's path */
        size_t n = (size_t)snprintf(dir, sizeof dir, "%s/", folder);
        while (n < length - strlen("/redis.sock"))
            dir[n++] = 'x';
        dir[n] = '\0';
        struct redis_child_options o = {.data_dir = dir, .fsync_always = true, .log = keep_log};
        struct redis_child *c = redis_child_start(base, &o, err);
        if (length == 107) {
            assert_non_null(c);
            assert_int_equal(strlen(redis_child_url(c)), 107 + strlen("unix://"));
        } else {
            assert_null(c);
            assert_non_null(strstr(err, "its socket's path has 108 bytes, at most 107 are possible"));
        }
        redis_child_stop(c);
    }
}

/* A Redis that cannot start is tried again at once, then ever more slowly; its last words are logged. */
static void test_backoff(void **state)
{
    (void)state;
    write_script("redis-server", "#!/bin/sh\necho first\nprintf 'no \\033[31mluck\\n'\nexit 3\n");
    with_path(folder, start_works);
    wait_for_events(10); /* start, exit, five times */
    assert_non_null(strstr(logged[1], "redis_exit"));
    assert_non_null(strstr(logged[1], "code 3: no [31mluck"));
    assert_in_range(logged_ms[2] - logged_ms[1], 0, 40);
    for (int i = 2, least = REDIS_CHILD_BACKOFF_MIN_MS; i <= 4; i++, least *= 2) {
        assert_non_null(strstr(logged[2 * i], "redis_start"));
        /* the timer counts from when its loop began this pass */
        assert_in_range(logged_ms[2 * i] - logged_ms[2 * i - 1], least * 3 / 4, least + 500);
    }
}

/* What Redis had forked (a rewrite of its AOF) is gone before it is started again: it would write into data_dir too. */
static void test_leaves_no_grandchild(void **state)
{
    char path[128], text[512];
    int pid = 0;
    (void)state;
    snprintf(path, sizeof path, "%s/grandchild", folder);
    snprintf(text, sizeof text, "#!/bin/sh\nPATH=/usr/bin:/bin\nsleep 600 &\n[ -s %s ] || echo $! >%s\nexit 3\n", path,
             path);
    write_script("redis-server", text);
    with_path(folder, start_works);
    wait_for_events(2);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%d", &pid), 1);
    fclose(f);
    wait_until_gone(pid);
}

static void test_valkey_will_do(void **state)
{
    (void)state;
    write_script("valkey-server", "#!/bin/sh\nexec /usr/bin/redis-server \"$@\"\n");
    with_path(folder, start_works);
    wait_for_pong();
}

static void test_large_log_is_moved(void **state)
{
    char path[128];
    struct stat st;
    (void)state;
    assert_int_equal(mkdir(data_dir, 0700), 0);
    snprintf(path, sizeof path, "%s/redis.log", data_dir);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, 11 << 20), 0);
    close(fd);
    child = start_child();
    assert_non_null(child);
    wait_for_pong();
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 1 << 20);
    snprintf(path, sizeof path, "%s/redis.log.1", data_dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 11 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_starts_and_answers, begin, finish),
        cmocka_unit_test_setup_teardown(test_comes_back_with_data, begin, finish),
        cmocka_unit_test_setup_teardown(test_second_server_is_refused, begin, finish),
        cmocka_unit_test_setup_teardown(test_dies_with_its_parent, begin, finish),
        cmocka_unit_test_setup_teardown(test_waits_for_a_dead_servers_lock, begin, finish),
        cmocka_unit_test_setup_teardown(test_stop_leaves_nothing, begin, finish),
        cmocka_unit_test_setup_teardown(test_stops_a_stopped_redis, begin, finish),
        cmocka_unit_test_setup_teardown(test_inherits_only_the_lock, begin, finish),
        cmocka_unit_test_setup_teardown(test_errors_are_clear, begin, finish),
        cmocka_unit_test_setup_teardown(test_socket_path_limit, begin, finish),
        cmocka_unit_test_setup_teardown(test_backoff, begin, finish),
        cmocka_unit_test_setup_teardown(test_leaves_no_grandchild, begin, finish),
        cmocka_unit_test_setup_teardown(test_valkey_will_do, begin, finish),
        cmocka_unit_test_setup_teardown(test_large_log_is_moved, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
