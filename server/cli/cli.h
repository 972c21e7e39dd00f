/*
 * The commands behind `huoma`: their table, their options, and how they speak.
 *
 * A command prints its result on stdout and, when it fails, one line "huoma: what: why" on stderr (one for each field
 * of a refused campaign). Its exit code is one of enum cli_exit.
 */
#ifndef SERVER_CLI_CLI_H
#define SERVER_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config.h"
#include "country.h"
#include "store.h"

enum cli_exit { CLI_DONE = 0, CLI_FAILED = 1, CLI_MISUSED = 2 };

/* A part of a command that has a screen of help for itself: `huoma help COMMAND TOPIC`. */
struct cli_topic {
    const char *name;
    const char *help;
};

struct cli_command {
    const char *name;
    const char *summary;            /* a few words for the list of commands */
    const char *help;               /* what `huoma help NAME` says; NULL-terminated text with line ends */
    const struct cli_topic *topics; /* NULL, or ended by one without a name */
    bool needs_config;              /* else config is NULL */
    bool serves;                    /* whether --demo and --ready-file are its own */
    enum cli_exit (*run)(const struct config *config, int argc, char **argv); /* argv: what stands behind the name */
};

/* All commands, ended by one without a name. (commands.c) */
extern const struct cli_command cli_commands[];
/* campaign_help.c */
extern const char cli_campaign_help[];
extern const struct cli_topic cli_campaign_topics[];
/* NULL: no such command. */
const struct cli_command *cli_find_command(const char *name);
/* The overview: what `huoma help` says. */
void cli_print_overview(FILE *out);
/* All help as a manual page, in roff, on stdout (man.c). false: out of memory. */
bool cli_print_man(void);

enum cli_exit cli_serve(const struct config *config, int argc, char **argv);
enum cli_exit cli_qr(const struct config *config, int argc, char **argv);
enum cli_exit cli_poster(const struct config *config, int argc, char **argv);
enum cli_exit cli_sheet(const struct config *config, int argc, char **argv);
enum cli_exit cli_campaign(const struct config *config, int argc, char **argv);
enum cli_exit cli_user(const struct config *config, int argc, char **argv);
enum cli_exit cli_token(const struct config *config, int argc, char **argv);
enum cli_exit cli_alert(const struct config *config, int argc, char **argv);
enum cli_exit cli_funnel(const struct config *config, int argc, char **argv);
enum cli_exit cli_import(const struct config *config, int argc, char **argv);
enum cli_exit cli_export(const struct config *config, int argc, char **argv);
enum cli_exit cli_check(const struct config *config, int argc, char **argv);
enum cli_exit cli_completion(const struct config *config, int argc, char **argv);
enum cli_exit cli_help(const struct config *config, int argc, char **argv);

/* --- errors and options (options.c) --- */

/* "huoma: what: why" on stderr. Returns CLI_FAILED. */
enum cli_exit cli_fail(const char *what, const char *why_format, ...) __attribute__((format(printf, 2, 3)));
/* Likewise, with where to read about the command. Returns CLI_MISUSED. */
enum cli_exit cli_misuse(const char *command, const char *why_format, ...) __attribute__((format(printf, 2, 3)));
/* What a result of the store means to a person: "store: no answer in time ...". Returns CLI_FAILED. */
enum cli_exit cli_fail_store(const char *what, enum store_result r);
/* Likewise, of a command that had made so many things before it failed, and makes the rest when it is run again. */
enum cli_exit cli_fail_midway(const char *what, enum store_result r, size_t made);

struct cli_option {
    const char *name; /* "--title", "-o" */
    bool takes_value;
};

enum { CLI_END = -1, CLI_ARGUMENT = -2, CLI_WRONG = -3 };

/* A walk over a command's arguments, in their order; "--" ends the options. */
struct cli_walk {
    const char *command; /* for errors: "campaign create" */
    int argc;
    char **argv;
    int at;
    bool only_arguments;
};

/* The next option's index in options (a row without name ends them) with its value, CLI_ARGUMENT with its text in
 * *value, CLI_END, or CLI_WRONG when that is not to be (said already). */
int cli_next(struct cli_walk *w, const struct cli_option *options, const char **value);

/* --- the country database (check.c) --- */

/* Opens the configured one; NULL in *ret_countries when none is configured. false: it cannot be used, which is said on
 * stderr. Close it with countries_close. */
bool cli_open_countries(const struct config *config, struct countries **ret_countries);

/* --- text for people (text.c) --- */

/* Columns on a terminal; control bytes and broken UTF-8 count as one '?'. */
int text_width(const char *utf8);
/* Prints it, without anything that could move a cursor, then blanks up to width columns. */
void text_print(FILE *out, const char *utf8, int width);
/* Whether it is UTF-8 without control characters. */
bool text_is_clean(const char *utf8);
/* As a JSON string, with its quotes. */
void text_print_json(FILE *out, const char *utf8);

/* Aligned columns. Cells are copied, row by row; the first row is the head. */
struct text_table;
struct text_table *text_table_new(int columns); /* NULL: out of memory */
void text_table_cell(struct text_table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* right: bits of the columns that are aligned to the right. false: out of memory came between; nothing is printed. */
bool text_table_print(const struct text_table *t, unsigned right, FILE *out);
void text_table_free(struct text_table *t);

#endif
