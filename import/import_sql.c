/*
 * Rows out of an SQL dump. This reads what dumps are made of, not SQL: of all statements CREATE TABLE for the names of
 * columns and INSERT for rows. It keeps one row, so a dump may be of any size and say anything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "import_rows.h"
#include "sql_tokens_private.h"

struct dump {
    struct sql_tokens sql;
    const struct import_rows *rows;
    json_t *tables; /* name -> list of columns, of the wanted tables */
    long count;     /* of rows */
};

static void skip_statement(struct sql_tokens *s)
{
    while (s->kind != SQL_END && !sql_at_mark(s, ';'))
        sql_next(s);
}

/* --- names --- */

/* Of public.links, `db`.`links` and "links" the last part into name, and the token behind it. false: no name. A dot
 * behind a quoted name begins a word of its own. */
static bool read_table(struct sql_tokens *s, char name[IMPORT_NAME_MAX + 1], bool *mysql)
{
    *mysql = false;
    do {
        const char *text = sql_value(s), *dot = s->kind == SQL_WORD ? strrchr(text, '.') : NULL;

        text = dot ? dot + 1 : text;
        if (!sql_at_name(s) || strlen(text) > IMPORT_NAME_MAX)
            return false;
        *mysql = *mysql || s->kind == SQL_NAME;
        memcpy(name, text, strlen(text) + 1);
        sql_next(s);
    } while (!name[0] || (s->kind == SQL_WORD && sql_value(s)[0] == '.'));
    return true;
}

static bool add_column(json_t *columns, const struct sql_tokens *s)
{
    size_t len = strlen(sql_value(s));

    return len > 0 && len <= IMPORT_NAME_MAX && json_array_size(columns) < IMPORT_COLUMNS_MAX &&
           json_array_append_new(columns, json_string(sql_value(s))) == 0;
}

/* Between "(" and ")", names alone. false: it is none such. */
static bool read_columns(struct sql_tokens *s, json_t *columns)
{
    while (sql_next(s) != SQL_END) {
        if (!sql_at_name(s) || !add_column(columns, s))
            return false;
        sql_next(s);
        if (sql_at_mark(s, ')')) {
            sql_next(s);
            return true;
        }
        if (!sql_at_mark(s, ','))
            return false;
    }
    return false;
}

/* What begins like a column in CREATE TABLE and is none. */
static bool is_constraint(const struct sql_tokens *s)
{
    static const char *const words[] = {"PRIMARY",  "KEY",     "UNIQUE",  "INDEX", "CONSTRAINT",
                                        "FULLTEXT", "SPATIAL", "FOREIGN", "CHECK", "EXCLUDE"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (sql_at_word(s, words[i]))
            return true;
    }
    return false;
}

static void skip_column(struct sql_tokens *s)
{
    int depth = 1;

    while (sql_next(s) != SQL_END && !sql_at_mark(s, ';')) {
        if (sql_at_mark(s, '('))
            depth++;
        else if (sql_at_mark(s, ')'))
            depth--;
        if (depth == 0 || (depth == 1 && sql_at_mark(s, ',')))
            return;
    }
}

static void read_create(struct dump *d)
{
    struct sql_tokens *s = &d->sql;
    char name[IMPORT_NAME_MAX + 1] = "";
    json_t *columns;
    bool mysql, good = true;

    while (sql_next(s) == SQL_WORD && !sql_at_word(s, "TABLE") && !sql_at_word(s, "VIEW") && !sql_at_word(s, "INDEX"))
        ;
    if (!sql_at_word(s, "TABLE"))
        return;
    sql_next(s);
    while (sql_at_word(s, "IF") || sql_at_word(s, "NOT") || sql_at_word(s, "EXISTS"))
        sql_next(s);
    if (!read_table(s, name, &mysql) || !sql_at_mark(s, '(') || !d->rows->wants(d->rows->ctx, name) ||
        json_object_size(d->tables) >= IMPORT_TABLES_MAX)
        return;
    columns = json_array();
    do {
        sql_next(s);
        if (sql_at_name(s) && !is_constraint(s))
            good = good && columns && add_column(columns, s);
        skip_column(s);
    } while (sql_at_mark(s, ','));
    /* A table that is not to be remembered makes its rows bad, if they name no columns. */
    if (!good || !columns || json_object_set(d->tables, name, columns) != 0)
        json_object_del(d->tables, name);
    json_decref(columns);
}

/* --- rows --- */

static void report(struct dump *d, const char *table, long line, const char *why)
{
    d->rows->bad(d->rows->ctx, table, line, why);
}

/* One value, and the token behind it. NULL with *why. */
static json_t *read_value(struct sql_tokens *s, const char **why)
{
    json_t *value;

    if (s->kind == SQL_WORD && sql_value(s)[0] == '_') /* _binary 'text': what the bytes are */
        sql_next(s);
    if (s->too_long)
        *why = "has a value longer than 64 KB";
    else if (s->cut)
        *why = "ends inside a text, with the file";
    else if (s->kind != SQL_TEXT && s->kind != SQL_WIDE && s->kind != SQL_WORD)
        *why = "has something that is no value";
    if (*why)
        return NULL;
    value = sql_at_word(s, "NULL") ? json_null() : json_stringn(sql_value(s), s->len);
    if (!value)
        *why = "has a text that is no UTF-8";
    sql_next(s);
    if (value && !sql_at_mark(s, ',') && !sql_at_mark(s, ')')) {
        *why = "has an expression for a value";
        json_decref(value);
        value = NULL;
    }
    return value;
}

/* From wherever in a row to the token behind its ")". */
static void skip_row(struct sql_tokens *s)
{
    int depth = 1;

    for (; s->kind != SQL_END && !sql_at_mark(s, ';'); sql_next(s)) {
        if (sql_at_mark(s, '('))
            depth++;
        if (sql_at_mark(s, ')') && --depth == 0) {
            sql_next(s);
            return;
        }
    }
}

/* Stands at "(". The row goes out, or why not. */
static void read_row(struct dump *d, const char *table, json_t *columns)
{
    struct sql_tokens *s = &d->sql;
    json_t *fields = json_object();
    long line = s->token_line;
    const char *why = fields ? NULL : "is more than memory holds";
    size_t at = 0;

    sql_next(s);
    while (!why) {
        const char *column = json_string_value(json_array_get(columns, at));
        json_t *value = column ? read_value(s, &why) : NULL;

        if (!column)
            why = "has more values than its table has columns";
        else if (value && json_object_set_new(fields, column, value) != 0)
            why = "has a column whose name is no UTF-8";
        at++;
        if (why || !sql_at_mark(s, ','))
            break;
        sql_next(s);
    }
    if (!why && at != json_array_size(columns))
        why = "has fewer values than its table has columns";
    skip_row(s);
    if (why)
        report(d, table, line, why);
    else
        d->rows->row(d->rows->ctx, table, line, fields);
    json_decref(fields);
}

static void read_all_rows(struct dump *d, const char *table, json_t *columns)
{
    struct sql_tokens *s = &d->sql;
    while (sql_at_mark(s, '(') && !s->err) {
        if (++d->count > IMPORT_ROWS_MAX) {
            report(d, table, s->token_line, "is one of more than a million rows: these and what follows were not read");
            s->kind = SQL_END;
            s->err = -E2BIG;
            return;
        }
        read_row(d, table, columns);
        if (sql_at_mark(s, ','))
            sql_next(s);
    }
}

static void read_insert(struct dump *d)
{
    struct sql_tokens *s = &d->sql;
    char table[IMPORT_NAME_MAX + 1] = "";
    json_t *columns = NULL;
    bool mysql, was = s->mysql;

    while (sql_next(s) == SQL_WORD && !sql_at_word(s, "INTO"))
        ;
    if (!sql_at_word(s, "INTO"))
        return;
    sql_next(s);
    if (!read_table(s, table, &mysql) || !d->rows->wants(d->rows->ctx, table))
        return;
    s->mysql = was || mysql;
    if (sql_at_mark(s, '(')) {
        columns = json_array();
        if (!columns || !read_columns(s, columns)) {
            report(d, table, s->token_line, "has columns that cannot be read");
            json_decref(columns);
            return;
        }
    } else {
        columns = json_incref(json_object_get(d->tables, table));
    }
    while (s->kind == SQL_WORD && !sql_at_word(s, "VALUES") && !sql_at_word(s, "VALUE"))
        sql_next(s);
    if (!sql_at_word(s, "VALUES") && !sql_at_word(s, "VALUE")) {
        report(d, table, s->token_line, "is no list of values");
    } else if (!columns) {
        report(d, table, s->token_line, "does not name its columns, and no CREATE TABLE before it does");
    } else {
        sql_next(s);
        read_all_rows(d, table, columns);
    }
    json_decref(columns);
}

/* PostgreSQL's own form: lines of values up to "\.". */
static void read_copy(struct dump *d)
{
    struct sql_tokens *s = &d->sql;
    char table[IMPORT_NAME_MAX + 1] = "";
    bool mysql;
    long line = s->token_line;
    int c, before = '\n', before_that = 0;

    sql_next(s);
    if (read_table(s, table, &mysql) && d->rows->wants(d->rows->ctx, table))
        report(d, table, line, "is in COPY form: make the dump with pg_dump --inserts");
    skip_statement(s);
    while ((c = sql_next_char(s)) != EOF && !(before_that == '\n' && before == '\\' && c == '.')) {
        before_that = before;
        before = c;
    }
    sql_next(s);
}

int import_sql(FILE *f, const struct import_rows *rows)
{
    struct dump d = {.sql = {.f = f, .line = 1}, .rows = rows, .tables = json_object()};
    struct sql_tokens *s = &d.sql;

    if (!d.tables)
        return -ENOMEM;
    sql_next(s);
    while (s->kind != SQL_END) {
        if (sql_at_word(s, "COPY")) {
            read_copy(&d);
            continue;
        }
        if (sql_at_word(s, "CREATE"))
            read_create(&d);
        else if (sql_at_word(s, "INSERT") || sql_at_word(s, "REPLACE"))
            read_insert(&d);
        skip_statement(s);
        if (s->kind != SQL_END)
            sql_next(s);
    }
    json_decref(d.tables);
    free(s->value);
    return s->err == -E2BIG ? 0 : s->err;
}
