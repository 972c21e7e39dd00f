/*
 * Our own CSV: a row is a group, rows of one slug are the groups of one campaign, in their order. What is the
 * campaign's (title, dates, strategy ...) stands in any of its rows, and is the same wherever it stands. An empty slug
 * means the one above, as merged cells do. A campaign with one wrong row is refused whole: half of it would send people
 * elsewhere.
 */
#include <string.h>
#include <strings.h>

#include "formats_private.h"

#include "campaign.h"

enum field_kind { FIELD_TEXT, FIELD_NUMBER, FIELD_SWITCH, FIELD_BEGIN, FIELD_END, FIELD_WORD, FIELD_LIST };

struct column {
    const char *name, *chinese; /* how the first row may call it */
    const char *key;            /* of the campaign's or group's JSON */
    bool of_group;
    enum field_kind kind;
};

static const struct column columns[] = {
    {"slug", "短码", NULL, false, FIELD_TEXT},
    {"title", "标题", "title", false, FIELD_TEXT},
    {"strategy", "策略", "strategy", false, FIELD_WORD},
    {"starts_at", "开始时间", "starts_at", false, FIELD_BEGIN},
    {"ends_at", "结束时间", "ends_at", false, FIELD_END},
    {"alias", "旧地址", "aliases", false, FIELD_LIST},
    {"confirm", "确认方式", "confirm", false, FIELD_TEXT},
    {"forward_query", "传递参数", "forward_query", false, FIELD_SWITCH},
    {"spread", "分流群数", "spread", false, FIELD_NUMBER},
    {"per_address", "每地址名额", "per_address", false, FIELD_NUMBER},
    {"group", "群名", "name", true, FIELD_TEXT},
    {"url", "链接", "url", true, FIELD_TEXT},
    {"limit", "上限", "limit", true, FIELD_NUMBER},
    {"weight", "权重", "weight", true, FIELD_NUMBER},
    {"expires_at", "到期时间", "expires_at", true, FIELD_END},
    {"enabled", "启用", "enabled", true, FIELD_SWITCH},
    {"show", "展示方式", "show", true, FIELD_TEXT},
    {"confirmed", "已进群", "confirmed", true, FIELD_NUMBER},
};

/* The campaigns in the making, by slug; refused ones keep their place, so that their later rows are known. */
struct sheet {
    json_t *campaigns; /* slug -> {"line", "definition", "refused"}, in the order of the file */
    char slug[CAMPAIGN_SLUG_MAX + 2];
    bool checked, unknown; /* the first row's names */
};

static const char *const switches[][2] = {{"yes", "no"}, {"true", "false"}, {"1", "0"},  {"on", "off"},
                                          {"y", "n"},    {"是", "否"},      {"开", "关"}};
static const char *const strategies[][2] = {{"顺序", "fill"}, {"平均", "even"}, {"随机", "random"}};

/* NULL with *why. */
static json_t *read_field(const struct column *c, const char *text, const char **why)
{
    char date[32];
    int64_t n;

    switch (c->kind) {
    case FIELD_NUMBER:
        *why = "is no number";
        return import_number(text, IMPORT_SEATS_MAX, &n) ? json_integer(n) : NULL;
    case FIELD_SWITCH:
        *why = "is neither yes nor no";
        for (size_t i = 0; i < COUNT_OF(switches); i++) {
            if (strcasecmp(text, switches[i][0]) == 0 || strcasecmp(text, switches[i][1]) == 0)
                return json_boolean(strcasecmp(text, switches[i][0]) == 0);
        }
        return NULL;
    case FIELD_BEGIN:
    case FIELD_END:
        *why = "is no date";
        return import_date(text, c->kind == FIELD_END, date) ? json_string(date) : NULL;
    case FIELD_WORD:
        for (size_t i = 0; i < COUNT_OF(strategies); i++) {
            if (strcmp(text, strategies[i][0]) == 0)
                return json_string(strategies[i][1]);
        }
        return json_string(text);
    default:
        return json_string(text);
    }
}

/* Old addresses, apart by blanks; those of all rows are one list. */
static void add_aliases(json_t *definition, const char *text)
{
    json_t *list = json_object_get(definition, "aliases");

    if (!list) {
        list = json_array();
        json_object_set_new(definition, "aliases", list);
    }
    while (*text) {
        size_t len = strcspn(text, " \t\r\n");

        if (len > 0)
            json_array_append_new(list, json_stringn(text, len));
        text += len + strspn(text + len, " \t\r\n");
    }
}

/* false: the row is refused. */
static bool take_field(struct import_reader *r, long line, const char *slug, const struct column *c, const char *text,
                       json_t *definition, json_t *group)
{
    json_t *object = c->of_group ? group : definition, *was, *value;
    const char *why = NULL;

    if (c->kind == FIELD_LIST) {
        add_aliases(definition, text);
        return true;
    }
    value = read_field(c, text, &why);
    if (!value) {
        import_refuse(r, line, slug, "%s: \"%.60s\" %s", c->name, text, why);
        return false;
    }
    was = json_object_get(object, c->key);
    if (was && !json_equal(was, value)) {
        import_refuse(r, line, slug, "%s is another one than in a row above", c->name);
        json_decref(value);
        return false;
    }
    json_object_set_new(object, c->key, value);
    return true;
}

static const char *field_of(json_t *fields, const struct column *c)
{
    const char *text = import_field(fields, c->name);

    return text ? text : import_field(fields, c->chinese);
}

/* Whether every column is known; said once. */
static bool check_columns(struct import_reader *r, struct sheet *s, json_t *fields)
{
    const char *name;
    json_t *value;

    s->checked = true;
    json_object_foreach(fields, name, value)
    {
        bool known = false;

        for (size_t i = 0; i < COUNT_OF(columns); i++)
            known = known || strcmp(name, columns[i].name) == 0 || strcmp(name, columns[i].chinese) == 0;
        if (!known) {
            import_refuse(r, 1, "", "the column \"%.60s\" is not known (docs/moving.md names them)", name);
            s->unknown = true;
        }
    }
    return !s->unknown;
}

/* The slug of the row, in lower case; false: there is none. */
static bool take_slug(struct sheet *s, json_t *fields)
{
    const char *slug = field_of(fields, &columns[0]);

    if (!slug)
        return s->slug[0] != '\0';
    s->slug[0] = '\0';
    for (size_t i = 0; slug[i] && i < sizeof(s->slug) - 1; i++) {
        s->slug[i] = (char)(slug[i] >= 'A' && slug[i] <= 'Z' ? slug[i] | 0x20 : slug[i]);
        s->slug[i + 1] = '\0';
    }
    /* What was cut may have lost half a character; too long it is in any case, and no slug. */
    for (char *p = s->slug; strlen(slug) >= sizeof(s->slug) && *p; p++)
        *p = (char)((unsigned char)*p < 0x80 ? *p : '?');
    return true;
}

static json_t *campaign_of(struct sheet *s, long line)
{
    json_t *campaign = json_object_get(s->campaigns, s->slug);

    if (campaign)
        return campaign;
    campaign = json_pack("{s:I,s:{s:s,s:[]}}", "line", (json_int_t)line, "definition", "slug", s->slug, "groups");
    json_object_set_new(s->campaigns, s->slug, campaign);
    return campaign;
}

static void take_row(struct import_reader *r, const char *table, long line, json_t *fields)
{
    struct sheet *s = r->more;
    json_t *campaign, *definition, *group;
    bool good = true;

    (void)table;
    if (s->unknown || (!s->checked && !check_columns(r, s, fields)))
        return;
    if (!take_slug(s, fields)) {
        import_refuse(r, line, "", "slug: is empty, and no row above has one");
        return;
    }
    campaign = campaign_of(s, line);
    definition = json_object_get(campaign, "definition");
    group = json_object();
    for (size_t i = 1; i < COUNT_OF(columns) && good; i++) {
        const char *text = field_of(fields, &columns[i]);

        good = !text || take_field(r, line, s->slug, &columns[i], text, definition, group);
    }
    if (!good)
        json_object_set_new(campaign, "refused", json_true());
    json_array_append_new(json_object_get(definition, "groups"), group);
}

static bool wants(const char *table)
{
    (void)table;
    return false;
}

static void finish(struct import_reader *r)
{
    struct sheet *s = r->more;
    const char *slug;
    json_t *campaign;

    json_object_foreach(s->campaigns, slug, campaign)
    {
        long line = (long)json_integer_value(json_object_get(campaign, "line"));

        if (!json_object_get(campaign, "refused"))
            r->sink->campaign(r->sink->ctx, line, json_incref(json_object_get(campaign, "definition")));
        else
            import_note(r, line, "%s: nothing of it is imported, because of a row that is refused", slug);
    }
}

bool import_csv_looks(const char *head, size_t len)
{
    return !import_looks_json(head, len) &&
           ((import_head_has(head, len, "slug") && import_head_has(head, len, "url")) ||
            (import_head_has(head, len, "短码") && import_head_has(head, len, "链接")) ||
            /* the same in GBK, as Excel saves it */
            (import_head_has(head, len, "\xb6\xcc\xc2\xeb") && import_head_has(head, len, "\xc1\xb4\xbd\xd3")));
}

int import_csv_read(const char *path, const struct import_options *o, const struct import_sink *sink)
{
    static const struct import_table_format format = {wants, take_row, finish};
    struct sheet sheet = {.campaigns = json_object()};
    struct import_reader r = {.options = o, .sink = sink, .more = &sheet};
    int err = import_read_tables(path, &r, &format);

    json_decref(sheet.campaigns);
    return err;
}
