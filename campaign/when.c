/* Conditions: made, compared, and whether a visit fits. See when.h. */
#include "when.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_MINUTES = 24 * 60 };

const char *const visit_app_words[VISIT_APPS] = {"wechat", "wecom", "qq", "alipay", "douyin", "weibo", "browser"};
const char *const visit_os_words[VISIT_SYSTEMS] = {"ios", "android", "harmony", "desktop"};
static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

struct when *when_new(void)
{
    return calloc(1, sizeof(struct when));
}

void when_free(struct when *w)
{
    if (!w)
        return;
    free(w->languages);
    free(w->channels);
    free(w->countries);
    free(w->hours);
    free(w);
}

/* false: out of memory. */
static bool copy_list(char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return *to || !from;
}

struct when *when_copy(const struct when *w)
{
    struct when *copy = malloc(sizeof *copy);

    if (!copy)
        return NULL;
    *copy = *w;
    copy->languages = copy->channels = copy->countries = copy->hours = NULL;
    if (copy_list(&copy->languages, w->languages) && copy_list(&copy->channels, w->channels) &&
        copy_list(&copy->countries, w->countries) && copy_list(&copy->hours, w->hours))
        return copy;
    when_free(copy);
    return NULL;
}

bool when_is_empty(const struct when *w)
{
    return !w || (!w->apps && !w->systems && !w->languages && !w->channels && !w->countries && !w->hours);
}

static bool same_list(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool when_equal(const struct when *a, const struct when *b)
{
    if (when_is_empty(a) || when_is_empty(b))
        return when_is_empty(a) && when_is_empty(b);
    return a->apps == b->apps && a->systems == b->systems && same_list(a->languages, b->languages) &&
           same_list(a->channels, b->channels) && same_list(a->countries, b->countries) &&
           same_list(a->hours, b->hours);
}

unsigned when_asks(const struct when *w)
{
    if (!w)
        return 0;
    return (w->apps ? VISIT_FACT_APP : 0) | (w->systems ? VISIT_FACT_OS : 0) |
           (w->languages ? VISIT_FACT_LANGUAGE : 0) | (w->hours ? VISIT_FACT_HOURS : 0) |
           (w->countries ? VISIT_FACT_COUNTRY : 0);
}

/* Whether the first len bytes of word stand in ",a,b,". */
static bool list_has(const char *list, const char *word, size_t len)
{
    for (const char *p = list; (p = strchr(p, ',')) && p[1]; p++) {
        if (!strncmp(p + 1, word, len) && p[1 + len] == ',')
            return true;
    }
    return false;
}

/* "zh" fits zh, zh-cn and zh-hans-cn (RFC 4647, 3.3.1). */
static bool language_fits(const char *list, const char *tag)
{
    for (size_t len = strlen(tag); len > 0;) {
        if (list_has(list, tag, len))
            return true;
        while (len > 0 && tag[--len] != '-')
            ;
    }
    return false;
}

static bool window_fits(const struct when_window *w, int minute)
{
    int count = (w->last - w->first + 7) % 7 + 1;

    for (int i = 0; i < count; i++) {
        int start = (w->first + i) % 7 * DAY_MINUTES + w->start;
        if ((minute - start + WEEK_MINUTES) % WEEK_MINUTES < w->length)
            return true;
    }
    return false;
}

bool when_fits_person(const struct when *w, const struct visit *v)
{
    if (!w)
        return true;
    return (!w->apps || w->apps & 1u << v->app) && (!w->systems || w->systems & 1u << v->os) &&
           (!w->languages || language_fits(w->languages, v->language)) &&
           (!w->channels || list_has(w->channels, v->channel, strlen(v->channel)));
}

bool when_fits(const struct when *w, const struct visit *v)
{
    if (!when_fits_person(w, v))
        return false;
    if (w && w->countries && !list_has(w->countries, v->country, strlen(v->country)))
        return false;
    if (!w || !w->hours)
        return true;
    for (size_t i = 0; i < w->window_count; i++) {
        if (window_fits(&w->windows[i], v->week_minute))
            return true;
    }
    return false;
}

/* --- hours --- */

static int read_day(const char **text)
{
    for (int i = 0; i < 7; i++) {
        if (strncmp(*text, days[i], 3) == 0) {
            *text += 3;
            return i;
        }
    }
    return -1;
}

/* "09:00" to minutes of the day, 24:00 included; -1: it is none. */
static int read_time(const char **text)
{
    const char *t = *text;
    int n[2];

    for (int i = 0; i < 2; i++, t += 2 + (i == 1)) {
        if (t[0] < '0' || t[0] > '9' || t[1] < '0' || t[1] > '9' || (i == 0 && t[2] != ':'))
            return -1;
        n[i] = (t[0] - '0') * 10 + t[1] - '0';
    }
    *text = t;
    return n[1] > 59 || n[0] * 60 + n[1] > DAY_MINUTES ? -1 : n[0] * 60 + n[1];
}

const char *when_read_window(const char *text, struct when_window *ret_window)
{
    static const char form[] = "must be as \"mon-fri 09:00-18:00\"";
    struct when_window w;
    int end;

    w.first = w.last = read_day(&text);
    if (w.first >= 0 && *text == '-') {
        text++;
        w.last = read_day(&text);
    }
    if (w.first < 0 || w.last < 0 || *text++ != ' ')
        return form;
    w.start = read_time(&text);
    if (w.start < 0 || *text++ != '-')
        return form;
    end = read_time(&text);
    if (end < 0 || *text)
        return form;
    if (w.start == end || w.start == DAY_MINUTES)
        return "begins when it ends";
    w.length = (end - w.start + DAY_MINUTES) % DAY_MINUTES;
    if (w.length == 0)
        w.length = DAY_MINUTES;
    *ret_window = w;
    return NULL;
}
