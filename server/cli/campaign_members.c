/* `huoma campaign members`: how many people really are in a group, told or asked. */
#include <stdlib.h>
#include <string.h>

#include "campaign_request.h"
#include "campaign_view.h"

struct wish {
    char slug[CAMPAIGN_SLUG_MAX + 1];
    char group[GROUP_ID_MAX + 1];
    char source[STORE_MEMBERS_SOURCE_MAX + 1];
    bool tells, json;
    int64_t members, at;
};

struct answer {
    struct session *session;
    const struct wish *wish;
    enum store_result result;
    enum cli_exit code;
};

/* --- telling --- */

static enum cli_exit print_refusal(const struct wish *w, enum store_members outcome, int64_t moment)
{
    char date[32];
    date_to_text(moment, date);
    if (outcome == STORE_MEMBERS_NO_GROUP)
        return cli_fail("campaign members", "%s has no group %s", w->slug, w->group);
    if (outcome == STORE_MEMBERS_FUTURE)
        return cli_fail("campaign members", "--at: is in the future, it is %s now", date);
    if (outcome == STORE_MEMBERS_OLDER)
        return cli_fail("campaign members", "they were counted later already, at %s; nothing was changed", date);
    return cli_fail("campaign members", "seats follow the members, and who has come since is known from %s on only",
                    date);
}

static void put_done(void *ctx, enum store_result r, enum store_members outcome, int64_t moment,
                     const struct store_campaign *now)
{
    struct answer *a = ctx;
    a->result = r;
    int position = now ? campaign_find_group(now->definition, a->wish->group) : -1;
    if (r == STORE_OK && outcome != STORE_MEMBERS_SET) {
        a->code = print_refusal(a->wish, outcome, moment);
    } else if (position >= 0) {
        const struct group_count *n = &now->counts[position];
        printf("%lld in the group, %lld seats confirmed, %lld held%s.\n\nNext: huoma campaign show %s\n",
               (long long)n->members, (long long)(n->used - n->held), (long long)n->held,
               now->definition->follow_members ? "" : " (seats stay as they are: follow-members is off)",
               a->wish->slug);
        a->code = CLI_DONE;
    }
    session_done(a->session);
}

/* --- asking --- */

static void print_history(const struct wish *w, const struct store_members_history *h)
{
    char date[32];
    if (w->json)
        printf("[");
    else if (h->count == 0)
        printf("Nobody has counted.\n\nNext: huoma campaign members %s %s 187\n", w->slug, w->group);
    for (size_t i = 0; i < h->count; i++) {
        const struct store_members_point *p = &h->points[i];
        date_to_text(p->at, date);
        if (w->json)
            printf("%s{\"at\":\"%s\",\"members\":%lld,\"seats\":%lld}", i ? "," : "", date, (long long)p->members,
                   (long long)p->seats);
        else
            printf("%s  %lld in the group, %lld seats confirmed\n", date, (long long)p->members, (long long)p->seats);
    }
    if (w->json)
        printf("]\n");
}

static void read_done(void *ctx, enum store_result r, const struct store_members_history *h)
{
    struct answer *a = ctx;
    a->result = r;
    if (r == STORE_OK)
        print_history(a->wish, h);
    else if (r == STORE_NOT_FOUND)
        a->code = cli_fail("campaign members", "there is no such group, or no such campaign");
    if (r == STORE_OK)
        a->code = CLI_DONE;
    session_done(a->session);
}

/* --- the command --- */

static bool read_count(const char *text, int64_t *n)
{
    size_t len = strlen(text);
    *n = len && len <= 10 && strspn(text, "0123456789") == len ? strtoll(text, NULL, 10) : -1;
    return *n >= 0 && *n <= GROUP_LIMIT_MAX;
}

static bool read_argument(struct wish *w, const char *value)
{
    if (!w->slug[0]) {
        if (!campaign_request_slug(value, w->slug))
            return cli_misuse("campaign members", "%s is not a slug", value), false;
    } else if (!w->group[0]) {
        if (!group_id_valid(value, strlen(value)))
            return cli_misuse("campaign members", "%s is not a group's ID", value), false;
        snprintf(w->group, sizeof w->group, "%s", value);
    } else if (w->tells || !read_count(value, &w->members)) {
        return cli_misuse("campaign members", "%s is not a number of people", value), false;
    } else {
        w->tells = true;
    }
    return true;
}

static bool read_option(struct wish *w, int option, const char *value)
{
    if (option == 0 && !date_from_text(value, strlen(value), &w->at))
        return cli_misuse("campaign members", "--at: %s is not a date as 2026-11-29T14:20:00+08:00", value), false;
    if (option == 1 && (strlen(value) > STORE_MEMBERS_SOURCE_MAX || strpbrk(value, "\r\n\t")))
        return cli_misuse("campaign members", "--source: must be %d bytes at most, in one line",
                          (int)STORE_MEMBERS_SOURCE_MAX),
               false;
    if (option == 1)
        snprintf(w->source, sizeof w->source, "%s", value);
    w->json = w->json || option == 2;
    return true;
}

static bool read_wish(struct wish *w, int argc, char **argv)
{
    static const struct cli_option options[] = {{"--at", true}, {"--source", true}, {"--json", false}, {NULL, false}};
    struct cli_walk walk = {.command = "campaign members", .argc = argc, .argv = argv};
    const char *value;
    *w = (struct wish){.members = -1};
    for (int option; (option = cli_next(&walk, options, &value)) != CLI_END;)
        if (option == CLI_WRONG || !(option == CLI_ARGUMENT ? read_argument(w, value) : read_option(w, option, value)))
            return false;
    if (w->group[0])
        return true;
    cli_misuse(walk.command, "needs a SLUG and a GROUP");
    return false;
}

enum cli_exit campaign_run_members(const struct config *config, int argc, char **argv)
{
    struct wish w;
    char target[AUDIT_TARGET_MAX];
    if (!read_wish(&w, argc, argv))
        return CLI_MISUSED;
    struct session *s = session_open(config);
    if (!s)
        return CLI_FAILED;
    struct answer a = {.session = s, .wish = &w, .code = CLI_FAILED};
    snprintf(target, sizeof target, "campaign:%s/%s", w.slug, w.group);
    struct store_audit audit = session_audit("group.members", target, NULL);
    if (w.tells)
        store_members_put(session_store(s), w.slug, w.group, w.members, w.at, w.source, &audit, put_done, &a);
    else
        store_members_read(session_store(s), w.slug, w.group, read_done, &a);
    session_run(s);
    session_close(s);
    if (a.result != STORE_OK && !(a.result == STORE_NOT_FOUND && !w.tells))
        return campaign_fail(w.slug, a.result);
    return a.code;
}
