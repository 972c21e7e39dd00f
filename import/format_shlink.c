/*
 * Shlink: the answers of GET /rest/v3/short-urls, as many as there are, one behind the other; or the CSV file that its
 * web client exports (createdAt, domain, shortCode, shortUrl, longUrl, title, tags, visits), which knows no limits and
 * dates.
 */
#include "formats_private.h"

/* Columns that differ between versions: the web client's, and what the table of `short-url:list` is headed. */
static const char *either(json_t *fields, const char *a, const char *b, const char *c)
{
    const char *text = import_field(fields, a);

    if (!text)
        text = import_field(fields, b);
    return text ? text : c ? import_field(fields, c) : NULL;
}

static int64_t visits_of(json_t *fields)
{
    json_t *summary = json_object_get(fields, "visitsSummary");

    if (json_is_object(summary))
        return import_count(summary, "total");
    return json_object_get(fields, "visits") ? import_count(fields, "visits") : import_count(fields, "visitsCount");
}

static void take_link(struct import_reader *r, long line, json_t *fields)
{
    const char *key = either(fields, "shortCode", "shortcode", "short code");
    const char *url = either(fields, "longUrl", "longurl", "long url");
    json_t *meta = json_object_get(fields, "meta"), *tags = json_object_get(fields, "tags"), *definition;
    int64_t limit = import_count(meta, "maxVisits"), visits = visits_of(fields);

    if (!key || !url) {
        import_refuse(r, line, key, "has no %s: it is not of Shlink", key ? "longUrl" : "shortCode");
        return;
    }
    definition = import_link(import_field(fields, "title"), url, limit > 0 ? limit : -1, limit > 0 ? visits : 0);
    if (!import_put_date(r, line, key, definition, "starts_at", import_field(meta, "validSince"), false) ||
        !import_put_date(r, line, key, definition, "ends_at", import_field(meta, "validUntil"), true)) {
        json_decref(definition);
        return;
    }
    if (import_is_true(fields, "forwardQuery"))
        json_object_set_new(definition, "forward_query", json_true());
    if (import_is_true(fields, "hasRedirectRules"))
        import_note(r, line, "/%.200s: its redirect rules are not taken over", key);
    if (json_array_size(tags) > 0 || import_field(fields, "tags"))
        import_note(r, line, "/%.200s: its tags are not taken over", key);
    if (limit <= 0 && visits > 0)
        import_note(r, line, "/%.200s: %lld visits until now are not taken over", key, (long long)visits);
    import_links_add(r->links, r->sink, line, key, true, definition);
}

static void take_row(struct import_reader *r, const char *table, long line, json_t *fields)
{
    (void)table;
    take_link(r, line, fields);
}

/* The web client's file has no other tables. */
static bool wants(const char *table)
{
    (void)table;
    return false;
}

bool import_shlink_looks(const char *head, size_t len)
{
    return (import_head_has(head, len, "shortCode") && import_head_has(head, len, "longUrl")) ||
           (import_head_has(head, len, "Short code") && import_head_has(head, len, "Long URL"));
}

int import_shlink_read(const char *path, const struct import_options *o, const struct import_sink *sink)
{
    static const struct import_table_format format = {wants, take_row, NULL};
    struct import_reader r = {.options = o, .sink = sink};

    return import_file_is_json(path) ? import_read_entries(path, &r, take_link) : import_read_tables(path, &r, &format);
}
