/* `huoma funnel`: its verbs, and what each takes. */
#include "funnel_private.h"

#include <stdlib.h>
#include <string.h>

enum { STATS_DAYS_DEFAULT = 7 }; /* as many as a terminal has room for */

enum option { STEPS, CHANNELS, TITLE, JSON, CSV, FROM, TO, BY, CHANNEL };
static const struct cli_option options[] = {
    {"--steps", true}, {"--channels", true}, {"--title", true}, {"--json", false},   {"--csv", false},
    {"--from", true},  {"--to", true},       {"--by", true},    {"--channel", true}, {NULL, false}};
#define TAKES(option) (1u << (option))

static const struct verb {
    const char *name, *command, *argument; /* what stands behind it; NULL: nothing */
    unsigned takes;                        /* options */
    enum cli_exit (*run)(struct funnel_call *call);
} verbs[] = {
    {"list", "funnel list", NULL, TAKES(JSON), funnel_run_list},
    {"show", "funnel show", "ID", TAKES(JSON), funnel_run_show},
    {"add", "funnel add", "TITLE", TAKES(STEPS) | TAKES(CHANNELS) | TAKES(JSON), funnel_run_add},
    {"edit", "funnel edit", "ID", TAKES(STEPS) | TAKES(CHANNELS) | TAKES(TITLE) | TAKES(JSON), funnel_run_edit},
    {"delete", "funnel delete", "ID", 0, funnel_run_delete},
    {"stats", "funnel stats", "ID", TAKES(JSON) | TAKES(CSV) | TAKES(FROM) | TAKES(TO) | TAKES(BY) | TAKES(CHANNEL),
     funnel_run_stats},
};

/* "a,b" as a list; "" is an empty one. */
static json_t *list_of(const char *text)
{
    json_t *list = json_array();
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = text + strcspn(text, ",");
        json_array_append_new(list, json_stringn(text, (size_t)(end - text)));
    }
    return list;
}

/* false: said. */
static bool take_option(struct funnel_call *call, int option, const char *value)
{
    static const char *const keys[] = {[STEPS] = "steps", [CHANNELS] = "channels"};
    switch (option) {
    case STEPS:
    case CHANNELS:
        json_object_set_new(call->body, keys[option], list_of(value));
        return true;
    case TITLE:
        json_object_set_new(call->body, "title", json_string(value));
        return true;
    case JSON:
    case CSV:
        call->form = option == JSON ? FUNNEL_JSON : FUNNEL_CSV;
        return true;
    case FROM:
    case TO:
        if (stats_day_valid(value))
            memcpy(option == FROM ? call->from : call->to, value, STORE_DAY);
        else
            cli_misuse(call->command, "%s: %s is not a day as 2026-11-25", options[option].name, value);
        return stats_day_valid(value);
    case BY:
        call->question.by_channel = strcmp(value, "channel") == 0;
        if (!call->question.by_channel && strcmp(value, "day") != 0)
            cli_misuse(call->command, "--by: %s is not day or channel", value);
        return call->question.by_channel || strcmp(value, "day") == 0;
    default:
        call->channel = value;
        return true;
    }
}

static bool take_argument(struct funnel_call *call, const struct verb *verb, const char *value)
{
    bool adds = verb->run == funnel_run_add;
    if (!verb->argument || call->id[0] || (adds && json_object_get(call->body, "title"))) {
        cli_misuse(verb->command, "unexpected argument %s", value);
        return false;
    }
    if (adds) {
        json_object_set_new(call->body, "title", json_string(value));
        return true;
    }
    if (strlen(value) != FUNNEL_ID) {
        cli_misuse(verb->command, "%s is no ID that huoma funnel list shows", value);
        return false;
    }
    memcpy(call->id, value, sizeof call->id);
    return true;
}

/* What was given must go together. */
static bool check_call(struct funnel_call *call, const struct verb *verb)
{
    static char days[STORE_STATS_DAYS_MAX][STORE_DAY];
    if (!call->to[0])
        stats_today(call->to);
    if (!call->from[0])
        stats_day_before(call->to, STATS_DAYS_DEFAULT - 1, call->from);
    bool there = call->id[0] || json_object_get(call->body, "title");
    if (verb->argument && !(verb->run == funnel_run_add ? there : call->id[0]))
        cli_misuse(verb->command, "needs %s", verb->argument);
    else if (stats_days(call->from, call->to, days) == 0)
        cli_misuse(verb->command, "--from must not be after --to, nor more than 400 days with it");
    else if (call->channel && call->question.by_channel)
        cli_misuse(verb->command, "--channel goes with --by day");
    else
        return true;
    return false;
}

static bool read_call(struct funnel_call *call, const struct verb *verb, int argc, char **argv)
{
    struct cli_walk walk = {.command = verb->command, .argc = argc, .argv = argv};
    const char *value;
    for (int option; (option = cli_next(&walk, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (option == CLI_ARGUMENT) {
            if (!take_argument(call, verb, value))
                return false;
        } else if (!(verb->takes & TAKES(option))) {
            cli_misuse(verb->command, "unexpected option %s", options[option].name);
            return false;
        } else if (!take_option(call, option, value)) {
            return false;
        }
    }
    return check_call(call, verb);
}

static enum cli_exit run(const struct config *config, const struct verb *verb, int argc, char **argv)
{
    struct funnel_call call = {.config = config, .command = verb->command, .body = json_object()};
    enum cli_exit code = CLI_MISUSED;
    if (read_call(&call, verb, argc, argv)) {
        call.session = session_open(config);
        code = call.session ? verb->run(&call) : CLI_FAILED;
        session_close(call.session);
    }
    funnel_campaigns_clear(&call.campaigns);
    json_decref(call.body);
    free(call.found);
    free(call.was);
    return code;
}

enum cli_exit cli_funnel(const struct config *config, int argc, char **argv)
{
    for (size_t i = 0; argc > 0 && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(argv[0], verbs[i].name) == 0)
            return run(config, &verbs[i], argc - 1, argv + 1);
    return cli_misuse("funnel", "needs one of list, show, add, edit, delete, stats");
}
