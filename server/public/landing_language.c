/* Which of our languages an Accept-Language header asks for. */
#include "landing_language.h"

#include <string.h>
#include <strings.h>

enum { LANGUAGE_RANGES_MAX = 32 }; /* of a header that are looked at */

/* "0", "0.5", "1.000" -> 0 to 1000; -1: not a weight (RFC 9110, 12.4.2). */
static int weight_read(const char *at, size_t len)
{
    if (!len || len > 5 || (at[0] != '0' && at[0] != '1') || (len > 1 && at[1] != '.'))
        return -1;
    int weight = (at[0] - '0') * 1000, place = 100;
    for (size_t i = 2; i < len; i++, place /= 10) {
        if (at[i] < '0' || at[i] > '9')
            return -1;
        weight += (at[i] - '0') * place;
    }
    return weight <= 1000 ? weight : -1;
}

static void blanks_trim(const char **at, size_t *len)
{
    while (*len && (**at == ' ' || **at == '\t')) {
        ++*at;
        --*len;
    }
    while (*len && ((*at)[*len - 1] == ' ' || (*at)[*len - 1] == '\t'))
        --*len;
}

/* A range such as "zh-Hans-CN;q=0.8": its weight and the length of its tag; -1: not well-formed. */
static int range_read(const char **at, size_t *len)
{
    const char *semicolon = memchr(*at, ';', *len);
    int weight = 1000;

    if (semicolon) {
        const char *q = semicolon + 1;
        size_t q_len = *len - (size_t)(q - *at);
        blanks_trim(&q, &q_len);
        if (q_len < 2 || (q[0] | 0x20) != 'q' || q[1] != '=')
            return -1;
        weight = weight_read(q + 2, q_len - 2);
        *len = (size_t)(semicolon - *at);
    }
    blanks_trim(at, len);
    return weight;
}

enum landing_language landing_language_of(const char *value, size_t len, enum landing_language fallback)
{
    static const char *const tags[LANDING_LANGUAGES] = {"zh", "en"};
    int weight[LANDING_LANGUAGES] = {-1, -1}, order[LANDING_LANGUAGES] = {0, 0}, any = -1;

    for (int n = 0; value && len && n < LANGUAGE_RANGES_MAX; n++) {
        const char *comma = memchr(value, ',', len), *at = value;
        size_t range = comma ? (size_t)(comma - value) : len, tag = range;
        int w = range_read(&at, &tag);
        for (int i = 0; w >= 0 && i < LANDING_LANGUAGES; i++) {
            if (tag >= 2 && !strncasecmp(at, tags[i], 2) && (tag == 2 || at[2] == '-') && w > weight[i]) {
                weight[i] = w;
                order[i] = n;
            }
        }
        if (w >= 0 && tag == 1 && *at == '*')
            any = w;
        value += comma ? range + 1 : range;
        len -= comma ? range + 1 : range;
    }
    for (int i = 0; i < LANDING_LANGUAGES; i++) {
        if (weight[i] < 0) {
            weight[i] = any < 0 ? 0 : any;
            order[i] = LANGUAGE_RANGES_MAX;
        }
    }
    if (weight[LANDING_ZH] != weight[LANDING_EN])
        return weight[LANDING_ZH] > weight[LANDING_EN] ? LANDING_ZH : LANDING_EN;
    if (!weight[LANDING_ZH] || order[LANDING_ZH] == order[LANDING_EN])
        return fallback;
    return order[LANDING_ZH] < order[LANDING_EN] ? LANDING_ZH : LANDING_EN;
}

bool language_best(const char *value, size_t len, char out[WHEN_LANGUAGE_MAX + 1])
{
    int best = 0;

    out[0] = '\0';
    for (int n = 0; value && len && n < LANGUAGE_RANGES_MAX; n++) {
        const char *comma = memchr(value, ',', len), *at = value;
        size_t range = comma ? (size_t)(comma - value) : len, tag = range;
        int w = range_read(&at, &tag);
        if (w > best && tag > 0 && tag <= WHEN_LANGUAGE_MAX && *at != '*') {
            best = w;
            for (size_t i = 0; i < tag; i++)
                out[i] = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] | 0x20) : at[i];
            out[tag] = '\0';
        }
        value += comma ? range + 1 : range;
        len -= comma ? range + 1 : range;
    }
    return best > 0;
}
