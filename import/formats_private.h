/* What the readers of formats share; formats.c has their table. */
#ifndef IMPORT_FORMATS_PRIVATE_H
#define IMPORT_FORMATS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import.h"
#include "import_links.h"
#include "import_rows.h"
#include "import_text.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* Seats that a limit or head count may be, as campaigns have it. */
enum { IMPORT_SEATS_MAX = 1000000000 };

/* A reader at work: what its rows add to, and what its rows go to in the end. */
struct import_reader {
    const struct import_options *options;
    const struct import_sink *sink;
    struct import_links *links;
    void *more; /* the format's own */
};

/* Opens the file, gives its rows to row (of the tables that wants says, or the CSV file's), and the links to the sink.
 * finish, if any, is called between. What the files cannot say is refused to the sink. */
struct import_table_format {
    bool (*wants)(const char *table);
    void (*row)(struct import_reader *r, const char *table, long line, json_t *fields);
    void (*finish)(struct import_reader *r);
};
/* Only the rows of a file, to an import_reader at work. */
int import_read_rows(const char *path, struct import_reader *r, const struct import_table_format *format);
int import_read_tables(const char *path, struct import_reader *r, const struct import_table_format *format);

/* JSON: every entry of every text in the file, each a list or an object that has the list at "data" or at "shortUrls",
 * "data". n: the entry's number in the file, from 1 on. */
int import_read_entries(const char *path, struct import_reader *r,
                        void (*entry)(struct import_reader *r, long n, json_t *fields));

/* Whether the file's begin is JSON. */
bool import_looks_json(const char *head, size_t len);
bool import_file_is_json(const char *path);
bool import_head_has(const char *head, size_t len, const char *text);

/* A column's text; NULL if it is not there, null or empty. */
const char *import_field(json_t *fields, const char *name);
/* A count out of text or number; anything else is 0. */
int64_t import_count(json_t *fields, const char *name);
/* A switch: 1, t, true, y, yes, on; anything else is false. */
bool import_is_true(json_t *fields, const char *name);

/* A date of a column into the definition. false: it is none, and the row is refused. */
bool import_put_date(struct import_reader *r, long line, const char *key, json_t *definition, const char *name,
                     const char *text, bool day_end);

void import_refuse(struct import_reader *r, long line, const char *what, const char *why_format, ...)
    __attribute__((format(printf, 4, 5)));
void import_note(struct import_reader *r, long line, const char *format, ...) __attribute__((format(printf, 3, 4)));

bool import_csv_looks(const char *head, size_t len);
int import_csv_read(const char *path, const struct import_options *o, const struct import_sink *sink);
bool import_kutt_looks(const char *head, size_t len);
int import_kutt_read(const char *path, const struct import_options *o, const struct import_sink *sink);
bool import_likeyun_looks(const char *head, size_t len);
int import_likeyun_read(const char *path, const struct import_options *o, const struct import_sink *sink);
bool import_shlink_looks(const char *head, size_t len);
int import_shlink_read(const char *path, const struct import_options *o, const struct import_sink *sink);
bool import_yourls_looks(const char *head, size_t len);
int import_yourls_read(const char *path, const struct import_options *o, const struct import_sink *sink);

#endif
