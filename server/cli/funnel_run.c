/* What `huoma funnel` does: list, show, add, edit, delete, and how many came from step to step. The rules are
 * funnel_record.c's.
 */
#include "funnel_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TRIES = 8 }; /* of a change that others come before */

static const struct store_rows funnels = {STORE_FUNNELS, NULL};

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

enum cli_exit funnel_run_list(struct funnel_call *call)
{
    store_row_list(session_store(call->session), funnels, keep_list, call);
    session_run(call->session);
    if (call->result != STORE_OK)
        return fail(call, call->result);
    qsort(call->found, call->count, sizeof *call->found, by_title);
    if (call->form == FUNNEL_JSON)
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
    if (call->form == FUNNEL_JSON) {
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

enum cli_exit funnel_run_show(struct funnel_call *call)
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

enum cli_exit funnel_run_add(struct funnel_call *call)
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

enum cli_exit funnel_run_edit(struct funnel_call *call)
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

enum cli_exit funnel_run_delete(struct funnel_call *call)
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
    if (r == STORE_OK && call->form == FUNNEL_TABLE)
        call->good = print_stats(call, s);
    else if (r == STORE_OK)
        text = call->form == FUNNEL_JSON ? funnel_stats_json(s, &call->question)
                                         : funnel_stats_csv(s, &call->question, &len);
    if (text) {
        fputs(text, stdout);
        fputs(call->form == FUNNEL_JSON ? "\n" : "", stdout);
        call->good = true;
    }
    free(text);
    session_done(call->session);
}

enum cli_exit funnel_run_stats(struct funnel_call *call)
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
