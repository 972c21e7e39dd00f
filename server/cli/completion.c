/*
 * `huoma completion`: what a shell needs to complete our command line. The script asks `huoma help` for commands, verbs
 * and options, so there is no second list of them.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const char zsh_first[] = "autoload -U +X bashcompinit && bashcompinit\n";

static const char script[] =
    "_huoma() {\n"
    "  local current=${COMP_WORDS[COMP_CWORD]} command= help words\n"
    "  if [ \"$COMP_CWORD\" -gt 1 ]; then command=${COMP_WORDS[1]}; fi\n"
    "  COMPREPLY=()\n"
    "  help=$(\"$1\" help ${command:+\"$command\" all} 2>/dev/null) || return\n"
    "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
    "    words=$(printf '%s\\n' \"$help\" | sed -nE 's/^  ([a-z]+) +.*/\\1/p')\n"
    "  else\n"
    "    words=$(printf '%s\\n' \"$help\" | grep -oE -e '(^|[ |[])--?[a-z][a-z-]*' | tr -d ' |[' | sort -u)\n"
    "  fi\n"
    "  if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
    "    words=\"$words $(printf '%s\\n' \"$help\" | sed -nE \"s/^(Usage:)? +huoma $command +([a-z]+).*/\\\\2/p\" | "
    "sort -u)\"\n"
    "  fi\n"
    "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
    "}\n"
    "complete -o default -F _huoma huoma\n";

enum cli_exit cli_completion(const struct config *config, int argc, char **argv)
{
    (void)config;
    if (argc == 1 && strcmp(argv[0], "zsh") == 0)
        return printf("%s%s", zsh_first, script) < 0 ? CLI_FAILED : CLI_DONE;
    if (argc == 1 && strcmp(argv[0], "bash") == 0)
        return printf("%s", script) < 0 ? CLI_FAILED : CLI_DONE;
    return cli_misuse("completion", "needs bash or zsh");
}
