/* See print_body.h. A parameter may be a text, a number or a boolean: as a query has it, or as JSON would. */
#include "print_body.h"

#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "problem.h"

static const char *const keys[] = {"channels", "layout",   "sheet_paper", "template", "paper", "title", "subtitle",
                                   "steps",    "language", "colour",      "logo",     "label", "bleed", "marks",
                                   "ecc",      "shape",    "distance",    "compact",  NULL};

static long get_from_body(const void *from, const char *name, char *out, size_t size)
{
    const json_t *value = json_object_get(from, name);
    int len = -2;
    if (json_is_string(value))
        len = snprintf(out, size, "%s", json_string_value(value));
    else if (json_is_integer(value))
        len = snprintf(out, size, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        len = snprintf(out, size, "%g", json_real_value(value));
    else if (json_is_boolean(value))
        len = snprintf(out, size, "%d", json_is_true(value));
    else if (value && !json_is_null(value))
        return -1;
    return len >= (int)size ? -1 : len;
}

struct print_source print_source_body(const json_t *body)
{
    return (struct print_source){get_from_body, body};
}

/* "shop-1" or {"channel":"shop-1","label":"..."}. false: out of memory. */
static bool read_place(struct print_sheet *s, const json_t *item, size_t at, struct field_errors *errors)
{
    char field[FIELD_NAME_MAX];
    const char *key;
    const json_t *channel = json_is_object(item) ? json_object_get(item, "channel") : item;
    const json_t *label = json_object_get(item, "label");
    json_t *value;
    snprintf(field, sizeof field, "channels[%zu]", at);
    if (!json_is_string(channel) || (label && !json_is_string(label))) {
        field_errors_add(errors, field, "must be a channel's name, or an object of channel and label, both texts");
        return true;
    }
    json_object_foreach((json_t *)(uintptr_t)item, key, value)
    {
        if (strcmp(key, "channel") != 0 && strcmp(key, "label") != 0)
            field_errors_add(errors, field, "takes channel and label only");
    }
    return print_sheet_add(s, json_string_value(channel), json_string_value(label), field, errors);
}

static bool read_places(struct print_sheet *s, const json_t *list, struct field_errors *errors)
{
    size_t at;
    json_t *item;
    if (!json_is_array(list)) {
        field_errors_add(errors, "channels", "must be a list");
        return true;
    }
    json_array_foreach(list, at, item)
    {
        if (at <= PRINT_SHEET_MAX && !read_place(s, item, at, errors))
            return false;
    }
    return true;
}

json_t *print_body_read(struct conn *c, struct print_sheet *s, struct field_errors *errors)
{
    json_t *body = fields_read(c, keys, errors);
    if (!body)
        return NULL;
    if (read_places(s, json_object_get(body, "channels"), errors)) {
        print_sheet_check(s, errors);
        return body;
    }
    json_decref(body);
    problem_reply(c, 503, NULL);
    return NULL;
}
