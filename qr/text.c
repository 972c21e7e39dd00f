/*
 * Text by pangocairo. Nothing of the machine's taste comes in: no other font steps in for a missing character, no
 * hinting, no screen's resolution, no locale, so that the same text is set the same everywhere.
 *
 * Pango is told points, never millimetres: its own rounding is then far below what a printer can show. Lines are placed
 * by the em box (0.88 above the baseline for this font), not by the font's generous line height: a box of Chinese
 * characters is then as high as it looks.
 */
#include "text.h"

#include <fontconfig/fontconfig.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char FAMILY[] = "Noto Sans CJK SC";
static const char FAMILY_PACKAGE[] = "fonts-noto-cjk";
static const double MM_PER_POINT = 25.4 / 72;
static const double ASCENT = 0.88; /* of the em box above the baseline */
static const double PITCH = 1.28;  /* from line to line, in ems */
/* A text of two lines is set in one if that costs no more than this share of its size. */
static const double ONE_LINE = 0.67;
static const double MARK_SHARE = 0.85; /* of its size is left to a text that is broken behind a mark */
enum { MARKS_TRIED = 8 };
enum { FIT_STEPS = 6, BALANCE_STEPS = 7, MARKS_MAX = 2 };

struct qr_type {
    PangoFontMap *map;
    PangoContext *context;
    PangoFont *face[2]; /* regular, bold: to ask what they have */
};

bool qr_refuse(struct qr_refusal *ret, const char *field, const char *format, ...)
{
    va_list args;

    ret->field = field;
    va_start(args, format);
    vsnprintf(ret->reason, sizeof ret->reason, format, args);
    va_end(args);
    return false;
}

static PangoFontDescription *describe(bool bold, double points)
{
    PangoFontDescription *d = pango_font_description_new();

    pango_font_description_set_family_static(d, FAMILY);
    pango_font_description_set_weight(d, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_absolute_size(d, points * PANGO_SCALE);
    return d;
}

static PangoFont *load_face(struct qr_type *t, bool bold)
{
    PangoFontDescription *d = describe(bold, 100);
    PangoFont *font = pango_font_map_load_font(t->map, t->context, d);

    pango_font_description_free(d);
    return font;
}

/*
 * The family's files and nothing else: no rule of the machine's or the user's fontconfig has a say in how they are
 * drawn (an antialias=false there would win over cairo's font options). NULL: the family isn't there.
 */
static FcConfig *find_fonts(void)
{
    FcConfig *machine = FcInitLoadConfigAndFonts(), *own = FcConfigCreate();
    FcPattern *pattern = FcPatternBuild(NULL, FC_FAMILY, FcTypeString, FAMILY, (char *)NULL);
    FcObjectSet *wanted = FcObjectSetBuild(FC_FILE, (char *)NULL);
    FcFontSet *set = FcFontList(machine, pattern, wanted);
    int added = 0;

    for (int i = 0; own && set && i < set->nfont; i++) {
        FcChar8 *file;
        if (FcPatternGetString(set->fonts[i], FC_FILE, 0, &file) == FcResultMatch)
            added += FcConfigAppFontAddFile(own, file);
    }
    if (set)
        FcFontSetDestroy(set);
    FcObjectSetDestroy(wanted);
    FcPatternDestroy(pattern);
    if (machine)
        FcConfigDestroy(machine);
    if (own && !added)
        FcConfigDestroy(own);
    return added ? own : NULL;
}

/* Found once in a process: a map of pango 1.50 never lets go of its fontconfig. */
static FcConfig *own_fonts(void)
{
    static GMutex mutex;
    static FcConfig *fonts;

    g_mutex_lock(&mutex);
    if (!fonts)
        fonts = find_fonts();
    g_mutex_unlock(&mutex);
    return fonts;
}

/* A map of fonts, and a context to set text with; false: the family isn't there. */
static bool map_fonts(struct qr_type *t)
{
    FcConfig *fonts = own_fonts();
    cairo_font_options_t *options = cairo_font_options_create();

    t->map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
    if (fonts)
        pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(t->map), fonts);
    pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(t->map), 72);
    t->context = pango_font_map_create_context(t->map);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(t->context, options);
    cairo_font_options_destroy(options);
    pango_cairo_context_set_resolution(t->context, 72);
    pango_context_set_round_glyph_positions(t->context, FALSE);
    pango_context_set_base_dir(t->context, PANGO_DIRECTION_LTR);
    return fonts != NULL;
}

struct qr_type *qr_type_new(char *error, size_t size)
{
    struct qr_type *t = g_new0(struct qr_type, 1);

    if (map_fonts(t)) {
        t->face[0] = load_face(t, false);
        t->face[1] = load_face(t, true);
    }
    if (!t->face[0] || !t->face[1]) {
        snprintf(error, size, "the font %s isn't installed (Debian's package %s)", FAMILY, FAMILY_PACKAGE);
        qr_type_free(t);
        return NULL;
    }
    return t;
}

void qr_type_free(struct qr_type *t)
{
    if (!t)
        return;
    g_clear_object(&t->face[0]);
    g_clear_object(&t->face[1]);
    g_object_unref(t->context);
    g_object_unref(t->map);
    g_free(t);
}

/* What has no place in a printed line: it can't be seen, or turns what can (bidirectional overrides). */
static bool invisible(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
        return true;
    default:
        return false;
    }
}

static bool text_allowed(struct qr_type *t, const struct qr_box *b, struct qr_refusal *ret)
{
    int chars = 0, marks = 0;

    /* a bound in bytes first: nothing below reads on for ever */
    if (strnlen(b->text, (size_t)b->chars * 6 + 1) > (size_t)b->chars * 6)
        return qr_refuse(ret, b->field, "at most %d characters", b->chars);
    if (!g_utf8_validate(b->text, -1, NULL))
        return qr_refuse(ret, b->field, "must be UTF-8");
    for (const char *p = b->text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        char utf8[8] = "";

        if (++chars > b->chars)
            return qr_refuse(ret, b->field, "at most %d characters", b->chars);
        if (c == '\n' && b->lines > 1)
            continue;
        if (invisible(c))
            return qr_refuse(ret, b->field, "has an invisible character, U+%04X", c);
        utf8[g_unichar_to_utf8(c, utf8)] = '\0';
        if (!pango_font_has_char(t->face[b->bold], c))
            return qr_refuse(ret, b->field, "the character %s (U+%04X) can't be printed: the font %s lacks it%s", utf8,
                             c, FAMILY, c >= 0x1F000 || c == 0xFE0F || c == 0x20E3 ? ", as all emoji" : "");
        marks = g_unichar_ismark(c) ? marks + 1 : 0;
        if (marks > MARKS_MAX)
            return qr_refuse(ret, b->field, "more than %d accents on a letter", MARKS_MAX);
    }
    return true;
}

static PangoLayout *layout_new(struct qr_type *t, const struct qr_box *b)
{
    PangoLayout *layout = pango_layout_new(t->context);
    PangoAttrList *attributes = pango_attr_list_new();

    pango_attr_list_insert(attributes, pango_attr_fallback_new(FALSE));
    pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
    pango_attr_list_insert(attributes,
                           pango_attr_language_new(pango_language_from_string(b->language == QR_ZH ? "zh-cn" : "en")));
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
    pango_layout_set_auto_dir(layout, FALSE);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD);
    pango_layout_set_text(layout, b->text, -1);
    return layout;
}

static void layout_size(PangoLayout *layout, bool bold, double em)
{
    PangoFontDescription *d = describe(bold, em / MM_PER_POINT);

    pango_layout_set_font_description(layout, d);
    pango_font_description_free(d);
}

/* Lines are at most so wide; -1: only broken by hand. */
static void layout_wrap(PangoLayout *layout, double width)
{
    pango_layout_set_width(layout, width < 0 ? -1 : (int)lround(width / MM_PER_POINT * PANGO_SCALE));
}

static double layout_width(PangoLayout *layout)
{
    PangoRectangle logical;

    pango_layout_get_extents(layout, NULL, &logical);
    return logical.width * MM_PER_POINT / PANGO_SCALE;
}

static double lines_height(int lines, double em)
{
    return em * (1 + (lines - 1) * PITCH);
}

static const double SLACK = 1e-3; /* mm: pango counts in 1/1024 points */

/* Does it fit at this size? Leaves the layout so set. */
static bool fits(PangoLayout *layout, const struct qr_box *b, double em)
{
    layout_size(layout, b->bold, em);
    int lines = pango_layout_get_line_count(layout);
    return lines <= b->lines && lines_height(lines, em) <= b->height + SLACK &&
           layout_width(layout) <= b->width + SLACK;
}

/* In one line: its width grows as its size does, so that one look tells. 0: not even the smallest. */
static double fit_line(PangoLayout *layout, const struct qr_box *b, double em_min)
{
    double em = fmin(b->size, b->height);

    layout_wrap(layout, -1);
    layout_size(layout, b->bold, em);
    double width = layout_width(layout);
    if (width > b->width + SLACK) {
        em *= b->width / width;
        layout_size(layout, b->bold, em);
    }
    return pango_layout_get_line_count(layout) == 1 && em >= em_min ? em : 0;
}

/* In several: the largest size that fits, found in a few halvings; 0 if not even the smallest. */
static double fit_lines(PangoLayout *layout, const struct qr_box *b)
{
    double low = b->size_min, high = b->size;

    layout_wrap(layout, b->width);
    if (fits(layout, b, high))
        return high;
    if (low >= high || !fits(layout, b, low))
        return 0;
    for (int i = 0; i < FIT_STEPS; i++) {
        double middle = (low + high) / 2;
        if (fits(layout, b, middle))
            low = middle;
        else
            high = middle;
    }
    return fits(layout, b, low) ? low : 0;
}

/* Narrows the lines as far as their number stays: no last line of a single character. */
static void balance(PangoLayout *layout, const struct qr_box *b, int lines)
{
    double low = b->width / lines, high = b->width;

    for (int i = 0; i < BALANCE_STEPS; i++) {
        double middle = (low + high) / 2;
        layout_wrap(layout, middle);
        if (pango_layout_get_line_count(layout) <= lines && layout_width(layout) <= middle + SLACK)
            high = middle;
        else
            low = middle;
    }
    layout_wrap(layout, high);
}

/*
 * Chinese has no spaces, and a line ends in the middle of a word as soon as anywhere: better behind a mark, if that
 * costs little of the size. false: no mark will do, and the layout is as it was.
 */
static bool break_at_mark(PangoLayout *layout, const struct qr_box *b, double *em)
{
    static const char MARKS[] = "，。；：！？", CLOSING[] = "，。；：！？、）》」』”’…";
    double best = fmax(*em * MARK_SHARE, b->size_min - SLACK);
    char *chosen = NULL;
    int tried = 0;

    for (const char *at = b->text, *next; *at && tried < MARKS_TRIED; at = next) {
        next = g_utf8_next_char(at);
        if (!*next || !g_utf8_strchr(MARKS, -1, g_utf8_get_char(at)) ||
            g_utf8_strchr(CLOSING, -1, g_utf8_get_char(next)))
            continue;
        char *text = g_strdup_printf("%.*s\n%s", (int)(next - b->text), b->text, next + strspn(next, " "));
        pango_layout_set_text(layout, text, -1);
        layout_wrap(layout, -1);
        layout_size(layout, b->bold, *em);
        double size = *em * fmin(1, b->width / layout_width(layout));
        tried++;
        if (size < best || (chosen && size == best)) {
            g_free(text);
            continue;
        }
        g_free(chosen);
        chosen = text;
        best = size;
    }
    pango_layout_set_text(layout, chosen ? chosen : b->text, -1);
    layout_wrap(layout, chosen ? -1 : b->width);
    *em = chosen ? best : *em;
    layout_size(layout, b->bold, *em);
    g_free(chosen);
    return chosen != NULL;
}

/* About how many characters of this text would fit at the smallest size. */
static bool refuse_length(PangoLayout *layout, const struct qr_box *b, struct qr_refusal *ret)
{
    int lines = b->lines, chars = 0;

    while (lines > 1 && lines_height(lines, b->size_min) > b->height + SLACK)
        lines--;
    layout_wrap(layout, b->width);
    layout_size(layout, b->bold, b->size_min);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    PangoLayoutLine *line = pango_layout_get_line_readonly(layout, lines);
    if (line)
        chars = (int)g_utf8_strlen(b->text, pango_layout_line_get_start_index(line));
    if (chars < 1)
        return qr_refuse(ret, b->field, "too long for this template and paper");
    return qr_refuse(ret, b->field, "too long for this template and paper: at most about %d characters", chars);
}

bool qr_text_set(struct qr_type *t, const struct qr_box *b, struct qr_words *ret, struct qr_refusal *ret_refusal)
{
    *ret = (struct qr_words){0};
    if (!b->text || !*b->text)
        return true;
    if (!text_allowed(t, b, ret_refusal))
        return false;
    PangoLayout *layout = layout_new(t, b);
    double em =
        fit_line(layout, b,
                 b->lines == 1 ? b->size_min : fmax(b->size_min, b->size * (b->one_line > 0 ? b->one_line : ONE_LINE)));
    if (em == 0 && b->lines > 1)
        em = fit_lines(layout, b);
    int lines = pango_layout_get_line_count(layout);
    if (em == 0 || pango_layout_get_unknown_glyphs_count(layout) > 0) {
        if (em == 0)
            refuse_length(layout, b, ret_refusal);
        else
            qr_refuse(ret_refusal, b->field, "has characters that the font %s can't join", FAMILY);
        g_object_unref(layout);
        return false;
    }
    bool at_mark = lines == 2 && !strchr(b->text, '\n') && break_at_mark(layout, b, &em);
    if (lines > 1 && !at_mark)
        balance(layout, b, lines);
    ret->width = layout_width(layout);
    ret->layout = layout;
    ret->align = b->align;
    ret->box_width = b->width;
    ret->size = em;
    ret->lines = lines;
    ret->height = lines_height(lines, em);
    return true;
}

void qr_words_draw(cairo_t *cr, const struct qr_words *w, double x, double y)
{
    if (!w->layout)
        return;
    for (int i = 0; i < w->lines; i++) {
        PangoLayoutLine *line = pango_layout_get_line_readonly(w->layout, i);
        PangoRectangle logical;

        pango_layout_line_get_extents(line, NULL, &logical);
        double spare = w->box_width - logical.width * MM_PER_POINT / PANGO_SCALE;
        double indent = w->align == QR_LEFT ? 0 : w->align == QR_RIGHT ? spare : spare / 2;
        cairo_save(cr);
        cairo_translate(cr, x + indent, y + w->size * (ASCENT + i * PITCH));
        cairo_scale(cr, MM_PER_POINT, MM_PER_POINT);
        cairo_move_to(cr, 0, 0);
        pango_cairo_show_layout_line(cr, line);
        cairo_restore(cr);
    }
}

void qr_words_clear(struct qr_words *w)
{
    if (w->layout)
        g_object_unref(w->layout);
    *w = (struct qr_words){0};
}

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
/*
 * fontconfig's pointers are offsets, which the sanitizer can't follow; and cairo 1.16 loses an array of 768 bytes for
 * each CFF font that it puts into a PDF.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig.so\nleak:libcairo.so\n";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}
#endif
