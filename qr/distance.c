/* The two rules of distance (see the header), in both directions, and their words. */
#include "distance.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double WIDTH_SHARE = 10;   /* the distance is at most so many widths */
static const double MODULE_NEAR = 1000; /* a module is at least a thousandth of the distance, up to MODULE_POSTER */
static const double MODULE_POSTER = 1;  /* mm */
static const double MODULE_FAR = 2000;  /* and a two-thousandth beyond */
const double qr_module_min = 0.4;

enum { DIGITS_MAX = 9 };

/* Digits with at most one point, no locale. */
static bool number(const char *text, size_t len, double *ret)
{
    double value = 0, place = 0;

    if (len == 0 || len > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.') {
            if (place != 0 || i == 0 || i + 1 == len)
                return false;
            place = 1;
        } else if (text[i] >= '0' && text[i] <= '9') {
            place /= 10;
            value = place != 0 ? value + (text[i] - '0') * place : value * 10 + (text[i] - '0');
        } else {
            return false;
        }
    }
    *ret = value;
    return true;
}

bool qr_distance_from_text(const char *text, size_t len, double *ret_mm)
{
    static const struct {
        const char *name;
        double mm;
    } UNITS[] = {{"mm", 1}, {"cm", 10}, {"m", 1000}};

    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        size_t unit = strlen(UNITS[i].name);
        double value;
        if (len <= unit || memcmp(text + len - unit, UNITS[i].name, unit) != 0)
            continue;
        size_t digits = len - unit;
        if (text[digits - 1] == ' ')
            digits--;
        if (!number(text, digits, &value))
            return false;
        *ret_mm = value * UNITS[i].mm;
        return *ret_mm >= QR_DISTANCE_MIN && *ret_mm <= QR_DISTANCE_MAX;
    }
    return false;
}

double qr_distance_width(double distance, int modules)
{
    double module = fmax(fmin(distance / MODULE_NEAR, MODULE_POSTER), distance / MODULE_FAR);

    return fmax(distance / WIDTH_SHARE, fmax(module, qr_module_min) * modules);
}

double qr_distance_reach(double width, int modules)
{
    double module = width / modules;

    if (module < qr_module_min)
        return 0;
    return fmin(width * WIDTH_SHARE, module * (module < MODULE_POSTER ? MODULE_NEAR : MODULE_FAR));
}

void qr_distance_say(double distance, char out[QR_DISTANCE_WORDS])
{
    if (distance < 1000)
        snprintf(out, QR_DISTANCE_WORDS, "%.0f cm", floor(distance / 10));
    else
        snprintf(out, QR_DISTANCE_WORDS, "%.1f m", floor(fmin(distance, QR_DISTANCE_MAX) / 100) / 10);
}
