/*
 * What the files of campaign_json share; nobody else includes this. jansson is known here and in them only.
 *
 *   campaign_json.c           the public changes: begin with a copy, read, finish
 *   campaign_json_batch.c     many campaigns in one request
 *   campaign_json_parse.c     text -> JSON values, bounded
 *   campaign_json_campaign.c  the keys of a campaign
 *   campaign_json_aliases.c   old addresses that lead to a campaign
 *   campaign_json_group.c     the keys of a group, and ids of groups
 *   campaign_json_when.c      for whom a group is
 *   campaign_json_waiting.c   the fallback's waiting list
 *   campaign_json_miniprogram.c  what a group says of a mini program
 *   campaign_json_values.c    kinds of values, and errors
 *   campaign_json_write.c     campaigns -> text
 *   campaign_json_forecast.c  forecasts -> text
 *
 * Const tables name every key of a campaign and of a group, in which kind of text it may stand, and the function that
 * reads it. Creation, merge patch and the stored form all go through these tables, so a rule stands once.
 */
#ifndef CAMPAIGN_CAMPAIGN_JSON_PRIVATE_H
#define CAMPAIGN_CAMPAIGN_JSON_PRIVATE_H

#include <jansson.h>

#include "campaign_json.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* What stands behind the "g" of a generated id fits GROUP_ID_MAX. */
#define GROUP_NUMBER_MAX INT64_C(999999999999999)

/* How the enums of campaign.h are written; in their order. */
extern const char *const strategy_words[CAMPAIGN_RANDOM + 1];
extern const char *const confirm_words[CAMPAIGN_CONFIRM_TAP + 1];
extern const char *const show_words[GROUP_SHOW_REDIRECT + 1];

/* The kinds of text that are read. */
enum reading { READ_CREATE = 1, READ_PATCH = 2, READ_STORED = 4, READ_ALL = 7 };

/* One text as it is being read: what it changes, where the reader stands, what is wrong. */
struct change {
    enum reading reading;
    struct campaign *campaign;  /* being changed; owned until change_finish */
    const struct campaign *was; /* before; NULL at creation and for the stored form */
    int64_t now;
    const struct campaign_moment *moment; /* NULL for the stored form */
    struct group *group;                  /* whose keys are read, or NULL */
    bool one_group;                       /* the text is one group's patch: its id stands */
    bool has_groups, has_url;
    struct head_counts *heads;
    size_t heads_room;
    struct field_errors *errors;
    bool no_memory;
    const char *parent; /* where: "groups", "fallback", "body" or NULL */
    long index;         /* in the parent's list, or -1 */
    const char *inner;  /* the key of an object in that, or NULL */
};

struct key {
    const char *name;
    unsigned readings;
    void (*read)(struct change *ch, const char *key, json_t *value);
};

/* --- campaign_json.c --- */

/* What campaign_from_request and campaign_from_patch make, of an object that is read already. */
struct campaign *change_make_created(json_t *body, const struct campaign_moment *m, struct field_errors *errors);
struct campaign *change_make_patched(const struct campaign *c, json_t *body, const struct campaign_moment *m,
                                     struct head_counts *heads, struct field_errors *errors);

/* --- campaign_json_parse.c --- */

/* NULL with an error set, or no_memory. */
json_t *change_parse_text(struct change *ch, const char *text, size_t len);
/* Likewise; what is no object is an error too. */
json_t *change_parse_object(struct change *ch, const char *text, size_t len);

/* --- campaign_json_campaign.c --- */

void change_read_campaign(struct change *ch, json_t *object);

/* --- campaign_json_aliases.c --- */

/* The key "aliases": a list replaces the one that is there. */
void change_read_aliases(struct change *ch, const char *key, json_t *value);
/* When slug and aliases are read: none may be an address that the campaign has anyway. */
void change_check_aliases(struct change *ch);
/* NULL: out of memory. */
json_t *aliases_json(const struct campaign *c);

/* --- campaign_json_group.c --- */

/* All keys but the id; the group must be there, and have its id. */
void change_read_group(struct change *ch, size_t position, json_t *object);
/* The id that an element brings, if it brings one; ids decide which group an element is, so they are read before the
 * rest. */
void change_read_group_id(struct change *ch, struct group *g, json_t *object);
/* Gives ids to the groups from `first` on that have none, passing over taken ones and all that were ever used. */
void change_number_groups(struct change *ch, size_t first);
/* To be called when all ids are there. */
void change_index_groups(struct change *ch);

/* --- campaign_json_when.c --- */

/* The key "when" of ch->group: an object is merged into what is there, null takes it away. */
void change_read_when(struct change *ch, const char *key, json_t *value);
/* NULL when there is nothing to say (or no memory). */
json_t *when_json(const struct when *w);

/* --- campaign_json_waiting.c --- */

/* The key "waiting" of the fallback: an object is merged into what is there, null closes the list. */
void change_read_waiting(struct change *ch, const char *key, json_t *value);
void change_close_waiting(struct change *ch);
/* null when there is none; NULL: no memory. */
json_t *waiting_json(const struct waiting_list *w);

/* --- campaign_json_miniprogram.c --- */

/* The key "miniprogram" of ch->group: an object is merged into what is there, null takes it away. */
void change_read_miniprogram(struct change *ch, const char *key, json_t *value);
/* When all keys of a group are read: the link that follows from an appid, and whether link and details fit. url: the
 * key's value or NULL. */
void change_finish_miniprogram(struct change *ch, json_t *url);

/* --- campaign_json_values.c --- */

/* key: NULL for the element or object that the reader stands at. */
void change_error(struct change *ch, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool change_failed(const struct change *ch);

/* A copy of text (or NULL) in place of *out. */
void change_set_text(struct change *ch, char **out, const char *text);

/* Each sets *out, or adds an error and leaves it. What null means stands at their bodies. */
bool change_read_integer(struct change *ch, const char *key, json_t *value, int64_t low, int64_t high, int64_t *out);
void change_read_bool(struct change *ch, const char *key, json_t *value, bool *out);
int change_read_word(struct change *ch, const char *key, json_t *value, const char *const *words, size_t count);
void change_read_date(struct change *ch, const char *key, json_t *value, int64_t *out);
void change_read_text(struct change *ch, const char *key, json_t *value, int max, bool lines, char **out);
bool change_read_url(struct change *ch, const char *key, json_t *value, char **out);
/* Whether a well-formed link may be set: it leads to an allowed host, or stood there before. */
bool change_allows_url(struct change *ch, const char *key, const char *url);

/* What a GET shows and a client sends back. */
void change_ignore_string(struct change *ch, const char *key, json_t *value);
void change_ignore_integer(struct change *ch, const char *key, json_t *value);
void change_ignore_object(struct change *ch, const char *key, json_t *value);
void change_ignore_array(struct change *ch, const char *key, json_t *value);

/* Reads each key of an object by its table. Unknown keys are errors; in the stored form a newer version's, and passed
 * over. */
void change_read_object(struct change *ch, const struct key *keys, size_t count, json_t *object);

#endif
