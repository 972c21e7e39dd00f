/* `huoma campaign owner-link`: a link for the owner of one group, made, listed or revoked. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaign_request.h"
#include "campaign_view.h"
#include "owner_links.h"

static const char command[] = "campaign owner-link";

struct wish {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    char group[GROUP_ID_MAX + 1];
    char revoke[OWNER_LINK_ID]; /* "": none */
    int days;                   /* 0: not said */
    bool list, json;
};

/* One call of the store after the other, and what they brought. */
struct work {
    struct session *session;
    const struct wish *wish;
    enum store_result result;
    unsigned char secret[STORE_SECRET];
    struct owner_link *links; /* of the campaign; owned */
    size_t count;
};

static void keep_result(void *ctx, enum store_result r)
{
    struct work *w = ctx;
    w->result = r;
    session_done(w->session);
}

static void keep_secret(void *ctx, enum store_result r, const unsigned char secret[STORE_SECRET])
{
    struct work *w = ctx;
    if (r == STORE_OK)
        memcpy(w->secret, secret, sizeof w->secret);
    keep_result(w, r);
}

static void keep_links(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    struct work *w = ctx;
    if (r == STORE_OK && !(w->links = calloc(count + 1, sizeof *w->links)))
        r = STORE_UNAVAILABLE;
    for (size_t i = 0; r == STORE_OK && i < count; i++)
        w->count += owner_link_read(json[i], len[i], &w->links[w->count]);
    keep_result(w, r);
}

static struct store_rows links_of(const struct work *w)
{
    return (struct store_rows){STORE_LINKS, w->wish->slug};
}

/* The group must be there. CLI_DONE: w->links are the campaign's. */
static enum cli_exit read_links(struct work *w)
{
    struct held_campaign h;
    enum store_result r = held_campaign_read(w->session, w->wish->slug, &h);
    bool found = r == STORE_OK && campaign_find_group(h.campaign, w->wish->group) >= 0;
    held_campaign_clear(&h);
    if (r != STORE_OK)
        return campaign_fail(w->wish->slug, r);
    if (!found)
        return cli_fail(command, "%s has no group %s", w->wish->slug, w->wish->group);
    store_row_list(session_store(w->session), links_of(w), keep_links, w);
    session_run(w->session);
    return w->result == STORE_OK ? CLI_DONE : cli_fail_store(command, w->result);
}

/* Whether it is one of the group that is still valid. */
static bool link_counts(const struct work *w, const struct owner_link *l)
{
    return strcmp(l->group, w->wish->group) == 0 && l->expires_at > time(NULL);
}

/* --- making one --- */

/* Links that have expired go: there may be so many of a campaign only. */
static void forget_expired(struct work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        if (w->links[i].expires_at > time(NULL))
            continue;
        store_row_change(session_store(w->session), links_of(w), w->links[i].id, STORE_ANY, NULL, NULL, NULL,
                         keep_result, w);
        session_run(w->session);
    }
}

static enum store_result put_link(struct work *w, const char *id, int64_t now, int64_t until)
{
    char target[AUDIT_TARGET_MAX];
    struct audit_change change = {NULL, NULL};
    snprintf(target, sizeof target, "campaign:%s/%s", w->wish->slug, w->wish->group);
    owner_link_audit_made(&change, id, until);
    struct store_audit audit = session_audit("owner-link.create", target, &change);
    char *record = owner_link_record(id, w->wish->group, audit.who, now, until);
    w->result = STORE_UNAVAILABLE;
    if (record) {
        store_row_change(session_store(w->session), links_of(w), id, STORE_NEW, NULL, record, &audit, keep_result, w);
        session_run(w->session);
    }
    audit_change_clear(&change);
    free(record);
    return w->result;
}

static enum cli_exit make(struct work *w, const char *admin_url)
{
    unsigned char key[AUTH_HASH];
    char id[OWNER_LINK_ID], token[OWNER_LINK_TOKEN_MAX], date[32];
    int64_t now = time(NULL), until = now + (w->wish->days ? w->wish->days : OWNER_LINK_DAYS) * 86400;
    if (!admin_url[0])
        return cli_fail(command, "admin_url is not set: where the console is, as https://huoma.example.com");
    if (read_links(w) != CLI_DONE)
        return CLI_FAILED;
    forget_expired(w);
    store_secret(session_store(w->session), keep_secret, w);
    session_run(w->session);
    if (w->result != STORE_OK)
        return cli_fail_store(command, w->result);
    owner_key(w->secret, key);
    owner_link_draw(id);
    enum store_result r = put_link(w, id, now, until);
    if (r == STORE_NO_SPACE)
        return cli_fail(command, "the campaign has too many owner links; revoke some");
    if (r != STORE_OK)
        return cli_fail_store(command, r);
    owner_link_token(key, w->wish->slug, w->wish->group, id, until, token);
    date_to_text(until, date);
    if (w->wish->json)
        printf("{\"id\":\"%s\",\"url\":\"%s/#owner=%s\",\"expires_at\":\"%s\"}\n", id, admin_url, token, date);
    else
        printf("%s/#owner=%s\n\nValid until %s. Whoever has it may renew the code of %s, and nothing else.\n"
               "Next: huoma campaign owner-link %s %s --revoke %s\n",
               admin_url, token, date, w->wish->group, w->wish->slug, w->wish->group, id);
    return CLI_DONE;
}

/* --- those that there are --- */

static enum cli_exit list(struct work *w)
{
    static const char *const heads[] = {"ID", "MADE BY", "MADE", "VALID UNTIL"};
    struct text_table *t = w->wish->json ? NULL : text_table_new(4);
    size_t shown = 0;
    char made[32], until[32];
    if (read_links(w) != CLI_DONE || (!t && !w->wish->json)) {
        text_table_free(t);
        return CLI_FAILED;
    }
    printf(w->wish->json ? "{\"data\":[" : "");
    for (size_t i = 0; t && i < 4; i++)
        text_table_cell(t, "%s", heads[i]);
    for (size_t i = 0; i < w->count; i++) {
        const struct owner_link *l = &w->links[i];
        if (!link_counts(w, l))
            continue;
        date_to_text(l->created_at, made);
        date_to_text(l->expires_at, until);
        const char *cells[] = {l->id, l->by, made, until};
        for (size_t at = 0; t && at < 4; at++)
            text_table_cell(t, "%s", cells[at]);
        if (!t) {
            printf("%s{\"id\":\"%s\",\"by\":", shown ? "," : "", l->id);
            text_print_json(stdout, l->by);
            printf(",\"created_at\":\"%s\",\"expires_at\":\"%s\"}", made, until);
        }
        shown++;
    }
    bool good = true;
    if (w->wish->json)
        printf("],\"next\":null,\"total\":%zu}\n", shown);
    else if (shown == 0)
        printf("%s has no owner link.\n\nNext: huoma campaign owner-link %s %s\n", w->wish->group, w->wish->slug,
               w->wish->group);
    else
        good = text_table_print(t, 0, stdout);
    text_table_free(t);
    return good ? CLI_DONE : cli_fail(command, "out of memory");
}

static enum cli_exit revoke(struct work *w)
{
    char target[AUDIT_TARGET_MAX];
    struct audit_change change = {NULL, NULL};
    bool found = false;
    if (read_links(w) != CLI_DONE)
        return CLI_FAILED;
    for (size_t i = 0; i < w->count; i++)
        found = found || (link_counts(w, &w->links[i]) && strcmp(w->links[i].id, w->wish->revoke) == 0);
    if (found) {
        snprintf(target, sizeof target, "campaign:%s/%s", w->wish->slug, w->wish->group);
        owner_link_audit_revoked(&change, w->wish->revoke);
        struct store_audit audit = session_audit("owner-link.revoke", target, &change);
        store_row_change(session_store(w->session), links_of(w), w->wish->revoke, STORE_ANY, NULL, NULL, &audit,
                         keep_result, w);
        session_run(w->session);
        audit_change_clear(&change);
    }
    if (!found || w->result == STORE_NOT_FOUND)
        return cli_fail(command, "%s has no owner link %s", w->wish->group, w->wish->revoke);
    if (w->result != STORE_OK)
        return cli_fail_store(command, w->result);
    return printf("The link is revoked: it opens nothing any more.\n") < 0 ? CLI_FAILED : CLI_DONE;
}

/* --- the command --- */

static bool read_argument(struct wish *w, const char *value)
{
    if (!w->slug[0]) {
        if (campaign_request_slug(value, w->slug))
            return true;
        cli_misuse(command, "%s is not a slug", value);
    } else if (!w->group[0]) {
        if (group_id_valid(value, strlen(value))) {
            snprintf(w->group, sizeof w->group, "%s", value);
            return true;
        }
        cli_misuse(command, "%s is not a group's ID", value);
    } else {
        cli_misuse(command, "unexpected argument %s", value);
    }
    return false;
}

static bool read_option(struct wish *w, int option, const char *value)
{
    if (option == 0) {
        size_t digits = strspn(value, "0123456789");
        w->days = digits > 0 && digits < 4 && !value[digits] ? (int)strtol(value, NULL, 10) : 0;
        if (w->days < 1 || w->days > OWNER_LINK_DAYS_MAX)
            return cli_misuse(command, "--days: a number from 1 to %d", (int)OWNER_LINK_DAYS_MAX), false;
    } else if (option == 2) {
        if (strlen(value) != OWNER_LINK_ID - 1 || strspn(value, "0123456789abcdef") != OWNER_LINK_ID - 1)
            return cli_misuse(command, "--revoke: %s is not the ID of a link", value), false;
        snprintf(w->revoke, sizeof w->revoke, "%s", value);
    }
    w->list = w->list || option == 1;
    w->json = w->json || option == 3;
    return true;
}

static bool read_wish(struct wish *w, int argc, char **argv)
{
    static const struct cli_option options[] = {
        {"--days", true}, {"--list", false}, {"--revoke", true}, {"--json", false}, {NULL, false}};
    struct cli_walk walk = {.command = command, .argc = argc, .argv = argv};
    const char *value;
    *w = (struct wish){0};
    for (int option; (option = cli_next(&walk, options, &value)) != CLI_END;)
        if (option == CLI_WRONG || !(option == CLI_ARGUMENT ? read_argument(w, value) : read_option(w, option, value)))
            return false;
    if (!w->group[0])
        cli_misuse(command, "needs a SLUG and a GROUP");
    else if ((w->days > 0) + w->list + (w->revoke[0] != '\0') > 1)
        cli_misuse(command, "--days, --list and --revoke cannot be given together");
    else
        return true;
    return false;
}

enum cli_exit campaign_run_owner_link(const struct config *config, int argc, char **argv)
{
    struct wish wish;
    if (!read_wish(&wish, argc, argv))
        return CLI_MISUSED;
    struct work w = {.wish = &wish, .session = session_open(config)};
    if (!w.session)
        return CLI_FAILED;
    enum cli_exit code = wish.list ? list(&w) : wish.revoke[0] ? revoke(&w) : make(&w, config->admin_url);
    free(w.links);
    session_close(w.session);
    return code;
}
