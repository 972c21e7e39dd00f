/* Text that grows, escaping, squeezed sources and filled templates: landing_html.h. */
#include "landing_html.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- a growing text --- */

static void html_add(struct html *t, const char *from, size_t len)
{
    if (t->failed || len > SIZE_MAX / 4 - t->len) {
        t->failed = true;
        return;
    }
    if (t->len + len + 1 > t->cap) {
        size_t cap = (t->len + len + 1) * 2;
        char *at = realloc(t->at, cap);
        if (!at) {
            t->failed = true;
            return;
        }
        t->at = at;
        t->cap = cap;
    }
    memcpy(t->at + t->len, from, len);
    t->len += len;
    t->at[t->len] = '\0';
}

/* Bytes of the UTF-8 character at s, by its first byte and never past the NUL. */
static size_t char_len(const char *s)
{
    unsigned char first = (unsigned char)*s;
    size_t want = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4, len = 1;

    while (len < want && ((unsigned char)s[len] & 0xc0) == 0x80)
        len++;
    return len;
}

/* How one character stands in HTML text and in quoted attributes; control bytes become blanks. */
static size_t char_escape(const char *s, const char **out, size_t *out_len)
{
    static const struct {
        char c;
        const char *as;
    } table[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&#34;"}, {'\'', "&#39;"}};
    size_t len = char_len(s);

    *out = s;
    *out_len = len;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (*s == table[i].c) {
            *out = table[i].as;
            *out_len = strlen(table[i].as);
        }
    }
    if (((unsigned char)*s < 0x20 && *s != '\n') || *s == 0x7f) {
        *out = " ";
        *out_len = 1;
    }
    return len;
}

/* Escaped into at most max bytes; what does not fit is cut before a character, with "…". */
static void html_add_escaped(struct html *t, const char *s, size_t max)
{
    static const char dots[] = "…";
    size_t used = 0, safe = t->len; /* safe: where the text may be cut so that the dots still fit */

    while (*s && !t->failed) {
        const char *as;
        size_t as_len, step = char_escape(s, &as, &as_len);
        if (used + as_len > max) {
            t->len = safe;
            html_add(t, dots, sizeof dots - 1);
            return;
        }
        if (used + sizeof dots - 1 <= max)
            safe = t->len;
        html_add(t, as, as_len);
        used += as_len;
        s += step;
    }
}

/* --- styles and scripts --- */

char *html_squeeze(const char *const *parts, const char *tight)
{
    struct html t = {0};

    for (; *parts; parts++) {
        const char *s = *parts;
        while (*s) {
            size_t indent = strspn(s, " \n"), line = strcspn(s + indent, "\n");
            s += indent;
            if (strncmp(s, "//", 2) && strncmp(s, "/*", 2)) {
                char quote = 0;
                for (size_t i = 0; i < line; i++) {
                    char before = t.len ? t.at[t.len - 1] : '\n';
                    if (s[i] == ' ' && !quote && (strchr(tight, before) || strchr(tight, s[i + 1])))
                        continue;
                    if (quote ? s[i] == quote : s[i] == '"' || s[i] == '\'')
                        quote = quote ? 0 : s[i];
                    html_add(&t, s + i, 1);
                }
                if (line && !strchr(";{,", t.at ? t.at[t.len - 1] : 0))
                    html_add(&t, "\n", 1);
            }
            s += line;
        }
    }
    if (t.failed) {
        free(t.at);
        return NULL;
    }
    return t.at;
}

/* --- templates --- */

void html_slot_raw(struct html_slots *s, const char *name, const char *value)
{
    s->list[s->count++] = (struct html_slot){name, value, 0};
}

void html_slot_text(struct html_slots *s, const char *name, const char *value, size_t max)
{
    s->list[s->count++] = (struct html_slot){name, value, max};
}

static const struct html_slot *slot_find(const struct html_slots *s, const char *name, size_t len)
{
    static const struct html_slot none = {"", NULL, 0};

    for (size_t i = 0; i < s->count; i++) {
        if (strlen(s->list[i].name) == len && !memcmp(s->list[i].name, name, len))
            return &s->list[i];
    }
    return &none;
}

void html_fill(struct html *t, const char *template, const struct html_slots *slots, size_t *path_at)
{
    for (const char *open; (open = strstr(template, "{{"));) {
        const char *name = open + 2, *close = strstr(name, "}}");
        html_add(t, template, (size_t)(open - template));
        template = close + 2;
        if (*name == '/')
            continue;
        const struct html_slot *slot = slot_find(slots, name + (*name == '?'), (size_t)(close - name) - (*name == '?'));
        bool given = slot->value && *slot->value;
        if (*name == '?') {
            if (!given) {
                template = strstr(template, "{{/}}") + strlen("{{/}}");
                template += *template == '\n';
            }
        } else if (path_at && !strncmp(name, "path}}", 6)) {
            *path_at = t->len;
        } else if (given && slot->max) {
            html_add_escaped(t, slot->value, slot->max);
        } else if (given) {
            html_add(t, slot->value, strlen(slot->value));
        }
    }
    html_add(t, template, strlen(template));
}
