/* Old addresses in their canonical form, and the aliases that a request may mean. See alias.h. */
#include "alias.h"

#include <string.h>
#include <strings.h>

/* First segments that no alias has: this server answers there itself, or is asked for it by every browser. */
static const char *const reserved_segments[] = {"healthz", "api", "static", "metrics", "robots.txt", "favicon.ico"};

enum written { WRITTEN, TOO_LONG, BAD_ESCAPE };

/* Canonical text in the making. */
struct writer {
    char *at, *end;
};

static int hex_value(char ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    ch = (char)(ch | 0x20);
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

/* Reserved characters that browsers send as they are. An apostrophe they encode in queries only, so it is always. */
static bool stands_raw(unsigned char c)
{
    return is_unreserved(c) || (c && strchr("!$&()*+,;=:@/?", c));
}

static bool put(struct writer *w, char ch)
{
    if (w->at == w->end)
        return false;
    *w->at++ = ch;
    return true;
}

static bool put_escaped(struct writer *w, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";

    return put(w, '%') && put(w, digits[c >> 4]) && put(w, digits[c & 15]);
}

/* The byte that "%XX" at text stands for, or -1. */
static int read_escape(const char *text, size_t len)
{
    int high, low;

    if (len < 3)
        return -1;
    high = hex_value(text[1]);
    low = hex_value(text[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static enum written put_canonical(struct writer *w, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool raw = stands_raw(c);

        if (c == '%') {
            int escaped = read_escape(text + i, len - i);

            if (escaped < 0)
                return BAD_ESCAPE;
            c = (unsigned char)escaped;
            raw = is_unreserved(c); /* "%2F" is not "/": what is reserved stays as it was written */
            i += 2;
        }
        if (!(raw ? put(w, (char)c) : put_escaped(w, c)))
            return TOO_LONG;
    }
    return WRITTEN;
}

static const char *why_not(enum written written)
{
    static const char *const reasons[] = {
        [WRITTEN] = NULL,
        [TOO_LONG] = "must be at most 512 bytes, percent-encoded",
        [BAD_ESCAPE] = "has a % without two hex digits behind it",
    };

    _Static_assert(ALIAS_MAX == 512, "the reason above");
    return reasons[written];
}

/* The path without slashes at its end; of "/" alone nothing is left. */
static enum written put_path(struct writer *w, const char *path, size_t len)
{
    while (len > 0 && path[len - 1] == '/')
        len--;
    return put_canonical(w, path, len);
}

/* --- what an admin writes --- */

static const char *check_bytes(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int escaped = text[i] == '%' ? read_escape(text + i, len - i) : -1;
        unsigned char c = (unsigned char)(escaped < 0 ? text[i] : escaped);

        if (c < 0x20 || c == 0x7f)
            return "has a control character";
        if (text[i] == ' ')
            return "has white space (written %20)";
        if (text[i] == '#')
            return "has a fragment: what stands behind # never reaches a server";
        if (text[i] == '\\')
            return "has a backslash, which browsers turn into /";
    }
    return NULL;
}

static bool segment_is(const char *segment, size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(segment, word, len) == 0;
}

/* Of a path in canonical form: whether requests for it come to an alias at all. */
static const char *check_path(const char *path, size_t len)
{
    const char *end = path + len;
    int number = 0;

    for (const char *at = path; at < end; number++) {
        const char *segment = at + 1, *next = memchr(segment, '/', (size_t)(end - segment));
        size_t size;

        at = next ? next : end;
        size = (size_t)(at - segment);
        if (segment_is(segment, size, ".") || segment_is(segment, size, ".."))
            return "has a segment \".\" or \"..\", which browsers take away";
        for (size_t i = 0; number == 0 && i < sizeof(reserved_segments) / sizeof(reserved_segments[0]); i++) {
            if (segment_is(segment, size, reserved_segments[i]))
                return "is reserved: this server answers there itself";
        }
        if (number == 1 && at == end && (segment_is(segment, size, "seat") || segment_is(segment, size, "next")))
            return "is reserved: the buttons of a campaign's page lead there";
    }
    return NULL;
}

/* The parameters that are not empty, each behind a '?' or '&'. */
static const char *read_query(struct writer *w, const char *query, size_t len)
{
    const char *end = query + len;
    int pairs = 0;

    for (const char *at = query, *next; at < end; at = next) {
        const char *amp = memchr(at, '&', (size_t)(end - at));
        size_t size = (size_t)((amp ? amp : end) - at);

        next = amp ? amp + 1 : end;
        if (size == 0)
            continue;
        _Static_assert(ALIAS_PAIRS_MAX == 8, "the reason below");
        if (pairs == ALIAS_PAIRS_MAX)
            return "must have at most 8 parameters";
        if (!put(w, pairs++ ? '&' : '?'))
            return why_not(TOO_LONG);
        enum written written = put_canonical(w, at, size);
        if (written != WRITTEN)
            return why_not(written);
    }
    return NULL;
}

const char *alias_read(const char *text, size_t len, char out[ALIAS_MAX + 1])
{
    const char *query = memchr(text, '?', len);
    size_t path_len = query ? (size_t)(query - text) : len;
    struct writer w = {out, out + ALIAS_MAX};
    const char *reason;

    _Static_assert(ALIAS_MAX == 512, "the reason below");
    if (len == 0 || text[0] != '/')
        return "must begin with \"/\": the old address without its scheme and host";
    if (len > ALIAS_MAX)
        return "must be at most 512 bytes";
    reason = check_bytes(text, len);
    if (reason)
        return reason;
    reason = why_not(put_path(&w, text, path_len));
    if (reason)
        return reason;
    reason = check_path(out, (size_t)(w.at - out));
    if (reason)
        return reason;
    if (w.at == out) /* the root: "/?id=5" */
        *w.at++ = '/';
    if (query && (reason = read_query(&w, query + 1, len - path_len - 1)))
        return reason;
    *w.at = '\0';
    return w.at == out + 1 ? "must not be \"/\" alone" : NULL;
}

/* --- what a visitor's phone sends --- */

static void add_candidate(struct alias_candidates *c, const char *end, size_t used)
{
    c->len[c->count] = (uint16_t)(end - c->text);
    c->used[c->count++] = (uint16_t)used;
}

bool alias_find_candidates(const char *path, size_t path_len, const char *query, size_t query_len,
                           struct alias_candidates *c)
{
    struct writer w = {c->text, c->text + ALIAS_MAX};
    const char *end = query + query_len;
    int pairs = 0;

    c->count = 0;
    if (path_len == 0 || put_path(&w, path, path_len) != WRITTEN || check_path(c->text, (size_t)(w.at - c->text)))
        return false;
    if (w.at == c->text)
        *w.at++ = '/';
    else
        add_candidate(c, w.at, 0);
    for (const char *at = query, *next; at < end && pairs < ALIAS_PAIRS_MAX; at = next) {
        const char *amp = memchr(at, '&', (size_t)(end - at));
        size_t size = (size_t)((amp ? amp : end) - at);

        next = amp ? amp + 1 : end;
        if (size == 0)
            continue;
        if (!put(&w, pairs++ ? '&' : '?') || put_canonical(&w, at, size) != WRITTEN || next - query > UINT16_MAX)
            break; /* no alias is as long, or has such a parameter */
        add_candidate(c, w.at, (size_t)(next - query));
    }
    return c->count > 0;
}
