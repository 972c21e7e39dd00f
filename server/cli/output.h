/* A file that a command makes. */
#ifndef SERVER_CLI_OUTPUT_H
#define SERVER_CLI_OUTPUT_H

#include "cli.h"

struct cli_output;

/* "-" is stdout. NULL: said on stderr. path is the caller's, until cli_output_end. */
struct cli_output *cli_output_open(const char *path);
/* 0 or -errno. */
int cli_output_write(void *output, const void *bytes, size_t len);
/* keep: the file is whole, and takes its place; else nothing is left of it. What goes wrong is said on stderr. Frees.
 */
enum cli_exit cli_output_end(struct cli_output *o, bool keep);

#endif
