/*
 * The printed code of a campaign, as SVG or PNG: base_url/slug[/channel]. What would not scan is refused, not drawn.
 */
#include <errno.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "auth.h"
#include "params.h"
#include "problem.h"
#include "routes.h"

enum {
    PRINT_MM = 50, /* default side of an SVG, millimetres */
    PRINT_MM_MIN = 5,
    PRINT_PX = 1024,   /* default side of a PNG, pixels */
    PRINT_PX_MIN = 29, /* the smallest symbol with its quiet zone, a pixel a module */
    PRINT_ETAG = 16,   /* bytes of hash in an ETag */
    PRINT_VALUE_MAX = 64,
};

/* --- the query --- */

/* A parameter's text; false: not given, or wrong, which is then among the errors. */
static bool read_value(struct span query, const char *name, char out[PRINT_VALUE_MAX], struct field_errors *errors)
{
    return request_parameter_given(errors, name, query_get(query, name, out, PRINT_VALUE_MAX));
}

static void read_channel(struct span query, struct print *p, struct field_errors *errors)
{
    char value[PRINT_VALUE_MAX];
    if (!read_value(query, "channel", value, errors))
        return;
    for (char *s = value; *s; s++)
        if (*s >= 'A' && *s <= 'Z')
            *s = (char)(*s - 'A' + 'a');
    if (campaign_channel_valid(value, strlen(value)))
        snprintf(p->channel, sizeof p->channel, "%s", value);
    else
        field_errors_add(errors, "channel", "must be 1 to 32 of a-z, 0-9 and -, not begin with -, and not be reserved");
}

static void read_ecc(struct span query, struct print *p, struct field_errors *errors)
{
    static const char levels[] = "LMQH";
    char value[PRINT_VALUE_MAX];
    if (!read_value(query, "ecc", value, errors))
        return;
    const char *at = strlen(value) == 1 ? strchr(levels, value[0] >= 'a' ? value[0] - 'a' + 'A' : value[0]) : NULL;
    if (at)
        p->ecc = (enum qr_ecc)(at - levels);
    else
        field_errors_add(errors, "ecc", "must be L, M, Q or H");
}

/* A decimal number from low to high; false with an error if it is none. */
static bool read_number(struct span query, const char *name, double low, double high, bool whole, double *out,
                        struct field_errors *errors)
{
    char value[PRINT_VALUE_MAX], *end = NULL;
    if (!read_value(query, name, value, errors))
        return false;
    size_t len = strlen(value);
    double n = 0;
    bool good = len > 0 && strspn(value, whole ? "0123456789" : "0123456789.") == len;
    if (good)
        n = strtod(value, &end);
    if (good && *end == '\0' && isfinite(n) && n >= low && n <= high) {
        *out = n;
        return true;
    }
    field_errors_add(errors, name, "must be a%s number from %.0f to %.0f", whole ? " whole" : "", low, high);
    return false;
}

static void read_colour(struct span query, const char *name, uint32_t *rgb, struct field_errors *errors)
{
    char value[PRINT_VALUE_MAX];
    if (read_value(query, name, value, errors) && !qr_colour_from_text(value, strlen(value), rgb))
        field_errors_add(errors, name, "must be a colour like 1a1d1f or #1a1d1f");
}

static void read_print(struct span query, struct print *p, struct field_errors *errors)
{
    double margin = QR_QUIET, px = PRINT_PX;
    p->ecc = QR_ECC_M;
    p->look = (struct qr_look){QR_QUIET, 0x000000, 0xffffff};
    p->mm = PRINT_MM;
    read_channel(query, p, errors);
    if (p->png)
        read_number(query, "size", PRINT_PX_MIN, QR_PX_MAX, true, &px, errors);
    else
        read_number(query, "size", PRINT_MM_MIN, QR_MM_MAX, false, &p->mm, errors);
    read_ecc(query, p, errors);
    read_number(query, "margin", QR_QUIET, QR_QUIET_MAX, true, &margin, errors);
    read_colour(query, "dark", &p->look.dark, errors);
    read_colour(query, "light", &p->look.light, errors);
    p->look.margin = (int)margin;
    p->px = (int)px;
    const char *refused = errors->count ? NULL : qr_look_refused(&p->look);
    if (refused)
        field_errors_add(errors, "dark", "%s", refused);
}

/* --- the answer --- */

/* Whether If-None-Match names this tag (RFC 9110, 13.1.2: weak comparison). */
static bool client_has(const struct request *r, const char *etag)
{
    struct span s = r->header[HTTP_H_IF_NONE_MATCH];
    return s.at && (span_is(s, "*") || memmem(s.at, s.len, etag, strlen(etag)) != NULL);
}

static void send_print(struct conn *c, const struct print *p, const char *image, size_t len)
{
    unsigned char hash[PRINT_ETAG];
    char hex[PRINT_ETAG * 2 + 1], etag[sizeof hex + 2], name[CAMPAIGN_SLUG_MAX + CAMPAIGN_CHANNEL_MAX + 48];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)image, len, NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    snprintf(etag, sizeof etag, "\"%s\"", hex);
    snprintf(name, sizeof name, "inline; filename=\"%s%s%s.%s\"", request_of(c)->slug, p->channel[0] ? "-" : "",
             p->channel, p->png ? "png" : "svg");
    bool has = client_has(conn_request(c), etag);
    struct reply r;
    answer_begin(&r, c, has ? 304 : 200, p->png ? "image/png" : "image/svg+xml");
    reply_header_text(&r, "ETag", etag);
    reply_header_text(&r, "Content-Disposition", name);
    reply_end(&r, has ? NULL : image, has ? 0 : len);
}

static void draw(struct conn *c, const struct print *p, const struct qr_symbol *symbol)
{
    int modules = symbol->size + 2 * p->look.margin;
    if (p->png && p->px < modules) {
        struct field_errors errors = {.count = 0};
        field_errors_add(&errors, "size", "must be at least %d: a pixel for each module and the margin", modules);
        problem_reply_fields(c, &errors);
        return;
    }
    size_t len = 0;
    char *image = p->png ? (char *)qr_to_png(symbol, &p->look, p->px, &len) : qr_to_svg(symbol, &p->look, p->mm, &len);
    if (image)
        send_print(c, p, image, len);
    else
        problem_reply(c, 503, NULL);
    free(image);
}

static void print_done(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct conn *c = ctx;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    struct print p = request_of(c)->print;
    char text[CONFIG_TEXT_MAX + CAMPAIGN_SLUG_MAX + CAMPAIGN_CHANNEL_MAX + 3];
    int len = snprintf(text, sizeof text, "%s/%s%s%s", admin_of(c)->config->base_url, sc->definition->slug,
                       p.channel[0] ? "/" : "", p.channel);
    struct qr_symbol symbol;
    int failed = qr_encode(text, (size_t)len, p.ecc, &symbol);
    if (failed == -ENOMEM) {
        problem_reply(c, 503, NULL);
    } else if (failed) {
        struct field_errors errors = {.count = 0};
        field_errors_add(&errors, "ecc", "the link is too long for this level");
        problem_reply_fields(c, &errors);
    } else {
        draw(c, &p, &symbol);
        qr_symbol_clear(&symbol);
    }
}

static void print_start(struct conn *c)
{
    struct admin_request *q = request_of(c);
    struct field_errors errors = {.count = 0};
    if (!request_read_slug(c))
        return;
    read_print(conn_request(c)->query, &q->print, &errors);
    if (errors.count > 0)
        problem_reply_fields(c, &errors);
    else
        store_campaign_read(admin_of(c)->store, q->slug, print_done, c);
}

void prints_svg(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, print_start);
}

void prints_png(struct conn *c)
{
    request_of(c)->print.png = true;
    auth_require(c, AUTH_VIEWER, print_start);
}
