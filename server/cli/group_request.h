/* Groups as options say them, `URL,limit=200,app=wechat` or `g1=+10`, as the JSON that the API takes. No I/O but
 * errors. */
#ifndef SERVER_CLI_GROUP_REQUEST_H
#define SERVER_CLI_GROUP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "campaign_json.h"
#include "cli.h"

enum group_verb { GROUP_CHANGE, GROUP_ADD, GROUP_REMOVE, GROUP_ORDER };

/* One thing to be done to the groups of a campaign. */
struct group_edit {
    enum group_verb verb;
    char id[GROUP_ID_MAX + 1]; /* GROUP_CHANGE and GROUP_REMOVE: which */
    char *json;                /* owned; GROUP_REMOVE: NULL; GROUP_CHANGE: an object without its last brace */
    unsigned given;            /* GROUP_CHANGE: bits of the options that it is made of */
    int64_t limit_by;          /* GROUP_CHANGE: added to the limit that the group has; 0: not asked for */
};

struct group_edits {
    struct group_edit *list; /* owned; in the order in which they are to be made */
    size_t count;
};

/* The options that change groups: those of one field, then --add-group, --remove-group, --order. */
size_t group_option_count(void);
const char *group_option_name(size_t option);
/* Adds what the option asks for; the fields of one group become one change. false: said on stderr. */
bool group_edits_take(struct group_edits *e, const char *command, size_t option, const char *value);
void group_edits_clear(struct group_edits *e);

/* `URL[,KEY=VALUE...]`, or without URL for a mini program, as a JSON object. malloc'd; NULL: said on stderr. */
char *group_request_json(const char *command, const char *option, const char *spec);

/*
 * Makes the edits, one upon the other; `campaign` is replaced by the changed copy and head counts are added to heads.
 * touched: the one group that was changed, or -1. false: what is wrong is in errors, or out of memory when they are
 * empty; campaign is then of use for freeing only.
 */
bool group_edits_apply(const struct group_edits *e, struct campaign **campaign, const struct campaign_moment *m,
                       struct head_counts *heads, int *touched, struct field_errors *errors);

/* How a text becomes JSON. What is not of its kind goes on as a string: campaign_json says what is wrong with it. */
enum value_kind {
    VALUE_TEXT,
    VALUE_NUMBER, /* or "none" */
    VALUE_SWITCH, /* "on" or "off" */
    VALUE_OPTION, /* text, or "none" */
    VALUE_LIST,   /* texts with commas between them, or "none" */
};
/* As "key":value, with a comma in front if it is not the first. */
void request_print_field(FILE *out, bool first, const char *key, enum value_kind kind, const char *text);

#endif
