/*
 * What a request makes of a campaign: created, patched, a group more or less, another order; and the stored form read.
 * Start here to read how campaigns come out of JSON; campaign_json_private.h says which file has which step.
 *
 * A request is read into a copy; errors are collected on the way, and a copy with any error is thrown away.
 */
#include "campaign_json_memory.h"
#include "campaign_json_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void errors_reset(struct field_errors *e)
{
    e->count = e->more = 0;
    e->not_json = false;
}

static struct change change_begin(enum reading reading, const struct campaign *was, const struct campaign_moment *m,
                                  struct field_errors *errors)
{
    struct change ch = {
        .reading = reading, .was = was, .now = m ? m->now : 0, .moment = m, .errors = errors, .index = -1};

    errors_reset(errors);
    ch.campaign = was ? campaign_copy(was) : campaign_new();
    ch.no_memory = !ch.campaign;
    return ch;
}

/* The campaign, if nothing went wrong; else it and the head counts are freed. */
static void give_born(struct campaign *c, const struct campaign *was)
{
    for (size_t i = 0; i < c->group_count; i++) {
        int before = was ? campaign_find_group(was, c->groups[i].id) : -1;
        c->groups[i].born = before >= 0 ? was->groups[before].born : (was ? was->version : 0) + 1;
    }
}

static struct campaign *change_finish(struct change *ch)
{
    struct campaign *c = ch->campaign;

    if (!change_failed(ch)) {
        if (!c->title)
            change_set_text(ch, &c->title, c->slug);
        if (c->starts_at && c->ends_at && c->starts_at >= c->ends_at)
            change_error(ch, "ends_at", "must be after starts_at");
        if (c->waiting.ask != WAITING_CLOSED && c->fallback_url)
            change_error(ch, "fallback.waiting", "cannot stand beside fallback.url: nobody would see it");
        change_index_groups(ch);
        if (ch->moment)
            campaign_bar_hosts(c, &ch->moment->hosts);
        if (ch->reading != READ_STORED) {
            change_check_aliases(ch);
            c->updated_at = ch->now;
            give_born(c, ch->was);
        }
    }
    if (!change_failed(ch))
        return c;
    campaign_free(c);
    if (ch->heads)
        head_counts_free(ch->heads);
    return NULL;
}

void head_counts_free(struct head_counts *h)
{
    free(h->list);
    h->list = NULL;
    h->count = 0;
}

static void give_uid(struct campaign *c, uint64_t bits)
{
    snprintf(c->uid, sizeof(c->uid), "%016" PRIx64, bits);
}

static void read_created(struct change *ch, json_t *body, const struct campaign_moment *m)
{
    change_read_campaign(ch, body);
    if (ch->has_groups && ch->has_url)
        change_error(ch, "url", "cannot be given together with groups");
    else if (!ch->has_groups && !ch->has_url)
        change_error(ch, "groups", "is required (or url, for a single link)");
    if (!ch->campaign->slug[0])
        campaign_slug_from_bits(m->random[0], m->slug_length ? m->slug_length : CAMPAIGN_DRAWN_LEN, ch->campaign->slug);
    give_uid(ch->campaign, m->random[1]);
    ch->campaign->version = 1;
    ch->campaign->created_at = m->now;
}

struct campaign *change_make_created(json_t *body, const struct campaign_moment *m, struct field_errors *errors)
{
    struct change ch = change_begin(READ_CREATE, NULL, m, errors);

    if (!ch.no_memory)
        read_created(&ch, body, m);
    return change_finish(&ch);
}

struct campaign *campaign_from_request(const char *text, size_t len, const struct campaign_moment *m,
                                       struct field_errors *errors)
{
    struct change ch = change_begin(READ_CREATE, NULL, m, errors);
    json_t *body = ch.no_memory ? NULL : change_parse_object(&ch, text, len);

    if (body) {
        read_created(&ch, body, m);
        json_decref(body);
    }
    return change_finish(&ch);
}

struct campaign *change_make_patched(const struct campaign *c, json_t *body, const struct campaign_moment *m,
                                     struct head_counts *heads, struct field_errors *errors)
{
    struct change ch = change_begin(READ_PATCH, c, m, errors);

    *heads = (struct head_counts){0};
    ch.heads = heads;
    if (!ch.no_memory)
        change_read_campaign(&ch, body);
    return change_finish(&ch);
}

struct campaign *campaign_from_patch(const struct campaign *c, const char *text, size_t len,
                                     const struct campaign_moment *m, struct head_counts *heads,
                                     struct field_errors *errors)
{
    struct change ch = change_begin(READ_PATCH, c, m, errors);
    json_t *body = ch.no_memory ? NULL : change_parse_object(&ch, text, len);

    *heads = (struct head_counts){0};
    ch.heads = heads;
    if (body) {
        change_read_campaign(&ch, body);
        json_decref(body);
    }
    return change_finish(&ch);
}

/* Room for one group more, at the end. */
static bool append_group(struct change *ch)
{
    struct campaign *c = ch->campaign;
    struct group *groups;

    if (c->group_count >= CAMPAIGN_GROUPS_MAX) {
        change_error(ch, "groups", "must be at most %d groups", (int)CAMPAIGN_GROUPS_MAX);
        return false;
    }
    groups = realloc(c->groups, (c->group_count + 1) * sizeof(*groups));
    if (!groups) {
        ch->no_memory = true;
        return false;
    }
    c->groups = groups;
    group_init(&groups[c->group_count++]);
    return true;
}

struct campaign *campaign_with_group(const struct campaign *c, const char *text, size_t len,
                                     const struct campaign_moment *m, size_t *position, struct field_errors *errors)
{
    struct change ch = change_begin(READ_CREATE, c, m, errors);
    json_t *body = ch.no_memory ? NULL : change_parse_object(&ch, text, len);
    size_t at = c->group_count;

    if (body && append_group(&ch)) {
        change_read_group_id(&ch, &ch.campaign->groups[at], body);
        change_number_groups(&ch, at);
        change_index_groups(&ch);
        change_read_group(&ch, at, body);
        *position = at;
    }
    json_decref(body);
    return change_finish(&ch);
}

struct campaign *campaign_with_group_patch(const struct campaign *c, size_t position, const char *text, size_t len,
                                           const struct campaign_moment *m, struct head_counts *heads,
                                           struct field_errors *errors)
{
    struct change ch = change_begin(READ_PATCH, c, m, errors);
    json_t *body = ch.no_memory ? NULL : change_parse_object(&ch, text, len);

    *heads = (struct head_counts){0};
    ch.heads = heads;
    ch.one_group = true;
    if (body)
        change_read_group(&ch, position, body);
    json_decref(body);
    return change_finish(&ch);
}

struct campaign *campaign_without_group(const struct campaign *c, size_t position, const struct campaign_moment *m)
{
    struct campaign *copy = campaign_copy(c);

    if (!copy)
        return NULL;
    group_clear(&copy->groups[position]);
    memmove(&copy->groups[position], &copy->groups[position + 1],
            (copy->group_count - position - 1) * sizeof(*copy->groups));
    copy->group_count--;
    copy->updated_at = m->now;
    if (campaign_index_groups(copy) != 0) {
        campaign_free(copy);
        return NULL;
    }
    return copy;
}

/* Puts the groups into the order of the list's ids. seen: one for each group, all false. */
static void order_groups(struct change *ch, json_t *list, struct group *ordered, bool *seen)
{
    struct campaign *c = ch->campaign;
    size_t count = json_array_size(list);

    for (size_t i = 0; i < count; i++) {
        const char *id = json_string_value(json_array_get(list, i));
        int at = id ? campaign_find_group(c, id) : -1;

        ch->index = (long)i;
        if (at < 0) {
            change_error(ch, NULL, id ? "is no group of this campaign" : "must be a group's id");
        } else if (seen[at]) {
            change_error(ch, NULL, "is named twice");
        } else {
            seen[at] = true;
            if (i < c->group_count)
                ordered[i] = c->groups[at];
        }
    }
    ch->index = -1;
    for (size_t i = 0; i < c->group_count; i++) {
        if (!seen[i])
            change_error(ch, NULL, "must name every group once: %s is missing", c->groups[i].id);
    }
}

static void apply_order(struct change *ch, json_t *list)
{
    struct campaign *c = ch->campaign;
    struct group *ordered;
    bool *seen;

    if (!json_is_array(list)) {
        change_error(ch, NULL, "must be a list of the groups' ids");
        return;
    }
    if (json_array_size(list) > CAMPAIGN_GROUPS_MAX) {
        change_error(ch, NULL, "must be at most %d ids", (int)CAMPAIGN_GROUPS_MAX);
        return;
    }
    ordered = calloc(c->group_count + 1, sizeof(*ordered));
    seen = calloc(c->group_count + 1, sizeof(*seen));
    if (!ordered || !seen) {
        ch->no_memory = true;
    } else {
        ch->parent = "body";
        order_groups(ch, list, ordered, seen);
        ch->parent = NULL;
        if (!change_failed(ch)) {
            memcpy(c->groups, ordered, c->group_count * sizeof(*ordered));
            change_index_groups(ch);
        }
    }
    free(ordered);
    free(seen);
}

struct campaign *campaign_with_order(const struct campaign *c, const char *text, size_t len,
                                     const struct campaign_moment *m, struct field_errors *errors)
{
    struct change ch = change_begin(READ_PATCH, c, m, errors);
    json_t *body = ch.no_memory ? NULL : change_parse_text(&ch, text, len);

    if (body) {
        apply_order(&ch, body);
        json_decref(body);
    }
    return change_finish(&ch);
}

struct campaign *campaign_from_stored(const char *text, size_t len, char *err, size_t err_size)
{
    struct field_errors errors;
    struct change ch = change_begin(READ_STORED, NULL, NULL, &errors);
    json_t *body = ch.no_memory ? NULL : change_parse_object(&ch, text, len);
    struct campaign *c;

    if (body) {
        change_read_campaign(&ch, body);
        if (errors.count == 0 && !ch.campaign->slug[0])
            change_error(&ch, "slug", "is required");
        if (errors.count == 0 && !ch.campaign->uid[0])
            change_error(&ch, "uid", "is required");
        json_decref(body);
    }
    c = change_finish(&ch);
    if (!c && errors.count > 0)
        snprintf(err, err_size, "%s: %s", errors.list[0].field, errors.list[0].reason);
    else if (!c)
        snprintf(err, err_size, "out of memory");
    if (!c && ch.no_memory)
        json_memory_lacks();
    return c;
}
