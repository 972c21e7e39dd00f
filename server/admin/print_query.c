/* The parameters of what is to be printed. What would not scan is refused here, with the field and the reason. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colour.h"
#include "distance.h"
#include "params.h"
#include "print.h"

static long get_from_query(const void *from, const char *name, char *out, size_t size)
{
    return query_get(*(const struct span *)from, name, out, size);
}

struct print_source print_source_query(const struct span *query)
{
    return (struct print_source){get_from_query, query};
}

/* A parameter's text; false: not given, or wrong, which is then among the errors. */
static bool read_value(const struct print_source *s, const char *name, char out[PRINT_VALUE_MAX],
                       struct field_errors *errors)
{
    long len = s->get(s->from, name, out, PRINT_VALUE_MAX);
    if (len == -1)
        field_errors_add(errors, name, "is malformed or too long");
    else if (len == -3)
        field_errors_add(errors, name, "is given twice");
    return len >= 0;
}

bool print_channel(const char *text, char out[CAMPAIGN_CHANNEL_MAX + 1])
{
    size_t len = strlen(text);
    if (len > CAMPAIGN_CHANNEL_MAX)
        return false;
    for (size_t i = 0; i <= len; i++)
        out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    return campaign_channel_valid(out, len);
}

/* --- values --- */

static void read_channel(const struct print_source *s, struct print *p, struct field_errors *errors)
{
    char value[PRINT_VALUE_MAX];
    if (!read_value(s, "channel", value, errors))
        return;
    if (!print_channel(value, p->channel))
        field_errors_add(errors, "channel", "%s", PRINT_CHANNEL_RULE);
}

static void read_ecc(const struct print_source *s, struct print *p, struct field_errors *errors)
{
    static const char levels[] = "LMQH";
    char value[PRINT_VALUE_MAX];
    p->ecc_given = read_value(s, "ecc", value, errors);
    if (!p->ecc_given)
        return;
    const char *at = strlen(value) == 1 ? strchr(levels, value[0] >= 'a' ? value[0] - 'a' + 'A' : value[0]) : NULL;
    if (at)
        p->ecc = (enum qr_ecc)(at - levels);
    else
        field_errors_add(errors, "ecc", "must be L, M, Q or H");
}

/* A decimal number from low to high; false with an error if it is none. */
static bool read_number(const struct print_source *s, const char *name, double low, double high, bool whole,
                        double *out, struct field_errors *errors)
{
    char value[PRINT_VALUE_MAX], *end = NULL;
    if (!read_value(s, name, value, errors))
        return false;
    size_t len = strlen(value);
    double n = 0;
    bool good = len > 0 && strspn(value, whole ? "0123456789" : "0123456789.") == len;
    if (good)
        n = strtod(value, &end);
    if (good && *end == '\0' && isfinite(n) && n >= low && n <= high) {
        *out = n;
        return true;
    }
    field_errors_add(errors, name, "must be a%s number from %.0f to %.0f", whole ? " whole" : "", low, high);
    return false;
}

static void read_colour(const struct print_source *s, const char *name, uint32_t *rgb, struct field_errors *errors)
{
    char value[PRINT_VALUE_MAX];
    if (read_value(s, name, value, errors) && !qr_colour_from_text(value, strlen(value), rgb))
        field_errors_add(errors, name, "must be a colour like 1a1d1f or #1a1d1f");
}

/* "0" or "1"; false: not given. */
static bool read_flag(const struct print_source *s, const char *name, bool *out, struct field_errors *errors)
{
    char value[PRINT_VALUE_MAX];
    if (!read_value(s, name, value, errors))
        return false;
    if (strcmp(value, "0") == 0 || strcmp(value, "1") == 0)
        *out = value[0] == '1';
    else
        field_errors_add(errors, name, "must be 0 or 1");
    return true;
}

/* One of two words. */
static void read_choice(const struct print_source *s, const char *name, const char *no, const char *yes, bool *out,
                        struct field_errors *errors)
{
    char value[PRINT_VALUE_MAX];
    if (!read_value(s, name, value, errors))
        return;
    if (strcmp(value, no) == 0 || strcmp(value, yes) == 0)
        *out = strcmp(value, yes) == 0;
    else
        field_errors_add(errors, name, "must be %s or %s", no, yes);
}

static void read_distance(const struct print_source *s, struct print *p, struct field_errors *errors)
{
    char value[PRINT_VALUE_MAX];
    if (read_value(s, "distance", value, errors) && !qr_distance_from_text(value, strlen(value), &p->distance))
        field_errors_add(errors, "distance", "must be a length like 3m, 1.5m or 80cm, 5cm to 100m");
}

/* --- what belongs together --- */

static void read_code(const struct print_source *s, struct print *p, struct field_errors *errors)
{
    double margin = QR_QUIET;
    p->dark = 0x000000;
    p->light = 0xffffff;
    p->size = p->form == QR_PNG ? PRINT_PX : PRINT_MM;
    if (p->form == QR_PNG)
        p->size_given = read_number(s, "size", PRINT_PX_MIN, QR_PX_MAX, true, &p->size, errors);
    else
        p->size_given = read_number(s, "size", PRINT_MM_MIN, QR_MM_MAX, false, &p->size, errors);
    read_number(s, "margin", QR_QUIET, QR_QUIET_MAX, true, &margin, errors);
    p->margin = (int)margin;
    read_colour(s, "dark", &p->dark, errors);
    read_colour(s, "light", &p->light, errors);
    read_value(s, "caption", p->caption, errors);
    if (p->form == QR_PNG && p->distance > 0)
        field_errors_add(errors, "distance", "needs a form whose size is in mm: svg, pdf or eps");
    struct qr_look look = {.margin = p->margin, .dark = p->dark, .light = p->light};
    const char *refused = errors->count ? NULL : qr_look_refused(&look);
    if (refused)
        field_errors_add(errors, "dark", "%s", refused);
}

static void read_template(const struct print_source *s, struct print *p, struct field_errors *errors)
{
    char value[PRINT_VALUE_MAX];
    p->template = QR_POSTER;
    if (!read_value(s, "template", value, errors) || qr_template_from_text(value, strlen(value), &p->template))
        return;
    char names[PRINT_VALUE_MAX] = "";
    for (int t = 0; t < QR_TEMPLATES; t++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", t ? ", " : "",
                 qr_template_name((enum qr_template)t));
    field_errors_add(errors, "template", "must be one of %s", names);
}

static void read_paper(const struct print_source *s, const char *name, char out[PRINT_WORD_MAX],
                       struct field_errors *errors)
{
    char value[PRINT_VALUE_MAX];
    if (!read_value(s, name, value, errors))
        return;
    if (strlen(value) < PRINT_WORD_MAX)
        snprintf(out, PRINT_WORD_MAX, "%s", value);
    else
        field_errors_add(errors, name, "is no paper's name");
}

static void read_poster(const struct print_source *s, struct print *p, struct field_errors *errors)
{
    bool english = false;
    double dpi = 0;
    p->colour = PRINT_COLOUR;
    read_template(s, p, errors);
    read_paper(s, "paper", p->paper, errors);
    read_choice(s, "language", "zh", "en", &english, errors);
    p->language = english ? QR_EN : QR_ZH;
    p->title_given = read_value(s, "title", p->title, errors);
    read_value(s, "subtitle", p->subtitle, errors);
    p->steps_given = read_value(s, "steps", p->steps, errors);
    p->label_given = read_value(s, "label", p->label, errors);
    read_colour(s, "colour", &p->colour, errors);
    read_flag(s, "bleed", &p->bleed, errors);
    read_flag(s, "marks", &p->marks, errors);
    if (p->form == QR_PNG)
        read_number(s, "dpi", PRINT_DPI_MIN, PRINT_DPI_MAX, true, &dpi, errors);
    p->dpi = (int)dpi;
}

void print_read(const struct print_source *s, struct print *p, struct field_errors *errors)
{
    p->ecc = QR_ECC_M;
    p->with_logo = p->kind == PRINT_POSTER; /* a code stays what it was when a logo is added to its campaign */
    read_channel(s, p, errors);
    read_ecc(s, p, errors);
    read_choice(s, "shape", "square", "rounded", &p->rounded, errors);
    p->logo_given = read_flag(s, "logo", &p->with_logo, errors);
    read_flag(s, "compact", &p->compact, errors);
    read_distance(s, p, errors);
    if (p->kind == PRINT_CODE)
        read_code(s, p, errors);
    else
        read_poster(s, p, errors);
}

void print_read_sheet(const struct print_source *s, struct print *p, struct field_errors *errors)
{
    p->kind = PRINT_POSTER;
    p->form = QR_PDF;
    print_read(s, p, errors);
    read_choice(s, "layout", "pages", "grid", &p->grid, errors);
    read_paper(s, "sheet_paper", p->sheet_paper, errors);
}

void print_link(char out[PRINT_LINK_MAX], const char *base_url, const char *slug, const char *channel)
{
    snprintf(out, PRINT_LINK_MAX, "%s/%s%s%s", base_url, slug, channel[0] ? "/" : "", channel);
}
