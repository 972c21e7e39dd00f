/*
 * Preloaded into huoma and redis-server (LD_PRELOAD): the clock on the wall is as far off as the file says that
 * HUOMA_TEST_WALL names, eight bytes of seconds that a test writes and the program maps. The monotonic clocks stay, as
 * they do when somebody sets a machine's clock. See tests/faults/test_clocks.py.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t still, *ahead = &still;

/* The kernel is asked: libc's own would be this one. */
int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int r = (int)syscall(SYS_clock_gettime, clock, ret);
    if (r == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        ret->tv_sec += atomic_load(ahead);
    return r;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec t;
    (void)zone;
    int r = clock_gettime(CLOCK_REALTIME, &t);
    *ret = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
    return r;
}

time_t time(time_t *ret)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (ret)
        *ret = t.tv_sec;
    return t.tv_sec;
}

/* Before the program begins, so before any sandbox of its own. */
__attribute__((constructor)) static void share(void)
{
    const char *path = getenv("HUOMA_TEST_WALL");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *at = fd >= 0 ? mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (at == MAP_FAILED) {
        fprintf(stderr, "moved_clock: HUOMA_TEST_WALL names no file that can be shared\n");
        _exit(2);
    }
    ahead = at;
}
