/*
 * HTML out of templates. A template knows {{name}} (escaped, or as it is where the slot says so) and {{?name}}...{{/}}
 * (only if the slot has a value; not nested). Templates, styles and scripts are our own (web/landing/), and what stands
 * in slots of text may be anybody's.
 */
#ifndef SERVER_PUBLIC_LANDING_HTML_H
#define SERVER_PUBLIC_LANDING_HTML_H

#include <stdbool.h>
#include <stddef.h>

enum { HTML_SLOTS_MAX = 28 }; /* of one page; the caller keeps to it */

/* A text that grows; once `failed`, it stays as it is. */
struct html {
    char *at;
    size_t len, cap;
    bool failed;
};

struct html_slot {
    const char *name, *value;
    size_t max; /* bytes of the escaped value; 0: put as it is */
};

struct html_slots {
    struct html_slot list[HTML_SLOTS_MAX];
    size_t count;
};

/* value may be NULL; both pointers must live until the template is filled. */
void html_slot_raw(struct html_slots *s, const char *name, const char *value);
/* Escaped into at most max bytes; what does not fit is cut before a character, with "…". */
void html_slot_text(struct html_slots *s, const char *name, const char *value, size_t max);

/* Adds the filled template. path_at (may be NULL) becomes the place of {{path}}. */
void html_fill(struct html *t, const char *template, const struct html_slots *slots, size_t *path_at);

/* A style or script out of its parts (a list that ends with NULL), malloc'd; NULL: out of memory. Indentation, empty
 * lines and whole-line comments go, and blanks beside the bytes of `tight` outside of quotes. The sources are ours and
 * written for it: a comment has its lines for itself, a regular expression has no quote, a statement ends with ';'. */
char *html_squeeze(const char *const *parts, const char *tight);

#endif
