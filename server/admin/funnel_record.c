/* Records of funnels. See funnel_record.h. */
#include "funnel_record.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_json.h"
#include "campaign_json_memory.h"
#include "utf8.h"

void funnel_begin(struct funnel *f, int64_t now)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    *f = (struct funnel){.created_at = now, .updated_at = now, .next = 1};
    for (size_t i = 0; i < FUNNEL_ID; i++)
        f->id[i] = digits[randombytes_uniform(sizeof digits - 1)];
}

void funnel_channel(const struct funnel *f, size_t step, int channel, char out[CAMPAIGN_CHANNEL_MAX + 1])
{
    int len =
        snprintf(out, CAMPAIGN_CHANNEL_MAX + 1, CAMPAIGN_FUNNEL_CHANNEL "%s-%" PRId64, f->id, f->steps[step].number);
    if (channel != FUNNEL_ALL)
        snprintf(out + len, CAMPAIGN_CHANNEL_MAX + 1 - (size_t)len, "-%" PRId64, f->channels[channel].number);
}

/* --- its campaigns --- */

void funnel_campaigns_take(struct funnel_campaigns *ret_campaigns, const struct store_campaign *rows, size_t count)
{
    for (size_t i = 0; i < count && i < FUNNEL_STEPS_MAX; i++) {
        const struct campaign *c = rows[i].definition;
        free(ret_campaigns->titles[i]);
        ret_campaigns->missing[i] = !c;
        ret_campaigns->titles[i] = c && c->title ? strdup(c->title) : NULL;
    }
}

void funnel_campaigns_clear(struct funnel_campaigns *campaigns)
{
    for (size_t i = 0; i < FUNNEL_STEPS_MAX; i++)
        free(campaigns->titles[i]);
    *campaigns = (struct funnel_campaigns){.missing = {false}};
}

/* The number of a part by its name; 0: there is none. */
static int64_t number_of(const struct funnel_part *parts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(parts[i].name, name) == 0)
            return parts[i].number;
    return 0;
}

void funnel_check_campaigns(const struct funnel *f, const struct funnel *was, const struct funnel_campaigns *campaigns,
                            struct field_errors *errors)
{
    char field[FIELD_NAME_MAX];
    for (size_t i = 0; i < f->step_count; i++) {
        if (!campaigns->missing[i] || (was && number_of(was->steps, was->step_count, f->steps[i].name)))
            continue;
        snprintf(field, sizeof field, "steps[%zu]", i);
        field_errors_add(errors, field, "there is no such campaign");
    }
}

/* --- out of a request --- */

/* One line of text with something in it, of FUNNEL_TITLE_MAX characters at most. */
static bool is_title(const char *text)
{
    size_t count = 0, bytes = 0;
    uint32_t c;
    bool blank = true;
    for (; text && *text && (bytes = utf8_next(text, &c)) > 0 && !utf8_is_control(c); count++, text += bytes)
        blank = blank && c == ' ';
    return text && !*text && !blank && count <= FUNNEL_TITLE_MAX;
}

static void read_title(struct funnel *f, const json_t *value, struct field_errors *errors)
{
    const char *text = json_string_value(value);
    if (!value)
        field_errors_add(errors, "title", "is required");
    else if (!text || strlen(text) != json_string_length(value) || !is_title(text))
        field_errors_add(errors, "title", "must be a text of 1 to %d characters in one line", (int)FUNNEL_TITLE_MAX);
    else
        snprintf(f->title, sizeof f->title, "%s", text);
}

/* NULL, or why a text is no step, or no channel of a funnel. */
typedef const char *(*check_part)(const char *text, size_t len);

static const char *check_step(const char *text, size_t len)
{
    return campaign_slug_valid(text, len) ? NULL : "must be a campaign's slug";
}

static const char *check_channel(const char *text, size_t len)
{
    if (!campaign_channel_valid(text, len))
        return "must be a channel: 1 to 32 of a-z, 0-9 and '-'";
    return campaign_channel_is_funnels(text) ? CAMPAIGN_FUNNEL_CHANNEL_RULE : NULL;
}

/* A part of a list, by its name; it keeps the number that it has in `was`. */
static void read_part(struct funnel *f, struct funnel_part *parts, size_t at, int64_t number, const char *name)
{
    snprintf(parts[at].name, sizeof parts[at].name, "%s", name);
    parts[at].number = number ? number : f->next++;
}

static void read_parts(struct funnel *f, const char *key, const json_t *list, struct funnel_part *parts, size_t count,
                       size_t *ret_count, check_part check, struct field_errors *errors)
{
    struct funnel_part was[FUNNEL_CHANNELS_MAX];
    size_t was_count = *ret_count;
    char field[FIELD_NAME_MAX];
    _Static_assert((int)FUNNEL_STEPS_MAX <= (int)FUNNEL_CHANNELS_MAX, "room in was");
    memcpy(was, parts, was_count * sizeof *was);
    *ret_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, i);
        const char *text = json_string_value(value), *why = text ? NULL : "must be a text";
        if (text)
            why = check(text, json_string_length(value));
        if (!why && number_of(parts, i, text))
            why = "is there already";
        snprintf(field, sizeof field, "%s[%zu]", key, i);
        if (why)
            field_errors_add(errors, field, "%s", why);
        read_part(f, parts, i, why ? 0 : number_of(was, was_count, text), why ? "" : text);
    }
}

static void read_steps(struct funnel *f, const json_t *list, struct field_errors *errors)
{
    size_t count = json_array_size(list);
    if (!list || !json_is_array(list) || count < FUNNEL_STEPS_MIN || count > FUNNEL_STEPS_MAX)
        field_errors_add(errors, "steps", "must be a list of %d to %d campaigns", (int)FUNNEL_STEPS_MIN,
                         (int)FUNNEL_STEPS_MAX);
    else
        read_parts(f, "steps", list, f->steps, count, &f->step_count, check_step, errors);
}

static void read_channels(struct funnel *f, const json_t *list, struct field_errors *errors)
{
    size_t count = json_array_size(list);
    if ((!json_is_array(list) && !json_is_null(list)) || count > FUNNEL_CHANNELS_MAX)
        field_errors_add(errors, "channels", "must be a list of at most %d channels", (int)FUNNEL_CHANNELS_MAX);
    else
        read_parts(f, "channels", list, f->channels, count, &f->channel_count, check_channel, errors);
}

void funnel_read(struct funnel *f, const json_t *body, bool is_new, struct field_errors *errors)
{
    const json_t *title = json_object_get(body, "title"), *steps = json_object_get(body, "steps");
    const json_t *channels = json_object_get(body, "channels");
    if (title || is_new)
        read_title(f, title, errors);
    if (steps || is_new)
        read_steps(f, steps, errors);
    if (channels)
        read_channels(f, channels, errors);
    if (f->next > FUNNEL_NUMBER_MAX)
        field_errors_add(errors, "steps", "were changed too often: make a new funnel");
}

/* --- the stored form --- */

static json_t *parts_json(const struct funnel_part *parts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list,
                              json_pack("{s:s,s:I}", "name", parts[i].name, "number", (json_int_t)parts[i].number));
    return list;
}

char *funnel_to_record(const struct funnel *f)
{
    char created[32], updated[32];
    date_to_text(f->created_at, created);
    date_to_text(f->updated_at, updated);
    json_t *record =
        json_pack("{s:s,s:s,s:I,s:s,s:s,s:I,s:o,s:o}", "id", f->id, "title", f->title, "version",
                  (json_int_t)f->version, "created_at", created, "updated_at", updated, "next", (json_int_t)f->next,
                  "steps", parts_json(f->steps, f->step_count), "channels", parts_json(f->channels, f->channel_count));
    char *text = record ? json_dumps(record, JSON_COMPACT) : NULL;
    json_decref(record);
    return text;
}

/* A string of the record that fits into size bytes with its NUL. */
static bool take(const json_t *record, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text && (size_t)snprintf(out, size, "%s", text) < size;
}

static bool take_date(const json_t *record, const char *key, int64_t *ret_date)
{
    char date[32];
    return take(record, key, date, sizeof date) && date_from_text(date, strlen(date), ret_date);
}

static bool take_parts(const json_t *list, struct funnel_part *parts, size_t max, size_t *ret_count, int64_t next,
                       check_part check)
{
    size_t count = json_array_size(list);
    bool good = json_is_array(list) && count <= max;
    for (size_t i = 0; good && i < count; i++) {
        const json_t *part = json_array_get(list, i);
        parts[i].number = json_integer_value(json_object_get(part, "number"));
        good = take(part, "name", parts[i].name, sizeof parts[i].name) &&
               !check(parts[i].name, strlen(parts[i].name)) && parts[i].number >= 1 && parts[i].number < next &&
               !number_of(parts, i, parts[i].name);
    }
    *ret_count = count;
    return good;
}

static bool is_funnel_id(const char *id)
{
    return strlen(id) == FUNNEL_ID && strspn(id, "0123456789abcdefghjkmnpqrstvwxyz") == FUNNEL_ID;
}

bool funnel_from_record(const char *json, size_t len, struct funnel *ret_funnel)
{
    struct funnel f = {.step_count = 0};
    json_t *record = json_memory_load(json, len, JSON_REJECT_DUPLICATES, NULL);
    f.next = json_integer_value(json_object_get(record, "next"));
    f.version = json_integer_value(json_object_get(record, "version"));
    bool good =
        take(record, "id", f.id, sizeof f.id) && is_funnel_id(f.id) && take(record, "title", f.title, sizeof f.title) &&
        is_title(f.title) && take_date(record, "created_at", &f.created_at) &&
        take_date(record, "updated_at", &f.updated_at) && f.version >= 1 && f.next <= FUNNEL_NUMBER_MAX + 1 &&
        take_parts(json_object_get(record, "steps"), f.steps, FUNNEL_STEPS_MAX, &f.step_count, f.next, check_step) &&
        take_parts(json_object_get(record, "channels"), f.channels, FUNNEL_CHANNELS_MAX, &f.channel_count, f.next,
                   check_channel) &&
        f.step_count >= FUNNEL_STEPS_MIN;
    json_decref(record);
    if (good)
        *ret_funnel = f;
    return good;
}

/* --- the API's form --- */

static json_t *names_json(const struct funnel_part *parts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(parts[i].name));
    return list;
}

/* A link into a step: who comes by `from` (NULL: by whatever way) came to the step before it. */
static json_t *link_json(const struct funnel *f, size_t step, int from, const char *base_url)
{
    char channel[CAMPAIGN_CHANNEL_MAX + 1] = "";
    const char *slug = f->steps[step].name, *name = from == FUNNEL_ALL ? NULL : f->channels[from].name;
    if (step > 0)
        funnel_channel(f, step, from, channel);
    else if (name)
        snprintf(channel, sizeof channel, "%.*s", (int)sizeof channel - 1, name);
    return json_pack("{s:s?,s:s?,s:o}", "from", name, "channel", channel[0] ? channel : NULL, "url",
                     json_sprintf("%s/%s%s%s", base_url, slug, channel[0] ? "/" : "", channel));
}

static json_t *step_json(const struct funnel *f, size_t step, const struct funnel_campaigns *campaigns,
                         const char *base_url)
{
    json_t *links = json_array();
    for (int from = FUNNEL_ALL; from < (int)f->channel_count; from++)
        json_array_append_new(links, link_json(f, step, from, base_url));
    json_t *json = json_pack("{s:s,s:o}", "campaign", f->steps[step].name, "links", links);
    if (json && campaigns) {
        const char *title = campaigns->titles[step];
        json_object_set_new(json, "title", title ? json_string(title) : json_null());
        json_object_set_new(json, "missing", json_boolean(campaigns->missing[step]));
    }
    return json;
}

json_t *funnel_to_api(const struct funnel *f, const struct funnel_campaigns *campaigns, const char *base_url)
{
    char created[32], updated[32];
    json_t *steps = json_array();
    for (size_t i = 0; i < f->step_count; i++)
        json_array_append_new(steps, step_json(f, i, campaigns, base_url));
    date_to_text(f->created_at, created);
    date_to_text(f->updated_at, updated);
    return json_pack("{s:s,s:s,s:o,s:o,s:I,s:s,s:s}", "id", f->id, "title", f->title, "steps", steps, "channels",
                     names_json(f->channels, f->channel_count), "version", (json_int_t)f->version, "created_at",
                     created, "updated_at", updated);
}

json_t *funnel_to_audit(const struct funnel *f)
{
    return json_pack("{s:s,s:o,s:o}", "title", f->title, "steps", names_json(f->steps, f->step_count), "channels",
                     names_json(f->channels, f->channel_count));
}
