/* Our own export (export.c), taken back into a store. */
#ifndef SERVER_CLI_IMPORT_OWN_H
#define SERVER_CLI_IMPORT_OWN_H

#include "cli.h"

/* Whether a file that begins so is one. */
bool import_own_looks(const char *head, size_t len);

/*
 * Reads the file twice: the first time to see that it is whole and what would become of each line, the second time to
 * make what is new. What is there already stays as it is.
 */
enum cli_exit import_own(const struct config *config, const char *path, bool dry_run);

#endif
