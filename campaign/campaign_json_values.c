/*
 * One value of a campaign's JSON: its type, its range, and the error with the field's name if it is not as it must be.
 * No key is known by name here: campaign_json_campaign.c and campaign_json_group.c say which key is of which kind.
 */
#include "campaign_json_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

const char *const strategy_words[] = {"fill", "even", "random"};
const char *const confirm_words[] = {"scan", "tap"};
const char *const show_words[] = {"auto", "page", "redirect"};

/* --- text --- */

/* Errors quote what a stranger sent, cut to a length: nothing but well-formed, printable text goes on. */
static void text_clean(char *s)
{
    uint32_t c;

    while (*s) {
        size_t len = utf8_next(s, &c);

        if (len > 0 && !utf8_is_control(c)) {
            s += len;
            continue;
        }
        for (len = len ? len : 1; len > 0; len--)
            *s++ = '?';
    }
}

/* --- errors --- */

void field_errors_add(struct field_errors *e, const char *field, const char *reason_format, ...)
{
    struct field_error *error;
    va_list args;

    if (e->count == FIELD_ERRORS_MAX) {
        e->more++;
        return;
    }
    error = &e->list[e->count++];
    snprintf(error->field, sizeof(error->field), "%s", field);
    va_start(args, reason_format);
    vsnprintf(error->reason, sizeof(error->reason), reason_format, args);
    va_end(args);
    text_clean(error->field);
    text_clean(error->reason);
}

void change_error(struct change *ch, const char *key, const char *format, ...)
{
    char field[FIELD_NAME_MAX], reason[FIELD_REASON_MAX], element[32] = "";
    const char *parent = ch->parent ? ch->parent : "";
    va_list args;

    if (ch->index >= 0)
        snprintf(element, sizeof(element), "[%ld]", ch->index);
    snprintf(field, sizeof(field), "%s%s%s%s%s%s", parent, element, ch->parent && key ? "." : "",
             ch->inner ? ch->inner : "", ch->inner && key ? "." : "", key ? key : "");
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    field_errors_add(ch->errors, field[0] ? field : "body", "%s", reason);
}

bool change_failed(const struct change *ch)
{
    return ch->no_memory || ch->errors->count > 0;
}

/* --- values --- */

bool change_read_integer(struct change *ch, const char *key, json_t *value, int64_t low, int64_t high, int64_t *out)
{
    int64_t n = json_integer_value(value);

    if (json_is_integer(value) && n >= low && n <= high) {
        *out = n;
        return true;
    }
    change_error(ch, key, "must be an integer from %" PRId64 " to %" PRId64, low, high);
    return false;
}

void change_read_bool(struct change *ch, const char *key, json_t *value, bool *out)
{
    if (json_is_boolean(value) || json_is_null(value))
        *out = !json_is_false(value);
    else
        change_error(ch, key, "must be true or false");
}

/* null is the first word. */
int change_read_word(struct change *ch, const char *key, json_t *value, const char *const *words, size_t count)
{
    const char *text = json_is_null(value) ? words[0] : json_string_value(value);
    char list[64] = "";
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        if (text && strcmp(text, words[i]) == 0)
            return (int)i;
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "", words[i]);
    }
    change_error(ch, key, "must be one of %s", list);
    return 0;
}

/* null is 0; a date is later than that. */
void change_read_date(struct change *ch, const char *key, json_t *value, int64_t *out)
{
    int64_t seconds;

    if (json_is_null(value)) {
        *out = 0;
    } else if (json_is_string(value) && date_from_text(json_string_value(value), json_string_length(value), &seconds) &&
               seconds > 0) {
        *out = seconds;
    } else {
        change_error(ch, key, "must be a date with an offset, like 2026-11-29T14:20:00+08:00, or null");
    }
}

void change_set_text(struct change *ch, char **out, const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        ch->no_memory = true;
    free(*out);
    *out = copy;
}

/* A text of 1 to max characters, not all blank; null is NULL. */
void change_read_text(struct change *ch, const char *key, json_t *value, int max, bool lines, char **out)
{
    const char *text = json_string_value(value);
    bool blank = true;
    uint32_t c = 0;
    int n = 0;

    if (json_is_null(value)) {
        change_set_text(ch, out, NULL);
        return;
    }
    if (!text) {
        change_error(ch, key, "must be a string");
        return;
    }
    for (const char *p = text; *p && n <= max; n++) {
        size_t len = utf8_next(p, &c);

        if (len == 0 || (utf8_is_control(c) && !(lines && c == '\n'))) {
            change_error(ch, key, "has a control character");
            return;
        }
        blank = blank && (c == ' ' || c == '\n');
        p += len;
    }
    if (n > max)
        change_error(ch, key, "must be at most %d characters", max);
    else if (blank)
        change_error(ch, key, "must not be empty");
    else
        change_set_text(ch, out, text);
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Whether the link was there before: a server's rule may be younger, and is no reason to refuse what else is changed.
 */
static bool stood_before(const struct change *ch, const char *url)
{
    const struct campaign *was = ch->was;
    int position = was && ch->group ? campaign_find_group(was, ch->group->id) : -1;
    const struct group *g = position >= 0 ? &was->groups[position] : NULL;
    const struct miniprogram *m = g ? g->miniprogram : NULL;

    if (!ch->group)
        return was && (same(url, was->fallback_url) || same(url, was->fallback_contact));
    return (g && same(url, g->url)) ||
           (m && (same(url, m->url_link) || same(url, m->code) || same(url, m->fallback_url)));
}

bool change_allows_url(struct change *ch, const char *key, const char *url)
{
    char host[PLATFORM_HOST_MAX + 1];

    if (!ch->moment || hosts_allow(&ch->moment->hosts, url, host) || stood_before(ch, url))
        return true;
    change_error(ch, key, "leads to %s, which this server does not allow", host);
    return false;
}

bool change_read_url(struct change *ch, const char *key, json_t *value, char **out)
{
    const char *reason;

    if (!json_is_string(value)) {
        change_error(ch, key, json_is_null(value) ? "is required" : "must be a string");
        return false;
    }
    reason = platform_check_url(json_string_value(value), json_string_length(value));
    if (reason) {
        change_error(ch, key, "%s", reason);
        return false;
    }
    if (!change_allows_url(ch, key, json_string_value(value)))
        return false;
    change_set_text(ch, out, json_string_value(value));
    return *out != NULL;
}

void change_ignore_string(struct change *ch, const char *key, json_t *value)
{
    if (!json_is_string(value))
        change_error(ch, key, "must be a string (it is read-only, and ignored)");
}

void change_ignore_integer(struct change *ch, const char *key, json_t *value)
{
    if (!json_is_integer(value))
        change_error(ch, key, "must be an integer (it is read-only, and ignored)");
}

void change_ignore_object(struct change *ch, const char *key, json_t *value)
{
    if (!json_is_object(value))
        change_error(ch, key, "must be an object (it is read-only, and ignored)");
}

void change_ignore_array(struct change *ch, const char *key, json_t *value)
{
    if (!json_is_array(value))
        change_error(ch, key, "must be an array (it is read-only, and ignored)");
}

void change_read_object(struct change *ch, const struct key *keys, size_t count, json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        const struct key *key = NULL;

        for (size_t i = 0; i < count && !key; i++) {
            if ((keys[i].readings & ch->reading) && strcmp(keys[i].name, name) == 0)
                key = &keys[i];
        }
        if (key)
            key->read(ch, name, value);
        else if (ch->reading != READ_STORED)
            change_error(ch, name, "unknown field");
    }
}
