/*
 * `huoma export`: everything of a store as JSON lines, which `huoma import` takes back. First a header, last a line
 * that says how many there are; between them one line for each thing, by the table of parts. A new kind of thing is one
 * row there, and one in import_own.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth.h"
#include "cli.h"
#include "export_campaign.h"
#include "funnel_record.h"
#include "session.h"
#include "token_record.h"
#include "user_record.h"

enum { EXPORT_PATH_MAX = 4096, PROGRESS_LINES = 100 };

struct export
{
    struct session *session;
    FILE *out;
    enum store_result result;
    bool failed;  /* something was said already, or is in errno of out */
    size_t lines; /* behind the header */
    size_t part;  /* of these, the part's */
    /* where walks stand */
    char slugs[STORE_PAGE_MAX][CAMPAIGN_SLUG_MAX + 1];
    size_t slug_count;
    const char *slug; /* the present one */
    char audit_id[STORE_AUDIT_ID_MAX];
    size_t page;
};

static void show_progress(const struct export *e)
{
    if (isatty(STDERR_FILENO) && e->lines % PROGRESS_LINES == 0)
        fprintf(stderr, "\r%zu lines", e->lines);
}

/* Takes line; NULL: out of memory. */
static void put_line(struct export *e, json_t *line)
{
    if (!line || json_dumpf(line, e->out, JSON_COMPACT) != 0 || putc('\n', e->out) == EOF)
        e->failed = true;
    json_decref(line);
    e->lines++;
    e->part++;
    show_progress(e);
}

static bool goes_on(const struct export *e)
{
    return e->result == STORE_OK && !e->failed;
}

/* --- users and tokens: without what lets anybody in --- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines in an order of their own: a hash has none. */
static void put_sorted(struct export *e, char **lines, size_t count)
{
    qsort(lines, count, sizeof *lines, compare_text);
    for (size_t i = 0; i < count; i++) {
        put_line(e, json_loads(lines[i], 0, NULL));
        free(lines[i]);
    }
}

static json_t *user_json(const char *json, size_t len)
{
    struct user_record u;
    char date[32];
    if (!user_record_from_json(json, len, &u))
        return NULL;
    date_to_text(u.created_at, date);
    return json_pack("{s:s,s:s,s:s,s:b,s:s}", "type", "user", "name", u.name, "role", auth_role_name(u.role),
                     "disabled", u.disabled, "created_at", date);
}

static json_t *token_json(const char *json, size_t len)
{
    struct token_record t;
    char created[32], expires[32];
    if (!token_record_from_json(json, len, &t))
        return NULL;
    date_to_text(t.created_at, created);
    date_to_text(t.expires_at, expires);
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s?}", "type", "token", "name", t.name, "role", auth_role_name(t.role),
                     "id", t.id, "created_at", created, "expires_at", t.expires_at ? expires : NULL);
}

/* A record that cannot be read is of no use to anybody, and was never let in: it is told and passed by. */
static void put_rows(struct export *e, json_t *(*to_json)(const char *json, size_t len), const char *const *json,
                     const size_t *len, size_t count)
{
    char **lines = calloc(count + 1, sizeof *lines);
    size_t n = 0;
    for (size_t i = 0; lines && i < count; i++) {
        json_t *line = to_json(json[i], len[i]);
        if (!line)
            cli_fail("export", "a record of an account or funnel cannot be read, and is left out");
        else if (!(lines[n++] = json_dumps(line, JSON_COMPACT)))
            e->failed = true;
        json_decref(line);
    }
    if (lines && !e->failed)
        put_sorted(e, lines, n);
    e->failed |= !lines;
    free(lines);
}

static void users_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct export *e = ctx;
    e->result = r;
    if (r == STORE_OK)
        put_rows(e, user_json, json, len, count);
    session_done(e->session);
}

static void export_users(struct export *e)
{
    store_row_list(session_store(e->session), (struct store_rows){STORE_USERS, NULL}, users_done, e);
    session_run(e->session);
}

static void tokens_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct export *e = ctx;
    e->result = r;
    if (r == STORE_OK)
        put_rows(e, token_json, json, len, count);
    session_done(e->session);
}

static void export_tokens(struct export *e)
{
    store_row_list(session_store(e->session), (struct store_rows){STORE_TOKENS, NULL}, tokens_done, e);
    session_run(e->session);
}

/* --- funnels --- */

static json_t *funnel_json(const char *json, size_t len)
{
    struct funnel f;
    char *record = funnel_from_record(json, len, &f) ? funnel_to_record(&f) : NULL;
    json_t *line = record ? json_loads(record, 0, NULL) : NULL;
    free(record);
    if (line)
        json_object_set_new(line, "type", json_string("funnel"));
    return line;
}

static void funnels_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct export *e = ctx;
    e->result = r;
    if (r == STORE_OK)
        put_rows(e, funnel_json, json, len, count);
    session_done(e->session);
}

static void export_funnels(struct export *e)
{
    store_row_list(session_store(e->session), (struct store_rows){STORE_FUNNELS, NULL}, funnels_done, e);
    session_run(e->session);
}

/* --- the audit log --- */

static json_t *change_json(const char *text)
{
    json_t *value = text && text[0] ? json_loads(text, 0, NULL) : NULL;
    return value ? value : json_null();
}

static void audit_done(void *ctx, enum store_result r, const struct store_audit_row *rows, size_t count,
                       const char *next, int64_t total)
{
    struct export *e = ctx;
    (void)next, (void)total;
    e->result = r;
    e->page = count;
    for (size_t i = 0; i < count && goes_on(e); i++) {
        const struct store_audit *a = &rows[i].audit;
        put_line(e, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o}", "type", "audit", "id", rows[i].id, "who", a->who,
                              "action", a->action, "target", a->target, "from", a->from, "before",
                              change_json(a->before), "after", change_json(a->after)));
        snprintf(e->audit_id, sizeof e->audit_id, "%s", rows[i].id);
    }
    session_done(e->session);
}

static void export_audit(struct export *e)
{
    e->page = 1;
    while (e->page > 0 && goes_on(e)) {
        store_audit_walk(session_store(e->session), e->audit_id, audit_done, e);
        session_run(e->session);
    }
}

/* --- campaigns --- */

static void dump_done(void *ctx, enum store_result r, const struct store_dump *d)
{
    struct export *e = ctx;
    if (r == STORE_OK)
        put_line(e, export_campaign_to_json(d));
    else if (r != STORE_NOT_FOUND) /* it was deleted, or a crash kept it from being made */
        e->result = r;
    session_done(e->session);
}

static void slugs_done(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count)
{
    struct export *e = ctx;
    e->result = r;
    e->slug_count = count;
    if (count)
        memcpy(e->slugs, slugs, count * sizeof *slugs);
    session_done(e->session);
}

/* Calls for each slug, one after the other; start ends with session_done. */
static void walk_campaigns(struct export *e, void (*start)(struct export *e, const char *slug))
{
    char cursor[CAMPAIGN_SLUG_MAX + 1] = "";
    e->slug_count = 1;
    while (e->slug_count > 0 && goes_on(e)) {
        store_campaign_slugs(session_store(e->session), cursor, slugs_done, e);
        session_run(e->session);
        for (size_t i = 0; i < e->slug_count && goes_on(e); i++) {
            memcpy(cursor, e->slugs[i], sizeof cursor);
            e->slug = cursor;
            start(e, cursor);
            session_run(e->session);
        }
    }
    if (e->result == STORE_BAD_REPLY)
        cli_fail(cursor, "cannot be read");
}

static void dump_start(struct export *e, const char *slug)
{
    store_campaign_dump(session_store(e->session), slug, dump_done, e);
}

static void export_campaigns(struct export *e)
{
    walk_campaigns(e, dump_start);
}

/* --- their logos --- */

static void logo_done(void *ctx, enum store_result r, const char *text, size_t len)
{
    struct export *e = ctx;
    if (r == STORE_OK)
        put_line(e, json_pack("{s:s,s:s,s:s%}", "type", "logo", "slug", e->slug, "file", text, len));
    else if (r != STORE_NOT_FOUND)
        e->result = r;
    session_done(e->session);
}

static void logo_start(struct export *e, const char *slug)
{
    store_row_get(session_store(e->session), (struct store_rows){STORE_LOGOS, slug}, STORE_LOGO, logo_done, e);
}

static void export_logos(struct export *e)
{
    walk_campaigns(e, logo_start);
}

/* --- the file --- */

/* In this order: the import makes them in it, each with an entry of the audit log, which grows at its end only. */
static const struct export_part {
    const char *name;
    void (*write)(struct export *e);
} parts[] = {
    {"audit entries", export_audit}, {"users", export_users}, {"tokens", export_tokens},
    {"campaigns", export_campaigns}, {"logos", export_logos}, {"funnels", export_funnels},
};
enum { PARTS = sizeof parts / sizeof *parts };

static enum cli_exit write_all(struct export *e, const char *path, size_t counts[PARTS])
{
    char now[32];
    date_to_text(time(NULL), now);
    put_line(e, json_pack("{s:i,s:s,s:s}", "huoma", 1, "exported_at", now, "program", HUOMA_VERSION));
    e->lines = 0;
    for (size_t i = 0; i < PARTS && goes_on(e); i++) {
        e->part = 0;
        parts[i].write(e);
        counts[i] = e->part;
    }
    size_t lines = e->lines;
    if (goes_on(e))
        put_line(e, json_pack("{s:s,s:I}", "type", "end", "lines", (json_int_t)lines));
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    if (e->result != STORE_OK)
        return cli_fail_store("export", e->result);
    if (e->failed || fflush(e->out) != 0)
        return cli_fail(path, "%s", ferror(e->out) ? strerror(errno) : "out of memory");
    return CLI_DONE;
}

static void told(void *ctx, enum store_result r)
{
    struct export *e = ctx;
    e->result = r;
    session_done(e->session);
}

static enum cli_exit export_to(const struct config *config, FILE *out, const char *path, size_t counts[PARTS])
{
    struct export *e = calloc(1, sizeof *e);
    if (!e)
        return cli_fail("export", "out of memory");
    e->out = out;
    e->session = session_open(config);
    enum cli_exit code = e->session ? write_all(e, path, counts) : CLI_FAILED;
    if (code == CLI_DONE) {
        struct store_audit audit = session_audit("store.export", "store", NULL);
        store_audit_add(session_store(e->session), &audit, told, e);
        session_run(e->session);
        code = e->result == STORE_OK ? CLI_DONE : cli_fail_store("export", e->result);
    }
    session_close(e->session);
    free(e);
    return code;
}

/* Whole, or not at all: a file of that name that was there before stays until then. */
static enum cli_exit export_to_file(const struct config *config, const char *path, size_t counts[PARTS])
{
    char part[EXPORT_PATH_MAX];
    if (snprintf(part, sizeof part, "%s.XXXXXX", path) >= (int)sizeof part)
        return cli_fail(path, "too long");
    int fd = mkstemp(part); /* for nobody else: it tells whom which code leads where */
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out)
        return cli_fail(path, "%s", strerror(errno));
    enum cli_exit code = export_to(config, out, path, counts);
    if (code == CLI_DONE && fsync(fd) != 0)
        code = cli_fail(path, "%s", strerror(errno));
    if (fclose(out) != 0 && code == CLI_DONE)
        code = cli_fail(path, "%s", strerror(errno));
    if (code == CLI_DONE && rename(part, path) != 0)
        code = cli_fail(path, "%s", strerror(errno));
    if (code != CLI_DONE)
        unlink(part);
    return code;
}

enum cli_exit cli_export(const struct config *config, int argc, char **argv)
{
    static const struct cli_option options[] = {{"-o", true}, {NULL, false}};
    struct cli_walk w = {.command = "export", .argc = argc, .argv = argv};
    const char *value, *path = NULL;
    size_t counts[PARTS] = {0};
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return CLI_MISUSED;
        if (option == CLI_ARGUMENT || path)
            return cli_misuse(w.command, "%s", path ? "more than one FILE" : "give the FILE behind -o");
        path = value;
    }
    if (!path || strcmp(path, "-") == 0)
        return export_to(config, stdout, "stdout", counts);
    enum cli_exit code = export_to_file(config, path, counts);
    for (size_t i = 0; code == CLI_DONE && i < PARTS; i++)
        printf("%zu %s%s", counts[i], parts[i].name, i + 1 < PARTS ? ", " : ".\n");
    return code;
}
