/* A call of `huoma funnel`: funnel.c reads it, funnel_run.c does what it asks for. */
#ifndef SERVER_CLI_FUNNEL_PRIVATE_H
#define SERVER_CLI_FUNNEL_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli.h"
#include "funnel_stats.h"
#include "session.h"

enum funnel_form { FUNNEL_TABLE, FUNNEL_JSON, FUNNEL_CSV };

/* What stands behind the verb, and what the store says to it. */
struct funnel_call {
    const struct config *config;
    struct session *session;
    const char *command;
    char id[FUNNEL_ID + 1]; /* "": not given */
    json_t *body;           /* of add and edit; owned */
    enum funnel_form form;
    struct funnel_question question;
    const char *channel; /* of the question; NULL: all */
    char from[STORE_DAY], to[STORE_DAY];
    enum store_result result;
    struct funnel *found; /* owned */
    size_t count;
    char *was; /* the record of the one that was read; owned */
    struct funnel_campaigns campaigns;
    bool good;
};

/* The verbs, each with a call that has all it needs, and an open session. They say what they have to say. */
enum cli_exit funnel_run_list(struct funnel_call *call);
enum cli_exit funnel_run_show(struct funnel_call *call);
enum cli_exit funnel_run_add(struct funnel_call *call);
enum cli_exit funnel_run_edit(struct funnel_call *call);
enum cli_exit funnel_run_delete(struct funnel_call *call);
enum cli_exit funnel_run_stats(struct funnel_call *call);

#endif
