/* Answers that are no errors. */
#include "answer.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "door.h"
#include "problem.h"

void answer_begin(struct reply *r, struct conn *c, int status, const char *content_type)
{
    static const char lines[] = "Cache-Control: no-store\r\n"
                                "X-Content-Type-Options: nosniff\r\n"
                                "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
                                "Referrer-Policy: no-referrer\r\n";
    reply_begin(r, c, status);
    if (content_type)
        reply_header_text(r, "Content-Type", content_type);
    reply_lines(r, lines, sizeof lines - 1);
}

void answer_json(struct conn *c, int status, char *json, size_t len, int64_t version, const char *location)
{
    if (!json) {
        problem_reply(c, 503, NULL);
        return;
    }
    struct reply r;
    answer_begin(&r, c, status, "application/json");
    if (version > 0) {
        char etag[32];
        snprintf(etag, sizeof etag, "\"%" PRId64 "\"", version);
        reply_header_text(&r, "ETag", etag);
    }
    if (location)
        reply_header_text(&r, "Location", location);
    reply_end(&r, json, len);
    free(json);
}

void answer_campaign(struct conn *c, int status, const struct store_campaign *sc, const char *location)
{
    size_t len = 0;
    char *json = campaign_to_api(sc->definition, sc->counts, admin_of(c)->config->base_url, conn_now(c), false, &len);
    answer_json(c, status, json, len, sc->definition->version, location);
}

bool answer_print_campaigns(FILE *f, struct conn *c, const struct store_campaign *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = 0;
        char *json = campaign_to_api(rows[i].definition, rows[i].counts, admin_of(c)->config->base_url, conn_now(c),
                                     false, &len);
        if (!json)
            return false;
        if (i > 0)
            fputc(',', f);
        fwrite(json, 1, len, f);
        free(json);
    }
    return true;
}

void answer_group(struct conn *c, int status, const struct store_campaign *sc, size_t position, const char *location)
{
    size_t len = 0;
    char *json = campaign_group_to_api(sc->definition, position, &sc->counts[position], conn_now(c), false, &len);
    answer_json(c, status, json, len, sc->definition->version, location);
}

void answer_nothing(struct conn *c)
{
    struct reply r;
    answer_begin(&r, c, 204, NULL);
    reply_end(&r, NULL, 0);
}

void answer_etag(const void *bytes, size_t len, char out[ANSWER_ETAG])
{
    unsigned char hash[ANSWER_HASH];
    char hex[ANSWER_HASH * 2 + 1];
    crypto_generichash(hash, sizeof hash, bytes, len, NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    snprintf(out, ANSWER_ETAG, "\"%s\"", hex);
}

/* RFC 9110, 13.1.2: weak comparison. */
bool answer_client_has(const struct conn *c, const char *etag)
{
    struct span s = conn_request(c)->header[HTTP_H_IF_NONE_MATCH];
    return s.at && (span_is(s, "*") || memmem(s.at, s.len, etag, strlen(etag)) != NULL);
}
