/* The serving process: embedded Redis, workers, admin thread, signals, drain. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "config.h"
#include "country.h"

/* countries: NULL without a database. Serves until SIGTERM or SIGINT. Returns the exit code: 0 drained, 1 could not
 * start (one line was written to stderr).
 */
int server_run(const struct config *config, const struct countries *countries);

#endif
