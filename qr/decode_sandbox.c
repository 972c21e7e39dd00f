/*
 * Limits and a seccomp filter that knows the few calls that computing needs. Whatever else is called fails with EPERM
 * instead of ending the process: libraries try files they can do without (converters, locales).
 */
#include "decode_sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <seccomp.h>

#include "decode_child.h"

static const int allowed[] = {
    SCMP_SYS(read),         SCMP_SYS(write),
    SCMP_SYS(exit),         SCMP_SYS(exit_group),
    SCMP_SYS(brk),          SCMP_SYS(mmap),
    SCMP_SYS(munmap),       SCMP_SYS(mremap),
    SCMP_SYS(mprotect),     SCMP_SYS(madvise),
    SCMP_SYS(futex),        SCMP_SYS(sched_yield),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(getpid),       SCMP_SYS(gettid),
    SCMP_SYS(getrandom),    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep),
};

static int set_limit(__rlimit_resource_t what, rlim_t value, rlim_t most)
{
    const struct rlimit limit = {.rlim_cur = value, .rlim_max = most};

    return setrlimit(what, &limit) == 0 ? 0 : -errno;
}

/* Bytes of address space that are there already: a sanitizer's shadow alone is terabytes. */
static int mapped_bytes(rlim_t *bytes)
{
    unsigned long pages;
    FILE *f = fopen("/proc/self/statm", "re");
    int fields = f ? fscanf(f, "%lu", &pages) : 0;

    if (f)
        fclose(f);
    if (fields != 1)
        return -EIO;
    *bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
    return 0;
}

static int load_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int err = filter ? 0 : -ENOMEM;

    for (size_t i = 0; !err && i < sizeof(allowed) / sizeof(allowed[0]); i++)
        err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    if (!err)
        err = seccomp_load(filter);
    seccomp_release(filter);
    return err;
}

int decode_sandbox_enter(int cpu_seconds)
{
    rlim_t mapped = 0;
    int err = mapped_bytes(&mapped);
    const rlim_t memory = mapped + (rlim_t)QR_DECODE_MEMORY_MB * 1024 * 1024;

    if (!err && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0))
        err = -errno;
    if (!err)
        err = set_limit(RLIMIT_AS, memory, memory);
    if (!err) /* the second above is the kernel's to say SIGXCPU, by which it is known */
        err = set_limit(RLIMIT_CPU, (rlim_t)cpu_seconds, (rlim_t)cpu_seconds + 1);
    if (!err)
        err = set_limit(RLIMIT_CORE, 0, 0);
    if (!err)
        err = set_limit(RLIMIT_FSIZE, 0, 0);
    return err ? err : load_filter();
}
