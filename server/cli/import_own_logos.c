/* Lines of an export that are logos. */
#include "import_own_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_json_memory.h"
#include "logo.h"
#include "logo_record.h"

static void logo_found(void *ctx, enum store_result r, const char *text, size_t len)
{
    struct import *m = ctx;
    const json_t *file = json_object_get(m->object, "file");
    m->result = r;
    m->same = r == STORE_OK && len == json_string_length(file) && memcmp(text, json_string_value(file), len) == 0;
    session_done(m->session);
}

/* Whether it is a picture: the file is a stranger's. */
static bool is_logo(const char *text, size_t len)
{
    size_t size = 0;
    unsigned char *file = len <= STORE_LOGO_MAX ? logo_from_text(text, len, &size) : NULL;
    struct qr_logo logo;
    bool good = file && qr_logo_decode(file, size, &logo) == QR_DECODED;
    if (good)
        qr_logo_clear(&logo);
    free(file);
    return good;
}

/* As import_own_store_failed, and the end of the import says whose logo it was. */
static bool logo_failed(struct import *m, const char *slug)
{
    if (!import_own_store_failed(m, m->result))
        return false;
    snprintf(m->failed, sizeof m->failed, "line %ld: the logo of %s", m->line, slug);
    return true;
}

enum verdict import_own_look_at_logo(struct import *m, json_t *line)
{
    const char *slug = json_string_value(json_object_get(line, "slug"));
    const json_t *file = json_object_get(line, "file");
    json_t *of = slug && campaign_slug_valid(slug, strlen(slug)) ? json_object_get(m->slugs, slug) : NULL;
    enum verdict campaign = of ? (enum verdict)m->verdicts[json_integer_value(of)] : VERDICT_REFUSED;
    if (campaign != VERDICT_NEW && campaign != VERDICT_THERE)
        return import_own_refuse(m, slug ? slug : "a logo", "is the logo of no campaign that is taken from this file");
    if (!json_is_string(file) || !is_logo(json_string_value(file), json_string_length(file)))
        return import_own_refuse(m, slug, "its logo is no picture that could be used");
    if (import_own_is_repeated(m, "logo", slug, slug))
        return VERDICT_REFUSED;
    store_row_get(session_store(m->session), (struct store_rows){STORE_LOGOS, slug}, STORE_LOGO, logo_found, m);
    session_run(m->session);
    if (logo_failed(m, slug))
        return VERDICT_REFUSED;
    if (m->result == STORE_OK)
        return m->same ? VERDICT_THERE : import_own_refuse(m, slug, "has another logo");
    return VERDICT_NEW;
}

void import_own_make_logo(struct import *m, json_t *line)
{
    const char *slug = json_string_value(json_object_get(line, "slug"));
    const char *file = json_string_value(json_object_get(line, "file"));
    struct audit_change change = {NULL, NULL};
    char target[AUDIT_TARGET_MAX];
    import_own_drain(m); /* its campaign stands before it */
    if (m->broken != STORE_OK)
        return;
    m->result = STORE_NOT_FOUND;
    if (m->verdicts[json_integer_value(json_object_get(m->slugs, slug))] != VERDICT_REFUSED) {
        snprintf(target, sizeof target, "campaign:%s", slug);
        logo_audit(&change, NULL, file);
        if (!change.after)
            json_memory_lacks();
        if (import_own_lacks_memory(m)) {
            audit_change_clear(&change);
            return;
        }
        struct store_audit audit = session_audit("campaign.logo", target, &change);
        store_row_change(session_store(m->session), (struct store_rows){STORE_LOGOS, slug}, STORE_LOGO, STORE_PUT, NULL,
                         file, &audit, import_own_call_done, m);
        session_run(m->session);
        m->made += m->result == STORE_OK;
        audit_change_clear(&change);
    }
    if (!logo_failed(m, slug) && m->result != STORE_OK)
        m->verdicts[m->line] = (unsigned char)import_own_refuse(
            m, slug, m->result == STORE_STALE ? "was given a logo meanwhile" : "its campaign was not made");
}
