/*
 * Settings: one table of keys (config_keys.c; what each may be: config_types.c, config_checks.c) serves the file, the
 * environment, the flags and the help, so that none of them can differ. What an error line may say of a value: nothing
 * of a secret, and of others no byte that could confuse a terminal.
 */
#include "campaign_json_memory.h"
#include "config_keys.h"
#include "config_types.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FILE_MAX = 1 << 20,    /* bytes of a configuration file */
    VALUE_FILE_MAX = 4096, /* bytes of a file that HUOMA_X_FILE names */
    LIST_ENTRY_MAX = 300,
    SHOWN_MAX = 4096,
};

static const char *const form_names[] = {"a string", "a whole number", "an array of strings", "true"};

static bool is_switch(const struct config_key *k)
{
    return k->type && k->type->form == FORM_SWITCH;
}

static void env_name(const struct config_key *k, char out[64])
{
    size_t n = (size_t)snprintf(out, 64, "HUOMA_");
    for (const char *p = k->name; *p; p++)
        out[n++] = (char)toupper((unsigned char)*p);
    out[n] = '\0';
}

static void flag_name(const struct config_key *k, char out[64])
{
    size_t n = (size_t)snprintf(out, 64, "--");
    for (const char *p = k->name; *p; p++)
        out[n++] = *p == '_' ? '-' : *p;
    out[n] = '\0';
}

/* --- loading --- */

static int fail(char err[CONFIG_ERR_MAX], const char *key, const char *source, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static int fail(char err[CONFIG_ERR_MAX], const char *key, const char *source, const char *format, ...)
{
    char seen[CONFIG_ECHO_MAX], from[CONFIG_SOURCE_MAX];
    int n = snprintf(err, CONFIG_ERR_MAX, "%s (%s): ", config_echo(key, seen, sizeof seen),
                     config_echo(source, from, sizeof from));
    va_list ap;
    va_start(ap, format);
    vsnprintf(err + n, (size_t)(CONFIG_ERR_MAX - n), format, ap);
    va_end(ap);
    return -EINVAL;
}

static bool parse_one(struct config *c, const struct config_key *k, const char *text, char why[CONFIG_WHY_MAX])
{
    return k->type->parse(k, (char *)c + k->at, text, why);
}

/* "a, b, c": each element by itself. An empty text is an empty list. */
static bool parse_list(struct config *c, const struct config_key *k, const char *text, char why[CONFIG_WHY_MAX])
{
    k->type->clear((char *)c + k->at);
    for (const char *p = text; *p;) {
        char item[LIST_ENTRY_MAX];
        size_t skip = strspn(p, " "), len = strcspn(p + skip, ", ");
        if (len >= sizeof item)
            return config_refuse(why, "an entry is too long");
        memcpy(item, p + skip, len);
        item[len] = '\0';
        if (!parse_one(c, k, item, why))
            return false;
        p += skip + len;
        p += strspn(p, " ");
        if (*p && *p != ',')
            return config_refuse(why, "entries must be separated by commas");
        if (*p == ',' && *++p == '\0')
            return config_refuse(why, "ends with a comma");
    }
    return true;
}

static int set(struct config *c, const struct config_key *k, const char *source, const char *text,
               char err[CONFIG_ERR_MAX])
{
    char why[CONFIG_WHY_MAX];
    bool good = k->type->form == FORM_LIST ? parse_list(c, k, text, why) : parse_one(c, k, text, why);
    if (!good)
        return fail(err, k->name, source, "%s", why);
    if (k->at == offsetof(struct config, base_url))
        c->base_url_set = true;
    return 0;
}

static int processors(void)
{
    cpu_set_t mine;
    int n = sched_getaffinity(0, sizeof mine, &mine) == 0 ? CPU_COUNT(&mine) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > CONFIG_WORKERS_MAX ? CONFIG_WORKERS_MAX : n;
}

static int load_defaults(struct config *c, char err[CONFIG_ERR_MAX])
{
    memset(c, 0, sizeof *c);
    c->workers = processors();
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (config_keys[i].fallback && set(c, &config_keys[i], "default", config_keys[i].fallback, err))
            return -EINVAL;
    }
    c->base_url_set = false;
    return 0;
}

/* The whole file, NUL-terminated, malloc'd; NULL with errno (EFBIG: more than max bytes). */
static char *read_file(const char *path, size_t max, size_t *len)
{
    FILE *f = fopen(path, "re");
    char *text = f ? malloc(max + 2) : NULL;
    if (text) {
        *len = fread(text, 1, max + 1, f);
        if (ferror(f) || *len > max) {
            int why = ferror(f) ? errno : EFBIG;
            free(text);
            text = NULL;
            errno = why;
        } else {
            text[*len] = '\0';
        }
    }
    if (f) {
        int why = errno;
        fclose(f);
        errno = why;
    }
    return text;
}

static int set_json_list(struct config *c, const struct config_key *k, const char *path, const json_t *value,
                         char err[CONFIG_ERR_MAX])
{
    k->type->clear((char *)c + k->at);
    for (size_t i = 0; i < json_array_size(value); i++) {
        char why[CONFIG_WHY_MAX];
        const char *text = json_string_value(json_array_get(value, i));
        if (!text)
            return fail(err, k->name, path, "must be %s", form_names[k->type->form]);
        if (!parse_one(c, k, text, why))
            return fail(err, k->name, path, "%s", why);
    }
    return 0;
}

static bool json_fits(const json_t *value, enum config_form form)
{
    return form == FORM_NUMBER ? json_is_integer(value)
           : form == FORM_LIST ? json_is_array(value)
                               : json_is_string(value);
}

static int set_json(struct config *c, const char *name, const char *path, const json_t *value, char err[CONFIG_ERR_MAX])
{
    const struct config_key *k = NULL;
    char number[32];
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        if ((config_keys[i].from & FROM_FILE) && strcmp(config_keys[i].name, name) == 0)
            k = &config_keys[i];
    if (!k)
        return fail(err, name, path, "there is no such key (huoma help serve lists them)");
    if (!json_fits(value, k->type->form))
        return fail(err, name, path, "must be %s", form_names[k->type->form]);
    if (json_is_array(value))
        return set_json_list(c, k, path, value, err);
    snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
    return set(c, k, path, json_is_integer(value) ? number : json_string_value(value), err);
}

/* jansson's message ends with: near '"workers"'. Of a key given twice that is the key, and may be shown. */
static int fail_duplicate(const char *path, const json_error_t *e, char err[CONFIG_ERR_MAX])
{
    char key[CONFIG_ECHO_MAX];
    const char *near = strstr(e->text, "near '\"");
    snprintf(key, sizeof key, "%s", near ? near + 7 : "config");
    key[strcspn(key, "\"")] = '\0';
    return fail(err, key, path, "given twice, again at line %d, column %d", e->line, e->column);
}

/* Of all other errors it repeats what was read, which may be a secret. */
static const char *json_reason(const json_error_t *e)
{
    switch (json_error_code(e)) {
    case json_error_invalid_utf8:
        return "not UTF-8";
    case json_error_premature_end_of_input:
        return "ends too early";
    case json_error_stack_overflow:
        return "nested too deep";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "has a NUL";
    default:
        return "not valid JSON";
    }
}

static int load_file(struct config *c, const char *path, char err[CONFIG_ERR_MAX])
{
    json_error_t e;
    size_t len = 0;
    char *text = read_file(path, FILE_MAX, &len);
    if (!text)
        return fail(err, "config", path, "%s", strerror(errno));
    json_t *root = json_memory_load(text, len, JSON_REJECT_DUPLICATES, &e);
    free(text);
    if (!root && json_memory_failed())
        return fail(err, "config", path, "%s", strerror(ENOMEM));
    if (!root && json_error_code(&e) == json_error_duplicate_key)
        return fail_duplicate(path, &e, err);
    if (!root)
        return fail(err, "config", path, "line %d, column %d: %s", e.line, e.column, json_reason(&e));
    int r = 0;
    if (!json_is_object(root)) {
        r = fail(err, "config", path, "must be a JSON object");
    } else {
        const char *name;
        json_t *value;
        json_object_foreach(root, name, value)
        {
            if ((r = set_json(c, name, path, value, err)))
                break;
        }
    }
    json_decref(root);
    return r;
}

/* HUOMA_X_FILE: the value stands in a file, as Docker's and systemd's secrets do; the line end is not part of it. */
static int load_env_file(struct config *c, const struct config_key *k, const char *name, const char *path,
                         char err[CONFIG_ERR_MAX])
{
    size_t len = 0;
    char *text = read_file(path, VALUE_FILE_MAX, &len);
    if (!text)
        return fail(err, k->name, name, "%s", strerror(errno));
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        text[--len] = '\0';
    int r = strlen(text) == len ? set(c, k, name, text, err) : fail(err, k->name, name, "has a NUL");
    explicit_bzero(text, len);
    free(text);
    return r;
}

static int load_env(struct config *c, char err[CONFIG_ERR_MAX])
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        char name[64], file_name[72];
        if (!(config_keys[i].from & FROM_ENV))
            continue;
        env_name(&config_keys[i], name);
        snprintf(file_name, sizeof file_name, "%s_FILE", name);
        const char *text = getenv(name), *path = getenv(file_name);
        bool has_text = text && *text, has_path = path && *path; /* an empty variable is one that is not set */
        if (has_text && has_path)
            return fail(err, config_keys[i].name, name, "%s is set too", file_name);
        if (has_text && set(c, &config_keys[i], name, text, err))
            return -EINVAL;
        if (has_path && load_env_file(c, &config_keys[i], file_name, path, err))
            return -EINVAL;
    }
    return 0;
}

struct flag {
    const struct config_key *key; /* NULL: this argument is not ours */
    const char *value;            /* NULL: it has none */
    int args;                     /* how many arguments it takes */
};

static struct flag read_flag(int left, char **args)
{
    struct flag f = {NULL, NULL, 1};
    for (size_t i = 0; i < CONFIG_KEY_COUNT && !f.key; i++) {
        char name[64];
        flag_name(&config_keys[i], name);
        size_t len = strlen(name);
        if (!(config_keys[i].from & FROM_FLAG) || strncmp(args[0], name, len) != 0)
            continue;
        if (args[0][len] == '=')
            f = (struct flag){&config_keys[i], args[0] + len + 1, 1};
        else if (args[0][len] == '\0' && is_switch(&config_keys[i]))
            f = (struct flag){&config_keys[i], "", 1};
        else if (args[0][len] == '\0' && left > 1 && strncmp(args[1], "--", 2) != 0)
            f = (struct flag){&config_keys[i], args[1], 2};
        else if (args[0][len] == '\0')
            f = (struct flag){&config_keys[i], NULL, 1};
    }
    return f;
}

static int load_flags(struct config *c, int *argc, char **args, char err[CONFIG_ERR_MAX])
{
    int kept = 0, i = 0;
    while (i < *argc && strcmp(args[i], "--") != 0) {
        struct flag f = read_flag(*argc - i, args + i);
        char name[64];
        if (!f.key) {
            args[kept++] = args[i++];
            continue;
        }
        flag_name(f.key, name);
        if (!f.value)
            return fail(err, f.key->name, name, "needs a value");
        if (is_switch(f.key) && *f.value)
            return fail(err, f.key->name, name, "takes no value");
        if (f.key->type && set(c, f.key, name, f.value, err))
            return -EINVAL;
        i += f.args;
    }
    while (i < *argc)
        args[kept++] = args[i++];
    *argc = kept;
    return 0;
}

/* The last --config, before anything is loaded. */
static const char *find_config_file(int argc, char **args)
{
    const char *path = NULL;
    for (int i = 0; i < argc && strcmp(args[i], "--") != 0;) {
        struct flag f = read_flag(argc - i, args + i);
        if (f.key && !f.key->type && f.value)
            path = f.value;
        i += f.args;
    }
    return path;
}

int config_load(struct config *c, int *argc, char **args, char err[CONFIG_ERR_MAX])
{
    const char *path = find_config_file(*argc, args);
    if (load_defaults(c, err) || (path && load_file(c, path, err)) || load_env(c, err))
        return -EINVAL;
    return load_flags(c, argc, args, err);
}

/* --- showing --- */

size_t config_url_without_query(const char *url)
{
    const char *hosts = strstr(url, "://"), *slash = hosts ? strchr(hosts + 3, '/') : NULL;
    if (strncmp(url, "redis+sentinel:", 15) != 0 || !slash)
        return strlen(url);
    return (size_t)(slash - url) + strcspn(slash, "?");
}

void config_mask_url(const char *url, char out[CONFIG_TEXT_MAX])
{
    size_t len = config_url_without_query(url);
    const char *host = strstr(url, "://"), *at = memrchr(url, '@', len);
    const char *query = url[len] ? "?***" : "";
    if (host && at && strncmp(url, "unix:", 5) != 0)
        snprintf(out, CONFIG_TEXT_MAX, "%.*s://***@%.*s%s", (int)(host - url), url, (int)(url + len - at - 1), at + 1,
                 query);
    else
        snprintf(out, CONFIG_TEXT_MAX, "%.*s%s", (int)len, url, query);
}

char *config_show(const struct config *c)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    if (!f)
        return NULL;
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        const struct config_key *k = &config_keys[i];
        char shown[SHOWN_MAX];
        if (!(k->from & FROM_FILE))
            continue;
        k->type->show(k, (const char *)c + k->at, shown, sizeof shown);
        if (k->at == offsetof(struct config, redis_url))
            config_mask_url(c->redis_url, shown);
        else if (k->secret && shown[0])
            snprintf(shown, sizeof shown, "(set)");
        fprintf(f, "  %-20s %s\n", k->name, shown[0] ? shown : k->fallback_shown);
    }
    if (fclose(f) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *config_describe(void)
{
    static const char row[] = "  %-31s %-26s %-21s  %s\n";
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    if (!f)
        return NULL;
    fprintf(f, row, "FLAG", "ENVIRONMENT", "DEFAULT", "MEANING");
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        const struct config_key *k = &config_keys[i];
        char flag[64] = "", env[64] = "", left[80];
        if (k->from & FROM_FLAG)
            flag_name(k, flag);
        if (k->from & FROM_ENV)
            env_name(k, env);
        const char *fallback = k->fallback_shown ? k->fallback_shown : k->fallback ? k->fallback : "";
        snprintf(left, sizeof left, "%s%s%s", flag, flag[0] && k->value ? " " : "",
                 flag[0] && k->value ? k->value : "");
        fprintf(f, row, left, env, fallback, k->meaning);
    }
    if (fclose(f) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
