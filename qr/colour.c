/* Colours: parsed, and weighed by WCAG 2.2. */
#include "colour.h"

#include <math.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool qr_colour_from_text(const char *text, size_t len, uint32_t *rgb)
{
    bool hash = len && text[0] == '#';
    size_t digits = len - hash;
    uint32_t value = 0;

    if (digits != 6 && !(digits == 3 && hash))
        return false;
    for (size_t i = hash; i < len; i++) {
        int d = hex_digit(text[i]);
        if (d < 0)
            return false;
        value = value << 4 | (uint32_t)d;
        if (digits == 3)
            value = value << 4 | (uint32_t)d;
    }
    *rgb = value;
    return true;
}

double qr_colour_luminance(uint32_t rgb)
{
    static const double weight[] = {0.2126, 0.7152, 0.0722};
    double sum = 0;

    for (int i = 0; i < 3; i++) {
        double v = (double)((rgb >> (16 - 8 * i)) & 0xff) / 255.0;
        sum += weight[i] * (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    return sum;
}

double qr_colour_contrast(uint32_t a, uint32_t b)
{
    double x = qr_colour_luminance(a), y = qr_colour_luminance(b);

    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}
