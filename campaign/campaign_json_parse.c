/*
 * Text -> JSON values, strictly: duplicate keys, depth and number of containers are bounded before jansson spends
 * anything on them, and what is wrong is named by line and column.
 */
#include "campaign_json_memory.h"
#include "campaign_json_private.h"

static void error_at(struct change *ch, const char *text, size_t at, const char *reason)
{
    int line = 1, column = 1;

    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    ch->errors->not_json = true;
    field_errors_add(ch->errors, "body", "line %d, column %d: %s", line, column, reason);
}

/* Depth and number of lists and objects, before the parser spends stack and memory on them. */
static bool check_nesting(struct change *ch, const char *text, size_t len)
{
    size_t depth = 0, containers = 0;
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        if (in_string) {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                in_string = false;
        } else if (text[i] == '"') {
            in_string = true;
        } else if (text[i] == '{' || text[i] == '[') {
            if (++depth > CAMPAIGN_JSON_DEPTH_MAX) {
                error_at(ch, text, i, "nested too deep");
                return false;
            }
            if (++containers > CAMPAIGN_JSON_CONTAINERS_MAX) {
                error_at(ch, text, i, "too many lists and objects");
                return false;
            }
        } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

json_t *change_parse_text(struct change *ch, const char *text, size_t len)
{
    json_error_t error;
    json_t *body;

    if (!check_nesting(ch, text, len))
        return NULL;
    body = json_memory_load(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (body)
        return body;
    if (json_memory_failed()) {
        ch->no_memory = true;
        return NULL;
    }
    ch->errors->not_json = true;
    field_errors_add(ch->errors, "body", "line %d, column %d: %s", error.line, error.column, error.text);
    return NULL;
}

json_t *change_parse_object(struct change *ch, const char *text, size_t len)
{
    json_t *body = change_parse_text(ch, text, len);

    if (body && !json_is_object(body)) {
        change_error(ch, NULL, "must be an object");
        json_decref(body);
        return NULL;
    }
    return body;
}
