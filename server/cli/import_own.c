/* Our own export, line by line. See import_own.h. */
#include "import_own.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "allowed.h"
#include "auth.h"
#include "campaign_json.h"
#include "export_campaign.h"
#include "funnel_record.h"
#include "logo.h"
#include "logo_record.h"
#include "session.h"
#include "token_record.h"
#include "user_record.h"

enum {
    LINE_MAX_BYTES = 256 << 20, /* of one line */
    LINE_ROOM = 64 << 10,       /* at first */
    LINES_MAX = 50000000,
    WINDOW = 16, /* campaigns on their way to the store */
    PROGRESS_LINES = 100,
};

/* What is to become of a line. */
enum verdict { VERDICT_SKIP, VERDICT_NEW, VERDICT_THERE, VERDICT_REFUSED, VERDICT_LEFT, VERDICT_COUNT };

struct import {
    const char *path;
    FILE *in;
    struct session *session;
    bool writes; /* the second time */
    int64_t now;
    struct allowed_hosts hosts;
    char *text; /* of the line; owned */
    size_t room;
    long line;
    json_t *object;          /* that it is, while it is looked at */
    unsigned char *verdicts; /* of each line; owned */
    size_t verdict_room;
    json_t *slugs; /* -> line */
    char audit_last[STORE_AUDIT_ID_MAX];
    size_t counts[VERDICT_COUNT];
    size_t made; /* lines that the store has */
    size_t audit_left;
    enum store_result result;            /* of the last call */
    enum store_result broken;            /* of any: ends the import */
    char failed[CAMPAIGN_SLUG_MAX + 48]; /* which one that was, if it is known */
    struct store_alias_taken taken;
    bool same;   /* what is there is what the line says */
    int pending; /* restores on their way */
};

/* --- what is said --- */

static void say(const struct import *m, const char *word, const char *what, const char *why)
{
    printf("%-9s line %ld: ", word, m->line);
    text_print(stdout, what, 0);
    if (*why) {
        fputs(": ", stdout);
        text_print(stdout, why, 0);
    }
    putchar('\n');
}

static enum verdict refuse(struct import *m, const char *what, const char *why)
{
    say(m, "refused", what, why);
    return VERDICT_REFUSED;
}

/* All that is on its way is there: what comes next is alone. */
static void drain(struct import *m)
{
    while (m->pending > 0)
        session_run(m->session);
}

static void call_done(void *ctx, enum store_result r)
{
    struct import *m = ctx;
    m->result = r;
    session_done(m->session);
}

/* A failure of the store that says nothing about the line. */
static bool store_failed(struct import *m, enum store_result r)
{
    if (r == STORE_OK || r == STORE_NOT_FOUND || r == STORE_CONFLICT || r == STORE_STALE || r == STORE_ALIAS_TAKEN)
        return false;
    m->broken = r;
    return true;
}

/* Likewise, of a call that was to make the line. */
static bool make_failed(struct import *m, enum store_result r)
{
    m->made += r == STORE_OK;
    return store_failed(m, r);
}

/* --- users --- */

static void user_found(void *ctx, enum store_result r, const char *json, size_t len)
{
    struct import *m = ctx;
    struct user_record there;
    const json_t *line = m->object;
    m->result = r;
    m->same = r == STORE_OK && user_record_from_json(json, len, &there) &&
              strcmp(auth_role_name(there.role), json_string_value(json_object_get(line, "role"))) == 0 &&
              there.disabled == json_is_true(json_object_get(line, "disabled"));
    session_done(m->session);
}

/* NULL, or what is wrong. */
static const char *read_user(json_t *line, struct user_record *u)
{
    const char *name = json_string_value(json_object_get(line, "name"));
    const char *role = json_string_value(json_object_get(line, "role"));
    const char *created = json_string_value(json_object_get(line, "created_at"));
    json_t *disabled = json_object_get(line, "disabled");
    *u = (struct user_record){.role = role ? token_role_from_name(role) : AUTH_NOBODY};
    if (!name || user_name_problem(name))
        return "is no user's name";
    if (u->role == AUTH_NOBODY)
        return "role must be owner, admin, editor or viewer";
    if (!json_is_boolean(disabled))
        return "disabled must be true or false";
    if (!created || !date_from_text(created, strlen(created), &u->created_at))
        return "created_at must be a date";
    snprintf(u->name, sizeof u->name, "%s", name);
    snprintf(u->password, sizeof u->password, "!"); /* no password has this hash */
    u->disabled = json_is_true(disabled);
    user_record_renew(u);
    return NULL;
}

static enum verdict look_at_user(struct import *m, json_t *line)
{
    struct user_record u;
    const char *name = json_string_value(json_object_get(line, "name")), *why = read_user(line, &u);
    if (why)
        return refuse(m, name ? name : "a user", why);
    store_row_get(session_store(m->session), (struct store_rows){STORE_USERS, NULL}, name, user_found, m);
    session_run(m->session);
    if (store_failed(m, m->result))
        return VERDICT_REFUSED;
    if (m->result == STORE_OK)
        return m->same ? VERDICT_THERE : refuse(m, name, "there is a user of that name, with another role or switch");
    say(m, "note", name, "comes without a password: huoma user passwd");
    return VERDICT_NEW;
}

static void make_user(struct import *m, json_t *line)
{
    struct user_record u;
    char json[USER_JSON_MAX], target[AUDIT_TARGET_MAX];
    if (read_user(line, &u) || !user_record_to_json(&u, json)) {
        m->broken = STORE_UNAVAILABLE;
        return;
    }
    snprintf(target, sizeof target, "user:%s", u.name);
    struct store_audit audit = session_audit("user.import", target, NULL);
    drain(m);
    store_row_change(session_store(m->session), (struct store_rows){STORE_USERS, NULL}, u.name, STORE_NEW, NULL, json,
                     &audit, call_done, m);
    session_run(m->session);
    if (!make_failed(m, m->result) && m->result != STORE_OK)
        m->verdicts[m->line] = (unsigned char)refuse(m, u.name, "was made by somebody else meanwhile");
}

/* --- tokens: only their hashes are kept, and those are secrets --- */

static enum verdict look_at_token(struct import *m, json_t *line)
{
    const char *name = json_string_value(json_object_get(line, "name"));
    const char *role = json_string_value(json_object_get(line, "role"));
    if (!name || !role || token_role_from_name(role) == AUTH_NOBODY)
        return refuse(m, name ? name : "a token", "name and role are required");
    say(m, "note", name, "is a token, and has to be made anew: huoma token create");
    return VERDICT_LEFT;
}

/* --- the audit log --- */

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
    store_audit_restore(session_store(m->session), &row, behind, call_done, m);
    session_run(m->session);
    free((char *)row.audit.before);
    free((char *)row.audit.after);
    store_failed(m, m->result);
    return true;
}

static enum verdict look_at_audit(struct import *m, json_t *line)
{
    if (!run_audit(m, line, m->audit_last))
        return refuse(m, "an entry of the audit log", "cannot be read");
    if (m->result == STORE_CONFLICT)
        return VERDICT_THERE;
    if (m->result != STORE_OK) {
        m->audit_left++;
        return VERDICT_LEFT;
    }
    snprintf(m->audit_last, sizeof m->audit_last, "%s", json_string_value(json_object_get(line, "id")));
    return VERDICT_NEW;
}

static void make_audit(struct import *m, json_t *line)
{
    drain(m);
    run_audit(m, line, NULL);
}

/* --- campaigns --- */

static void campaign_found(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct import *m = ctx;
    json_t *definition = json_object_get(m->object, "definition"), *there = NULL;
    size_t len = 0;
    char *text = r == STORE_OK ? campaign_to_stored(sc->definition, &len) : NULL;
    if (text)
        there = json_loadb(text, len, 0, NULL);
    m->result = r;
    m->same = there && definition && json_equal(there, definition);
    free(text);
    json_decref(there);
    session_done(m->session);
}

/* Whether the aliases could be had; *m tells which not. */
static void aliases_tried(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    struct import *m = ctx;
    m->result = r;
    if (r == STORE_ALIAS_TAKEN && count > 0 && rows[0].taken)
        m->taken = *rows[0].taken;
    session_done(m->session);
}

static enum verdict refuse_alias(struct import *m, const struct campaign *c)
{
    char why[ALIAS_MAX + CAMPAIGN_SLUG_MAX + 64];
    snprintf(why, sizeof why, "its old address %s leads to %s already",
             m->taken.position < c->alias_count ? c->aliases[m->taken.position] : "", m->taken.owner);
    return refuse(m, c->slug, why);
}

/* Slugs and aliases that stand in the file before, by line; NULL: all is new. */
static json_t *find_repeated(struct import *m, const struct campaign *c)
{
    json_t *first = json_object_get(m->slugs, c->slug);
    for (size_t i = 0; !first && i < c->alias_count; i++)
        first = json_object_get(m->slugs, c->aliases[i]);
    if (first)
        return first;
    json_object_set_new(m->slugs, c->slug, json_integer(m->line));
    for (size_t i = 0; i < c->alias_count; i++)
        json_object_set_new(m->slugs, c->aliases[i], json_integer(m->line));
    return NULL;
}

static bool leads_elsewhere(struct import *m, const struct campaign *c,
                            char why[FIELD_NAME_MAX + FIELD_REASON_MAX + PLATFORM_HOST_MAX])
{
    char field[FIELD_NAME_MAX], host[PLATFORM_HOST_MAX + 1];
    if (!campaign_find_barred(c, &m->hosts, field, sizeof field, host))
        return false;
    snprintf(why, FIELD_NAME_MAX + FIELD_REASON_MAX + PLATFORM_HOST_MAX,
             "%s leads to %s, which this server does not allow", field, host);
    return true;
}

static enum verdict compare_campaign(struct import *m, const struct campaign *c)
{
    char why[96], elsewhere[FIELD_NAME_MAX + FIELD_REASON_MAX + PLATFORM_HOST_MAX];
    json_t *first = find_repeated(m, c);
    if (first) {
        snprintf(why, sizeof why, "line %lld has the slug or an old address already",
                 (long long)json_integer_value(first));
        return refuse(m, c->slug, why);
    }
    store_campaign_read(session_store(m->session), c->slug, campaign_found, m);
    session_run(m->session);
    if (store_failed(m, m->result))
        return VERDICT_REFUSED;
    if (m->result == STORE_OK)
        return m->same ? VERDICT_THERE : refuse(m, c->slug, "there is a campaign of that slug, and it is another one");
    if (leads_elsewhere(m, c, elsewhere))
        return refuse(m, c->slug, elsewhere);
    struct store_save save = {.campaign = c, .touched = -1};
    if (store_campaigns_try(session_store(m->session), &save, 1, aliases_tried, m)) {
        session_run(m->session);
        if (m->result == STORE_ALIAS_TAKEN)
            return refuse_alias(m, c);
        if (store_failed(m, m->result))
            return VERDICT_REFUSED;
    }
    return VERDICT_NEW;
}

static enum verdict look_at_campaign(struct import *m, json_t *line)
{
    struct exported_campaign e;
    char why[EXPORT_WHY_MAX];
    const char *slug = json_string_value(json_object_get(line, "slug"));
    enum verdict v = export_campaign_from_json(line, m->now, &e, why) ? compare_campaign(m, e.definition)
                                                                      : refuse(m, slug ? slug : "a campaign", why);
    if (v == VERDICT_NEW) {
        snprintf(why, sizeof why, "%zu group%s", e.definition->group_count, e.definition->group_count == 1 ? "" : "s");
        say(m, "new", e.definition->slug, why);
    }
    exported_campaign_clear(&e);
    return v;
}

/* A campaign on its way to the store. */
struct restore {
    struct import *import;
    long line;
    char slug[CAMPAIGN_SLUG_MAX + 1];
};

static void restored(void *ctx, enum store_result r, const struct store_campaign *sc)
{
    struct restore *restore = ctx;
    struct import *m = restore->import;
    (void)sc;
    m->pending--;
    if (!make_failed(m, r) && r != STORE_OK) {
        long at = m->line;
        m->line = restore->line;
        m->verdicts[m->line] =
            (unsigned char)refuse(m, restore->slug,
                                  r == STORE_ALIAS_TAKEN ? "one of its old addresses was taken meanwhile"
                                                         : "was made by somebody else meanwhile");
        m->line = at;
    }
    free(restore);
    session_done(m->session);
}

static void make_campaign(struct import *m, json_t *line)
{
    struct exported_campaign e;
    char why[EXPORT_WHY_MAX], target[AUDIT_TARGET_MAX];
    struct restore *restore = malloc(sizeof *restore);
    if (!restore || !export_campaign_from_json(line, m->now, &e, why)) {
        m->broken = STORE_UNAVAILABLE; /* the file was whole a moment ago */
        free(restore);
        return;
    }
    *restore = (struct restore){.import = m, .line = m->line};
    snprintf(restore->slug, sizeof restore->slug, "%s", e.definition->slug);
    snprintf(target, sizeof target, "campaign:%s", e.definition->slug);
    struct store_audit audit = session_audit("campaign.import", target, NULL);
    m->pending++;
    store_campaign_restore(session_store(m->session), &e.dump, &audit, restored, restore);
    exported_campaign_clear(&e);
    while (m->pending >= WINDOW)
        session_run(m->session);
}

/* --- logos --- */

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

/* As store_failed, and the end of the import says whose logo it was. */
static bool logo_failed(struct import *m, const char *slug)
{
    if (!store_failed(m, m->result))
        return false;
    snprintf(m->failed, sizeof m->failed, "line %ld: the logo of %s", m->line, slug);
    return true;
}

static enum verdict look_at_logo(struct import *m, json_t *line)
{
    const char *slug = json_string_value(json_object_get(line, "slug"));
    const json_t *file = json_object_get(line, "file");
    json_t *of = slug ? json_object_get(m->slugs, slug) : NULL;
    enum verdict campaign = of ? (enum verdict)m->verdicts[json_integer_value(of)] : VERDICT_REFUSED;
    if (campaign != VERDICT_NEW && campaign != VERDICT_THERE)
        return refuse(m, slug ? slug : "a logo", "is the logo of no campaign that is taken from this file");
    if (!json_is_string(file) || !is_logo(json_string_value(file), json_string_length(file)))
        return refuse(m, slug, "its logo is no picture that could be used");
    store_row_get(session_store(m->session), (struct store_rows){STORE_LOGOS, slug}, STORE_LOGO, logo_found, m);
    session_run(m->session);
    if (logo_failed(m, slug))
        return VERDICT_REFUSED;
    if (m->result == STORE_OK)
        return m->same ? VERDICT_THERE : refuse(m, slug, "has another logo");
    return VERDICT_NEW;
}

static void make_logo(struct import *m, json_t *line)
{
    const char *slug = json_string_value(json_object_get(line, "slug"));
    const char *file = json_string_value(json_object_get(line, "file"));
    struct audit_change change = {NULL, NULL};
    char target[AUDIT_TARGET_MAX];
    drain(m); /* its campaign stands before it */
    if (m->broken != STORE_OK)
        return;
    m->result = STORE_NOT_FOUND;
    if (m->verdicts[json_integer_value(json_object_get(m->slugs, slug))] != VERDICT_REFUSED) {
        snprintf(target, sizeof target, "campaign:%s", slug);
        logo_audit(&change, NULL, file);
        struct store_audit audit = session_audit("campaign.logo", target, &change);
        store_row_change(session_store(m->session), (struct store_rows){STORE_LOGOS, slug}, STORE_LOGO, STORE_PUT, NULL,
                         file, &audit, call_done, m);
        session_run(m->session);
        m->made += m->result == STORE_OK;
        audit_change_clear(&change);
    }
    if (!logo_failed(m, slug) && m->result != STORE_OK)
        m->verdicts[m->line] = (unsigned char)refuse(
            m, slug, m->result == STORE_STALE ? "was given a logo meanwhile" : "its campaign was not made");
}

/* --- funnels: also of campaigns that are not there, as they may be where they come from --- */

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

static enum verdict look_at_funnel(struct import *m, json_t *line)
{
    struct funnel f;
    if (!read_funnel(line, &f))
        return refuse(m, "a funnel", "is none that could be used");
    store_row_get(session_store(m->session), (struct store_rows){STORE_FUNNELS, NULL}, f.id, funnel_found, m);
    session_run(m->session);
    if (store_failed(m, m->result))
        return VERDICT_REFUSED;
    if (m->result == STORE_OK)
        return m->same ? VERDICT_THERE : refuse(m, f.title, "there is another funnel of that id");
    return VERDICT_NEW;
}

static void make_funnel(struct import *m, json_t *line)
{
    struct funnel f;
    char target[AUDIT_TARGET_MAX], *record = read_funnel(line, &f) ? funnel_to_record(&f) : NULL;
    if (!record) {
        m->broken = STORE_UNAVAILABLE;
        return;
    }
    snprintf(target, sizeof target, "funnel:%s", f.id);
    struct store_audit audit = session_audit("funnel.import", target, NULL);
    drain(m);
    store_row_change(session_store(m->session), (struct store_rows){STORE_FUNNELS, NULL}, f.id, STORE_NEW, NULL, record,
                     &audit, call_done, m);
    session_run(m->session);
    free(record);
    if (!make_failed(m, m->result) && m->result != STORE_OK)
        m->verdicts[m->line] = (unsigned char)refuse(m, f.title, "was made by somebody else meanwhile");
}

/* --- lines --- */

static const struct import_part {
    const char *type;
    enum verdict (*look)(struct import *m, json_t *line);
    void (*make)(struct import *m, json_t *line);
} parts[] = {
    {"user", look_at_user, make_user},    {"token", look_at_token, NULL},
    {"audit", look_at_audit, make_audit}, {"campaign", look_at_campaign, make_campaign},
    {"logo", look_at_logo, make_logo},    {"funnel", look_at_funnel, make_funnel},
};

static const struct import_part *find_part(json_t *line)
{
    const char *type = json_string_value(json_object_get(line, "type"));
    for (size_t i = 0; type && i < sizeof parts / sizeof *parts; i++)
        if (strcmp(parts[i].type, type) == 0)
            return &parts[i];
    return NULL;
}

bool import_own_looks(const char *head, size_t len)
{
    static const char begin[] = "{\"huoma\":";
    return len >= sizeof begin - 1 && memcmp(head, begin, sizeof begin - 1) == 0;
}

static enum cli_exit broken_file(const struct import *m, const char *why)
{
    cli_fail(m->path, "line %ld: %s; nothing was changed", m->line, why);
    return CLI_FAILED;
}

static enum cli_exit fail_broken(const struct import *m)
{
    return cli_fail_midway(m->failed[0] ? m->failed : "import", m->broken, m->made);
}

static bool verdict_room(struct import *m)
{
    if ((size_t)m->line < m->verdict_room)
        return true;
    size_t room = m->verdict_room ? m->verdict_room * 2 : 4096;
    unsigned char *more = realloc(m->verdicts, room);
    if (!more)
        return false;
    memset(more + m->verdict_room, 0, room - m->verdict_room);
    m->verdicts = more;
    m->verdict_room = room;
    return true;
}

/* Its length, more than LINE_MAX_BYTES if it is longer or there is no memory for it; -1 at the end. */
static long read_line(struct import *m)
{
    size_t len = 0;
    for (int c; (c = getc_unlocked(m->in)) != EOF;) {
        if (len == m->room) {
            size_t room = m->room ? m->room * 2 : (size_t)LINE_ROOM;
            char *more = len > LINE_MAX_BYTES ? NULL : realloc(m->text, room);
            if (!more)
                return LINE_MAX_BYTES + 1L;
            m->text = more;
            m->room = room;
        }
        m->text[len++] = (char)c;
        if (c == '\n')
            return (long)len;
    }
    return len > 0 && !ferror(m->in) ? (long)len : -1;
}

/* The next line as an object; NULL at the end, or when it is none: then *why is set. */
static json_t *next_line(struct import *m, const char **why)
{
    *why = NULL;
    errno = 0;
    long len = read_line(m);
    m->line++;
    if (len < 0) {
        *why = ferror(m->in) ? strerror(errno) : NULL;
        return NULL;
    }
    if (isatty(STDERR_FILENO) && m->line % PROGRESS_LINES == 0)
        fprintf(stderr, "\r%s %ld lines\r", m->writes ? "writing" : "looking at", m->line);
    json_t *line = len <= LINE_MAX_BYTES && m->line < LINES_MAX
                       ? json_loadb(m->text, (size_t)len, JSON_REJECT_DUPLICATES, NULL)
                       : NULL;
    if (!line || !json_is_object(line))
        *why = len > LINE_MAX_BYTES || m->line >= LINES_MAX ? "too long" : "is not whole: not a JSON object";
    if (*why) {
        json_decref(line);
        return NULL;
    }
    return line;
}

/* Whether the header is of a version that this program knows. */
static enum cli_exit read_header(struct import *m)
{
    const char *why;
    rewind(m->in);
    m->line = 0;
    json_t *line = next_line(m, &why);
    json_t *version = json_object_get(line, "huoma");
    bool known = json_is_integer(version) && json_integer_value(version) == 1;
    json_decref(line);
    if (!line || !version)
        return broken_file(m, "is no header of an export");
    return known ? CLI_DONE : broken_file(m, "is an export of a newer program");
}

/* One line of the first walk: what will become of it. */
static enum cli_exit look_at(struct import *m, json_t *line)
{
    const struct import_part *part = find_part(line);
    if (!part)
        return broken_file(m, "is of a type that this program does not know");
    if (!verdict_room(m))
        return broken_file(m, "out of memory");
    m->object = line;
    m->verdicts[m->line] = (unsigned char)part->look(m, line);
    m->counts[m->verdicts[m->line]]++;
    return m->broken == STORE_OK ? CLI_DONE : fail_broken(m);
}

static bool is_end(json_t *line)
{
    const char *type = json_string_value(json_object_get(line, "type"));
    return type && strcmp(type, "end") == 0;
}

static enum cli_exit check_all(struct import *m)
{
    const char *why;
    enum cli_exit code = read_header(m);
    json_t *line = NULL;
    while (code == CLI_DONE && (line = next_line(m, &why)) && !is_end(line)) {
        code = look_at(m, line);
        json_decref(line);
        line = NULL;
    }
    if (code != CLI_DONE)
        return code;
    bool whole = line && json_integer_value(json_object_get(line, "lines")) == m->line - 2;
    json_decref(line);
    if (!line && why)
        return broken_file(m, why);
    if (!whole)
        return broken_file(m, line ? "lines are missing before it" : "the end is missing");
    return CLI_DONE;
}

static enum cli_exit write_all(struct import *m)
{
    const char *why;
    json_t *line;
    enum cli_exit code = read_header(m);
    m->writes = true;
    while (code == CLI_DONE && m->broken == STORE_OK && (line = next_line(m, &why))) {
        bool end = is_end(line);
        const struct import_part *part = find_part(line);
        if ((size_t)m->line < m->verdict_room && m->verdicts[m->line] == VERDICT_NEW && part && part->make)
            part->make(m, line);
        json_decref(line);
        if (end)
            break;
    }
    drain(m);
    memset(m->counts, 0, sizeof m->counts);
    for (size_t i = 0; i < m->verdict_room; i++)
        m->counts[m->verdicts[i]]++;
    return m->broken == STORE_OK ? code : fail_broken(m);
}

static enum cli_exit run(struct import *m, bool dry_run)
{
    enum cli_exit code = check_all(m);
    if (m->audit_left)
        printf(
            "note      %zu entries of the audit log are left out: this store's log, which grows at its end only, has "
            "later ones\n",
            m->audit_left);
    fflush(stdout);
    if (code == CLI_DONE && !dry_run)
        code = write_all(m);
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    if (code != CLI_DONE)
        return code;
    printf("%zu %s, %zu there already, %zu left out, %zu refused.%s\n", m->counts[VERDICT_NEW],
           dry_run ? "would be made" : "made", m->counts[VERDICT_THERE], m->counts[VERDICT_LEFT],
           m->counts[VERDICT_REFUSED], dry_run ? " Nothing was changed." : "");
    return m->counts[VERDICT_REFUSED] ? CLI_FAILED : CLI_DONE;
}

enum cli_exit import_own(const struct config *config, const char *path, bool dry_run)
{
    struct import m = {.path = path,
                       .now = time(NULL),
                       .slugs = json_object(),
                       .in = fopen(path, "re"),
                       .hosts = hosts_of_config(config)};
    enum cli_exit code = CLI_FAILED;
    if (!m.in || !m.slugs)
        cli_fail(path, "%s", m.in ? "out of memory" : strerror(errno));
    else if ((m.session = session_open(config)))
        code = run(&m, dry_run);
    session_close(m.session);
    if (m.in)
        fclose(m.in);
    json_decref(m.slugs);
    free(m.text);
    free(m.verdicts);
    return code;
}
