/*
 * What dumps are made of, a character at a time: comments passed over, names, texts, numbers. One value is kept, so a
 * dump may be of any size.
 */
#ifndef IMPORT_SQL_TOKENS_PRIVATE_H
#define IMPORT_SQL_TOKENS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum sql_kind {
    SQL_END,
    SQL_WORD, /* a bare word or number */
    SQL_NAME, /* `name` */
    SQL_WIDE, /* "name", or in MySQL a text */
    SQL_TEXT, /* 'text', or a number in hex, decoded */
    SQL_MARK, /* any other character, in mark */
};

/* Begin with the file and line 1, all else 0; free value at the end. */
struct sql_tokens {
    FILE *f; /* borrowed */
    long line, token_line;
    bool mysql; /* backslashes escape in texts; a dump of MySQL shows by its comments or by the name of a table in ` */
    enum sql_kind kind;
    int mark;
    char *value; /* owned */
    size_t len, room;
    bool too_long, cut; /* the value is longer than IMPORT_VALUE_MAX; the file ends inside it */
    int err;            /* -EIO, -ENOMEM: then all further tokens are SQL_END */
};

/* The next token, and its kind. */
enum sql_kind sql_next(struct sql_tokens *s);
/* The next character, where there are no tokens. EOF also when the file can't be read. */
int sql_next_char(struct sql_tokens *s);

/* The token's text, good until the next one; "" of a mark. */
const char *sql_value(const struct sql_tokens *s);

/* Whether it is this bare word, in capitals or not. */
bool sql_at_word(const struct sql_tokens *s, const char *word);
bool sql_at_mark(const struct sql_tokens *s, char c);
/* Whether it may name something. */
bool sql_at_name(const struct sql_tokens *s);

#endif
