/* `huoma alert`: what was told, and where it is sent. The rules of a destination are destination.c's alone. */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "alerts.h"
#include "campaign_json_memory.h"
#include "cli.h"
#include "session.h"

enum { SECRET_FILE_MAX = DESTINATION_SECRET_MAX + 2 };

static const struct store_rows destinations = {STORE_DESTINATIONS, NULL};

/* One call of the store, and what it brought. */
struct alert_call {
    struct session *session;
    enum store_result result;
    json_t *rows;              /* owned */
    struct destination *found; /* destinations; owned */
    size_t count;
};

static void call_clear(struct alert_call *call)
{
    json_decref(call->rows);
    if (call->found)
        sodium_memzero(call->found, (call->count + 1) * sizeof *call->found);
    free(call->found);
}

static void keep_result(void *ctx, enum store_result r)
{
    struct alert_call *call = ctx;
    call->result = r;
    session_done(call->session);
}

/* --- list --- */

static void keep_alerts(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct alert_call *call = ctx;
    call->result = r;
    for (size_t i = 0; i < count; i++) {
        json_t *record = json_memory_load(json[i], len[i], 0, NULL);
        if (record)
            json_array_append_new(call->rows, record);
    }
    session_done(call->session);
}

static int later_first(const void *a, const void *b)
{
    int64_t x = alert_record_number(*(json_t *const *)a, "sequence");
    int64_t y = alert_record_number(*(json_t *const *)b, "sequence");
    return (x < y) - (x > y);
}

static void print_alert_rows(struct text_table *t, json_t *const *rows, size_t count)
{
    static const char *const heads[] = {"WHEN", "STATE", "WHAT"};
    for (int i = 0; i < 3; i++)
        text_table_cell(t, "%s", heads[i]);
    for (size_t i = 0; i < count; i++) {
        struct alert_news news = alert_record_news(rows[i], ALERT_RAISED);
        struct alert_text text;
        char date[32];
        date_to_text(alert_record_number(rows[i], "changed_at"), date);
        alert_text_write(&news, true, NULL, &text);
        text_table_cell(t, "%s", date);
        text_table_cell(t, "%s", alert_record_is_open(rows[i]) ? "open" : "over");
        text_table_cell(t, "%s", text.subject);
    }
}

static enum cli_exit print_alerts(json_t *const *rows, size_t count)
{
    struct text_table *t = count ? text_table_new(3) : NULL;
    if (t)
        print_alert_rows(t, rows, count);
    bool good = count == 0 || (t && text_table_print(t, 0, stdout));
    text_table_free(t);
    if (!good)
        return cli_fail("alert list", "out of memory");
    printf(count ? "\nNext: huoma alert destination list\n"
                 : "Nothing to tell.\n\nNext: huoma alert destination list\n");
    return CLI_DONE;
}

static void print_alerts_json(json_t *const *rows, size_t count)
{
    json_t *data = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(data, alert_record_to_api(rows[i]));
    json_t *page = json_pack("{s:o,s:n,s:I}", "data", data, "next", "total", (json_int_t)count);
    if (page)
        json_dumpf(page, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(page);
}

static enum cli_exit show_alerts(struct alert_call *call, bool open_only, bool json)
{
    size_t count = 0, all = json_array_size(call->rows);
    json_t **rows = calloc(all + 1, sizeof(json_t *));
    if (!rows)
        return cli_fail("alert list", "out of memory");
    for (size_t i = 0; i < all; i++)
        if (!open_only || alert_record_is_open(json_array_get(call->rows, i)))
            rows[count++] = json_array_get(call->rows, i);
    qsort(rows, count, sizeof *rows, later_first);
    enum cli_exit code = CLI_DONE;
    if (json)
        print_alerts_json(rows, count);
    else
        code = print_alerts(rows, count);
    free(rows);
    return code;
}

static enum cli_exit run_list(const struct config *config, int argc, char **argv)
{
    static const struct cli_option options[] = {{"--open", false}, {"--json", false}, {NULL, false}};
    struct cli_walk w = {.command = "alert list", .argc = argc, .argv = argv};
    const char *value;
    bool given[2] = {false, false};
    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return CLI_MISUSED;
        if (option == CLI_ARGUMENT)
            return cli_misuse(w.command, "unexpected argument");
        given[option] = true;
    }
    struct session *s = session_open(config);
    if (!s)
        return CLI_FAILED;
    struct alert_call call = {.session = s, .rows = json_array()};
    store_alert_list(session_store(s), keep_alerts, &call);
    session_run(s);
    enum cli_exit code =
        call.result == STORE_OK ? show_alerts(&call, given[0], given[1]) : cli_fail_store(w.command, call.result);
    call_clear(&call);
    session_close(s);
    return code;
}

/* --- destinations --- */

static void keep_destinations(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct alert_call *call = ctx;
    call->result = r;
    call->found = calloc(count + 1, sizeof *call->found);
    for (size_t i = 0; call->found && i < count; i++)
        call->count += destination_from_record(json[i], len[i], &call->found[call->count]);
    if (!call->found)
        call->result = STORE_UNAVAILABLE;
    session_done(call->session);
}

static void read_destinations(struct alert_call *call, struct session *s)
{
    *call = (struct alert_call){.session = s};
    store_row_list(session_store(s), destinations, keep_destinations, call);
    session_run(s);
}

static enum cli_exit print_destinations(const struct alert_call *call)
{
    static const char *const heads[] = {"ID", "KIND", "LANGUAGE", "STATE", "NAME"};
    struct text_table *t = call->count ? text_table_new(5) : NULL;
    for (int i = 0; t && i < 5; i++)
        text_table_cell(t, "%s", heads[i]);
    for (size_t i = 0; t && i < call->count; i++) {
        const struct destination *d = &call->found[i];
        text_table_cell(t, "%s", d->id);
        text_table_cell(t, "%s", destination_kind_name(d->kind));
        text_table_cell(t, "%s", d->english ? "en" : "zh");
        text_table_cell(t, "%s", d->enabled ? "on" : "off");
        text_table_cell(t, "%s", d->name);
    }
    bool good = call->count == 0 || (t && text_table_print(t, 0, stdout));
    text_table_free(t);
    if (!good)
        return cli_fail("alert destination list", "out of memory");
    printf(call->count ? "\nNext: huoma alert destination test ID\n"
                       : "Alerts are sent nowhere yet.\n\nNext: huoma help alert\n");
    return CLI_DONE;
}

static void print_destinations_json(const struct alert_call *call)
{
    json_t *data = json_array();
    for (size_t i = 0; i < call->count; i++)
        json_array_append_new(data, destination_to_api(&call->found[i]));
    json_dumpf(data, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(data);
}

static enum cli_exit run_destination_list(const struct config *config, int argc, char **argv)
{
    static const struct cli_option options[] = {{"--json", false}, {NULL, false}};
    struct cli_walk w = {.command = "alert destination list", .argc = argc, .argv = argv};
    struct alert_call call;
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
    read_destinations(&call, s);
    enum cli_exit code = CLI_DONE;
    if (call.result != STORE_OK)
        code = cli_fail_store(w.command, call.result);
    else if (json)
        print_destinations_json(&call);
    else
        code = print_destinations(&call);
    call_clear(&call);
    session_close(s);
    return code;
}

/* --- add --- */

/* Texts go into the body as they are; --port, --quiet and --secret-file are something else there. */
static const struct cli_option add_options[] = {
    {"--name", true}, {"--url", true},   {"--language", true},    {"--timezone", true}, {"--chat", true},
    {"--host", true}, {"--user", true},  {"--from", true},        {"--to", true},       {"--security", true},
    {"--port", true}, {"--quiet", true}, {"--secret-file", true}, {NULL, false}};
enum { ADD_TEXTS = 10, ADD_PORT = ADD_TEXTS, ADD_QUIET, ADD_SECRET };

/* The first line of a file, "-" stdin. false: said. */
static bool read_secret(const char *path, char out[SECRET_FILE_MAX])
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    bool good = f && fgets(out, SECRET_FILE_MAX, f);
    if (f && f != stdin)
        fclose(f);
    if (good)
        out[strcspn(out, "\r\n")] = '\0';
    else
        cli_fail("alert destination add", "--secret-file: %s cannot be read", path);
    return good;
}

static bool add_option(json_t *body, int option, const char *value)
{
    char secret[SECRET_FILE_MAX];
    const char *dash;
    switch (option) {
    case ADD_PORT:
        json_object_set_new(body, "port", json_integer(strtol(value, NULL, 10)));
        return true;
    case ADD_QUIET:
        dash = strchr(value, '-');
        json_object_set_new(body, "quiet",
                            json_pack("{s:o,s:s}", "from", json_stringn(value, dash ? (size_t)(dash - value) : 0), "to",
                                      dash ? dash + 1 : ""));
        return true;
    case ADD_SECRET:
        if (!read_secret(value, secret))
            return false;
        json_object_set_new(body, "secret", json_string(secret));
        sodium_memzero(secret, sizeof secret);
        return true;
    default:
        json_object_set_new(body, add_options[option].name + 2, json_string(value));
        return true;
    }
}

static enum cli_exit put_destination(const struct config *config, const struct destination *d)
{
    struct session *s = session_open(config);
    struct alert_call call = {.session = s};
    struct audit_change change = {NULL, NULL};
    char target[AUDIT_TARGET_MAX];
    if (!s)
        return CLI_FAILED;
    char *record = destination_to_record(d);
    snprintf(target, sizeof target, "alert-destination:%s", d->id);
    audit_objects(&change, NULL, destination_to_api(d));
    struct store_audit audit = session_audit("alert-destination.create", target, &change);
    call.result = STORE_UNAVAILABLE;
    if (record) {
        store_row_change(session_store(s), destinations, d->id, STORE_NEW, NULL, record, &audit, keep_result, &call);
        session_run(s);
    }
    audit_change_clear(&change);
    free(record);
    session_close(s);
    if (call.result == STORE_NO_SPACE)
        return cli_fail("alert destination add", "there are %d already", STORE_DESTINATIONS_MAX);
    if (call.result != STORE_OK)
        return cli_fail_store("alert destination add", call.result);
    printf("%s\n", d->id);
    fprintf(stderr, "Added. Next: huoma alert destination test %s\n", d->id);
    return CLI_DONE;
}

static enum cli_exit add_body(const struct config *config, const json_t *body)
{
    struct destination d = {.port = 0};
    struct field_errors errors = {.count = 0};
    unsigned char bytes[(DESTINATION_ID - 1) / 2];
    destination_patch(&d, body, true, config->alert_private_hosts.count > 0, &errors);
    for (size_t i = 0; i < errors.count; i++)
        cli_fail(errors.list[i].field, "%s", errors.list[i].reason);
    if (errors.count)
        return CLI_FAILED;
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(d.id, sizeof d.id, bytes, sizeof bytes);
    enum cli_exit code = put_destination(config, &d);
    sodium_memzero(&d, sizeof d);
    return code;
}

static enum cli_exit run_add(const struct config *config, int argc, char **argv)
{
    struct cli_walk w = {.command = "alert destination add", .argc = argc, .argv = argv};
    const char *value;
    json_t *body = json_object();
    enum cli_exit code = CLI_DONE;
    for (int option; code == CLI_DONE && (option = cli_next(&w, add_options, &value)) != CLI_END;) {
        if (option == CLI_WRONG || (option == CLI_ARGUMENT && json_object_get(body, "kind")))
            code = option == CLI_WRONG ? CLI_MISUSED : cli_misuse(w.command, "more than one KIND");
        else if (option == CLI_ARGUMENT)
            json_object_set_new(body, "kind", json_string(value));
        else if (!add_option(body, option, value))
            code = CLI_FAILED;
    }
    if (code == CLI_DONE)
        code = json_object_get(body, "kind") ? add_body(config, body) : cli_misuse(w.command, "needs a KIND");
    json_decref(body);
    return code;
}

/* --- delete, test --- */

static const char *one_id(struct cli_walk *w)
{
    static const struct cli_option options[] = {{NULL, false}};
    const char *value, *id = NULL;
    for (int option; (option = cli_next(w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return NULL;
        if (id) {
            cli_misuse(w->command, "more than one ID");
            return NULL;
        }
        id = value;
    }
    if (!id)
        cli_misuse(w->command, "needs an ID that huoma alert destination list shows");
    return id;
}

static enum cli_exit run_delete(const struct config *config, int argc, char **argv)
{
    struct cli_walk w = {.command = "alert destination delete", .argc = argc, .argv = argv};
    const char *id = one_id(&w);
    struct session *s = id ? session_open(config) : NULL;
    char target[AUDIT_TARGET_MAX];
    if (!s)
        return id ? CLI_FAILED : CLI_MISUSED;
    struct alert_call call = {.session = s};
    snprintf(target, sizeof target, "alert-destination:%.32s", id);
    struct store_audit audit = session_audit("alert-destination.delete", target, NULL);
    store_row_change(session_store(s), destinations, id, STORE_ANY, NULL, NULL, &audit, keep_result, &call);
    session_run(s);
    session_close(s);
    if (call.result != STORE_OK)
        return cli_fail_store(w.command, call.result);
    printf("Deleted %s. Nothing more is sent there.\n", id);
    return CLI_DONE;
}

struct test_run {
    struct event_base *base;
    struct letter_answer answer;
};

static void test_answered(void *ctx, const struct letter_answer *a)
{
    struct test_run *run = ctx;
    run->answer = *a;
    event_base_loopbreak(run->base);
}

static enum cli_exit send_test(const struct config *config, const struct destination *d)
{
    static const struct alert_news news = {.event = ALERT_TEST,
                                           .slug = "",
                                           .title = "",
                                           .group = "",
                                           .group_name = "",
                                           .server = "",
                                           .link = "",
                                           .owner_link = ""};
    struct test_run run = {.base = event_base_new()};
    struct sender *sender = run.base ? sender_new(run.base, &config->alert_private_hosts) : NULL;
    struct letter *l = sender ? letter_new(d, &news, "test", "{\"kind\":\"test\"}", NULL, time(NULL)) : NULL;
    bool sent = l && sender_send(sender, l, test_answered, &run);
    if (sent)
        event_base_dispatch(run.base);
    sender_free(sender);
    if (run.base)
        event_base_free(run.base);
    if (!sent)
        return cli_fail("alert destination test", "out of memory");
    if (!run.answer.delivered)
        return cli_fail("alert destination test", "%d %s", run.answer.status, run.answer.text);
    printf("Delivered: %d ", run.answer.status);
    text_print(stdout, run.answer.text, 0);
    putchar('\n');
    return CLI_DONE;
}

static enum cli_exit run_test(const struct config *config, int argc, char **argv)
{
    struct cli_walk w = {.command = "alert destination test", .argc = argc, .argv = argv};
    const char *id = one_id(&w);
    struct session *s = id ? session_open(config) : NULL;
    struct alert_call call;
    const struct destination *d = NULL;
    if (!s)
        return id ? CLI_FAILED : CLI_MISUSED;
    read_destinations(&call, s);
    session_close(s);
    for (size_t i = 0; i < call.count; i++)
        if (strcmp(call.found[i].id, id) == 0)
            d = &call.found[i];
    enum cli_exit code =
        d ? send_test(config, d) : cli_fail_store(w.command, call.result == STORE_OK ? STORE_NOT_FOUND : call.result);
    call_clear(&call);
    return code;
}

enum cli_exit cli_alert(const struct config *config, int argc, char **argv)
{
    static const struct {
        const char *name;
        enum cli_exit (*run)(const struct config *config, int argc, char **argv);
    } verbs[] = {{"list", run_destination_list}, {"add", run_add}, {"delete", run_delete}, {"test", run_test}};
    if (argc > 0 && strcmp(argv[0], "list") == 0)
        return run_list(config, argc - 1, argv + 1);
    if (argc < 1 || strcmp(argv[0], "destination") != 0)
        return cli_misuse("alert", "needs list or destination");
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(config, argc - 2, argv + 2);
    return cli_misuse("alert destination", "needs one of list, add, delete, test");
}
