/* `huoma campaign waiting`: who waits for a seat, shown, as CSV, or forgotten. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaign_request.h"
#include "campaign_view.h"
#include "csv.h"

enum form { FORM_TABLE, FORM_JSON, FORM_CSV };

struct wish {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    enum form form;
    int64_t number; /* the entry to be forgotten; 0: none */
    bool clear, yes;
};

static const char *const state_words[] = {
    [STORE_WAITS] = "waiting", [STORE_PROMISED] = "promised", [STORE_MISSED] = "missed", [STORE_IN] = "in"};

/* --- showing --- */

struct listing {
    struct session *session;
    enum form form;
    struct text_table *table;
    enum store_result result;
    int64_t after, total, waiting;
    size_t printed, page;
};

static void date_text(int64_t seconds, char out[32])
{
    date_to_text(seconds, out);
    if (!seconds)
        out[0] = '\0';
}

static void print_row(struct listing *l, const struct store_waiting *w)
{
    char joined[32], until[32], place[24] = "";
    date_text(w->joined_at, joined);
    date_text(w->state == STORE_PROMISED ? w->promised_until : 0, until);
    if (w->state == STORE_WAITS)
        snprintf(place, sizeof place, "%lld", (long long)w->before + 1);
    if (l->form == FORM_TABLE) {
        const char *cells[] = {place, w->name, state_words[w->state], w->group, w->channel, joined};
        text_table_cell(l->table, "%lld", (long long)w->number);
        for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
            text_table_cell(l->table, "%s", cells[i]);
    } else if (l->form == FORM_CSV) {
        printf("%lld,", (long long)w->number);
        csv_put_cell(stdout, w->name);
        printf(",%s,%s,%s,%s\r\n", state_words[w->state], w->channel, joined, w->group);
    } else {
        printf("%s{\"id\":\"%lld\",\"name\":", l->printed ? ",\n" : "", (long long)w->number);
        text_print_json(stdout, w->name);
        printf(",\"place\":%s,\"state\":\"%s\",\"channel\":%s%s%s,\"joined_at\":\"%s\",\"group\":%s%s%s,"
               "\"promised_until\":%s%s%s}",
               place[0] ? place : "null", state_words[w->state], w->channel[0] ? "\"" : "",
               w->channel[0] ? w->channel : "null", w->channel[0] ? "\"" : "", joined, w->group[0] ? "\"" : "",
               w->group[0] ? w->group : "null", w->group[0] ? "\"" : "", until[0] ? "\"" : "",
               until[0] ? until : "null", until[0] ? "\"" : "");
    }
    l->printed++;
}

static void print_begin(struct listing *l)
{
    static const char *const heads[] = {"ID", "PLACE", "NAME", "STATE", "GROUP", "CHANNEL", "SINCE"};
    if (l->form == FORM_JSON)
        printf("{\"data\":[");
    else if (l->form == FORM_CSV)
        printf("\xef\xbb\xbfid,name,state,channel,joined_at,group\r\n");
    for (size_t i = 0; l->table && i < sizeof heads / sizeof *heads; i++)
        text_table_cell(l->table, "%s", heads[i]);
}

static void list_done(void *ctx, enum store_result r, const struct store_waiting_page *page)
{
    struct listing *l = ctx;
    l->result = r;
    l->page = 0;
    if (r == STORE_OK) {
        l->page = page->count;
        l->total = page->total;
        l->waiting = page->waiting;
        if (l->after == 0)
            print_begin(l);
        for (size_t i = 0; i < page->count; i++)
            print_row(l, &page->rows[i]);
        if (page->count)
            l->after = page->rows[page->count - 1].number;
    }
    session_done(l->session);
}

static bool print_end(struct listing *l, const char *slug)
{
    if (l->form == FORM_JSON)
        printf("],\"next\":null,\"total\":%lld,\"waiting\":%lld}\n", (long long)l->total, (long long)l->waiting);
    if (l->form != FORM_TABLE)
        return true;
    if (l->printed == 0)
        return printf("Nobody waits.\n\nNext: huoma campaign show %s\n", slug) > 0;
    return text_table_print(l->table, 1 << 0 | 1 << 1, stdout) &&
           printf("\n%lld wait. Next: huoma campaign waiting %s --csv\n", (long long)l->waiting, slug) > 0;
}

static enum cli_exit list(struct session *s, const struct wish *w)
{
    struct listing l = {.session = s, .form = w->form};
    if (w->form == FORM_TABLE && !(l.table = text_table_new(7)))
        return cli_fail("campaign waiting", "out of memory");
    do {
        store_waiting_list(session_store(s), w->slug, l.after, STORE_PAGE_MAX, list_done, &l);
        session_run(s);
    } while (l.result == STORE_OK && l.page == STORE_PAGE_MAX);
    enum cli_exit code = CLI_DONE;
    if (l.result != STORE_OK)
        code = campaign_fail(w->slug, l.result);
    else if (!print_end(&l, w->slug))
        code = cli_fail("campaign waiting", "out of memory");
    text_table_free(l.table);
    return code;
}

/* --- forgetting --- */

static enum cli_exit forget(struct session *s, const struct wish *w)
{
    struct held_campaign h = {.session = s};
    char target[AUDIT_TARGET_MAX];
    snprintf(target, sizeof target, "campaign:%s", w->slug);
    struct store_audit audit = session_audit(w->number ? "waiting.delete" : "waiting.clear", target, NULL);
    store_waiting_delete(session_store(s), w->slug, w->number, &audit, held_campaign_keep_result, &h);
    session_run(s);
    if (h.result == STORE_NOT_FOUND)
        return cli_fail("campaign waiting", "there is no such entry, or no such campaign");
    if (h.result != STORE_OK)
        return campaign_fail(w->slug, h.result);
    printf(w->number ? "The entry is deleted.\n" : "The waiting list is empty.\n");
    return CLI_DONE;
}

static enum cli_exit confirm_clear(const struct wish *w)
{
    char line[CAMPAIGN_SLUG_MAX + 3] = "";
    fprintf(stderr, "Everybody who waits loses their place.\nType %s to clear the list: ", w->slug);
    if (fgets(line, sizeof line, stdin))
        line[strcspn(line, "\r\n")] = '\0';
    return strcmp(line, w->slug) == 0 ? CLI_DONE : cli_fail("campaign waiting", "not confirmed, nothing was changed");
}

/* --- the command --- */

static bool read_number(const char *text, int64_t *number)
{
    size_t len = strlen(text);
    *number = len && len <= 15 && strspn(text, "0123456789") == len ? strtoll(text, NULL, 10) : 0;
    return *number > 0;
}

static bool read_wish(struct wish *w, int argc, char **argv)
{
    static const struct cli_option options[] = {{"--json", false},  {"--csv", false}, {"--delete", true},
                                                {"--clear", false}, {"--yes", false}, {NULL, false}};
    struct cli_walk walk = {.command = "campaign waiting", .argc = argc, .argv = argv};
    const char *value;
    *w = (struct wish){.form = FORM_TABLE};
    for (int option; (option = cli_next(&walk, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (option == CLI_ARGUMENT && (w->slug[0] || !campaign_request_slug(value, w->slug))) {
            cli_misuse(walk.command, w->slug[0] ? "more than one SLUG" : "%s is not a slug", value);
            return false;
        }
        if (option == 2 && !read_number(value, &w->number)) {
            cli_misuse(walk.command, "--delete: %s is not the ID of an entry", value);
            return false;
        }
        w->form = option == 0 ? FORM_JSON : option == 1 ? FORM_CSV : w->form;
        w->clear = w->clear || option == 3;
        w->yes = w->yes || option == 4;
    }
    if (!w->slug[0])
        cli_misuse(walk.command, "needs a SLUG");
    else if (w->clear && w->number)
        cli_misuse(walk.command, "--delete and --clear cannot be given together");
    return w->slug[0] && !(w->clear && w->number);
}

enum cli_exit campaign_run_waiting(const struct config *config, int argc, char **argv)
{
    struct wish w;
    if (!read_wish(&w, argc, argv))
        return CLI_MISUSED;
    if (w.clear && !w.yes && confirm_clear(&w) != CLI_DONE)
        return CLI_FAILED;
    struct session *s = session_open(config);
    if (!s)
        return CLI_FAILED;
    enum cli_exit code = w.clear || w.number ? forget(s, &w) : list(s, &w);
    session_close(s);
    return code;
}
