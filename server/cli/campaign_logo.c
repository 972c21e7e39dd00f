/* `huoma campaign logo`: what is told of a campaign's logo, the file itself, another one or none. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "campaign_request.h"
#include "campaign_view.h"
#include "logo_file.h"
#include "logo_record.h"
#include "output.h"

static const char command[] = "campaign logo";

struct wish {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    const char *set, *output; /* files; NULL: not given */
    bool delete;
};

/* One call of the store after the other, and what they brought. */
struct work {
    struct session *session;
    const struct wish *wish;
    enum store_result result;
    char *was; /* the logo that is there, as a text; owned; NULL: none */
};

static void keep_result(void *ctx, enum store_result r)
{
    struct work *w = ctx;
    w->result = r;
    session_done(w->session);
}

static void keep_logo(void *ctx, enum store_result r, const char *text, size_t len)
{
    struct work *w = ctx;
    free(w->was);
    w->was = r == STORE_OK ? strndup(text, len) : NULL;
    keep_result(w, r == STORE_OK && !w->was ? STORE_UNAVAILABLE : r);
}

static enum store_result read_logo(struct work *w)
{
    store_row_get(session_store(w->session), (struct store_rows){STORE_LOGOS, w->wish->slug}, STORE_LOGO, keep_logo, w);
    session_run(w->session);
    return w->result;
}

static enum cli_exit fail_none(const struct work *w)
{
    return cli_fail(command, "%s has no logo", w->wish->slug);
}

/* --- what is there --- */

/* The file; NULL: said on stderr. */
static unsigned char *get_file(struct work *w, size_t *len)
{
    struct held_campaign h;
    enum store_result r = held_campaign_read(w->session, w->wish->slug, &h);
    held_campaign_clear(&h);
    if (r != STORE_OK) {
        campaign_fail(w->wish->slug, r);
        return NULL;
    }
    r = read_logo(w);
    unsigned char *file = r == STORE_OK ? logo_from_text(w->was, strlen(w->was), len) : NULL;
    if (r == STORE_NOT_FOUND)
        fail_none(w);
    else if (!file)
        cli_fail_store(command, r == STORE_OK ? STORE_BAD_REPLY : r);
    return file;
}

static enum cli_exit show(struct work *w)
{
    char etag[ANSWER_ETAG];
    size_t len = 0;
    unsigned char *file = get_file(w, &len);
    if (!file)
        return CLI_FAILED;
    answer_etag(file, len, etag);
    printf("%s, %zu bytes, ETag %s\n\nNext: huoma campaign logo %s -o logo.%s\n", logo_type(file, len), len, etag,
           w->wish->slug, file[0] == 0xff ? "jpg" : "png");
    free(file);
    return CLI_DONE;
}

static enum cli_exit save_file(struct work *w)
{
    size_t len = 0;
    unsigned char *file = get_file(w, &len);
    struct cli_output *out = file ? cli_output_open(w->wish->output) : NULL;
    enum cli_exit code = CLI_FAILED;
    if (out) {
        int result = cli_output_write(out, file, len);
        code = cli_output_end(out, result == 0);
        if (result != 0)
            cli_fail(w->wish->output, "%s", strerror(-result));
    }
    free(file);
    return code;
}

/* --- another one, or none --- */

/* text: what it becomes; NULL: none. */
static void change_once(struct work *w, const char *text)
{
    struct audit_change change = {NULL, NULL};
    char target[AUDIT_TARGET_MAX];
    logo_audit(&change, w->was, text);
    snprintf(target, sizeof target, "campaign:%s", w->wish->slug);
    struct store_audit audit = session_audit("campaign.logo", target, &change);
    store_row_change(session_store(w->session), (struct store_rows){STORE_LOGOS, w->wish->slug}, STORE_LOGO,
                     text ? STORE_PUT : STORE_SAME, w->was, text, &audit, keep_result, w);
    session_run(w->session);
    audit_change_clear(&change);
}

/* A change that another one came before is made anew upon that one. */
static enum cli_exit change(struct work *w, const char *text)
{
    enum store_result r = STORE_STALE;
    for (int i = 0; i < CAMPAIGN_TRIES && r == STORE_STALE; i++) {
        r = read_logo(w);
        if (r == STORE_OK || (r == STORE_NOT_FOUND && text)) {
            change_once(w, text);
            r = w->result;
        }
    }
    if (r == STORE_NOT_FOUND && !text)
        return fail_none(w);
    if (r == STORE_STALE)
        return cli_fail(command, "others keep changing it; nothing was changed, try again");
    if (r != STORE_OK)
        return campaign_fail(w->wish->slug, r);
    printf("%s has %s logo.\n", w->wish->slug, text ? "this" : "no");
    return CLI_DONE;
}

/* --- the command --- */

static bool read_wish(struct wish *w, int argc, char **argv)
{
    static const struct cli_option options[] = {
        {"--set", true}, {"--delete", false}, {"-o", true}, {"--output", true}, {NULL, false}};
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    const char *value;
    *w = (struct wish){.set = NULL};
    for (int option; (option = cli_next(&walk, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (option == CLI_ARGUMENT && (w->slug[0] || !campaign_request_slug(value, w->slug))) {
            cli_misuse(command, w->slug[0] ? "more than one SLUG" : "%s is not a slug", value);
            return false;
        }
        if (option == 0)
            w->set = value;
        else if (option > 1)
            w->output = value;
        w->delete = w->delete || option == 1;
    }
    if (!w->slug[0])
        cli_misuse(command, "needs a SLUG");
    else if ((w->set != NULL) + (w->output != NULL) + w->delete > 1)
        cli_misuse(command, "--set, --delete and -o cannot be given together");
    else if (w->output && strcmp(w->output, "-") == 0 && isatty(STDOUT_FILENO))
        cli_misuse(command, "-o -: stdout is a terminal");
    else
        return true;
    return false;
}

/* text: of the file that is to be set; else NULL. */
static enum cli_exit run(const struct config *config, const struct wish *wish, const char *text)
{
    struct work w = {.wish = wish, .session = session_open(config)};
    if (!w.session)
        return CLI_FAILED;
    enum cli_exit code = text || wish->delete ? change(&w, text) : wish->output ? save_file(&w) : show(&w);
    free(w.was);
    session_close(w.session);
    return code;
}

enum cli_exit campaign_run_logo(const struct config *config, int argc, char **argv)
{
    struct wish wish;
    if (!read_wish(&wish, argc, argv))
        return CLI_MISUSED;
    if (!wish.set)
        return run(config, &wish, NULL);
    struct qr_logo logo;
    size_t len = 0;
    unsigned char *file = logo_file_read(wish.set, &len, &logo);
    char *text = file ? logo_to_text(file, len) : NULL;
    enum cli_exit code = CLI_FAILED;
    if (text)
        code = run(config, &wish, text);
    else if (file)
        cli_fail(command, "out of memory");
    qr_logo_clear(&logo);
    free(text);
    free(file);
    return code;
}
