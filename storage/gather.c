/*
 * Why a sleep, when an event loop has timers: a loop that waits is woken by every single scan, and the wake-up costs as
 * much as the scan. Polling without waiting was tried too: a hundred empty polls a call where an fsync takes 200 us.
 * A thread that sleeps for some microseconds finds all of them at once.
 */
#include "gather.h"

#include <sys/prctl.h>
#include <time.h>

enum {
    TIMER_SLACK_NS = 1000, /* Linux sleeps 50 us longer than asked for otherwise (prctl(2)) */
    SMOOTH = 8,
};

void gather_init(struct gather *g)
{
    *g = (struct gather){0};
}

int64_t gather_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void gather_arrived(struct gather *g)
{
    g->arrived++;
}

void gather_answered(struct gather *g, int64_t sent_ns, size_t seats)
{
    int64_t now = gather_now_ns(), took = now - sent_ns;
    g->call_ns = g->call_ns ? g->call_ns + (took - g->call_ns) / SMOOTH : took;
    g->answered_ns = now;
    g->expected = g->arrived + seats;
    g->napped = false;
}

/* The slack is the thread's: the one that makes a worker is not the one that runs it. */
static void nap(struct gather *g, int64_t ns)
{
    if (!g->exact)
        prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    g->exact = g->napped = true;
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

bool gather_wait(struct gather *g)
{
    bool more = g->arrived != g->seen;
    g->seen = g->arrived;
    if (g->arrived >= g->expected || (g->napped && !more))
        return false;
    int64_t patience = g->call_ns < GATHER_WAIT_NS ? g->call_ns : GATHER_WAIT_NS;
    if (gather_now_ns() - g->answered_ns > patience)
        return false;
    int64_t ns = patience / GATHER_NAPS;
    nap(g, ns < GATHER_NAP_MIN_NS ? GATHER_NAP_MIN_NS : ns > GATHER_NAP_MAX_NS ? GATHER_NAP_MAX_NS : ns);
    return true;
}
