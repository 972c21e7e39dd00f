/* Lines of an export of which each is one row in the store, under an id of its own. */
#include "import_own_private.h"

#include <stdio.h>

#include "campaign_json_memory.h"

bool import_own_is_repeated(struct import *m, const char *word, const char *id, const char *what)
{
    char key[AUDIT_TARGET_MAX], why[64];
    snprintf(key, sizeof key, "%s:%s", word, id);
    json_t *first = json_object_get(m->slugs, key);
    if (!first) {
        json_object_set_new(m->slugs, key, json_integer(m->line));
        return false;
    }
    snprintf(why, sizeof why, "line %lld has it already", (long long)json_integer_value(first));
    import_own_refuse(m, what, why);
    return true;
}

enum verdict import_own_look_at_row(struct import *m, const struct import_row *row, store_row_done found)
{
    if (import_own_is_repeated(m, row->word, row->id, row->name))
        return VERDICT_REFUSED;
    store_row_get(session_store(m->session), (struct store_rows){row->table, NULL}, row->id, found, m);
    session_run(m->session);
    if (import_own_store_failed(m, m->result))
        return VERDICT_REFUSED;
    if (m->result == STORE_OK)
        return m->same ? VERDICT_THERE : import_own_refuse(m, row->name, row->another);
    return VERDICT_NEW;
}

void import_own_make_row(struct import *m, const struct import_row *row, const char *record)
{
    char action[32], target[AUDIT_TARGET_MAX];
    if (!record) /* it could be read a moment ago */
        json_memory_lacks();
    if (import_own_lacks_memory(m))
        return;
    snprintf(action, sizeof action, "%s.import", row->word);
    snprintf(target, sizeof target, "%s:%s", row->word, row->id);
    struct store_audit audit = session_audit(action, target, NULL);
    import_own_drain(m);
    store_row_change(session_store(m->session), (struct store_rows){row->table, NULL}, row->id, STORE_NEW, NULL, record,
                     &audit, import_own_call_done, m);
    session_run(m->session);
    if (!import_own_make_failed(m, m->result) && m->result != STORE_OK)
        m->verdicts[m->line] = (unsigned char)import_own_refuse(m, row->name, "was made by somebody else meanwhile");
}
