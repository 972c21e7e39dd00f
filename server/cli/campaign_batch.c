/* `huoma campaign batch`: many campaigns created and edited in one moment, or none, as POST /campaigns:batch does. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "batch_plan.h"
#include "campaign_view.h"

static const char command[] = "campaign batch";

struct wish {
    const char *file;
    bool dry_run, json;
};

struct work {
    const struct config *config;
    struct session *session;
    const struct wish *wish;
    struct batch_plan *plan;
    enum batch_outcome outcome;
    enum store_result result;
    bool done; /* the result was printed, or why not was said */
};

/* --- what came of it --- */

static bool print_json(const struct work *w, const struct store_campaign *rows, size_t count)
{
    printf("{\"data\":[");
    for (size_t i = 0; i < count; i++) {
        size_t len = 0;
        char *text = campaign_to_api(rows[i].definition, rows[i].counts, w->config->base_url, time(NULL), false, &len);
        if (!text)
            return false;
        printf("%s%s", i ? ",\n" : "", text);
        free(text);
    }
    return printf("]}\n") > 0;
}

static bool print_lines(const struct work *w, const struct store_campaign *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct campaign *c = rows[i].definition;
        printf("%s %s, %zu group%s\n", campaign_batch_item(w->plan->asked, i)->edits ? "edited " : "created", c->slug,
               c->group_count, c->group_count == 1 ? "" : "s");
    }
    return printf(w->wish->dry_run ? "\nNothing was changed. Next: the same without --dry-run\n"
                                   : "\nNext: huoma campaign list\n") > 0;
}

static void print_result(struct work *w, const struct store_campaign *rows, size_t count)
{
    w->done = true;
    if (!(w->wish->json ? print_json(w, rows, count) : print_lines(w, rows, count)))
        w->result = STORE_BAD_REPLY;
}

static void fail_taken(struct work *w, const struct store_alias_taken *taken)
{
    struct field_errors *errors = calloc(1, sizeof *errors);
    w->done = true;
    if (errors) {
        batch_plan_add_taken(w->plan, taken, errors);
        campaign_fail_fields(errors);
    }
    free(errors);
}

static void saved(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct work *w = ctx;
    w->result = r;
    if (r == STORE_ALIAS_TAKEN)
        fail_taken(w, rows->taken);
    else if (r == STORE_OK && w->wish->dry_run)
        print_result(w, w->plan->dry, w->plan->count);
    else if (r == STORE_OK)
        print_result(w, rows, count);
    session_done(w->session);
}

/* --- making --- */

static struct campaign_moment moment_one(void *ctx)
{
    struct work *w = ctx;
    return campaign_moment_now(w->config);
}

static struct store_audit audit_one(void *ctx, const char *action, const char *target,
                                    const struct audit_change *change)
{
    (void)ctx;
    return session_audit(action, target, change);
}

static void make(struct work *w, const struct store_campaign *rows)
{
    const struct batch_maker maker = {moment_one, audit_one, w, store_batch_max(session_store(w->session))};
    w->outcome = batch_plan_make(w->plan, rows, &maker);
    struct store *s = session_store(w->session);
    if (w->outcome != BATCH_READY)
        session_done(w->session);
    else if (!w->wish->dry_run)
        store_campaigns_save(s, w->plan->saves, w->plan->count, saved, w);
    else if (!store_campaigns_try(s, w->plan->saves, w->plan->count, saved, w))
        saved(w, STORE_OK, NULL, 0);
}

static void read_done(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct work *w = ctx;
    (void)count;
    w->result = r;
    if (r == STORE_OK)
        make(w, rows);
    else
        session_done(w->session);
}

/* One try. False: the text is no batch, which was said. */
static bool try_once(struct work *w, const char *text, size_t len)
{
    struct field_errors *errors = calloc(1, sizeof *errors);
    batch_plan_free(w->plan);
    w->plan = errors ? batch_plan_new(text, len, errors) : NULL;
    w->result = STORE_OK;
    if (!w->plan && errors && errors->count)
        campaign_fail_fields(errors);
    else if (!w->plan)
        cli_fail(command, "out of memory");
    free(errors);
    if (!w->plan)
        return false;
    if (w->plan->named > 0)
        store_campaigns_read(session_store(w->session), (const char(*)[CAMPAIGN_SLUG_MAX + 1]) w->plan->slugs,
                             w->plan->named, read_done, w);
    else
        make(w, NULL);
    session_run(w->session);
    return true;
}

static enum cli_exit tell_outcome(struct work *w)
{
    if (w->outcome == BATCH_REFUSED)
        return campaign_fail_fields(&w->plan->errors);
    if (w->outcome == BATCH_NO_MEMORY)
        return cli_fail(command, "out of memory; nothing was changed");
    if (w->outcome == BATCH_DRAWN || w->result == STORE_CONFLICT || w->result == STORE_NOT_FOUND)
        return cli_fail(command, "others keep changing these campaigns; nothing was changed, try again");
    if (w->result != STORE_OK && !w->done)
        return cli_fail_store(command, w->result);
    return w->result == STORE_OK ? CLI_DONE : CLI_FAILED;
}

static enum cli_exit run(struct work *w, const char *text, size_t len)
{
    bool again = true;
    for (int i = 0; again && i < CAMPAIGN_TRIES; i++) {
        if (!try_once(w, text, len))
            return CLI_FAILED;
        again = w->outcome == BATCH_DRAWN ||
                (w->outcome == BATCH_READY && (w->result == STORE_CONFLICT || w->result == STORE_NOT_FOUND));
    }
    return tell_outcome(w);
}

/* --- the command --- */

static bool read_wish(struct wish *w, int argc, char **argv)
{
    static const struct cli_option options[] = {{"--dry-run", false}, {"--json", false}, {NULL, false}};
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    const char *value;
    *w = (struct wish){0};
    for (int option; (option = cli_next(&walk, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (option == CLI_ARGUMENT && w->file)
            return cli_misuse(command, "more than one FILE"), false;
        if (option == CLI_ARGUMENT)
            w->file = value;
        w->dry_run = w->dry_run || option == 0;
        w->json = w->json || option == 1;
    }
    if (!w->file)
        cli_misuse(command, "needs a FILE, or - for stdin");
    return w->file != NULL;
}

enum cli_exit campaign_run_batch(const struct config *config, int argc, char **argv)
{
    struct wish wish;
    size_t len = 0;
    if (!read_wish(&wish, argc, argv))
        return CLI_MISUSED;
    char *text = campaign_read_json(wish.file, &len);
    struct work w = {.config = config, .wish = &wish, .session = text ? session_open(config) : NULL};
    enum cli_exit code = w.session ? run(&w, text, len) : CLI_FAILED;
    batch_plan_free(w.plan);
    session_close(w.session);
    free(text);
    return code;
}
