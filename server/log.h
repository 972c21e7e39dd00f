/*
 * One line per event on stderr: time=… level=… event=… key=value … A value with anything but printable ASCII without
 * blank, '"' and '=' is quoted, with \xHH for other bytes, so no stranger can forge a line. Never a cookie, a token or
 * a query string. Thread-safe: one write(2) a line.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum { LOG_LINE_MAX = 1024 }; /* bytes; longer lines are cut, with "…" */

void log_set_level(enum log_level level);
/* Pairs of key, value (const char *), ended by NULL: log_event(LOG_INFO, "ready", "public", url, NULL); */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
/* Whether an event of this kind may be logged now: at most once a second for each slot, which the caller keeps, one a
 * thread. */
int log_due(long long *slot_ms);

#endif
