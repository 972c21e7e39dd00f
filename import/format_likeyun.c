/*
 * liKeYun (引流宝, tables huoma_* and ylb_*): live codes of groups (qun) and of people (kf), short links (dwz), channel
 * codes and merged codes (bingliu), out of one SQL dump; or one table as CSV, with the table of its codes beside it.
 *
 * A live code is a campaign, its codes (zima) are the groups: their threshold (zm_yz) is the limit, their views (zm_pv)
 * what is taken already. The system keeps a code as an image; its text comes from there, or the group is off and says
 * which image it lacks. Old addresses: what console/{qun,kf,channel,dwz} print, and where those lead.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_json_memory.h"
#include "formats_private.h"

enum { LIKEYUN_TEXT_MAX = 4096 };

/* What is kept until the last row: a main code is known by its number, its codes may stand before it. */
struct likeyun {
    json_t *main;   /* {"table", "line", "fields"} of qun, kf, dwz, channel, in the order of the file */
    json_t *codes;  /* "qun:100001" -> list of {"line", "fields"} */
    json_t *merged; /* number of a live code -> list of fields of those merged into it */
    const char *path;
    bool from_csv; /* one table, and its codes in a file beside it */
    json_t *left;  /* table -> rows that Huoma has nothing for */
};

/* The tables of live codes and of links. */
static const struct kind {
    const char *table, *codes; /* codes: NULL for links */
    const char *word;          /* in addresses, and before the names of columns */
    const char *number;        /* in addresses, NULL: the key stands there */
} kinds[] = {
    {"huoma_qun", "huoma_qun_zima", "qun", "qid"},
    {"huoma_kf", "huoma_kf_zima", "kf", "kid"},
    {"huoma_channel", NULL, "channel", "cid"},
    {"huoma_dwz", NULL, "dwz", NULL},
};

/* Tables that are somebody's content but nothing like a code or a link. */
static const char *const others[] = {"huoma_tbk", "huoma_shareCard", "huoma_tbk_mutiSPA", "ylb_kami"};

/* --- collecting --- */

static const char *field(json_t *fields, const struct kind *k, const char *name)
{
    char column[64];

    snprintf(column, sizeof(column), "%s_%s", k->word, name);
    return import_field(fields, column);
}

/* The table of a CSV file, by a column that no other one has. */
static const char *table_of(json_t *fields)
{
    static const struct {
        const char *has, *also, *table;
    } tables[] = {
        {"zm_id", "qun_id", "huoma_qun_zima"},
        {"zm_id", "kf_id", "huoma_kf_zima"},
        {"qun_id", "qun_title", "huoma_qun"},
        {"kf_id", "kf_title", "huoma_kf"},
        {"dwz_id", "dwz_url", "huoma_dwz"},
        {"channel_id", "channel_url", "huoma_channel"},
        {"bingliu_id", "later_qun_id", "ylb_qun_bingliu"},
    };

    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        if (json_object_get(fields, tables[i].has) && json_object_get(fields, tables[i].also))
            return tables[i].table;
    }
    return "";
}

static bool wants(const char *table)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (strcmp(table, kinds[i].table) == 0 || (kinds[i].codes && strcmp(table, kinds[i].codes) == 0))
            return true;
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (strcmp(table, others[i]) == 0)
            return true;
    }
    return strcmp(table, "ylb_qun_bingliu") == 0;
}

/* Appends value (taken over) to the list under a key. */
static void append_to(json_t *lists, const char *key, json_t *value)
{
    json_t *list = json_object_get(lists, key);

    if (!list) {
        list = json_array();
        json_object_set_new(lists, key, list);
    }
    json_array_append_new(list, value);
}

static void keep_code(struct likeyun *l, const struct kind *k, long line, json_t *fields)
{
    char key[96];

    snprintf(key, sizeof(key), "%s:%.40s", k->word, field(fields, k, "id") ? field(fields, k, "id") : "");
    append_to(l->codes, key, json_pack("{s:I,s:O}", "line", (json_int_t)line, "fields", fields));
}

static void take_row(struct import_reader *r, const char *table, long line, json_t *fields)
{
    struct likeyun *l = r->more;
    const char *into = import_field(fields, "later_qun_id");

    l->from_csv = l->from_csv || !*table;
    table = *table ? table : table_of(fields);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (strcmp(table, kinds[i].table) == 0) {
            json_array_append_new(
                l->main, json_pack("{s:i,s:I,s:O}", "kind", (int)i, "line", (json_int_t)line, "fields", fields));
            return;
        }
        if (kinds[i].codes && strcmp(table, kinds[i].codes) == 0) {
            keep_code(l, &kinds[i], line, fields);
            return;
        }
    }
    if (strcmp(table, "ylb_qun_bingliu") == 0) {
        if (into && import_count(fields, "bingliu_status") == 1)
            append_to(l->merged, into, json_incref(fields));
    } else if (*table) {
        json_object_set_new(l->left, table, json_integer(json_integer_value(json_object_get(l->left, table)) + 1));
    } else {
        import_refuse(r, line, "", "has columns of no table of liKeYun that is known");
    }
}

/* --- old addresses --- */

static bool is_number(const char *text)
{
    return text && strspn(text, "0123456789") == strlen(text);
}

static void add_alias(json_t *aliases, const char *before, const char *key)
{
    char *path = key ? import_path(before, key) : NULL;

    if (path)
        json_array_append_new(aliases, json_string(path));
    free(path);
}

/* Of what is behind a live code or channel: printed as /s/KEY or with its number, which leads on to the second address.
 */
static void add_numbered(json_t *aliases, const struct kind *k, const char *number, const char *key)
{
    char before[80];

    if (is_number(number)) {
        snprintf(before, sizeof(before), "/common/%s/redirect/?%s=", k->word, k->number);
        add_alias(aliases, before, number);
        snprintf(before, sizeof(before), "/common/%s/?%s=", k->word, k->number);
        add_alias(aliases, before, number);
    }
    add_alias(aliases, "/s/", key);
    add_alias(aliases, "/s/?key=", key);
}

/* Short links are printed as /KEY, which the rules of the web server lead to the others. */
static json_t *aliases_of(const struct likeyun *l, const struct kind *k, json_t *fields)
{
    const char *number = field(fields, k, "id"), *key = field(fields, k, "key");
    json_t *aliases = json_array(), *merged;
    size_t i;

    if (!k->number) {
        add_alias(aliases, "/common/dwz/redirect/?key=", key);
        add_alias(aliases, "/common/dwz/?key=", key);
        add_alias(aliases, "/s/dwz.php?key=", key);
        return aliases;
    }
    add_numbered(aliases, k, number, key);
    if (k == &kinds[0] && number) {
        json_array_foreach(json_object_get(l->merged, number), i, merged)
            add_numbered(aliases, k, import_field(merged, "before_qun_id"), import_field(merged, "before_qun_key"));
    }
    return aliases;
}

/* --- live codes --- */

/* The last part of an image's address. */
static const char *image_name(const char *address)
{
    const char *slash = address ? strrchr(address, '/') : NULL;

    return slash ? slash + 1 : address;
}

/* The text of an image's code; else *why. */
static bool read_image(struct import_reader *r, const char *address, char text[LIKEYUN_TEXT_MAX], const char **why)
{
    const char *name = image_name(address);

    if (!name || !*name)
        *why = "it has no code image";
    else if (!r->options || !r->options->read_image)
        *why = "no folder of images was given";
    else
        *why = r->options->read_image(r->options->ctx, name, text, LIKEYUN_TEXT_MAX);
    return !*why;
}

static json_t *group_of(struct import_reader *r, const struct kind *k, const char *what, json_t *code, size_t n,
                        bool limited)
{
    json_t *fields = json_object_get(code, "fields"), *group = json_object();
    long line = (long)json_integer_value(json_object_get(code, "line"));
    const char *image = import_field(fields, "zm_qrcode"), *leader = import_field(fields, "zm_leader"), *why = NULL;
    char text[LIKEYUN_TEXT_MAX], name[600];
    bool on = import_count(fields, "zm_status") == 1;

    (void)k;
    if (read_image(r, image, text, &why)) {
        snprintf(name, sizeof(name), "Group %zu%s%.200s", n, leader ? " " : "", leader ? leader : "");
        json_object_set_new(group, "url", json_string(text));
    } else {
        on = false;
        snprintf(name, sizeof(name), "Group %zu (no link: %.80s)", n, image ? image_name(image) : "no image");
        json_object_set_new(group, "url", json_null());
        import_note(r, line, "%.200s: group %zu is off, for it has no link: the image %.200s: %s", what, n,
                    image ? image_name(image) : "(none)", why);
    }
    import_put_text(group, "name", name, 100);
    json_object_set_new(group, "show", json_string("page"));
    json_object_set_new(group, "enabled", json_boolean(on));
    if (limited) {
        json_object_set_new(group, "limit", json_integer(import_count(fields, "zm_yz")));
        json_object_set_new(group, "confirmed", json_integer(import_count(fields, "zm_pv")));
    }
    return group;
}

/* The contact that is shown when all is full. */
static void put_contact(struct import_reader *r, long line, const char *what, json_t *fields, json_t *definition)
{
    const char *image = import_field(fields, "qun_kf"), *why = NULL;
    char text[LIKEYUN_TEXT_MAX];

    if (!image || import_count(fields, "qun_kf_status") != 1)
        return;
    if (read_image(r, image, text, &why))
        json_object_set_new(definition, "fallback", json_pack("{s:s}", "contact", text));
    else
        import_note(r, line, "%.200s: its contact's code is not taken over: the image %.200s: %s", what,
                    image_name(image), why);
}

static json_t *live_code(struct import_reader *r, const struct kind *k, long line, const char *what, json_t *fields)
{
    struct likeyun *l = r->more;
    bool random = k == &kinds[1] && import_count(fields, "kf_model") == 2;
    json_t *definition = json_object(), *groups = json_array(), *code;
    char key[96];
    size_t i;

    snprintf(key, sizeof(key), "%s:%.40s", k->word, field(fields, k, "id") ? field(fields, k, "id") : "");
    json_array_foreach(json_object_get(l->codes, key), i, code)
        json_array_append_new(groups, group_of(r, k, what, code, i + 1, !random));
    if (json_array_size(groups) == 0 && l->from_csv) {
        import_refuse(r, line, what, "has no codes: export the table %s too, as %s.csv beside this file", k->codes,
                      k->codes);
        json_decref(definition);
        json_decref(groups);
        return NULL;
    }
    if (json_array_size(groups) == 0)
        import_note(r, line, "%.200s: has no codes in the table %s", what, k->codes);
    json_object_set_new(definition, "groups", groups);
    if (random)
        json_object_set_new(definition, "strategy", json_string("random"));
    if (k == &kinds[0])
        put_contact(r, line, what, fields, definition);
    return definition;
}

/* --- links --- */

/* The device that a short link is for (dwz_type); NULL: every one. */
static json_t *when_of(int64_t type)
{
    switch (type) {
    case 2:
        return json_pack("{s:[s]}", "app", "wechat");
    case 3:
        return json_pack("{s:[s]}", "os", "ios");
    case 4:
        return json_pack("{s:[s]}", "os", "android");
    case 5:
        return json_pack("{s:[s],s:[sss]}", "app", "browser", "os", "ios", "android", "harmony");
    case 6:
        return json_pack("{s:[s]}", "os", "desktop");
    default:
        return NULL;
    }
}

static void add_device_group(json_t *groups, json_t *fields, const char *column, const char *os)
{
    const char *url = import_field(fields, column);

    if (url)
        json_array_append_new(groups, json_pack("{s:s,s:s,s:{s:[s]}}", "name", os, "url", url, "when", "os", os));
}

static json_t *link_of(const struct kind *k, json_t *fields, const char *url)
{
    json_t *definition = json_object(), *groups = json_array(), *group = json_pack("{s:s}", "url", url), *when;

    when = k == &kinds[3] ? when_of(import_count(fields, "dwz_type")) : NULL;
    if (when)
        json_object_set_new(group, "when", when);
    if (k == &kinds[3]) {
        add_device_group(groups, fields, "dwz_android_url", "android");
        add_device_group(groups, fields, "dwz_ios_url", "ios");
        add_device_group(groups, fields, "dwz_windows_url", "desktop");
    }
    json_array_append_new(groups, group);
    json_object_set_new(definition, "groups", groups);
    return definition;
}

/* --- giving --- */

static void give_one(struct import_reader *r, const struct kind *k, long line, json_t *fields)
{
    struct likeyun *l = r->more;
    const char *number = field(fields, k, "id"), *key = field(fields, k, "key"), *url = field(fields, k, "url");
    const char *title = field(fields, k, "title"), *base = key ? key : number;
    char what[200];
    json_t *definition;

    snprintf(what, sizeof(what), "%s %.40s", k->word, number ? number : key ? key : "");
    if (!base) {
        import_refuse(r, line, what, "has neither a number nor a key");
        return;
    }
    if (!k->codes && !url) {
        import_refuse(r, line, what, "has no link");
        return;
    }
    definition = k->codes ? live_code(r, k, line, what, fields) : link_of(k, fields, url);
    if (!definition)
        return;
    import_put_text(definition, "title", title, 200);
    json_object_set_new(definition, "enabled",
                        json_boolean(import_count(fields, k == &kinds[0]   ? "qun_status"
                                                          : k == &kinds[1] ? "kf_status"
                                                          : k == &kinds[2] ? "channel_status"
                                                                           : "dwz_status") == 1));
    json_object_set_new(definition, "aliases", aliases_of(l, k, fields));
    import_links_add(r->links, r->sink, line, base, !k->number && key, definition);
}

/* The tables of codes that stand as CSV beside the one that was given. */
static void read_codes_beside(struct import_reader *r)
{
    static const struct import_table_format format = {wants, take_row, NULL};
    const struct likeyun *l = r->more;
    const char *slash = strrchr(l->path, '/');
    int folder = slash ? (int)(slash - l->path) + 1 : 0;
    char path[4096];

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (kinds[i].codes &&
            snprintf(path, sizeof(path), "%.*s%s.csv", folder, l->path, kinds[i].codes) < (int)sizeof(path) &&
            strcmp(path, l->path) != 0) {
            int err = import_read_rows(path, r, &format);

            if (err == -ENOMEM)
                json_memory_lacks();
            else if (err && err != -ENOENT) /* one that is not there is said of its live codes */
                import_refuse(r, 0, kinds[i].codes, "%s", strerror(-err));
        }
    }
}

static void finish(struct import_reader *r)
{
    struct likeyun *l = r->more;
    const char *table;
    json_t *row, *count;
    size_t i;

    if (l->from_csv && json_object_size(l->codes) == 0)
        read_codes_beside(r);
    if (json_array_size(l->main) == 0 && json_object_size(l->codes) > 0)
        import_refuse(r, 0, "", "has codes without the live codes that they belong to (huoma_qun, huoma_kf)");
    json_array_foreach(l->main, i, row)
    {
        give_one(r, &kinds[json_integer_value(json_object_get(row, "kind"))],
                 (long)json_integer_value(json_object_get(row, "line")), json_object_get(row, "fields"));
    }
    json_object_foreach(l->left, table, count)
        import_refuse(r, 0, table, "%lld rows: Huoma has nothing like them", (long long)json_integer_value(count));
}

bool import_likeyun_looks(const char *head, size_t len)
{
    return import_head_has(head, len, "huoma_") || import_head_has(head, len, "ylb_") ||
           (!import_looks_json(head, len) &&
            (import_head_has(head, len, "qun_id") || import_head_has(head, len, "kf_id") ||
             import_head_has(head, len, "dwz_id") || import_head_has(head, len, "channel_id")));
}

int import_likeyun_read(const char *path, const struct import_options *o, const struct import_sink *sink)
{
    static const struct import_table_format format = {wants, take_row, finish};
    struct likeyun l = {
        .main = json_array(), .codes = json_object(), .merged = json_object(), .left = json_object(), .path = path};
    struct import_reader r = {.options = o, .sink = sink, .more = &l};
    int err = l.main && l.codes && l.merged && l.left ? import_read_tables(path, &r, &format) : -ENOMEM;

    json_decref(l.main);
    json_decref(l.codes);
    json_decref(l.merged);
    json_decref(l.left);
    return err;
}
