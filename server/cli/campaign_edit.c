/* `huoma campaign create` and `edit`: the API's rules (campaign_json.h), from options or a JSON file. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "allowed.h"
#include "campaign_request.h"
#include "campaign_view.h"

enum { JSON_MAX = 32 << 20 }; /* bytes of a --json file */

struct campaign_moment campaign_moment_now(const struct config *config)
{
    struct campaign_moment m = {
        .now = time(NULL),
        .slug_length = (size_t)config->slug_length,
        .hosts = hosts_of_config(config),
        .offers_country = config->country_database[0] != '\0',
        .knows_timezone = config_timezone_known,
    };
    randombytes_buf(m.random, sizeof m.random);
    return m;
}

char *campaign_read_json(const char *path, size_t *len)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text = NULL;
    size_t room = 0;
    *len = 0;
    errno = f ? 0 : errno;
    while (f && !feof(f) && !ferror(f) && *len <= JSON_MAX) {
        if (*len == room) {
            char *more = realloc(text, room = room ? room * 2 : 65536);
            if (!more)
                break;
            text = more;
        }
        *len += fread(text + *len, 1, room - *len, f);
    }
    bool good = f && feof(f) && text && *len <= JSON_MAX;
    if (!good) {
        cli_fail(path, "%s", *len > JSON_MAX ? "more than 32 MB" : errno ? strerror(errno) : "cannot be read");
        free(text);
    }
    if (f && f != stdin)
        fclose(f);
    return good ? text : NULL;
}

enum cli_exit campaign_fail_fields(const struct field_errors *e)
{
    for (size_t i = 0; i < e->count; i++)
        cli_fail(e->list[i].field[0] ? e->list[i].field : "campaign", "%s", e->list[i].reason);
    if (e->more)
        cli_fail("campaign", "%zu more errors", e->more);
    return CLI_FAILED;
}

/* Why nothing was saved. */
static enum cli_exit fail_save(const char *slug, const struct held_campaign *h)
{
    if (h->result == STORE_ALIAS_TAKEN) {
        char field[FIELD_NAME_MAX];
        snprintf(field, sizeof field, "aliases[%zu]", h->taken.position);
        return cli_fail(field, "belongs to the campaign %s; nothing was changed", h->taken.owner);
    }
    return campaign_fail(slug, h->result);
}

/* Saves it, and tells the audit log. was: NULL creates. */
static void save(struct session *s, const struct held_campaign *was, const struct campaign *c,
                 const struct head_counts *heads, int touched, struct held_campaign *h)
{
    struct audit_change change = {NULL, NULL};
    char target[AUDIT_TARGET_MAX];
    audit_campaign(&change, was ? was->campaign : NULL, c, was ? was->counts : NULL, heads);
    snprintf(target, sizeof target, "campaign:%s", c->slug);
    struct store_audit audit = session_audit(was ? "campaign.change" : "campaign.create", target, &change);
    store_campaign_save(session_store(s), c, was ? was->campaign : NULL, heads, touched, &audit, held_campaign_keep, h);
    session_run(s);
    audit_change_clear(&change);
}

static enum cli_exit create(const struct config *config, struct session *s, const struct campaign_request *q,
                            const char *text, size_t len)
{
    struct field_errors *errors = calloc(1, sizeof *errors);
    char slug[CAMPAIGN_SLUG_MAX + 1] = "";
    struct held_campaign h = {.session = s, .result = STORE_CONFLICT};
    enum cli_exit code = CLI_FAILED;
    /* A slug that was drawn and is taken is drawn again; one that was given stays the same, and that ends it. */
    for (int i = 0; errors && i < CAMPAIGN_TRIES && h.result == STORE_CONFLICT; i++) {
        struct campaign_moment m = campaign_moment_now(config);
        struct campaign *c = campaign_from_request(text, len, &m, errors);
        if (!c) {
            campaign_fail_fields(errors);
            free(errors);
            return CLI_FAILED;
        }
        bool same = strcmp(slug, c->slug) == 0;
        memcpy(slug, c->slug, sizeof slug);
        if (!same)
            save(s, NULL, c, NULL, -1, &h);
        campaign_free(c);
        if (same)
            break;
    }
    free(errors);
    code = h.result == STORE_OK ? campaign_print(config, &h, NULL, q->json_out) : fail_save(slug, &h);
    held_campaign_clear(&h);
    return code;
}

static enum cli_exit edit_once(const struct config *config, struct session *s, const struct campaign_request *q,
                               const char *text, size_t len, struct held_campaign *h)
{
    struct campaign_moment m = campaign_moment_now(config);
    struct campaign *changed;
    struct head_counts heads = {0};
    struct held_campaign was;
    int touched = -1;
    if (held_campaign_read(s, q->slug, &was) != STORE_OK) {
        h->result = was.result;
        held_campaign_clear(&was);
        return campaign_fail(q->slug, h->result);
    }
    if (q->if_version && q->if_version != was.campaign->version) {
        enum cli_exit stale = campaign_fail_version(was.campaign);
        held_campaign_clear(&was);
        return stale;
    }
    struct field_errors *errors = calloc(1, sizeof *errors);
    changed = errors ? campaign_from_patch(was.campaign, text, len, &m, &heads, errors) : NULL;
    enum cli_exit code = CLI_FAILED;
    if (!changed || !group_edits_apply(&q->groups, &changed, &m, &heads, &touched, errors)) {
        if (errors && errors->count)
            campaign_fail_fields(errors);
        else
            cli_fail("campaign edit", "out of memory");
        h->result = STORE_BAD_REPLY;
    } else {
        *h = (struct held_campaign){.session = s};
        save(s, &was, changed, &heads, touched, h);
        code = CLI_DONE;
    }
    campaign_free(changed);
    head_counts_free(&heads);
    free(errors);
    held_campaign_clear(&was);
    return code;
}

/* A change that another one came before is made anew upon that one. */
static enum cli_exit edit(const struct config *config, struct session *s, const struct campaign_request *q,
                          const char *text, size_t len)
{
    struct held_campaign h = {.session = s, .result = STORE_CONFLICT};
    enum cli_exit code = CLI_DONE;
    for (int i = 0; i < CAMPAIGN_TRIES && code == CLI_DONE && h.result == STORE_CONFLICT; i++)
        code = edit_once(config, s, q, text, len, &h);
    if (code == CLI_DONE && h.result == STORE_CONFLICT)
        code = cli_fail("campaign edit", "others keep changing %s; nothing was changed, try again", q->slug);
    else if (code == CLI_DONE)
        code = h.result == STORE_OK ? campaign_print(config, &h, NULL, q->json_out) : fail_save(q->slug, &h);
    held_campaign_clear(&h);
    return code;
}

/* Reads the arguments, and the JSON file if they name one; then does what is to be done in a session. */
static enum cli_exit run(const struct config *config, bool edits, int argc, char **argv,
                         enum cli_exit (*act)(const struct config *config, struct session *s,
                                              const struct campaign_request *q, const char *text, size_t len))
{
    struct campaign_request q;
    enum cli_exit code = CLI_MISUSED;
    if (campaign_request_read(&q, edits, argc, argv)) {
        size_t len = strlen(q.json);
        char *text = q.json_file ? campaign_read_json(q.json_file, &len) : NULL;
        struct session *s = text || !q.json_file ? session_open(config) : NULL;
        code = s ? act(config, s, &q, text ? text : q.json, len) : CLI_FAILED;
        session_close(s);
        free(text);
    }
    campaign_request_clear(&q);
    return code;
}

enum cli_exit campaign_run_create(const struct config *config, int argc, char **argv)
{
    return run(config, false, argc, argv, create);
}

enum cli_exit campaign_run_edit(const struct config *config, int argc, char **argv)
{
    return run(config, true, argc, argv, edit);
}

/* `edit SLUG --enabled on|off`, in one word. */
static enum cli_exit run_switch(const struct config *config, const char *command, char *to, int argc, char **argv)
{
    char slug[CAMPAIGN_SLUG_MAX + 1], option[] = "--enabled";
    char *args[] = {argc > 0 ? argv[0] : NULL, option, to};
    if (argc != 1)
        return cli_misuse(command, argc ? "takes one SLUG" : "needs a SLUG");
    if (!campaign_request_slug(argv[0], slug))
        return cli_misuse(command, "%s is not a slug", argv[0]);
    return run(config, true, sizeof args / sizeof args[0], args, edit);
}

enum cli_exit campaign_run_stop(const struct config *config, int argc, char **argv)
{
    char off[] = "off";
    return run_switch(config, "campaign stop", off, argc, argv);
}

enum cli_exit campaign_run_start(const struct config *config, int argc, char **argv)
{
    char on[] = "on";
    return run_switch(config, "campaign start", on, argc, argv);
}
