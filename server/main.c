/* `huoma`: command line -> configuration -> command. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "campaign_json_memory.h"
#include "cli.h"
#include "log.h"
#include "server.h"

/* What every command stands on: three open descriptors (else a socket becomes stderr), no death by SIGPIPE, UTF-8. */
static bool prepare_process(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
    signal(SIGPIPE, SIG_IGN);
    json_memory_watch();
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, "");
    return sodium_init() >= 0;
}

static bool is_any(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (is_any(argv[i], "--help", "-h"))
            return true;
    return false;
}

static enum cli_exit run_command(const struct cli_command *command, int argc, char **argv)
{
    static struct config config;
    char err[CONFIG_ERR_MAX];
    if (asks_for_help(argc, argv))
        return cli_help(NULL, 1, (char *[]){(char *)command->name, NULL});
    if (!command->needs_config)
        return command->run(NULL, argc, argv);
    if (config_load(&config, &argc, argv, err) != 0) {
        fprintf(stderr, "huoma: %s\n", err);
        return CLI_MISUSED;
    }
    if (!command->serves && (config.demo || config.ready_file[0]))
        return cli_misuse(command->name, "--demo and --ready-file are for serve");
    if (config.timezone[0]) {
        setenv("TZ", config.timezone, 1);
        tzset();
    }
    return command->run(&config, argc, argv);
}

enum cli_exit cli_serve(const struct config *config, int argc, char **argv)
{
    static const struct cli_option none[] = {{NULL, false}};
    struct cli_walk w = {.command = "serve", .argc = argc, .argv = argv};
    const char *value;
    int option = cli_next(&w, none, &value);
    if (option != CLI_END)
        return option == CLI_WRONG ? CLI_MISUSED : cli_misuse(w.command, "unexpected argument %s", value);
    log_set_level((enum log_level)config->log_level);
    struct countries *countries = NULL;
    if (!cli_open_countries(config, &countries))
        return CLI_MISUSED;
    int result = server_run(config, countries);
    countries_close(countries);
    return result == 0 ? CLI_DONE : CLI_FAILED;
}

static enum cli_exit run(int argc, char **argv)
{
    if (!prepare_process())
        return cli_fail("libsodium", "it does not start");
    if (argc < 2) {
        cli_print_overview(stderr);
        return CLI_MISUSED;
    }
    if (is_any(argv[1], "--version", "-V"))
        return printf("huoma %s\n", HUOMA_VERSION) > 0 ? CLI_DONE : CLI_FAILED;
    if (is_any(argv[1], "--help", "-h"))
        return cli_help(NULL, 0, NULL);
    const struct cli_command *command = cli_find_command(argv[1]);
    if (!command) {
        cli_fail("command line", "there is no command %.40s (huoma help)", argv[1]);
        return CLI_MISUSED;
    }
    return run_command(command, argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
    enum cli_exit code = run(argc, argv);
    /* What was printed is only done when it has left: a full disk or a closed pipe shows here. */
    if (fflush(stdout) != 0 || ferror(stdout))
        code = errno == EPIPE ? CLI_FAILED : cli_fail("output", "%s", strerror(errno));
    return (int)code;
}
