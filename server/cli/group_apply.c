/* What options ask of a campaign's groups, made upon the campaign that is there. See group_request.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "group_request.h"

static bool append_heads(struct head_counts *all, struct head_counts *more)
{
    struct head_count *list = realloc(all->list, (all->count + more->count + 1) * sizeof *list);
    if (list) {
        all->list = list;
        if (more->count)
            memcpy(list + all->count, more->list, more->count * sizeof *list);
        all->count += more->count;
    }
    head_counts_free(more);
    return list != NULL;
}

/* The whole object of a change, with the limit that follows from the one that is there. NULL: out of memory, or the
 * error is in errors. */
static char *change_json(const struct group_edit *edit, const struct group *g, struct field_errors *errors)
{
    char *json = NULL;
    const char *fields = edit->json ? edit->json : "{";
    int64_t limit = g->limit + edit->limit_by;
    int done;
    if (edit->limit_by != 0 && (g->limit < 0 || limit < 0)) {
        if (g->limit < 0)
            field_errors_add(errors, "limit", "has none that could be changed by %+" PRId64, edit->limit_by);
        else
            field_errors_add(errors, "limit", "is %" PRId64 ", and cannot be changed by %+" PRId64, g->limit,
                             edit->limit_by);
        return NULL;
    }
    if (edit->limit_by == 0)
        done = asprintf(&json, "%s}", fields);
    else
        done = asprintf(&json, "%s%s\"limit\":%" PRId64 "}", fields, edit->json ? "," : "", limit);
    return done < 0 ? NULL : json;
}

static struct campaign *change(const struct group_edit *edit, const struct campaign *c, size_t position,
                               const struct campaign_moment *m, struct head_counts *heads, struct field_errors *errors)
{
    struct head_counts more = {0};
    char *json = change_json(edit, &c->groups[position], errors);
    struct campaign *next = json ? campaign_with_group_patch(c, position, json, strlen(json), m, &more, errors) : NULL;
    free(json);
    if (!append_heads(heads, &more)) {
        campaign_free(next);
        next = NULL;
    }
    return next;
}

/* "body[1]" of an order is said as "order[1]": here it is no body. */
static void name_order(struct field_errors *errors)
{
    static const char body[] = "body";
    for (size_t i = 0; i < errors->count; i++) {
        char *was = errors->list[i].field, field[FIELD_NAME_MAX];
        size_t skip = strncmp(was, body, sizeof body - 1) == 0 ? sizeof body - 1 : 0;
        snprintf(field, sizeof field, "order%.*s", FIELD_NAME_MAX - 6, was + skip);
        memcpy(was, field, sizeof field);
    }
}

/* "limit" is said as "g1.limit". */
static void name_fields(struct field_errors *errors, const char *group)
{
    for (size_t i = 0; i < errors->count; i++) {
        char field[FIELD_NAME_MAX];
        snprintf(field, sizeof field, "%s.%.*s", group, FIELD_NAME_MAX - GROUP_ID_MAX - 3, errors->list[i].field);
        memcpy(errors->list[i].field, field, sizeof field);
    }
}

static struct campaign *apply_one(const struct group_edit *edit, const struct campaign *c,
                                  const struct campaign_moment *m, struct head_counts *heads, int *position,
                                  struct field_errors *errors)
{
    struct campaign *next;
    size_t at;
    *position = -1;
    if (edit->verb == GROUP_ORDER) {
        next = campaign_with_order(c, edit->json, strlen(edit->json), m, errors);
        name_order(errors);
        return next;
    }
    if (edit->verb == GROUP_ADD) {
        next = campaign_with_group(c, edit->json, strlen(edit->json), m, &at, errors);
        name_fields(errors, "add-group");
        return next;
    }
    *position = campaign_find_group(c, edit->id);
    if (*position < 0) {
        field_errors_add(errors, edit->id, "there is no such group");
        return NULL;
    }
    if (edit->verb == GROUP_REMOVE)
        return campaign_without_group(c, (size_t)*position, m);
    next = change(edit, c, (size_t)*position, m, heads, errors);
    name_fields(errors, edit->id);
    return next;
}

bool group_edits_apply(const struct group_edits *e, struct campaign **campaign, const struct campaign_moment *m,
                       struct head_counts *heads, int *touched, struct field_errors *errors)
{
    *touched = -1;
    for (size_t i = 0; i < e->count; i++) {
        int position;
        struct campaign *next = apply_one(&e->list[i], *campaign, m, heads, &position, errors);
        if (!next)
            return false;
        campaign_free(*campaign);
        *campaign = next;
        *touched = e->count == 1 && e->list[i].verb == GROUP_CHANGE ? position : -1;
    }
    return true;
}
