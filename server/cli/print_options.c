/* See print_options.h. */
#include "print_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "campaign_request.h"

enum { LINE_MAX_BYTES = 512 /* of a line of --channels FILE */ };

enum use { POSTER = 1, SHEET = 2, BOTH = 3 };

/* The first ones are no parameters. */
enum { OUTPUT, OUTPUT_LONG, CHANNELS, CSV, PARAMETERS };

static const struct {
    const char *option, *parameter;
    bool takes_value;
    enum use use;
} table[] = {
    [OUTPUT] = {"-o", NULL, true, BOTH},
    [OUTPUT_LONG] = {"--output", NULL, true, BOTH},
    [CHANNELS] = {"--channels", NULL, true, SHEET},
    [CSV] = {"--csv", NULL, true, SHEET},
    {"--channel", "channel", true, POSTER},
    {"--template", "template", true, BOTH},
    {"--paper", "paper", true, BOTH},
    {"--layout", "layout", true, SHEET},
    {"--sheet-paper", "sheet_paper", true, SHEET},
    {"--title", "title", true, BOTH},
    {"--subtitle", "subtitle", true, BOTH},
    {"--steps", "steps", true, BOTH},
    {"--label", "label", true, BOTH},
    {"--language", "language", true, BOTH},
    {"--colour", "colour", true, BOTH},
    {"--logo", "logo", true, BOTH},
    {"--distance", "distance", true, BOTH},
    {"--bleed", "bleed", false, BOTH},
    {"--marks", "marks", false, BOTH},
    {"--ecc", "ecc", true, BOTH},
    {"--shape", "shape", true, BOTH},
    {"--compact", "compact", false, BOTH},
    {"--dpi", "dpi", true, POSTER},
};

enum { COUNT = sizeof table / sizeof *table };

/* --- options as parameters --- */

static long get_from_options(const void *from, const char *name, char *out, size_t size)
{
    const char *const *values = from;
    for (int i = PARAMETERS; i < COUNT; i++) {
        if (strcmp(table[i].parameter, name) != 0 || !values[i])
            continue;
        int len = snprintf(out, size, "%s", table[i].takes_value ? values[i] : "1");
        return len < (int)size ? len : -1;
    }
    return -2;
}

/* As it is typed: "--sheet-paper" for sheet_paper; what is no option stays what it is. */
static const char *option_of(const char *field)
{
    for (int i = PARAMETERS; i < COUNT; i++)
        if (strcmp(table[i].parameter, field) == 0)
            return table[i].option;
    return field;
}

enum cli_exit print_options_fail(const struct print_options *o, const struct field_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++)
        cli_fail(option_of(errors->list[i].field), "%s", errors->list[i].reason);
    if (errors->more)
        cli_fail(o->command, "%zu more errors", errors->more);
    return CLI_FAILED;
}

/* --- channels --- */

/* "shop-1" or "shop-1,what is printed beside it"; empty lines and those that begin with # are none. */
static bool read_line(struct print_options *o, const char *path, int number, char *line, struct field_errors *errors)
{
    char field[FIELD_NAME_MAX];
    line[strcspn(line, "\r\n")] = '\0';
    char *label = strchr(line, ',');
    if (line[0] == '\0' || line[0] == '#')
        return true;
    if (label)
        *label++ = '\0';
    snprintf(field, sizeof field, "%.60s, line %d", path, number);
    return print_sheet_add(&o->sheet, line, label, field, errors);
}

static bool read_file(struct print_options *o, const char *path, FILE *f, struct field_errors *errors)
{
    char line[LINE_MAX_BYTES];
    for (int number = 1; fgets(line, sizeof line, f); number++) {
        if (!strchr(line, '\n') && !feof(f)) {
            cli_fail(path, "line %d is longer than %d bytes", number, (int)sizeof line - 2);
            return false;
        }
        if (!read_line(o, path, number, line, errors)) {
            cli_fail(path, "out of memory");
            return false;
        }
    }
    if (ferror(f))
        cli_fail(path, "%s", strerror(errno));
    return !ferror(f);
}

static bool read_list(struct print_options *o, const char *list, struct field_errors *errors)
{
    char *copy = strdup(list), *rest = copy, *name;
    bool good = copy != NULL;
    while (good && (name = strsep(&rest, ",")))
        good = print_sheet_add(&o->sheet, name, NULL, "--channels", errors);
    free(copy);
    if (!good)
        cli_fail("--channels", "out of memory");
    return good;
}

/* A file if there is one of that name, else a list. */
static bool read_channels(struct print_options *o, const char *value, struct field_errors *errors)
{
    bool standard = strcmp(value, "-") == 0;
    FILE *f = standard ? stdin : access(value, F_OK) == 0 || strchr(value, '/') ? fopen(value, "re") : NULL;
    if (!f && strchr(value, '/')) {
        cli_fail(value, "%s", strerror(errno));
        return false;
    }
    bool good = f ? read_file(o, value, f, errors) : read_list(o, value, errors);
    if (f && !standard)
        fclose(f);
    if (good)
        print_sheet_check(&o->sheet, errors);
    return good;
}

/* --- all of it --- */

static bool walk(struct print_options *o, const char *values[COUNT], int argc, char **argv)
{
    struct cli_option options[COUNT + 1];
    int place[COUNT], count = 0;
    const char *value;
    for (int i = 0; i < COUNT; i++) {
        if (!(table[i].use & (o->many ? SHEET : POSTER)))
            continue;
        place[count] = i;
        options[count++] = (struct cli_option){table[i].option, table[i].takes_value};
    }
    options[count] = (struct cli_option){NULL, false};
    struct cli_walk w = {.command = o->command, .argc = argc, .argv = argv};
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (option >= 0) {
            values[place[option]] = value;
        } else if (o->slug[0] || !campaign_request_slug(value, o->slug)) {
            cli_misuse(o->command, o->slug[0] ? "more than one SLUG" : "%s is not a slug", value);
            return false;
        }
    }
    if (!o->slug[0])
        cli_misuse(o->command, "needs a SLUG");
    return o->slug[0] != '\0';
}

static bool find_form(const char *file, bool many, enum qr_form *ret)
{
    static const struct {
        const char *suffix;
        enum qr_form form;
    } forms[] = {{".pdf", QR_PDF}, {".png", QR_PNG}, {".svg", QR_SVG}};
    const char *dot = strrchr(file, '.');
    *ret = QR_PDF;
    for (size_t i = 0; dot && i < (many ? 1 : sizeof forms / sizeof *forms); i++) {
        *ret = forms[i].form;
        if (strcasecmp(dot, forms[i].suffix) == 0)
            return true;
    }
    return strcmp(file, "-") == 0;
}

/* What cannot be, before anything is opened. */
static bool check_use(struct print_options *o, const char *const *values)
{
    o->file = values[OUTPUT_LONG] ? values[OUTPUT_LONG] : values[OUTPUT];
    o->csv = values[CSV];
    if (!o->file && !o->csv)
        cli_misuse(o->command, o->many ? "needs -o FILE.pdf or --csv FILE" : "needs -o FILE");
    else if (o->many && !values[CHANNELS])
        cli_misuse(o->command, "needs --channels FILE or a,b,c");
    else if (o->file && !find_form(o->file, o->many, &o->print.form))
        cli_misuse(o->command, "%s: the name must end in %s", o->file, o->many ? ".pdf" : ".pdf, .png or .svg");
    else if (o->file && strcmp(o->file, "-") == 0 && isatty(STDOUT_FILENO))
        cli_misuse(o->command, "-o -: stdout is a terminal");
    else
        return true;
    return false;
}

bool print_options_read(struct print_options *o, bool many, int argc, char **argv)
{
    const char *values[COUNT] = {NULL};
    struct field_errors errors = {.count = 0};
    struct print_source source = {get_from_options, values};
    *o = (struct print_options){.command = many ? "sheet" : "poster", .many = many};
    o->print.kind = PRINT_POSTER;
    if (!walk(o, values, argc, argv) || !check_use(o, values))
        return false;
    if (many) {
        if (!read_channels(o, values[CHANNELS], &errors))
            return false;
        print_read_sheet(&source, &o->print, &errors);
    } else {
        print_read(&source, &o->print, &errors);
    }
    if (errors.count > 0)
        print_options_fail(o, &errors);
    return errors.count == 0;
}

void print_options_clear(struct print_options *o)
{
    print_sheet_clear(&o->sheet);
}
