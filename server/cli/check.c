/* `huoma check`: the configuration in effect, and what its store promises. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "session.h"

struct check {
    struct session *session;
    enum store_result result;
    struct store_facts facts;
    int format;
};

static void keep_facts(void *ctx, enum store_result r, const struct store_facts *f)
{
    struct check *check = ctx;
    check->result = r;
    if (r == STORE_OK)
        check->facts = *f;
    session_done(check->session);
}

static void keep_format(void *ctx, enum store_result r, int format)
{
    struct check *check = ctx;
    check->result = r;
    check->format = format;
    session_done(check->session);
}

static void keep_result(void *ctx, enum store_result r)
{
    struct check *check = ctx;
    check->result = r;
    session_done(check->session);
}

/* The format and, if that is wanted, raises it: from then on no older program serves. */
static void look_at_format(struct check *check, bool finish)
{
    struct store *store = session_store(check->session);
    store_format(store, keep_format, check);
    session_run(check->session);
    if (check->result != STORE_OK || !finish || check->format >= store_format_known())
        return;
    store_raise_format(store, keep_result, check);
    session_run(check->session);
    if (check->result == STORE_OK)
        check->format = store_format_known();
}

/* What could lose a seat that a visitor was shown, or refuse one. */
static int print_warnings(const struct store_facts *f)
{
    int count = 0;
    if (!f->aof[0] || !f->fsync[0])
        count += printf("warning: the store does not say whether it keeps data (CONFIG is not allowed)\n") > 0;
    else if (strcmp(f->aof, "yes") != 0)
        count += printf("warning: appendonly is off: a restart of Redis loses seats that visitors were shown\n") > 0;
    else if (strcmp(f->fsync, "always") != 0)
        count +=
            printf("warning: appendfsync is %.16s: a crash may lose the seats of the last second; always loses none\n",
                   f->fsync) > 0;
    if (f->eviction[0] && strcmp(f->eviction, "noeviction") != 0)
        count += printf("warning: maxmemory-policy is %.32s: Redis may drop campaigns; noeviction does not\n",
                        f->eviction) > 0;
    return count;
}

bool cli_open_countries(const struct config *config, struct countries **ret_countries)
{
    char why[COUNTRY_TEXT_MAX];
    *ret_countries = NULL;
    if (!config->country_database[0])
        return true;
    *ret_countries = countries_open(config->country_database, why);
    if (!*ret_countries)
        cli_fail("country_database", "%s: %s", config->country_database, why);
    return *ret_countries != NULL;
}

static bool print_countries(const struct config *config)
{
    struct countries *countries;
    char text[COUNTRY_TEXT_MAX];
    if (!cli_open_countries(config, &countries))
        return false;
    if (countries) {
        countries_describe(countries, text);
        printf("\nCountries\n  %-20s %s\n", "database", text);
        countries_close(countries);
    }
    return true;
}

static void print_facts(const struct store_facts *f, int format)
{
    printf("\nStore\n");
    printf("  %-20s %d\n", "format", format);
    printf("  %-20s %.32s\n", "redis", f->version[0] ? f->version : "unknown");
    printf("  %-20s %s\n", "appendonly", f->aof[0] ? f->aof : "unknown");
    printf("  %-20s %.16s\n", "appendfsync", f->fsync[0] ? f->fsync : "unknown");
    printf("  %-20s %.32s\n", "eviction", f->eviction[0] ? f->eviction : "unknown");
    printf("  %-20s %lld\n\n", "campaigns", (long long)f->campaigns);
    if (format < store_format_known())
        printf("This huoma knows format %d. When no older one serves any more: huoma check --finish-upgrade\n\n",
               store_format_known());
}

enum cli_exit cli_check(const struct config *config, int argc, char **argv)
{
    static const struct cli_option options[] = {{"--finish-upgrade", false}, {NULL, false}};
    struct cli_walk w = {.command = "check", .argc = argc, .argv = argv};
    struct check check = {0};
    const char *value;
    bool finish = false;
    int option;
    while ((option = cli_next(&w, options, &value)) != CLI_END) {
        if (option != 0)
            return option == CLI_WRONG ? CLI_MISUSED : cli_misuse(w.command, "unexpected argument %s", value);
        finish = true;
    }
    char *shown = config_show(config);
    if (!shown)
        return cli_fail("check", "out of memory");
    printf("Configuration\n%s", shown);
    free(shown);
    bool countries = print_countries(config);
    fflush(stdout);
    if (!countries)
        return CLI_MISUSED;
    check.session = session_open(config);
    if (!check.session)
        return CLI_FAILED;
    store_facts(session_store(check.session), keep_facts, &check);
    session_run(check.session);
    if (check.result == STORE_OK)
        look_at_format(&check, finish);
    session_close(check.session);
    if (check.result != STORE_OK)
        return cli_fail_store("check", check.result);
    /* Of an embedded Redis what it is started with counts, not what this command's own one was given. */
    if (!config->redis_url[0] && config->appendfsync == CONFIG_FSYNC_EVERYSEC)
        snprintf(check.facts.fsync, sizeof check.facts.fsync, "everysec");
    print_facts(&check.facts, check.format);
    if (print_warnings(&check.facts) == 0)
        printf("All is well.\n");
    return CLI_DONE;
}
