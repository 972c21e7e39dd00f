/*
 * `huoma completion`: what a shell needs to complete our command line. The scripts ask `huoma help` for commands, verbs
 * and options, so there is no second list of them.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* How both find them in the text of a help. */
#define COMMANDS "sed -nE 's/^  ([a-z]+) +.*/\\1/p'"
#define OPTIONS "grep -oE -e '(^|[ |[])--?[a-z][a-z-]*' | tr -d ' |[' | sort -u"
#define VERBS "sed -nE \"s/^(Usage:)? +huoma $command +([a-z][a-z-]*).*/\\\\2/p\" | sort -u"

static const char bash_script[] = "_huoma() {\n"
                                  "  local current=${COMP_WORDS[COMP_CWORD]} command= help words\n"
                                  "  if [ \"$COMP_CWORD\" -gt 1 ]; then command=${COMP_WORDS[1]}; fi\n"
                                  "  COMPREPLY=()\n"
                                  "  help=$(\"$1\" help ${command:+\"$command\" all} 2>/dev/null) || return\n"
                                  "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                                  "    words=$(printf '%s\\n' \"$help\" | " COMMANDS ")\n"
                                  "  else\n"
                                  "    words=$(printf '%s\\n' \"$help\" | " OPTIONS ")\n"
                                  "  fi\n"
                                  "  if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
                                  "    words=\"$words $(printf '%s\\n' \"$help\" | " VERBS ")\"\n"
                                  "  fi\n"
                                  "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                                  "}\n"
                                  "complete -o default -F _huoma huoma\n";

/* Either a file of its own that compinit finds by its first line, and which is then the function's body, or sourced. */
static const char zsh_script[] =
    "#compdef huoma\n"
    "_huoma() {\n"
    "  local command= help found\n"
    "  if (( CURRENT > 2 )); then command=${words[2]}; fi\n"
    "  help=$(${(Q)words[1]} help ${command:+$command} ${command:+all} 2>/dev/null) || { _default; return }\n"
    "  if (( CURRENT == 2 )); then\n"
    "    found=$(print -r -- \"$help\" | " COMMANDS ")\n"
    "  else\n"
    "    found=$(print -r -- \"$help\" | " OPTIONS ")\n"
    "  fi\n"
    "  if (( CURRENT == 3 )); then\n"
    "    found=\"$found\n$(print -r -- \"$help\" | " VERBS ")\"\n"
    "  fi\n"
    "  compadd -- ${(f)found} || _default\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _huoma ]; then\n"
    "  _huoma \"$@\"\n"
    "else\n"
    "  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n"
    "  compdef _huoma huoma\n"
    "fi\n";

enum cli_exit cli_completion(const struct config *config, int argc, char **argv)
{
    (void)config;
    if (argc == 1 && strcmp(argv[0], "zsh") == 0)
        return printf("%s", zsh_script) < 0 ? CLI_FAILED : CLI_DONE;
    if (argc == 1 && strcmp(argv[0], "bash") == 0)
        return printf("%s", bash_script) < 0 ? CLI_FAILED : CLI_DONE;
    return cli_misuse("completion", "needs bash or zsh");
}
