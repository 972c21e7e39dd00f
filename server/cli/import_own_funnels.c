/* Lines of an export that are funnels: also of campaigns that are not there, as they may be where they come from. */
#include "import_own_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_json_memory.h"
#include "funnel_record.h"

static void funnel_found(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct import *m = ctx;
    struct funnel there;
    m->result = r;
    char *record = r == STORE_OK && funnel_from_record(json, len, &there) ? funnel_to_record(&there) : NULL;
    json_t *object = record ? json_loads(record, 0, NULL) : NULL;
    if (object)
        json_object_set_new(object, "type", json_string("funnel"));
    m->same = object && json_equal(object, m->object);
    json_decref(object);
    free(record);
    session_done(m->session);
}

static bool read_funnel(json_t *line, struct funnel *f)
{
    char *text = json_dumps(line, JSON_COMPACT);
    bool good = text && funnel_from_record(text, strlen(text), f);
    free(text);
    return good;
}

enum verdict import_own_look_at_funnel(struct import *m, json_t *line)
{
    struct funnel f;
    if (!read_funnel(line, &f))
        return import_own_refuse(m, "a funnel", "is none that could be used");
    store_row_get(session_store(m->session), (struct store_rows){STORE_FUNNELS, NULL}, f.id, funnel_found, m);
    session_run(m->session);
    if (import_own_store_failed(m, m->result))
        return VERDICT_REFUSED;
    if (m->result == STORE_OK)
        return m->same ? VERDICT_THERE : import_own_refuse(m, f.title, "there is another funnel of that id");
    return VERDICT_NEW;
}

void import_own_make_funnel(struct import *m, json_t *line)
{
    struct funnel f;
    char target[AUDIT_TARGET_MAX], *record = read_funnel(line, &f) ? funnel_to_record(&f) : NULL;
    if (!record) /* it could be read a moment ago */
        json_memory_lacks();
    if (import_own_lacks_memory(m)) {
        free(record);
        return;
    }
    snprintf(target, sizeof target, "funnel:%s", f.id);
    struct store_audit audit = session_audit("funnel.import", target, NULL);
    import_own_drain(m);
    store_row_change(session_store(m->session), (struct store_rows){STORE_FUNNELS, NULL}, f.id, STORE_NEW, NULL, record,
                     &audit, import_own_call_done, m);
    session_run(m->session);
    free(record);
    if (!import_own_make_failed(m, m->result) && m->result != STORE_OK)
        m->verdicts[m->line] = (unsigned char)import_own_refuse(m, f.title, "was made by somebody else meanwhile");
}
