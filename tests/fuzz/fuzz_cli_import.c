/*
 * `huoma import` of a stranger's file, whole, before a store in memory. The first byte says of which format the file is
 * said to be, if of any; the second which call of the store fails, if any does.
 *
 * A dry run changes nothing, and tells what becomes of each line. What is made holds the rules of the store, and,
 * written as an export, comes back as it is. Our own export taken in again makes nothing more.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "campaign_json_memory.h"
#include "cli.h"
#include "export_campaign.h"
#include "fuzz.h"
#include "import.h"
#include "session.h"

enum { FORMS = 7, CALLS_MAX = 64, FILE_MAX = 1 << 20 };

static const char huoma[] = "huoma"; /* our own export */

/* The linker puts these in the place of the store's own. */
typeof(store_row_get) __wrap_store_row_get;
typeof(store_row_change) __wrap_store_row_change;
typeof(store_audit_restore) __wrap_store_audit_restore;
typeof(store_campaign_read) __wrap_store_campaign_read;
typeof(store_campaign_restore) __wrap_store_campaign_restore;
typeof(store_campaigns_read) __wrap_store_campaigns_read;
typeof(store_campaigns_save) __wrap_store_campaigns_save;
typeof(store_campaigns_try) __wrap_store_campaigns_try;
typeof(store_batch_max) __wrap_store_batch_max;
typeof(alias_finder_new) __wrap_alias_finder_new;
typeof(alias_finder_free) __wrap_alias_finder_free;
typeof(alias_find) __wrap_alias_find;

/* What a call will call back with; of each kind, other fields are used. */
struct call {
    void (*give)(struct call *call);
    void *ctx;
    enum store_result result;
    store_done done;
    store_row_done row_done;
    store_campaign_done campaign_done;
    store_campaigns_done campaigns_done;
    struct alias_waiter *waiter;
    char *text;                           /* owned */
    char (*slugs)[CAMPAIGN_SLUG_MAX + 1]; /* owned */
    size_t count;
    struct store_alias_taken taken;
};

/* The store: names lead to what is kept under them, as text. */
static json_t *rows, *campaigns, *aliases, *log_ids;
static char log_last[STORE_AUDIT_ID_MAX];
static size_t changes, calls_left; /* until one fails; 0: none does */

static struct call calls[CALLS_MAX];
static size_t call_first, call_end;
static bool session_goes_on;

/* --- calls and what they bring --- */

static struct call *call_new(void (*give)(struct call *call), void *ctx)
{
    CHECK(call_end - call_first < CALLS_MAX);
    struct call *call = &calls[call_end++ % CALLS_MAX];
    *call = (struct call){.give = give, .ctx = ctx};
    return call;
}

/* Asked once for each call: whether it is the one that fails, and then nothing is done. */
static bool fails(struct call *call)
{
    bool failed = calls_left > 0 && --calls_left == 0;
    if (failed)
        call->result = STORE_UNAVAILABLE;
    return failed;
}

static struct campaign *campaign_kept(const char *slug)
{
    char err[256];
    json_t *text = json_object_get(campaigns, slug);
    return text ? campaign_from_stored(json_string_value(text), json_string_length(text), err, sizeof err) : NULL;
}

static void give_done(struct call *call)
{
    call->done(call->ctx, call->result);
}

static void give_row(struct call *call)
{
    call->row_done(call->ctx, call->result, call->text, call->text ? strlen(call->text) : 0);
}

static void give_campaign(struct call *call)
{
    struct campaign *c = call->result == STORE_OK && call->count ? campaign_kept(call->slugs[0]) : NULL;
    struct group_count *counts = c ? calloc(c->group_count + 1, sizeof *counts) : NULL;
    const struct store_campaign row = {.definition = c, .counts = counts, .taken = c ? NULL : &call->taken};
    call->campaign_done(call->ctx, call->result, &row);
    campaign_free(c);
    free(counts);
}

static void give_campaigns(struct call *call)
{
    struct store_campaign *list = calloc(call->count + 1, sizeof *list);
    CHECK(list);
    for (size_t i = 0; i < call->count; i++)
        list[i].definition = campaign_kept(call->slugs[i]);
    list[0].taken = call->result == STORE_ALIAS_TAKEN ? &call->taken : NULL;
    call->campaigns_done(call->ctx, call->result, list, call->count);
    for (size_t i = 0; i < call->count; i++)
        campaign_free((struct campaign *)(uintptr_t)list[i].definition);
    free(list);
}

static void give_owners(struct call *call)
{
    struct alias_waiter *w = call->waiter;
    for (int i = 0; i < w->candidates->count; i++) {
        json_t *owner = json_object_getn(aliases, w->candidates->text, w->candidates->len[i]);
        snprintf(w->owner[i], sizeof w->owner[i], "%s", owner ? json_string_value(owner) : "");
    }
    w->done(w, call->result);
}

/* --- the session --- */

struct session *session_open(const struct config *config)
{
    static char here;
    (void)config;
    return (struct session *)(void *)&here;
}

struct store *session_store(const struct session *s)
{
    CHECK(s);
    return NULL;
}

void session_done(struct session *s)
{
    CHECK(s);
    session_goes_on = false;
}

void session_run(struct session *s)
{
    CHECK(s);
    for (session_goes_on = true; session_goes_on;) {
        CHECK(call_first < call_end); /* it would wait for ever */
        struct call call = calls[call_first++ % CALLS_MAX];
        call.give(&call);
        free(call.text);
        free(call.slugs);
    }
}

struct store_audit session_audit(const char *action, const char *target, const struct audit_change *change)
{
    CHECK(*action && *target && strlen(target) < AUDIT_TARGET_MAX);
    return (struct store_audit){
        "cli:fuzz", action, target, "", change ? change->before : NULL, change ? change->after : NULL};
}

void session_close(struct session *s)
{
    CHECK(!s || call_first == call_end);
}

/* --- rows --- */

static const char *row_name(struct store_rows r, const char *name)
{
    static char text[512];
    CHECK((r.table == STORE_LOGOS) == (r.slug != NULL));
    CHECK(!r.slug || campaign_slug_valid(r.slug, strlen(r.slug)));
    CHECK((size_t)snprintf(text, sizeof text, "%d %s %s", (int)r.table, r.slug ? r.slug : "", name) < sizeof text);
    return text;
}

void __wrap_store_row_get(struct store *s, struct store_rows r, const char *name, store_row_done done, void *ctx)
{
    (void)s;
    json_t *kept = json_object_get(rows, row_name(r, name));
    struct call *call = call_new(give_row, ctx);
    call->row_done = done;
    if (fails(call))
        return;
    call->result = kept ? STORE_OK : STORE_NOT_FOUND;
    call->text = kept ? strdup(json_string_value(kept)) : NULL;
}

void __wrap_store_row_change(struct store *s, struct store_rows r, const char *name, enum store_rule rule,
                             const char *was, const char *json, const struct store_audit *audit, store_done done,
                             void *ctx)
{
    (void)s;
    const char *at = row_name(r, name);
    struct call *call = call_new(give_done, ctx);
    call->done = done;
    CHECK(json && audit && !was && (rule == STORE_NEW || rule == STORE_PUT));
    if (fails(call))
        return;
    if (json_object_get(rows, at))
        call->result = rule == STORE_NEW ? STORE_CONFLICT : STORE_STALE;
    else if (r.slug && !json_object_get(campaigns, r.slug))
        call->result = STORE_NOT_FOUND;
    else
        changes++, json_object_set_new(rows, at, json_string(json));
}

static bool is_behind(const char *id, const char *last)
{
    unsigned long long at = strtoull(id, NULL, 10), than = strtoull(last, NULL, 10);
    const char *dash = strchr(last, '-');
    if (!*last || at != than)
        return !*last || at > than;
    return strtoull(strchr(id, '-') + 1, NULL, 10) > (dash ? strtoull(dash + 1, NULL, 10) : 0);
}

void __wrap_store_audit_restore(struct store *s, const struct store_audit_row *row, const char *behind, store_done done,
                                void *ctx)
{
    (void)s;
    struct call *call = call_new(give_done, ctx);
    call->done = done;
    CHECK(strlen(row->id) < STORE_AUDIT_ID_MAX && strchr(row->id, '-'));
    if (fails(call))
        return;
    if (json_object_get(log_ids, row->id))
        call->result = STORE_CONFLICT;
    else if (!is_behind(row->id, behind && *behind && is_behind(behind, log_last) ? behind : log_last))
        call->result = STORE_STALE;
    else if (!behind) {
        changes++;
        snprintf(log_last, sizeof log_last, "%s", row->id);
        json_object_set_new(log_ids, row->id, json_true());
    }
}

/* --- campaigns --- */

static void name_slug(struct call *call, const char *slug)
{
    call->slugs = realloc(call->slugs, (call->count + 1) * sizeof *call->slugs);
    CHECK(call->slugs && campaign_slug_valid(slug, strlen(slug)));
    memcpy(call->slugs[call->count++], slug, strlen(slug) + 1);
}

/* Whether the campaign may be made, of those that are made in one moment; else why not. */
static enum store_result may_be_made(const struct campaign *c, struct store_alias_taken *taken)
{
    if (json_object_get(campaigns, c->slug))
        return STORE_CONFLICT;
    for (size_t i = 0; i < c->alias_count; i++) {
        json_t *owner = json_object_get(aliases, c->aliases[i]);
        if (!owner)
            continue;
        taken->position = i;
        snprintf(taken->slug, sizeof taken->slug, "%s", c->slug);
        snprintf(taken->owner, sizeof taken->owner, "%s", json_string_value(owner));
        return STORE_ALIAS_TAKEN;
    }
    return STORE_OK;
}

static void keep_campaign(const struct campaign *c)
{
    char err[256];
    size_t len;
    char *stored = campaign_to_stored(c, &len);
    struct campaign *back = stored ? campaign_from_stored(stored, len, err, sizeof err) : NULL;
    CHECK(back && !json_object_get(campaigns, c->slug));
    changes++;
    json_object_set_new(campaigns, c->slug, json_stringn(stored, len));
    for (size_t i = 0; i < c->alias_count; i++) {
        CHECK(!json_object_get(aliases, c->aliases[i]));
        json_object_set_new(aliases, c->aliases[i], json_string(c->slug));
    }
    campaign_free(back);
    free(stored);
}

/* The dump as a line of an export, and that line read back. */
static void check_dump(const struct store_dump *d)
{
    struct exported_campaign e;
    char why[EXPORT_WHY_MAX];
    json_t *line = export_campaign_to_json(d), *again;
    CHECK(line && export_campaign_from_json(line, time(NULL), &e, why));
    CHECK((again = export_campaign_to_json(&e.dump)) && json_equal(line, again));
    exported_campaign_clear(&e);
    json_decref(line);
    json_decref(again);
}

void __wrap_store_campaign_read(struct store *s, const char *slug, store_campaign_done done, void *ctx)
{
    (void)s;
    struct call *call = call_new(give_campaign, ctx);
    call->campaign_done = done;
    name_slug(call, slug);
    if (!fails(call))
        call->result = json_object_get(campaigns, slug) ? STORE_OK : STORE_NOT_FOUND;
}

void __wrap_store_campaign_restore(struct store *s, const struct store_dump *d, const struct store_audit *audit,
                                   store_campaign_done done, void *ctx)
{
    (void)s;
    struct call *call = call_new(give_campaign, ctx);
    call->campaign_done = done;
    CHECK(audit);
    check_dump(d);
    if (fails(call))
        return;
    call->result = may_be_made(d->definition, &call->taken);
    if (call->result == STORE_OK)
        keep_campaign(d->definition);
}

void __wrap_store_campaigns_read(struct store *s, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count,
                                 store_campaigns_done done, void *ctx)
{
    (void)s;
    struct call *call = call_new(give_campaigns, ctx);
    call->campaigns_done = done;
    CHECK(count >= 1 && count <= STORE_BATCH_MAX);
    for (size_t i = 0; i < count; i++)
        name_slug(call, slugs[i]);
    fails(call);
}

/* Whether all may be made together; the result and, where one is taken, its row are the call's. */
static bool may_all_be_made(struct call *call, const struct store_save *list, size_t count)
{
    size_t groups = 0;
    CHECK(count >= 1 && count <= STORE_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        CHECK(list[i].campaign && !list[i].was && list[i].touched == -1);
        groups += list[i].campaign->group_count;
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(list[i].campaign->slug, list[k].campaign->slug) != 0);
    }
    CHECK(count == 1 || groups <= STORE_BATCH_GROUPS_MAX);
    for (size_t i = 0; i < count && call->result == STORE_OK; i++)
        call->result = may_be_made(list[i].campaign, &call->taken);
    call->count = call->result == STORE_ALIAS_TAKEN ? 1 : 0;
    if (call->count)
        call->slugs = calloc(1, sizeof *call->slugs);
    return call->result == STORE_OK;
}

void __wrap_store_campaigns_save(struct store *s, const struct store_save *list, size_t count,
                                 store_campaigns_done done, void *ctx)
{
    (void)s;
    struct call *call = call_new(give_campaigns, ctx);
    call->campaigns_done = done;
    if (fails(call) || !may_all_be_made(call, list, count))
        return;
    for (size_t i = 0; i < count; i++) {
        CHECK(list[i].audit && list[i].audit->after && list[i].heads);
        keep_campaign(list[i].campaign);
    }
}

bool __wrap_store_campaigns_try(struct store *s, const struct store_save *list, size_t count, store_campaigns_done done,
                                void *ctx)
{
    (void)s;
    if (list[0].campaign->alias_count == 0)
        return false;
    struct call *call = call_new(give_campaigns, ctx);
    call->campaigns_done = done;
    if (!fails(call))
        may_all_be_made(call, list, count);
    return true;
}

size_t __wrap_store_batch_max(const struct store *s)
{
    (void)s;
    return STORE_BATCH_MAX;
}

/* --- old addresses --- */

struct alias_finder *__wrap_alias_finder_new(struct store *s)
{
    static char here;
    (void)s;
    return (struct alias_finder *)(void *)&here;
}

void __wrap_alias_finder_free(struct alias_finder *f)
{
    (void)f;
}

void __wrap_alias_find(struct alias_finder *f, struct alias_waiter *w)
{
    struct call *call = call_new(give_owners, NULL);
    CHECK(f && w->candidates->count >= 1 && w->candidates->count <= ALIAS_CANDIDATES_MAX);
    call->waiter = w;
    fails(call);
}

/* --- the command --- */

static enum cli_exit import(const struct config *config, const char *path, const char *format, bool dry_run)
{
    char *argv[4];
    int argc = 0;
    if (format) {
        argv[argc++] = (char[]){"--from"};
        argv[argc++] = (char *)(uintptr_t)format;
    }
    if (dry_run)
        argv[argc++] = (char[]){"--dry-run"};
    argv[argc++] = (char *)(uintptr_t)path;
    enum cli_exit code = cli_import(config, argc, argv);
    CHECK(call_first == call_end && code != CLI_MISUSED);
    CHECK(!json_memory_was_short());
    return code;
}

static void run(const struct config *config, const char *path, const char *format, size_t failing)
{
    calls_left = 0;
    enum cli_exit dry = import(config, path, format, true);
    CHECK(changes == 0);
    calls_left = failing;
    enum cli_exit code = import(config, path, format, false);
    CHECK(failing || dry == code); /* what would be made is made */
    calls_left = 0;
    if (format && strcmp(format, huoma) == 0) {
        import(config, path, format, false);
        size_t made = changes;
        import(config, path, format, false);
        CHECK(changes == made);
    }
}

static const char *format_of(unsigned char byte)
{
    int at = byte % FORMS;
    const struct import_format *f = import_formats;
    if (at == 0)
        return NULL;
    for (at--; at > 0 && f->name; at--)
        f++;
    return f->name ? f->name : huoma;
}

static void begin_store(void)
{
    rows = json_object();
    campaigns = json_object();
    aliases = json_object();
    log_ids = json_object();
    log_last[0] = '\0';
    changes = 0;
    CHECK(rows && campaigns && aliases && log_ids);
}

static void end_store(void)
{
    json_decref(rows);
    json_decref(campaigns);
    json_decref(aliases);
    json_decref(log_ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config = {.slug_length = 8};
    static bool quiet;
    char path[32];
    if (size < 2 || size > FILE_MAX)
        return 0;
    if (!quiet) { /* what it says is for people; libFuzzer has kept the stderr of before */
        stdout = stderr = fopen("/dev/null", "w");
        quiet = stdout != NULL;
    }
    CHECK(quiet);
    int fd = memfd_create("import", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, data + 2, size - 2) == (ssize_t)(size - 2));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    begin_store();
    run(&config, path, format_of(data[0]), data[1]);
    end_store();
    close(fd);
    return 0;
}
