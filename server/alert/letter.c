/* See letter.h. Formats and error codes as the services' own documentation has them (2026-11). */
#include "letter.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "date.h"
#include "utf8.h"

enum {
    WECOM_BYTES_MAX = 2000,   /* of a text, 2048 */
    DISCORD_BYTES_MAX = 1900, /* 2000 characters */
    MAIL_LINE = 57,           /* bytes of base64's 76 characters */
};

#define HMAC crypto_auth_hmacsha256_BYTES
#define HMAC_TEXT 45 /* in base64, with NUL */

/* --- signing --- */

static void sign(const unsigned char *key, size_t key_len, const char *message, size_t len, char out[HMAC_TEXT])
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[HMAC];
    crypto_auth_hmacsha256_init(&state, key, key_len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)message, len);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(out, HMAC_TEXT, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(&state, sizeof state);
}

static void escape_query(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (; *text && n + 4 < size; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || (*text >= '0' && *text <= '9');
        n += (size_t)snprintf(out + n, size - n, plain ? "%c" : "%%%02X", (unsigned char)*text);
    }
    out[n] = '\0';
}

__attribute__((format(printf, 2, 3))) static void add_header(struct letter *l, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(l->headers[l->header_count++], LETTER_HEADER_MAX, format, ap);
    va_end(ap);
}

/* --- by kind --- */

struct writing {
    const struct destination *d;
    struct alert_text text;
    char whole[ALERT_SUBJECT_MAX + ALERT_TEXT_MAX]; /* subject and body */
    const char *id, *event, *data;
    int64_t now;
};

/* Cut at a character, at most so many bytes. */
static void cut(char *text, size_t most)
{
    size_t len = strlen(text);
    if (len <= most)
        return;
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    text[most] = '\0';
}

static json_t *wecom(struct writing *w)
{
    cut(w->whole, WECOM_BYTES_MAX);
    return json_pack("{s:s,s:{s:s}}", "msgtype", "text", "text", "content", w->whole);
}

/* "timestamp\nsecret" signed with the secret, in the URL. */
static json_t *dingtalk(struct letter *l, struct writing *w)
{
    char message[DESTINATION_SECRET_MAX + 32], mac[HMAC_TEXT], escaped[3 * HMAC_TEXT];
    if (w->d->secret[0]) {
        int len = snprintf(message, sizeof message, "%" PRId64 "000\n%s", w->now, w->d->secret);
        sign((const unsigned char *)w->d->secret, strlen(w->d->secret), message, (size_t)len, mac);
        escape_query(mac, escaped, sizeof escaped);
        size_t at = strlen(l->url);
        snprintf(l->url + at, sizeof l->url - at, "%ctimestamp=%" PRId64 "000&sign=%s", strchr(l->url, '?') ? '&' : '?',
                 w->now, escaped);
    }
    return json_pack("{s:s,s:{s:s}}", "msgtype", "text", "text", "content", w->whole);
}

/* Nothing, signed with "timestamp\nsecret", in the body. */
static json_t *feishu(struct writing *w)
{
    char key[DESTINATION_SECRET_MAX + 32], mac[HMAC_TEXT], seconds[24];
    json_t *body = json_pack("{s:s,s:{s:s}}", "msg_type", "text", "content", "text", w->whole);
    if (body && w->d->secret[0]) {
        int len = snprintf(key, sizeof key, "%" PRId64 "\n%s", w->now, w->d->secret);
        sign((const unsigned char *)key, (size_t)len, "", 0, mac);
        snprintf(seconds, sizeof seconds, "%" PRId64, w->now);
        json_object_set_new(body, "timestamp", json_string(seconds));
        json_object_set_new(body, "sign", json_string(mac));
        sodium_memzero(key, sizeof key);
    }
    return body;
}

/* Slack reads <...> and & as markup: "<!channel>" in a title would call everybody. */
static json_t *slack(struct writing *w)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    for (const char *p = w->whole; f && *p; p++) {
        if (*p == '&')
            fputs("&amp;", f);
        else if (*p == '<')
            fputs("&lt;", f);
        else if (*p == '>')
            fputs("&gt;", f);
        else
            fputc(*p, f);
    }
    bool good = f && fclose(f) == 0;
    json_t *body = good ? json_pack("{s:s}", "text", text) : NULL;
    free(text);
    return body;
}

static json_t *discord(struct writing *w)
{
    cut(w->whole, DISCORD_BYTES_MAX);
    return json_pack("{s:s,s:{s:[]}}", "content", w->whole, "allowed_mentions", "parse");
}

static json_t *telegram(struct letter *l, struct writing *w)
{
    size_t len = strlen(w->d->url);
    while (len > 0 && w->d->url[len - 1] == '/')
        len--;
    snprintf(l->url, sizeof l->url, "%.*s/bot%s/sendMessage", (int)len, w->d->url, w->d->secret);
    return json_pack("{s:s,s:s,s:{s:b}}", "chat_id", w->d->chat, "text", w->whole, "link_preview_options",
                     "is_disabled", 1);
}

/* Standard Webhooks: type, timestamp and data; what is signed is "id.timestamp.body". */
static json_t *webhook(struct writing *w)
{
    char type[32], at[32];
    json_t *data = json_loads(w->data, 0, NULL);
    snprintf(type, sizeof type, "alert.%s", w->event);
    date_to_text(w->now, at);
    if (data) {
        json_object_set_new(data, "subject", json_string(w->text.subject));
        json_object_set_new(data, "text", json_string(w->text.body));
    }
    return json_pack("{s:s,s:s,s:o}", "type", type, "timestamp", at, "data", data ? data : json_object());
}

static void webhook_sign(struct letter *l, const struct writing *w)
{
    unsigned char key[DESTINATION_KEY_MAX];
    char mac[HMAC_TEXT], *message = NULL;
    const char *text = w->d->secret + 6; /* behind "whsec_" */
    size_t key_len = 0;
    if (sodium_base642bin(key, sizeof key, text, strlen(text), NULL, &key_len, NULL, sodium_base64_VARIANT_ORIGINAL))
        return;
    int len = asprintf(&message, "%s.%" PRId64 ".%s", w->id, w->now, l->body);
    if (len < 0)
        return;
    sign(key, key_len, message, (size_t)len, mac);
    sodium_memzero(key, sizeof key);
    free(message);
    add_header(l, "webhook-id: %s", w->id);
    add_header(l, "webhook-timestamp: %" PRId64, w->now);
    add_header(l, "webhook-signature: v1,%s", mac);
}

static bool write_post(struct letter *l, struct writing *w)
{
    json_t *body = NULL;
    snprintf(l->url, sizeof l->url, "%s", w->d->url);
    switch (w->d->kind) {
    case DESTINATION_WECOM:
        body = wecom(w);
        break;
    case DESTINATION_DINGTALK:
        body = dingtalk(l, w);
        break;
    case DESTINATION_FEISHU:
        body = feishu(w);
        break;
    case DESTINATION_SLACK:
        body = slack(w);
        break;
    case DESTINATION_DISCORD:
        body = discord(w);
        break;
    case DESTINATION_TELEGRAM:
        body = telegram(l, w);
        break;
    default:
        body = webhook(w);
        break;
    }
    l->body = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (!l->body)
        return false;
    l->len = strlen(l->body);
    add_header(l, "Content-Type: application/json");
    if (w->d->kind == DESTINATION_WEBHOOK)
        webhook_sign(l, w);
    l->plain = strncmp(l->url, "http://", 7) == 0;
    return true;
}

/* --- mail (RFC 5322, 2045, 2047) --- */

/* In base64, by lines of MAIL_LINE bytes; words: each line an encoded word, as a header has them. */
static void put_base64(FILE *f, const char *text, bool words)
{
    char line[MAIL_LINE / 3 * 4 + 1];
    size_t each = words ? MAIL_LINE - 18 : MAIL_LINE;
    for (size_t left = strlen(text); left > 0;) {
        size_t n = left < each ? left : each;
        while (words && n < left && n > 1 && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--; /* an encoded word has whole characters */
        sodium_bin2base64(line, sizeof line, (const unsigned char *)text, n, sodium_base64_VARIANT_ORIGINAL);
        text += n;
        left -= n;
        if (words)
            fprintf(f, "=?UTF-8?B?%s?=%s", line, left ? "\r\n " : "");
        else
            fprintf(f, "%s\r\n", line);
    }
}

static bool write_mail(struct letter *l, struct writing *w)
{
    const struct destination *d = w->d;
    char date[64];
    time_t now = (time_t)w->now;
    struct tm tm;
    FILE *f = open_memstream(&l->body, &l->len);
    if (!f)
        return false;
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm); /* the process stays in the C locale */
    fprintf(f, "Date: %s\r\nFrom: Huoma <%s>\r\nTo: %s\r\nMessage-ID: <%s@%s>\r\nSubject: ", date, d->from, d->to,
            w->id, strchr(d->from, '@') + 1);
    put_base64(f, w->text.subject, true);
    fprintf(f,
            "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
            "Auto-Submitted: auto-generated\r\n\r\n");
    put_base64(f, w->whole, false);
    if (fclose(f) != 0)
        return false;
    l->mail = true;
    l->starttls = d->security == DESTINATION_STARTTLS;
    l->plain = d->security == DESTINATION_PLAIN;
    snprintf(l->url, sizeof l->url, "%s://%s:%d", d->security == DESTINATION_TLS ? "smtps" : "smtp", d->host, d->port);
    memcpy(l->user, d->user, sizeof l->user);
    memcpy(l->password, d->secret, sizeof l->password);
    memcpy(l->from, d->from, sizeof l->from);
    memcpy(l->to, d->to, sizeof l->to);
    return true;
}

/* --- the whole --- */

struct letter *letter_new(const struct destination *d, const struct alert_news *n, const char *id, const char *data,
                          struct zone *zone, int64_t now)
{
    struct letter *l = calloc(1, sizeof *l);
    struct writing *w = calloc(1, sizeof *w);
    if (!l || !w) {
        free(l);
        free(w);
        return NULL;
    }
    l->kind = d->kind;
    w->d = d;
    w->id = id;
    w->event = alert_event_name(n->event);
    w->data = data;
    w->now = now;
    alert_text_write(n, d->english, zone, &w->text);
    snprintf(w->whole, sizeof w->whole, "%s%s%s", w->text.subject, w->text.body[0] ? "\n" : "", w->text.body);
    bool good = d->kind == DESTINATION_MAIL ? write_mail(l, w) : write_post(l, w);
    free(w);
    if (good)
        return l;
    letter_free(l);
    return NULL;
}

void letter_free(struct letter *l)
{
    if (!l)
        return;
    free(l->body);
    sodium_memzero(l, sizeof *l);
    free(l);
}

/* --- answers --- */

void letter_keep_text(struct letter_answer *a, const char *bytes, size_t len)
{
    size_t n = 0, step;
    for (size_t i = 0; i < len && n < LETTER_ANSWER_MAX; i += step) {
        char next[5] = "";
        uint32_t c = 0;
        memcpy(next, bytes + i, len - i < 4 ? len - i : 4);
        step = utf8_next(next, &c);
        if (step == 0 || n + step > LETTER_ANSWER_MAX || utf8_is_control(c)) {
            a->text[n++] = c == '\n' || c == '\t' || c == '\r' ? ' ' : '?';
            step = step ? step : 1;
        } else {
            memcpy(a->text + n, next, step);
            n += step;
        }
    }
    a->text[n] = '\0';
}

/* The number by which robots that answer 200 to everything say how it went; -1: none. */
static int64_t robot_code(enum destination_kind kind, const json_t *body)
{
    const json_t *code = json_object_get(body, kind == DESTINATION_FEISHU ? "code" : "errcode");
    if (!code && kind == DESTINATION_FEISHU)
        code = json_object_get(body, "StatusCode");
    return json_is_integer(code) ? json_integer_value(code) : -1;
}

/* Codes of "too often" and "busy": what passes by itself. */
static bool code_passes(enum destination_kind kind, int64_t code)
{
    switch (kind) {
    case DESTINATION_WECOM:
        return code == -1 || code == 45009 || code == 45033;
    case DESTINATION_DINGTALK:
        return code == -1 || code == 130101 || code == 410100 || code == 660026;
    default:
        return code == -1 || code == 9499 || code == 11232 || code == 11233;
    }
}

void letter_judge(enum destination_kind kind, struct letter_answer *a)
{
    bool robot = kind == DESTINATION_WECOM || kind == DESTINATION_DINGTALK || kind == DESTINATION_FEISHU;
    json_t *body = json_loads(a->text, JSON_DISABLE_EOF_CHECK, NULL);
    const json_t *later =
        json_object_get(kind == DESTINATION_TELEGRAM ? json_object_get(body, "parameters") : body, "retry_after");
    int64_t code = robot_code(kind, body);
    a->delivered = a->status >= 200 && a->status < 300 && (!robot || code == 0);
    if (robot && a->status == 200)
        a->permanent = !a->delivered && !code_passes(kind, code);
    else
        a->permanent = !a->delivered && a->status >= 300 && a->status < 500 && a->status != 408 && a->status != 425 &&
                       a->status != 429;
    if (json_is_number(later))
        a->retry_after = (int)json_number_value(later) + 1;
    json_decref(body);
}
