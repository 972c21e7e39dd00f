/* `huoma qr`: a code for any link, as a file or on the terminal. Needs neither configuration nor store. */
#include "qr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "distance.h"
#include "logo_file.h"
#include "qr_file.h"

static bool read_number(const char *text, long least, long most, long *n)
{
    char *end;
    errno = 0;
    *n = strtol(text, &end, 10);
    return end != text && *end == '\0' && errno == 0 && *n >= least && *n <= most;
}

static bool set_ecc(struct qr_order *o, const char *value)
{
    static const char levels[] = "LMQH";
    const char *level = value[0] && !value[1] ? strchr(levels, value[0]) : NULL;
    if (level)
        o->ecc = (enum qr_ecc)(level - levels);
    return o->ecc_given = level != NULL;
}

static bool set_margin(struct qr_order *o, const char *value)
{
    long n;
    bool good = read_number(value, QR_QUIET, QR_QUIET_MAX, &n);
    if (good)
        o->look.margin = (int)n;
    return good;
}

static bool set_shape(struct qr_order *o, const char *value)
{
    o->look.rounded = strcmp(value, "rounded") == 0;
    return o->look.rounded || strcmp(value, "square") == 0;
}

static bool set_option(struct qr_order *o, const char *name, const char *value)
{
    if (strcmp(name, "-o") == 0 || strcmp(name, "--output") == 0) {
        o->file = value;
        return value[0] != '\0';
    }
    if (strcmp(name, "--compact") == 0)
        return o->compact = true;
    if (strcmp(name, "--terminal") == 0)
        return o->terminal = true;
    if (strcmp(name, "--logo") == 0)
        return *(o->logo_file = value) != '\0';
    if (strcmp(name, "--caption") == 0)
        return *(o->caption = value) != '\0';
    if (strcmp(name, "--size") == 0)
        return read_number(value, 1, QR_PX_MAX, &o->size);
    if (strcmp(name, "--ecc") == 0)
        return set_ecc(o, value);
    if (strcmp(name, "--margin") == 0)
        return set_margin(o, value);
    if (strcmp(name, "--shape") == 0)
        return set_shape(o, value);
    if (strcmp(name, "--distance") == 0)
        return qr_distance_from_text(value, strlen(value), &o->distance);
    return qr_colour_from_text(value, strlen(value), strcmp(name, "--dark") == 0 ? &o->look.dark : &o->look.light);
}

static bool read_order(struct qr_order *o, int argc, char **argv)
{
    static const struct cli_option options[] = {
        {"-o", true},         {"--output", true}, {"--terminal", false}, {"--size", true},   {"--distance", true},
        {"--compact", false}, {"--shape", true},  {"--ecc", true},       {"--margin", true}, {"--dark", true},
        {"--light", true},    {"--logo", true},   {"--caption", true},   {NULL, false}};
    struct cli_walk w = {.command = "qr", .argc = argc, .argv = argv};
    const char *value;
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (option == CLI_ARGUMENT && o->url) {
            cli_misuse(w.command, "more than one URL");
            return false;
        }
        if (option == CLI_ARGUMENT) {
            o->url = value;
        } else if (!set_option(o, options[option].name, value)) {
            cli_misuse(w.command, "%s: %s is not possible", options[option].name, value);
            return false;
        }
    }
    if (!o->url)
        cli_misuse(w.command, "needs a URL");
    return o->url != NULL;
}

/* By the file's name; "-" is stdout. */
static enum qr_order_form form_of(const struct qr_order *o)
{
    static const char *const SUFFIXES[] = {".svg", ".png", ".pdf", ".eps"};
    if (o->terminal)
        return FORM_TERMINAL;
    if (!o->file)
        return isatty(STDOUT_FILENO) ? FORM_TERMINAL : FORM_NONE;
    if (strcmp(o->file, "-") == 0)
        return isatty(STDOUT_FILENO) ? FORM_TERMINAL : FORM_SVG;
    const char *dot = strrchr(o->file, '.');
    for (int i = 0; dot && i < FORM_NONE; i++)
        if (strcasecmp(dot, SUFFIXES[i]) == 0)
            return (enum qr_order_form)i;
    return FORM_NONE;
}

/* In capitals if that is asked for and means the same; says what was gained. text: room for the URL; what it says. */
static int encode(const struct qr_order *o, struct qr_symbol *symbol, char *text)
{
    size_t len = strlen(o->url);
    enum qr_ecc ecc = o->logo_file ? QR_ECC_H : o->ecc;
    if (!o->compact) {
        memcpy(text, o->url, len + 1);
        return qr_encode(o->url, len, ecc, symbol);
    }
    char said[QR_COMPACT_SAID];
    int result = qr_encode_compact(o->url, len, 0, ecc, symbol, text, said);
    if (result == 0)
        fprintf(stderr, "compact: %s\n", said);
    return result;
}

static enum cli_exit print_terminal(const struct qr_symbol *symbol)
{
    size_t len;
    char *text = qr_to_terminal(symbol, getenv("NO_COLOR") == NULL, &len);
    bool good = text && fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0;
    free(text);
    return good ? CLI_DONE : cli_fail("qr", "%s", strerror(text ? errno : ENOMEM));
}

static enum cli_exit misused(const struct qr_order *o)
{
    if (o->form == FORM_NONE && o->file)
        return cli_misuse("qr", "%s: the name must end in .svg, .png, .pdf or .eps", o->file);
    if (o->form == FORM_NONE)
        return cli_misuse("qr", "needs -o FILE where the output is not a terminal");
    if (o->form == FORM_PNG && o->distance > 0)
        return cli_misuse("qr", "--distance: not of a PNG, which has no millimetres");
    if (o->form != FORM_PNG && o->size > QR_MM_MAX)
        return cli_misuse("qr", "--size: at most %d mm", QR_MM_MAX);
    if (o->form == FORM_TERMINAL && (o->logo_file || o->caption))
        return cli_misuse("qr", "%s: not on the terminal", o->logo_file ? "--logo" : "--caption");
    if (o->logo_file && o->ecc_given && o->ecc != QR_ECC_H)
        return cli_misuse("qr", "--ecc: %s", qr_logo_needs);
    return CLI_DONE;
}

/* symbol and text are made and gone here. */
static enum cli_exit print(const struct qr_order *o)
{
    struct qr_symbol symbol;
    char *text = malloc(strlen(o->url) + 1);
    int r = text ? encode(o, &symbol, text) : -ENOMEM;
    enum cli_exit code = CLI_FAILED;
    if (r != 0) {
        cli_fail("qr", r == -E2BIG    ? "the URL is too long for a code"
                       : r == -EINVAL ? "the URL is empty"
                                      : "out of memory");
    } else {
        code = o->form == FORM_TERMINAL ? print_terminal(&symbol) : qr_file_make(o, &symbol, text);
        qr_symbol_clear(&symbol);
    }
    free(text);
    return code;
}

enum cli_exit cli_qr(const struct config *config, int argc, char **argv)
{
    struct qr_order o = {.ecc = QR_ECC_M, .look = {.margin = QR_QUIET, .dark = 0x000000, .light = 0xffffff}};
    struct qr_logo logo = {.argb = NULL};
    size_t len;
    (void)config;
    if (!read_order(&o, argc, argv))
        return CLI_MISUSED;
    o.form = form_of(&o);
    enum cli_exit code = misused(&o);
    if (code != CLI_DONE)
        return code;
    const char *refused = qr_look_refused(&o.look);
    if (refused)
        return cli_fail("qr", "%s", refused);
    if (o.logo_file) {
        unsigned char *file = logo_file_read(o.logo_file, &len, &logo);
        if (!file)
            return CLI_FAILED;
        free(file);
        o.look.logo = &logo;
    }
    code = print(&o);
    qr_logo_clear(&logo);
    return code;
}
