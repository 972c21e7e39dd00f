/* `huoma campaign`: list, show, delete; create and edit are in campaign_edit.c. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "campaign_request.h"
#include "campaign_view.h"

enum { CURSOR_MAX = 256 };

/* --- list --- */

struct listing {
    struct session *session;
    const struct config *config;
    struct text_table *table; /* NULL: as JSON */
    enum store_result result;
    char next[CURSOR_MAX];
    int64_t total;
    size_t printed;
    bool failed;
};

static void list_row(struct listing *l, const struct store_campaign *row)
{
    const struct campaign *c = row->definition;
    int64_t now = time(NULL);
    if (!l->table) {
        size_t len;
        char *text = campaign_to_api(c, row->counts, l->config->base_url, now, false, &len);
        if (text)
            printf("%s%s", l->printed ? ",\n" : "", text);
        else
            l->failed = true;
        free(text);
    } else {
        struct campaign_totals t = campaign_totals_of(c, row->counts, now);
        char seats[48];
        campaign_seats_text(&t, seats);
        text_table_cell(l->table, "%s", c->slug);
        text_table_cell(l->table, "%s", t.state);
        text_table_cell(l->table, "%s", seats);
        text_table_cell(l->table, "%zu", c->group_count);
        text_table_cell(l->table, "%s", c->title ? c->title : "");
    }
    l->printed++;
}

static void list_page(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count, const char *next,
                      int64_t total)
{
    struct listing *l = ctx;
    l->result = r;
    l->next[0] = '\0';
    if (r == STORE_OK) {
        l->total = total;
        snprintf(l->next, sizeof l->next, "%s", next ? next : "");
        for (size_t i = 0; i < count; i++)
            list_row(l, &rows[i]);
    }
    session_done(l->session);
}

static enum cli_exit print_list(struct listing *l, const char *q)
{
    if (!l->table)
        printf("{\"data\":[");
    do {
        char cursor[CURSOR_MAX];
        memcpy(cursor, l->next, sizeof cursor);
        store_campaign_list(session_store(l->session), q, cursor, STORE_PAGE_MAX, list_page, l);
        session_run(l->session);
        if (l->result != STORE_OK)
            return cli_fail_store("campaign list", l->result);
    } while (l->next[0] && !l->failed);
    if (!l->table)
        printf("],\"next\":null,\"total\":%lld}\n", (long long)l->total);
    else if (l->printed == 0)
        printf("%s.\n\nNext: huoma campaign create --title TITLE --group URL,limit=200\n",
               q ? "No campaign fits" : "No campaigns yet");
    else if (!text_table_print(l->table, 1 << 2 | 1 << 3, stdout))
        l->failed = true;
    else
        printf("\nNext: huoma campaign show SLUG\n");
    return l->failed ? cli_fail("campaign list", "out of memory") : CLI_DONE;
}

static enum cli_exit run_list(const struct config *config, int argc, char **argv)
{
    static const struct cli_option options[] = {{"--json", false}, {"--q", true}, {NULL, false}};
    static const char *const heads[] = {"SLUG", "STATE", "SEATS", "GROUPS", "TITLE"};
    struct cli_walk w = {.command = "campaign list", .argc = argc, .argv = argv};
    struct listing l = {.config = config};
    const char *value, *q = NULL;
    bool json = false;
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return CLI_MISUSED;
        if (option == CLI_ARGUMENT)
            return cli_misuse(w.command, "unexpected argument %s", value);
        if (option == 0)
            json = true;
        else
            q = value;
    }
    l.session = session_open(config);
    if (!l.session)
        return CLI_FAILED;
    if (!json) {
        l.table = text_table_new(5);
        for (int i = 0; l.table && i < 5; i++)
            text_table_cell(l.table, "%s", heads[i]);
    }
    enum cli_exit code = json || l.table ? print_list(&l, q) : cli_fail("campaign list", "out of memory");
    text_table_free(l.table);
    session_close(l.session);
    return code;
}

/* --- one campaign: what show and delete have in common --- */

struct pick {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    bool given; /* the command's one option */
};

static bool read_pick(struct pick *p, const char *command, const char *option_name, int argc, char **argv)
{
    const struct cli_option options[] = {{option_name, false}, {NULL, false}};
    struct cli_walk w = {.command = command, .argc = argc, .argv = argv};
    const char *value;
    *p = (struct pick){0};
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (option == 0) {
            p->given = true;
        } else if (p->slug[0] || !campaign_request_slug(value, p->slug)) {
            cli_misuse(command, p->slug[0] ? "more than one SLUG" : "%s is not a slug", value);
            return false;
        }
    }
    if (!p->slug[0])
        cli_misuse(command, "needs a SLUG");
    return p->slug[0] != '\0';
}

static enum cli_exit run_show(const struct config *config, int argc, char **argv)
{
    struct pick p;
    struct held_campaign h;
    if (!read_pick(&p, "campaign show", "--json", argc, argv))
        return CLI_MISUSED;
    struct session *s = session_open(config);
    if (!s)
        return CLI_FAILED;
    enum store_result r = held_campaign_read(s, p.slug, &h);
    enum cli_exit code = r == STORE_OK ? campaign_print(config, &h, p.given) : campaign_fail(p.slug, r);
    held_campaign_clear(&h);
    session_close(s);
    return code;
}

/* Whether the person types the slug. */
static bool confirm_delete(const struct held_campaign *h)
{
    char line[CAMPAIGN_SLUG_MAX + 3];
    struct campaign_totals t = campaign_totals_of(h->campaign, h->counts, time(NULL));
    char seats[48];
    campaign_seats_text(&t, seats);
    fprintf(stderr, "%s has %zu groups, seats %s. Printed codes of it will lead nowhere.\nType %s to delete it: ",
            h->campaign->slug, h->campaign->group_count, seats, h->campaign->slug);
    if (!fgets(line, sizeof line, stdin))
        line[0] = '\0';
    if (!isatty(STDIN_FILENO))
        fputc('\n', stderr);
    line[strcspn(line, "\r\n")] = '\0';
    return strcmp(line, h->campaign->slug) == 0;
}

static enum cli_exit run_delete(const struct config *config, int argc, char **argv)
{
    struct pick p;
    struct held_campaign h;
    if (!read_pick(&p, "campaign delete", "--yes", argc, argv))
        return CLI_MISUSED;
    struct session *s = session_open(config);
    if (!s)
        return CLI_FAILED;
    enum cli_exit code = CLI_FAILED;
    enum store_result r = held_campaign_read(s, p.slug, &h);
    if (r == STORE_OK && !p.given && !confirm_delete(&h)) {
        cli_fail("campaign delete", "not confirmed, nothing was changed");
    } else if (r == STORE_OK) {
        struct audit_change change = {NULL, NULL};
        char target[AUDIT_TARGET_MAX];
        audit_campaign(&change, h.campaign, NULL, NULL, NULL);
        snprintf(target, sizeof target, "campaign:%s", p.slug);
        struct store_audit audit = session_audit("campaign.delete", target, &change);
        store_campaign_delete(session_store(s), p.slug, 0, &audit, held_campaign_keep_result, &h);
        session_run(s);
        audit_change_clear(&change);
        r = h.result;
        if (r == STORE_OK)
            code = printf("%s is deleted.\n", p.slug) < 0 ? CLI_FAILED : CLI_DONE;
    }
    if (r != STORE_OK)
        code = campaign_fail(p.slug, r);
    held_campaign_clear(&h);
    session_close(s);
    return code;
}

enum cli_exit cli_campaign(const struct config *config, int argc, char **argv)
{
    static const struct {
        const char *name;
        enum cli_exit (*run)(const struct config *config, int argc, char **argv);
    } verbs[] = {
        {"list", run_list},          {"show", run_show},     {"create", campaign_run_create},
        {"edit", campaign_run_edit}, {"delete", run_delete}, {"waiting", campaign_run_waiting},
    };
    for (size_t i = 0; argc > 0 && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[0], verbs[i].name) == 0)
            return verbs[i].run(config, argc - 1, argv + 1);
    return cli_misuse("campaign", "needs one of list, show, create, edit, delete, waiting");
}
