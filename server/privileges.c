/* See privileges.h. Who may still become root while doors are bound keeps it as the saved user only: what is executed
 * meanwhile (Redis) loses that, execve(2) makes the saved user the effective one. */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seccomp.h>

/* What glibc, libevent, libcurl, GLib, fontconfig and redis-server call, by name; those that a machine does not have
 * are passed over. */
static const char *const allowed[] = {
    /* files */
    "open", "openat", "openat2", "creat", "close", "close_range", "read", "readv", "pread64", "preadv", "preadv2",
    "write", "writev", "pwrite64", "pwritev", "pwritev2", "lseek", "_llseek", "stat", "stat64", "fstat", "fstat64",
    "lstat", "lstat64", "newfstatat", "fstatat64", "statx", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getdents", "getdents64", "getcwd", "chdir", "fchdir", "mkdir", "mkdirat", "rmdir", "rename",
    "renameat", "renameat2", "unlink", "unlinkat", "ftruncate", "ftruncate64", "truncate", "fallocate", "fsync",
    "fdatasync", "sync_file_range", "fadvise64", "flock", "fcntl", "fcntl64", "dup", "dup2", "dup3", "pipe", "pipe2",
    "umask", "chmod", "fchmod", "fchmodat", "fchmodat2", "statfs", "fstatfs", "utimensat", "futimesat",
    "copy_file_range", "sendfile", "sendfile64", "splice", "ioctl", "memfd_create", "inotify_init1",
    "inotify_add_watch", "inotify_rm_watch",
    /* memory */
    "brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "mincore", "msync", "mlock", "munlock",
    "membarrier", "pkey_alloc", "pkey_mprotect", "pkey_free",
    /* processes and threads; setresuid and setgroups win nothing back from who is not root */
    "clone", "clone3", "fork", "vfork", "execve", "execveat", "exit", "exit_group", "wait4", "waitid", "waitpid",
    "kill", "tgkill", "tkill", "getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getresuid",
    "getresgid", "getgroups", "getpgrp", "getpgid", "setpgid", "setsid", "getsid", "setresuid", "setresgid",
    "set_tid_address", "set_robust_list", "get_robust_list", "rseq", "arch_prctl", "set_thread_area", "prctl",
    "prlimit64", "getrlimit", "ugetrlimit", "setrlimit", "getrusage", "times", "sysinfo", "uname", "getpriority",
    "setpriority", "sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_setscheduler", "sched_getscheduler",
    "sched_getparam", "sched_setparam", "sched_get_priority_max", "sched_get_priority_min", "sched_setattr",
    "sched_getattr", "ioprio_set", "getcpu", "capget", "seccomp", "futex", "futex_time64", "futex_waitv", "getrandom",
    /* signals and time */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend", "rt_sigtimedwait",
    "rt_sigqueueinfo", "rt_tgsigqueueinfo", "sigaltstack", "sigreturn", "signalfd4", "pause", "restart_syscall",
    "alarm", "setitimer", "getitimer", "timer_create", "timer_settime", "timer_gettime", "timer_delete",
    "timerfd_create", "timerfd_settime", "timerfd_gettime", "clock_gettime", "clock_gettime64", "clock_getres",
    "clock_nanosleep", "clock_nanosleep_time64", "gettimeofday", "nanosleep", "time",
    /* network; sockets have a rule of their own */
    "socketpair", "bind", "listen", "accept", "accept4", "connect", "shutdown", "getsockname", "getpeername",
    "setsockopt", "getsockopt", "sendto", "sendmsg", "sendmmsg", "send", "recvfrom", "recvmsg", "recvmmsg", "recv",
    "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2",
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    "ptrace", "process_vm_readv", "personality", "readahead", /* the leak checker's */
#endif
};

/* getaddrinfo asks the kernel for its addresses by netlink. */
static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static struct {
    bool user; /* one was named */
    uid_t uid;
} self;

static int fail(char err[PRIVILEGES_ERR_MAX], const char *what, int error)
{
    snprintf(err, PRIVILEGES_ERR_MAX, "%s: %s", what, strerror(error));
    return -1;
}

static int become(const char *user, const char *data_dir, char err[PRIVILEGES_ERR_MAX])
{
    const struct passwd *p = getpwnam(user);
    if (!p) {
        snprintf(err, PRIVILEGES_ERR_MAX, "there is no user %s", user);
        return -1;
    }
    if (p->pw_uid == geteuid()) /* already */
        return 0;
    if (geteuid() != 0) {
        snprintf(err, PRIVILEGES_ERR_MAX, "only root can become %s", user);
        return -1;
    }
    if (*data_dir && mkdir(data_dir, 0700) == 0 && chown(data_dir, p->pw_uid, p->pw_gid) != 0)
        return fail(err, data_dir, errno);
    if (initgroups(p->pw_name, p->pw_gid) != 0 || setresgid(p->pw_gid, p->pw_gid, p->pw_gid) != 0 ||
        setresuid(p->pw_uid, p->pw_uid, 0) != 0)
        return fail(err, user, errno);
    self.user = p->pw_uid != 0;
    self.uid = p->pw_uid;
    return 0;
}

static int forbid_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int error = filter ? 0 : -ENOMEM;
    for (size_t i = 0; !error && i < sizeof allowed / sizeof allowed[0]; i++) {
        int number = seccomp_syscall_resolve_name(allowed[i]);
        if (number >= 0)
            error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    }
    for (size_t i = 0; !error && i < sizeof families / sizeof families[0]; i++) {
        const struct scmp_arg_cmp is_family = {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)families[i]};
        error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, &is_family);
    }
    if (!error)
        seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1); /* else older kernels slow the whole process down */
    if (!error)
        error = seccomp_load(filter);
    if (filter)
        seccomp_release(filter);
    return error;
}

int privileges_leave_root(const char *user, const char *data_dir, char err[PRIVILEGES_ERR_MAX])
{
    if (*user && become(user, data_dir, err) != 0)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(err, "no_new_privs", errno);
    int error = forbid_calls();
    if (error) {
        fail(err, "seccomp", -error);
        return 1;
    }
    return 0;
}

int privileges_bind(bool root)
{
    if (!self.user)
        return 0;
    return setresuid((uid_t)-1, root ? 0 : self.uid, (uid_t)-1) == 0 ? 0 : -errno;
}

int privileges_end(void)
{
    if (!self.user)
        return 0;
    return setresuid(self.uid, self.uid, self.uid) == 0 ? 0 : -errno;
}
