/*
 * Linked into `huoma-scarce`, which is huoma whose memory a test withholds: allocations are counted, and some of them
 * fail. The test and the program share the file that HUOMA_TEST_MEMORY names; so one process can be asked again and
 * again. What huoma's own objects call is caught by the linker (--wrap), and what jansson calls through them; libevent
 * has a door of its own. hiredis 0.14, Debian 12's, has none, and ends the process by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <event2/event.h>
#include <sanitizer/common_interface_defs.h>

/* As tests/faults/test_memory.py knows it. */
struct scarce {
    _Atomic int64_t calls;  /* since the test set it to 0 */
    _Atomic int64_t first;  /* the first that fails; 0: none */
    _Atomic int64_t count;  /* how many fail, one after the other */
    _Atomic int64_t failed; /* have */
    _Atomic int64_t told;   /* not 0: where each failed goes to stderr */
};

static struct scarce nothing, *scarce = &nothing;

static bool withheld(void)
{
    int64_t n = atomic_fetch_add(&scarce->calls, 1) + 1, first = atomic_load(&scarce->first);
    if (first == 0 || n < first || n >= first + atomic_load(&scarce->count))
        return false;
    atomic_fetch_add(&scarce->failed, 1);
    if (atomic_load(&scarce->told) != 0)
        __sanitizer_print_stack_trace();
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
FILE *__real_open_memstream(char **p, size_t *size);
int __real_vasprintf(char **out, const char *format, va_list arguments);
ssize_t __real_getline(char **line, size_t *room, FILE *f);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
FILE *__wrap_open_memstream(char **p, size_t *size);
int __wrap_vasprintf(char **out, const char *format, va_list arguments);
int __wrap_asprintf(char **out, const char *format, ...);
ssize_t __wrap_getline(char **line, size_t *room, FILE *f);

void *__wrap_malloc(size_t size)
{
    return withheld() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return withheld() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return withheld() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return withheld() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
    return withheld() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
    return withheld() ? NULL : __real_strndup(s, n);
}

FILE *__wrap_open_memstream(char **p, size_t *size)
{
    return withheld() ? NULL : __real_open_memstream(p, size);
}

/* What libc leaves in *out when it fails is nobody's business: here it is what must not be freed. */
int __wrap_vasprintf(char **out, const char *format, va_list arguments)
{
    *out = (char *)(intptr_t)1;
    return withheld() ? -1 : __real_vasprintf(out, format, arguments);
}

int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = __wrap_vasprintf(out, format, arguments);
    va_end(arguments);
    return len;
}

/* It allocates where nobody sees it. */
ssize_t __wrap_getline(char **line, size_t *room, FILE *f)
{
    return withheld() ? -1 : __real_getline(line, room, f);
}

__attribute__((constructor)) static void share(void)
{
    const char *path = getenv("HUOMA_TEST_MEMORY");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *at = fd >= 0 ? mmap(NULL, sizeof *scarce, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (at == MAP_FAILED) {
        fprintf(stderr, "huoma-scarce: HUOMA_TEST_MEMORY names no file that can be shared\n");
        _exit(2);
    }
    scarce = at;
    event_set_mem_functions(__wrap_malloc, __wrap_realloc, free);
}
