/* What `huoma` can do: the table of commands, and what `huoma help` says of them. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char serve_help[] =
    "Usage: huoma serve [OPTIONS]\n"
    "\n"
    "Serves visitors and operators until SIGTERM or ctrl-C; then answers what is in flight and stops.\n"
    "Each HUOMA_X may also be given as HUOMA_X_FILE, naming a file that holds the value.\n"
    "\n"; /* the table of settings follows */

static const char export_help[] =
    "Usage: huoma export [-o FILE]\n"
    "\n"
    "Writes everything that is kept as JSON lines: campaigns with their counters and held seats, funnels, users, the "
    "audit log. "
    "Each\n"
    "campaign is of one moment; visitors may scan meanwhile. What lets anybody in is not in it: passwords, tokens, "
    "owner\n"
    "links, and the key of visitors' cookies. Without -o it goes to stdout.\n"
    "\n"
    "Next: huoma export -o huoma.jsonl, and elsewhere huoma import --dry-run huoma.jsonl\n";

static const char import_help[] =
    "Usage: huoma import [--from FORMAT] [--dry-run] [--images DIR] FILE\n"
    "\n"
    "Takes back what huoma export wrote, with counters, users without passwords and the audit log; or makes campaigns "
    "of\n"
    "what other programs export, whose old addresses go on working. A row that makes nothing is told with its line and "
    "the\n"
    "reason, and the exit code is then 1. The same file imported again changes nothing.\n"
    "\n"
    "Options\n"
    "  --from FORMAT   huoma, csv, likeyun, shlink, yourls or kutt; else it is told from the file\n"
    "  --dry-run       only say what would be made\n"
    "  --images DIR    likeyun: the images of its codes, which are read\n"
    "\n"
    "Next: huoma import --dry-run FILE\n";

static const char token_help[] =
    "Usage: huoma token create --name NAME --role ROLE [--days N] [--json]\n"
    "       huoma token list [--json]\n"
    "       huoma token delete ID\n"
    "\n"
    "Tokens for the admin API: Authorization: Bearer TOKEN. A token is printed once, then only its hash is kept.\n"
    "With --days it ends by itself.\n"
    "\n"
    "Roles\n"
    "  owner    accounts too\n"
    "  admin    everything about campaigns\n"
    "  editor   groups: limits, links, on and off\n"
    "  viewer   reads\n"
    "\n"
    "Next: huoma token create --name console --role admin\n";

static const char user_help[] =
    "Usage: huoma user add NAME [--role ROLE]\n"
    "       huoma user passwd NAME\n"
    "       huoma user list [--json]\n"
    "       huoma user delete NAME\n"
    "\n"
    "People who log in at the console. The password is asked for, or read from stdin when that is no terminal: 12\n"
    "characters at least. The first user is an owner unless --role says otherwise; the last owner stays. A new "
    "password\n"
    "ends all sessions of the user.\n"
    "\n"
    "Roles\n"
    "  owner    accounts too\n"
    "  admin    everything about campaigns\n"
    "  editor   groups: limits, links, on and off\n"
    "  viewer   reads\n"
    "\n"
    "Next: huoma user add anna --role admin\n";

static const char alert_help[] =
    "Usage: huoma alert list [--open] [--json]\n"
    "       huoma alert destination list [--json]\n"
    "       huoma alert destination add KIND --name NAME [OPTIONS]\n"
    "       huoma alert destination delete ID\n"
    "       huoma alert destination test ID\n"
    "\n"
    "What was told, the latest first, and where it is sent. A test prints what the other side says.\n"
    "\n"
    "Kinds\n"
    "  wecom, slack, discord   --url\n"
    "  dingtalk, feishu        --url, and --secret-file if the robot checks signatures\n"
    "  telegram                --secret-file (the bot's token) and --chat\n"
    "  webhook                 --url and --secret-file (whsec_ and base64)\n"
    "  mail                    --host, --from, --to; --user and --secret-file\n"
    "\n"
    "Options\n"
    "  --name NAME          what it is called\n"
    "  --url URL            the robot's address, https\n"
    "  --secret-file FILE   its first line is the secret; - is stdin\n"
    "  --language zh|en     of what is written there (zh)\n"
    "  --quiet HH:MM-HH:MM  when only what is urgent is sent\n"
    "  --timezone NAME      of those hours and of what is written, as Asia/Shanghai\n"
    "  --chat ID            of Telegram\n"
    "  --host HOST          of the mail server\n"
    "  --port N             likewise (587, or 465 with tls)\n"
    "  --security starttls|tls|none  likewise (starttls)\n"
    "  --user NAME          likewise\n"
    "  --from ADDRESS       who writes\n"
    "  --to ADDRESS,...     to whom\n"
    "\n"
    "Next: huoma alert destination add wecom --name Ops --url "
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY\n";

static const char funnel_help[] =
    "Usage: huoma funnel list [--json]\n"
    "       huoma funnel show ID [--json]\n"
    "       huoma funnel add TITLE --steps SLUG,SLUG,... [--channels NAME,...] [--json]\n"
    "       huoma funnel edit ID [--title TITLE] [--steps SLUG,...] [--channels NAME,...] [--json]\n"
    "       huoma funnel delete ID\n"
    "       huoma funnel stats ID [OPTIONS]\n"
    "\n"
    "A funnel is an ordered list of campaigns. Each step has a link that is posted in the groups of the step before "
    "it, "
    "and\n"
    "counted by a channel of its own: so it is known how many came on, and nobody is followed.\n"
    "\n"
    "Options\n"
    "  --steps SLUG,...     2 to 8 campaigns, in order\n"
    "  --channels NAME,...  up to 20 channels of the first step that are told apart in all steps: each step then has "
    "one "
    "more\n"
    "                       link for each of them, for groups that are that channel's alone\n"
    "  --title TITLE        what it is called\n"
    "  --from DAY           of stats, as 2026-11-25; a week until --to by default\n"
    "  --to DAY             likewise; today by default\n"
    "  --by day|channel     what the rows are (day)\n"
    "  --channel NAME       of this channel alone\n"
    "  --csv                for a spreadsheet\n"
    "  --json               for a program\n"
    "\n"
    "Next: huoma funnel add \"Spring\" --steps hello,event,shop --channels shop-1,shop-2\n";

static const char qr_help[] =
    "Usage: huoma qr URL [-o FILE] [OPTIONS]\n"
    "\n"
    "Without -o the code is drawn on the terminal. `-o -` writes SVG to stdout when that is not a terminal.\n"
    "\n"
    "Options\n"
    "  -o FILE         .svg, .png, .pdf or .eps\n"
    "  --terminal      draw it on the terminal\n"
    "  --size N        side with quiet zone; px of a PNG (1024), else mm (50)\n"
    "  --distance D    from which it must scan, as 3m or 80cm: chooses the size\n"
    "  --compact       scheme and host in capitals if that makes the code smaller; a path stays as it is: give it in\n"
    "                  capitals yourself where they mean the same, as in links of huoma\n"
    "  --shape S       of the modules: square or rounded (square)\n"
    "  --ecc L|M|Q|H   error correction (M)\n"
    "  --margin N      quiet zone in modules (4 at least)\n"
    "  --dark RRGGBB   colour of the modules (000000)\n"
    "  --light RRGGBB  colour of the ground (ffffff)\n"
    "  --logo FILE     a PNG or JPEG in its middle; raises the level to H. A code that it spoils is refused\n"
    "  --caption TEXT  a line below the code, of 60 characters at most; the file is 12% higher then\n"
    "\n"
    "Next: huoma qr https://q.example.com/spring-run -o spring-run.svg\n";

static const char poster_help[] =
    "Usage: huoma poster SLUG -o FILE [OPTIONS]\n"
    "\n"
    "Draws a page with the campaign's code to be printed, and reads it with a decoder before it is handed out. Texts "
    "that\n"
    "do not fit and codes that would not scan are refused, with what to change.\n"
    "\n"
    "Options\n"
    "  -o FILE           .pdf, .png or .svg\n"
    "  --channel NAME    behind the slug: where it hangs\n"
    "  --template T      poster, flyer, card, sticker, banner or moments (poster)\n"
    "  --paper P         a3, a4, a5 and others, as the template allows; its own by default\n"
    "  --title TEXT      the campaign's title by default\n"
    "  --subtitle TEXT\n"
    "  --steps TEXT      what to do, by | (scan, long-press, join); empty: none\n"
    "  --label TEXT      beside the code: where it hangs, in words\n"
    "  --language zh|en  of the steps (zh)\n"
    "  --colour RRGGBB   of the field (067a44)\n"
    "  --logo 0|1        the campaign's logo (1 if it has one)\n"
    "  --distance D      from which it must scan, as 3m or 80cm: the code is large enough, or it is said what would "
    "do\n"
    "  --bleed           3 mm of colour beyond the cut\n"
    "  --marks           crop marks\n"
    "  --ecc L|M|Q|H     error correction at least (M)\n"
    "  --shape S         of the modules: square or rounded (square)\n"
    "  --compact         the link in capitals, if that makes the code smaller\n"
    "  --dpi N           of a PNG\n"
    "\n"
    "Next: huoma poster spring-run -o spring-run.pdf\n";

static const char sheet_help[] =
    "Usage: huoma sheet SLUG --channels FILE|a,b,c -o FILE.pdf [--csv FILE] [OPTIONS]\n"
    "\n"
    "One PDF with a print for each of up to 1,000 channels (shops, lamp posts, volunteers), each with a code of its "
    "own:\n"
    "its scans are counted by channel. All codes are read with a decoder first.\n"
    "\n"
    "Options\n"
    "  --channels C      a list, or a file with a channel a line, as shop-1 or shop-1,what is printed beside it\n"
    "  -o FILE           .pdf\n"
    "  --csv FILE        channels and their links, for a spreadsheet\n"
    "  --layout L        pages: one each; grid: as many on a page as it holds, with cut marks (pages)\n"
    "  --sheet-paper P   of the grid: a4, a3 or letter (a4)\n"
    "  --template T      poster, flyer, card, sticker, banner or moments (poster)\n"
    "  --paper P         a3, a4, a5 and others, as the template allows; its own by default\n"
    "  --title TEXT      the campaign's title by default\n"
    "  --subtitle TEXT\n"
    "  --steps TEXT      what to do, by | (scan, long-press, join); empty: none\n"
    "  --label TEXT      of those without one; the channel's name by default, empty: none\n"
    "  --language zh|en  of the steps (zh)\n"
    "  --colour RRGGBB   of the field (067a44)\n"
    "  --logo 0|1        the campaign's logo (1 if it has one)\n"
    "  --distance D      from which it must scan, as 3m or 80cm: the code is large enough, or it is said what would "
    "do\n"
    "  --bleed           3 mm of colour beyond the cut\n"
    "  --marks           crop marks\n"
    "  --ecc L|M|Q|H     error correction at least (M)\n"
    "  --shape S         of the modules: square or rounded (square)\n"
    "  --compact         the link in capitals, if that makes the code smaller\n"
    "\n"
    "Next: huoma sheet spring-run --channels shops.txt --template sticker --layout grid -o stickers.pdf\n";

static const char check_help[] =
    "Usage: huoma check [--finish-upgrade] [--config FILE] [flags of serve]\n"
    "\n"
    "Prints the configuration in effect, with secrets masked, and what the store promises.\n"
    "\n"
    "Options\n"
    "  --finish-upgrade   the store gets the newest format that this huoma knows; older ones end, and never start "
    "again\n"
    "\n"
    "Exit 1 when the store is not reachable, 2 when the configuration or the country database cannot be used.\n"
    "\n"
    "Next: huoma help serve\n";

static const char completion_help[] =
    "Usage: huoma completion bash|zsh\n"
    "\n"
    "Prints what makes the shell complete commands and options of huoma.\n"
    "\n"
    "Next: source <(huoma completion bash)      (in ~/.bashrc, or ~/.zshrc with zsh)\n";

static const char help_help[] =
    "Usage: huoma help [COMMAND [TOPIC]]\n"
    "       huoma help --man\n"
    "\n"
    "Says what a command does and which options it has. The topic `all` is everything about it.\n"
    "--man prints the manual page, huoma(1).\n"
    "\n"
    "Next: huoma help campaign groups\n";

const struct cli_command cli_commands[] = {
    {"serve", "serve visitors and operators", serve_help, NULL, true, true, cli_serve},
    {"campaign", "list, show, create, edit and delete campaigns", cli_campaign_help, cli_campaign_topics, true, false,
     cli_campaign},
    {"user", "add, list and delete people who log in, set their passwords", user_help, NULL, true, false, cli_user},
    {"token", "make, list and delete tokens for the admin API", token_help, NULL, true, false, cli_token},
    {"alert", "show what was told, and where it is sent", alert_help, NULL, true, false, cli_alert},
    {"funnel", "lead people from campaign to campaign, and count who comes on", funnel_help, NULL, true, false,
     cli_funnel},
    {"qr", "draw a code as SVG, PNG, PDF, EPS or on the terminal", qr_help, NULL, false, false, cli_qr},
    {"poster", "draw a page with a campaign's code to be printed", poster_help, NULL, true, false, cli_poster},
    {"sheet", "draw prints for many channels of a campaign", sheet_help, NULL, true, false, cli_sheet},
    {"export", "write everything that is kept as JSON lines", export_help, NULL, true, false, cli_export},
    {"import", "take back an export, or what other programs export", import_help, NULL, true, false, cli_import},
    {"check", "show the configuration and look at the store", check_help, NULL, true, false, cli_check},
    {"completion", "print what completes commands in bash and zsh", completion_help, NULL, false, false,
     cli_completion},
    {"help", "say more about a command", help_help, NULL, false, false, cli_help},
    {NULL, NULL, NULL, NULL, false, false, NULL},
};

const struct cli_command *cli_find_command(const char *name)
{
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

void cli_print_overview(FILE *out)
{
    fprintf(out,
            "huoma %s: one printed QR code, every group filled in turn\n\nUsage: huoma COMMAND [OPTIONS]\n\nCommands\n",
            HUOMA_VERSION);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        fprintf(out, "  %-10s %s\n", c->name, c->summary);
    fprintf(out, "\nSettings come from a file (--config), the environment (HUOMA_...) and flags; a later one wins.\n"
                 "\nNext: huoma serve --demo, or huoma help COMMAND\n");
}

static enum cli_exit print_help(const struct cli_command *c)
{
    printf("%s", c->help);
    if (!c->serves)
        return CLI_DONE;
    char *table = config_describe();
    if (!table)
        return cli_fail("help", "out of memory");
    printf("%s\nNext: huoma check\n", table);
    free(table);
    return CLI_DONE;
}

static enum cli_exit print_topic(const struct cli_command *c, const char *topic)
{
    bool all = strcmp(topic, "all") == 0, found = all;
    enum cli_exit code = all ? print_help(c) : CLI_DONE;
    for (const struct cli_topic *t = c->topics; t && t->name; t++) {
        if (!all && strcmp(t->name, topic) != 0)
            continue;
        printf("%s%s", all ? "\n" : "", t->help);
        found = true;
    }
    if (found)
        return code;
    cli_fail("help", "%s has no topic %.40s (huoma help %s)", c->name, topic, c->name);
    return CLI_MISUSED;
}

enum cli_exit cli_help(const struct config *config, int argc, char **argv)
{
    (void)config;
    if (argc > 2)
        return cli_misuse("help", "more than COMMAND and TOPIC");
    if (argc == 0) {
        cli_print_overview(stdout);
        return CLI_DONE;
    }
    if (argc == 1 && strcmp(argv[0], "--man") == 0)
        return cli_print_man() ? CLI_DONE : cli_fail("help", "out of memory");
    const struct cli_command *c = cli_find_command(argv[0]);
    if (c)
        return argc == 1 ? print_help(c) : print_topic(c, argv[1]);
    cli_fail("help", "there is no command %.40s (huoma help)", argv[0]);
    return CLI_MISUSED;
}
