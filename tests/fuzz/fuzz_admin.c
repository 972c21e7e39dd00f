/*
 * What operators send and what the store gives back to their door, the first byte saying what it is: an alert's
 * destination, a funnel, settings, tokens of owner links and sessions, records. What is accepted comes back whole from
 * its stored form.
 */
#include <jansson.h>

#include "alerts.h"
#include "destination.h"
#include "funnel_record.h"
#include "fuzz.h"
#include "logo_record.h"
#include "owner_links.h"
#include "token_record.h"
#include "user_record.h"

static json_t *object_of(const char *text, size_t len)
{
    json_t *body = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    if (json_is_object(body))
        return body;
    json_decref(body);
    return NULL;
}

static void check_errors(const struct field_errors *e)
{
    CHECK(e->count <= FIELD_ERRORS_MAX);
    for (size_t i = 0; i < e->count; i++)
        CHECK(e->list[i].field[0] && e->list[i].reason[0]);
}

static void check_destination(const struct destination *d)
{
    struct destination back;
    char *record = destination_to_record(d), *again;
    json_t *api = destination_to_api(d);
    CHECK(record && api && destination_from_record(record, strlen(record), &back));
    again = destination_to_record(&back);
    CHECK(again && strcmp(record, again) == 0);
    CHECK(!json_object_get(api, "secret"));
    CHECK(!d->url[0] || !strchr(json_string_value(json_object_get(api, "url")), '@')); /* nobody's password */
    free(record);
    free(again);
    json_decref(api);
}

static void destination_body(const char *text, size_t len)
{
    struct destination d, changed;
    struct field_errors e = {.count = 0};
    json_t *body = object_of(text, len);
    if (!body)
        return;
    destination_patch(&d, body, true, false, &e);
    check_errors(&e);
    if (!e.count) {
        memcpy(d.id, "0123abcd", sizeof d.id); /* as the door gives it */
        check_destination(&d);
        changed = d;
        destination_patch(&changed, body, false, true, &e);
        check_errors(&e);
    }
    json_decref(body);
}

static void destination_record(const char *text, size_t len)
{
    struct destination d;
    json_t *api = NULL;
    if (destination_from_record(text, len, &d))
        CHECK(api = destination_to_api(&d));
    json_decref(api);
}

static void check_funnel(const struct funnel *f)
{
    struct funnel back;
    char channel[CAMPAIGN_CHANNEL_MAX + 1];
    char *record = funnel_to_record(f), *again;
    CHECK(f->step_count <= FUNNEL_STEPS_MAX && f->channel_count <= FUNNEL_CHANNELS_MAX);
    CHECK(record && funnel_from_record(record, strlen(record), &back));
    again = funnel_to_record(&back);
    CHECK(again && strcmp(record, again) == 0);
    for (size_t step = 1; step < f->step_count; step++) {
        funnel_channel(f, step, FUNNEL_ALL, channel);
        CHECK(campaign_channel_valid(channel, strlen(channel)));
    }
    free(record);
    free(again);
}

static void funnel_body(const char *text, size_t len)
{
    struct funnel f;
    struct field_errors e = {.count = 0};
    json_t *body = object_of(text, len);
    if (!body)
        return;
    funnel_begin(&f, 1795000000);
    f.version = 1; /* as the door gives it */
    funnel_read(&f, body, true, &e);
    check_errors(&e);
    if (!e.count) {
        check_funnel(&f);
        funnel_read(&f, body, false, &e);
        CHECK(!e.count);
        check_funnel(&f);
    }
    json_decref(body);
}

static void funnel_record(const char *text, size_t len)
{
    struct funnel f;
    json_t *api;
    if (!funnel_from_record(text, len, &f))
        return;
    CHECK(f.step_count <= FUNNEL_STEPS_MAX && f.channel_count <= FUNNEL_CHANNELS_MAX);
    CHECK(api = funnel_to_api(&f, NULL, "https://q.example.com"));
    json_decref(api);
}

static void settings_body(const char *text, size_t len)
{
    struct alert_settings s = alert_settings_default, again = alert_settings_default;
    struct field_errors e = {.count = 0};
    json_t *body = object_of(text, len), *kept;
    if (!body)
        return;
    alert_settings_patch(&s, body, &e);
    check_errors(&e);
    if (!e.count) {
        CHECK(kept = alert_settings_to_json(&s));
        alert_settings_patch(&again, kept, &e);
        CHECK(!e.count && memcmp(s.expiry_days, again.expiry_days, sizeof s.expiry_days) == 0);
        json_decref(kept);
    }
    json_decref(body);
}

static void alert_text(const char *text, size_t len)
{
    struct alert_open open;
    json_t *record = object_of(text, len), *api;
    if (!record)
        return;
    alert_record_read(record, &open);
    CHECK(api = alert_record_to_api(record));
    alert_record_news(record, ALERT_RAISED);
    json_decref(api);
    json_decref(record);
}

static void owner_token(const char *text, size_t len)
{
    static const unsigned char key[32] = "fuzz fuzz fuzz!";
    struct owner_link_claim claim;
    char again[OWNER_LINK_TOKEN_MAX];
    if (!owner_link_open(key, text, len, &claim))
        return;
    owner_link_token(key, claim.slug, claim.group, claim.id, claim.expires_at, again);
    CHECK(strlen(again) == len && memcmp(again, text, len) == 0);
}

static void records(const char *text, size_t len)
{
    struct owner_link link;
    struct token_record token, token_back;
    struct user_record user;
    struct session_record session;
    if (owner_link_read(text, len, &link))
        CHECK(memchr(link.id, '\0', sizeof link.id) && memchr(link.by, '\0', sizeof link.by));
    if (token_record_from_json(text, len, &token)) {
        char *json = token_record_to_json(&token);
        CHECK(json && token_record_from_json(json, strlen(json), &token_back));
        CHECK(strcmp(token.id, token_back.id) == 0 && token.role == token_back.role);
        free(json);
    }
    if (user_record_from_json(text, len, &user))
        CHECK(memchr(user.name, '\0', sizeof user.name) && memchr(user.password, '\0', sizeof user.password));
    if (session_record_from_json(text, len, &session))
        CHECK(memchr(session.user, '\0', sizeof session.user));
}

/* libsodium takes some bytes that are no base64 (it has chars as signed), so the text may be another one. */
static void logo_text(const char *text, size_t len)
{
    size_t file_len = 0, back_len = 0;
    unsigned char *file = logo_from_text(text, len, &file_len), *back;
    if (!file)
        return;
    char *again = logo_to_text(file, file_len);
    CHECK(again && (back = logo_from_text(again, strlen(again), &back_len)));
    CHECK(back_len == file_len && memcmp(back, file, file_len) == 0);
    logo_type(file, file_len);
    free(back);
    free(again);
    free(file);
}

static void names(const char *text, size_t len)
{
    char hash[STORE_TOKEN_HASH];
    (void)len;
    if (!user_name_problem(text))
        CHECK(*text && strlen(text) <= USER_NAME_MAX);
    user_password_problem(text);
    if (session_hash(text, len, hash))
        CHECK(strlen(hash) == STORE_TOKEN_HASH - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *text, size_t len) = {
        destination_body, destination_record, funnel_body, funnel_record, settings_body,
        alert_text,       owner_token,        records,     logo_text,     names};
    if (size < 1)
        return 0;
    /* A copy of its own, so that a read behind the end is seen. */
    char *text = malloc(size);
    CHECK(text);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    readers[data[0] % (sizeof readers / sizeof *readers)](text, size - 1);
    free(text);
    return 0;
}
