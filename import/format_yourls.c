/* YOURLS: its table of links (yourls_url, under any prefix) as an SQL dump or as CSV. */
#include <string.h>

#include "formats_private.h"

static bool wants(const char *table)
{
    size_t len = strlen(table);

    return strcmp(table, "url") == 0 || (len > 4 && strcmp(table + len - 4, "_url") == 0);
}

static void take_row(struct import_reader *r, const char *table, long line, json_t *fields)
{
    const char *key = import_field(fields, "keyword"), *url = import_field(fields, "url");
    int64_t clicks = import_count(fields, "clicks");

    (void)table;
    if (!json_object_get(fields, "keyword") || !json_object_get(fields, "url"))
        import_refuse(r, line, key, "has no keyword or no url: it is not of YOURLS");
    else if (!key)
        import_refuse(r, line, "", "has no keyword");
    else if (!url)
        import_refuse(r, line, key, "has no url");
    else {
        if (clicks > 0)
            import_note(r, line, "/%.200s: %lld clicks until now are not taken over", key, (long long)clicks);
        import_links_add(r->links, r->sink, line, key, true, import_link(import_field(fields, "title"), url, -1, 0));
    }
}

bool import_yourls_looks(const char *head, size_t len)
{
    return import_head_has(head, len, "yourls_") ||
           (!import_looks_json(head, len) && import_head_has(head, len, "keyword") &&
            import_head_has(head, len, "clicks"));
}

int import_yourls_read(const char *path, const struct import_options *o, const struct import_sink *sink)
{
    static const struct import_table_format format = {wants, take_row, NULL};
    struct import_reader r = {.options = o, .sink = sink};

    return import_read_tables(path, &r, &format);
}
