/*
 * The pages of a visitor: templates of web/landing/, filled with words in two languages and a campaign's own texts.
 *
 * A template knows {{name}} (escaped, or as it is where the slot says so) and {{?name}}...{{/}} (only if the slot has a
 * value; not nested). Styles and scripts stand inside the page, so that a scan is one request; they are squeezed once,
 * at start, and their hashes are what the Content-Security-Policy allows.
 */
#include "landing.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "embed.h"
#include "qr.h"

enum {
    SIDE_MIN = 240,
    SIDE_MAX = 280,                /* CSS pixels of the code on screen, quiet zone included */
    SAVED_PX = 560,                /* pixels of the image at most, so that a saved one is sharp */
    PNG_BUDGET = 3600,             /* bytes of the image above which it gets fewer pixels a module */
    SIZE_COARSE = 57,              /* modules; a bigger symbol is drawn with less correction: no screen is dirty */
    SLUG_ROOM = CAMPAIGN_SLUG_MAX, /* what the worker inserts at path_at */
    SLOTS_MAX = 24,
    LANGUAGE_RANGES_MAX = 32, /* of an Accept-Language header that are looked at */
};

/* --- a growing text --- */

struct text {
    char *at;
    size_t len, cap;
    bool failed;
};

static void text_add(struct text *t, const char *from, size_t len)
{
    if (t->failed || len > SIZE_MAX / 4 - t->len) {
        t->failed = true;
        return;
    }
    if (t->len + len + 1 > t->cap) {
        size_t cap = (t->len + len + 1) * 2;
        char *at = realloc(t->at, cap);
        if (!at) {
            t->failed = true;
            return;
        }
        t->at = at;
        t->cap = cap;
    }
    memcpy(t->at + t->len, from, len);
    t->len += len;
    t->at[t->len] = '\0';
}

/* Bytes of the UTF-8 character at s, by its first byte and never past the NUL. */
static size_t char_len(const char *s)
{
    unsigned char first = (unsigned char)*s;
    size_t want = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4, len = 1;

    while (len < want && ((unsigned char)s[len] & 0xc0) == 0x80)
        len++;
    return len;
}

/* How one character stands in HTML text and in quoted attributes; control bytes become blanks. */
static size_t char_escape(const char *s, const char **out, size_t *out_len)
{
    static const struct {
        char c;
        const char *as;
    } table[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&#34;"}, {'\'', "&#39;"}};
    size_t len = char_len(s);

    *out = s;
    *out_len = len;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (*s == table[i].c) {
            *out = table[i].as;
            *out_len = strlen(table[i].as);
        }
    }
    if (((unsigned char)*s < 0x20 && *s != '\n') || *s == 0x7f) {
        *out = " ";
        *out_len = 1;
    }
    return len;
}

/* Escaped into at most max bytes; what does not fit is cut before a character, with "…". */
static void text_add_escaped(struct text *t, const char *s, size_t max)
{
    static const char dots[] = "…";
    size_t used = 0, safe = t->len; /* safe: where the text may be cut so that the dots still fit */

    while (*s && !t->failed) {
        const char *as;
        size_t as_len, step = char_escape(s, &as, &as_len);
        if (used + as_len > max) {
            t->len = safe;
            text_add(t, dots, sizeof dots - 1);
            return;
        }
        if (used + sizeof dots - 1 <= max)
            safe = t->len;
        text_add(t, as, as_len);
        used += as_len;
        s += step;
    }
}

/* --- styles and scripts --- */

/* Indentation, empty lines and whole-line comments go, and blanks beside punctuation outside of quotes. The sources are
 * ours and written for it: a comment has its lines for itself, a regular expression has no quote, a statement ends with
 * ';'. */
static char *source_squeeze(const char *const *parts, const char *tight)
{
    struct text t = {0};

    for (; *parts; parts++) {
        const char *s = *parts;
        while (*s) {
            size_t indent = strspn(s, " \n"), line = strcspn(s + indent, "\n");
            s += indent;
            if (strncmp(s, "//", 2) && strncmp(s, "/*", 2)) {
                char quote = 0;
                for (size_t i = 0; i < line; i++) {
                    char before = t.len ? t.at[t.len - 1] : '\n';
                    if (s[i] == ' ' && !quote && (strchr(tight, before) || strchr(tight, s[i + 1])))
                        continue;
                    if (quote ? s[i] == quote : s[i] == '"' || s[i] == '\'')
                        quote = quote ? 0 : s[i];
                    text_add(&t, s + i, 1);
                }
                if (line && !strchr(";{,", t.at ? t.at[t.len - 1] : 0))
                    text_add(&t, "\n", 1);
            }
            s += line;
        }
    }
    if (t.failed) {
        free(t.at);
        return NULL;
    }
    return t.at;
}

enum style { STYLE_GROUP, STYLE_NOTE, STYLES };
enum script { SCRIPT_GROUP, SCRIPT_BUSY, SCRIPT_PREVIEW, SCRIPTS, SCRIPT_NONE = SCRIPTS };

/* Written once by landing_init, read by all threads. */
static struct {
    char *style[STYLES], *script[SCRIPTS];
    char csp[1024];
} dress;

static void csp_add(const char *format, const char *text)
{
    size_t used = strlen(dress.csp);

    snprintf(dress.csp + used, sizeof dress.csp - used, format, text);
}

static void csp_add_hash(const char *source)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char base64[sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)];

    crypto_hash_sha256(hash, (const unsigned char *)source, strlen(source));
    sodium_bin2base64(base64, sizeof base64, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    csp_add(" 'sha256-%s'", base64);
}

int landing_init(void)
{
    if (dress.csp[0])
        return 0;
    if (sodium_init() < 0)
        return -EIO;
    const char *const styles[STYLES][3] = {{embed_page_css, embed_group_css}, {embed_page_css, embed_note_css}};
    const char *const scripts[SCRIPTS][3] = {
        {embed_page_js, embed_group_js}, {embed_page_js, embed_busy_js}, {embed_page_js, embed_preview_js}};
    bool whole = true;
    for (int i = 0; i < STYLES; i++)
        whole = (dress.style[i] = source_squeeze(styles[i], "{};:,>~")) && whole;
    for (int i = 0; i < SCRIPTS; i++)
        whole = (dress.script[i] = source_squeeze(scripts[i], "{}()[];:,=<>&|?*!")) && whole;
    if (!whole)
        return -ENOMEM;

    /* No form-action: Chromium applies it to the redirects behind a form too, and "next" may lead on to a group on any
     * host or scheme. Nothing from outside is markup here, so there is no form to be misled. */
    csp_add("%s", "default-src 'none'; img-src data:; style-src");
    for (int i = 0; i < STYLES; i++)
        csp_add_hash(dress.style[i]);
    csp_add("%s", "; script-src");
    for (int i = 0; i < SCRIPTS; i++)
        csp_add_hash(dress.script[i]);
    csp_add("%s", "; connect-src 'self'; base-uri 'self'; frame-ancestors 'none'");
    return 0;
}

const char *landing_csp(void)
{
    return dress.csp;
}

/* --- templates --- */

struct slot {
    const char *name, *value;
    size_t max; /* bytes of the escaped value; 0: put as it is */
};

struct slots {
    struct slot list[SLOTS_MAX];
    size_t count;
};

static void slot_raw(struct slots *s, const char *name, const char *value)
{
    s->list[s->count++] = (struct slot){name, value, 0};
}

static void slot_text(struct slots *s, const char *name, const char *value, size_t max)
{
    s->list[s->count++] = (struct slot){name, value, max};
}

static const struct slot *slot_find(const struct slots *s, const char *name, size_t len)
{
    static const struct slot none = {"", NULL, 0};

    for (size_t i = 0; i < s->count; i++) {
        if (strlen(s->list[i].name) == len && !memcmp(s->list[i].name, name, len))
            return &s->list[i];
    }
    return &none;
}

/* path_at (may be NULL) becomes the place of {{path}}. */
static void template_fill(struct text *t, const char *template, const struct slots *slots, size_t *path_at)
{
    for (const char *open; (open = strstr(template, "{{"));) {
        const char *name = open + 2, *close = strstr(name, "}}");
        text_add(t, template, (size_t)(open - template));
        template = close + 2;
        if (*name == '/')
            continue;
        const struct slot *slot = slot_find(slots, name + (*name == '?'), (size_t)(close - name) - (*name == '?'));
        bool given = slot->value && *slot->value;
        if (*name == '?') {
            if (!given) {
                template = strstr(template, "{{/}}") + strlen("{{/}}");
                template += *template == '\n';
            }
        } else if (path_at && !strncmp(name, "path}}", 6)) {
            *path_at = t->len;
        } else if (given && slot->max) {
            text_add_escaped(t, slot->value, slot->max);
        } else if (given) {
            text_add(t, slot->value, strlen(slot->value));
        }
    }
    text_add(t, template, strlen(template));
}

struct page_kind {
    const char *template;
    enum style style;
    enum script script;
    bool based; /* has a <base> that names the campaign */
};

/* The body by its template, then the page around it. slots gets more entries. -E2BIG: the page would be too large. */
static int page_make(struct landing_page *page, const struct page_kind *kind, enum landing_language lang,
                     struct slots *slots)
{
    static const char *const tags[LANDING_LANGUAGES] = {"zh-CN", "en"};
    struct text body = {0}, all = {0};
    size_t path_at = SIZE_MAX;

    template_fill(&body, kind->template, slots, NULL);
    if (body.failed) {
        free(body.at);
        return -ENOMEM;
    }
    while (body.len && body.at[body.len - 1] == '\n')
        body.at[--body.len] = '\0';
    slot_raw(slots, "lang", tags[lang]);
    slot_raw(slots, "based", kind->based ? "y" : NULL);
    slot_raw(slots, "css", dress.style[kind->style]);
    slot_raw(slots, "js", kind->script == SCRIPT_NONE ? NULL : dress.script[kind->script]);
    slot_raw(slots, "body", body.at);
    template_fill(&all, embed_page_html, slots, &path_at);
    free(body.at);
    if (all.failed || all.len + SLUG_ROOM >= LANDING_PAGE_MAX) {
        int why = all.failed ? -ENOMEM : -E2BIG;
        free(all.at);
        return why;
    }
    *page = (struct landing_page){all.at, all.len, path_at == SIZE_MAX ? all.len : path_at};
    return 0;
}

/* --- words --- */

struct words {
    const char *alt, *next, *save, *join, *join_why, *tap_say, *preview_say, *again, *wait_before, *wait_after;
    const char *until, *begins; /* take a date */
};

static const struct words words[LANDING_LANGUAGES] = {
    [LANDING_ZH] = {.alt = "进群二维码",
                    .next = "进不去？换一个群",
                    .save = "保存图片",
                    .join = "我要进群",
                    .join_why = "点一下，为你留住名额。",
                    .tap_say = "点一下按钮，为你留一个名额。",
                    .preview_say = "用手机打开，找到有名额的群。",
                    .again = "再试一次",
                    .wait_before = "",
                    .wait_after = "秒后自动再试",
                    .until = "有效期至 %s",
                    .begins = "%s 开始"},
    [LANDING_EN] = {.alt = "QR code of the group",
                    .next = "Can't get in? Try another group",
                    .save = "Save image",
                    .join = "I want to join",
                    .join_why = "One tap keeps your seat.",
                    .tap_say = "Tap the button and we keep a seat for you.",
                    .preview_say = "Open it on your phone to find a group that has room.",
                    .again = "Try again",
                    .wait_before = "Trying again in",
                    .wait_after = "s",
                    .until = "Valid until %s",
                    .begins = "Begins %s"},
};

struct message_words {
    const char *head, *say;
};

static const struct {
    struct message_words in[LANDING_LANGUAGES];
    const char *tone; /* class of the mark */
    bool again;       /* a button to try again makes sense */
} messages[LANDING_MESSAGES] = {
    [LANDING_NOT_FOUND] = {{{"没有找到这个码", "可能没扫完整，或者地址抄错了。请再扫一次。"},
                            {"This code was not found",
                             "It may be scanned in part, or copied with a mistake. Please scan it "
                             "again."}},
                           "stop",
                           false},
    [LANDING_OFF] = {{{"暂时停用了", "这个码现在不能进群。请联系给你码的人。"},
                      {"Stopped for now", "This code leads to no group at the moment. Please ask who gave it to you."}},
                     "stop",
                     true},
    [LANDING_NOT_BEGUN] = {{{"还没有开始", "到时间再扫一次，就能进群。"},
                            {"Not open yet", "Scan it again once it has begun."}},
                           "soon",
                           true},
    [LANDING_ENDED] = {{{"已经结束了", "进群的时间过了。想知道下一次，请联系给你码的人。"},
                        {"This has ended",
                         "The time to join is over. To hear of the next one, ask who gave you the code."}},
                       "stop",
                       false},
    [LANDING_FULL] = {{{"这一批群都满了", "有了名额，再扫一次就能进。"},
                       {"All groups are full", "Scan again later: when a seat is free, you get in."}},
                      "soon",
                      true},
    [LANDING_BUSY] = {{{"稍等，马上就好", "人有点多，页面会自动再试。"},
                       {"One moment", "It is busy right now. This page tries again by itself."}},
                      "",
                      true},
    [LANDING_BAD_REQUEST] = {{{"这次没有扫成", "请再扫一次二维码。"},
                              {"That did not work", "Please scan the code once more."}},
                             "stop",
                             false},
};

/* How to get into a group that is shown as a code, by where the page stands. */
enum way {
    WAY_PRESS,     /* long-press the code */
    WAY_SAVE,      /* save it, scan it with the app */
    WAY_OPEN,      /* scan it, or tap the link */
    WAY_LEAVE_APP, /* the app does not open such links */
};

static const struct platform_way {
    enum way in[LANDING_APPS];
    const char *open[LANDING_LANGUAGES];
} platform_ways[PLATFORM_COUNT] = {
    [PLATFORM_WEB] = {{WAY_OPEN, WAY_OPEN}, {"打开链接", "Open the link"}},
    [PLATFORM_WECHAT] = {{WAY_PRESS, WAY_SAVE}, {NULL, NULL}},
    [PLATFORM_WECOM] = {{WAY_PRESS, WAY_SAVE}, {NULL, NULL}},
    [PLATFORM_QQ] = {{WAY_OPEN, WAY_OPEN}, {"打开 QQ 进群", "Open in QQ"}},
    [PLATFORM_TELEGRAM] = {{WAY_LEAVE_APP, WAY_OPEN}, {"打开 Telegram 进群", "Open in Telegram"}},
    [PLATFORM_WHATSAPP] = {{WAY_LEAVE_APP, WAY_OPEN}, {"打开 WhatsApp 进群", "Open in WhatsApp"}},
    [PLATFORM_DISCORD] = {{WAY_LEAVE_APP, WAY_OPEN}, {"打开 Discord 进群", "Open in Discord"}},
    [PLATFORM_MINIPROGRAM] = {{WAY_OPEN, WAY_OPEN}, {"打开小程序", "Open the mini program"}},
};

static const char *way_text(enum way way, enum platform p, enum landing_language lang)
{
    static const char *const text[][LANDING_LANGUAGES] = {
        [WAY_PRESS] = {"长按识别二维码进群", "Press and hold the code to join"},
        [WAY_SAVE] = {"保存图片，用微信扫一扫", "Save the image, scan it in WeChat"},
        [WAY_OPEN] = {"扫码，或点按钮打开", "Scan the code, or tap the button"},
        [WAY_LEAVE_APP] = {"点右上角 ···，在浏览器打开", "Tap ··· above, then open in your browser"},
    };
    static const char *const wecom[] = {"保存图片，用企业微信或微信扫一扫",
                                        "Save the image, scan it in WeCom or WeChat"};

    return way == WAY_SAVE && p == PLATFORM_WECOM ? wecom[lang] : text[way][lang];
}

/* "11 月 29 日" / "29 Nov", and the time of day if asked for, in the process's time zone. */
static void date_write(char *out, size_t size, int64_t seconds, bool clock, enum landing_language lang)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t at = (time_t)seconds;
    struct tm tm;
    char time[16] = "";

    out[0] = '\0';
    if (!localtime_r(&at, &tm) || tm.tm_mon < 0 || tm.tm_mon > 11)
        return;
    if (clock)
        snprintf(time, sizeof time, lang == LANDING_ZH ? " %02d:%02d" : ", %02d:%02d", tm.tm_hour, tm.tm_min);
    if (lang == LANDING_ZH)
        snprintf(out, size, "%d 月 %d 日%s", tm.tm_mon + 1, tm.tm_mday, time);
    else
        snprintf(out, size, "%d %s%s", tm.tm_mday, months[tm.tm_mon], time);
}

/* What a campaign is called, where its title is empty by its slug. */
static const char *campaign_name(const struct campaign *c)
{
    return c->title && *c->title ? c->title : c->slug;
}

/* --- the page with the code --- */

/* Whether a link may become a button: what a browser may open, and never a script. */
static bool link_openable(const char *url)
{
    static const char *const schemes[] = {"https://", "http://", "weixin:", "mqqapi:", "tg:"};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (!strncasecmp(url, schemes[i], strlen(schemes[i])))
            return true;
    }
    return false;
}

/* A text as base64 of a PNG, and the CSS pixels it is shown at: whole ones a module where that falls into the range. */
static int code_draw(const char *url, char **ret_base64, int *ret_side)
{
    static const struct qr_look look = {.margin = QR_QUIET, .dark = 0x000000, .light = 0xffffff};
    struct qr_symbol symbol, coarse;
    size_t len = 0;
    int err = qr_encode(url, strlen(url), QR_ECC_M, &symbol);

    if (!err && symbol.size > SIZE_COARSE && !qr_encode(url, strlen(url), QR_ECC_L, &coarse)) {
        qr_symbol_clear(&symbol);
        symbol = coarse;
    }
    if (err)
        return -ENOMEM;
    int modules = symbol.size + 2 * look.margin, scale = SAVED_PX / modules;
    uint8_t *png = NULL;
    for (; scale > 0; scale--) {
        free(png);
        png = qr_to_png(&symbol, &look, modules * scale, &len);
        if (!png || len <= PNG_BUDGET)
            break;
    }
    qr_symbol_clear(&symbol);
    if (!png)
        return -ENOMEM;
    size_t size = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
    char *base64 = malloc(size);
    if (base64)
        sodium_bin2base64(base64, size, png, len, sodium_base64_VARIANT_ORIGINAL);
    free(png);
    if (!base64)
        return -ENOMEM;
    int side = SIDE_MAX / modules * modules;
    *ret_base64 = base64;
    *ret_side = side >= SIDE_MIN ? side : SIDE_MAX;
    return 0;
}

/* What gives way, step by step, when a page would be too large: long texts first, then the link beside its code. */
static const struct {
    size_t title, name, url;
} group_room[] = {{1200, 600, 8192}, {360, 180, 8192}, {360, 180, 0}, {120, 90, 0}};

int landing_group(struct landing_page *page, const struct campaign *c, size_t group, enum landing_language lang,
                  enum landing_app app)
{
    static const struct page_kind kind_of_this = {.style = STYLE_GROUP, .script = SCRIPT_GROUP, .based = true};
    struct page_kind kind = kind_of_this;
    const struct group *g = &c->groups[group];
    const struct platform_way *platform = &platform_ways[g->platform];
    enum way way = platform->in[app];
    char *png, until[96] = "", date[48], side_text[16];
    int side, err = code_draw(g->url, &png, &side);

    if (err)
        return err;
    /* Inside WeChat a scheme of its own is no link either. */
    if (way == WAY_OPEN && app == LANDING_IN_WECHAT && strncasecmp(g->url, "http", 4))
        way = WAY_LEAVE_APP;
    if (g->expires_at) {
        /* One second earlier: a group that closes at midnight is good until the day before. */
        date_write(date, sizeof date, g->expires_at - 1, false, lang);
        if (date[0])
            snprintf(until, sizeof until, words[lang].until, date);
    }
    snprintf(side_text, sizeof side_text, "%d", side);
    kind.template = embed_group_html;
    err = -E2BIG;
    for (size_t i = 0; err == -E2BIG && i < sizeof group_room / sizeof group_room[0]; i++) {
        struct slots s = {0};
        bool url_fits = group_room[i].url && link_openable(g->url);
        slot_text(&s, "title", campaign_name(c), group_room[i].title);
        slot_text(&s, "tab", campaign_name(c), 240);
        slot_text(&s, "name", g->name, group_room[i].name);
        slot_raw(&s, "alt", words[lang].alt);
        slot_raw(&s, "side", side_text);
        slot_raw(&s, "png", png);
        slot_raw(&s, "do", way_text(way, g->platform, lang));
        slot_raw(&s, "until", until);
        slot_raw(&s, "save", way == WAY_SAVE ? words[lang].save : NULL);
        slot_text(&s, "open", way == WAY_OPEN && url_fits ? g->url : NULL, SIZE_MAX);
        slot_raw(&s, "open_label", platform->open[lang]);
        slot_text(&s, "copy", way == WAY_LEAVE_APP && url_fits ? g->url : NULL, SIZE_MAX);
        slot_raw(&s, "join_why", words[lang].join_why);
        slot_raw(&s, "join", words[lang].join);
        slot_text(&s, "next", words[lang].next, 200);
        err = page_make(page, &kind, lang, &s);
    }
    free(png);
    return err == -E2BIG ? -ENOMEM : err;
}

/* --- the pages without one --- */

int landing_tap(struct landing_page *page, const struct campaign *c, enum landing_language lang)
{
    const struct page_kind kind = {embed_tap_html, STYLE_NOTE, SCRIPT_NONE, true};
    struct slots s = {0};

    slot_text(&s, "title", campaign_name(c), 1200);
    slot_text(&s, "tab", campaign_name(c), 240);
    slot_raw(&s, "say", words[lang].tap_say);
    slot_raw(&s, "join", words[lang].join);
    return page_make(page, &kind, lang, &s);
}

int landing_message(struct landing_page *page, enum landing_message m, const struct campaign *c,
                    enum landing_language lang)
{
    static const size_t say_room[] = {SIZE_MAX, 6000, 4800, 3600};
    const struct message_words *w = &messages[m].in[lang];
    const bool busy = m == LANDING_BUSY;
    const struct page_kind kind = {embed_message_html, STYLE_NOTE, busy ? SCRIPT_BUSY : SCRIPT_NONE, false};
    const char *say = m == LANDING_FULL && c && c->fallback_text && *c->fallback_text ? c->fallback_text : w->say;
    char date[48], when[96] = "";
    int err = -E2BIG;

    if (m == LANDING_NOT_BEGUN && c && c->starts_at) {
        date_write(date, sizeof date, c->starts_at, true, lang);
        if (date[0])
            snprintf(when, sizeof when, words[lang].begins, date);
    }
    for (size_t i = 0; err == -E2BIG && i < sizeof say_room / sizeof say_room[0]; i++) {
        struct slots s = {0};
        slot_text(&s, "title", c ? campaign_name(c) : NULL, 1200);
        slot_raw(&s, "tab", w->head);
        slot_raw(&s, "tone", messages[m].tone);
        slot_raw(&s, "head", w->head);
        slot_text(&s, "say", say, say_room[i]);
        slot_raw(&s, "when", when);
        slot_raw(&s, "retry", busy ? "5" : NULL);
        slot_raw(&s, "wait", busy ? "y" : NULL);
        slot_raw(&s, "wait_before", words[lang].wait_before);
        slot_raw(&s, "wait_after", words[lang].wait_after);
        slot_raw(&s, "again", messages[m].again ? words[lang].again : NULL);
        err = page_make(page, &kind, lang, &s);
    }
    return err == -E2BIG ? -ENOMEM : err;
}

int landing_preview(struct landing_page *page, const struct campaign *c, const char *base_url,
                    enum landing_language lang)
{
    const struct page_kind kind = {embed_preview_html, STYLE_NOTE, SCRIPT_PREVIEW, false};
    struct slots s = {0};
    char *url;

    if (asprintf(&url, "%s/%s", base_url, c->slug) < 0)
        return -ENOMEM;
    slot_text(&s, "title", campaign_name(c), 1200);
    slot_text(&s, "tab", campaign_name(c), 240);
    slot_text(&s, "og_url", url, 3000);
    slot_raw(&s, "say", words[lang].preview_say);
    slot_raw(&s, "join", words[lang].join);
    int err = page_make(page, &kind, lang, &s);
    free(url);
    return err == -E2BIG ? -ENOMEM : err;
}

/* --- Accept-Language --- */

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
