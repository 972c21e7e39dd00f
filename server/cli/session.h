/*
 * A command's way to the store: Redis by redis_url, else the running server's embedded Redis, else an embedded Redis of
 * one's own for as long as the command takes. Calls are made one at a time:
 *
 *     store_row_list(session_store(s), tokens, list_done, &call);   (list_done ends with session_done)
 *     session_run(s);
 */
#ifndef SERVER_CLI_SESSION_H
#define SERVER_CLI_SESSION_H

#include "audit.h"
#include "config.h"
#include "store.h"

enum {
    SESSION_DEADLINE_MS = 10000, /* to reach the store */
};

struct session;

/* Returns once the store answers. NULL: it does not, which was said on stderr. */
struct session *session_open(const struct config *config);
struct store *session_store(const struct session *s);
/* Turns the event loop until session_done is called; every call of the store has its own deadline. */
void session_run(struct session *s);
void session_done(struct session *s);
/* What the audit log is told of a change made by this command: who is "cli:" and the user of this system. */
struct store_audit session_audit(const char *action, const char *target, const struct audit_change *change);
/* NULL is fine. */
void session_close(struct session *s);

#endif
