/* Events as lines of key=value on stderr. See log.h. */
#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char cut_mark[] = "\xe2\x80\xa6\n"; /* "…" and the line's end */

static _Atomic int least_level = LOG_INFO;

/* A line under way. Room for cut_mark is always left, so a full line can be told and still ends as it must. */
struct line {
    char text[LOG_LINE_MAX];
    size_t len;
    int cut;
};

enum { LINE_ROOM = LOG_LINE_MAX - (sizeof cut_mark - 1) };

static void add(struct line *l, const char *bytes, size_t len)
{
    size_t room = l->cut ? 0 : LINE_ROOM - l->len;
    if (len > room) {
        l->cut = 1;
        len = room;
    }
    memcpy(l->text + l->len, bytes, len);
    l->len += len;
}

static int is_plain(const char *value)
{
    for (const char *p = value; *p; p++)
        if (*p <= ' ' || *p > '~' || *p == '"' || *p == '=' || *p == '\\')
            return 0;
    return *value != '\0';
}

static void add_quoted(struct line *l, const char *value)
{
    add(l, "\"", 1);
    for (const char *p = value; *p && !l->cut; p++) {
        char out[8];
        int n;
        if (*p == '"' || *p == '\\')
            n = snprintf(out, sizeof out, "\\%c", *p);
        else if (*p < ' ' || *p > '~')
            n = snprintf(out, sizeof out, "\\x%02x", (unsigned)(unsigned char)*p);
        else
            n = snprintf(out, sizeof out, "%c", *p);
        add(l, out, (size_t)n);
    }
    add(l, "\"", 1);
}

static void begin(struct line *l, enum log_level level, const char *event)
{
    struct timespec now;
    struct tm utc;
    char date[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    l->cut = 0;
    l->len = (size_t)snprintf(l->text, LINE_ROOM, "time=%s.%03ldZ level=%s event=%.64s", date, now.tv_nsec / 1000000,
                              level_names[level], event);
}

static void end(struct line *l)
{
    if (l->cut) {
        memcpy(l->text + l->len, cut_mark, sizeof cut_mark - 1);
        l->len += sizeof cut_mark - 1;
    } else {
        l->text[l->len++] = '\n';
    }
    /* A log that cannot be written must not stop the program, and there is nowhere to say so. */
    if (write(STDERR_FILENO, l->text, l->len) < 0)
        return;
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&least_level, (int)level, memory_order_relaxed);
}

void log_event(enum log_level level, const char *event, ...)
{
    struct line l;
    va_list ap;
    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
        return;
    begin(&l, level, event);
    va_start(ap, event);
    for (const char *key; (key = va_arg(ap, const char *));) {
        const char *value = va_arg(ap, const char *);
        add(&l, " ", 1);
        add(&l, key, strlen(key));
        add(&l, "=", 1);
        if (value && is_plain(value))
            add(&l, value, strlen(value));
        else
            add_quoted(&l, value ? value : "");
    }
    va_end(ap);
    end(&l);
}

int log_due(long long *slot_ms)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    long long ms = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (*slot_ms != 0 && ms - *slot_ms < 1000)
        return 0;
    *slot_ms = ms;
    return 1;
}
