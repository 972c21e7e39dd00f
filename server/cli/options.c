/* Arguments of commands, and errors in one voice. See cli.h. */
#include <stdarg.h>
#include <string.h>

#include "campaign_json_memory.h"
#include "cli.h"

static void say(const char *what, const char *format, va_list ap, const char *more)
{
    fflush(stdout);
    fprintf(stderr, "huoma: %s: ", what);
    vfprintf(stderr, format, ap);
    fprintf(stderr, "%s\n", more);
}

enum cli_exit cli_fail(const char *what, const char *why_format, ...)
{
    va_list ap;
    va_start(ap, why_format);
    say(what, why_format, ap, "");
    va_end(ap);
    return CLI_FAILED;
}

enum cli_exit cli_misuse(const char *command, const char *why_format, ...)
{
    char more[64];
    va_list ap;
    snprintf(more, sizeof more, " (huoma help %.*s)", (int)strcspn(command, " "), command);
    va_start(ap, why_format);
    say(command, why_format, ap, more);
    va_end(ap);
    return CLI_MISUSED;
}

/* What a result of the store means to a person, and whether something was changed by what came to it. */
static const struct meaning {
    const char *text;
    enum { UNTOLD, UNCHANGED, UNKNOWN } effect;
} meanings[STORE_RESULT_COUNT] = {
    [STORE_OK] = {"done", UNTOLD},
    [STORE_FULL] = {"no group is open", UNTOLD},
    [STORE_NOT_FOUND] = {"not found", UNTOLD},
    [STORE_CONFLICT] = {"exists already", UNTOLD},
    [STORE_ALIAS_TAKEN] = {"an alias belongs to another campaign", UNCHANGED},
    [STORE_STALE] = {"no longer kept", UNTOLD},
    [STORE_UNAVAILABLE] = {"the store is not reachable", UNCHANGED},
    [STORE_TIMEOUT] = {"the store did not answer in time", UNKNOWN},
    [STORE_BAD_REPLY] = {"the store's answer makes no sense", UNKNOWN},
    [STORE_NO_SPACE] = {"the store has no room", UNCHANGED},
    [STORE_TOO_LARGE] = {"more than can be read at once", UNCHANGED},
    [STORE_LAST_OWNER] = {"the last owner stays", UNCHANGED},
};

enum cli_exit cli_fail_store(const char *what, enum store_result r)
{
    static const char *const effects[] = {
        [UNTOLD] = "", [UNCHANGED] = "; nothing was changed", [UNKNOWN] = "; whether something was changed is unknown"};
    return cli_fail(what, "%s%s", meanings[r].text, effects[meanings[r].effect]);
}

enum cli_exit cli_fail_midway(const char *what, enum store_result r, size_t made)
{
    bool unknown = meanings[r].effect == UNKNOWN, short_of_memory = r == STORE_UNAVAILABLE && json_memory_was_short();
    if (made == 0 && short_of_memory)
        return cli_fail(what, "out of memory; nothing was changed");
    if (made == 0)
        return cli_fail_store(what, r);
    return cli_fail(what,
                    "%s; %zu %s made before it%s. Run it again: what is there already stays, and the rest is made",
                    short_of_memory ? "out of memory" : meanings[r].text, made, made == 1 ? "was" : "were",
                    unknown ? ", and whether those on their way were is unknown" : "");
}

/* Of an argument that is not ours only the name is repeated: its value may be a secret. */
static int refuse(struct cli_walk *w, const char *argument)
{
    cli_misuse(w->command, "unknown option %.*s", (int)strcspn(argument, "="), argument);
    return CLI_WRONG;
}

int cli_next(struct cli_walk *w, const struct cli_option *options, const char **value)
{
    if (w->at < w->argc && !w->only_arguments && strcmp(w->argv[w->at], "--") == 0) {
        w->only_arguments = true;
        w->at++;
    }
    if (w->at >= w->argc)
        return CLI_END;
    const char *a = w->argv[w->at++];
    *value = a;
    if (w->only_arguments || a[0] != '-' || a[1] == '\0')
        return CLI_ARGUMENT;
    for (int i = 0; options[i].name; i++) {
        size_t len = strlen(options[i].name);
        if (strncmp(a, options[i].name, len) != 0 || (a[len] != '\0' && a[len] != '='))
            continue;
        if (!options[i].takes_value && a[len] == '=') {
            cli_misuse(w->command, "%s takes no value", options[i].name);
            return CLI_WRONG;
        }
        if (a[len] == '=')
            *value = a + len + 1;
        else if (options[i].takes_value && w->at < w->argc)
            *value = w->argv[w->at++];
        else if (options[i].takes_value) {
            cli_misuse(w->command, "%s needs a value", options[i].name);
            return CLI_WRONG;
        }
        return i;
    }
    return refuse(w, a);
}
