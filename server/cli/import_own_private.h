/* What the parts of taking an export back share: import_own.c walks through the lines, each kind of line has a file. */
#ifndef SERVER_CLI_IMPORT_OWN_PRIVATE_H
#define SERVER_CLI_IMPORT_OWN_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "allowed.h"
#include "session.h"
#include "store.h"

/* What is to become of a line. */
enum verdict { VERDICT_SKIP, VERDICT_NEW, VERDICT_THERE, VERDICT_REFUSED, VERDICT_LEFT, VERDICT_COUNT };

struct import {
    const char *path;
    FILE *in;
    struct session *session;
    bool writes; /* the second time */
    int64_t now;
    struct allowed_hosts hosts;
    char *text; /* of the line; owned */
    size_t room;
    long line;
    json_t *object;          /* that it is, while it is looked at */
    unsigned char *verdicts; /* of each line; owned */
    size_t verdict_room;
    json_t *slugs; /* slugs and old addresses, and "user:NAME" and its like -> line */
    char audit_last[STORE_AUDIT_ID_MAX];
    size_t counts[VERDICT_COUNT];
    size_t made; /* lines that the store has */
    size_t audit_left;
    enum store_result result;            /* of the last call */
    enum store_result broken;            /* of any: ends the import */
    char failed[CAMPAIGN_SLUG_MAX + 48]; /* which one that was, if it is known */
    struct store_alias_taken taken;
    bool same;   /* what is there is what the line says */
    int pending; /* restores on their way */
};

/* One line of output about the line that is looked at. */
void import_own_say(const struct import *m, const char *word, const char *what, const char *why);
/* Says so, and returns VERDICT_REFUSED. */
enum verdict import_own_refuse(struct import *m, const char *what, const char *why);

/* Whether the file has had that ("user", its name) on a line before: then the line that is looked at is refused. */
bool import_own_is_repeated(struct import *m, const char *word, const char *id, const char *what);

/* All that is on its way is there: what comes next is alone. */
void import_own_drain(struct import *m);

/* Of a single call: its result is m->result, and the session has gone on. */
void import_own_call_done(void *ctx, enum store_result r);

/* A failure of the store that says nothing about the line: it ends the import. */
bool import_own_store_failed(struct import *m, enum store_result r);
/* Likewise, of a call that was to make the line. */
bool import_own_make_failed(struct import *m, enum store_result r);

/* Asked before the store is told anything: whether what was made of the line may lack something. Ends the import. */
bool import_own_lacks_memory(struct import *m);

/* A row of the store's that a line is. All borrowed. */
struct import_row {
    enum store_table table;
    const char *word; /* of the audit log: "user" */
    const char *id;
    const char *name;    /* in what is said of it */
    const char *another; /* why it is refused when there is another one of that id */
};

/* `found` is told what is there: it sets m->result and m->same, and goes on with the session. */
enum verdict import_own_look_at_row(struct import *m, const struct import_row *row, store_row_done found);
/* record: NULL: memory ran out. */
void import_own_make_row(struct import *m, const struct import_row *row, const char *record);

/*
 * Of each kind of line: `look` says what is to become of it, and changes nothing; `make` makes it, when `look` said
 * that it is new. Who fails sets m->broken; what others did in between becomes a refusal.
 */
enum verdict import_own_look_at_user(struct import *m, json_t *line);
void import_own_make_user(struct import *m, json_t *line);
enum verdict import_own_look_at_token(struct import *m, json_t *line);

enum verdict import_own_look_at_audit(struct import *m, json_t *line);
void import_own_make_audit(struct import *m, json_t *line);

enum verdict import_own_look_at_campaign(struct import *m, json_t *line);
void import_own_make_campaign(struct import *m, json_t *line);

enum verdict import_own_look_at_logo(struct import *m, json_t *line);
void import_own_make_logo(struct import *m, json_t *line);

enum verdict import_own_look_at_funnel(struct import *m, json_t *line);
void import_own_make_funnel(struct import *m, json_t *line);

#endif
