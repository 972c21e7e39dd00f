/* `huoma qr`: a code for any link, as a file or on the terminal. Needs neither configuration nor store. */
#include "qr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

enum { PNG_PX = 1024, SVG_MM = 50 };

enum form { FORM_NONE, FORM_SVG, FORM_PNG, FORM_TERMINAL };

struct order {
    const char *url, *file;
    enum form form;
    enum qr_ecc ecc;
    struct qr_look look;
    long size; /* px or mm; 0: the form's own */
};

static bool read_number(const char *text, long least, long most, long *n)
{
    char *end;
    errno = 0;
    *n = strtol(text, &end, 10);
    return end != text && *end == '\0' && errno == 0 && *n >= least && *n <= most;
}

static bool set_ecc(struct order *o, const char *value)
{
    static const char levels[] = "LMQH";
    const char *level = value[0] && !value[1] ? strchr(levels, value[0]) : NULL;
    if (level)
        o->ecc = (enum qr_ecc)(level - levels);
    return level != NULL;
}

static bool set_margin(struct order *o, const char *value)
{
    long n;
    bool good = read_number(value, QR_QUIET, QR_QUIET_MAX, &n);
    if (good)
        o->look.margin = (int)n;
    return good;
}

static bool set_option(struct order *o, int option, const char *value)
{
    switch (option) {
    case 0:
    case 1:
        o->file = value;
        return value[0] != '\0';
    case 2:
        return read_number(value, 1, QR_PX_MAX, &o->size);
    case 3:
        return set_ecc(o, value);
    case 4:
        return set_margin(o, value);
    case 5:
        return qr_colour_from_text(value, strlen(value), &o->look.dark);
    default:
        return qr_colour_from_text(value, strlen(value), &o->look.light);
    }
}

static bool read_order(struct order *o, int argc, char **argv)
{
    static const struct cli_option options[] = {{"-o", true},      {"--output", true}, {"--size", true},
                                                {"--ecc", true},   {"--margin", true}, {"--dark", true},
                                                {"--light", true}, {NULL, false}};
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
        } else if (!set_option(o, option, value)) {
            cli_misuse(w.command, "%s: %s is not possible", options[option].name, value);
            return false;
        }
    }
    if (!o->url)
        cli_misuse(w.command, "needs a URL");
    return o->url != NULL;
}

/* By the file's name; "-" is stdout. */
static enum form form_of(const struct order *o)
{
    if (!o->file)
        return isatty(STDOUT_FILENO) ? FORM_TERMINAL : FORM_NONE;
    const char *dot = strrchr(o->file, '.');
    if (strcmp(o->file, "-") == 0)
        return isatty(STDOUT_FILENO) ? FORM_TERMINAL : FORM_SVG;
    return dot && strcasecmp(dot, ".svg") == 0 ? FORM_SVG : dot && strcasecmp(dot, ".png") == 0 ? FORM_PNG : FORM_NONE;
}

static char *draw(const struct order *o, const struct qr_symbol *symbol, size_t *len)
{
    switch (o->form) {
    case FORM_SVG:
        return qr_to_svg(symbol, &o->look, o->size ? (double)o->size : SVG_MM, len);
    case FORM_PNG:
        return (char *)qr_to_png(symbol, &o->look, o->size ? (int)o->size : PNG_PX, len);
    default:
        return qr_to_terminal(symbol, getenv("NO_COLOR") == NULL, len);
    }
}

/* Written beside it and put in its place whole, so that a file which is there is never half overwritten. What is no
 * file
 * (/dev/stdout, a pipe) is written to directly. */
static enum cli_exit write_file(const char *path, const char *bytes, size_t len)
{
    struct stat st;
    char beside[4096];
    bool direct = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    if (!direct && snprintf(beside, sizeof beside, "%s.XXXXXX", path) >= (int)sizeof beside)
        return cli_fail(path, "%s", strerror(ENAMETOOLONG));
    int fd = direct ? -1 : mkostemp(beside, O_CLOEXEC);
    FILE *f = direct ? fopen(path, "we") : fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f)
        return cli_fail(path, "%s", strerror(errno));
    mode_t mask = umask(0);
    umask(mask);
    bool good = fwrite(bytes, 1, len, f) == len && (direct || fchmod(fd, 0666 & ~mask) == 0);
    good = fclose(f) == 0 && good;
    if (good && !direct)
        good = rename(beside, path) == 0;
    if (good)
        return CLI_DONE;
    int why = errno;
    if (!direct)
        unlink(beside);
    return cli_fail(path, "%s", strerror(why));
}

static enum cli_exit print_symbol(const struct order *o, const struct qr_symbol *symbol)
{
    size_t len;
    char *bytes = draw(o, symbol, &len);
    if (!bytes)
        return cli_fail("qr", o->form == FORM_PNG ? "--size is too small for this code" : "out of memory");
    enum cli_exit code = CLI_DONE;
    if (o->file && strcmp(o->file, "-") != 0)
        code = write_file(o->file, bytes, len);
    else if (fwrite(bytes, 1, len, stdout) != len)
        code = cli_fail("qr", "%s", strerror(errno));
    free(bytes);
    return code;
}

enum cli_exit cli_qr(const struct config *config, int argc, char **argv)
{
    struct order o = {.ecc = QR_ECC_M, .look = {.margin = QR_QUIET, .dark = 0x000000, .light = 0xffffff}};
    struct qr_symbol symbol;
    (void)config;
    if (!read_order(&o, argc, argv))
        return CLI_MISUSED;
    o.form = form_of(&o);
    if (o.form == FORM_NONE && o.file)
        return cli_misuse("qr", "%s: the name must end in .svg or .png", o.file);
    if (o.form == FORM_NONE)
        return cli_misuse("qr", "needs -o FILE where the output is not a terminal");
    if (o.form == FORM_SVG && o.size > QR_MM_MAX)
        return cli_misuse("qr", "--size: at most %d mm", QR_MM_MAX);
    const char *refused = qr_look_refused(&o.look);
    if (refused)
        return cli_fail("qr", "%s", refused);
    int r = qr_encode(o.url, strlen(o.url), o.ecc, &symbol);
    if (r != 0)
        return cli_fail("qr", r == -E2BIG    ? "the URL is too long for a code"
                              : r == -EINVAL ? "the URL is empty"
                                             : "out of memory");
    enum cli_exit code = print_symbol(&o, &symbol);
    qr_symbol_clear(&symbol);
    return code;
}
