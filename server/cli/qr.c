/* `huoma qr`: a code for any link, as a file or on the terminal. Needs neither configuration nor store. */
#include "qr.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "canvas.h"
#include "distance.h"
#include "output.h"

enum { PNG_PX = 1024, PRINT_MM = 50 };

enum form { FORM_SVG, FORM_PNG, FORM_PDF, FORM_EPS, FORM_NONE, FORM_TERMINAL };

struct order {
    const char *url, *file;
    enum form form;
    enum qr_ecc ecc;
    struct qr_look look;
    long size;       /* px or mm; 0: the form's own */
    double distance; /* mm; 0: any */
    bool compact, terminal;
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

static bool set_shape(struct order *o, const char *value)
{
    o->look.rounded = strcmp(value, "rounded") == 0;
    return o->look.rounded || strcmp(value, "square") == 0;
}

static bool set_option(struct order *o, const char *name, const char *value)
{
    if (strcmp(name, "-o") == 0 || strcmp(name, "--output") == 0) {
        o->file = value;
        return value[0] != '\0';
    }
    if (strcmp(name, "--compact") == 0)
        return o->compact = true;
    if (strcmp(name, "--terminal") == 0)
        return o->terminal = true;
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

static bool read_order(struct order *o, int argc, char **argv)
{
    static const struct cli_option options[] = {{"-o", true},      {"--output", true},   {"--terminal", false},
                                                {"--size", true},  {"--distance", true}, {"--compact", false},
                                                {"--shape", true}, {"--ecc", true},      {"--margin", true},
                                                {"--dark", true},  {"--light", true},    {NULL, false}};
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
static enum form form_of(const struct order *o)
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
            return (enum form)i;
    return FORM_NONE;
}

/* In capitals if that is asked for and means the same; says what was gained. */
static int encode(const struct order *o, struct qr_symbol *symbol)
{
    size_t len = strlen(o->url);
    if (!o->compact)
        return qr_encode(o->url, len, o->ecc, symbol);
    char said[QR_COMPACT_SAID], *text = malloc(len + 1);
    int result = text ? qr_encode_compact(o->url, len, 0, o->ecc, symbol, text, said) : -ENOMEM;
    if (result == 0)
        fprintf(stderr, "compact: %s\n", said);
    free(text);
    return result;
}

/* The side: what is asked for, what the distance needs, or the form's own. 0: said on stderr that it can't be. */
static long choose_size(const struct order *o, const struct qr_symbol *symbol)
{
    int all = symbol->size + 2 * o->look.margin;
    if (o->form == FORM_PNG) {
        long px = o->size ? o->size : PNG_PX;
        if (px < all)
            cli_fail("--size", "at least %d: a pixel for each module and the margin", all);
        return px < all ? 0 : px;
    }
    double needed = o->distance > 0 ? ceil(qr_distance_width(o->distance, symbol->size) * all / symbol->size) : 0;
    if (needed > QR_MM_MAX) {
        cli_fail("--distance", "needs a code of %.0f mm, and %d mm are the most", needed, QR_MM_MAX);
        return 0;
    }
    if (o->size && (double)o->size < needed) {
        cli_fail("--size", "too small for this distance: at least %.0f mm", needed);
        return 0;
    }
    return o->size ? o->size : needed > 0 ? (long)needed : PRINT_MM;
}

static int draw(const struct order *o, const struct qr_symbol *symbol, long size, struct cli_output *out)
{
    int all = symbol->size + 2 * o->look.margin;
    double side = o->form == FORM_PNG ? (double)(size / all * all) : (double)size; /* modules of whole pixels */
    double left = floor(((double)size - side) / 2);
    static const enum qr_form FORMS[] = {QR_SVG, QR_PNG, QR_PDF, QR_EPS};
    struct qr_canvas *canvas =
        qr_canvas_new(FORMS[o->form], (double)size, (double)size, 0, o->url, cli_output_write, out);
    if (!canvas)
        return -ENOMEM;
    cairo_t *cr = qr_canvas_cairo(canvas);
    qr_colour_set(cr, o->look.light);
    cairo_paint(cr);
    qr_code_draw(cr, symbol, &o->look, left, left, side);
    return qr_canvas_end(canvas);
}

/* What is nothing but squares needs no drawing library. */
static int put(const struct order *o, const struct qr_symbol *symbol, long size, struct cli_output *out)
{
    size_t len = 0;
    if (o->look.rounded || o->form > FORM_PNG)
        return draw(o, symbol, size, out);
    void *image = o->form == FORM_PNG ? (void *)qr_to_png(symbol, &o->look, (int)size, &len)
                                      : (void *)qr_to_svg(symbol, &o->look, (double)size, &len);
    int result = image ? cli_output_write(out, image, len) : -ENOMEM;
    free(image);
    return result;
}

static enum cli_exit print_file(const struct order *o, const struct qr_symbol *symbol)
{
    long size = choose_size(o, symbol);
    struct cli_output *out = size ? cli_output_open(o->file) : NULL;
    if (!out)
        return CLI_FAILED;
    int result = put(o, symbol, size, out);
    enum cli_exit code = cli_output_end(out, result == 0);
    return result == 0 ? code : cli_fail("qr", "%s", strerror(-result));
}

static enum cli_exit print_terminal(const struct qr_symbol *symbol)
{
    size_t len;
    char *text = qr_to_terminal(symbol, getenv("NO_COLOR") == NULL, &len);
    bool good = text && fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0;
    free(text);
    return good ? CLI_DONE : cli_fail("qr", "%s", strerror(text ? errno : ENOMEM));
}

static enum cli_exit misused(const struct order *o)
{
    if (o->form == FORM_NONE && o->file)
        return cli_misuse("qr", "%s: the name must end in .svg, .png, .pdf or .eps", o->file);
    if (o->form == FORM_NONE)
        return cli_misuse("qr", "needs -o FILE where the output is not a terminal");
    if (o->form == FORM_PNG && o->distance > 0)
        return cli_misuse("qr", "--distance: not of a PNG, which has no millimetres");
    if (o->form != FORM_PNG && o->size > QR_MM_MAX)
        return cli_misuse("qr", "--size: at most %d mm", QR_MM_MAX);
    return CLI_DONE;
}

enum cli_exit cli_qr(const struct config *config, int argc, char **argv)
{
    struct order o = {.ecc = QR_ECC_M, .look = {.margin = QR_QUIET, .dark = 0x000000, .light = 0xffffff}};
    struct qr_symbol symbol;
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
    int r = encode(&o, &symbol);
    if (r != 0)
        return cli_fail("qr", r == -E2BIG    ? "the URL is too long for a code"
                              : r == -EINVAL ? "the URL is empty"
                                             : "out of memory");
    code = o.form == FORM_TERMINAL ? print_terminal(&symbol) : print_file(&o, &symbol);
    qr_symbol_clear(&symbol);
    return code;
}
