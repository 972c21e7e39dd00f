/* `huoma poster` and `huoma sheet`: a campaign out of the store, printed here by the rules of the API. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "campaign_view.h"
#include "output.h"
#include "print_options.h"

/* How far a sheet is, on a terminal, from its second second on. */
struct progress {
    time_t said;
    bool shown;
};

static int show_progress(void *ctx, bool drawing, size_t done, size_t all)
{
    struct progress *p = ctx;
    time_t now = time(NULL);
    if (p->said == 0)
        p->said = now;
    if (now == p->said || !isatty(STDERR_FILENO))
        return 0;
    p->said = now;
    p->shown = true;
    fprintf(stderr, "\r%s %zu of %zu\033[K", drawing ? "drawn" : "proved", done, all);
    return 0;
}

/* What was asked for, by one function for both. */
static int draw(struct print_press *press, const struct print_options *o, struct print_campaign *of,
                struct cli_output *out, struct print_told *told, struct field_errors *errors)
{
    struct progress progress = {0, false};
    struct print_pace pace = {show_progress, &progress};
    if (!o->many)
        return print_draw(press, &o->print, of, cli_output_write, out, told, errors);
    int result = print_sheet_draw(press, &o->print, &o->sheet, of, &pace, cli_output_write, out, told, errors);
    if (progress.shown)
        fprintf(stderr, "\r\033[K");
    return result;
}

static enum cli_exit fail(const struct print_options *o, int result, const struct print_told *told,
                          const struct field_errors *errors)
{
    if (result == -EINVAL)
        return print_options_fail(o, errors);
    if (result == -ENOTSUP)
        return cli_fail(o->command, "%s", told->trouble);
    return cli_fail(o->file, "%s", strerror(-result));
}

/* What a person wants to know of what was made, where it is not in the way. */
static void say(const struct print_options *o, const struct print_told *told)
{
    FILE *to = strcmp(o->file, "-") == 0 ? stderr : stdout;
    fprintf(to, "%s", strcmp(o->file, "-") == 0 ? "stdout" : o->file);
    if (o->many)
        fprintf(to, ": %zu codes", o->sheet.count);
    if (told->margin >= 0)
        fprintf(to, "%s read by a decoder, with up to %d%% of dirt too", o->many ? ", all" : ":", told->margin);
    if (told->compact[0])
        fprintf(to, "; compact: %s", told->compact);
    fputc('\n', to);
}

static enum cli_exit make_file(const struct print_options *o, struct print_campaign *of)
{
    struct print_press *press = print_press_new();
    struct field_errors *errors = calloc(1, sizeof *errors);
    struct cli_output *out = press && errors ? cli_output_open(o->file) : NULL;
    struct print_told told;
    enum cli_exit code = CLI_FAILED;
    if (out) {
        int result = draw(press, o, of, out, &told, errors);
        code = cli_output_end(out, result == 0);
        if (result != 0)
            fail(o, result, &told, errors);
        else if (code == CLI_DONE)
            say(o, &told);
    } else if (!press || !errors) {
        cli_fail(o->command, "out of memory");
    }
    free(errors);
    print_press_free(press);
    return code;
}

static enum cli_exit make_csv(const struct print_options *o, const struct print_campaign *of)
{
    size_t len = 0;
    char *text = print_sheet_csv(&o->sheet, of->base_url, of->slug, &len);
    struct cli_output *out = text ? cli_output_open(o->csv) : NULL;
    enum cli_exit code = CLI_FAILED;
    if (out)
        code = cli_output_end(out, cli_output_write(out, text, len) == 0);
    else if (!text)
        cli_fail(o->command, "out of memory");
    free(text);
    return code;
}

struct logo_wait {
    struct session *session;
    struct print_campaign *of;
    enum store_result result;
};

static void logo_read(void *ctx, enum store_result r, const char *text, size_t len)
{
    struct logo_wait *w = ctx;
    w->result = r == STORE_NOT_FOUND ? STORE_OK : r;
    if (r == STORE_OK && !print_campaign_take_logo(w->of, text, len))
        w->result = STORE_BAD_REPLY;
    session_done(w->session);
}

static enum store_result read_logo(struct session *s, const struct print_options *o, struct print_campaign *of)
{
    struct logo_wait w = {s, of, STORE_OK};
    if (!print_wants_logo(&o->print))
        return STORE_OK;
    store_row_get(session_store(s), (struct store_rows){STORE_LOGOS, o->slug}, STORE_LOGO, logo_read, &w);
    session_run(s);
    return w.result;
}

static enum cli_exit make(const struct config *config, const struct print_options *o)
{
    struct print_campaign of = {.title = NULL};
    struct held_campaign h;
    struct session *s = session_open(config);
    if (!s)
        return CLI_FAILED;
    enum store_result r = held_campaign_read(s, o->slug, &h);
    bool taken = r == STORE_OK && print_campaign_take(&of, h.campaign, config->base_url);
    if (taken)
        r = read_logo(s, o, &of);
    held_campaign_clear(&h);
    session_close(s);
    enum cli_exit code = r != STORE_OK ? campaign_fail(o->slug, r)
                         : taken       ? CLI_DONE
                                       : cli_fail(o->command, "out of memory");
    if (code == CLI_DONE && o->file)
        code = make_file(o, &of);
    if (code == CLI_DONE && o->csv)
        code = make_csv(o, &of);
    print_campaign_clear(&of);
    return code;
}

static enum cli_exit run(const struct config *config, bool many, int argc, char **argv)
{
    struct print_options o;
    enum cli_exit code = CLI_MISUSED;
    if (print_options_read(&o, many, argc, argv))
        code = make(config, &o);
    print_options_clear(&o);
    return code;
}

enum cli_exit cli_poster(const struct config *config, int argc, char **argv)
{
    return run(config, false, argc, argv);
}

enum cli_exit cli_sheet(const struct config *config, int argc, char **argv)
{
    return run(config, true, argc, argv);
}
