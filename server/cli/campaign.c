/* `huoma campaign`: show and delete; create and edit are in campaign_edit.c, list in campaign_list.c. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "campaign_request.h"
#include "campaign_view.h"

/* --- one campaign: what show and delete have in common --- */

struct pick {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    bool given;        /* the command's switch */
    const char *value; /* of its option with a value; NULL: not given */
};

static bool read_pick(struct pick *p, const char *command, const char *switch_name, const char *option_name, int argc,
                      char **argv)
{
    const struct cli_option options[] = {{switch_name, false}, {option_name, true}, {NULL, false}};
    struct cli_walk w = {.command = command, .argc = argc, .argv = argv};
    const char *value;
    *p = (struct pick){0};
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (option == 0) {
            p->given = true;
        } else if (option == 1) {
            p->value = value;
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
    if (!read_pick(&p, "campaign show", "--json", "--group", argc, argv))
        return CLI_MISUSED;
    struct session *s = session_open(config);
    if (!s)
        return CLI_FAILED;
    struct held_forecast forecast = {0};
    enum store_result r = held_campaign_read(s, p.slug, &h);
    if (r == STORE_OK && !p.value)
        held_forecast_read(s, p.slug, &forecast);
    enum cli_exit code = r != STORE_OK ? campaign_fail(p.slug, r)
                         : p.value     ? campaign_print_group(&h, p.value, p.given)
                                       : campaign_print(config, &h, &forecast, p.given);
    held_forecast_clear(&forecast);
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

/* version: the one that it must still have, or 0. */
static enum cli_exit delete_now(struct session *s, struct held_campaign *h, int64_t version)
{
    struct audit_change change = {NULL, NULL};
    char target[AUDIT_TARGET_MAX];
    audit_campaign(&change, h->campaign, NULL, NULL, NULL);
    snprintf(target, sizeof target, "campaign:%s", h->campaign->slug);
    struct store_audit audit = session_audit("campaign.delete", target, &change);
    store_campaign_delete(session_store(s), h->campaign->slug, version, &audit, held_campaign_keep_result, h);
    session_run(s);
    audit_change_clear(&change);
    if (h->result == STORE_CONFLICT)
        return cli_fail("campaign delete", "it was changed meanwhile; nothing was deleted");
    if (h->result != STORE_OK)
        return campaign_fail(h->campaign->slug, h->result);
    return printf("%s is deleted.\n", h->campaign->slug) < 0 ? CLI_FAILED : CLI_DONE;
}

static enum cli_exit run_delete(const struct config *config, int argc, char **argv)
{
    struct pick p;
    struct held_campaign h;
    int64_t version = 0;
    if (!read_pick(&p, "campaign delete", "--yes", "--if-version", argc, argv))
        return CLI_MISUSED;
    if (p.value && !campaign_request_version(p.value, &version))
        return cli_misuse("campaign delete", "--if-version needs a version, as 7");
    struct session *s = session_open(config);
    if (!s)
        return CLI_FAILED;
    enum store_result r = held_campaign_read(s, p.slug, &h);
    enum cli_exit code = r != STORE_OK                               ? campaign_fail(p.slug, r)
                         : version && version != h.campaign->version ? campaign_fail_version(h.campaign)
                         : !p.given && !confirm_delete(&h)
                             ? cli_fail("campaign delete", "not confirmed, nothing was changed")
                             : delete_now(s, &h, version);
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
        {"list", campaign_run_list},
        {"show", run_show},
        {"create", campaign_run_create},
        {"edit", campaign_run_edit},
        {"stop", campaign_run_stop},
        {"start", campaign_run_start},
        {"delete", run_delete},
        {"waiting", campaign_run_waiting},
        {"members", campaign_run_members},
        {"stats", campaign_run_stats},
        {"owner-link", campaign_run_owner_link},
        {"batch", campaign_run_batch},
        {"logo", campaign_run_logo},
    };
    for (size_t i = 0; argc > 0 && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[0], verbs[i].name) == 0)
            return verbs[i].run(config, argc - 1, argv + 1);
    return cli_misuse(
        "campaign",
        "needs one of list, show, create, edit, stop, start, delete, waiting, members, stats, owner-link, batch, logo");
}
