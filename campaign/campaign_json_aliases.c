/* Old addresses that lead to a campaign: its `aliases`, in and out. What an alias may be is alias.h's. */
#include "campaign_json_private.h"

#include <stdlib.h>
#include <string.h>

/* The element that the reader stands at, if it may stand behind those that are there. */
static void read_alias(struct change *ch, json_t *value)
{
    struct campaign *c = ch->campaign;
    char alias[ALIAS_MAX + 1];
    const char *reason = "must be a string";
    int same;

    if (json_is_string(value))
        reason = alias_read(json_string_value(value), json_string_length(value), alias);
    if (reason) {
        change_error(ch, NULL, "%s", reason);
        return;
    }
    same = campaign_find_alias(c, alias, strlen(alias));
    if (same >= 0) {
        change_error(ch, NULL, "is the same address as another one of the list: %.100s", alias);
        return;
    }
    c->aliases[c->alias_count] = strdup(alias);
    if (c->aliases[c->alias_count])
        c->alias_count++;
    else
        ch->no_memory = true;
}

void change_read_aliases(struct change *ch, const char *key, json_t *value)
{
    struct campaign *c = ch->campaign;
    size_t count = json_array_size(value);

    if (!json_is_array(value) && !json_is_null(value)) {
        change_error(ch, key, "must be a list of old addresses, as \"/s/abc\"");
        return;
    }
    if (count > CAMPAIGN_ALIASES_MAX) {
        change_error(ch, key, "must be at most %d addresses", (int)CAMPAIGN_ALIASES_MAX);
        return;
    }
    campaign_clear_aliases(c);
    if (count == 0)
        return;
    c->aliases = calloc(count, sizeof(*c->aliases));
    if (!c->aliases) {
        ch->no_memory = true;
        return;
    }
    ch->parent = key;
    for (size_t i = 0; i < count && !ch->no_memory; i++) {
        ch->index = (long)i;
        read_alias(ch, json_array_get(value, i));
    }
    ch->parent = NULL;
    ch->index = -1;
}

/* "/slug" or "/slug/channel", whatever its query: a scan of the campaign itself. */
static bool is_own_address(const char *alias, const char *slug)
{
    char lower[ALIAS_MAX + 1];
    size_t len = strcspn(alias, "?"), slug_len = strlen(slug);

    for (size_t i = 0; i < len; i++)
        lower[i] = (char)(alias[i] >= 'A' && alias[i] <= 'Z' ? alias[i] | 0x20 : alias[i]);
    if (len < slug_len + 1 || memcmp(lower + 1, slug, slug_len) != 0)
        return false;
    if (len == slug_len + 1)
        return true;
    return lower[slug_len + 1] == '/' && campaign_channel_valid(lower + slug_len + 2, len - slug_len - 2);
}

void change_check_aliases(struct change *ch)
{
    ch->parent = "aliases";
    for (size_t i = 0; i < ch->campaign->alias_count; i++) {
        ch->index = (long)i;
        if (is_own_address(ch->campaign->aliases[i], ch->campaign->slug))
            change_error(ch, NULL, "is the campaign's own address");
    }
    ch->parent = NULL;
    ch->index = -1;
}

json_t *aliases_json(const struct campaign *c)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < c->alias_count; i++) {
        if (json_array_append_new(list, json_string(c->aliases[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}
