/*
 * Starts huoma-decode for one image and hears its answer. One socket is the program's input and output: the image goes
 * in, half of it is closed, and a byte of enum qr_decoded and the text come out.
 */
#include "decode_child.h"

#include "decode_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const reasons[QR_DECODED_COUNT] = {
    [QR_DECODED] = "holds a QR code",
    [QR_DECODE_NO_IMAGE] = "is neither PNG nor JPEG",
    [QR_DECODE_TOO_LARGE] = "is too large (8 MB, 40 million pixels)",
    [QR_DECODE_DAMAGED] = "is damaged",
    [QR_DECODE_NO_CODE] = "holds no QR code",
    [QR_DECODE_SEVERAL] = "holds several QR codes",
    [QR_DECODE_NO_TEXT] = "holds a QR code that says no text",
    [QR_DECODE_LATE] = "could not be decoded in time",
    [QR_DECODE_CRASHED] = "could not be decoded: the decoder broke off",
    [QR_DECODE_NO_SANDBOX] = "was not decoded: this system has no seccomp",
    [QR_DECODE_NO_PROGRAM] = "was not decoded: the program huoma-decode could not be started",
};

const char *qr_decode_reason(enum qr_decoded d)
{
    return (unsigned)d < QR_DECODED_COUNT ? reasons[d] : reasons[QR_DECODE_CRASHED];
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The program stands beside this one. */
static bool program_path(char path[PATH_MAX])
{
    static const char name[] = "huoma-decode";
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof(name));
    char *slash;

    if (len <= 0)
        return false;
    path[len] = '\0';
    slash = strrchr(path, '/');
    if (!slash)
        return false;
    memcpy(slash + 1, name, sizeof(name));
    return true;
}

static int spawn(struct decode_child *c, int their_end, const char *mode)
{
    char path[PATH_MAX], word[16] = "";
    char *argv[] = {(char[]){"huoma-decode"}, mode ? word : NULL, NULL}, *environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    int err;

    snprintf(word, sizeof(word), "%s", mode ? mode : "");
    if (!program_path(path))
        return -ENOENT;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -ENOMEM;
    err = posix_spawn_file_actions_adddup2(&actions, their_end, STDIN_FILENO);
    if (!err)
        err = posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
    if (!err)
        err = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (!err)
        err = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (!err)
        err = posix_spawn(&c->pid, path, &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    return -err;
}

void decode_child_allow(struct decode_child *c, int seconds)
{
    c->end_ms = now_ms() + seconds * 1000;
}

int decode_child_start(struct decode_child *c, const char *mode)
{
    int ends[2], err;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -errno;
    err = spawn(c, ends[1], mode);
    close(ends[1]);
    if (err) {
        close(ends[0]);
        return err;
    }
    c->fd = ends[0];
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    return 0;
}

/* false: the time is over. */
static bool wait_for(const struct decode_child *c, short events)
{
    struct pollfd p = {.fd = c->fd, .events = events};

    for (;;) {
        int64_t left = c->end_ms - now_ms();
        int r = left > 0 ? poll(&p, 1, (int)left) : 0;

        if (r >= 0 || errno != EINTR)
            return r > 0;
    }
}

/* A program that has said what it thinks of the image before it got all of it closes its end: no error here. */
bool decode_child_send(const struct decode_child *c, const void *bytes, size_t len)
{
    const char *image = bytes;

    while (len > 0) {
        ssize_t n;

        if (!wait_for(c, POLLOUT))
            return false;
        n = send(c->fd, image, len, MSG_NOSIGNAL);
        if (n > 0) {
            image += n;
            len -= (size_t)n;
        } else if (errno != EINTR && errno != EAGAIN) {
            break;
        }
    }
    return true;
}

ssize_t decode_child_receive(const struct decode_child *c, void *answer, size_t room)
{
    size_t len = 0;

    while (len < room) {
        ssize_t n;

        if (!wait_for(c, POLLIN))
            return -1;
        n = recv(c->fd, (char *)answer + len, room - len, 0);
        if (n > 0)
            len += (size_t)n;
        else if (n == 0 || (errno != EINTR && errno != EAGAIN))
            break;
    }
    return (ssize_t)len;
}

/* The program's answer is a stranger's too, once the image has taken it over. */
static bool is_text(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char u = (unsigned char)s[i];

        if (u < 0x20 || u == 0x7f)
            return false;
    }
    return len > 0;
}

static enum qr_decoded hear(const struct decode_child *c, const char *image, size_t len, char *text)
{
    char answer[1 + QR_DECODE_TEXT_MAX + 1];
    ssize_t n = -1;

    if (decode_child_send(c, image, len)) {
        shutdown(c->fd, SHUT_WR);
        n = decode_child_receive(c, answer, sizeof(answer));
    }
    if (n < 0)
        return QR_DECODE_LATE;
    if (n == 0 || (unsigned char)answer[0] >= QR_DECODE_LATE || n > 1 + QR_DECODE_TEXT_MAX)
        return n == 1 && answer[0] == QR_DECODE_NO_SANDBOX ? QR_DECODE_NO_SANDBOX : QR_DECODE_CRASHED;
    if (answer[0] != QR_DECODED)
        return (enum qr_decoded)answer[0];
    if (!is_text(answer + 1, (size_t)n - 1))
        return QR_DECODE_NO_TEXT;
    memcpy(text, answer + 1, (size_t)n - 1);
    text[n - 1] = '\0';
    return QR_DECODED;
}

int decode_child_end(struct decode_child *c)
{
    int status;

    kill(c->pid, SIGKILL);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(c->fd);
    return status;
}

bool decode_child_was_late(ssize_t received, int status)
{
    return received < 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU);
}

enum qr_decoded qr_decode(const void *image, size_t len, char text[QR_DECODE_TEXT_MAX + 1])
{
    struct decode_child c;
    enum qr_decoded d;
    int status;

    text[0] = '\0';
    if (len > QR_DECODE_BYTES_MAX)
        return QR_DECODE_TOO_LARGE;
    if (decode_child_start(&c, NULL) != 0)
        return QR_DECODE_NO_PROGRAM;
    decode_child_allow(&c, QR_DECODE_SECONDS);
    d = hear(&c, image, len, text);
    status = decode_child_end(&c);
    return d == QR_DECODE_CRASHED && decode_child_was_late(0, status) ? QR_DECODE_LATE : d;
}
