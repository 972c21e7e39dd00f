/*
 * Campaigns out of JSON and into it. The only file here that knows jansson.
 *
 * One pair of const tables names every key of a campaign and of a group, in which kind of text it may stand, and the
 * function that reads it. Creation, merge patch and the stored form all go through these tables, so a rule stands once.
 * A request is read into a copy; errors are collected on the way, and a copy with any error is thrown away.
 */
#include "campaign_json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* What stands behind the "g" of a generated id fits GROUP_ID_MAX. */
#define GROUP_NUMBER_MAX INT64_C(999999999999999)
#define DATE_MAX INT64_C(253402300799)        /* 9999-12-31T23:59:59Z */
#define VERSION_MAX INT64_C(9007199254740991) /* what every JSON reader holds exactly */

static const char *const strategies[] = {"fill", "even", "random"};
static const char *const confirms[] = {"scan", "tap"};
static const char *const shows[] = {"auto", "page", "redirect"};
static const char *const states[] = {"open", "full", "expired", "off", "suspect"};

/* The kinds of text that are read. */
enum reading { READ_CREATE = 1, READ_PATCH = 2, READ_STORED = 4, READ_ALL = 7 };

/* One text as it is being read: what it changes, where the reader stands, what is wrong. */
struct change {
    enum reading reading;
    struct campaign *campaign;  /* being changed; owned until change_finish */
    const struct campaign *was; /* before; NULL at creation and for the stored form */
    int64_t now;
    struct group *group; /* whose keys are read, or NULL */
    bool one_group;      /* the text is one group's patch: its id stands */
    bool has_groups, has_url;
    struct head_counts *heads;
    size_t heads_room;
    struct field_errors *errors;
    bool no_memory;
    const char *parent; /* where: "groups", "fallback", "body" or NULL */
    long index;         /* in the parent's list, or -1 */
};

struct key {
    const char *name;
    unsigned readings;
    void (*read)(struct change *ch, const char *key, json_t *value);
};

/* --- text --- */

/* Bytes of the character at s, 0 if it is no well-formed UTF-8 (RFC 3629). */
static size_t utf8_next(const char *s, uint32_t *ret_char)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t len = u[0] < 0x80 ? 1 : (u[0] >> 5) == 6 ? 2 : (u[0] >> 4) == 14 ? 3 : (u[0] >> 3) == 30 ? 4 : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t c;

    if (len < 2) {
        *ret_char = u[0];
        return len;
    }
    c = u[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (u[i] & 0x3f);
    }
    *ret_char = c;
    return c >= least[len] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) ? len : 0;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Errors quote what a stranger sent, cut to a length: nothing but well-formed, printable text goes on. */
static void text_clean(char *s)
{
    uint32_t c;

    while (*s) {
        size_t len = utf8_next(s, &c);

        if (len > 0 && !is_control(c)) {
            s += len;
            continue;
        }
        for (len = len ? len : 1; len > 0; len--)
            *s++ = '?';
    }
}

/* --- errors --- */

void field_errors_add(struct field_errors *e, const char *field, const char *reason_format, ...)
{
    struct field_error *error;
    va_list args;

    if (e->count == FIELD_ERRORS_MAX) {
        e->more++;
        return;
    }
    error = &e->list[e->count++];
    snprintf(error->field, sizeof(error->field), "%s", field);
    va_start(args, reason_format);
    vsnprintf(error->reason, sizeof(error->reason), reason_format, args);
    va_end(args);
    text_clean(error->field);
    text_clean(error->reason);
}

static void errors_reset(struct field_errors *e)
{
    e->count = e->more = 0;
    e->not_json = false;
}

/* key: NULL for the element or object that the reader stands at. */
__attribute__((format(printf, 3, 4))) static void change_error(struct change *ch, const char *key, const char *format,
                                                               ...)
{
    char field[FIELD_NAME_MAX], reason[FIELD_REASON_MAX], element[32] = "";
    const char *parent = ch->parent ? ch->parent : "";
    va_list args;

    if (ch->index >= 0)
        snprintf(element, sizeof(element), "[%ld]", ch->index);
    snprintf(field, sizeof(field), "%s%s%s%s", parent, element, ch->parent && key ? "." : "", key ? key : "");
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    field_errors_add(ch->errors, field[0] ? field : "body", "%s", reason);
}

static bool change_failed(const struct change *ch)
{
    return ch->no_memory || ch->errors->count > 0;
}

/* --- dates --- */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int64_t year, int64_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

static int64_t days_before_year(int64_t year)
{
    int64_t y = year - 1;

    return y * 365 + y / 4 - y / 100 + y / 400;
}

static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    int64_t days = days_before_year(year) - days_before_year(1970);

    for (int64_t m = 1; m < month; m++)
        days += month_days(year, m);
    return days + day - 1;
}

/* Exactly `digits` digits at *p, of value low to high; moves *p behind them. */
static bool date_number(const char **p, const char *end, int digits, int64_t low, int64_t high, int64_t *ret_number)
{
    int64_t n = 0;

    if (end - *p < digits)
        return false;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        n = n * 10 + (**p - '0');
    }
    *ret_number = n;
    return n >= low && n <= high;
}

static bool date_char(const char **p, const char *end, char lower)
{
    if (*p == end || (**p | 0x20) != (lower | 0x20))
        return false;
    (*p)++;
    return true;
}

/* "Z", or "+08:00" as seconds east of Greenwich; must be the rest of the text. */
static bool date_offset(const char *p, const char *end, int64_t *ret_seconds)
{
    int64_t hours, minutes;
    bool west;

    *ret_seconds = 0;
    if (date_char(&p, end, 'z'))
        return p == end;
    if (p == end || (*p != '+' && *p != '-'))
        return false;
    west = *p++ == '-';
    if (!date_number(&p, end, 2, 0, 23, &hours) || p == end || *p++ != ':' || !date_number(&p, end, 2, 0, 59, &minutes))
        return false;
    *ret_seconds = (hours * 60 + minutes) * (west ? -60 : 60);
    return p == end;
}

bool date_from_text(const char *text, size_t len, int64_t *seconds)
{
    const char *p = text, *end = text + len;
    int64_t year, month, day, hour, minute, second, offset, at;

    if (!date_number(&p, end, 4, 1969, 9999, &year) || p == end || *p++ != '-' ||
        !date_number(&p, end, 2, 1, 12, &month) || p == end || *p++ != '-' ||
        !date_number(&p, end, 2, 1, month_days(year, month), &day) || !date_char(&p, end, 't'))
        return false;
    /* No leap second: unix seconds have none. */
    if (!date_number(&p, end, 2, 0, 23, &hour) || p == end || *p++ != ':' || !date_number(&p, end, 2, 0, 59, &minute) ||
        p == end || *p++ != ':' || !date_number(&p, end, 2, 0, 59, &second))
        return false;
    if (p < end && *p == '.') {
        const char *fraction = ++p;

        while (p < end && *p >= '0' && *p <= '9')
            p++;
        if (p == fraction)
            return false;
    }
    if (!date_offset(p, end, &offset))
        return false;
    at = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset;
    if (at < 0 || at > DATE_MAX)
        return false;
    *seconds = at;
    return true;
}

void date_to_text(int64_t seconds, char out[32])
{
    int64_t at = seconds < 0 ? 0 : seconds > DATE_MAX ? DATE_MAX : seconds;
    int64_t days = at / 86400, left = at % 86400, year, month = 1;

    /* 400 years have 146,097 days: never too late a year, at most one too early. */
    year = 1970 + days * 400 / 146097;
    while (days < days_since_1970(year, 1, 1))
        year--;
    while (days >= days_since_1970(year + 1, 1, 1))
        year++;
    days -= days_since_1970(year, 1, 1);
    while (days >= month_days(year, month))
        days -= month_days(year, month++);
    snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month, (int)days + 1, (int)(left / 3600),
             (int)(left / 60 % 60), (int)(left % 60));
}

/* --- values --- */

static bool read_integer(struct change *ch, const char *key, json_t *value, int64_t low, int64_t high, int64_t *out)
{
    int64_t n = json_integer_value(value);

    if (json_is_integer(value) && n >= low && n <= high) {
        *out = n;
        return true;
    }
    change_error(ch, key, "must be an integer from %" PRId64 " to %" PRId64, low, high);
    return false;
}

static void read_bool(struct change *ch, const char *key, json_t *value, bool *out)
{
    if (json_is_boolean(value) || json_is_null(value))
        *out = !json_is_false(value);
    else
        change_error(ch, key, "must be true or false");
}

/* null is the first word. */
static int read_word(struct change *ch, const char *key, json_t *value, const char *const *words, size_t count)
{
    const char *text = json_is_null(value) ? words[0] : json_string_value(value);
    char list[64] = "";
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        if (text && strcmp(text, words[i]) == 0)
            return (int)i;
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "", words[i]);
    }
    change_error(ch, key, "must be one of %s", list);
    return 0;
}

/* null is 0; a date is later than that. */
static void read_date(struct change *ch, const char *key, json_t *value, int64_t *out)
{
    int64_t seconds;

    if (json_is_null(value)) {
        *out = 0;
    } else if (json_is_string(value) && date_from_text(json_string_value(value), json_string_length(value), &seconds) &&
               seconds > 0) {
        *out = seconds;
    } else {
        change_error(ch, key, "must be a date with an offset, like 2026-11-29T14:20:00+08:00, or null");
    }
}

static void set_text(struct change *ch, char **out, const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        ch->no_memory = true;
    free(*out);
    *out = copy;
}

/* A text of 1 to max characters, not all blank; null is NULL. */
static void read_text(struct change *ch, const char *key, json_t *value, int max, bool lines, char **out)
{
    const char *text = json_string_value(value);
    bool blank = true;
    uint32_t c = 0;
    int n = 0;

    if (json_is_null(value)) {
        set_text(ch, out, NULL);
        return;
    }
    if (!text) {
        change_error(ch, key, "must be a string");
        return;
    }
    for (const char *p = text; *p && n <= max; n++) {
        size_t len = utf8_next(p, &c);

        if (len == 0 || (is_control(c) && !(lines && c == '\n'))) {
            change_error(ch, key, "has a control character");
            return;
        }
        blank = blank && (c == ' ' || c == '\n');
        p += len;
    }
    if (n > max)
        change_error(ch, key, "must be at most %d characters", max);
    else if (blank)
        change_error(ch, key, "must not be empty");
    else
        set_text(ch, out, text);
}

static bool read_url(struct change *ch, const char *key, json_t *value, char **out)
{
    const char *reason;

    if (!json_is_string(value)) {
        change_error(ch, key, json_is_null(value) ? "is required" : "must be a string");
        return false;
    }
    reason = platform_check_url(json_string_value(value), json_string_length(value));
    if (reason) {
        change_error(ch, key, "%s", reason);
        return false;
    }
    set_text(ch, out, json_string_value(value));
    return *out != NULL;
}

/* What a GET shows and a client sends back. */
static void ignore_string(struct change *ch, const char *key, json_t *value)
{
    if (!json_is_string(value))
        change_error(ch, key, "must be a string (it is read-only, and ignored)");
}

static void ignore_integer(struct change *ch, const char *key, json_t *value)
{
    if (!json_is_integer(value))
        change_error(ch, key, "must be an integer (it is read-only, and ignored)");
}

static void ignore_object(struct change *ch, const char *key, json_t *value)
{
    if (!json_is_object(value))
        change_error(ch, key, "must be an object (it is read-only, and ignored)");
}

static void read_object(struct change *ch, const struct key *keys, size_t count, json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        const struct key *key = NULL;

        for (size_t i = 0; i < count && !key; i++) {
            if ((keys[i].readings & ch->reading) && strcmp(keys[i].name, name) == 0)
                key = &keys[i];
        }
        if (key)
            key->read(ch, name, value);
        else if (ch->reading != READ_STORED)
            change_error(ch, name, "unknown field");
    }
}

/* --- a group --- */

static void read_group_id_again(struct change *ch, const char *key, json_t *value)
{
    const char *id = json_string_value(value);

    if (ch->one_group && (!id || strcmp(id, ch->group->id) != 0))
        change_error(ch, key, "cannot be changed");
}

static void read_group_name(struct change *ch, const char *key, json_t *value)
{
    read_text(ch, key, value, GROUP_NAME_MAX, false, &ch->group->name);
}

static void read_group_url(struct change *ch, const char *key, json_t *value)
{
    if (read_url(ch, key, value, &ch->group->url))
        ch->group->platform = platform_of_url(ch->group->url);
}

static void read_group_show(struct change *ch, const char *key, json_t *value)
{
    ch->group->show = (enum group_show)read_word(ch, key, value, shows, COUNT_OF(shows));
}

static void read_group_limit(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value))
        ch->group->limit = -1;
    else
        read_integer(ch, key, value, 0, GROUP_LIMIT_MAX, &ch->group->limit);
}

static void read_group_weight(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value))
        ch->group->weight = 1;
    else
        read_integer(ch, key, value, 1, GROUP_WEIGHT_MAX, &ch->group->weight);
}

static void read_group_enabled(struct change *ch, const char *key, json_t *value)
{
    read_bool(ch, key, value, &ch->group->enabled);
}

static void read_group_expires(struct change *ch, const char *key, json_t *value)
{
    read_date(ch, key, value, &ch->group->expires_at);
}

static void read_group_confirmed(struct change *ch, const char *key, json_t *value)
{
    struct head_counts *h = ch->heads;
    int64_t confirmed;

    if (!read_integer(ch, key, value, 0, GROUP_LIMIT_MAX, &confirmed))
        return;
    if (h->count == ch->heads_room) {
        size_t room = ch->heads_room ? ch->heads_room * 2 : 8;
        struct head_count *list = realloc(h->list, room * sizeof(*list));

        if (!list) {
            ch->no_memory = true;
            return;
        }
        h->list = list;
        ch->heads_room = room;
    }
    memcpy(h->list[h->count].group, ch->group->id, sizeof(ch->group->id));
    h->list[h->count++].confirmed = confirmed;
}

static const struct key group_keys[] = {
    {"id", READ_ALL, read_group_id_again},
    {"name", READ_ALL, read_group_name},
    {"url", READ_ALL, read_group_url},
    {"show", READ_ALL, read_group_show},
    {"limit", READ_ALL, read_group_limit},
    {"weight", READ_ALL, read_group_weight},
    {"enabled", READ_ALL, read_group_enabled},
    {"expires_at", READ_ALL, read_group_expires},
    {"confirmed", READ_PATCH, read_group_confirmed},
    {"platform", READ_PATCH, ignore_string},
    {"used", READ_PATCH, ignore_integer},
    {"held", READ_PATCH, ignore_integer},
    {"reports", READ_PATCH, ignore_integer},
    {"state", READ_PATCH, ignore_string},
};

static void read_group(struct change *ch, size_t position, json_t *object)
{
    struct group *g = &ch->campaign->groups[position];
    char name[32];

    ch->group = g;
    read_object(ch, group_keys, COUNT_OF(group_keys), object);
    if (!g->url && !json_object_get(object, "url"))
        change_error(ch, "url", "is required");
    if (!g->name && !ch->no_memory) {
        snprintf(name, sizeof(name), "Group %zu", position + 1);
        set_text(ch, &g->name, name);
    }
    ch->group = NULL;
}

/* --- ids of groups --- */

/* n if the id is the generated form "g<n>", else 0. */
static int64_t group_number(const char *id)
{
    int64_t n = 0;

    if (id[0] != 'g' || id[1] < '1' || id[1] > '9')
        return 0;
    for (const char *p = id + 1; *p; p++) {
        if (*p < '0' || *p > '9')
            return 0;
        n = n * 10 + (*p - '0');
    }
    return n;
}

/* The id that an element brings, if it brings one; ids decide which group an element is, so they are read before the
 * rest. */
static void read_group_id(struct change *ch, struct group *g, json_t *object)
{
    json_t *value = json_object_get(object, "id");
    const char *id = json_string_value(value);
    int64_t number;

    if (!value || json_is_null(value)) {
        if (ch->reading == READ_STORED)
            change_error(ch, "id", "is required");
        return;
    }
    if (!id || !group_id_valid(id, json_string_length(value))) {
        change_error(ch, "id", "must be 1 to 16 of a-z, 0-9 and '-'");
        return;
    }
    number = group_number(id);
    if (ch->was && number > 0 && number < ch->was->next_group && campaign_find_group(ch->was, id) < 0) {
        change_error(ch, "id", "was used before: ids are never used twice in a campaign");
        return;
    }
    memcpy(g->id, id, json_string_length(value) + 1);
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* The numbers that ids of groups have already, in ascending order; NULL: out of memory. */
static int64_t *taken_numbers(const struct campaign *c, size_t *ret_count)
{
    int64_t *taken = malloc((c->group_count + 1) * sizeof(*taken));
    size_t count = 0;

    if (!taken)
        return NULL;
    for (size_t i = 0; i < c->group_count; i++) {
        int64_t number = group_number(c->groups[i].id);

        if (number > 0)
            taken[count++] = number;
    }
    qsort(taken, count, sizeof(*taken), compare_numbers);
    *ret_count = count;
    return taken;
}

/* Gives ids to the groups from `first` on that have none, passing over taken ones and all that were ever used. */
static void number_groups(struct change *ch, size_t first)
{
    struct campaign *c = ch->campaign;
    int64_t next = c->next_group;
    size_t count = 0, k = 0;
    int64_t *taken = taken_numbers(c, &count);
    char id[32];

    if (!taken) {
        ch->no_memory = true;
        return;
    }
    for (size_t i = first; i < c->group_count; i++) {
        if (c->groups[i].id[0])
            continue;
        for (; k < count && taken[k] <= next; k++)
            next += taken[k] == next;
        if (next > GROUP_NUMBER_MAX) {
            ch->index = ch->parent ? (long)i : -1;
            change_error(ch, "id", "is required: the numbers of generated ids are used up");
            break;
        }
        snprintf(id, sizeof(id), "g%" PRId64, next++);
        memcpy(c->groups[i].id, id, strlen(id) + 1);
    }
    if (count > 0 && taken[count - 1] >= next)
        next = taken[count - 1] + 1;
    c->next_group = next;
    free(taken);
}

/* To be called when all ids are there. */
static void index_groups(struct change *ch)
{
    struct campaign *c = ch->campaign;

    if (campaign_index_groups(c) != 0) {
        ch->no_memory = true;
        return;
    }
    for (size_t i = 1; i < c->group_count; i++) {
        size_t here = c->by_id[i];
        const char *id = c->groups[here].id;

        if (!id[0] || strcmp(id, c->groups[c->by_id[i - 1]].id) != 0)
            continue;
        ch->index = ch->parent ? (long)here : -1;
        change_error(ch, "id", "is another group's id");
    }
}

/* --- a campaign --- */

static void read_title(struct change *ch, const char *key, json_t *value)
{
    read_text(ch, key, value, CAMPAIGN_TITLE_MAX, false, &ch->campaign->title);
}

static void read_slug(struct change *ch, const char *key, json_t *value)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    char slug[CAMPAIGN_SLUG_MAX + 1] = "";

    if (json_is_null(value) && ch->reading == READ_CREATE)
        return;
    for (size_t i = 0; text && i < len && len <= CAMPAIGN_SLUG_MAX; i++)
        slug[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
    if (ch->was) {
        if (strcmp(slug, ch->was->slug) != 0)
            change_error(ch, key, "cannot be changed");
    } else if (!text || !campaign_slug_valid(slug, len)) {
        change_error(ch, key, "must be 1 to %d of a-z, 0-9 and '-', begin with a letter or digit, and not be reserved",
                     (int)CAMPAIGN_SLUG_MAX);
    } else {
        memcpy(ch->campaign->slug, slug, sizeof(slug));
    }
}

static void read_strategy(struct change *ch, const char *key, json_t *value)
{
    ch->campaign->strategy = (enum campaign_strategy)read_word(ch, key, value, strategies, COUNT_OF(strategies));
}

static void read_confirm(struct change *ch, const char *key, json_t *value)
{
    ch->campaign->confirm = (enum campaign_confirm)read_word(ch, key, value, confirms, COUNT_OF(confirms));
}

static void read_enabled(struct change *ch, const char *key, json_t *value)
{
    read_bool(ch, key, value, &ch->campaign->enabled);
}

static void read_starts(struct change *ch, const char *key, json_t *value)
{
    read_date(ch, key, value, &ch->campaign->starts_at);
}

static void read_ends(struct change *ch, const char *key, json_t *value)
{
    read_date(ch, key, value, &ch->campaign->ends_at);
}

static void read_hold(struct change *ch, const char *key, json_t *value)
{
    int64_t seconds = 0;

    if (json_is_null(value) || read_integer(ch, key, value, CAMPAIGN_HOLD_MIN, CAMPAIGN_HOLD_MAX, &seconds))
        ch->campaign->hold_seconds = (int)seconds;
}

static void read_fallback_url(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value))
        set_text(ch, &ch->campaign->fallback_url, NULL);
    else
        read_url(ch, key, value, &ch->campaign->fallback_url);
}

static void read_fallback_text(struct change *ch, const char *key, json_t *value)
{
    read_text(ch, key, value, CAMPAIGN_TEXT_MAX, true, &ch->campaign->fallback_text);
}

static const struct key fallback_keys[] = {
    {"url", READ_ALL, read_fallback_url},
    {"text", READ_ALL, read_fallback_text},
};

static void read_fallback(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value)) {
        set_text(ch, &ch->campaign->fallback_url, NULL);
        set_text(ch, &ch->campaign->fallback_text, NULL);
        return;
    }
    if (!json_is_object(value)) {
        change_error(ch, key, "must be an object");
        return;
    }
    ch->parent = key;
    read_object(ch, fallback_keys, COUNT_OF(fallback_keys), value);
    ch->parent = NULL;
}

/* Puts `count` groups without anything in place of those that are there. */
static bool replace_groups(struct change *ch, size_t count)
{
    struct campaign *c = ch->campaign;
    struct group *groups = calloc(count ? count : 1, sizeof(*groups));

    if (!groups) {
        ch->no_memory = true;
        return false;
    }
    for (size_t i = 0; i < c->group_count; i++)
        group_clear(&c->groups[i]);
    free(c->groups);
    c->groups = groups;
    c->group_count = count;
    for (size_t i = 0; i < count; i++)
        group_init(&groups[i]);
    return true;
}

static void read_groups(struct change *ch, const char *key, json_t *value)
{
    size_t count = json_array_size(value);

    if (json_is_null(value) && ch->reading == READ_CREATE)
        return;
    ch->has_groups = true;
    if (!json_is_array(value)) {
        change_error(ch, key, "must be a list");
        return;
    }
    if (count > CAMPAIGN_GROUPS_MAX) {
        change_error(ch, key, "must be at most %d groups", (int)CAMPAIGN_GROUPS_MAX);
        return;
    }
    if (!replace_groups(ch, count))
        return;
    ch->parent = key;
    for (size_t i = 0; i < count; i++) {
        ch->index = (long)i;
        if (json_is_object(json_array_get(value, i)))
            read_group_id(ch, &ch->campaign->groups[i], json_array_get(value, i));
        else
            change_error(ch, NULL, "must be an object");
    }
    number_groups(ch, 0);
    index_groups(ch);
    for (size_t i = 0; i < count && !ch->no_memory; i++) {
        ch->index = (long)i;
        if (json_is_object(json_array_get(value, i)))
            read_group(ch, i, json_array_get(value, i));
    }
    ch->parent = NULL;
    ch->index = -1;
}

/* A short link: one group without a limit. */
static void read_single_url(struct change *ch, const char *key, json_t *value)
{
    struct group *g;

    if (json_is_null(value))
        return;
    ch->has_url = true;
    if (!replace_groups(ch, 1))
        return;
    g = ch->campaign->groups;
    if (read_url(ch, key, value, &g->url))
        g->platform = platform_of_url(g->url);
    set_text(ch, &g->name, "Group 1");
    number_groups(ch, 0);
    index_groups(ch);
}

/* --- what only the stored form has --- */

static void read_uid(struct change *ch, const char *key, json_t *value)
{
    const char *uid = json_string_value(value);

    if (uid && strlen(uid) == 16 && strspn(uid, "0123456789abcdef") == 16)
        memcpy(ch->campaign->uid, uid, sizeof(ch->campaign->uid));
    else
        change_error(ch, key, "must be 16 hex digits");
}

static void read_next_group(struct change *ch, const char *key, json_t *value)
{
    int64_t next;

    /* The groups may have been read before, and have gone beyond it. */
    if (read_integer(ch, key, value, 1, GROUP_NUMBER_MAX + 1, &next) && next > ch->campaign->next_group)
        ch->campaign->next_group = next;
}

static void read_version(struct change *ch, const char *key, json_t *value)
{
    read_integer(ch, key, value, 0, VERSION_MAX, &ch->campaign->version);
}

static void read_created(struct change *ch, const char *key, json_t *value)
{
    read_date(ch, key, value, &ch->campaign->created_at);
}

static void read_updated(struct change *ch, const char *key, json_t *value)
{
    read_date(ch, key, value, &ch->campaign->updated_at);
}

static const struct key campaign_keys[] = {
    {"slug", READ_ALL, read_slug},
    {"title", READ_ALL, read_title},
    {"link", READ_PATCH, ignore_string},
    {"strategy", READ_ALL, read_strategy},
    {"enabled", READ_ALL, read_enabled},
    {"starts_at", READ_ALL, read_starts},
    {"ends_at", READ_ALL, read_ends},
    {"confirm", READ_ALL, read_confirm},
    {"hold_seconds", READ_ALL, read_hold},
    {"fallback", READ_ALL, read_fallback},
    {"groups", READ_ALL, read_groups},
    {"url", READ_CREATE, read_single_url},
    {"seats", READ_PATCH, ignore_object},
    {"version", READ_PATCH, ignore_integer},
    {"created_at", READ_PATCH, ignore_string},
    {"updated_at", READ_PATCH, ignore_string},
    {"uid", READ_STORED, read_uid},
    {"next_group", READ_STORED, read_next_group},
    {"version", READ_STORED, read_version},
    {"created_at", READ_STORED, read_created},
    {"updated_at", READ_STORED, read_updated},
};

/* --- from text to JSON --- */

static void error_at(struct change *ch, const char *text, size_t at, const char *reason)
{
    int line = 1, column = 1;

    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    ch->errors->not_json = true;
    field_errors_add(ch->errors, "body", "line %d, column %d: %s", line, column, reason);
}

/* Depth and number of lists and objects, before the parser spends stack and memory on them. */
static bool check_nesting(struct change *ch, const char *text, size_t len)
{
    size_t depth = 0, containers = 0;
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        if (in_string) {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                in_string = false;
        } else if (text[i] == '"') {
            in_string = true;
        } else if (text[i] == '{' || text[i] == '[') {
            if (++depth > CAMPAIGN_JSON_DEPTH_MAX) {
                error_at(ch, text, i, "nested too deep");
                return false;
            }
            if (++containers > CAMPAIGN_JSON_CONTAINERS_MAX) {
                error_at(ch, text, i, "too many lists and objects");
                return false;
            }
        } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

/* NULL with an error set, or no_memory. */
static json_t *parse_text(struct change *ch, const char *text, size_t len)
{
    json_error_t error;
    json_t *body;

    if (!check_nesting(ch, text, len))
        return NULL;
    body = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (body)
        return body;
    /* Where it cannot allocate a value, jansson says nothing at all. */
    if (error.line < 0 || json_error_code(&error) == json_error_out_of_memory) {
        ch->no_memory = true;
        return NULL;
    }
    ch->errors->not_json = true;
    field_errors_add(ch->errors, "body", "line %d, column %d: %s", error.line, error.column, error.text);
    return NULL;
}

static json_t *parse_object(struct change *ch, const char *text, size_t len)
{
    json_t *body = parse_text(ch, text, len);

    if (body && !json_is_object(body)) {
        change_error(ch, NULL, "must be an object");
        json_decref(body);
        return NULL;
    }
    return body;
}

/* --- changes --- */

static struct change change_begin(enum reading reading, const struct campaign *was, const struct campaign_moment *m,
                                  struct field_errors *errors)
{
    struct change ch = {.reading = reading, .was = was, .now = m ? m->now : 0, .errors = errors, .index = -1};

    errors_reset(errors);
    ch.campaign = was ? campaign_copy(was) : campaign_new();
    ch.no_memory = !ch.campaign;
    return ch;
}

/* The campaign, if nothing went wrong; else it and the head counts are freed. */
static struct campaign *change_finish(struct change *ch)
{
    struct campaign *c = ch->campaign;

    if (!change_failed(ch)) {
        if (!c->title)
            set_text(ch, &c->title, c->slug);
        if (c->starts_at && c->ends_at && c->starts_at >= c->ends_at)
            change_error(ch, "ends_at", "must be after starts_at");
        if (!c->by_id)
            index_groups(ch);
        if (ch->reading != READ_STORED)
            c->updated_at = ch->now;
    }
    if (!change_failed(ch))
        return c;
    campaign_free(c);
    if (ch->heads)
        head_counts_free(ch->heads);
    return NULL;
}

void head_counts_free(struct head_counts *h)
{
    free(h->list);
    h->list = NULL;
    h->count = 0;
}

static void give_uid(struct campaign *c, uint64_t bits)
{
    snprintf(c->uid, sizeof(c->uid), "%016" PRIx64, bits);
}

struct campaign *campaign_from_request(const char *text, size_t len, const struct campaign_moment *m,
                                       struct field_errors *errors)
{
    struct change ch = change_begin(READ_CREATE, NULL, m, errors);
    json_t *body = ch.no_memory ? NULL : parse_object(&ch, text, len);

    if (body) {
        read_object(&ch, campaign_keys, COUNT_OF(campaign_keys), body);
        if (ch.has_groups && ch.has_url)
            change_error(&ch, "url", "cannot be given together with groups");
        else if (!ch.has_groups && !ch.has_url)
            change_error(&ch, "groups", "is required (or url, for a single link)");
        if (!ch.campaign->slug[0])
            campaign_slug_from_bits(m->random[0], ch.campaign->slug);
        give_uid(ch.campaign, m->random[1]);
        ch.campaign->version = 1;
        ch.campaign->created_at = m->now;
        json_decref(body);
    }
    return change_finish(&ch);
}

struct campaign *campaign_from_patch(const struct campaign *c, const char *text, size_t len,
                                     const struct campaign_moment *m, struct head_counts *heads,
                                     struct field_errors *errors)
{
    struct change ch = change_begin(READ_PATCH, c, m, errors);
    json_t *body = ch.no_memory ? NULL : parse_object(&ch, text, len);

    *heads = (struct head_counts){0};
    ch.heads = heads;
    if (body) {
        read_object(&ch, campaign_keys, COUNT_OF(campaign_keys), body);
        json_decref(body);
    }
    return change_finish(&ch);
}

/* Room for one group more, at the end. */
static bool append_group(struct change *ch)
{
    struct campaign *c = ch->campaign;
    struct group *groups;

    if (c->group_count >= CAMPAIGN_GROUPS_MAX) {
        change_error(ch, "groups", "must be at most %d groups", (int)CAMPAIGN_GROUPS_MAX);
        return false;
    }
    groups = realloc(c->groups, (c->group_count + 1) * sizeof(*groups));
    if (!groups) {
        ch->no_memory = true;
        return false;
    }
    c->groups = groups;
    group_init(&groups[c->group_count++]);
    return true;
}

struct campaign *campaign_with_group(const struct campaign *c, const char *text, size_t len,
                                     const struct campaign_moment *m, size_t *position, struct field_errors *errors)
{
    struct change ch = change_begin(READ_CREATE, c, m, errors);
    json_t *body = ch.no_memory ? NULL : parse_object(&ch, text, len);
    size_t at = c->group_count;

    if (body && append_group(&ch)) {
        read_group_id(&ch, &ch.campaign->groups[at], body);
        number_groups(&ch, at);
        index_groups(&ch);
        read_group(&ch, at, body);
        *position = at;
    }
    json_decref(body);
    return change_finish(&ch);
}

struct campaign *campaign_with_group_patch(const struct campaign *c, size_t position, const char *text, size_t len,
                                           const struct campaign_moment *m, struct head_counts *heads,
                                           struct field_errors *errors)
{
    struct change ch = change_begin(READ_PATCH, c, m, errors);
    json_t *body = ch.no_memory ? NULL : parse_object(&ch, text, len);

    *heads = (struct head_counts){0};
    ch.heads = heads;
    ch.one_group = true;
    if (body)
        read_group(&ch, position, body);
    json_decref(body);
    return change_finish(&ch);
}

struct campaign *campaign_without_group(const struct campaign *c, size_t position, const struct campaign_moment *m)
{
    struct campaign *copy = campaign_copy(c);

    if (!copy)
        return NULL;
    group_clear(&copy->groups[position]);
    memmove(&copy->groups[position], &copy->groups[position + 1],
            (copy->group_count - position - 1) * sizeof(*copy->groups));
    copy->group_count--;
    copy->updated_at = m->now;
    if (campaign_index_groups(copy) != 0) {
        campaign_free(copy);
        return NULL;
    }
    return copy;
}

/* Puts the groups into the order of the list's ids. seen: one for each group, all false. */
static void order_groups(struct change *ch, json_t *list, struct group *ordered, bool *seen)
{
    struct campaign *c = ch->campaign;
    size_t count = json_array_size(list);

    for (size_t i = 0; i < count; i++) {
        const char *id = json_string_value(json_array_get(list, i));
        int at = id ? campaign_find_group(c, id) : -1;

        ch->index = (long)i;
        if (at < 0) {
            change_error(ch, NULL, id ? "is no group of this campaign" : "must be a group's id");
        } else if (seen[at]) {
            change_error(ch, NULL, "is named twice");
        } else {
            seen[at] = true;
            if (i < c->group_count)
                ordered[i] = c->groups[at];
        }
    }
    ch->index = -1;
    for (size_t i = 0; i < c->group_count; i++) {
        if (!seen[i])
            change_error(ch, NULL, "must name every group once: %s is missing", c->groups[i].id);
    }
}

static void apply_order(struct change *ch, json_t *list)
{
    struct campaign *c = ch->campaign;
    struct group *ordered;
    bool *seen;

    if (!json_is_array(list)) {
        change_error(ch, NULL, "must be a list of the groups' ids");
        return;
    }
    if (json_array_size(list) > CAMPAIGN_GROUPS_MAX) {
        change_error(ch, NULL, "must be at most %d ids", (int)CAMPAIGN_GROUPS_MAX);
        return;
    }
    ordered = calloc(c->group_count + 1, sizeof(*ordered));
    seen = calloc(c->group_count + 1, sizeof(*seen));
    if (!ordered || !seen) {
        ch->no_memory = true;
    } else {
        ch->parent = "body";
        order_groups(ch, list, ordered, seen);
        ch->parent = NULL;
        if (!change_failed(ch)) {
            memcpy(c->groups, ordered, c->group_count * sizeof(*ordered));
            index_groups(ch);
        }
    }
    free(ordered);
    free(seen);
}

struct campaign *campaign_with_order(const struct campaign *c, const char *text, size_t len,
                                     const struct campaign_moment *m, struct field_errors *errors)
{
    struct change ch = change_begin(READ_PATCH, c, m, errors);
    json_t *body = ch.no_memory ? NULL : parse_text(&ch, text, len);

    if (body) {
        apply_order(&ch, body);
        json_decref(body);
    }
    return change_finish(&ch);
}

struct campaign *campaign_from_stored(const char *text, size_t len, char *err, size_t err_size)
{
    struct field_errors errors;
    struct change ch = change_begin(READ_STORED, NULL, NULL, &errors);
    json_t *body = ch.no_memory ? NULL : parse_object(&ch, text, len);
    struct campaign *c;

    if (body) {
        read_object(&ch, campaign_keys, COUNT_OF(campaign_keys), body);
        if (errors.count == 0 && !ch.campaign->slug[0])
            change_error(&ch, "slug", "is required");
        if (errors.count == 0 && !ch.campaign->uid[0])
            change_error(&ch, "uid", "is required");
        json_decref(body);
    }
    c = change_finish(&ch);
    if (!c && errors.count > 0)
        snprintf(err, err_size, "%s: %s", errors.list[0].field, errors.list[0].reason);
    else if (!c)
        snprintf(err, err_size, "out of memory");
    return c;
}

/* --- to JSON --- */

/* An object in the making; any value that could not be made spoils it. */
struct writer {
    json_t *object;
    bool failed;
};

static struct writer writer_begin(void)
{
    struct writer w = {.object = json_object()};

    w.failed = !w.object;
    return w;
}

static void put(struct writer *w, const char *key, json_t *value)
{
    if (json_object_set_new(w->object, key, value) != 0)
        w->failed = true;
}

static void put_text(struct writer *w, const char *key, const char *text)
{
    put(w, key, text ? json_string(text) : json_null());
}

static void put_integer(struct writer *w, const char *key, int64_t n)
{
    put(w, key, json_integer(n));
}

static void put_integer_or_null(struct writer *w, const char *key, int64_t n, bool is_null)
{
    put(w, key, is_null ? json_null() : json_integer(n));
}

static void put_date(struct writer *w, const char *key, int64_t seconds)
{
    char text[32];

    date_to_text(seconds, text);
    put_text(w, key, seconds ? text : NULL);
}

/* NULL if anything failed. */
static json_t *writer_end(struct writer *w)
{
    if (w->failed) {
        json_decref(w->object);
        return NULL;
    }
    return w->object;
}

/* Text that grows. json_dumps is not used: when its buffer cannot grow, it leaves bytes out without a word. */
struct text {
    char *bytes;
    size_t len, room;
    bool failed;
};

static int text_append(const char *bytes, size_t len, void *ctx)
{
    struct text *t = ctx;
    size_t need;

    if (t->failed || __builtin_add_overflow(t->len, len + 1, &need)) {
        t->failed = true;
    } else if (need > t->room) {
        size_t room = need > t->room * 2 ? need : t->room * 2;
        char *grown = realloc(t->bytes, room);

        t->failed = !grown;
        if (grown) {
            t->bytes = grown;
            t->room = room;
        }
    }
    if (t->failed)
        return -1;
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
    t->bytes[t->len] = '\0';
    return 0;
}

/* Takes value (may be NULL). */
static char *dump(json_t *value, bool pretty, size_t *len)
{
    struct text t = {0};

    if (!value || json_dump_callback(value, text_append, &t, pretty ? JSON_INDENT(2) : JSON_COMPACT) != 0)
        t.failed = true;
    json_decref(value);
    if (t.failed) {
        free(t.bytes);
        return NULL;
    }
    *len = t.len;
    return t.bytes;
}

static json_t *fallback_json(const struct campaign *c)
{
    struct writer w = writer_begin();

    put_text(&w, "url", c->fallback_url);
    put_text(&w, "text", c->fallback_text);
    return writer_end(&w);
}

static json_t *stored_group_json(const struct group *g)
{
    struct writer w = writer_begin();

    put_text(&w, "id", g->id);
    put_text(&w, "name", g->name);
    put_text(&w, "url", g->url);
    put_text(&w, "show", shows[g->show]);
    put_integer_or_null(&w, "limit", g->limit, g->limit < 0);
    put_integer(&w, "weight", g->weight);
    put(&w, "enabled", json_boolean(g->enabled));
    put_date(&w, "expires_at", g->expires_at);
    return writer_end(&w);
}

static json_t *stored_groups_json(const struct campaign *c)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < c->group_count; i++) {
        if (json_array_append_new(list, stored_group_json(&c->groups[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* What both forms begin with behind slug, title and link. */
static void put_settings(struct writer *w, const struct campaign *c)
{
    put_text(w, "strategy", strategies[c->strategy]);
    put(w, "enabled", json_boolean(c->enabled));
    put_date(w, "starts_at", c->starts_at);
    put_date(w, "ends_at", c->ends_at);
    put_text(w, "confirm", confirms[c->confirm]);
    put_integer_or_null(w, "hold_seconds", c->hold_seconds, c->hold_seconds == 0);
    put(w, "fallback", fallback_json(c));
}

char *campaign_to_stored(const struct campaign *c, size_t *len)
{
    struct writer w = writer_begin();

    put_text(&w, "slug", c->slug);
    put_text(&w, "uid", c->uid);
    put_text(&w, "title", c->title);
    put_settings(&w, c);
    put(&w, "groups", stored_groups_json(c));
    put_integer(&w, "next_group", c->next_group);
    put_integer(&w, "version", c->version);
    put_date(&w, "created_at", c->created_at);
    put_date(&w, "updated_at", c->updated_at);
    return dump(writer_end(&w), false, len);
}

/* Of counts that make no sense, 0. */
static int64_t confirmed_of(const struct group_count *n)
{
    int64_t confirmed;

    return __builtin_sub_overflow(n->used, n->held, &confirmed) ? 0 : confirmed;
}

static json_t *group_json(const struct group *g, const struct group_count *count, int64_t now)
{
    static const struct group_count none;
    const struct group_count *n = count ? count : &none;
    struct writer w = writer_begin();

    put_text(&w, "id", g->id);
    put_text(&w, "name", g->name);
    put_text(&w, "url", g->url);
    put_text(&w, "platform", platform_name(g->platform));
    put_text(&w, "show", shows[group_shows_page(g) ? GROUP_SHOW_PAGE : GROUP_SHOW_REDIRECT]);
    put_integer_or_null(&w, "limit", g->limit, g->limit < 0);
    put_integer(&w, "weight", g->weight);
    put(&w, "enabled", json_boolean(g->enabled));
    put_date(&w, "expires_at", g->expires_at);
    put_integer(&w, "used", n->used);
    put_integer(&w, "confirmed", confirmed_of(n));
    put_integer(&w, "held", n->held);
    put_integer(&w, "reports", n->reports);
    put_text(&w, "state", states[group_state(g, n, now)]);
    return writer_end(&w);
}

static json_t *groups_json(const struct campaign *c, const struct group_count *counts, int64_t now)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < c->group_count; i++) {
        if (json_array_append_new(list, group_json(&c->groups[i], counts ? &counts[i] : NULL, now)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* Limits and what is free: of the groups that admit people; a single one without a limit makes both endless. */
static json_t *seats_json(const struct campaign *c, const struct group_count *counts, int64_t now)
{
    struct writer w = writer_begin();
    int64_t limit = 0, used = 0, held = 0, open_seats = 0;
    bool endless = false;

    for (size_t i = 0; i < c->group_count; i++) {
        const struct group *g = &c->groups[i];
        int64_t group_used = counts ? counts[i].used : 0;

        used = add(used, group_used);
        held = add(held, counts ? counts[i].held : 0);
        if (!group_admits(g, now))
            continue;
        if (g->limit < 0) {
            endless = true;
            continue;
        }
        limit = add(limit, g->limit);
        if (group_used < g->limit)
            open_seats = add(open_seats, g->limit - group_used);
    }
    put_integer_or_null(&w, "limit", limit, endless);
    put_integer(&w, "used", used);
    put_integer(&w, "held", held);
    put_integer_or_null(&w, "free", open_seats, endless);
    return writer_end(&w);
}

char *campaign_to_api(const struct campaign *c, const struct group_count *counts, const char *base_url, int64_t now,
                      bool pretty, size_t *len)
{
    struct writer w = writer_begin();

    put_text(&w, "slug", c->slug);
    put_text(&w, "title", c->title);
    put(&w, "link", json_sprintf("%s/%s", base_url, c->slug));
    put_settings(&w, c);
    put(&w, "groups", groups_json(c, counts, now));
    put(&w, "seats", seats_json(c, counts, now));
    put_integer(&w, "version", c->version);
    put_date(&w, "created_at", c->created_at);
    put_date(&w, "updated_at", c->updated_at);
    return dump(writer_end(&w), pretty, len);
}

char *campaign_group_to_api(const struct campaign *c, size_t position, const struct group_count *count, int64_t now,
                            bool pretty, size_t *len)
{
    return dump(group_json(&c->groups[position], count, now), pretty, len);
}
