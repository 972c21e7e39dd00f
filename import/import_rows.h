/*
 * Rows of tables, whatever file they come from: an SQL dump or a CSV file. A row is a JSON object from the names of its
 * columns to strings and nulls; its texts are well-formed UTF-8.
 */
#ifndef IMPORT_IMPORT_ROWS_H
#define IMPORT_IMPORT_ROWS_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

enum {
    IMPORT_VALUE_MAX = 64 * 1024, /* bytes of one value */
    IMPORT_COLUMNS_MAX = 200,     /* of a table */
    IMPORT_TABLES_MAX = 200,      /* of those that are wanted */
    IMPORT_ROWS_MAX = 1000000,    /* of those that are wanted */
    IMPORT_NAME_MAX = 128,        /* bytes of a table's or column's name */
};

/* Who takes the rows. line: where the row begins, from 1 on. */
struct import_rows {
    void *ctx;
    /* Whether rows of that table are asked for; others are passed over. CSV files have no table, and are not asked
     * about. */
    bool (*wants)(void *ctx, const char *table);
    /* table: "" in a CSV file. fields is borrowed. */
    void (*row)(void *ctx, const char *table, long line, json_t *fields);
    /* A row, or with the rest of the file, that cannot be read. why: half a sentence. */
    void (*bad)(void *ctx, const char *table, long line, const char *why);
};

/*
 * An SQL dump as mysqldump, phpMyAdmin, pg_dump --inserts and sqlite3's .dump make them, UTF-8: the rows of its INSERT
 * and REPLACE statements, named by their list of columns or by the CREATE TABLE before. Of each kept table and column
 * the last part of its name counts. 0, -EIO, -ENOMEM.
 */
int import_sql(FILE *f, const struct import_rows *rows);

/*
 * A CSV file, UTF-8, whose first row names its columns (in lower case, without blanks around). The delimiter is the one
 * of
 * ',', ';' and tab that the first line has most of. A field with nothing in it is null. 0, -EIO, -ENOMEM.
 */
int import_csv(FILE *f, const struct import_rows *rows);

#endif
