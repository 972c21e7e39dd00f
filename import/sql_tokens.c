/* Characters of a dump into tokens. */
#include "sql_tokens_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import_rows.h"

int sql_next_char(struct sql_tokens *s)
{
    int c = getc_unlocked(s->f);

    if (c == '\n')
        s->line++;
    if (c == EOF && ferror_unlocked(s->f))
        s->err = -EIO;
    return c;
}

static void push_back(struct sql_tokens *s, int c)
{
    if (c == '\n')
        s->line--;
    if (c != EOF)
        ungetc(c, s->f);
}

static void keep(struct sql_tokens *s, int c)
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

static void skip_line(struct sql_tokens *s)
{
    int c;

    do
        c = sql_next_char(s);
    while (c != '\n' && c != EOF);
}

static void skip_comment(struct sql_tokens *s)
{
    int c = sql_next_char(s), before = 0;

    /* MySQL's conditional comments are statements to set things up; no row stands in one. */
    if (c == '!')
        s->mysql = true;
    while (c != EOF && !(before == '*' && c == '/')) {
        before = c;
        c = sql_next_char(s);
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

static void read_quoted(struct sql_tokens *s, int quote, bool escapes)
{
    int c;

    for (;;) {
        c = sql_next_char(s);
        if (c == EOF) {
            s->cut = true;
            return;
        }
        if (c == '\\' && escapes) {
            c = sql_next_char(s);
            if (c == EOF)
                continue;
            c = unescape(c);
        } else if (c == quote) {
            c = sql_next_char(s);
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
static bool decode_hex(struct sql_tokens *s, size_t from)
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
static void read_prefixed(struct sql_tokens *s)
{
    bool hex = strcasecmp(s->value, "x") == 0, escapes = s->mysql || strcasecmp(s->value, "e") == 0;

    s->len = 0;
    s->value[0] = '\0';
    read_quoted(s, '\'', escapes);
    s->kind = SQL_TEXT;
    if (hex)
        decode_hex(s, 0);
}

static void read_word(struct sql_tokens *s, int c)
{
    s->kind = SQL_WORD;
    for (; is_word_char(c); c = sql_next_char(s))
        keep(s, c);
    if (c == '\'' && !s->err) {
        read_prefixed(s);
        return;
    }
    push_back(s, c);
    if (s->len > 2 && s->value[0] == '0' && s->value[1] == 'x' && decode_hex(s, 2))
        s->kind = SQL_TEXT;
}

static int skip_blanks(struct sql_tokens *s)
{
    for (;;) {
        int c = sql_next_char(s), after;

        if (c == '#') {
            skip_line(s);
        } else if (c == '-' || c == '/') {
            after = sql_next_char(s);
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

enum sql_kind sql_next(struct sql_tokens *s)
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

const char *sql_value(const struct sql_tokens *s)
{
    return s->room ? s->value : "";
}

bool sql_at_word(const struct sql_tokens *s, const char *word)
{
    return s->kind == SQL_WORD && strcasecmp(sql_value(s), word) == 0;
}

bool sql_at_mark(const struct sql_tokens *s, char c)
{
    return s->kind == SQL_MARK && s->mark == c;
}

bool sql_at_name(const struct sql_tokens *s)
{
    return s->kind == SQL_NAME || s->kind == SQL_WIDE || s->kind == SQL_WORD;
}
