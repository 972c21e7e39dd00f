/* What `huoma poster` and `huoma sheet` are told: each option is a parameter of the API, by the same name. */
#ifndef SERVER_CLI_PRINT_OPTIONS_H
#define SERVER_CLI_PRINT_OPTIONS_H

#include "cli.h"
#include "print.h"
#include "print_sheet.h"

struct print_options {
    const char *command;
    bool many; /* a sheet */
    char slug[CAMPAIGN_SLUG_MAX + 1];
    const char *file, *csv; /* NULL: not given */
    struct print print;
    struct print_sheet sheet;
};

/* false: said on stderr. Clear it in either case. */
bool print_options_read(struct print_options *o, bool many, int argc, char **argv);
void print_options_clear(struct print_options *o);
/* One line for each. Returns CLI_FAILED. */
enum cli_exit print_options_fail(const struct print_options *o, const struct field_errors *errors);

#endif
