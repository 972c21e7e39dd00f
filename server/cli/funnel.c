/* `huoma funnel`: list, show, add, edit, delete, and how many came from step to step. The rules are funnel_record.c's.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "funnel_stats.h"
#include "session.h"

enum {
    STATS_DAYS_DEFAULT = 7, /* as many as a terminal has room for */
    TRIES = 8,              /* of a change that others come before */
};
enum form { FORM_TABLE, FORM_JSON, FORM_CSV };

static const struct store_rows funnels = {STORE_FUNNELS, NULL};

/* What stands behind the verb, and what the store says to it. */
struct funnel_call {
    const struct config *config;
    struct session *session;
    const char *command;
    char id[FUNNEL_ID + 1]; /* "": not given */
    json_t *body;           /* of add and edit; owned */
    enum form form;
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

/* --- reading --- */

static void keep_list(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct funnel_call *call = ctx;
    call->result = r;
    call->found = calloc(count + 1, sizeof *call->found);
    for (size_t i = 0; call->found && i < count; i++)
        call->count += funnel_from_record(json[i], len[i], &call->found[call->count]);
    if (!call->found)
        call->result = STORE_UNAVAILABLE;
    session_done(call->session);
}

static void keep_one(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct funnel_call *call = ctx;
    free(call->was);
    call->was = r == STORE_OK ? strndup(json, len) : NULL;
    if (r == STORE_OK && (!call->was || !funnel_from_record(json, len, call->found)))
        r = STORE_BAD_REPLY;
    call->result = r;
    session_done(call->session);
}

static void keep_campaigns(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct funnel_call *call = ctx;
    call->result = r;
    if (r == STORE_OK)
        funnel_campaigns_take(&call->campaigns, rows, count);
    session_done(call->session);
}

static void keep_result(void *ctx, enum store_result r)
{
    struct funnel_call *call = ctx;
    call->result = r;
    session_done(call->session);
}

/* The funnel of the id, into call->found. */
static enum store_result read_one(struct funnel_call *call)
{
    if (!call->found && !(call->found = calloc(1, sizeof *call->found)))
        return call->result = STORE_UNAVAILABLE;
    store_row_get(session_store(call->session), funnels, call->id, keep_one, call);
    session_run(call->session);
    return call->result;
}

static enum store_result read_campaigns(struct funnel_call *call, const struct funnel *f)
{
    char slugs[FUNNEL_STEPS_MAX][CAMPAIGN_SLUG_MAX + 1];
    for (size_t i = 0; i < f->step_count; i++)
        memcpy(slugs[i], f->steps[i].name, sizeof slugs[i]);
    store_campaigns_read(session_store(call->session), (const char(*)[CAMPAIGN_SLUG_MAX + 1]) slugs, f->step_count,
                         keep_campaigns, call);
    session_run(call->session);
    return call->result;
}

static enum cli_exit fail(const struct funnel_call *call, enum store_result r)
{
    if (r == STORE_NOT_FOUND)
        return cli_fail(call->command, "there is no such funnel");
    return cli_fail_store(call->command, r);
}

/* --- list --- */

static int by_title(const void *a, const void *b)
{
    const struct funnel *x = a, *y = b;
    int titles = strcmp(x->title, y->title);
    return titles ? titles : strcmp(x->id, y->id);
}

static void print_json(json_t *json)
{
    if (json)
        json_dumpf(json, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(json);
}

static void print_list_json(const struct funnel_call *call)
{
    json_t *data = json_array();
    for (size_t i = 0; i < call->count; i++)
        json_array_append_new(data, funnel_to_api(&call->found[i], NULL, call->config->base_url));
    print_json(json_pack("{s:o,s:n,s:I}", "data", data, "next", "total", (json_int_t)call->count));
}

static bool print_list(const struct funnel_call *call)
{
    struct text_table *t = call->count ? text_table_new(4) : NULL;
    static const char *const heads[] = {"ID", "STEPS", "CHANNELS", "TITLE"};
    for (int i = 0; t && i < 4; i++)
        text_table_cell(t, "%s", heads[i]);
    for (size_t i = 0; t && i < call->count; i++) {
        const struct funnel *f = &call->found[i];
        text_table_cell(t, "%s", f->id);
        text_table_cell(t, "%zu", f->step_count);
        text_table_cell(t, "%zu", f->channel_count);
        text_table_cell(t, "%s", f->title);
    }
    bool good = call->count == 0 || (t && text_table_print(t, 6, stdout));
    text_table_free(t);
    printf(call->count ? "\nNext: huoma funnel stats ID\n"
                       : "No funnels yet.\n\nNext: huoma funnel add TITLE --steps hello,event\n");
    return good;
}

static enum cli_exit run_list(struct funnel_call *call)
{
    store_row_list(session_store(call->session), funnels, keep_list, call);
    session_run(call->session);
    if (call->result != STORE_OK)
        return fail(call, call->result);
    qsort(call->found, call->count, sizeof *call->found, by_title);
    if (call->form == FORM_JSON)
        print_list_json(call);
    else if (!print_list(call))
        return cli_fail(call->command, "out of memory");
    return CLI_DONE;
}

/* --- show --- */

static void add_links(struct text_table *t, const struct funnel_call *call, const struct funnel *f, size_t step)
{
    char channel[CAMPAIGN_CHANNEL_MAX + 1];
    for (int from = FUNNEL_ALL; from < (int)f->channel_count; from++) {
        const char *name = from == FUNNEL_ALL ? "" : f->channels[from].name;
        if (step > 0)
            funnel_channel(f, step, from, channel);
        else
            snprintf(channel, sizeof channel, "%.*s", (int)sizeof channel - 1, name);
        text_table_cell(t, "%zu", step + 1);
        text_table_cell(t, "%s", from == FUNNEL_ALL ? "-" : name);
        text_table_cell(t, "%s/%s%s%s", call->config->base_url, f->steps[step].name, channel[0] ? "/" : "", channel);
        text_table_cell(t, "%s", call->campaigns.missing[step] ? "no longer there" : "");
    }
}

static enum cli_exit show(const struct funnel_call *call, const struct funnel *f)
{
    static const char *const heads[] = {"STEP", "FOR", "LINK", ""};
    if (call->form == FORM_JSON) {
        print_json(funnel_to_api(f, &call->campaigns, call->config->base_url));
        return CLI_DONE;
    }
    struct text_table *t = text_table_new(4);
    for (int i = 0; t && i < 4; i++)
        text_table_cell(t, "%s", heads[i]);
    for (size_t step = 0; t && step < f->step_count; step++)
        add_links(t, call, f, step);
    printf("%s  ", f->id);
    text_print(stdout, f->title, 0);
    printf("\n\n");
    bool good = t && text_table_print(t, 1, stdout);
    text_table_free(t);
    if (!good)
        return cli_fail(call->command, "out of memory");
    printf("\nPost the link of each step in the groups of the step before it.\nNext: huoma funnel stats %s\n", f->id);
    return CLI_DONE;
}

static enum cli_exit run_show(struct funnel_call *call)
{
    if (read_one(call) != STORE_OK || read_campaigns(call, call->found) != STORE_OK)
        return fail(call, call->result);
    return show(call, call->found);
}

/* --- add, edit, delete --- */

static enum store_result save(struct funnel_call *call, const char *action, const struct funnel *was,
                              const struct funnel *now)
{
    const struct funnel *f = now ? now : was;
    struct audit_change change = {NULL, NULL};
    char target[AUDIT_TARGET_MAX];
    char *record = now ? funnel_to_record(now) : NULL;
    if (now && !record)
        return call->result = STORE_UNAVAILABLE;
    snprintf(target, sizeof target, "funnel:%s", f->id);
    audit_objects(&change, was ? funnel_to_audit(was) : NULL, now ? funnel_to_audit(now) : NULL);
    struct store_audit audit = session_audit(action, target, &change);
    store_row_change(session_store(call->session), funnels, f->id, was ? STORE_SAME : STORE_NEW, call->was, record,
                     &audit, keep_result, call);
    session_run(call->session);
    audit_change_clear(&change);
    free(record);
    return call->result;
}

/* Whether what the body makes of it may be; what is wrong was said. */
static bool check(struct funnel_call *call, const struct funnel *was, struct funnel *f, struct field_errors *errors)
{
    funnel_read(f, call->body, !was, errors);
    if (errors->count == 0 && read_campaigns(call, f) != STORE_OK) {
        fail(call, call->result);
        return false;
    }
    if (errors->count == 0)
        funnel_check_campaigns(f, was, &call->campaigns, errors);
    for (size_t i = 0; i < errors->count; i++)
        cli_fail(errors->list[i].field, "%s", errors->list[i].reason);
    return errors->count == 0;
}

static enum cli_exit run_add(struct funnel_call *call)
{
    struct funnel f;
    struct field_errors errors = {.count = 0};
    funnel_begin(&f, time(NULL));
    f.version = 1;
    if (!check(call, NULL, &f, &errors))
        return CLI_FAILED;
    if (save(call, "funnel.create", NULL, &f) == STORE_NO_SPACE)
        return cli_fail(call->command, "there are %d already", STORE_FUNNELS_MAX);
    return call->result == STORE_OK ? show(call, &f) : fail(call, call->result);
}

static enum cli_exit run_edit(struct funnel_call *call)
{
    struct funnel f;
    call->result = STORE_STALE;
    for (int i = 0; i < TRIES && call->result == STORE_STALE; i++) {
        struct field_errors errors = {.count = 0};
        if (read_one(call) != STORE_OK)
            break;
        f = *call->found;
        f.version++;
        f.updated_at = time(NULL);
        if (!check(call, call->found, &f, &errors))
            return CLI_FAILED;
        save(call, "funnel.change", call->found, &f);
    }
    return call->result == STORE_OK ? show(call, &f) : fail(call, call->result);
}

static enum cli_exit run_delete(struct funnel_call *call)
{
    call->result = STORE_STALE;
    for (int i = 0; i < TRIES && call->result == STORE_STALE; i++)
        if (read_one(call) == STORE_OK)
            save(call, "funnel.delete", call->found, NULL);
    if (call->result != STORE_OK)
        return fail(call, call->result);
    printf("Deleted %s. Its links go on leading to the campaigns.\n", call->id);
    return CLI_DONE;
}

/* --- stats --- */

static void add_step(struct text_table *t, const struct funnel_stats *s, long day, size_t step, int channel)
{
    int64_t counts[STAT_COUNT];
    double conversion = funnel_stats_conversion(s, day, step, channel);
    funnel_stats_sum(s, day, step, channel, counts);
    text_table_cell(t, "%s", s->funnel.steps[step].name);
    for (int k = 0; k < FUNNEL_KINDS; k++) {
        if (funnel_stats_known(s, step, channel, funnel_kinds[k]))
            text_table_cell(t, "%lld", (long long)counts[funnel_kinds[k]]);
        else
            text_table_cell(t, "%s", "");
    }
    if (conversion < 0)
        text_table_cell(t, "%s", "");
    else
        text_table_cell(t, "%.1f%%", conversion * 100);
}

static bool print_stats(const struct funnel_call *call, const struct funnel_stats *s)
{
    const struct funnel_question *q = &call->question;
    struct text_table *t = text_table_new(3 + FUNNEL_KINDS);
    size_t rows = funnel_stats_rows(s, q);
    if (!t)
        return false;
    text_table_cell(t, "%s", q->by_channel ? "channel" : "day");
    text_table_cell(t, "%s", "campaign");
    for (int k = 0; k < FUNNEL_KINDS; k++)
        text_table_cell(t, "%s", stat_words[funnel_kinds[k]]);
    text_table_cell(t, "%s", "came on");
    for (size_t row = 0; row <= rows; row++) {
        long day = -1;
        int channel = q->by_channel ? FUNNEL_WHOLE : q->channel;
        const char *key = row < rows ? funnel_stats_row(s, q, row, &day, &channel) : "all";
        for (size_t step = 0; step < s->funnel.step_count; step++) {
            text_table_cell(t, "%s", step > 0 ? "" : key[0] ? key : "-");
            add_step(t, s, day, step, channel);
        }
    }
    bool good = text_table_print(t, ~3u, stdout);
    text_table_free(t);
    printf("\nNext: huoma funnel stats %s --by channel --csv\n", s->funnel.id);
    return good;
}

static void stats_done(void *ctx, enum store_result r, const struct funnel_stats *s)
{
    struct funnel_call *call = ctx;
    size_t len = 0;
    char *text = NULL;
    call->result = r;
    if (r == STORE_OK && call->form == FORM_TABLE)
        call->good = print_stats(call, s);
    else if (r == STORE_OK)
        text = call->form == FORM_JSON ? funnel_stats_json(s, &call->question)
                                       : funnel_stats_csv(s, &call->question, &len);
    if (text) {
        fputs(text, stdout);
        fputs(call->form == FORM_JSON ? "\n" : "", stdout);
        call->good = true;
    }
    free(text);
    session_done(call->session);
}

static enum cli_exit run_stats(struct funnel_call *call)
{
    static char days[STORE_STATS_DAYS_MAX][STORE_DAY];
    size_t day_count = stats_days(call->from, call->to, days);
    if (read_one(call) != STORE_OK)
        return fail(call, call->result);
    call->question.channel = FUNNEL_WHOLE;
    for (size_t i = 0; call->channel && i < call->found->channel_count; i++)
        if (strcmp(call->found->channels[i].name, call->channel) == 0)
            call->question.channel = (int)i;
    if (call->channel && call->question.channel == FUNNEL_WHOLE)
        return cli_fail(call->command, "--channel: is none of the funnel's");
    funnel_stats_read(session_store(call->session), call->found, (const char(*)[STORE_DAY])days, day_count, stats_done,
                      call);
    session_run(call->session);
    if (call->result != STORE_OK)
        return fail(call, call->result);
    return call->good ? CLI_DONE : cli_fail(call->command, "out of memory");
}

/* --- the command --- */

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
    {"list", "funnel list", NULL, TAKES(JSON), run_list},
    {"show", "funnel show", "ID", TAKES(JSON), run_show},
    {"add", "funnel add", "TITLE", TAKES(STEPS) | TAKES(CHANNELS) | TAKES(JSON), run_add},
    {"edit", "funnel edit", "ID", TAKES(STEPS) | TAKES(CHANNELS) | TAKES(TITLE) | TAKES(JSON), run_edit},
    {"delete", "funnel delete", "ID", 0, run_delete},
    {"stats", "funnel stats", "ID", TAKES(JSON) | TAKES(CSV) | TAKES(FROM) | TAKES(TO) | TAKES(BY) | TAKES(CHANNEL),
     run_stats},
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
        call->form = option == JSON ? FORM_JSON : FORM_CSV;
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
    bool adds = verb->run == run_add;
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
    if (verb->argument && !(verb->run == run_add ? there : call->id[0]))
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
