/*
 * Kutt: the answers of GET /api/v2/links, one behind the other, or its table `links` as an SQL dump (PostgreSQL with
 * --inserts, SQLite, MySQL) or CSV.
 */
#include <string.h>
#include <time.h>

#include "formats_private.h"

static bool wants(const char *table)
{
    return strcmp(table, "links") == 0;
}

/* The API says whether there is a password; the table has its hash. */
static bool has_password(json_t *fields)
{
    json_t *password = json_object_get(fields, "password");

    return json_is_true(password) ||
           (import_field(fields, "password") && strcmp(import_field(fields, "password"), "false"));
}

/* SQLite keeps a date as milliseconds since 1970, or as text. */
static bool put_end(struct import_reader *r, long line, const char *key, json_t *definition, json_t *fields)
{
    const char *text = import_field(fields, "expire_in");
    int64_t ms;
    char date[32];

    if (text && import_number(text, INT64_C(253402300799000), &ms)) {
        time_t at = (time_t)(ms / 1000);
        struct tm tm;

        if (at > 0 && gmtime_r(&at, &tm) && strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
            text = date;
    }
    return import_put_date(r, line, key, definition, "ends_at", text, true);
}

static void take_link(struct import_reader *r, long line, json_t *fields)
{
    const char *key = import_field(fields, "address"), *url = import_field(fields, "target");
    int64_t visits = import_count(fields, "visit_count");
    json_t *definition;

    if (!key || !url) {
        import_refuse(r, line, key, "has no %s: it is not of Kutt", key ? "target" : "address");
    } else if (import_is_true(fields, "banned")) {
        import_refuse(r, line, key, "is banned");
    } else if (has_password(fields)) {
        import_refuse(r, line, key, "asks for a password, and links of Huoma are open to everybody who has the code");
    } else {
        definition = import_link(import_field(fields, "description"), url, -1, 0);
        if (!put_end(r, line, key, definition, fields)) {
            json_decref(definition);
            return;
        }
        if (visits > 0)
            import_note(r, line, "/%.200s: %lld visits until now are not taken over", key, (long long)visits);
        import_links_add(r->links, r->sink, line, key, true, definition);
    }
}

static void take_row(struct import_reader *r, const char *table, long line, json_t *fields)
{
    (void)table;
    take_link(r, line, fields);
}

bool import_kutt_looks(const char *head, size_t len)
{
    return import_head_has(head, len, "address") && import_head_has(head, len, "target") &&
           (import_head_has(head, len, "visit_count") || import_head_has(head, len, "expire_in") ||
            import_head_has(head, len, "banned"));
}

int import_kutt_read(const char *path, const struct import_options *o, const struct import_sink *sink)
{
    static const struct import_table_format format = {wants, take_row, NULL};
    struct import_reader r = {.options = o, .sink = sink};

    return import_file_is_json(path) ? import_read_entries(path, &r, take_link) : import_read_tables(path, &r, &format);
}
