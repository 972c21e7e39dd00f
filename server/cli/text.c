/* Text for people's eyes: widths, tables, JSON strings. Uses the UTF-8 locale that main sets. See cli.h. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "cli.h"

enum { TABLE_COLUMNS_MAX = 12, TABLE_GAP = 2 };

/* One character: its bytes and its columns. Broken or unprintable ones are one byte (or their length) shown as '?'. */
struct glyph {
    size_t bytes;
    int columns;
    bool shown;
};

static struct glyph read_glyph(const char *p)
{
    mbstate_t state = {0};
    wchar_t wide;
    size_t n = mbrtowc(&wide, p, strlen(p), &state);
    if (n == (size_t)-1 || n == (size_t)-2)
        return (struct glyph){1, 1, false};
    int columns = wcwidth(wide);
    if (columns < 0 || iswcntrl((wint_t)wide))
        return (struct glyph){n, 1, false};
    return (struct glyph){n, columns, true};
}

int text_width(const char *utf8)
{
    int width = 0;
    for (const char *p = utf8; *p;) {
        struct glyph g = read_glyph(p);
        width += g.columns;
        p += g.bytes;
    }
    return width;
}

void text_print(FILE *out, const char *utf8, int width)
{
    for (const char *p = utf8; *p;) {
        struct glyph g = read_glyph(p);
        if (g.shown)
            fwrite(p, 1, g.bytes, out);
        else
            fputc('?', out);
        width -= g.columns;
        p += g.bytes;
    }
    if (width > 0)
        fprintf(out, "%*s", width, "");
}

bool text_is_clean(const char *utf8)
{
    for (const char *p = utf8; *p;) {
        struct glyph g = read_glyph(p);
        if (!g.shown)
            return false;
        p += g.bytes;
    }
    return true;
}

void text_print_json(FILE *out, const char *utf8)
{
    fputc('"', out);
    for (const char *p = utf8; *p; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(out, "\\%c", *p);
        else if ((unsigned char)*p < ' ')
            fprintf(out, "\\u%04x", (unsigned)(unsigned char)*p);
        else
            fputc(*p, out);
    }
    fputc('"', out);
}

struct text_table {
    int columns;
    int widths[TABLE_COLUMNS_MAX];
    char **cells;
    size_t count, room;
    bool failed;
};

struct text_table *text_table_new(int columns)
{
    struct text_table *t = calloc(1, sizeof *t);
    if (t)
        t->columns = columns;
    return t;
}

void text_table_cell(struct text_table *t, const char *format, ...)
{
    char *cell = NULL;
    va_list ap;
    va_start(ap, format);
    if (vasprintf(&cell, format, ap) < 0)
        cell = NULL;
    va_end(ap);
    if (cell && t->count == t->room) {
        size_t room = t->room ? t->room * 2 : 64;
        char **cells = realloc(t->cells, room * sizeof *cells);
        if (cells) {
            t->cells = cells;
            t->room = room;
        }
    }
    if (!cell || t->count == t->room) {
        free(cell);
        t->failed = true;
        return;
    }
    int column = (int)(t->count % (size_t)t->columns), width = text_width(cell);
    if (width > t->widths[column])
        t->widths[column] = width;
    t->cells[t->count++] = cell;
}

bool text_table_print(const struct text_table *t, unsigned right, FILE *out)
{
    if (t->failed)
        return false;
    for (size_t i = 0; i < t->count; i++) {
        int column = (int)(i % (size_t)t->columns), pad = t->widths[column] - text_width(t->cells[i]);
        bool last = column == t->columns - 1, to_right = right >> column & 1;
        if (to_right && pad > 0)
            fprintf(out, "%*s", pad, "");
        text_print(out, t->cells[i], 0);
        if (last)
            fputc('\n', out);
        else
            fprintf(out, "%*s", TABLE_GAP + (to_right ? 0 : pad), "");
    }
    return true;
}

void text_table_free(struct text_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t);
}
