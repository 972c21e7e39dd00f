/*
 * Rows out of an SQL dump. This reads what dumps are made of, not SQL: comments, names, texts and numbers, and of all
 * statements CREATE TABLE for the names of columns and INSERT for rows. It reads a character at a time and keeps one
 * value and one row, so a dump may be of any size and say anything.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import_rows.h"

enum kind {
    SQL_END,
    SQL_WORD, /* a bare word or number */
    SQL_NAME, /* `name` */
    SQL_WIDE, /* "name", or in MySQL a text */
    SQL_TEXT, /* 'text', or a number in hex, decoded */
    SQL_MARK, /* any other character, in mark */
};

struct sql {
    FILE *f;
    const struct import_rows *rows;
    json_t *tables; /* name -> list of columns, of the wanted tables */
    long line, token_line, count;
    bool mysql; /* backslashes escape in texts; a dump of MySQL shows by its comments or by the name of a table in ` */
    enum kind kind;
    int mark;
    char *value;
    size_t len, room;
    bool too_long, cut; /* the value is longer than IMPORT_VALUE_MAX; the file ends inside it */
    int err;
};

/* --- characters and tokens --- */

static int next_char(struct sql *s)
{
    int c = getc_unlocked(s->f);

    if (c == '\n')
        s->line++;
    if (c == EOF && ferror_unlocked(s->f))
        s->err = -EIO;
    return c;
}

static void push_back(struct sql *s, int c)
{
    if (c == '\n')
        s->line--;
    if (c != EOF)
        ungetc(c, s->f);
}

static void keep(struct sql *s, int c)
{
    if (s->len == IMPORT_VALUE_MAX) {
        s->too_long = true;
        return;
    }
    if (s->len + 1 >= s->room) {
        size_t room = s->room ? s->room * 2 : 256;
        char *grown = realloc(s->value, room);

        if (!grown) {
            s->err = -ENOMEM;
            return;
        }
        s->value = grown;
        s->room = room;
    }
    s->value[s->len++] = (char)c;
    s->value[s->len] = '\0';
}

static void skip_line(struct sql *s)
{
    int c;

    do
        c = next_char(s);
    while (c != '\n' && c != EOF);
}

static void skip_comment(struct sql *s)
{
    int c = next_char(s), before = 0;

    /* MySQL's conditional comments are statements to set things up; no row stands in one. */
    if (c == '!')
        s->mysql = true;
    while (c != EOF && !(before == '*' && c == '/')) {
        before = c;
        c = next_char(s);
    }
}

/* MySQL Reference Manual, 9.1.1, table "Special Character Escape Sequences". */
static int unescape(int c)
{
    switch (c) {
    case '0':
        return '\0';
    case 'b':
        return '\b';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'Z':
        return 26;
    default:
        return c;
    }
}

static void read_quoted(struct sql *s, int quote, bool escapes)
{
    int c;

    for (;;) {
        c = next_char(s);
        if (c == EOF) {
            s->cut = true;
            return;
        }
        if (c == '\\' && escapes) {
            c = next_char(s);
            if (c == EOF)
                continue;
            c = unescape(c);
        } else if (c == quote) {
            c = next_char(s);
            if (c != quote) {
                push_back(s, c);
                return;
            }
        }
        keep(s, c);
    }
}

static bool is_word_char(int c)
{
    return c != EOF && (isalnum(c) || c >= 0x80 || strchr("_$.@+-", c)) && c != '\0';
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* Digits in place become bytes; false, and nothing done, when they are none. */
static bool decode_hex(struct sql *s, size_t from)
{
    size_t digits = s->len - from;

    if (digits == 0 || digits % 2 != 0)
        return false;
    for (size_t i = from; i < s->len; i++) {
        if (hex_digit(s->value[i]) < 0)
            return false;
    }
    for (size_t i = 0; i < digits / 2; i++)
        s->value[i] = (char)(hex_digit(s->value[from + 2 * i]) << 4 | hex_digit(s->value[from + 2 * i + 1]));
    s->len = digits / 2;
    s->value[s->len] = '\0';
    return true;
}

/* A word that a quote follows is what kind of text it is: N'..', E'..', X'..', _utf8mb4'..'. */
static void read_prefixed(struct sql *s)
{
    bool hex = strcasecmp(s->value, "x") == 0, escapes = s->mysql || strcasecmp(s->value, "e") == 0;

    s->len = 0;
    s->value[0] = '\0';
    read_quoted(s, '\'', escapes);
    s->kind = SQL_TEXT;
    if (hex)
        decode_hex(s, 0);
}

static void read_word(struct sql *s, int c)
{
    s->kind = SQL_WORD;
    for (; is_word_char(c); c = next_char(s))
        keep(s, c);
    if (c == '\'' && !s->err) {
        read_prefixed(s);
        return;
    }
    push_back(s, c);
    if (s->len > 2 && s->value[0] == '0' && s->value[1] == 'x' && decode_hex(s, 2))
        s->kind = SQL_TEXT;
}

static int skip_blanks(struct sql *s)
{
    for (;;) {
        int c = next_char(s), after;

        if (c == '#') {
            skip_line(s);
        } else if (c == '-' || c == '/') {
            after = next_char(s);
            if (c == '-' && after == '-') {
                skip_line(s);
            } else if (c == '/' && after == '*') {
                skip_comment(s);
            } else {
                push_back(s, after);
                return c;
            }
        } else if (c == EOF || !isspace(c)) {
            return c;
        }
    }
}

static enum kind next(struct sql *s)
{
    int c = skip_blanks(s);

    s->len = 0;
    s->too_long = s->cut = false;
    if (s->room)
        s->value[0] = '\0';
    s->token_line = s->line;
    s->mark = 0;
    if (c == EOF || s->err) {
        s->kind = SQL_END;
    } else if (c == '\'') {
        s->kind = SQL_TEXT;
        read_quoted(s, c, s->mysql);
    } else if (c == '`' || c == '"') {
        s->kind = c == '`' ? SQL_NAME : SQL_WIDE;
        read_quoted(s, c, c == '"' && s->mysql);
    } else if (is_word_char(c)) {
        read_word(s, c);
    } else {
        s->kind = SQL_MARK;
        s->mark = c;
    }
    return s->kind;
}

static const char *value_of(const struct sql *s)
{
    return s->room ? s->value : "";
}

static bool at_word(const struct sql *s, const char *word)
{
    return s->kind == SQL_WORD && strcasecmp(value_of(s), word) == 0;
}

static bool at_mark(const struct sql *s, char c)
{
    return s->kind == SQL_MARK && s->mark == c;
}

static bool at_name(const struct sql *s)
{
    return s->kind == SQL_NAME || s->kind == SQL_WIDE || s->kind == SQL_WORD;
}

static void skip_statement(struct sql *s)
{
    while (s->kind != SQL_END && !at_mark(s, ';'))
        next(s);
}

/* --- names --- */

/* Of public.links, `db`.`links` and "links" the last part into name, and the token behind it. false: no name. A dot
 * behind a quoted name begins a word of its own. */
static bool read_table(struct sql *s, char name[IMPORT_NAME_MAX + 1], bool *mysql)
{
    *mysql = false;
    do {
        const char *text = value_of(s), *dot = s->kind == SQL_WORD ? strrchr(text, '.') : NULL;

        text = dot ? dot + 1 : text;
        if (!at_name(s) || strlen(text) > IMPORT_NAME_MAX)
            return false;
        *mysql = *mysql || s->kind == SQL_NAME;
        memcpy(name, text, strlen(text) + 1);
        next(s);
    } while (!name[0] || (s->kind == SQL_WORD && value_of(s)[0] == '.'));
    return true;
}

static bool add_column(json_t *columns, const struct sql *s)
{
    size_t len = strlen(value_of(s));

    return len > 0 && len <= IMPORT_NAME_MAX && json_array_size(columns) < IMPORT_COLUMNS_MAX &&
           json_array_append_new(columns, json_string(value_of(s))) == 0;
}

/* Between "(" and ")", names alone. false: it is none such. */
static bool read_columns(struct sql *s, json_t *columns)
{
    while (next(s) != SQL_END) {
        if (!at_name(s) || !add_column(columns, s))
            return false;
        next(s);
        if (at_mark(s, ')')) {
            next(s);
            return true;
        }
        if (!at_mark(s, ','))
            return false;
    }
    return false;
}

/* What begins like a column in CREATE TABLE and is none. */
static bool is_constraint(const struct sql *s)
{
    static const char *const words[] = {"PRIMARY",  "KEY",     "UNIQUE",  "INDEX", "CONSTRAINT",
                                        "FULLTEXT", "SPATIAL", "FOREIGN", "CHECK", "EXCLUDE"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (at_word(s, words[i]))
            return true;
    }
    return false;
}

static void skip_column(struct sql *s)
{
    int depth = 1;

    while (next(s) != SQL_END && !at_mark(s, ';')) {
        if (at_mark(s, '('))
            depth++;
        else if (at_mark(s, ')'))
            depth--;
        if (depth == 0 || (depth == 1 && at_mark(s, ',')))
            return;
    }
}

static void read_create(struct sql *s)
{
    char name[IMPORT_NAME_MAX + 1] = "";
    json_t *columns;
    bool mysql, good = true;

    while (next(s) == SQL_WORD && !at_word(s, "TABLE") && !at_word(s, "VIEW") && !at_word(s, "INDEX"))
        ;
    if (!at_word(s, "TABLE"))
        return;
    next(s);
    while (at_word(s, "IF") || at_word(s, "NOT") || at_word(s, "EXISTS"))
        next(s);
    if (!read_table(s, name, &mysql) || !at_mark(s, '(') || !s->rows->wants(s->rows->ctx, name) ||
        json_object_size(s->tables) >= IMPORT_TABLES_MAX)
        return;
    columns = json_array();
    do {
        next(s);
        if (at_name(s) && !is_constraint(s))
            good = good && columns && add_column(columns, s);
        skip_column(s);
    } while (at_mark(s, ','));
    /* A table that is not to be remembered makes its rows bad, if they name no columns. */
    if (!good || !columns || json_object_set(s->tables, name, columns) != 0)
        json_object_del(s->tables, name);
    json_decref(columns);
}

/* --- rows --- */

static void report(struct sql *s, const char *table, long line, const char *why)
{
    s->rows->bad(s->rows->ctx, table, line, why);
}

/* One value, and the token behind it. NULL with *why. */
static json_t *read_value(struct sql *s, const char **why)
{
    json_t *value;

    if (s->kind == SQL_WORD && value_of(s)[0] == '_') /* _binary 'text': what the bytes are */
        next(s);
    if (s->too_long)
        *why = "has a value longer than 64 KB";
    else if (s->cut)
        *why = "ends inside a text, with the file";
    else if (s->kind != SQL_TEXT && s->kind != SQL_WIDE && s->kind != SQL_WORD)
        *why = "has something that is no value";
    if (*why)
        return NULL;
    value = at_word(s, "NULL") ? json_null() : json_stringn(value_of(s), s->len);
    if (!value)
        *why = "has a text that is no UTF-8";
    next(s);
    if (value && !at_mark(s, ',') && !at_mark(s, ')')) {
        *why = "has an expression for a value";
        json_decref(value);
        value = NULL;
    }
    return value;
}

/* From wherever in a row to the token behind its ")". */
static void skip_row(struct sql *s)
{
    int depth = 1;

    for (; s->kind != SQL_END && !at_mark(s, ';'); next(s)) {
        if (at_mark(s, '('))
            depth++;
        if (at_mark(s, ')') && --depth == 0) {
            next(s);
            return;
        }
    }
}

/* Stands at "(". The row goes out, or why not. */
static void read_row(struct sql *s, const char *table, json_t *columns)
{
    json_t *fields = json_object();
    long line = s->token_line;
    const char *why = fields ? NULL : "is more than memory holds";
    size_t at = 0;

    next(s);
    while (!why) {
        const char *column = json_string_value(json_array_get(columns, at));
        json_t *value = column ? read_value(s, &why) : NULL;

        if (!column)
            why = "has more values than its table has columns";
        else if (value && json_object_set_new(fields, column, value) != 0)
            why = "has a column whose name is no UTF-8";
        at++;
        if (why || !at_mark(s, ','))
            break;
        next(s);
    }
    if (!why && at != json_array_size(columns))
        why = "has fewer values than its table has columns";
    skip_row(s);
    if (why)
        report(s, table, line, why);
    else
        s->rows->row(s->rows->ctx, table, line, fields);
    json_decref(fields);
}

static void read_all_rows(struct sql *s, const char *table, json_t *columns)
{
    while (at_mark(s, '(') && !s->err) {
        if (++s->count > IMPORT_ROWS_MAX) {
            report(s, table, s->token_line, "is one of more than a million rows: these and what follows were not read");
            s->kind = SQL_END;
            s->err = -E2BIG;
            return;
        }
        read_row(s, table, columns);
        if (at_mark(s, ','))
            next(s);
    }
}

static void read_insert(struct sql *s)
{
    char table[IMPORT_NAME_MAX + 1] = "";
    json_t *columns = NULL;
    bool mysql, was = s->mysql;

    while (next(s) == SQL_WORD && !at_word(s, "INTO"))
        ;
    if (!at_word(s, "INTO"))
        return;
    next(s);
    if (!read_table(s, table, &mysql) || !s->rows->wants(s->rows->ctx, table))
        return;
    s->mysql = was || mysql;
    if (at_mark(s, '(')) {
        columns = json_array();
        if (!columns || !read_columns(s, columns)) {
            report(s, table, s->token_line, "has columns that cannot be read");
            json_decref(columns);
            return;
        }
    } else {
        columns = json_incref(json_object_get(s->tables, table));
    }
    while (s->kind == SQL_WORD && !at_word(s, "VALUES") && !at_word(s, "VALUE"))
        next(s);
    if (!at_word(s, "VALUES") && !at_word(s, "VALUE")) {
        report(s, table, s->token_line, "is no list of values");
    } else if (!columns) {
        report(s, table, s->token_line, "does not name its columns, and no CREATE TABLE before it does");
    } else {
        next(s);
        read_all_rows(s, table, columns);
    }
    json_decref(columns);
}

/* PostgreSQL's own form: lines of values up to "\.". */
static void read_copy(struct sql *s)
{
    char table[IMPORT_NAME_MAX + 1] = "";
    bool mysql;
    long line = s->token_line;
    int c, before = '\n', before_that = 0;

    next(s);
    if (read_table(s, table, &mysql) && s->rows->wants(s->rows->ctx, table))
        report(s, table, line, "is in COPY form: make the dump with pg_dump --inserts");
    skip_statement(s);
    while ((c = next_char(s)) != EOF && !(before_that == '\n' && before == '\\' && c == '.')) {
        before_that = before;
        before = c;
    }
    next(s);
}

int import_sql(FILE *f, const struct import_rows *rows)
{
    struct sql s = {.f = f, .rows = rows, .line = 1, .tables = json_object()};

    if (!s.tables)
        return -ENOMEM;
    next(&s);
    while (s.kind != SQL_END) {
        if (at_word(&s, "COPY")) {
            read_copy(&s);
            continue;
        }
        if (at_word(&s, "CREATE"))
            read_create(&s);
        else if (at_word(&s, "INSERT") || at_word(&s, "REPLACE"))
            read_insert(&s);
        skip_statement(&s);
        if (s.kind != SQL_END)
            next(&s);
    }
    json_decref(s.tables);
    free(s.value);
    return s.err == -E2BIG ? 0 : s.err;
}
