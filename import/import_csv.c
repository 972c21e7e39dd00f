/*
 * Rows out of a CSV file, by libcsv (RFC 4180, and what spreadsheets make of it). The file goes in line by line, so
 * that the line on which a row begins is known.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "import_rows.h"

struct csv {
    const struct import_rows *rows;
    json_t *columns; /* NULL before the first row */
    json_t *values;  /* of the row being read */
    long line, row_line, count;
    const char *why; /* the row is bad */
    bool stop;
    int err;
};

/* libcsv asks for more and more as long as a quote stays open. */
static void *grow(void *old, size_t size)
{
    return size > IMPORT_VALUE_MAX ? NULL : realloc(old, size);
}

/* Whether memory was refused to what could still have grown: libcsv asks for less and less, down to a byte more. */
static bool lacks_memory(struct csv_parser *p)
{
    return csv_error(p) == CSV_ENOMEM && csv_get_buffer_size(p) < IMPORT_VALUE_MAX;
}

static void on_field(void *bytes, size_t len, void *ctx)
{
    struct csv *c = ctx;
    json_t *value = bytes ? json_stringn(bytes, len) : json_null();

    if (c->row_line > c->line) /* behind a carriage return that ended a row, but no line */
        c->row_line = c->line;
    if (json_array_size(c->values) >= IMPORT_COLUMNS_MAX)
        c->why = "has more than 200 columns";
    else if (!value)
        c->why = "has a text that is no UTF-8";
    else if (json_array_append(c->values, value) != 0)
        c->err = -ENOMEM;
    json_decref(value);
}

static void report(struct csv *c, const char *why)
{
    c->rows->bad(c->rows->ctx, "", c->row_line, why);
}

/* In lower case, so that "Slug" is "slug". */
static void take_columns(struct csv *c)
{
    json_t *name, *seen = json_object();
    size_t i;

    json_array_foreach(c->values, i, name)
    {
        char lower[IMPORT_NAME_MAX + 1] = "";
        const char *text = json_string_value(name);
        size_t len = text ? strlen(text) : 0;

        if (len > IMPORT_NAME_MAX)
            c->why = "has a column whose name is too long";
        for (size_t at = 0; at < len && len <= IMPORT_NAME_MAX; at++)
            lower[at] = (char)(text[at] >= 'A' && text[at] <= 'Z' ? text[at] | 0x20 : text[at]);
        if (lower[0] && json_object_get(seen, lower))
            c->why = "names a column twice";
        if (json_object_set_new(seen, lower, json_true()) != 0 ||
            json_array_set_new(c->values, i, json_string(lower)) != 0)
            c->err = -ENOMEM;
    }
    json_decref(seen);
    c->stop = c->why != NULL;
    if (c->why)
        report(c, c->why);
    c->columns = c->values;
    c->values = json_array();
}

/* Fields by the names of their columns; empty ones at the end may be left out. */
static void give_row(struct csv *c)
{
    json_t *fields = json_object(), *value;
    bool empty = true;
    size_t i;

    json_array_foreach(c->values, i, value)
    {
        const char *name = json_string_value(json_array_get(c->columns, i));

        if (json_is_string(value) && (!name || !*name))
            c->why = "has more fields than the first row names";
        else if (name && *name && json_object_set(fields, name, value) != 0)
            c->err = -ENOMEM;
        empty = empty && json_is_null(value);
    }
    if (c->why)
        report(c, c->why);
    else if (!empty && c->count++ < IMPORT_ROWS_MAX)
        c->rows->row(c->rows->ctx, "", c->row_line, fields);
    if (c->count > IMPORT_ROWS_MAX) {
        report(c, "is one of more than a million rows: it and what follows were not read");
        c->stop = true;
    }
    json_decref(fields);
    json_array_clear(c->values);
}

static void on_row(int end, void *ctx)
{
    struct csv *c = ctx;

    (void)end;
    if (c->stop)
        return;
    if (!c->columns)
        take_columns(c);
    else
        give_row(c);
    c->why = NULL;
    c->row_line = c->line + 1;
}

static unsigned char delimiter_of(const char *line, size_t len)
{
    size_t commas = 0, semicolons = 0, tabs = 0;

    for (size_t i = 0; i < len; i++) {
        commas += line[i] == ',';
        semicolons += line[i] == ';';
        tabs += line[i] == '\t';
    }
    return tabs > commas && tabs > semicolons ? '\t' : semicolons > commas ? ';' : ',';
}

/* A tab is no blank where it delimits. */
static int is_blank(unsigned char c)
{
    return c == ' ';
}

static void parse(struct csv *c, struct csv_parser *p, FILE *f)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;

    c->row_line = 1;
    while (!c->stop && !c->err && (len = getline(&line, &room, f)) >= 0) {
        c->line++;
        if (c->row_line == c->line && strspn(line, " \r\n") == (size_t)len)
            c->row_line++; /* libcsv says nothing of empty lines */
        if (c->line == 1)
            csv_set_delim(p, delimiter_of(line, (size_t)len));
        if (csv_parse(p, line, (size_t)len, on_field, on_row, c) != (size_t)len) {
            if (lacks_memory(p))
                c->err = -ENOMEM;
            else
                report(c, "has a value longer than 64 KB, or a quote that is not closed: it and what follows were "
                          "not read");
            c->stop = true;
        }
    }
    if (ferror(f))
        c->err = -EIO;
    else if (len < 0 && !feof(f))
        c->err = -ENOMEM; /* getline's only other end */
    free(line);
    /* Strict from here on alone: quotes inside of fields are let in, but not one that stays open. */
    csv_set_opts(p, CSV_EMPTY_IS_NULL | CSV_STRICT | CSV_STRICT_FINI);
    if (!c->stop && !c->err && csv_fini(p, on_field, on_row, c) != 0)
        report(c, "has a quote that is not closed");
}

int import_csv(FILE *f, const struct import_rows *rows)
{
    struct csv c = {.rows = rows, .values = json_array()};
    struct csv_parser p;

    if (!c.values || csv_init(&p, CSV_EMPTY_IS_NULL) != 0) {
        json_decref(c.values);
        return -ENOMEM;
    }
    csv_set_realloc_func(&p, grow);
    csv_set_space_func(&p, is_blank);
    parse(&c, &p, f);
    csv_free(&p);
    json_decref(c.columns);
    json_decref(c.values);
    return c.err;
}
