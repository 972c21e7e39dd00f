/* `huoma user`: add, passwd, list, delete the people who log in. A password comes from the terminal or stdin, never
 * from the command line, which others can see. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "auth.h"
#include "cli.h"
#include "session.h"
#include "token_record.h"
#include "user_record.h"

enum { TRIES = 8 }; /* of a change that others come before */

static const struct store_rows users = {STORE_USERS, NULL};

/* One call of the store, and what it brought. */
struct user_call {
    struct session *session;
    enum store_result result;
    struct user_record *list;    /* owned */
    char (*json)[USER_JSON_MAX]; /* likewise: the records as they stand there */
    size_t count;
};

static void keep_result(void *ctx, enum store_result r)
{
    struct user_call *call = ctx;
    call->result = r;
    session_done(call->session);
}

static void keep_list(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct user_call *call = ctx;
    call->result = r;
    if (r == STORE_OK) {
        call->list = calloc(count + 1, sizeof *call->list);
        call->json = calloc(count + 1, sizeof *call->json);
        if (!call->list || !call->json)
            call->result = STORE_BAD_REPLY; /* no memory to look at it */
    }
    for (size_t i = 0; call->result == STORE_OK && i < count; i++) {
        if (len[i] >= USER_JSON_MAX || !user_record_from_json(json[i], len[i], &call->list[call->count]))
            continue;
        memcpy(call->json[call->count++], json[i], len[i]);
    }
    session_done(call->session);
}

static void clear(struct user_call *call)
{
    free(call->list);
    free(call->json);
}

static enum store_result read_users(struct user_call *call, struct session *s)
{
    *call = (struct user_call){.session = s};
    store_row_list(session_store(s), users, keep_list, call);
    session_run(s);
    return call->result;
}

/* -1: there is none of that name. */
static long find_user(const struct user_call *call, const char *name)
{
    for (size_t i = 0; i < call->count; i++)
        if (strcmp(call->list[i].name, name) == 0)
            return (long)i;
    return -1;
}

/* --- passwords --- */

/* A line without its end; false: there is none, or it is too long. */
static bool read_line(char out[HASHER_PASSWORD_MAX + 2])
{
    if (!fgets(out, HASHER_PASSWORD_MAX + 2, stdin))
        return false;
    size_t len = strcspn(out, "\r\n");
    bool whole = out[len] != '\0' || feof(stdin);
    out[len] = '\0';
    return whole;
}

static bool ask(const char *prompt, char out[HASHER_PASSWORD_MAX + 2])
{
    struct termios before, quiet;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return false;
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(stderr, "%s: ", prompt);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    bool good = read_line(out);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    return good;
}

/* A new password's hash; false: it was not to be had, which was said. */
static bool read_hash(const char *command, char hash[HASHER_TEXT])
{
    char password[HASHER_PASSWORD_MAX + 2] = "", again[HASHER_PASSWORD_MAX + 2] = "";
    bool terminal = isatty(STDIN_FILENO);
    bool good = terminal ? ask("New password", password) : read_line(password);
    const char *wrong = good ? user_password_problem(password) : "no whole line of 256 bytes at most";
    if (!wrong && terminal && (!ask("Once more", again) || strcmp(password, again) != 0))
        wrong = "the two are not the same";
    if (wrong)
        cli_fail(command, "password: %s", wrong);
    good = !wrong && hasher_hash_now(password, hash);
    if (!wrong && !good)
        cli_fail(command, "out of memory");
    sodium_memzero(password, sizeof password);
    sodium_memzero(again, sizeof again);
    return good;
}

/* --- changes --- */

static enum store_result change(struct session *s, const char *action, const struct user_record *u,
                                enum store_rule rule, const char *was, bool deletes)
{
    struct user_call call = {.session = s};
    char json[USER_JSON_MAX], target[AUDIT_TARGET_MAX];
    snprintf(target, sizeof target, "user:%s", u->name);
    struct store_audit audit = session_audit(action, target, NULL);
    if (!user_record_to_json(u, json))
        return STORE_BAD_REPLY;
    store_row_change(session_store(s), users, u->name, rule, was, deletes ? NULL : json, &audit, keep_result, &call);
    session_run(s);
    sodium_memzero(json, sizeof json);
    return call.result;
}

static enum cli_exit add_user(struct session *s, const char *name, const char *role)
{
    struct user_call call;
    struct user_record u = {.created_at = time(NULL)};
    if (read_users(&call, s) != STORE_OK) {
        clear(&call);
        return cli_fail_store("user add", call.result);
    }
    bool there = find_user(&call, name) >= 0, first = call.count == 0;
    clear(&call);
    if (there)
        return cli_fail("user add", "there is a user of that name already");
    if (!role && !first)
        return cli_misuse("user add", "needs --role (only the first user is an owner without it)");
    snprintf(u.name, sizeof u.name, "%s", name);
    u.role = role ? token_role_from_name(role) : AUTH_OWNER;
    user_record_renew(&u);
    if (!read_hash("user add", u.password))
        return CLI_FAILED;
    enum store_result r = change(s, "user.create", &u, role ? STORE_NEW : STORE_FIRST, NULL, false);
    if (r != STORE_OK)
        return cli_fail_store("user add", r);
    printf("Added ");
    text_print(stdout, u.name, 0);
    printf(", %s.\n", auth_role_name(u.role));
    return CLI_DONE;
}

/* Changes the password, or deletes; anew if somebody else changed the record meanwhile. */
static enum cli_exit change_user(struct session *s, const char *command, const char *name, bool deletes)
{
    char hash[HASHER_TEXT] = "";
    enum store_result r = STORE_STALE;
    for (int i = 0; i < TRIES && r == STORE_STALE; i++) {
        struct user_call call;
        r = read_users(&call, s);
        long at = r == STORE_OK ? find_user(&call, name) : -1;
        if (r == STORE_OK && at < 0)
            r = STORE_NOT_FOUND;
        if (r == STORE_OK && !deletes && !hash[0] && !read_hash(command, hash)) {
            clear(&call);
            return CLI_FAILED;
        }
        if (r == STORE_OK) {
            struct user_record *u = &call.list[at];
            memcpy(u->password, hash[0] ? hash : u->password, sizeof u->password);
            user_record_renew(u);
            r = change(s, deletes ? "user.delete" : "user.change", u, STORE_SAME, call.json[at], deletes);
        }
        clear(&call);
    }
    if (r != STORE_OK)
        return cli_fail_store(command, r);
    text_print(stdout, name, 0);
    printf(deletes ? " is deleted.\n" : " has a new password; older sessions have ended.\n");
    return CLI_DONE;
}

/* --- list --- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct user_record *)a)->name, ((const struct user_record *)b)->name);
}

static void print_json(const struct user_call *call)
{
    printf("{\"data\":[");
    for (size_t i = 0; i < call->count; i++) {
        const struct user_record *u = &call->list[i];
        char date[32];
        date_to_text(u->created_at, date);
        printf("%s{\"name\":", i ? ",\n" : "");
        text_print_json(stdout, u->name);
        printf(",\"role\":\"%s\",\"disabled\":%s,\"created_at\":\"%s\"}", auth_role_name(u->role),
               u->disabled ? "true" : "false", date);
    }
    printf("],\"next\":null,\"total\":%zu}\n", call->count);
}

static enum cli_exit print_users(const struct user_call *call)
{
    static const char *const heads[] = {"NAME", "ROLE", "STATE", "CREATED"};
    struct text_table *t = text_table_new(4);
    for (int i = 0; t && i < 4; i++)
        text_table_cell(t, "%s", heads[i]);
    for (size_t i = 0; t && i < call->count; i++) {
        char date[32];
        date_to_text(call->list[i].created_at, date);
        text_table_cell(t, "%s", call->list[i].name);
        text_table_cell(t, "%s", auth_role_name(call->list[i].role));
        text_table_cell(t, "%s", call->list[i].disabled ? "off" : "on");
        text_table_cell(t, "%s", date);
    }
    bool good = t && (call->count == 0 || text_table_print(t, 0, stdout));
    text_table_free(t);
    if (!good)
        return cli_fail("user list", "out of memory");
    if (call->count == 0)
        printf("No users yet.\n\nNext: huoma user add NAME\n");
    return CLI_DONE;
}

static enum cli_exit list_users(struct session *s, bool json)
{
    struct user_call call;
    enum cli_exit code = CLI_DONE;
    if (read_users(&call, s) != STORE_OK) {
        code = cli_fail_store("user list", call.result);
    } else {
        qsort(call.list, call.count, sizeof *call.list, by_name);
        if (json)
            print_json(&call);
        else
            code = print_users(&call);
    }
    clear(&call);
    return code;
}

/* --- the command --- */

struct user_wish {
    const char *verb, *command, *name, *role;
    bool json;
};

/* What stands behind the verb; false: said what is wrong. */
static bool read_wish(struct user_wish *w, int argc, char **argv)
{
    static const struct cli_option options[] = {{"--role", true}, {"--json", false}, {NULL, false}};
    struct cli_walk walk = {.command = w->command, .argc = argc, .argv = argv};
    bool adds = strcmp(w->verb, "add") == 0, lists = strcmp(w->verb, "list") == 0;
    const char *value;
    for (int option; (option = cli_next(&walk, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if ((option == 0 && !adds) || (option == 1 && !lists) || (option == CLI_ARGUMENT && (w->name || lists)))
            return cli_misuse(w->command, "unexpected argument %s", value), false;
        if (option == 1)
            w->json = true;
        else
            *(option == 0 ? &w->role : &w->name) = value;
    }
    const char *wrong = lists ? NULL : w->name ? user_name_problem(w->name) : "is missing";
    if (!wrong && w->name && !text_is_clean(w->name))
        wrong = "must be UTF-8";
    if (wrong)
        cli_misuse(w->command, "NAME %s", wrong);
    else if (w->role && token_role_from_name(w->role) == AUTH_NOBODY)
        cli_misuse(w->command, "--role: one of owner, admin, editor, viewer");
    else
        return true;
    return false;
}

static enum cli_exit run_wish(const struct config *config, const struct user_wish *w)
{
    struct session *s = session_open(config);
    enum cli_exit code = CLI_FAILED;
    if (!s)
        return code;
    if (strcmp(w->verb, "add") == 0)
        code = add_user(s, w->name, w->role);
    else if (strcmp(w->verb, "list") == 0)
        code = list_users(s, w->json);
    else
        code = change_user(s, w->command, w->name, strcmp(w->verb, "delete") == 0);
    session_close(s);
    return code;
}

enum cli_exit cli_user(const struct config *config, int argc, char **argv)
{
    static const char *const commands[] = {"user add", "user passwd", "user list", "user delete"};
    for (size_t i = 0; argc > 0 && i < sizeof commands / sizeof *commands; i++) {
        struct user_wish w = {.verb = commands[i] + 5, .command = commands[i]};
        if (strcmp(argv[0], w.verb) == 0)
            return read_wish(&w, argc - 1, argv + 1) ? run_wish(config, &w) : CLI_MISUSED;
    }
    return cli_misuse("user", "needs one of add, passwd, list, delete");
}
