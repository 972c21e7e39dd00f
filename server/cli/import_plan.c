/* Rows of a file to campaigns of the store. */
#include "import_plan.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "allowed.h"
#include "campaign_json_memory.h"
#include "cli.h"

int import_plan_begin(struct import_plan *p, const struct config *config)
{
    *p = (struct import_plan){.slugs = json_object(), .aliases = json_object(), .config = config};
    return p->slugs && p->aliases ? 0 : -ENOMEM;
}

void import_plan_clear(struct import_plan *p)
{
    for (size_t i = 0; i < p->count; i++) {
        campaign_free(p->list[i].campaign);
        head_counts_free(&p->list[i].heads);
    }
    free(p->list);
    json_decref(p->slugs);
    json_decref(p->aliases);
}

/* --- words --- */

static void print_line(const char *word, long line, const char *what, const char *why)
{
    printf("%-9s ", word);
    if (line > 0)
        printf("line %ld: ", line);
    if (*what) {
        text_print(stdout, what, 0);
        fputs(": ", stdout);
    }
    text_print(stdout, why, 0);
    putchar('\n');
}

static void on_refuse(void *ctx, long line, const char *what, const char *why)
{
    struct import_plan *p = ctx;

    p->refused++;
    if (!json_memory_was_short()) /* else the row may be good, and what was made of it is not */
        print_line("refused", line, what, why);
}

static void on_note(void *ctx, long line, const char *text)
{
    (void)ctx;
    print_line("note", line, "", text);
}

void import_plan_refuse(struct import_plan *p, struct import_planned *row, const char *why)
{
    row->done = true;
    on_refuse(p, row->line, row->campaign->slug, why);
}

/* --- rows to campaigns --- */

/* Head counts are no part of a campaign that is made: out of the definition, for the campaign's groups by position. */
static json_t *take_counts(json_t *definition)
{
    json_t *counts = json_array(), *group;
    size_t i;

    json_array_foreach(json_object_get(definition, "groups"), i, group)
    {
        json_t *confirmed = json_object_get(group, "confirmed");

        json_array_append_new(counts, confirmed ? json_incref(confirmed) : json_integer(0));
        json_object_del(group, "confirmed");
    }
    return counts;
}

static bool put_heads(struct import_planned *row, json_t *counts)
{
    struct head_counts *h = &row->heads;

    h->list = calloc(row->campaign->group_count + 1, sizeof *h->list);
    for (size_t i = 0; h->list && i < row->campaign->group_count; i++) {
        int64_t n = json_integer_value(json_array_get(counts, i));

        if (n <= 0)
            continue;
        memcpy(h->list[h->count].group, row->campaign->groups[i].id, sizeof h->list[h->count].group);
        h->list[h->count++].confirmed = n > GROUP_LIMIT_MAX ? GROUP_LIMIT_MAX : n;
    }
    return h->list != NULL;
}

/* Whether another row of the file has the slug or one of the aliases. */
static bool is_repeated(struct import_plan *p, long line, const struct campaign *c)
{
    json_t *before = json_object_get(p->slugs, c->slug);
    const char *what = c->slug;
    char why[96];

    for (size_t i = 0; !before && i < c->alias_count; i++) {
        before = json_object_get(p->aliases, c->aliases[i]);
        what = before ? c->aliases[i] : what;
    }
    if (before) {
        snprintf(why, sizeof why, "line %" JSON_INTEGER_FORMAT " has %.40s already", json_integer_value(before), what);
        on_refuse(p, line, c->slug, why);
        return true;
    }
    json_object_set_new(p->slugs, c->slug, json_integer(line));
    for (size_t i = 0; i < c->alias_count; i++)
        json_object_set_new(p->aliases, c->aliases[i], json_integer(line));
    return false;
}

static bool make_room(struct import_plan *p)
{
    size_t room = p->room ? p->room * 2 : 64;
    struct import_planned *list;

    if (p->count < p->room)
        return true;
    list = realloc(p->list, room * sizeof *list);
    if (!list)
        return false;
    p->list = list;
    p->room = room;
    return true;
}

/* The campaign is taken over. */
static void keep(struct import_plan *p, long line, struct campaign *c, json_t *counts)
{
    if (is_repeated(p, line, c)) {
        campaign_free(c);
    } else if (p->count == IMPORT_PLAN_MAX || !make_room(p)) {
        json_memory_lacks();
        campaign_free(c);
    } else {
        p->list[p->count] = (struct import_planned){.line = line, .campaign = c};
        if (!put_heads(&p->list[p->count++], counts))
            json_memory_lacks();
    }
}

static void on_campaign(void *ctx, long line, json_t *definition)
{
    struct import_plan *p = ctx;
    struct campaign_moment m = {
        .now = time(NULL),
        .slug_length = (size_t)p->config->slug_length,
        .hosts = hosts_of_config(p->config),
        .offers_country = p->config->country_database[0] != '\0',
        .knows_timezone = config_timezone_known,
    };
    const char *slug = json_string_value(json_object_get(definition, "slug"));
    json_t *counts = take_counts(definition);
    char *text = json_dumps(definition, JSON_COMPACT);
    struct campaign *c = NULL;
    struct field_errors errors = {0};

    randombytes_buf(m.random, sizeof m.random);
    if (text)
        c = campaign_from_request(text, strlen(text), &m, &errors);
    for (size_t i = 0; !c && i < errors.count; i++) {
        char why[FIELD_NAME_MAX + FIELD_REASON_MAX + 4];

        snprintf(why, sizeof why, "%s %s", errors.list[i].field, errors.list[i].reason);
        if (i == 0)
            on_refuse(p, line, slug ? slug : "", why);
        else if (!json_memory_was_short())
            print_line("", line, slug ? slug : "", why);
    }
    if (c)
        keep(p, line, c, counts);
    else if (errors.count == 0)
        json_memory_lacks();
    free(text);
    json_decref(counts);
    json_decref(definition);
}

struct import_sink import_plan_sink(struct import_plan *p)
{
    return (struct import_sink){.ctx = p, .campaign = on_campaign, .refuse = on_refuse, .note = on_note};
}

/* --- the store --- */

/* A part of the plan on its way to the store. */
struct part {
    struct import_plan *plan;
    struct session *session;
    struct import_planned *rows[STORE_BATCH_MAX];
    size_t count;
    enum store_result result;
    struct store_alias_taken taken;
};

/* The next rows that are not done, from *at on. */
static void fill_part(struct part *part, size_t *at)
{
    struct import_plan *p = part->plan;
    size_t groups = 0;

    for (part->count = 0; *at < p->count && part->count < store_batch_max(session_store(part->session)); ++*at) {
        struct import_planned *row = &p->list[*at];

        if (row->done)
            continue;
        groups += row->campaign->group_count;
        if (part->count > 0 && groups > STORE_BATCH_GROUPS_MAX)
            return;
        part->rows[part->count++] = row;
    }
}

/* Whether both would be the same if they had been made at the same moment; memory for that may lack. */
static bool is_same(const struct campaign *stored, const struct campaign *wanted)
{
    struct campaign *c = campaign_copy(stored);
    char *a, *b;
    size_t a_len, b_len;
    bool same = c && c->group_count == wanted->group_count;

    for (size_t i = 0; same && i < c->group_count; i++)
        c->groups[i].born = wanted->groups[i].born;
    if (same) {
        memcpy(c->uid, wanted->uid, sizeof c->uid);
        c->version = wanted->version;
        c->created_at = wanted->created_at;
        c->updated_at = wanted->updated_at;
        a = campaign_to_stored(c, &a_len);
        b = campaign_to_stored(wanted, &b_len);
        if (!a || !b)
            json_memory_lacks();
        same = a && b && a_len == b_len && memcmp(a, b, a_len) == 0;
        free(a);
        free(b);
    }
    if (!c)
        json_memory_lacks();
    campaign_free(c);
    return same;
}

static void read_done(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct part *part = ctx;

    part->result = r;
    for (size_t i = 0; r == STORE_OK && i < count; i++) {
        struct import_planned *row = part->rows[i];

        if (!rows[i].definition)
            continue;
        row->done = true;
        if (is_same(rows[i].definition, row->campaign))
            part->plan->unchanged++;
        else
            import_plan_refuse(part->plan, row, "there is a campaign of that slug, and it is another one");
    }
    session_done(part->session);
}

enum store_result import_plan_compare(struct import_plan *p, struct session *s)
{
    static char slugs[STORE_BATCH_MAX][CAMPAIGN_SLUG_MAX + 1];
    struct part *part = calloc(1, sizeof *part);
    enum store_result r = part ? STORE_OK : STORE_UNAVAILABLE;

    for (size_t at = 0; r == STORE_OK;) {
        part->plan = p;
        part->session = s;
        fill_part(part, &at);
        if (part->count == 0)
            break;
        for (size_t i = 0; i < part->count; i++)
            memcpy(slugs[i], part->rows[i]->campaign->slug, sizeof slugs[i]);
        store_campaigns_read(session_store(s), slugs, part->count, read_done, part);
        session_run(s);
        r = part->result;
    }
    free(part);
    return r;
}

static void write_done(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct part *part = ctx;

    part->result = r;
    if (r == STORE_ALIAS_TAKEN && count > 0 && rows[0].taken)
        part->taken = *rows[0].taken;
    for (size_t i = 0; r == STORE_OK && i < part->count; i++)
        part->rows[i]->done = true;
    session_done(part->session);
}

/* What the audit log is told of one row. */
struct told {
    char target[AUDIT_TARGET_MAX];
    struct audit_change change;
    struct store_audit audit;
};

static void tell(struct told *t, const struct import_planned *row)
{
    audit_campaign(&t->change, NULL, row->campaign, NULL, &row->heads);
    if (!t->change.after)
        json_memory_lacks();
    snprintf(t->target, sizeof t->target, "campaign:%s", row->campaign->slug);
    t->audit = session_audit("campaign.create", t->target, &t->change);
}

static void write_part(struct part *part)
{
    struct store_save *saves = calloc(part->count, sizeof *saves);
    struct told *told = calloc(part->count, sizeof *told);

    part->result = STORE_UNAVAILABLE;
    for (size_t i = 0; saves && told && i < part->count; i++) {
        tell(&told[i], part->rows[i]);
        saves[i] = (struct store_save){.campaign = part->rows[i]->campaign,
                                       .heads = &part->rows[i]->heads,
                                       .touched = -1,
                                       .audit = &told[i].audit};
    }
    if (!saves || !told)
        json_memory_lacks();
    if (!json_memory_was_short()) { /* else the audit log would be told half */
        store_campaigns_save(session_store(part->session), saves, part->count, write_done, part);
        session_run(part->session);
    }
    for (size_t i = 0; told && i < part->count; i++)
        audit_change_clear(&told[i].change);
    free(told);
    free(saves);
}

/* The row whose alias another campaign has leaves the part; false: it is not of the part. */
static bool refuse_taken(struct part *part)
{
    for (size_t i = 0; i < part->count; i++) {
        struct import_planned *row = part->rows[i];
        char why[ALIAS_MAX + 160];

        if (strcmp(row->campaign->slug, part->taken.slug) != 0)
            continue;
        snprintf(why, sizeof why, "its old address %s leads to %s already",
                 part->taken.position < row->campaign->alias_count ? row->campaign->aliases[part->taken.position] : "",
                 part->taken.owner);
        import_plan_refuse(part->plan, row, why);
        memmove(&part->rows[i], &part->rows[i + 1], (part->count - i - 1) * sizeof part->rows[0]);
        part->count--;
        return true;
    }
    return false;
}

enum store_result import_plan_write(struct import_plan *p, struct session *s)
{
    struct part *part = calloc(1, sizeof *part);
    enum store_result r = part ? STORE_OK : STORE_UNAVAILABLE;

    for (size_t at = 0; r == STORE_OK;) {
        part->plan = p;
        part->session = s;
        fill_part(part, &at);
        if (part->count == 0)
            break;
        do
            write_part(part);
        while (part->result == STORE_ALIAS_TAKEN && refuse_taken(part) && part->count > 0);
        if (part->count > 0)
            r = part->result;
        p->created += r == STORE_OK ? part->count : 0;
    }
    free(part);
    return r;
}

size_t import_plan_left(const struct import_plan *p)
{
    size_t left = 0;

    for (size_t i = 0; i < p->count; i++)
        left += !p->list[i].done;
    return left;
}

void import_plan_print(const struct import_plan *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct campaign *c = p->list[i].campaign;
        char text[96];

        if (p->list[i].done)
            continue;
        snprintf(text, sizeof text, "%zu group%s, %zu old address%s", c->group_count, c->group_count == 1 ? "" : "s",
                 c->alias_count, c->alias_count == 1 ? "" : "es");
        print_line("new", p->list[i].line, c->slug, text);
    }
}
