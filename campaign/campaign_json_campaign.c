/*
 * A campaign's own keys out of JSON: its settings, its list of groups, and what only the stored form has. The table at
 * the end names every key.
 */
#include "campaign_json_private.h"

#include <stdlib.h>
#include <string.h>

#define VERSION_MAX INT64_C(9007199254740991) /* what every JSON reader holds exactly */

/* --- settings and groups --- */

static void read_title(struct change *ch, const char *key, json_t *value)
{
    change_read_text(ch, key, value, CAMPAIGN_TITLE_MAX, false, &ch->campaign->title);
}

static void read_slug(struct change *ch, const char *key, json_t *value)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    char slug[CAMPAIGN_SLUG_MAX + 1] = "";

    if (json_is_null(value) && ch->reading == READ_CREATE)
        return;
    for (size_t i = 0; text && i < len && len <= CAMPAIGN_SLUG_MAX; i++)
        slug[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
    if (ch->was) {
        if (strcmp(slug, ch->was->slug) != 0)
            change_error(ch, key, "cannot be changed");
    } else if (!text || !campaign_slug_valid(slug, len)) {
        change_error(ch, key, "must be 1 to %d of a-z, 0-9 and '-', begin with a letter or digit, and not be reserved",
                     (int)CAMPAIGN_SLUG_MAX);
    } else {
        memcpy(ch->campaign->slug, slug, sizeof(slug));
    }
}

static void read_strategy(struct change *ch, const char *key, json_t *value)
{
    ch->campaign->strategy =
        (enum campaign_strategy)change_read_word(ch, key, value, strategy_words, COUNT_OF(strategy_words));
}

static void read_confirm(struct change *ch, const char *key, json_t *value)
{
    ch->campaign->confirm =
        (enum campaign_confirm)change_read_word(ch, key, value, confirm_words, COUNT_OF(confirm_words));
}

static void read_enabled(struct change *ch, const char *key, json_t *value)
{
    change_read_bool(ch, key, value, &ch->campaign->enabled);
}

static void read_starts(struct change *ch, const char *key, json_t *value)
{
    change_read_date(ch, key, value, &ch->campaign->starts_at);
}

static void read_ends(struct change *ch, const char *key, json_t *value)
{
    change_read_date(ch, key, value, &ch->campaign->ends_at);
}

static void read_hold(struct change *ch, const char *key, json_t *value)
{
    int64_t seconds = 0;

    if (json_is_null(value) || change_read_integer(ch, key, value, CAMPAIGN_HOLD_MIN, CAMPAIGN_HOLD_MAX, &seconds))
        ch->campaign->hold_seconds = (int)seconds;
}

static void read_per_address(struct change *ch, const char *key, json_t *value)
{
    int64_t seats = CAMPAIGN_PER_ADDRESS;

    if (json_is_null(value) || change_read_integer(ch, key, value, 0, CAMPAIGN_PER_ADDRESS_MAX, &seats))
        ch->campaign->per_address = (int)seats;
}

static void read_spread(struct change *ch, const char *key, json_t *value)
{
    int64_t groups = 1;

    if (json_is_null(value) || change_read_integer(ch, key, value, 1, CAMPAIGN_SPREAD_MAX, &groups))
        ch->campaign->spread = (int)groups;
}

static void read_timezone(struct change *ch, const char *key, json_t *value)
{
    const char *name = json_string_value(value);
    bool known = name && campaign_timezone_valid(name, json_string_length(value));

    if (known && ch->moment && ch->moment->knows_timezone)
        known = ch->moment->knows_timezone(name);
    if (known || json_is_null(value))
        change_set_text(ch, &ch->campaign->timezone, name);
    else
        change_error(ch, key, "must be a time zone that the server has, as \"Asia/Shanghai\", or null");
}

static void read_forward_query(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value))
        ch->campaign->forward_query = false;
    else
        change_read_bool(ch, key, value, &ch->campaign->forward_query);
}

static void read_follow_members(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value))
        ch->campaign->follow_members = false;
    else
        change_read_bool(ch, key, value, &ch->campaign->follow_members);
}

/* Other shorteners offer a choice here; whoever brings the key along learns why there is none. */
static void read_redirect_status(struct change *ch, const char *key, json_t *value)
{
    if (!json_is_null(value) && !(json_is_integer(value) && json_integer_value(value) == 302))
        change_error(ch, key, "must be 302: browsers keep a 301 for good, and where a code leads can change");
}

static void read_fallback_url(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value))
        change_set_text(ch, &ch->campaign->fallback_url, NULL);
    else
        change_read_url(ch, key, value, &ch->campaign->fallback_url);
}

static void read_fallback_text(struct change *ch, const char *key, json_t *value)
{
    change_read_text(ch, key, value, CAMPAIGN_TEXT_MAX, true, &ch->campaign->fallback_text);
}

static void read_fallback_contact(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value))
        change_set_text(ch, &ch->campaign->fallback_contact, NULL);
    else
        change_read_url(ch, key, value, &ch->campaign->fallback_contact);
}

static const struct key fallback_keys[] = {
    {"url", READ_ALL, read_fallback_url},
    {"text", READ_ALL, read_fallback_text},
    {"contact", READ_ALL, read_fallback_contact},
    {"waiting", READ_ALL, change_read_waiting},
};

static void read_fallback(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value)) {
        change_set_text(ch, &ch->campaign->fallback_url, NULL);
        change_set_text(ch, &ch->campaign->fallback_text, NULL);
        change_set_text(ch, &ch->campaign->fallback_contact, NULL);
        change_close_waiting(ch);
        return;
    }
    if (!json_is_object(value)) {
        change_error(ch, key, "must be an object");
        return;
    }
    ch->parent = key;
    change_read_object(ch, fallback_keys, COUNT_OF(fallback_keys), value);
    ch->parent = NULL;
}

/* Puts `count` groups without anything in place of those that are there. */
static bool replace_groups(struct change *ch, size_t count)
{
    struct campaign *c = ch->campaign;
    struct group *groups = calloc(count ? count : 1, sizeof(*groups));

    if (!groups) {
        ch->no_memory = true;
        return false;
    }
    for (size_t i = 0; i < c->group_count; i++)
        group_clear(&c->groups[i]);
    free(c->groups);
    c->groups = groups;
    c->group_count = count;
    for (size_t i = 0; i < count; i++)
        group_init(&groups[i]);
    return true;
}

static void read_groups(struct change *ch, const char *key, json_t *value)
{
    size_t count = json_array_size(value);

    if (json_is_null(value) && ch->reading == READ_CREATE)
        return;
    ch->has_groups = true;
    if (!json_is_array(value)) {
        change_error(ch, key, "must be a list");
        return;
    }
    if (count > CAMPAIGN_GROUPS_MAX) {
        change_error(ch, key, "must be at most %d groups", (int)CAMPAIGN_GROUPS_MAX);
        return;
    }
    if (!replace_groups(ch, count))
        return;
    ch->parent = key;
    for (size_t i = 0; i < count; i++) {
        ch->index = (long)i;
        if (json_is_object(json_array_get(value, i)))
            change_read_group_id(ch, &ch->campaign->groups[i], json_array_get(value, i));
        else
            change_error(ch, NULL, "must be an object");
    }
    change_number_groups(ch, 0);
    change_index_groups(ch);
    for (size_t i = 0; i < count && !ch->no_memory; i++) {
        ch->index = (long)i;
        if (json_is_object(json_array_get(value, i)))
            change_read_group(ch, i, json_array_get(value, i));
    }
    ch->parent = NULL;
    ch->index = -1;
}

/* A short link: one group without a limit. */
static void read_single_url(struct change *ch, const char *key, json_t *value)
{
    struct group *g;

    if (json_is_null(value))
        return;
    ch->has_url = true;
    if (!replace_groups(ch, 1))
        return;
    g = ch->campaign->groups;
    if (change_read_url(ch, key, value, &g->url))
        g->platform = platform_of_url(g->url);
    change_set_text(ch, &g->name, "Group 1");
    change_number_groups(ch, 0);
    change_index_groups(ch);
}

/* --- what only the stored form has --- */

static void read_uid(struct change *ch, const char *key, json_t *value)
{
    const char *uid = json_string_value(value);

    if (uid && strlen(uid) == 16 && strspn(uid, "0123456789abcdef") == 16)
        memcpy(ch->campaign->uid, uid, sizeof(ch->campaign->uid));
    else
        change_error(ch, key, "must be 16 hex digits");
}

static void read_next_group(struct change *ch, const char *key, json_t *value)
{
    int64_t next;

    /* The groups may have been read before, and have gone beyond it. */
    if (change_read_integer(ch, key, value, 1, GROUP_NUMBER_MAX + 1, &next) && next > ch->campaign->next_group)
        ch->campaign->next_group = next;
}

static void read_version(struct change *ch, const char *key, json_t *value)
{
    change_read_integer(ch, key, value, 0, VERSION_MAX, &ch->campaign->version);
}

static void read_created(struct change *ch, const char *key, json_t *value)
{
    change_read_date(ch, key, value, &ch->campaign->created_at);
}

static void read_updated(struct change *ch, const char *key, json_t *value)
{
    change_read_date(ch, key, value, &ch->campaign->updated_at);
}

static const struct key campaign_keys[] = {
    {"slug", READ_ALL, read_slug},
    {"title", READ_ALL, read_title},
    {"link", READ_PATCH, change_ignore_string},
    {"strategy", READ_ALL, read_strategy},
    {"enabled", READ_ALL, read_enabled},
    {"starts_at", READ_ALL, read_starts},
    {"ends_at", READ_ALL, read_ends},
    {"confirm", READ_ALL, read_confirm},
    {"hold_seconds", READ_ALL, read_hold},
    {"spread", READ_ALL, read_spread},
    {"per_address", READ_ALL, read_per_address},
    {"timezone", READ_ALL, read_timezone},
    {"forward_query", READ_ALL, read_forward_query},
    {"follow_members", READ_ALL, read_follow_members},
    {"redirect_status", READ_CREATE | READ_PATCH, read_redirect_status},
    {"aliases", READ_ALL, change_read_aliases},
    {"fallback", READ_ALL, read_fallback},
    {"groups", READ_ALL, read_groups},
    {"url", READ_CREATE, read_single_url},
    {"seats", READ_PATCH, change_ignore_object},
    {"severity", READ_PATCH, change_ignore_string},
    {"troubles", READ_PATCH, change_ignore_array},
    {"version", READ_PATCH, change_ignore_integer},
    {"created_at", READ_PATCH, change_ignore_string},
    {"updated_at", READ_PATCH, change_ignore_string},
    {"uid", READ_STORED, read_uid},
    {"next_group", READ_STORED, read_next_group},
    {"version", READ_STORED, read_version},
    {"created_at", READ_STORED, read_created},
    {"updated_at", READ_STORED, read_updated},
};

void change_read_campaign(struct change *ch, json_t *object)
{
    change_read_object(ch, campaign_keys, COUNT_OF(campaign_keys), object);
}
