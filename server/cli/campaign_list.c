/* `huoma campaign list`: all campaigns, or a page of them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaign_request.h"
#include "campaign_view.h"

struct listing {
    struct session *session;
    const struct config *config;
    const char *q;            /* NULL: all */
    int limit;                /* of one page; 0: all pages, one after the other */
    struct text_table *table; /* NULL: as JSON */
    enum store_result result;
    enum store_order order;
    char next[STORE_CURSOR_MAX];
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

static enum cli_exit print_list(struct listing *l)
{
    if (!l->table)
        printf("{\"data\":[");
    do {
        char cursor[STORE_CURSOR_MAX];
        memcpy(cursor, l->next, sizeof cursor);
        store_campaign_list(session_store(l->session), l->order, l->q, cursor, l->limit ? l->limit : STORE_PAGE_MAX,
                            list_page, l);
        session_run(l->session);
        if (l->result != STORE_OK)
            return cli_fail_store("campaign list", l->result);
    } while (l->next[0] && !l->limit && !l->failed);
    if (!l->table)
        printf(l->next[0] ? "],\"next\":\"%s\"" : "],\"next\":null", l->next);
    if (!l->table)
        printf(",\"total\":%lld}\n", (long long)l->total);
    else if (l->printed == 0)
        printf("%s.\n\nNext: huoma campaign create --title TITLE --group URL,limit=200\n",
               l->q ? "No campaign fits" : "No campaigns yet");
    else if (!text_table_print(l->table, 1 << 2 | 1 << 3, stdout))
        l->failed = true;
    else if (l->next[0])
        printf("\n%zu of %lld. Next: the same with --cursor %s\n", l->printed, (long long)l->total, l->next);
    else
        printf("\nNext: huoma campaign show SLUG\n");
    return l->failed ? cli_fail("campaign list", "out of memory") : CLI_DONE;
}

static bool read_limit(struct listing *l, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits > 0 && digits < 4 && !text[digits])
        l->limit = (int)strtol(text, NULL, 10);
    if (l->limit >= 1 && l->limit <= STORE_PAGE_MAX)
        return true;
    cli_misuse("campaign list", "--limit: a number from 1 to %d", STORE_PAGE_MAX);
    return false;
}

static bool read_order(struct listing *l, const char *text)
{
    l->order = strcmp(text, "problems") == 0 ? STORE_BY_PROBLEMS : STORE_BY_SLUG;
    if (l->order == STORE_BY_PROBLEMS || strcmp(text, "slug") == 0)
        return true;
    cli_misuse("campaign list", "--sort: slug or problems");
    return false;
}

static bool read_cursor(struct listing *l, const char *text)
{
    if (store_cursor_valid(l->order, text, strlen(text))) {
        snprintf(l->next, sizeof l->next, "%s", text);
        return true;
    }
    cli_misuse("campaign list", "--cursor: must be the `next` of an earlier page");
    return false;
}

static bool read_list(struct listing *l, bool *json, int argc, char **argv)
{
    static const struct cli_option options[] = {{"--json", false},  {"--q", true},    {"--limit", true},
                                                {"--cursor", true}, {"--sort", true}, {NULL, false}};
    struct cli_walk w = {.command = "campaign list", .argc = argc, .argv = argv};
    const char *value, *cursor = NULL;
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_ARGUMENT)
            cli_misuse(w.command, "unexpected argument %s", value);
        if (option < 0 || (option == 2 && !read_limit(l, value)) || (option == 4 && !read_order(l, value)))
            return false;
        if (option == 3)
            cursor = value;
        if (option == 0)
            *json = true;
        else if (option == 1)
            l->q = value;
    }
    return !cursor || read_cursor(l, cursor);
}

enum cli_exit campaign_run_list(const struct config *config, int argc, char **argv)
{
    static const char *const heads[] = {"SLUG", "STATE", "SEATS", "GROUPS", "TITLE"};
    struct listing l = {.config = config};
    bool json = false;
    if (!read_list(&l, &json, argc, argv))
        return CLI_MISUSED;
    l.session = session_open(config);
    if (!l.session)
        return CLI_FAILED;
    if (!json) {
        l.table = text_table_new(5);
        for (int i = 0; l.table && i < 5; i++)
            text_table_cell(l.table, "%s", heads[i]);
    }
    enum cli_exit code = json || l.table ? print_list(&l) : cli_fail("campaign list", "out of memory");
    text_table_free(l.table);
    session_close(l.session);
    return code;
}
