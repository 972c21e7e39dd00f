/* Lines of an export that are users and tokens: of tokens only hashes are kept, and those are secrets. */
#include "import_own_private.h"

#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "token_record.h"
#include "user_record.h"

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

static struct import_row row_of(const struct user_record *u)
{
    return (struct import_row){STORE_USERS, "user", u->name, u->name,
                               "there is a user of that name, with another role or switch"};
}

enum verdict import_own_look_at_user(struct import *m, json_t *line)
{
    struct user_record u;
    const char *name = json_string_value(json_object_get(line, "name")), *why = read_user(line, &u);
    if (why)
        return import_own_refuse(m, name ? name : "a user", why);
    const struct import_row row = row_of(&u);
    enum verdict v = import_own_look_at_row(m, &row, user_found);
    if (v == VERDICT_NEW)
        import_own_say(m, "note", name, "comes without a password: huoma user passwd");
    return v;
}

void import_own_make_user(struct import *m, json_t *line)
{
    struct user_record u;
    char json[USER_JSON_MAX];
    bool good = !read_user(line, &u) && user_record_to_json(&u, json);
    const struct import_row row = row_of(&u);
    import_own_make_row(m, &row, good ? json : NULL);
}

enum verdict import_own_look_at_token(struct import *m, json_t *line)
{
    const char *name = json_string_value(json_object_get(line, "name"));
    const char *role = json_string_value(json_object_get(line, "role"));
    if (!name || !role || token_role_from_name(role) == AUTH_NOBODY)
        return import_own_refuse(m, name ? name : "a token", "name and role are required");
    import_own_say(m, "note", name, "is a token, and has to be made anew: huoma token create");
    return VERDICT_LEFT;
}
