/*
 * Campaigns in the making, until the last row of a file is read: only then is it known which old addresses differ by
 * their letters' case alone, and so which slug each campaign gets.
 *
 * Our slugs are in lower case and found in any; an old key that is found as it was printed becomes the slug. All others
 * (another key differs by case alone, letters that no slug has, too long, reserved) get a slug made from the key, and
 * their old address as an alias, which is found exactly as it was printed. The same file makes the same slugs each
 * time.
 */
#ifndef IMPORT_IMPORT_LINKS_H
#define IMPORT_IMPORT_LINKS_H

#include "import.h"

struct import_links;

struct import_links *import_links_new(void); /* NULL: out of memory */
void import_links_free(struct import_links *l);

/*
 * key: what the old address has behind its slash ("AbC", "promo/may"), or at_root false: what a slug is to be made of,
 * when the old addresses are others. definition: taken over, without slug; its list "aliases", if any, stays. A key
 * that came before at the root is refused to the sink.
 */
void import_links_add(struct import_links *l, const struct import_sink *sink, long line, const char *key, bool at_root,
                      json_t *definition);

/* Gives all to the sink, in their order. */
void import_links_give(struct import_links *l, const struct import_sink *sink);

/* A definition of one group. NULL texts are left out; limit and confirmed: negative is none. */
json_t *import_link(const char *title, const char *url, int64_t limit, int64_t confirmed);

/* Sets a key to a text unless that is NULL, empty or only blanks; cut to `max` characters (0: as it is). */
void import_put_text(json_t *object, const char *key, const char *text, size_t max);

/* "/" and the key, with all that is no letter, digit or one of "-._~/" as %HH; malloc'd, NULL: out of memory. */
char *import_path(const char *before, const char *key);

#endif
