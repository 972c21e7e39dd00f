/*
 * `huoma help --man`: all of the help as a manual page, made of the same texts. They are read as they look: a line
 * "Usage:", headings in front of rows, rows of two columns ("  --title TEXT   what visitors read"), and paragraphs.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { ROW_INDENT = 2, USAGE_INDENT = 7 };

/* A piece of a line. */
struct piece {
    const char *at;
    size_t len;
};

static struct piece trimmed(const char *at, size_t len)
{
    while (len > 0 && *at == ' ')
        at++, len--;
    while (len > 0 && at[len - 1] == ' ')
        len--;
    return (struct piece){at, len};
}

/* Text that stays as it is: what roff would take for a command, a quote or a hyphen is written out. */
static void put_escaped(struct piece p)
{
    if (p.len > 0 && (p.at[0] == '.' || p.at[0] == '\''))
        printf("\\&");
    for (size_t i = 0; i < p.len; i++) {
        switch (p.at[i]) {
        case '\\':
            printf("\\(rs");
            break;
        case '-':
            printf("\\-");
            break;
        case '\'':
            printf("\\(aq");
            break;
        case '`':
            printf("\\(ga");
            break;
        case '^':
            printf("\\(ha");
            break;
        case '~':
            printf("\\(ti");
            break;
        case '"':
            printf("\\(dq");
            break;
        default:
            putchar(p.at[i]);
        }
    }
}

static void put_line(const char *macro, struct piece p)
{
    if (macro)
        printf("%s ", macro);
    put_escaped(p);
    putchar('\n');
}

static struct piece line_at(const char *text)
{
    return (struct piece){text, strcspn(text, "\n")};
}

static size_t indent_of(struct piece line)
{
    size_t n = 0;
    while (n < line.len && line.at[n] == ' ')
        n++;
    return n;
}

static bool begins(struct piece line, const char *with)
{
    return line.len >= strlen(with) && memcmp(line.at, with, strlen(with)) == 0;
}

/* "  --title TEXT   what visitors read" */
static void put_row(struct piece line)
{
    size_t end = ROW_INDENT;
    while (end < line.len && !(line.at[end] == ' ' && end + 1 < line.len && line.at[end + 1] == ' '))
        end++;
    struct piece meaning = trimmed(line.at + end, line.len - end);
    printf(".TP\n");
    put_line(".B", trimmed(line.at, end));
    if (meaning.len)
        put_line(NULL, meaning);
}

/* What a reader of the text is to see of a line, given the one behind it. */
static void put_text_line(struct piece line, struct piece next, bool in_usage)
{
    size_t indent = indent_of(line);
    if (line.len == 0)
        printf(".PP\n");
    else if (begins(line, "Usage: "))
        put_line(".B", trimmed(line.at + USAGE_INDENT, line.len - USAGE_INDENT));
    else if (indent == USAGE_INDENT && in_usage) {
        printf(".br\n");
        put_line(".B", trimmed(line.at, line.len));
    } else if (indent == ROW_INDENT)
        put_row(line);
    else if (indent == 0 && next.len > 0 && indent_of(next) == ROW_INDENT) {
        printf(".PP\n");
        put_line(".I", line);
    } else
        put_line(NULL, trimmed(line.at, line.len));
}

/* One help text. What it proposes to do next is for the terminal only. */
static void put_text(const char *text)
{
    bool usage = false;
    while (*text) {
        struct piece line = line_at(text);
        text += line.len + (text[line.len] == '\n');
        struct piece next = line_at(text);
        if (begins(line, "Next: "))
            break;
        if (line.len == 0 && (next.len == 0 || begins(next, "Next: ")))
            continue;
        usage = begins(line, "Usage: ") || (usage && indent_of(line) == USAGE_INDENT);
        put_text_line(line, next, usage);
    }
}

/* The table of settings: flag, environment, default and meaning, in columns that stand below those of the head. */
static bool put_settings(void)
{
    char *table = config_describe();
    const char *environment = table ? strstr(table, "ENVIRONMENT") : NULL;
    const char *fallback = table ? strstr(table, "DEFAULT") : NULL;
    const char *meaning = table ? strstr(table, "MEANING") : NULL;
    if (!environment || !fallback || !meaning) {
        free(table);
        return false;
    }
    size_t second = (size_t)(environment - table), third = (size_t)(fallback - table), last = (size_t)(meaning - table);
    for (const char *row = table + strcspn(table, "\n") + 1; *row; row += strcspn(row, "\n") + 1) {
        struct piece line = line_at(row);
        if (line.len <= last)
            continue;
        struct piece flag = trimmed(row, second), variable = trimmed(row + second, third - second);
        struct piece value = trimmed(row + third, last - third);
        printf(".TP\n.B ");
        put_escaped(flag);
        printf("%s", flag.len && variable.len ? ", " : "");
        put_escaped(variable);
        putchar('\n');
        put_line(NULL, (struct piece){row + last, line.len - last});
        if (value.len) {
            printf("(default: ");
            put_escaped(value);
            printf(")\n");
        }
    }
    free(table);
    return true;
}

static const char man_head[] = ".TH HUOMA 1 \"\" \"huoma " HUOMA_VERSION "\"\n"
                               ".SH NAME\n"
                               "huoma \\- one printed QR code, every group filled in turn\n"
                               ".SH SYNOPSIS\n"
                               ".B huoma\n"
                               ".I COMMAND\n"
                               ".RI [ OPTIONS ]\n"
                               ".SH DESCRIPTION\n"
                               "Each scan of a campaign\\(aqs code takes a seat in the first group with room.\n"
                               "Settings come from a file\n"
                               ".RB ( \\-\\-config ),\n"
                               "the environment\n"
                               ".RB ( HUOMA_... )\n"
                               "and flags; a later one wins.\n"
                               "Every command that works on the store takes the flags of\n"
                               ".BR \"huoma serve\" .\n"
                               ".SH COMMANDS\n";

static const char man_tail[] = ".SH EXIT STATUS\n"
                               ".TP\n.B 0\ndone\n"
                               ".TP\n.B 1\nfailed: one line on stderr says what and why\n"
                               ".TP\n.B 2\nwrong usage or configuration\n"
                               ".SH SEE ALSO\n"
                               ".BR redis\\-server (1)\n";

bool cli_print_man(void)
{
    printf("%s", man_head);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        printf(".TP\n.B %s\n%s\n", c->name, c->summary);
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        printf(".SH HUOMA %s\n", c->name);
        put_text(c->help);
        if (c->serves && !put_settings())
            return false;
        for (const struct cli_topic *t = c->topics; t && t->name; t++) {
            printf(".SS huoma help %s %s\n", c->name, t->name);
            put_text(t->help);
        }
    }
    printf("%s", man_tail);
    return true;
}
