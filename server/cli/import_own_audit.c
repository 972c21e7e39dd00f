/* Lines of an export that are entries of the audit log. */
#include "import_own_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_audit_id(const char *id)
{
    size_t ms = id ? strspn(id, "0123456789") : 0;
    return ms > 0 && ms <= 15 && id[ms] == '-' && strspn(id + ms + 1, "0123456789") == strlen(id + ms + 1) &&
           id[ms + 1] && strlen(id + ms + 1) <= 15;
}

/* A row whose texts stay in the line, but before and after, which are malloc'd. false: it is none. */
static bool read_audit(json_t *line, struct store_audit_row *row)
{
    static const char *const names[] = {"who", "action", "target", "from"};
    const char *texts[4];
    row->id = json_string_value(json_object_get(line, "id"));
    if (!is_audit_id(row->id))
        return false;
    for (size_t i = 0; i < 4; i++) {
        texts[i] = json_string_value(json_object_get(line, names[i]));
        if (!texts[i] || strlen(texts[i]) > AUDIT_TEXT_MAX)
            return false;
    }
    json_t *before = json_object_get(line, "before"), *after = json_object_get(line, "after");
    row->audit = (struct store_audit){texts[0],
                                      texts[1],
                                      texts[2],
                                      texts[3],
                                      json_is_object(before) ? json_dumps(before, JSON_COMPACT) : NULL,
                                      json_is_object(after) ? json_dumps(after, JSON_COMPACT) : NULL};
    return true;
}

static bool run_audit(struct import *m, json_t *line, const char *behind)
{
    struct store_audit_row row = {0};
    if (!read_audit(line, &row))
        return false;
    if (!import_own_lacks_memory(m)) {
        store_audit_restore(session_store(m->session), &row, behind, import_own_call_done, m);
        session_run(m->session);
        import_own_store_failed(m, m->result);
    }
    free((char *)row.audit.before);
    free((char *)row.audit.after);
    return true;
}

enum verdict import_own_look_at_audit(struct import *m, json_t *line)
{
    if (!run_audit(m, line, m->audit_last))
        return import_own_refuse(m, "an entry of the audit log", "cannot be read");
    if (m->result == STORE_CONFLICT)
        return VERDICT_THERE;
    if (m->result != STORE_OK) {
        m->audit_left++;
        return VERDICT_LEFT;
    }
    snprintf(m->audit_last, sizeof m->audit_last, "%s", json_string_value(json_object_get(line, "id")));
    return VERDICT_NEW;
}

void import_own_make_audit(struct import *m, json_t *line)
{
    import_own_drain(m);
    run_audit(m, line, NULL);
}
