/* See destination.h. */
#include "destination.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_json_memory.h"
#include "config.h"
#include "utf8.h"

static const char *const kinds[DESTINATION_KINDS] = {
    [DESTINATION_WECOM] = "wecom",     [DESTINATION_DINGTALK] = "dingtalk", [DESTINATION_FEISHU] = "feishu",
    [DESTINATION_SLACK] = "slack",     [DESTINATION_DISCORD] = "discord",   [DESTINATION_TELEGRAM] = "telegram",
    [DESTINATION_WEBHOOK] = "webhook", [DESTINATION_MAIL] = "mail",
};
static const char *const securities[DESTINATION_SECURITIES] = {
    [DESTINATION_STARTTLS] = "starttls", [DESTINATION_TLS] = "tls", [DESTINATION_PLAIN] = "none"};

#define ALL ((1u << DESTINATION_KINDS) - 1)
#define OF(kind) (1u << (kind))
#define MAIL OF(DESTINATION_MAIL)
#define SIGNED                                                                                                         \
    (OF(DESTINATION_DINGTALK) | OF(DESTINATION_FEISHU) | OF(DESTINATION_TELEGRAM) | OF(DESTINATION_WEBHOOK) | MAIL)

/* The texts: which kinds have them, and which need them. */
static const struct text_field {
    const char *name;
    size_t at, max;
    unsigned has, needs;
} fields[] = {
    {"name", offsetof(struct destination, name), DESTINATION_NAME_MAX, ALL, ALL},
    {"url", offsetof(struct destination, url), DESTINATION_URL_MAX, ALL & ~MAIL, ALL & ~MAIL},
    {"secret", offsetof(struct destination, secret), DESTINATION_SECRET_MAX, SIGNED,
     OF(DESTINATION_TELEGRAM) | OF(DESTINATION_WEBHOOK)},
    {"chat", offsetof(struct destination, chat), DESTINATION_FIELD_MAX, OF(DESTINATION_TELEGRAM),
     OF(DESTINATION_TELEGRAM)},
    {"host", offsetof(struct destination, host), DESTINATION_FIELD_MAX, MAIL, MAIL},
    {"user", offsetof(struct destination, user), DESTINATION_FIELD_MAX, MAIL, 0},
    {"from", offsetof(struct destination, from), DESTINATION_FIELD_MAX, MAIL, MAIL},
    {"to", offsetof(struct destination, to), DESTINATION_TO_MAX, MAIL, MAIL},
    {"timezone", offsetof(struct destination, timezone), DESTINATION_ZONE_MAX, ALL, 0},
};
enum { FIELDS = sizeof fields / sizeof *fields };

const char *destination_kind_name(enum destination_kind k)
{
    return (unsigned)k < DESTINATION_KINDS ? kinds[k] : "unknown";
}

static int word_of(const char *text, const char *const *words, int count)
{
    for (int i = 0; text && i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return -1;
}

static char *field_at(struct destination *d, const struct text_field *f)
{
    return (char *)d + f->at;
}

/* --- what a request says --- */

static bool is_clean(const char *text)
{
    uint32_t c;
    for (size_t n; *text; text += n)
        if ((n = utf8_next(text, &c)) == 0 || utf8_is_control(c))
            return false;
    return true;
}

static void patch_text(struct destination *d, const struct text_field *f, const json_t *value, struct field_errors *e)
{
    const char *text = json_is_null(value) ? "" : json_string_value(value);
    if (!text)
        field_errors_add(e, f->name, "must be a text");
    else if (!(f->has & OF(d->kind)) && text[0])
        field_errors_add(e, f->name, "is not a field of this kind");
    else if (strlen(text) > f->max)
        field_errors_add(e, f->name, "must have %zu bytes at most", f->max);
    else if (!is_clean(text))
        field_errors_add(e, f->name, "must not have control characters");
    else
        memcpy(field_at(d, f), text, strlen(text) + 1);
}

static void check_url(const struct destination *d, bool plain, struct field_errors *e)
{
    static const char scheme[] = "https://", open_scheme[] = "http://";
    bool https = strncmp(d->url, scheme, sizeof scheme - 1) == 0;
    bool http = plain && strncmp(d->url, open_scheme, sizeof open_scheme - 1) == 0;
    const char *host = d->url + (https ? sizeof scheme : sizeof open_scheme) - 1;
    if (!d->url[0])
        return; /* that it is missing has been said */
    if (!https && !http)
        field_errors_add(
            e, "url", plain ? "must begin with https:// (or, to a private host, http://)" : "must begin with https://");
    else if (host[strcspn(host, "/?#")] == '#' || memchr(host, '@', strcspn(host, "/?#")) || strcspn(host, "/?#") == 0)
        field_errors_add(e, "url", "must have a host, and no user and no fragment");
    else
        for (const char *p = d->url; *p; p++)
            if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("\"<>\\^`{|}", *p)) {
                field_errors_add(e, "url", "has a character that a URL may not have");
                break;
            }
}

/* A mailbox as it goes into the envelope: nothing that could begin another command or header. */
static bool is_mailbox(const char *text, size_t len)
{
    const char *at = memchr(text, '@', len);
    if (!at || at == text || at == text + len - 1 || memchr(at + 1, '@', (size_t)(text + len - at - 1)))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f || strchr("\"<>(),:;\\[]", text[i]))
            return false;
    return true;
}

static void check_mail(const struct destination *d, bool plain, struct field_errors *e)
{
    size_t host = strspn(d->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
    bool good = d->to[0] != '\0';
    if (d->host[0] && d->host[host])
        field_errors_add(e, "host", "must be a name or an IPv4 address");
    if (d->from[0] && !is_mailbox(d->from, strlen(d->from)))
        field_errors_add(e, "from", "must be a mail address");
    for (const char *p = d->to; good && *p;) {
        size_t skip = strspn(p, " "), len = strcspn(p + skip, " ,");
        good = is_mailbox(p + skip, len);
        p += skip + len;
        p += strspn(p, " ");
        if (*p == ',')
            good = good && *++p != '\0';
        else
            good = good && *p == '\0';
    }
    if (d->to[0] && !good)
        field_errors_add(e, "to", "must be mail addresses with commas between");
    if (d->security == DESTINATION_PLAIN && !plain)
        field_errors_add(e, "security", "must be starttls or tls");
    if (d->user[0] && !d->secret[0])
        field_errors_add(e, "secret", "is required");
}

/* "whsec_" and base64, as Standard Webhooks writes it. */
static void check_key(const struct destination *d, struct field_errors *e)
{
    unsigned char key[DESTINATION_KEY_MAX];
    size_t len = 0;
    const char *text = strncmp(d->secret, "whsec_", 6) == 0 ? d->secret + 6 : "";
    if (d->secret[0] && (sodium_base642bin(key, sizeof key, text, strlen(text), NULL, &len, NULL,
                                           sodium_base64_VARIANT_ORIGINAL) != 0 ||
                         len < DESTINATION_KEY_MIN))
        field_errors_add(e, "secret", "must be whsec_ and the base64 of %d to %d bytes", (int)DESTINATION_KEY_MIN,
                         (int)DESTINATION_KEY_MAX);
    sodium_memzero(key, sizeof key);
}

static int minute_of(const char *text)
{
    int hour, minute, end = 0;
    if (!text || strlen(text) != 5 || sscanf(text, "%2d:%2d%n", &hour, &minute, &end) != 2 || end != 5)
        return -1;
    return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 ? hour * 60 + minute : -1;
}

static void patch_quiet(struct destination *d, const json_t *value, struct field_errors *e)
{
    int from = minute_of(json_string_value(json_object_get(value, "from")));
    int to = minute_of(json_string_value(json_object_get(value, "to")));
    if (json_is_null(value))
        d->quiet_from = d->quiet_to = 0;
    else if (from < 0 || to < 0 || json_object_size(value) != 2)
        field_errors_add(e, "quiet", "must be {\"from\":\"22:00\",\"to\":\"08:00\"} or null");
    else if (from == to)
        field_errors_add(e, "quiet", "must end at another time than it begins");
    else {
        d->quiet_from = from;
        d->quiet_to = to;
    }
}

static void patch_others(struct destination *d, const json_t *body, struct field_errors *e)
{
    static const char *const languages[] = {"zh", "en"};
    const json_t *value;
    if ((value = json_object_get(body, "language"))) {
        int at = word_of(json_string_value(value), languages, 2);
        if (at < 0)
            field_errors_add(e, "language", "must be zh or en");
        d->english = at == 1;
    }
    if ((value = json_object_get(body, "enabled"))) {
        if (!json_is_boolean(value))
            field_errors_add(e, "enabled", "must be true or false");
        d->enabled = json_is_true(value);
    }
    if ((value = json_object_get(body, "quiet")))
        patch_quiet(d, value, e);
    if ((value = json_object_get(body, "port"))) {
        if (d->kind != DESTINATION_MAIL || json_integer_value(value) < 1 || json_integer_value(value) > 65535)
            field_errors_add(e, "port", "must be an integer from 1 to 65535, of mail");
        else
            d->port = (int)json_integer_value(value);
    }
    if ((value = json_object_get(body, "security"))) {
        int at = word_of(json_string_value(value), securities, DESTINATION_SECURITIES);
        if (d->kind != DESTINATION_MAIL || at < 0)
            field_errors_add(e, "security", "must be starttls, tls or none, of mail");
        else
            d->security = (enum destination_security)at;
    }
}

static bool begin_new(struct destination *d, const json_t *body, struct field_errors *e)
{
    int kind = word_of(json_string_value(json_object_get(body, "kind")), kinds, DESTINATION_KINDS);
    if (kind < 0) {
        field_errors_add(e, "kind", "must be wecom, dingtalk, feishu, slack, discord, telegram, webhook or mail");
        return false;
    }
    *d = (struct destination){.kind = (enum destination_kind)kind, .enabled = true};
    if (kind == DESTINATION_TELEGRAM)
        snprintf(d->url, sizeof d->url, "https://api.telegram.org");
    return true;
}

void destination_patch(struct destination *d, const struct json_t *body, bool is_new, bool plain,
                       struct field_errors *e)
{
    const json_t *value = json_object_get(body, "kind");
    if (is_new && !begin_new(d, body, e))
        return;
    if (!is_new && value && word_of(json_string_value(value), kinds, DESTINATION_KINDS) != (int)d->kind)
        field_errors_add(e, "kind", "cannot be changed");
    for (int i = 0; i < FIELDS; i++)
        if ((value = json_object_get(body, fields[i].name)))
            patch_text(d, &fields[i], value, e);
    patch_others(d, body, e);
    for (int i = 0; i < FIELDS; i++)
        if ((fields[i].needs & OF(d->kind)) && !field_at(d, &fields[i])[0] && e->count == 0)
            field_errors_add(e, fields[i].name, "is required");
    if (d->timezone[0] && !config_timezone_known(d->timezone))
        field_errors_add(e, "timezone", "must be a time zone that the server knows, as Asia/Shanghai");
    if (d->kind == DESTINATION_MAIL) {
        if (!d->port)
            d->port = d->security == DESTINATION_TLS ? 465 : d->security == DESTINATION_STARTTLS ? 587 : 25;
        check_mail(d, plain, e);
    } else {
        check_url(d, plain, e);
    }
    if (d->kind == DESTINATION_WEBHOOK)
        check_key(d, e);
}

/* --- as JSON --- */

static json_t *quiet_of(const struct destination *d)
{
    char from[8], to[8];
    if (d->quiet_from == d->quiet_to)
        return json_null();
    snprintf(from, sizeof from, "%02d:%02d", d->quiet_from / 60 % 24, d->quiet_from % 60);
    snprintf(to, sizeof to, "%02d:%02d", d->quiet_to / 60 % 24, d->quiet_to % 60);
    return json_pack("{s:s,s:s}", "from", from, "to", to);
}

static json_t *to_json(const struct destination *d)
{
    json_t *object = json_pack("{s:s,s:s,s:s,s:b,s:o}", "id", d->id, "kind", kinds[d->kind], "language",
                               d->english ? "en" : "zh", "enabled", d->enabled, "quiet", quiet_of(d));
    for (int i = 0; object && i < FIELDS; i++) {
        const char *text = (const char *)d + fields[i].at;
        if (fields[i].has & OF(d->kind))
            json_object_set_new(object, fields[i].name, text[0] ? json_string(text) : json_null());
    }
    if (object && d->kind == DESTINATION_MAIL) {
        json_object_set_new(object, "port", json_integer(d->port));
        json_object_set_new(object, "security", json_string(securities[d->security]));
    }
    return object;
}

char *destination_to_record(const struct destination *d)
{
    json_t *object = to_json(d);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

bool destination_from_record(const char *json, size_t len, struct destination *ret)
{
    json_t *object = json_memory_load(json, len, JSON_REJECT_DUPLICATES, NULL);
    const char *id = json_string_value(json_object_get(object, "id"));
    struct field_errors errors = {.count = 0};
    bool good = id && strlen(id) == DESTINATION_ID - 1;
    if (good) {
        destination_patch(ret, object, true, true, &errors);
        memcpy(ret->id, id, DESTINATION_ID);
    }
    json_decref(object);
    /* of a zone that only another server has, one's own counts */
    return good && (errors.count == 0 || (errors.count == 1 && strcmp(errors.list[0].field, "timezone") == 0));
}

json_t *destination_to_api(const struct destination *d)
{
    json_t *object = to_json(d);
    const char *host = strstr(d->url, "://");
    if (!object)
        return NULL;
    if (host)
        json_object_set_new(object, "url",
                            json_sprintf("%.*s/***", (int)(host + 3 + strcspn(host + 3, "/?#") - d->url), d->url));
    json_object_del(object, "secret");
    json_object_set_new(object, "has_secret", json_boolean(d->secret[0] != '\0'));
    return object;
}
