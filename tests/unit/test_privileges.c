/* What a process that has left root may still do. Each part is tried by a child: nothing is ever given back. */
#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "privileges.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* Runs it in a child, whose exit code is how many things were wrong; each was told. */
static void assert_in_child(int (*wrong)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(wrong());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int tell(bool wrong, const char *what)
{
    if (wrong)
        fprintf(stderr, "%s: %m\n", what);
    return wrong;
}

static const struct {
    const char *name;
    long number;
} forbidden[] = {
    {"mount", SYS_mount},
    {"umount2", SYS_umount2},
    {"pivot_root", SYS_pivot_root},
    {"chroot", SYS_chroot},
    {"unshare", SYS_unshare},
    {"setns", SYS_setns},
    {"bpf", SYS_bpf},
    {"keyctl", SYS_keyctl},
    {"add_key", SYS_add_key},
    {"init_module", SYS_init_module},
    {"kexec_load", SYS_kexec_load},
    {"perf_event_open", SYS_perf_event_open},
    {"userfaultfd", SYS_userfaultfd},
    {"io_uring_setup", SYS_io_uring_setup},
    {"process_vm_writev", SYS_process_vm_writev},
    {"fchownat", SYS_fchownat},
    {"mknodat", SYS_mknodat},
    {"linkat", SYS_linkat},
    {"symlinkat", SYS_symlinkat},
    {"fsetxattr", SYS_fsetxattr},
    {"clock_settime", SYS_clock_settime},
    {"settimeofday", SYS_settimeofday},
    {"sethostname", SYS_sethostname},
    {"reboot", SYS_reboot},
    {"setuid", SYS_setuid},
};

/* Arguments that no call takes: without the filter they are told so, and do nothing. */
static int forbidden_are_made(void)
{
    char err[PRIVILEGES_ERR_MAX];
    int wrong = 0;
    if (privileges_leave_root("", "", err) != 0)
        return tell(true, err);
    for (size_t i = 0; i < COUNT_OF(forbidden); i++)
        wrong += tell(syscall(forbidden[i].number, -1L, -1L, -1L, -1L, -1L, -1L) != -1 || errno != ENOSYS,
                      forbidden[i].name);
    return wrong + tell(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1, "set-uid programs are not forbidden");
}

static void calls_that_nobody_needs_are_none(void **state)
{
    (void)state;
    assert_in_child(forbidden_are_made);
}

static int other_sockets_are_made(void)
{
    static const int good[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    static const int bad[] = {AF_PACKET, AF_ALG, AF_VSOCK, AF_BLUETOOTH, AF_KEY, AF_UNSPEC};
    char err[PRIVILEGES_ERR_MAX];
    int wrong = 0;
    if (privileges_leave_root("", "", err) != 0)
        return tell(true, err);
    for (size_t i = 0; i < COUNT_OF(good); i++) /* a machine may be without IPv6 */
        wrong += tell(socket(good[i], SOCK_DGRAM, 0) < 0 && errno == ENOSYS, "a socket that is needed");
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        wrong += tell(socket(bad[i], SOCK_RAW, 0) >= 0 || errno != ENOSYS, "a socket that nobody needs");
    return wrong;
}

static void sockets_are_of_the_families_that_are_needed(void **state)
{
    (void)state;
    assert_in_child(other_sockets_are_made);
}

static int root_comes_back(void)
{
    char err[PRIVILEGES_ERR_MAX];
    gid_t groups[64];
    uid_t real, effective, saved;
    int wrong = tell(setgroups(2, (gid_t[]){0, 4}) != 0, "setgroups");
    if (privileges_leave_root("nobody", "", err) != 0)
        return tell(true, err);
    int count = getgroups(COUNT_OF(groups), groups);
    for (int i = 0; i < count; i++)
        wrong += tell(groups[i] == 0 || groups[i] == 4, "a group of root's is kept");
    wrong += tell(count < 0 || geteuid() == 0 || getegid() == 0, "it is root");
    wrong += tell(privileges_bind(true) != 0 || geteuid() != 0, "doors are not root's");
    wrong += tell(privileges_bind(false) != 0 || geteuid() == 0, "it stays root behind its doors");
    wrong += tell(privileges_end() != 0 || setresuid(0, 0, 0) == 0, "root comes back");
    return wrong + tell(getresuid(&real, &effective, &saved) != 0 || !real || !effective || !saved, "root is kept");
}

static void who_has_left_root_is_root_for_its_doors_and_then_never_again(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_in_child(root_comes_back);
}

static void nobody_becomes_who_is_not_known(void **state)
{
    char err[PRIVILEGES_ERR_MAX];
    (void)state;
    assert_int_equal(privileges_leave_root("nobody-of-that-name", "", err), -1);
    assert_string_equal(err, "there is no user nobody-of-that-name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_that_nobody_needs_are_none),
        cmocka_unit_test(sockets_are_of_the_families_that_are_needed),
        cmocka_unit_test(who_has_left_root_is_root_for_its_doors_and_then_never_again),
        cmocka_unit_test(nobody_becomes_who_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
