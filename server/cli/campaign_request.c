/* Options of `huoma campaign create|edit` -> JSON, by two tables of fields. The rules are campaign_json's, not ours. */
#include "campaign_request.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* How an option's text becomes JSON. A text that is not of its kind goes on as a string: campaign_json says what is
 * wrong. */
enum kind {
    TEXT,
    NUMBER, /* or "none" */
    SWITCH, /* "on" or "off" */
    OPTION, /* text, or "none" */
};

enum use { CREATE = 1, EDIT = 2, BOTH = 3 };

struct field {
    const char *option, *key;
    enum kind kind;
    enum use use;
};

static const struct field campaign_fields[] = {
    {"--title", "title", TEXT, BOTH},
    {"--slug", "slug", TEXT, CREATE},
    {"--url", "url", TEXT, CREATE},
    {"--strategy", "strategy", TEXT, BOTH},
    {"--confirm", "confirm", TEXT, BOTH},
    {"--enabled", "enabled", SWITCH, BOTH},
    {"--starts-at", "starts_at", OPTION, BOTH},
    {"--ends-at", "ends_at", OPTION, BOTH},
    {"--hold", "hold_seconds", NUMBER, BOTH},
    {"--timezone", "timezone", OPTION, BOTH},
    {"--forward-query", "forward_query", SWITCH, BOTH},
};

static const struct field fallback_fields[] = {
    {"--fallback-url", "url", OPTION, BOTH},
    {"--fallback-text", "text", OPTION, BOTH},
    {"--fallback-contact", "contact", OPTION, BOTH},
};

/* `--group URL,limit=200` at a creation, `--group-limit g1=200` at a change. */
static const struct field group_fields[] = {
    {"--group-limit", "limit", NUMBER, BOTH},
    {"--group-name", "name", TEXT, BOTH},
    {"--group-url", "url", TEXT, EDIT},
    {"--group-weight", "weight", NUMBER, BOTH},
    {"--group-enabled", "enabled", SWITCH, BOTH},
    {"--group-expires-at", "expires_at", OPTION, BOTH},
    {"--group-show", "show", TEXT, BOTH},
    {"--group-id", "id", TEXT, CREATE},
    {"--group-confirmed", "confirmed", NUMBER, EDIT},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum {
    FALLBACK_AT = COUNT(campaign_fields),
    GROUPS_AT = FALLBACK_AT + COUNT(fallback_fields),
    OWN_AT = GROUPS_AT + COUNT(group_fields), /* then --group, --json, --json-out, --alias, --no-aliases */
    OPTIONS = OWN_AT + 6,
};

static void print_value(FILE *out, enum kind kind, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (kind != TEXT && strcmp(text, "none") == 0)
        fputs("null", out);
    else if (kind == NUMBER && digits > 0 && digits < 19 && !text[digits] && (text[0] != '0' || digits == 1))
        fputs(text, out);
    else if (kind == SWITCH && (strcmp(text, "on") == 0 || strcmp(text, "off") == 0))
        fputs(strcmp(text, "on") == 0 ? "true" : "false", out);
    else
        text_print_json(out, text);
}

static void print_field(FILE *out, bool first, const char *key, enum kind kind, const char *text)
{
    fprintf(out, "%s\"%s\":", first ? "" : ",", key);
    print_value(out, kind, text);
}

/* The group field whose "key=" begins here, or NULL. */
static const struct field *find_group_key(const char *text)
{
    for (size_t i = 0; i < COUNT(group_fields); i++) {
        size_t len = strlen(group_fields[i].key);
        if ((group_fields[i].use & CREATE) && strncmp(text, group_fields[i].key, len) == 0 && text[len] == '=')
            return &group_fields[i];
    }
    return NULL;
}

/* The next ",key=" of a group's text: a comma without a known key behind it belongs to the link or the name. */
static char *next_group_key(char *text)
{
    char *comma = strchr(text, ',');
    while (comma && !find_group_key(comma + 1))
        comma = strchr(comma + 1, ',');
    return comma;
}

/* "URL,limit=200,name=First" as an object. */
static bool print_group(FILE *out, const char *spec)
{
    char *copy = strdup(spec);
    if (!copy)
        return false;
    char *at = next_group_key(copy);
    if (at)
        *at++ = '\0';
    fputc('{', out);
    print_field(out, true, "url", TEXT, copy);
    while (at) {
        const struct field *f = find_group_key(at);
        char *value = at + strlen(f->key) + 1;
        at = next_group_key(value);
        if (at)
            *at++ = '\0';
        print_field(out, false, f->key, f->kind, value);
    }
    fputc('}', out);
    free(copy);
    return true;
}

/* --- reading --- */

/* A request under way: objects are collected as texts, and joined at the end. */
struct reading {
    struct campaign_request *r;
    const char *command;
    bool has_slug;
    bool no_aliases;
    FILE *campaign, *fallback, *groups, *aliases;
    char *campaign_text, *fallback_text, *groups_text, *aliases_text;
    size_t campaign_len, fallback_len, groups_len, aliases_len;
};

static bool add_group_change(struct reading *g, const struct field *f, const char *text)
{
    struct campaign_request *r = g->r;
    const char *equals = strchr(text, '=');
    if (!equals || !group_id_valid(text, (size_t)(equals - text))) {
        cli_misuse(g->command, "%s needs GROUP=VALUE, as g1=200", f->option);
        return false;
    }
    struct group_change *groups = realloc(r->groups, (r->group_count + 1) * sizeof *groups);
    if (!groups)
        return false;
    r->groups = groups;
    struct group_change *change = &groups[r->group_count];
    size_t len;
    snprintf(change->id, sizeof change->id, "%.*s", (int)(equals - text), text);
    change->json = NULL;
    FILE *out = open_memstream(&change->json, &len);
    if (!out)
        return false;
    r->group_count++;
    fputc('{', out);
    print_field(out, true, f->key, f->kind, equals + 1);
    fputc('}', out);
    return fclose(out) == 0;
}

/* The one argument is the slug. A creation leaves it to campaign_json to say what is wrong with it. */
static bool take_argument(struct reading *g, bool edit, const char *text)
{
    if (g->has_slug) {
        cli_misuse(g->command, "more than one SLUG");
        return false;
    }
    g->has_slug = true;
    if (!edit) {
        print_field(g->campaign, ftell(g->campaign) == 0, "slug", TEXT, text);
        return true;
    }
    if (campaign_request_slug(text, g->r->slug))
        return true;
    cli_misuse(g->command, "%s is not a slug", text);
    return false;
}

static bool take_option(struct reading *g, int option, const char *value)
{
    struct campaign_request *r = g->r;
    if (option == OWN_AT) {
        if (ftell(g->groups) > 0)
            fputc(',', g->groups);
        r->empty = false;
        return print_group(g->groups, value);
    }
    if (option == OWN_AT + 1) {
        r->json_file = value;
        return true;
    }
    if (option == OWN_AT + 2)
        return r->json_out = true;
    r->empty = false;
    if (option == OWN_AT + 3) {
        if (ftell(g->aliases) > 0)
            fputc(',', g->aliases);
        text_print_json(g->aliases, value);
        return true;
    }
    if (option == OWN_AT + 4)
        return g->no_aliases = true;
    if (option >= GROUPS_AT)
        return add_group_change(g, &group_fields[option - GROUPS_AT], value);
    bool fallback = option >= FALLBACK_AT;
    const struct field *f = fallback ? &fallback_fields[option - FALLBACK_AT] : &campaign_fields[option];
    FILE *out = fallback ? g->fallback : g->campaign;
    print_field(out, ftell(out) == 0, f->key, f->kind, value);
    return true;
}

/* Fields that are of no use for this command keep their place, without a name that could be given. */
static void fill_options(struct cli_option options[OPTIONS], bool edit)
{
    enum use use = edit ? EDIT : CREATE;
    for (size_t i = 0; i < OWN_AT; i++) {
        const struct field *f = i < FALLBACK_AT ? &campaign_fields[i]
                                : i < GROUPS_AT ? &fallback_fields[i - FALLBACK_AT]
                                                : &group_fields[i - GROUPS_AT];
        bool offered = (f->use & use) && (i < GROUPS_AT || edit);
        options[i] = (struct cli_option){offered ? f->option : "-\n", true};
    }
    options[OWN_AT] = (struct cli_option){edit ? "-\n" : "--group", true};
    options[OWN_AT + 1] = (struct cli_option){"--json", true};
    options[OWN_AT + 2] = (struct cli_option){"--json-out", false};
    options[OWN_AT + 3] = (struct cli_option){"--alias", true};
    options[OWN_AT + 4] = (struct cli_option){edit ? "--no-aliases" : "-\n", false};
    options[OWN_AT + 5] = (struct cli_option){NULL, false};
}

static bool read_options(struct reading *g, bool edit, int argc, char **argv)
{
    struct cli_option options[OPTIONS];
    struct cli_walk w = {.command = g->command, .argc = argc, .argv = argv};
    const char *value;
    fill_options(options, edit);
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (!(option == CLI_ARGUMENT ? take_argument(g, edit, value) : take_option(g, option, value)))
            return false;
    }
    if (edit && !g->r->slug[0])
        cli_misuse(g->command, "needs a SLUG");
    else if (g->r->json_file && !g->r->empty)
        cli_misuse(g->command, "either --json or options, not both");
    else if (!g->r->json_file && g->r->empty)
        cli_misuse(g->command, "nothing was asked for");
    else if (g->no_aliases && ftell(g->aliases) > 0)
        cli_misuse(g->command, "either --alias or --no-aliases, not both");
    else
        return true;
    return false;
}

/* The parts as one object. */
static bool join(struct reading *g)
{
    size_t len;
    FILE *out = open_memstream(&g->r->json, &len);
    if (!out)
        return false;
    const char *comma = g->campaign_len ? "," : "";
    fprintf(out, "{%s", g->campaign_text);
    if (g->fallback_len) {
        fprintf(out, "%s\"fallback\":{%s}", comma, g->fallback_text);
        comma = ",";
    }
    if (g->aliases_len || g->no_aliases) {
        fprintf(out, "%s\"aliases\":[%s]", comma, g->aliases_text);
        comma = ",";
    }
    if (g->groups_len)
        fprintf(out, "%s\"groups\":[%s]", comma, g->groups_text);
    fputc('}', out);
    return fclose(out) == 0;
}

bool campaign_request_read(struct campaign_request *r, bool edit, int argc, char **argv)
{
    *r = (struct campaign_request){.empty = true};
    struct reading g = {.r = r, .command = edit ? "campaign edit" : "campaign create"};
    g.campaign = open_memstream(&g.campaign_text, &g.campaign_len);
    g.fallback = open_memstream(&g.fallback_text, &g.fallback_len);
    g.groups = open_memstream(&g.groups_text, &g.groups_len);
    g.aliases = open_memstream(&g.aliases_text, &g.aliases_len);
    bool opened = g.campaign && g.fallback && g.groups && g.aliases;
    bool good = opened && read_options(&g, edit, argc, argv);
    if (g.campaign)
        fclose(g.campaign);
    if (g.fallback)
        fclose(g.fallback);
    if (g.groups)
        fclose(g.groups);
    if (g.aliases)
        fclose(g.aliases);
    if (good && !join(&g))
        good = false;
    free(g.campaign_text);
    free(g.fallback_text);
    free(g.groups_text);
    free(g.aliases_text);
    return good;
}

void campaign_request_clear(struct campaign_request *r)
{
    for (size_t i = 0; i < r->group_count; i++)
        free(r->groups[i].json);
    free(r->groups);
    free(r->json);
    *r = (struct campaign_request){0};
}

bool campaign_request_slug(const char *text, char slug[CAMPAIGN_SLUG_MAX + 1])
{
    size_t len = strlen(text);
    if (len == 0 || len > CAMPAIGN_SLUG_MAX)
        return false;
    for (size_t i = 0; i <= len; i++)
        slug[i] = (char)tolower((unsigned char)text[i]);
    bool valid = campaign_slug_valid(slug, len);
    if (!valid)
        slug[0] = '\0';
    return valid;
}
