/* Options about groups -> JSON, by one table of keys. The rules are campaign_json's, not ours. See group_request.h. */
#include "group_request.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- values --- */

static void print_list(FILE *out, const char *text)
{
    char *copy = strdup(text), *rest = copy;
    fputc('[', out);
    for (const char *word; rest && (word = strsep(&rest, ","));) {
        text_print_json(out, word);
        if (rest)
            fputc(',', out);
    }
    fputc(']', out);
    free(copy);
}

static void print_value(FILE *out, enum value_kind kind, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (kind != VALUE_TEXT && strcmp(text, "none") == 0)
        fputs("null", out);
    else if (kind == VALUE_NUMBER && digits > 0 && digits < 19 && !text[digits] && (text[0] != '0' || digits == 1))
        fputs(text, out);
    else if (kind == VALUE_SWITCH && (strcmp(text, "on") == 0 || strcmp(text, "off") == 0))
        fputs(strcmp(text, "on") == 0 ? "true" : "false", out);
    else if (kind == VALUE_LIST)
        print_list(out, text);
    else
        text_print_json(out, text);
}

void request_print_field(FILE *out, bool first, const char *key, enum value_kind kind, const char *text)
{
    fprintf(out, "%s\"%s\":", first ? "" : ",", key);
    print_value(out, kind, text);
}

/* --- KEY=VALUE,KEY=VALUE --- */

/* Which object of a group a key stands in. */
enum part { PART_OWN, PART_WHEN, PART_MINIPROGRAM, PARTS };
static const char *const part_names[PARTS] = {NULL, "when", "miniprogram"};

static const struct group_key {
    const char *key;
    enum value_kind kind;
    enum part part;
} group_keys[] = {
    {"id", VALUE_TEXT, PART_OWN},
    {"name", VALUE_TEXT, PART_OWN},
    {"limit", VALUE_NUMBER, PART_OWN},
    {"weight", VALUE_NUMBER, PART_OWN},
    {"enabled", VALUE_SWITCH, PART_OWN},
    {"expires_at", VALUE_OPTION, PART_OWN},
    {"show", VALUE_TEXT, PART_OWN},
    {"app", VALUE_LIST, PART_WHEN},
    {"os", VALUE_LIST, PART_WHEN},
    {"language", VALUE_LIST, PART_WHEN},
    {"channel", VALUE_LIST, PART_WHEN},
    {"country", VALUE_LIST, PART_WHEN},
    {"hours", VALUE_LIST, PART_WHEN},
    {"appid", VALUE_OPTION, PART_MINIPROGRAM},
    {"path", VALUE_OPTION, PART_MINIPROGRAM},
    {"query", VALUE_OPTION, PART_MINIPROGRAM},
    {"env_version", VALUE_OPTION, PART_MINIPROGRAM},
    {"url_link", VALUE_OPTION, PART_MINIPROGRAM},
    {"code", VALUE_OPTION, PART_MINIPROGRAM},
    {"fallback_url", VALUE_OPTION, PART_MINIPROGRAM},
};

enum { EVERY_PART = 1 << PARTS }; /* keys of all parts count, not only those of one */

/* A text taken apart. */
struct keys {
    char *copy;                           /* owned */
    const char *first;                    /* what stands before the first key, or NULL */
    const char *value[COUNT(group_keys)]; /* NULL: not given */
};

/* The key whose "key=" begins here, or -1. */
static int find_key(const char *text, int parts)
{
    for (size_t i = 0; i < COUNT(group_keys); i++) {
        size_t len = strlen(group_keys[i].key);
        if ((parts == EVERY_PART || (int)group_keys[i].part == parts) && strncmp(text, group_keys[i].key, len) == 0 &&
            text[len] == '=')
            return (int)i;
    }
    return -1;
}

/* The next ",key=": a comma without a known key behind it belongs to the value. */
static char *next_key(char *text, int parts)
{
    char *comma = strchr(text, ',');
    while (comma && find_key(comma + 1, parts) < 0)
        comma = strchr(comma + 1, ',');
    return comma;
}

/* false: said on stderr. Free k->copy in either case. */
static bool keys_read(struct keys *k, const char *command, const char *option, const char *text, int parts)
{
    *k = (struct keys){.copy = strdup(text)};
    char *at = k->copy;
    if (!at) {
        cli_fail(command, "out of memory");
        return false;
    }
    if (find_key(at, parts) < 0) {
        k->first = at;
        at = next_key(at, parts);
        if (at)
            *at++ = '\0';
    }
    while (at) {
        int i = find_key(at, parts);
        char *value = at + strlen(group_keys[i].key) + 1;
        at = next_key(value, parts);
        if (at)
            *at++ = '\0';
        if (k->value[i]) {
            cli_misuse(command, "%s: %s is given twice", option, group_keys[i].key);
            return false;
        }
        k->value[i] = value;
    }
    return true;
}

/* The keys of one part as "key":value, with commas between them. */
static void print_part(FILE *out, const struct keys *k, enum part part, bool first)
{
    for (size_t i = 0; i < COUNT(group_keys); i++) {
        if (!k->value[i] || group_keys[i].part != part)
            continue;
        request_print_field(out, first, group_keys[i].key, group_keys[i].kind, k->value[i]);
        first = false;
    }
}

static bool has_part(const struct keys *k, enum part part)
{
    for (size_t i = 0; i < COUNT(group_keys); i++)
        if (k->value[i] && group_keys[i].part == part)
            return true;
    return false;
}

char *group_request_json(const char *command, const char *option, const char *spec)
{
    struct keys k;
    char *json = NULL;
    size_t len;
    FILE *out = keys_read(&k, command, option, spec, EVERY_PART) ? open_memstream(&json, &len) : NULL;
    if (out) {
        fputc('{', out);
        if (k.first)
            request_print_field(out, true, "url", VALUE_OPTION, k.first);
        print_part(out, &k, PART_OWN, !k.first);
        bool empty = !k.first && !has_part(&k, PART_OWN);
        for (enum part part = PART_WHEN; part < PARTS; part++) {
            if (!has_part(&k, part))
                continue;
            fprintf(out, "%s\"%s\":{", empty ? "" : ",", part_names[part]);
            print_part(out, &k, part, true);
            fputc('}', out);
            empty = false;
        }
        fputc('}', out);
        fclose(out);
    }
    free(k.copy);
    return json;
}

/* --- options of edit --- */

/* GROUP=VALUE, each. The last two take KEY=VALUE,... of one part. */
static const struct group_option {
    const char *name, *key;
    enum value_kind kind;
    enum part part;
} group_options[] = {
    {"--group-limit", "limit", VALUE_NUMBER, PART_OWN},
    {"--group-name", "name", VALUE_TEXT, PART_OWN},
    {"--group-url", "url", VALUE_OPTION, PART_OWN},
    {"--group-weight", "weight", VALUE_NUMBER, PART_OWN},
    {"--group-enabled", "enabled", VALUE_SWITCH, PART_OWN},
    {"--group-expires-at", "expires_at", VALUE_OPTION, PART_OWN},
    {"--group-show", "show", VALUE_TEXT, PART_OWN},
    {"--group-confirmed", "confirmed", VALUE_NUMBER, PART_OWN},
    {"--group-when", "when", VALUE_TEXT, PART_WHEN},
    {"--group-mini", "miniprogram", VALUE_TEXT, PART_MINIPROGRAM},
};

static const char *const other_options[] = {"--add-group", "--remove-group", "--order"};

size_t group_option_count(void)
{
    return COUNT(group_options) + COUNT(other_options);
}

const char *group_option_name(size_t option)
{
    return option < COUNT(group_options) ? group_options[option].name : other_options[option - COUNT(group_options)];
}

/* One edit more, or NULL: said on stderr. */
static struct group_edit *append_edit(struct group_edits *e, const char *command, enum group_verb verb)
{
    struct group_edit *list = realloc(e->list, (e->count + 1) * sizeof *list);
    if (!list) {
        cli_fail(command, "out of memory");
        return NULL;
    }
    e->list = list;
    list[e->count] = (struct group_edit){.verb = verb};
    return &list[e->count++];
}

/* The change of this group that the fields are collected in. */
static struct group_edit *change_of(struct group_edits *e, const char *command, const char *id, size_t len)
{
    for (size_t i = 0; i < e->count; i++)
        if (e->list[i].verb == GROUP_CHANGE && strlen(e->list[i].id) == len && memcmp(e->list[i].id, id, len) == 0)
            return &e->list[i];
    struct group_edit *edit = append_edit(e, command, GROUP_CHANGE);
    if (edit)
        memcpy(edit->id, id, len);
    return edit;
}

/* "+10" or "-10"; false: something else. */
static bool read_relative(const char *text, int64_t *by)
{
    enum { DIGITS_MAX = 12 };
    size_t digits = strspn(text + (text[0] != '\0'), "0123456789");
    if ((text[0] != '+' && text[0] != '-') || digits == 0 || digits > DIGITS_MAX || text[1 + digits])
        return false;
    *by = strtoll(text, NULL, 10);
    return true;
}

/* "app=wechat,os=ios" as an object, or "none" as null. */
static bool print_keys(FILE *out, const char *command, const struct group_option *o, const char *value)
{
    struct keys k = {0};
    if (strcmp(value, "none") == 0) {
        fputs("null", out);
        return true;
    }
    bool good = keys_read(&k, command, o->name, value, (int)o->part);
    if (good && k.first) {
        cli_misuse(command, "%s: needs KEY=VALUE behind GROUP=, not %.40s", o->name, k.first);
        good = false;
    }
    fputc('{', out);
    if (good)
        print_part(out, &k, o->part, true);
    fputc('}', out);
    free(k.copy);
    return good;
}

static bool take_field(struct group_edit *edit, const char *command, const struct group_option *o, const char *value)
{
    char *json = NULL;
    size_t len;
    bool relative = strcmp(o->key, "limit") == 0 && read_relative(value, &edit->limit_by);
    if (relative)
        return true;
    FILE *out = open_memstream(&json, &len);
    if (!out) {
        cli_fail(command, "out of memory");
        return false;
    }
    fputs(edit->json ? edit->json : "{", out);
    if (o->part == PART_OWN) {
        request_print_field(out, !edit->json, o->key, o->kind, value);
    } else {
        fprintf(out, "%s\"%s\":", edit->json ? "," : "", o->key);
        if (!print_keys(out, command, o, value)) {
            fclose(out);
            free(json);
            return false;
        }
    }
    fclose(out);
    free(edit->json);
    edit->json = json;
    return true;
}

static bool take_change(struct group_edits *e, const char *command, size_t option, const char *value)
{
    const struct group_option *o = &group_options[option];
    const char *equals = strchr(value, '=');
    if (!equals || !group_id_valid(value, (size_t)(equals - value))) {
        cli_misuse(command, "%s needs GROUP=VALUE, as g1=200", o->name);
        return false;
    }
    struct group_edit *edit = change_of(e, command, value, (size_t)(equals - value));
    if (!edit)
        return false;
    if (edit->given & 1u << option) {
        cli_misuse(command, "%s is given twice for %s", o->name, edit->id);
        return false;
    }
    edit->given |= 1u << option;
    return take_field(edit, command, o, equals + 1);
}

static bool take_remove(struct group_edits *e, const char *command, const char *id)
{
    if (!group_id_valid(id, strlen(id))) {
        cli_misuse(command, "--remove-group needs a group's id, as g1");
        return false;
    }
    struct group_edit *edit = append_edit(e, command, GROUP_REMOVE);
    if (edit)
        memcpy(edit->id, id, strlen(id) + 1);
    return edit != NULL;
}

static bool take_order(struct group_edits *e, const char *command, const char *ids)
{
    struct group_edit *edit = append_edit(e, command, GROUP_ORDER);
    size_t len;
    FILE *out = edit ? open_memstream(&edit->json, &len) : NULL;
    if (!out)
        return false;
    print_list(out, ids);
    return fclose(out) == 0;
}

bool group_edits_take(struct group_edits *e, const char *command, size_t option, const char *value)
{
    if (option < COUNT(group_options))
        return take_change(e, command, option, value);
    if (option == COUNT(group_options) + 1)
        return take_remove(e, command, value);
    if (option == COUNT(group_options) + 2)
        return take_order(e, command, value);
    char *json = group_request_json(command, "--add-group", value);
    struct group_edit *edit = json ? append_edit(e, command, GROUP_ADD) : NULL;
    if (edit)
        edit->json = json;
    else
        free(json);
    return edit != NULL;
}

void group_edits_clear(struct group_edits *e)
{
    for (size_t i = 0; i < e->count; i++)
        free(e->list[i].json);
    free(e->list);
    *e = (struct group_edits){0};
}
