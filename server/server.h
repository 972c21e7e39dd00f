/* The serving process: embedded Redis, workers, admin thread, signals, drain. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "config.h"

/* Serves until SIGTERM or SIGINT. Returns the exit code: 0 drained, 1 could not start (one line was written to stderr).
 */
int server_run(const struct config *config);

#endif
