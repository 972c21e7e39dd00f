/* How the readers of formats come to their rows. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "campaign_json_memory.h"
#include "formats_private.h"

enum {
    IMPORT_SAY_MAX = 600,
    IMPORT_TEXTS_MAX = 100000, /* JSON texts in a file */
    REST_ROOM = 64 * 1024,     /* bytes, at first */
};

/* --- words to the sink --- */

void import_refuse(struct import_reader *r, long line, const char *what, const char *why_format, ...)
{
    char why[IMPORT_SAY_MAX];
    va_list args;

    va_start(args, why_format);
    vsnprintf(why, sizeof(why), why_format, args);
    va_end(args);
    r->sink->refuse(r->sink->ctx, line, what ? what : "", why);
}

void import_note(struct import_reader *r, long line, const char *format, ...)
{
    char text[IMPORT_SAY_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    r->sink->note(r->sink->ctx, line, text);
}

/* --- fields --- */

const char *import_field(json_t *fields, const char *name)
{
    const char *text = json_string_value(json_object_get(fields, name));

    return text && *text ? text : NULL;
}

int64_t import_count(json_t *fields, const char *name)
{
    json_t *value = json_object_get(fields, name);
    int64_t n = json_integer_value(value);

    if (json_is_string(value) && !import_number(json_string_value(value), IMPORT_SEATS_MAX, &n))
        n = 0;
    return n < 0 || n > IMPORT_SEATS_MAX ? 0 : n;
}

bool import_is_true(json_t *fields, const char *name)
{
    static const char *const words[] = {"1", "t", "true", "y", "yes", "on"};
    json_t *value = json_object_get(fields, name);
    const char *text = json_string_value(value);

    for (size_t i = 0; text && i < COUNT_OF(words); i++) {
        if (strcasecmp(text, words[i]) == 0)
            return true;
    }
    return json_is_true(value) || (json_is_integer(value) && json_integer_value(value) == 1);
}

bool import_put_date(struct import_reader *r, long line, const char *key, json_t *definition, const char *name,
                     const char *text, bool day_end)
{
    char date[32];

    if (!text)
        return true;
    if (!import_date(text, day_end, date)) {
        import_refuse(r, line, key, "%s: \"%.60s\" is no date", name, text);
        return false;
    }
    json_object_set_new(definition, name, json_string(date));
    return true;
}

/* --- tables --- */

struct tables {
    struct import_reader *r;
    const struct import_table_format *format;
};

static bool wants(void *ctx, const char *table)
{
    return ((struct tables *)ctx)->format->wants(table);
}

static void on_row(void *ctx, const char *table, long line, json_t *fields)
{
    struct tables *t = ctx;

    t->format->row(t->r, table, line, fields);
}

static void on_bad(void *ctx, const char *table, long line, const char *why)
{
    import_refuse(((struct tables *)ctx)->r, line, table, "%s", why);
}

/* A dump begins with a comment or a word of SQL, and a CSV file's first line has neither. */
static bool is_sql(FILE *f)
{
    static const char *const words[] = {"--",     "/*",     "CREATE ", "INSERT ", "SET ",     "DROP ", "PRAGMA ",
                                        "BEGIN ", "START ", "USE ",    "LOCK ",   "REPLACE ", "COPY ", "DELETE "};
    char head[512] = "";
    long begin = ftell(f);
    size_t len = fread(head, 1, sizeof(head) - 1, f), blanks;

    head[len] = '\0';
    blanks = strspn(head, " \t\r\n");
    fseek(f, begin, SEEK_SET);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strncasecmp(head + blanks, words[i], strlen(words[i])) == 0)
            return true;
    }
    return false;
}

int import_read_rows(const char *path, struct import_reader *r, const struct import_table_format *format)
{
    struct tables t = {.r = r, .format = format};
    const struct import_rows rows = {.ctx = &t, .wants = wants, .row = on_row, .bad = on_bad};
    struct import_text text;
    int err = import_text_open(&text, path, r->sink);

    if (!err)
        err = is_sql(text.f) ? import_sql(text.f, &rows) : import_csv(text.f, &rows);
    import_text_close(&text);
    return err == -EINVAL ? 0 : err;
}

int import_read_tables(const char *path, struct import_reader *r, const struct import_table_format *format)
{
    int err;

    r->links = import_links_new();
    err = r->links ? import_read_rows(path, r, format) : -ENOMEM;
    if (!err && format->finish)
        format->finish(r);
    if (!err)
        import_links_give(r->links, r->sink);
    import_links_free(r->links);
    return err;
}

/* --- JSON --- */

bool import_looks_json(const char *head, size_t len)
{
    size_t at = len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < len && strchr(" \t\r\n", head[at]) && head[at])
        at++;
    return at < len && (head[at] == '{' || head[at] == '[');
}

bool import_file_is_json(const char *path)
{
    char head[64];
    FILE *f = fopen(path, "rbe");
    size_t len = f ? fread(head, 1, sizeof(head), f) : 0;

    if (f)
        fclose(f);
    return import_looks_json(head, len);
}

bool import_head_has(const char *head, size_t len, const char *text)
{
    return memmem(head, len, text, strlen(text)) != NULL;
}

static json_t *entries_of(json_t *text)
{
    json_t *inner = json_object_get(text, "shortUrls");

    if (json_is_array(text))
        return text;
    return json_object_get(inner ? inner : text, "data");
}

/* What is left of the file, malloc'd; NULL: -errno in *err. */
static char *read_rest(FILE *f, size_t *len, int *err)
{
    char *bytes = NULL;
    size_t room = 0;

    for (*len = 0; *len == room; *len += fread(bytes + *len, 1, room - *len, f)) {
        size_t more = room ? room * 2 : REST_ROOM;
        char *grown = realloc(bytes, more);

        if (!grown) {
            free(bytes);
            *err = -ENOMEM;
            return NULL;
        }
        bytes = grown;
        room = more;
    }
    *err = ferror(f) ? -EIO : 0;
    if (*err) {
        free(bytes);
        bytes = NULL;
    }
    return bytes;
}

/* Texts one behind the other, each as it is taken by itself from where the one before ended. */
static int read_texts(const char *at, size_t len, struct import_reader *r,
                      void (*entry)(struct import_reader *r, long n, json_t *fields))
{
    long n = 0;

    for (int texts = 0; texts < IMPORT_TEXTS_MAX; texts++) {
        json_error_t error;
        json_t *text, *fields;
        size_t i;

        for (; len > 0 && strchr(" \t\r\n", *at); len--)
            at++;
        if (len == 0)
            return 0;
        text = json_memory_load(at, len, JSON_DISABLE_EOF_CHECK, &error);
        if (!text && json_memory_failed())
            return -ENOMEM;
        if (!text) {
            import_refuse(r, 0, "", "the file is no JSON from text %d on: %s", texts + 1, error.text);
            return 0;
        }
        at += error.position;
        len -= (size_t)error.position;
        if (!json_is_array(entries_of(text)))
            import_refuse(r, 0, "", "JSON text %d of the file has no list of links", texts + 1);
        json_array_foreach(entries_of(text), i, fields)
        {
            if (++n > IMPORT_ROWS_MAX)
                break;
            if (json_is_object(fields))
                entry(r, n, fields);
            else
                import_refuse(r, n, "", "is no object");
        }
        json_decref(text);
    }
    return 0;
}

int import_read_entries(const char *path, struct import_reader *r,
                        void (*entry)(struct import_reader *r, long n, json_t *fields))
{
    struct import_text text;
    char *bytes;
    size_t len;
    int err = import_text_open(&text, path, r->sink);

    if (err)
        return err == -EINVAL ? 0 : err;
    bytes = read_rest(text.f, &len, &err);
    import_text_close(&text);
    r->links = bytes ? import_links_new() : NULL;
    if (!err)
        err = r->links ? read_texts(bytes, len, r, entry) : -ENOMEM;
    if (!err)
        import_links_give(r->links, r->sink);
    import_links_free(r->links);
    free(bytes);
    return err;
}
