/* Options of `huoma campaign create|edit` -> JSON, by a table of fields. The rules are campaign_json's, not ours. */
#include "campaign_request.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum use { CREATE = 1, EDIT = 2, BOTH = 3 };

/* The objects of a request, each inside of the one before. */
enum part { PART_CAMPAIGN, PART_FALLBACK, PART_WAITING, PARTS };

struct field {
    enum part part;
    const char *option, *key;
    enum value_kind kind;
    enum use use;
};

static const struct field fields[] = {
    {PART_CAMPAIGN, "--title", "title", VALUE_TEXT, BOTH},
    {PART_CAMPAIGN, "--slug", "slug", VALUE_TEXT, CREATE},
    {PART_CAMPAIGN, "--url", "url", VALUE_TEXT, CREATE},
    {PART_CAMPAIGN, "--strategy", "strategy", VALUE_TEXT, BOTH},
    {PART_CAMPAIGN, "--confirm", "confirm", VALUE_TEXT, BOTH},
    {PART_CAMPAIGN, "--enabled", "enabled", VALUE_SWITCH, BOTH},
    {PART_CAMPAIGN, "--starts-at", "starts_at", VALUE_OPTION, BOTH},
    {PART_CAMPAIGN, "--ends-at", "ends_at", VALUE_OPTION, BOTH},
    {PART_CAMPAIGN, "--hold", "hold_seconds", VALUE_NUMBER, BOTH},
    {PART_CAMPAIGN, "--spread", "spread", VALUE_NUMBER, BOTH},
    {PART_CAMPAIGN, "--per-address", "per_address", VALUE_NUMBER, BOTH},
    {PART_CAMPAIGN, "--hours-in", "timezone", VALUE_OPTION, BOTH},
    {PART_CAMPAIGN, "--forward-query", "forward_query", VALUE_SWITCH, BOTH},
    {PART_CAMPAIGN, "--follow-members", "follow_members", VALUE_SWITCH, BOTH},
    {PART_FALLBACK, "--fallback-url", "url", VALUE_OPTION, BOTH},
    {PART_FALLBACK, "--fallback-text", "text", VALUE_OPTION, BOTH},
    {PART_FALLBACK, "--fallback-contact", "contact", VALUE_OPTION, BOTH},
    {PART_WAITING, "--waiting", "ask", VALUE_TEXT, BOTH},
    {PART_WAITING, "--waiting-promise", "promise_seconds", VALUE_NUMBER, BOTH},
    {PART_WAITING, "--waiting-limit", "limit", VALUE_NUMBER, BOTH},
    {PART_WAITING, "--waiting-privacy", "privacy", VALUE_OPTION, BOTH},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* All else that create and edit take, behind the fields of the table. */
enum own { OWN_GROUP, OWN_JSON, OWN_JSON_OUT, OWN_ALIAS, OWN_NO_ALIASES, OWN_IF_VERSION, OWN_COUNT };

static const struct {
    const char *option;
    bool takes_value;
    enum use use;
} own_options[OWN_COUNT] = {
    [OWN_GROUP] = {"--group", true, CREATE},          [OWN_JSON] = {"--json", true, BOTH},
    [OWN_JSON_OUT] = {"--json-out", false, BOTH},     [OWN_ALIAS] = {"--alias", true, BOTH},
    [OWN_NO_ALIASES] = {"--no-aliases", false, EDIT}, [OWN_IF_VERSION] = {"--if-version", true, EDIT},
};

enum {
    OWN_AT = COUNT(fields),
    GROUPS_AT = OWN_AT + OWN_COUNT, /* of edit: group_option_name */
    OPTIONS_MAX = GROUPS_AT + 32,
};

/* --- reading --- */

/* A request under way: objects are collected as texts, and joined at the end. */
struct reading {
    struct campaign_request *r;
    const char *command;
    bool has_slug;
    bool no_aliases;
    uint64_t given;  /* bits of fields */
    bool no_waiting; /* --waiting none */
    FILE *part[PARTS], *groups, *aliases;
    char *part_text[PARTS], *groups_text, *aliases_text;
    size_t part_len[PARTS], groups_len, aliases_len;
};

/* The one argument is the slug. A creation leaves it to campaign_json to say what is wrong with it. */
static bool take_argument(struct reading *g, bool edit, const char *text)
{
    if (g->has_slug) {
        cli_misuse(g->command, "more than one SLUG");
        return false;
    }
    g->has_slug = true;
    if (!edit) {
        request_print_field(g->part[PART_CAMPAIGN], ftell(g->part[PART_CAMPAIGN]) == 0, "slug", VALUE_TEXT, text);
        return true;
    }
    if (campaign_request_slug(text, g->r->slug))
        return true;
    cli_misuse(g->command, "%s is not a slug", text);
    return false;
}

/* One more element of a list that is under way. */
static void add_element(FILE *list, const char *json)
{
    fprintf(list, "%s%s", ftell(list) > 0 ? "," : "", json);
}

static bool take_own(struct reading *g, enum own own, const char *value)
{
    struct campaign_request *r = g->r;
    char *json;
    switch (own) {
    case OWN_JSON:
        r->json_file = value;
        return true;
    case OWN_JSON_OUT:
        return r->json_out = true;
    case OWN_IF_VERSION:
        if (campaign_request_version(value, &r->if_version))
            return true;
        cli_misuse(g->command, "--if-version needs a version, as 7");
        return false;
    case OWN_GROUP:
        json = group_request_json(g->command, "--group", value);
        if (json)
            add_element(g->groups, json);
        free(json);
        r->empty = false;
        return json != NULL;
    case OWN_ALIAS:
        add_element(g->aliases, "");
        text_print_json(g->aliases, value);
        r->empty = false;
        return true;
    default:
        r->empty = false;
        return g->no_aliases = true;
    }
}

static bool take_option(struct reading *g, size_t option, const char *value)
{
    if (option >= OWN_AT && option < GROUPS_AT)
        return take_own(g, (enum own)(option - OWN_AT), value);
    g->r->empty = false;
    if (option >= GROUPS_AT)
        return group_edits_take(&g->r->groups, g->command, option - GROUPS_AT, value);
    const struct field *f = &fields[option];
    FILE *out = g->part[f->part];
    if (g->given & UINT64_C(1) << option) {
        cli_misuse(g->command, "%s is given twice", f->option);
        return false;
    }
    g->given |= UINT64_C(1) << option;
    if (strcmp(f->option, "--waiting") == 0 && strcmp(value, "none") == 0)
        return g->no_waiting = true;
    request_print_field(out, ftell(out) == 0, f->key, f->kind, value);
    return true;
}

/* Fields that are of no use for this command keep their place, without a name that could be given. */
static void fill_options(struct cli_option options[OPTIONS_MAX], bool edit)
{
    enum use use = edit ? EDIT : CREATE;
    size_t end = GROUPS_AT;
    for (size_t i = 0; i < OWN_AT; i++)
        options[i] = (struct cli_option){fields[i].use & use ? fields[i].option : "-\n", true};
    for (size_t i = 0; i < OWN_COUNT; i++)
        options[OWN_AT + i] =
            (struct cli_option){own_options[i].use & use ? own_options[i].option : "-\n", own_options[i].takes_value};
    for (size_t i = 0; edit && i < group_option_count() && end < OPTIONS_MAX - 1; i++)
        options[end++] = (struct cli_option){group_option_name(i), true};
    options[end] = (struct cli_option){NULL, false};
}

static bool read_options(struct reading *g, bool edit, int argc, char **argv)
{
    struct cli_option options[OPTIONS_MAX];
    struct cli_walk w = {.command = g->command, .argc = argc, .argv = argv};
    const char *value;
    fill_options(options, edit);
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (!(option == CLI_ARGUMENT ? take_argument(g, edit, value) : take_option(g, (size_t)option, value)))
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
    else if (g->no_waiting && ftell(g->part[PART_WAITING]) > 0)
        cli_misuse(g->command, "either --waiting none or what a waiting list is like, not both");
    else
        return true;
    return false;
}

/* The fallback's object, with the waiting list in it. */
static void join_fallback(struct reading *g, FILE *out)
{
    const char *comma = g->part_len[PART_FALLBACK] ? "," : "";
    fprintf(out, "\"fallback\":{%s", g->part_text[PART_FALLBACK]);
    if (g->no_waiting)
        fprintf(out, "%s\"waiting\":null", comma);
    else if (g->part_len[PART_WAITING])
        fprintf(out, "%s\"waiting\":{%s}", comma, g->part_text[PART_WAITING]);
    fputc('}', out);
}

/* The parts as one object. */
static bool join(struct reading *g)
{
    size_t len;
    FILE *out = open_memstream(&g->r->json, &len);
    if (!out)
        return false;
    const char *comma = g->part_len[PART_CAMPAIGN] ? "," : "";
    fprintf(out, "{%s", g->part_text[PART_CAMPAIGN]);
    if (g->part_len[PART_FALLBACK] || g->part_len[PART_WAITING] || g->no_waiting) {
        fputs(comma, out);
        join_fallback(g, out);
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
    FILE **const streams[] = {&g.part[PART_CAMPAIGN], &g.part[PART_FALLBACK], &g.part[PART_WAITING], &g.groups,
                              &g.aliases};
    char **const texts[] = {&g.part_text[PART_CAMPAIGN], &g.part_text[PART_FALLBACK], &g.part_text[PART_WAITING],
                            &g.groups_text, &g.aliases_text};
    size_t *const lengths[] = {&g.part_len[PART_CAMPAIGN], &g.part_len[PART_FALLBACK], &g.part_len[PART_WAITING],
                               &g.groups_len, &g.aliases_len};
    bool opened = true;
    for (size_t i = 0; i < COUNT(streams); i++)
        opened = (*streams[i] = open_memstream(texts[i], lengths[i])) && opened;
    bool good = opened && read_options(&g, edit, argc, argv);
    for (size_t i = 0; i < COUNT(streams); i++)
        if (*streams[i])
            fclose(*streams[i]);
    if (good && !join(&g))
        good = false;
    for (size_t i = 0; i < COUNT(texts); i++)
        free(*texts[i]);
    return good;
}

void campaign_request_clear(struct campaign_request *r)
{
    group_edits_clear(&r->groups);
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

bool campaign_request_version(const char *text, int64_t *version)
{
    enum { DIGITS_MAX = 15 };
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > DIGITS_MAX || text[digits])
        return false;
    *version = strtoll(text, NULL, 10);
    return *version > 0;
}
