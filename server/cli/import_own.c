/* Our own export, line by line. See import_own.h. */
#include "import_own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "campaign_json_memory.h"
#include "cli.h"
#include "import_own_private.h"

enum {
    LINE_MAX_BYTES = 256 << 20, /* of one line */
    LINE_ROOM = 64 << 10,       /* at first */
    LINES_MAX = 50000000,
    PROGRESS_LINES = 100,
};

/* --- what is said --- */

void import_own_say(const struct import *m, const char *word, const char *what, const char *why)
{
    printf("%-9s line %ld: ", word, m->line);
    text_print(stdout, what, 0);
    if (*why) {
        fputs(": ", stdout);
        text_print(stdout, why, 0);
    }
    putchar('\n');
}

enum verdict import_own_refuse(struct import *m, const char *what, const char *why)
{
    if (!json_memory_was_short()) /* else the line may be good */
        import_own_say(m, "refused", what, why);
    return VERDICT_REFUSED;
}

void import_own_drain(struct import *m)
{
    while (m->pending > 0)
        session_run(m->session);
}

void import_own_call_done(void *ctx, enum store_result r)
{
    struct import *m = ctx;
    m->result = r;
    session_done(m->session);
}

bool import_own_store_failed(struct import *m, enum store_result r)
{
    if (r == STORE_OK || r == STORE_NOT_FOUND || r == STORE_CONFLICT || r == STORE_STALE || r == STORE_ALIAS_TAKEN)
        return false;
    m->broken = r;
    return true;
}

bool import_own_lacks_memory(struct import *m)
{
    if (json_memory_was_short())
        m->broken = STORE_UNAVAILABLE;
    return m->broken != STORE_OK;
}

bool import_own_make_failed(struct import *m, enum store_result r)
{
    m->made += r == STORE_OK;
    return import_own_store_failed(m, r);
}

/* --- lines --- */

static const char out_of_memory[] = "out of memory";

static const struct import_part {
    const char *type;
    enum verdict (*look)(struct import *m, json_t *line);
    void (*make)(struct import *m, json_t *line);
} parts[] = {
    {"user", import_own_look_at_user, import_own_make_user},
    {"token", import_own_look_at_token, NULL},
    {"audit", import_own_look_at_audit, import_own_make_audit},
    {"campaign", import_own_look_at_campaign, import_own_make_campaign},
    {"logo", import_own_look_at_logo, import_own_make_logo},
    {"funnel", import_own_look_at_funnel, import_own_make_funnel},
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

/* Its length, more than LINE_MAX_BYTES if it is longer; -1 at the end, -2 if there is no memory for it. */
static long read_line(struct import *m)
{
    size_t len = 0;
    for (int c; (c = getc_unlocked(m->in)) != EOF;) {
        if (len == m->room) {
            size_t room = m->room ? m->room * 2 : (size_t)LINE_ROOM;
            char *more = len > LINE_MAX_BYTES ? NULL : realloc(m->text, room);
            if (!more)
                return len > LINE_MAX_BYTES ? LINE_MAX_BYTES + 1L : -2;
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
        *why = len == -2 ? out_of_memory : ferror(m->in) ? strerror(errno) : NULL;
        return NULL;
    }
    if (isatty(STDERR_FILENO) && m->line % PROGRESS_LINES == 0)
        fprintf(stderr, "\r%s %ld lines\r", m->writes ? "writing" : "looking at", m->line);
    json_t *line = len <= LINE_MAX_BYTES && m->line < LINES_MAX
                       ? json_memory_load(m->text, (size_t)len, JSON_REJECT_DUPLICATES, NULL)
                       : NULL;
    if (len > LINE_MAX_BYTES || m->line >= LINES_MAX)
        *why = "too long";
    else if (!line && json_memory_failed())
        *why = out_of_memory;
    else if (!json_is_object(line))
        *why = "is not whole: not a JSON object";
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
    if (!line && why == out_of_memory)
        return broken_file(m, why);
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
        return broken_file(m, out_of_memory);
    m->object = line;
    m->verdicts[m->line] = (unsigned char)part->look(m, line);
    m->counts[m->verdicts[m->line]]++;
    if (json_memory_was_short())
        return broken_file(m, out_of_memory);
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

static void make(struct import *m, json_t *line)
{
    const struct import_part *part = find_part(line);
    if ((size_t)m->line < m->verdict_room && m->verdicts[m->line] == VERDICT_NEW && part && part->make)
        part->make(m, line);
}

static enum cli_exit write_all(struct import *m)
{
    const char *why = NULL;
    bool ended = false;
    enum cli_exit code = read_header(m);
    m->writes = true;
    while (code == CLI_DONE && m->broken == STORE_OK && !ended) {
        json_t *line = next_line(m, &why);
        if (!line)
            break;
        ended = is_end(line);
        make(m, line);
        json_decref(line);
    }
    import_own_drain(m);
    memset(m->counts, 0, sizeof m->counts);
    for (size_t i = 0; i < m->verdict_room; i++)
        m->counts[m->verdicts[i]]++;
    if (m->broken != STORE_OK)
        return fail_broken(m);
    if (code != CLI_DONE || ended)
        return code;
    return cli_fail(m->path, "line %ld: %s; %zu made before it. Run it again: what is there already stays", m->line,
                    why ? why : "the end is missing", m->made);
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
