/* Old keys to slugs and aliases. */
#include "import_links.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "campaign_json_memory.h"

enum {
    COPIES_MAX = 1000000, /* the number behind a slug that others want too is below it */
    COPY_DIGITS = 11,
};

struct import_links {
    json_t *list;    /* {"line", "key", "at_root", "definition"} */
    json_t *printed; /* key -> line, of those at the root */
    json_t *folded;  /* key in lower case -> how many keys at the root are the same but for case */
    json_t *taken;   /* slugs */
    json_t *numbers; /* what slugs were made of -> the last number behind it, so that none is tried twice */
};

struct import_links *import_links_new(void)
{
    struct import_links *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->list = json_array();
    l->printed = json_object();
    l->folded = json_object();
    l->taken = json_object();
    l->numbers = json_object();
    if (!l->list || !l->printed || !l->folded || !l->taken || !l->numbers) {
        import_links_free(l);
        return NULL;
    }
    return l;
}

void import_links_free(struct import_links *l)
{
    if (!l)
        return;
    json_decref(l->list);
    json_decref(l->printed);
    json_decref(l->folded);
    json_decref(l->taken);
    json_decref(l->numbers);
    free(l);
}

/* --- texts --- */

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool is_slug_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* malloc'd; NULL: out of memory, as json_memory_was_short tells. */
static char *fold(const char *key)
{
    char *folded = strdup(key);

    if (!folded)
        json_memory_lacks();
    for (char *p = folded; p && *p; p++)
        *p = lower(*p);
    return folded;
}

/* What a slug may be made of: runs of other characters become one '-'. `room` bytes at most, "link" if nothing is left.
 */
static void make_base(const char *key, char *base, size_t room)
{
    size_t len = 0;

    for (const char *p = key; *p && len < room; p++) {
        char c = lower(*p);

        if (is_slug_char(c))
            base[len++] = c;
        else if (len > 0 && base[len - 1] != '-')
            base[len++] = '-';
    }
    while (len > 0 && base[len - 1] == '-')
        len--;
    base[len] = '\0';
    if (len == 0)
        memcpy(base, "link", sizeof("link"));
}

char *import_path(const char *before, const char *key)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    size_t len = strlen(before);
    char *path = malloc(len + strlen(key) * 3 + 1), *at;

    if (!path) {
        json_memory_lacks();
        return NULL;
    }
    memcpy(path, before, len);
    at = path + len;
    for (; *key; key++) {
        if (strchr(plain, *key))
            *at++ = *key;
        else
            at += snprintf(at, 4, "%%%02X", (unsigned)(unsigned char)*key);
    }
    *at = '\0';
    return path;
}

/* One blank for each run of blanks and control characters, none at the ends. */
static size_t tidy(char *out, const char *text)
{
    size_t len = 0;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c > 0x20 && c != 0x7f)
            out[len++] = (char)c;
        else if (len > 0 && out[len - 1] != ' ')
            out[len++] = ' ';
    }
    while (len > 0 && out[len - 1] == ' ')
        len--;
    return len;
}

void import_put_text(json_t *object, const char *key, const char *text, size_t max)
{
    char *tidied = text ? malloc(strlen(text) + 1) : NULL;
    size_t len = tidied ? tidy(tidied, text) : 0, at = 0;

    for (size_t n = 0; max > 0 && at < len; at++) {
        if (((unsigned char)tidied[at] & 0xc0) != 0x80 && n++ == max)
            len = at;
    }
    if (text && !tidied)
        json_memory_lacks();
    if (len > 0)
        json_object_set_new(object, key, json_stringn(tidied, len));
    free(tidied);
}

json_t *import_link(const char *title, const char *url, int64_t limit, int64_t confirmed)
{
    json_t *definition = json_object(), *group = json_object(), *groups = json_array();

    import_put_text(definition, "title", title, CAMPAIGN_TITLE_MAX);
    if (url)
        json_object_set_new(group, "url", json_string(url));
    if (limit >= 0)
        json_object_set_new(group, "limit", json_integer(limit));
    if (confirmed > 0)
        json_object_set_new(group, "confirmed", json_integer(confirmed));
    json_array_append_new(groups, group);
    json_object_set_new(definition, "groups", groups);
    return definition;
}

/* --- collecting --- */

void import_links_add(struct import_links *l, const struct import_sink *sink, long line, const char *key, bool at_root,
                      json_t *definition)
{
    json_int_t before = json_integer_value(json_object_get(l->printed, key));
    char *folded = fold(key), why[96];

    if (at_root && before > 0) {
        snprintf(why, sizeof(why), "the same address stands on line %" JSON_INTEGER_FORMAT, before);
        sink->refuse(sink->ctx, line, key, why);
        json_decref(definition);
    } else if (folded) {
        json_array_append_new(l->list, json_pack("{s:I,s:s,s:b,s:o}", "line", (json_int_t)line, "key", key, "at_root",
                                                 at_root, "definition", definition));
        if (at_root) {
            json_object_set_new(l->printed, key, json_integer(line > 0 ? line : 1));
            json_object_set_new(l->folded, folded,
                                json_integer(json_integer_value(json_object_get(l->folded, folded)) + 1));
        }
    } else {
        json_decref(definition);
    }
    free(folded);
}

/* --- slugs --- */

static bool is_free(const struct import_links *l, const char *slug)
{
    return campaign_slug_valid(slug, strlen(slug)) && !json_object_get(l->taken, slug) &&
           !json_object_get(l->folded, slug);
}

/* Made from the key, free, valid. */
static void make_slug(const struct import_links *l, const char *key, char slug[CAMPAIGN_SLUG_MAX + 1])
{
    char base[CAMPAIGN_SLUG_MAX - COPY_DIGITS];
    int number;

    make_base(key, slug, CAMPAIGN_SLUG_MAX);
    make_base(key, base, sizeof(base) - 1);
    if (is_free(l, slug))
        return;
    number = (int)json_integer_value(json_object_get(l->numbers, base));
    number = number ? number : 1;
    do
        snprintf(slug, CAMPAIGN_SLUG_MAX + 1, "%s-%d", base, ++number);
    while (!is_free(l, slug) && number < COPIES_MAX);
    json_object_set_new(l->numbers, base, json_integer(number));
}

/* Whether scans of the printed key find a slug that is the key in lower case. */
static bool is_found_as_printed(const struct import_links *l, const char *folded)
{
    return campaign_slug_valid(folded, strlen(folded)) && json_integer_value(json_object_get(l->folded, folded)) == 1;
}

static void add_alias(json_t *definition, char *path)
{
    json_t *aliases = json_object_get(definition, "aliases");

    if (!aliases) {
        aliases = json_array();
        json_object_set_new(definition, "aliases", aliases);
    }
    if (path)
        json_array_insert_new(aliases, 0, json_string(path));
    free(path);
}

static void name_link(struct import_links *l, const struct import_sink *sink, json_t *link)
{
    const char *key = json_string_value(json_object_get(link, "key"));
    json_t *definition = json_object_get(link, "definition");
    bool at_root = json_is_true(json_object_get(link, "at_root"));
    char slug[CAMPAIGN_SLUG_MAX + 1] = "", note[CAMPAIGN_SLUG_MAX + 600], *folded = fold(key);

    if (at_root && folded && is_found_as_printed(l, folded)) {
        memcpy(slug, folded, strlen(folded) + 1);
    } else {
        make_slug(l, key, slug);
        if (at_root) {
            add_alias(definition, import_path("/", key));
            snprintf(note, sizeof(note), "/%.400s becomes the campaign %s and stays reachable as it was printed", key,
                     slug);
            sink->note(sink->ctx, (long)json_integer_value(json_object_get(link, "line")), note);
        }
    }
    free(folded);
    json_object_set_new(l->taken, slug, json_true());
    json_object_set_new(definition, "slug", json_string(slug));
}

void import_links_give(struct import_links *l, const struct import_sink *sink)
{
    json_t *link;
    size_t i;

    json_array_foreach(l->list, i, link)
    {
        json_t *definition = json_object_get(link, "definition");

        name_link(l, sink, link);
        sink->campaign(sink->ctx, (long)json_integer_value(json_object_get(link, "line")), json_incref(definition));
    }
}
