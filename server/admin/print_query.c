/* The parameters of what is to be printed. What would not scan is refused here, with the field and the reason. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "params.h"
#include "print.h"

static long get_from_query(const struct print_source *s, const char *name, char *out, size_t size)
{
    return query_get(s->query, name, out, size);
}

struct print_source print_source_query(struct span query)
{
    return (struct print_source){.get = get_from_query, .query = query};
}

/* A parameter's text; false: not given, or wrong, which is then among the errors. */
static bool read_value(const struct print_source *s, const char *name, char out[PRINT_VALUE_MAX],
                       struct field_errors *errors)
{
    long len = s->get(s, name, out, PRINT_VALUE_MAX);
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
    if (!read_value(s, "ecc", value, errors))
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

void print_read_code(const struct print_source *s, struct print *p, struct field_errors *errors)
{
    double margin = QR_QUIET, px = PRINT_PX;
    p->ecc = QR_ECC_M;
    p->look = (struct qr_look){.margin = QR_QUIET, .dark = 0x000000, .light = 0xffffff};
    p->mm = PRINT_MM;
    read_channel(s, p, errors);
    if (p->form == PRINT_PNG)
        read_number(s, "size", PRINT_PX_MIN, QR_PX_MAX, true, &px, errors);
    else
        read_number(s, "size", PRINT_MM_MIN, QR_MM_MAX, false, &p->mm, errors);
    read_ecc(s, p, errors);
    read_number(s, "margin", QR_QUIET, QR_QUIET_MAX, true, &margin, errors);
    read_colour(s, "dark", &p->look.dark, errors);
    read_colour(s, "light", &p->look.light, errors);
    p->look.margin = (int)margin;
    p->px = (int)px;
    const char *refused = errors->count ? NULL : qr_look_refused(&p->look);
    if (refused)
        field_errors_add(errors, "dark", "%s", refused);
}

void print_link(char out[PRINT_LINK_MAX], const char *base_url, const char *slug, const char *channel)
{
    snprintf(out, PRINT_LINK_MAX, "%s/%s%s%s", base_url, slug, channel[0] ? "/" : "", channel);
}
