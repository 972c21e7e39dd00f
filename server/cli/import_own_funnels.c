/* Lines of an export that are funnels: also of campaigns that are not there, as they may be where they come from. */
#include "import_own_private.h"

#include <stdlib.h>
#include <string.h>

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

static struct import_row row_of(const struct funnel *f)
{
    return (struct import_row){STORE_FUNNELS, "funnel", f->id, f->title, "there is another funnel of that id"};
}

enum verdict import_own_look_at_funnel(struct import *m, json_t *line)
{
    struct funnel f;
    if (!read_funnel(line, &f))
        return import_own_refuse(m, "a funnel", "is none that could be used");
    const struct import_row row = row_of(&f);
    return import_own_look_at_row(m, &row, funnel_found);
}

void import_own_make_funnel(struct import *m, json_t *line)
{
    struct funnel f;
    char *record = read_funnel(line, &f) ? funnel_to_record(&f) : NULL;
    const struct import_row row = row_of(&f);
    import_own_make_row(m, &row, record);
    free(record);
}
