/*
 * A head's bytes -> struct request. Two steps: raw_check reads the whole head once and refuses what llhttp lets through
 * even in strict mode (obs-fold, bare LF, an empty header name, several blanks in the request line, control bytes);
 * then llhttp takes it apart. Measured on llhttp 8.1: each of the raw checks refuses something that llhttp alone
 * accepts.
 */
#include "request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <llhttp.h>

#define HEADER(text) text, sizeof(text) - 1

/* once: must not come twice, because two readers could take different ones (RFC 9110, 5.3). */
static const struct {
    const char *name;
    uint8_t len;
    bool once;
} known_headers[HTTP_H_COUNT] = {
    [HTTP_H_HOST] = {HEADER("host"), true},
    [HTTP_H_COOKIE] = {HEADER("cookie"), false},
    [HTTP_H_USER_AGENT] = {HEADER("user-agent"), false},
    [HTTP_H_ACCEPT_LANGUAGE] = {HEADER("accept-language"), false},
    [HTTP_H_ACCEPT] = {HEADER("accept"), false},
    [HTTP_H_ACCEPT_ENCODING] = {HEADER("accept-encoding"), false},
    [HTTP_H_AUTHORIZATION] = {HEADER("authorization"), true},
    [HTTP_H_X_API_KEY] = {HEADER("x-api-key"), true},
    [HTTP_H_CONTENT_TYPE] = {HEADER("content-type"), true},
    [HTTP_H_IF_MATCH] = {HEADER("if-match"), true},
    [HTTP_H_IF_NONE_MATCH] = {HEADER("if-none-match"), false},
    [HTTP_H_ORIGIN] = {HEADER("origin"), true},
    [HTTP_H_X_REQUESTED_WITH] = {HEADER("x-requested-with"), false},
    [HTTP_H_X_FORWARDED_FOR] = {HEADER("x-forwarded-for"), false},
    [HTTP_H_SEC_PURPOSE] = {HEADER("sec-purpose"), false},
    [HTTP_H_PURPOSE] = {HEADER("purpose"), false},
    [HTTP_H_X_MOZ] = {HEADER("x-moz"), false},
    [HTTP_H_X_PURPOSE] = {HEADER("x-purpose"), false},
};

/* What a byte may be part of. */
enum {
    BYTE_TOKEN = 1,  /* RFC 9110, 5.6.2 */
    BYTE_TARGET = 2, /* printable ASCII but '#': a fragment is never sent (RFC 9112, 3.2) */
    BYTE_FIELD = 4,  /* HTAB, and all but control bytes (RFC 9110, 5.5; obs-text is let through) */
    BYTE_NAME = 8,   /* of a host: letters, digits, "-._~" */
};

/* clang-format off */
#define TOKEN (BYTE_TOKEN | BYTE_TARGET | BYTE_FIELD)
#define NAME (TOKEN | BYTE_NAME)
#define OTHER (BYTE_TARGET | BYTE_FIELD)
static const uint8_t byte_class[256] = {
    ['\t'] = BYTE_FIELD, [' '] = BYTE_FIELD, ['#'] = BYTE_TOKEN | BYTE_FIELD,
    ['0' ... '9'] = NAME, ['A' ... 'Z'] = NAME, ['a' ... 'z'] = NAME,
    ['-'] = NAME, ['.'] = NAME, ['_'] = NAME, ['~'] = NAME,
    ['!'] = TOKEN, ['$'] = TOKEN, ['%'] = TOKEN, ['&'] = TOKEN, ['\''] = TOKEN, ['*'] = TOKEN, ['+'] = TOKEN,
    ['^'] = TOKEN, ['`'] = TOKEN, ['|'] = TOKEN,
    ['"'] = OTHER, ['('] = OTHER, [')'] = OTHER, [','] = OTHER, ['/'] = OTHER, [':'] = OTHER, [';'] = OTHER,
    ['<'] = OTHER, ['='] = OTHER, ['>'] = OTHER, ['?'] = OTHER, ['@'] = OTHER, ['['] = OTHER, ['\\'] = OTHER,
    [']'] = OTHER, ['{'] = OTHER, ['}'] = OTHER,
    [0x80 ... 0xff] = BYTE_FIELD,
};
/* clang-format on */

static bool all_bytes(const char *at, const char *end, uint8_t may_be)
{
    uint8_t all = may_be;
    for (; at < end; at++)
        all &= byte_class[(unsigned char)*at];
    return all != 0;
}

static const struct {
    const char *name;
    uint8_t len;
    enum http_method method;
} methods[] = {
    {"GET", 3, HTTP_M_GET},     {"HEAD", 4, HTTP_M_HEAD},     {"POST", 4, HTTP_M_POST},       {"PUT", 3, HTTP_M_PUT},
    {"PATCH", 5, HTTP_M_PATCH}, {"DELETE", 6, HTTP_M_DELETE}, {"OPTIONS", 7, HTTP_M_OPTIONS},
};

bool span_is(struct span s, const char *text)
{
    size_t len = strlen(text);
    return s.len == len && memcmp(s.at, text, len) == 0;
}

bool span_is_nocase(struct span s, const char *lower)
{
    size_t len = strlen(lower);
    return s.len == len && strncasecmp(s.at, lower, len) == 0;
}

size_t request_head_end(const char *buf, size_t len, size_t *scanned)
{
    size_t at = *scanned;
    while (at < len) {
        const char *lf = memchr(buf + at, '\n', len - at);
        if (!lf) {
            *scanned = len;
            return 0;
        }
        size_t next = (size_t)(lf - buf) + 1;
        if (next < len && buf[next] == '\n')
            return next + 1;
        if (next + 1 < len && buf[next] == '\r' && buf[next + 1] == '\n')
            return next + 2;
        if (next + 1 >= len) { /* what follows this LF is not here yet: look at it again */
            *scanned = next - 1;
            return 0;
        }
        at = next;
    }
    *scanned = at;
    return 0;
}

/* "METHOD SP target SP HTTP/x.y", exactly two blanks, printable ASCII (RFC 9112, 3). */
static int raw_request_line(const char *line, size_t len)
{
    const char *first = memchr(line, ' ', len);
    if (!first || first == line)
        return 400;
    const char *second = memchr(first + 1, ' ', len - (size_t)(first + 1 - line));
    if (!second || second == first + 1)
        return 400;
    size_t target_len = (size_t)(second - first) - 1;
    const char *version = second + 1;
    size_t version_len = len - (size_t)(version - line);
    if (!all_bytes(line, first, BYTE_TOKEN) || !all_bytes(first + 1, second, BYTE_TARGET))
        return 400;
    if (version_len != 8 || memcmp(version, "HTTP/", 5) != 0 || !isdigit((unsigned char)version[5]) ||
        version[6] != '.' || !isdigit((unsigned char)version[7]))
        return 400;
    if (version[5] != '1' || version[7] > '1')
        return 505;
    return target_len > HTTP_TARGET_MAX ? 414 : 0;
}

/* One pass over the head, before any parser: lines end in CRLF and nothing else does, no control bytes, no line that
 * begins with a blank (obs-fold, RFC 9112, 5.2) or a colon. 0 or a status. */
static int raw_check(const char *head, size_t len)
{
    const char *p = head, *end = head + len;
    int lines = 0;
    while (p < end) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        if (!lf || lf == p || lf[-1] != '\r')
            return 400;
        size_t line_len = (size_t)(lf - p) - 1;
        if (line_len == 0)
            return lf + 1 == end && lines > 0 ? 0 : 400;
        if (lines == 0) {
            int status = raw_request_line(p, line_len);
            if (status)
                return status;
        } else {
            if (*p == ' ' || *p == '\t' || *p == ':' || !all_bytes(p, p + line_len, BYTE_FIELD))
                return 400;
        }
        if (++lines > HTTP_HEADERS_MAX + 1)
            return 431;
        p = lf + 1;
    }
    return 400;
}

/* llhttp's view of one head while it is taken apart. */
struct head_parse {
    llhttp_t parser;
    struct request *r;
    struct span field, value;
    struct span url, content_length, transfer_encoding, expect;
    uint16_t flags; /* llhttp's at the end of the head: it clears its own when a message without a body is over */
    int status;     /* why to refuse; 0 */
};

/* A piece that goes on where the last one ended belongs to it. */
static void span_extend(struct span *s, const char *at, size_t len)
{
    if (s->at && s->at + s->len == at)
        s->len += len;
    else
        *s = (struct span){at, len};
}

static int on_url(llhttp_t *p, const char *at, size_t len)
{
    span_extend(&((struct head_parse *)p->data)->url, at, len);
    return 0;
}

static int on_field(llhttp_t *p, const char *at, size_t len)
{
    struct head_parse *h = p->data;
    span_extend(&h->field, at, len);
    return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t len)
{
    struct head_parse *h = p->data;
    span_extend(&h->value, at, len);
    return 0;
}

static int refuse(struct head_parse *h, int status)
{
    h->status = status;
    return -1;
}

/* Headers that decide how long a request is, or how it is answered. */
static int framing_header(struct head_parse *h, struct span field, struct span value)
{
    struct span *keep = NULL;
    if (field.len == 14 && span_is_nocase(field, "content-length"))
        keep = &h->content_length;
    else if (field.len == 17 && span_is_nocase(field, "transfer-encoding"))
        keep = &h->transfer_encoding;
    else if (field.len == 6 && span_is_nocase(field, "expect"))
        keep = &h->expect;
    if (!keep)
        return 0;
    if (keep->at)
        return refuse(h, 400);
    *keep = value;
    return 1;
}

static int on_value_complete(llhttp_t *p)
{
    struct head_parse *h = p->data;
    struct span field = h->field, value = h->value;
    h->field = h->value = (struct span){NULL, 0};
    if (!value.at)
        value.at = field.at + field.len;
    while (value.len > 0 && (value.at[value.len - 1] == ' ' || value.at[value.len - 1] == '\t'))
        value.len--;
    if (field.len == 0)
        return refuse(h, 400);
    int framing = framing_header(h, field, value);
    if (framing)
        return framing < 0 ? -1 : 0;
    for (int i = 0; i < HTTP_H_COUNT; i++) {
        if (field.len != known_headers[i].len || strncasecmp(field.at, known_headers[i].name, field.len) != 0)
            continue;
        if (!h->r->header[i].at)
            h->r->header[i] = value;
        else if (known_headers[i].once)
            return refuse(h, 400);
        else if (i == HTTP_H_X_FORWARDED_FOR) /* lines are one list (RFC 9110, 5.3): the nearest proxy's is its end */
            h->r->header[i] = value;
        break;
    }
    return 0;
}

static int on_headers_complete(llhttp_t *p)
{
    ((struct head_parse *)p->data)->flags = p->flags;
    return 0;
}

/* uri-host [ ":" port ] (RFC 9110, 7.2); an empty one is refused: nobody of ours sends it. */
static bool host_well_formed(struct span host)
{
    size_t i = 0;
    if (host.len == 0 || host.len > 255 + 6)
        return false;
    if (host.at[0] == '[') {
        for (i = 1; i < host.len && (isxdigit((unsigned char)host.at[i]) || host.at[i] == ':' || host.at[i] == '.');
             i++)
            continue;
        if (i < 3 || i >= host.len || host.at[i] != ']')
            return false;
        i++;
    } else {
        while (i < host.len && byte_class[(unsigned char)host.at[i]] & BYTE_NAME)
            i++;
        if (i == 0)
            return false;
    }
    if (i == host.len)
        return true;
    if (host.at[i++] != ':' || i == host.len || host.len - i > 5)
        return false;
    for (; i < host.len; i++)
        if (!isdigit((unsigned char)host.at[i]))
            return false;
    return true;
}

/* Content-Length is digits only; with Transfer-Encoding, or a coding other than "chunked", 400 (RFC 9112, 6.1 and 6.3).
 */
static int frame_body(struct head_parse *h)
{
    struct request *r = h->r;
    if (h->transfer_encoding.at) {
        if (h->content_length.at || r->http_1_0 || !span_is_nocase(h->transfer_encoding, "chunked"))
            return 400;
        r->chunked = true;
        return 0;
    }
    if (!h->content_length.at)
        return 0;
    struct span s = h->content_length;
    if (s.len == 0)
        return 400;
    for (size_t i = 0; i < s.len; i++) {
        if (!isdigit((unsigned char)s.at[i]))
            return 400;
        if (r->content_length > (UINT64_MAX - 9) / 10)
            return 400;
        r->content_length = r->content_length * 10 + (uint64_t)(s.at[i] - '0');
    }
    r->has_content_length = true;
    return 0;
}

/* Origin-form, or absolute-form of which only the path is used: the host in it is the client's claim. (RFC 9112, 3.2)
 */
static int split_target(struct request *r, struct span url)
{
    const char *p = url.at, *end = url.at + url.len;
    if (*p != '/') {
        if (r->method == HTTP_M_OPTIONS && span_is(url, "*")) {
            r->path = url;
            r->query = (struct span){end, 0};
            return 0;
        }
        size_t scheme = url.len > 7 && strncasecmp(p, "http://", 7) == 0    ? 7
                        : url.len > 8 && strncasecmp(p, "https://", 8) == 0 ? 8
                                                                            : 0;
        if (!scheme)
            return 400;
        p += scheme;
        const char *authority = p;
        while (p < end && *p != '/' && *p != '?')
            p++;
        if (!host_well_formed((struct span){authority, (size_t)(p - authority)}))
            return 400;
    }
    const char *mark = memchr(p, '?', (size_t)(end - p));
    const char *path_end = mark ? mark : end;
    r->path = p == path_end ? (struct span){"/", 1} : (struct span){p, (size_t)(path_end - p)};
    r->query = mark ? (struct span){mark + 1, (size_t)(end - mark - 1)} : (struct span){end, 0};
    return 0;
}

static int find_method(const char *head, struct request *r)
{
    size_t len = (size_t)((const char *)memchr(head, ' ', HTTP_HEAD_MAX) - head);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (methods[i].len == len && memcmp(methods[i].name, head, len) == 0) {
            r->method = methods[i].method;
            return 0;
        }
    return 501;
}

static int settle(struct head_parse *h)
{
    struct request *r = h->r;
    int status = frame_body(h);
    if (status)
        return status;
    if (r->header[HTTP_H_HOST].at ? !host_well_formed(r->header[HTTP_H_HOST]) : !r->http_1_0)
        return 400;
    if (h->expect.at && !r->http_1_0) {
        if (!span_is_nocase(h->expect, "100-continue"))
            return 417;
        r->expects_continue = true;
    }
    r->keep_alive = r->http_1_0 ? (h->flags & (F_CONNECTION_KEEP_ALIVE | F_CONNECTION_CLOSE)) == F_CONNECTION_KEEP_ALIVE
                                : (h->flags & F_CONNECTION_CLOSE) == 0;
    return h->url.at ? split_target(r, h->url) : 400;
}

int request_parse(struct request *r, const char *head, size_t len)
{
    static const llhttp_settings_t settings = {
        .on_url = on_url,
        .on_header_field = on_field,
        .on_header_value = on_value,
        .on_header_value_complete = on_value_complete,
        .on_headers_complete = on_headers_complete,
    };
    if (len > HTTP_HEAD_MAX)
        return 431;
    if (len > 2 && memcmp(head, "\r\n", 2) == 0) /* one empty line before a request is let pass (RFC 9112, 2.2) */
        head += 2, len -= 2;
    int status = raw_check(head, len);
    if (status)
        return status;
    memset(r, 0, sizeof *r);
    status = find_method(head, r);
    if (status)
        return status;
    struct head_parse h = {.r = r};
    llhttp_init(&h.parser, HTTP_REQUEST, &settings);
    h.parser.data = &h;
    const char *line_end = memchr(head, '\r', len);
    r->http_1_0 = line_end[-1] == '0';
    llhttp_errno_t e = llhttp_execute(&h.parser, head, len);
    if (h.status)
        return h.status;
    /* An Upgrade is not taken up, which is how RFC 9110, 7.8 lets a server say no. */
    if (e != HPE_OK && e != HPE_PAUSED_UPGRADE)
        return 400;
    return settle(&h);
}
