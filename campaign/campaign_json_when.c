/* For whom a group is: the lists of its `when`, in and out. */
#include "campaign_json_private.h"

#include <stdlib.h>
#include <string.h>

/* Elements are written behind one another as ",a,b,": no valid one has a comma in it. */

static void set_list(char **to, char *list)
{
    free(*to);
    *to = list;
}

/* false: out of memory, which is noted. */
static bool append(struct change *ch, char **list, const char *word, size_t len)
{
    size_t used = *list ? strlen(*list) : 1;
    char *longer = realloc(*list, used + len + 2);

    if (!longer) {
        ch->no_memory = true;
        return false;
    }
    if (!*list)
        longer[0] = ',';
    for (size_t i = 0; i < len; i++)
        longer[used + i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] | 0x20 : word[i]);
    longer[used + len] = ',';
    longer[used + len + 1] = '\0';
    *list = longer;
    return true;
}

/* NULL, or why the word may not stand in the list; it is in lower case. */
typedef const char *(*check_word)(struct when *w, const char *word, size_t len);

static const char *check_language(struct when *w, const char *word, size_t len)
{
    (void)w;
    if (len == 0 || len > WHEN_LANGUAGE_MAX || word[0] == '-' || word[len - 1] == '-')
        return "must be language tags as \"zh\" or \"zh-tw\"";
    for (size_t i = 0; i < len; i++) {
        if (!(word[i] >= 'a' && word[i] <= 'z') && !(word[i] >= '0' && word[i] <= '9') && word[i] != '-')
            return "must be language tags as \"zh\" or \"zh-tw\"";
    }
    return NULL;
}

static const char *check_channel(struct when *w, const char *word, size_t len)
{
    (void)w;
    return campaign_channel_valid(word, len) ? NULL : "must be channels: 1 to 32 of a-z, 0-9 and '-'";
}

static const char *check_country(struct when *w, const char *word, size_t len)
{
    (void)w;
    for (size_t i = 0; i < len; i++) {
        if (word[i] < 'a' || word[i] > 'z')
            return "must be countries of two letters as \"CN\"";
    }
    return len == WHEN_COUNTRY ? NULL : "must be countries of two letters as \"CN\"";
}

static const char *check_window(struct when *w, const char *word, size_t len)
{
    (void)len;
    _Static_assert(WHEN_WINDOWS_MAX == 21, "the reason below");
    if (w->window_count == WHEN_WINDOWS_MAX)
        return "must be at most 21 windows";
    const char *reason = when_read_window(word, &w->windows[w->window_count]);
    w->window_count += !reason;
    return reason;
}

/* A list of words into *list; null and an empty list: any. false: there was an error. */
static bool read_words(struct change *ch, const char *key, json_t *value, char **list, check_word check)
{
    struct when *w = ch->group->when;
    char *words = NULL;

    if (!json_is_null(value) && (!json_is_array(value) || json_array_size(value) > WHEN_WORDS_MAX)) {
        change_error(ch, key, "must be a list of at most %d texts", WHEN_WORDS_MAX);
        return false;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *word = json_string_value(json_array_get(value, i));
        size_t at = words ? strlen(words) : 1;
        const char *reason = word ? "has a text longer than 35 bytes" : "must be a list of texts";

        _Static_assert(WHEN_LANGUAGE_MAX == 35, "the reason above");
        if (word && strlen(word) <= WHEN_LANGUAGE_MAX) {
            if (!append(ch, &words, word, strlen(word)))
                break;
            size_t len = strlen(words + at) - 1;
            words[at + len] = '\0';
            reason = strchr(words + at, ',') ? "has a comma" : check(w, words + at, len);
            words[at + len] = ',';
        }
        if (reason) {
            change_error(ch, key, "%s", reason);
            free(words);
            return false;
        }
    }
    set_list(list, words);
    return !ch->no_memory;
}

/* A list of words out of a table, as bits. */
static void read_bits(struct change *ch, const char *key, json_t *value, const char *const *words, size_t count,
                      unsigned *bits)
{
    unsigned found = 0;

    if (!json_is_null(value) && (!json_is_array(value) || json_array_size(value) > WHEN_WORDS_MAX)) {
        change_error(ch, key, "must be a list of at most %d texts", WHEN_WORDS_MAX);
        return;
    }
    for (size_t i = 0; i < json_array_size(value) && !change_failed(ch); i++) {
        json_t *word = json_array_get(value, i);

        if (json_is_null(word)) /* alone it stands for the first word, in a list for nothing */
            change_error(ch, key, "must be a list of texts");
        else
            found |= 1u << change_read_word(ch, key, word, words, count);
    }
    *bits = found;
}

static void read_app(struct change *ch, const char *key, json_t *value)
{
    read_bits(ch, key, value, visit_app_words, VISIT_APPS, &ch->group->when->apps);
}

static void read_os(struct change *ch, const char *key, json_t *value)
{
    read_bits(ch, key, value, visit_os_words, VISIT_SYSTEMS, &ch->group->when->systems);
}

static void read_language(struct change *ch, const char *key, json_t *value)
{
    read_words(ch, key, value, &ch->group->when->languages, check_language);
}

static void read_channel(struct change *ch, const char *key, json_t *value)
{
    const char *channels;

    read_words(ch, key, value, &ch->group->when->channels, check_channel);
    /* A definition that was stored before there were funnels may have one: it goes on. */
    channels = ch->moment ? ch->group->when->channels : NULL;
    if (channels && strstr(channels, "," CAMPAIGN_FUNNEL_CHANNEL))
        change_error(ch, key, CAMPAIGN_FUNNEL_CHANNEL_RULE);
}

static void read_hours(struct change *ch, const char *key, json_t *value)
{
    ch->group->when->window_count = 0;
    read_words(ch, key, value, &ch->group->when->hours, check_window);
}

static void read_country(struct change *ch, const char *key, json_t *value)
{
    if (ch->moment && !ch->moment->offers_country && json_array_size(value) > 0)
        change_error(ch, key, "not offered: no country_database");
    else
        read_words(ch, key, value, &ch->group->when->countries, check_country);
}

static const struct key when_keys[] = {
    {"app", READ_ALL, read_app},         {"os", READ_ALL, read_os},       {"language", READ_ALL, read_language},
    {"channel", READ_ALL, read_channel}, {"hours", READ_ALL, read_hours}, {"country", READ_ALL, read_country},
};

void change_read_when(struct change *ch, const char *key, json_t *value)
{
    struct group *g = ch->group;

    if (json_is_null(value)) {
        when_free(g->when);
        g->when = NULL;
        return;
    }
    if (!json_is_object(value)) {
        change_error(ch, key, "must be an object");
        return;
    }
    if (!g->when && !(g->when = when_new())) {
        ch->no_memory = true;
        return;
    }
    ch->inner = key;
    change_read_object(ch, when_keys, COUNT_OF(when_keys), value);
    ch->inner = NULL;
}

/* --- out --- */

static void put_words(json_t *object, const char *key, const char *list)
{
    json_t *words = list ? json_array() : NULL;

    for (const char *p = list; words && p[1]; p += 1 + strcspn(p + 1, ","))
        json_array_append_new(words, json_stringn(p + 1, strcspn(p + 1, ",")));
    if (words)
        json_object_set_new(object, key, words);
}

static void put_bits(json_t *object, const char *key, unsigned bits, const char *const *words, size_t count)
{
    json_t *list = bits ? json_array() : NULL;

    for (size_t i = 0; list && i < count; i++) {
        if (bits & 1u << i)
            json_array_append_new(list, json_string(words[i]));
    }
    if (list)
        json_object_set_new(object, key, list);
}

/* Countries are kept in lower case as all words are, and shown as ISO 3166 writes them. */
static void put_countries(json_t *object, const char *key, const char *list)
{
    json_t *words = list ? json_array() : NULL;

    for (const char *p = list; words && p[1]; p += 1 + WHEN_COUNTRY) {
        char code[WHEN_COUNTRY];
        for (size_t i = 0; i < WHEN_COUNTRY; i++)
            code[i] = (char)(p[1 + i] & ~0x20);
        json_array_append_new(words, json_stringn(code, WHEN_COUNTRY));
    }
    if (words)
        json_object_set_new(object, key, words);
}

json_t *when_json(const struct when *w)
{
    json_t *object = json_object();

    if (!object)
        return NULL;
    put_bits(object, "app", w->apps, visit_app_words, VISIT_APPS);
    put_bits(object, "os", w->systems, visit_os_words, VISIT_SYSTEMS);
    put_words(object, "language", w->languages);
    put_words(object, "channel", w->channels);
    put_countries(object, "country", w->countries);
    put_words(object, "hours", w->hours);
    return object;
}
