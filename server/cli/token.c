/* `huoma token`: create, list, delete API tokens. A token is shown once; only its SHA-256 is kept. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth.h"
#include "cli.h"
#include "session.h"
#include "token_record.h"

static const struct store_rows tokens = {STORE_TOKENS, NULL};

/* One call of the store, and what it brought. */
struct token_call {
    struct session *session;
    enum store_result result;
    struct token_record *list; /* owned */
    size_t count;
    size_t unreadable;
};

static void keep_result(void *ctx, enum store_result r)
{
    struct token_call *call = ctx;
    call->result = r;
    session_done(call->session);
}

static void keep_list(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct token_call *call = ctx;
    call->result = r;
    if (r == STORE_OK) {
        call->list = calloc(count + 1, sizeof *call->list);
        if (!call->list)
            call->result = STORE_BAD_REPLY; /* no memory to look at it */
    }
    for (size_t i = 0; call->list && i < count; i++) {
        if (token_record_from_json(json[i], len[i], &call->list[call->count]))
            call->count++;
        else
            call->unreadable++;
    }
    session_done(call->session);
}

/* --- create --- */

enum { DAYS_MAX = 3650 };

struct wish {
    const char *name, *role;
    long days; /* 0: it does not expire */
    bool json;
};

static bool read_wish(struct wish *wish, int argc, char **argv)
{
    static const struct cli_option options[] = {
        {"--name", true}, {"--role", true}, {"--json", false}, {"--days", true}, {NULL, false}};
    struct cli_walk w = {.command = "token create", .argc = argc, .argv = argv};
    const char *value;
    *wish = (struct wish){0};
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return false;
        if (option == CLI_ARGUMENT) {
            cli_misuse(w.command, "unexpected argument");
            return false;
        }
        if (option == 2)
            wish->json = true;
        else if (option == 3)
            wish->days = strspn(value, "0123456789") == strlen(value) ? strtol(value, NULL, 10) : -1;
        else
            *(option == 0 ? &wish->name : &wish->role) = value;
    }
    if (!wish->name || !wish->role)
        cli_misuse(w.command, "needs --name and --role");
    else if (!wish->name[0] || strlen(wish->name) > AUTH_NAME_MAX || !text_is_clean(wish->name))
        cli_misuse(w.command, "--name: 1 to %d bytes of UTF-8 without control characters", AUTH_NAME_MAX);
    else if (wish->days < 0 || wish->days > DAYS_MAX)
        cli_misuse(w.command, "--days: a number from 1 to %d, or 0 for ever", DAYS_MAX);
    else if (token_role_from_name(wish->role) == AUTH_NOBODY)
        cli_misuse(w.command, "--role: one of owner, admin, editor, viewer");
    else
        return true;
    return false;
}

static void print_record(const struct token_record *r, const char *token)
{
    char date[32];
    date_to_text(r->created_at, date);
    printf("{\"id\":\"%s\",\"name\":", r->id);
    text_print_json(stdout, r->name);
    printf(",\"role\":\"%s\",\"created_at\":\"%s\"", auth_role_name(r->role), date);
    date_to_text(r->expires_at, date);
    printf(r->expires_at ? ",\"expires_at\":\"%s\"" : ",\"expires_at\":null", date);
    if (token)
        printf(",\"token\":\"%s\"", token);
    printf("}");
}

/* On stdout the token alone, so that it can be piped to where it is needed. */
static enum cli_exit put_token(struct session *s, const struct wish *wish)
{
    struct token_call call = {.session = s};
    struct token_record record = {.role = token_role_from_name(wish->role), .created_at = time(NULL)};
    char token[TOKEN_TEXT];
    record.expires_at = wish->days ? record.created_at + wish->days * 86400 : 0;
    memcpy(record.name, wish->name, strlen(wish->name) + 1);
    token_record_draw(&record, token);
    char *json = token_record_to_json(&record);
    if (!json)
        return cli_fail("token create", "out of memory");
    char target[AUDIT_TARGET_MAX];
    snprintf(target, sizeof target, "token:%s", record.id);
    struct store_audit audit = session_audit("token.create", target, NULL);
    store_row_change(session_store(s), tokens, record.hash, STORE_NEW, NULL, json, &audit, keep_result, &call);
    session_run(s);
    free(json);
    if (call.result == STORE_NO_SPACE)
        return cli_fail("token create", "there are %d tokens already, or the store has no room", STORE_TOKENS_MAX);
    if (call.result != STORE_OK)
        return cli_fail_store("token create", call.result);
    if (wish->json) {
        print_record(&record, token);
        putchar('\n');
    } else {
        puts(token);
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "Shown only now. id %s, role %s; to take it back: huoma token delete %s\n", record.id,
                    wish->role, record.id);
    }
    sodium_memzero(token, sizeof token);
    return CLI_DONE;
}

static enum cli_exit run_create(const struct config *config, int argc, char **argv)
{
    struct wish wish;
    if (!read_wish(&wish, argc, argv))
        return CLI_MISUSED;
    struct session *s = session_open(config);
    enum cli_exit code = s ? put_token(s, &wish) : CLI_FAILED;
    session_close(s);
    return code;
}

/* --- list, delete --- */

static int by_age(const void *a, const void *b)
{
    const struct token_record *x = a, *y = b;
    return x->created_at != y->created_at ? (x->created_at > y->created_at) - (x->created_at < y->created_at)
                                          : strcmp(x->hash, y->hash);
}

static enum store_result read_tokens(struct token_call *call, struct session *s)
{
    *call = (struct token_call){.session = s};
    store_row_list(session_store(s), tokens, keep_list, call);
    session_run(s);
    if (call->list)
        qsort(call->list, call->count, sizeof *call->list, by_age);
    return call->result;
}

static enum cli_exit print_tokens(const struct token_call *call)
{
    static const char *const heads[] = {"ID", "ROLE", "CREATED", "EXPIRES", "NAME"};
    struct text_table *t = text_table_new(5);
    for (int i = 0; t && i < 5; i++)
        text_table_cell(t, "%s", heads[i]);
    for (size_t i = 0; t && i < call->count; i++) {
        char date[32];
        date_to_text(call->list[i].created_at, date);
        text_table_cell(t, "%s", call->list[i].id);
        text_table_cell(t, "%s", auth_role_name(call->list[i].role));
        text_table_cell(t, "%s", date);
        date_to_text(call->list[i].expires_at, date);
        text_table_cell(t, "%s", call->list[i].expires_at ? date : "never");
        text_table_cell(t, "%s", call->list[i].name);
    }
    bool good = t && (call->count == 0 || text_table_print(t, 0, stdout));
    text_table_free(t);
    if (!good)
        return cli_fail("token list", "out of memory");
    printf(call->count ? "\nNext: huoma token delete ID\n"
                       : "No tokens yet.\n\nNext: huoma token create --name NAME --role ROLE\n");
    return CLI_DONE;
}

static void print_tokens_json(const struct token_call *call)
{
    printf("{\"data\":[");
    for (size_t i = 0; i < call->count; i++) {
        if (i)
            printf(",\n");
        print_record(&call->list[i], NULL);
    }
    printf("],\"next\":null,\"total\":%zu}\n", call->count);
}

static enum cli_exit run_list(const struct config *config, int argc, char **argv)
{
    static const struct cli_option options[] = {{"--json", false}, {NULL, false}};
    struct cli_walk w = {.command = "token list", .argc = argc, .argv = argv};
    struct token_call call;
    const char *value;
    bool json = false;
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return CLI_MISUSED;
        if (option == CLI_ARGUMENT)
            return cli_misuse(w.command, "unexpected argument");
        json = true;
    }
    struct session *s = session_open(config);
    if (!s)
        return CLI_FAILED;
    enum cli_exit code = CLI_DONE;
    if (read_tokens(&call, s) != STORE_OK)
        code = cli_fail_store("token list", call.result);
    else if (json)
        print_tokens_json(&call);
    else
        code = print_tokens(&call);
    if (call.unreadable)
        code = cli_fail("token list", "%zu records cannot be read by this version", call.unreadable);
    free(call.list);
    session_close(s);
    return code;
}

/* An id is the beginning of a hash; should two tokens share it, more digits tell them apart. */
static enum cli_exit delete_token(struct session *s, const char *id)
{
    struct token_call call;
    const struct token_record *found = NULL;
    size_t matches = 0;
    enum cli_exit code = CLI_FAILED;
    if (read_tokens(&call, s) == STORE_OK) {
        for (size_t i = 0; i < call.count; i++)
            if (strncmp(call.list[i].hash, id, strlen(id)) == 0) {
                found = &call.list[i];
                matches++;
            }
        if (matches == 0)
            call.result = STORE_NOT_FOUND;
    }
    if (call.result == STORE_OK && matches == 1) {
        char target[AUDIT_TARGET_MAX];
        snprintf(target, sizeof target, "token:%s", found->id);
        struct store_audit audit = session_audit("token.delete", target, NULL);
        store_row_change(session_store(s), tokens, found->hash, STORE_ANY, NULL, NULL, &audit, keep_result, &call);
        session_run(s);
    }
    if (matches > 1)
        cli_fail("token delete", "%s fits %zu tokens; give more digits of the hash", id, matches);
    else if (call.result != STORE_OK)
        cli_fail_store("token delete", call.result);
    else
        code = CLI_DONE;
    if (code == CLI_DONE) {
        printf("Deleted %s (", id);
        text_print(stdout, found->name, 0);
        printf("). It no longer works.\n");
    }
    free(call.list);
    return code;
}

static enum cli_exit run_delete(const struct config *config, int argc, char **argv)
{
    static const struct cli_option options[] = {{NULL, false}};
    struct cli_walk w = {.command = "token delete", .argc = argc, .argv = argv};
    const char *value, *id = NULL;
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return CLI_MISUSED;
        if (id)
            return cli_misuse(w.command, "more than one ID");
        id = value;
    }
    if (!id || strlen(id) < TOKEN_ID || strspn(id, "0123456789abcdef") != strlen(id))
        return cli_misuse(w.command, "needs an ID, %d hex digits that huoma token list shows", TOKEN_ID);
    struct session *s = session_open(config);
    enum cli_exit code = s ? delete_token(s, id) : CLI_FAILED;
    session_close(s);
    return code;
}

enum cli_exit cli_token(const struct config *config, int argc, char **argv)
{
    static const struct {
        const char *name;
        enum cli_exit (*run)(const struct config *config, int argc, char **argv);
    } verbs[] = {{"create", run_create}, {"list", run_list}, {"delete", run_delete}};
    for (size_t i = 0; argc > 0 && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[0], verbs[i].name) == 0)
            return verbs[i].run(config, argc - 1, argv + 1);
    return cli_misuse("token", "needs one of create, list, delete");
}
