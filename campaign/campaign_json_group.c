/*
 * One group out of JSON: the table of its keys, and the ids of groups, which name a group for good: a generated one is
 * the next number, and no number is given twice in a campaign.
 */
#include "campaign_json_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a group --- */

static void read_group_id_again(struct change *ch, const char *key, json_t *value)
{
    const char *id = json_string_value(value);

    if (ch->one_group && (!id || strcmp(id, ch->group->id) != 0))
        change_error(ch, key, "cannot be changed");
}

static void read_group_name(struct change *ch, const char *key, json_t *value)
{
    change_read_text(ch, key, value, GROUP_NAME_MAX, false, &ch->group->name);
}

static void read_group_url(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value)) {
        /* It may yet be built, and a group that is off may do without: change_read_group looks when all keys are
         * there. */
        change_set_text(ch, &ch->group->url, NULL);
        ch->group->platform = PLATFORM_WEB;
    } else if (change_read_url(ch, key, value, &ch->group->url)) {
        ch->group->platform = platform_of_url(ch->group->url);
    }
}

static void read_group_show(struct change *ch, const char *key, json_t *value)
{
    ch->group->show = (enum group_show)change_read_word(ch, key, value, show_words, COUNT_OF(show_words));
}

static void read_group_limit(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value))
        ch->group->limit = -1;
    else
        change_read_integer(ch, key, value, 0, GROUP_LIMIT_MAX, &ch->group->limit);
}

static void read_group_weight(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value))
        ch->group->weight = 1;
    else
        change_read_integer(ch, key, value, 1, GROUP_WEIGHT_MAX, &ch->group->weight);
}

static void read_group_enabled(struct change *ch, const char *key, json_t *value)
{
    change_read_bool(ch, key, value, &ch->group->enabled);
}

static void read_group_expires(struct change *ch, const char *key, json_t *value)
{
    change_read_date(ch, key, value, &ch->group->expires_at);
}

static void read_group_confirmed(struct change *ch, const char *key, json_t *value)
{
    struct head_counts *h = ch->heads;
    int64_t confirmed;

    if (!change_read_integer(ch, key, value, 0, GROUP_LIMIT_MAX, &confirmed))
        return;
    if (h->count == ch->heads_room) {
        size_t room = ch->heads_room ? ch->heads_room * 2 : 8;
        struct head_count *list = realloc(h->list, room * sizeof(*list));

        if (!list) {
            ch->no_memory = true;
            return;
        }
        h->list = list;
        ch->heads_room = room;
    }
    memcpy(h->list[h->count].group, ch->group->id, sizeof(ch->group->id));
    h->list[h->count++].confirmed = confirmed;
}

static void read_group_born(struct change *ch, const char *key, json_t *value)
{
    change_read_integer(ch, key, value, 0, INT64_MAX, &ch->group->born);
}

static void ignore_members(struct change *ch, const char *key, json_t *value)
{
    if (!json_is_null(value))
        change_ignore_object(ch, key, value);
}

static const struct key group_keys[] = {
    {"id", READ_ALL, read_group_id_again},
    {"name", READ_ALL, read_group_name},
    {"url", READ_ALL, read_group_url},
    {"miniprogram", READ_ALL, change_read_miniprogram},
    {"when", READ_ALL, change_read_when},
    {"show", READ_ALL, read_group_show},
    {"limit", READ_ALL, read_group_limit},
    {"weight", READ_ALL, read_group_weight},
    {"enabled", READ_ALL, read_group_enabled},
    {"expires_at", READ_ALL, read_group_expires},
    {"born", READ_STORED, read_group_born},
    {"confirmed", READ_PATCH, read_group_confirmed},
    {"platform", READ_PATCH, change_ignore_string},
    {"used", READ_PATCH, change_ignore_integer},
    {"held", READ_PATCH, change_ignore_integer},
    {"reports", READ_PATCH, change_ignore_integer},
    {"members", READ_PATCH, ignore_members},
    {"state", READ_PATCH, change_ignore_string},
};

void change_read_group(struct change *ch, size_t position, json_t *object)
{
    struct group *g = &ch->campaign->groups[position];
    json_t *url;
    char name[32];

    ch->group = g;
    change_read_object(ch, group_keys, COUNT_OF(group_keys), object);
    url = json_object_get(object, "url");
    if (json_is_null(url))
        url = NULL;
    change_finish_miniprogram(ch, url);
    if (!g->url && !url && g->enabled)
        change_error(ch, "url", "is required (but for a group that is off)");
    if (!g->name && !ch->no_memory) {
        snprintf(name, sizeof(name), "Group %zu", position + 1);
        change_set_text(ch, &g->name, name);
    }
    ch->group = NULL;
}

/* --- ids of groups --- */

/* n if the id is the generated form "g<n>", else 0. */
static int64_t group_number(const char *id)
{
    int64_t n = 0;

    if (id[0] != 'g' || id[1] < '1' || id[1] > '9')
        return 0;
    for (const char *p = id + 1; *p; p++) {
        if (*p < '0' || *p > '9')
            return 0;
        n = n * 10 + (*p - '0');
    }
    return n;
}

void change_read_group_id(struct change *ch, struct group *g, json_t *object)
{
    json_t *value = json_object_get(object, "id");
    const char *id = json_string_value(value);
    int64_t number;

    if (!value || json_is_null(value)) {
        if (ch->reading == READ_STORED)
            change_error(ch, "id", "is required");
        return;
    }
    if (!id || !group_id_valid(id, json_string_length(value))) {
        change_error(ch, "id", "must be 1 to 16 of a-z, 0-9 and '-'");
        return;
    }
    number = group_number(id);
    if (ch->was && number > 0 && number < ch->was->next_group && campaign_find_group(ch->was, id) < 0) {
        change_error(ch, "id", "was used before: ids are never used twice in a campaign");
        return;
    }
    memcpy(g->id, id, json_string_length(value) + 1);
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* The numbers that ids of groups have already, in ascending order; NULL: out of memory. */
static int64_t *taken_numbers(const struct campaign *c, size_t *ret_count)
{
    int64_t *taken = malloc((c->group_count + 1) * sizeof(*taken));
    size_t count = 0;

    if (!taken)
        return NULL;
    for (size_t i = 0; i < c->group_count; i++) {
        int64_t number = group_number(c->groups[i].id);

        if (number > 0)
            taken[count++] = number;
    }
    qsort(taken, count, sizeof(*taken), compare_numbers);
    *ret_count = count;
    return taken;
}

void change_number_groups(struct change *ch, size_t first)
{
    struct campaign *c = ch->campaign;
    int64_t next = c->next_group;
    size_t count = 0, k = 0;
    int64_t *taken = taken_numbers(c, &count);
    char id[32];

    if (!taken) {
        ch->no_memory = true;
        return;
    }
    for (size_t i = first; i < c->group_count; i++) {
        if (c->groups[i].id[0])
            continue;
        for (; k < count && taken[k] <= next; k++)
            next += taken[k] == next;
        if (next > GROUP_NUMBER_MAX) {
            ch->index = ch->parent ? (long)i : -1;
            change_error(ch, "id", "is required: the numbers of generated ids are used up");
            break;
        }
        snprintf(id, sizeof(id), "g%" PRId64, next++);
        memcpy(c->groups[i].id, id, strlen(id) + 1);
    }
    if (count > 0 && taken[count - 1] >= next)
        next = taken[count - 1] + 1;
    c->next_group = next;
    free(taken);
}

void change_index_groups(struct change *ch)
{
    struct campaign *c = ch->campaign;

    int error = campaign_index_groups(c);

    if (error == -E2BIG)
        change_error(ch, ch->parent ? NULL : "groups", "must have at most %d different conditions in `when`",
                     CAMPAIGN_LANES_MAX - 1);
    if (error) {
        ch->no_memory = error != -E2BIG;
        return;
    }
    for (size_t i = 1; i < c->group_count; i++) {
        size_t here = c->by_id[i];
        const char *id = c->groups[here].id;

        if (!id[0] || strcmp(id, c->groups[c->by_id[i - 1]].id) != 0)
            continue;
        ch->index = ch->parent ? (long)here : -1;
        change_error(ch, "id", "is another group's id");
    }
}
