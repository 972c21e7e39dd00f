/* A campaign out of the store, and how it looks on a terminal. See campaign_view.h. */
#include "campaign_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BAR = 18 /* columns of a group's bar */ };

void held_campaign_clear(struct held_campaign *h)
{
    campaign_free(h->campaign);
    free(h->counts);
    h->campaign = NULL;
    h->counts = NULL;
}

void held_campaign_keep(void *ctx, enum store_result r, const struct store_campaign *c)
{
    struct held_campaign *h = ctx;
    h->result = r;
    if (r == STORE_ALIAS_TAKEN)
        h->taken = *c->taken;
    if (r == STORE_OK) {
        size_t size = (c->definition->group_count + 1) * sizeof *h->counts;
        h->campaign = campaign_copy(c->definition);
        h->counts = malloc(size);
        if (h->counts)
            memcpy(h->counts, c->counts, c->definition->group_count * sizeof *h->counts);
        if (!h->campaign || !h->counts)
            h->result = STORE_BAD_REPLY; /* no memory to look at it */
    }
    session_done(h->session);
}

void held_campaign_keep_result(void *ctx, enum store_result r)
{
    struct held_campaign *h = ctx;
    h->result = r;
    session_done(h->session);
}

enum store_result held_campaign_read(struct session *s, const char *slug, struct held_campaign *h)
{
    *h = (struct held_campaign){.session = s};
    store_campaign_read(session_store(s), slug, held_campaign_keep, h);
    session_run(s);
    return h->result;
}

enum cli_exit campaign_fail(const char *slug, enum store_result r)
{
    char what[CAMPAIGN_SLUG_MAX + 16];
    snprintf(what, sizeof what, "campaign %s", slug);
    return cli_fail_store(what, r);
}

enum cli_exit campaign_fail_version(const struct campaign *c)
{
    char what[CAMPAIGN_SLUG_MAX + 16];
    snprintf(what, sizeof what, "campaign %s", c->slug);
    return cli_fail(what, "is at version %" PRId64 " by now; nothing was changed", c->version);
}

/* --- how a campaign looks --- */

static const char *const state_words[] = {[GROUP_OPEN] = "open",
                                          [GROUP_FULL] = "full",
                                          [GROUP_EXPIRED] = "expired",
                                          [GROUP_OFF] = "off",
                                          [GROUP_SUSPECT] = "suspect"};

struct campaign_totals campaign_totals_of(const struct campaign *c, const struct group_count *counts, int64_t now)
{
    static const char *const phases[] = {
        [CAMPAIGN_OFF] = "off", [CAMPAIGN_NOT_BEGUN] = "not begun", [CAMPAIGN_ENDED] = "ended"};
    struct campaign_totals t = {0, 0, NULL};
    int seen[GROUP_SUSPECT + 1] = {0};
    for (size_t i = 0; i < c->group_count; i++) {
        t.used += counts[i].used;
        t.limit = t.limit < 0 || c->groups[i].limit < 0 ? -1 : t.limit + c->groups[i].limit;
        seen[group_state(&c->groups[i], &counts[i], now)]++;
    }
    enum campaign_phase phase = campaign_phase(c, now);
    t.state = phase != CAMPAIGN_RUNNING                 ? phases[phase]
              : seen[GROUP_OPEN] || seen[GROUP_SUSPECT] ? "open"
              : seen[GROUP_FULL]                        ? "full"
              : seen[GROUP_EXPIRED]                     ? "expired"
                                                        : "off";
    return t;
}

void campaign_seats_text(const struct campaign_totals *t, char out[48])
{
    if (t->limit < 0)
        snprintf(out, 48, "%lld, no limit", (long long)t->used);
    else
        snprintf(out, 48, "%lld / %lld", (long long)t->used, (long long)t->limit);
}

/* Confirmed '#', held '-', free '.'; rounded up, so that one seat is seen. Nothing for a group without a limit. */
static void bar_text(const struct group *g, const struct group_count *n, char out[BAR + 1])
{
    int64_t limit = g->limit > 0 && g->limit < n->used ? n->used : g->limit;
    int64_t confirmed = n->used - n->held;
    size_t len = limit > 0 ? BAR : 0;
    for (size_t i = 0; i < len; i++) {
        int64_t seat = (int64_t)i * limit;
        out[i] = seat < confirmed * BAR ? '#' : seat < n->used * BAR ? '-' : '.';
    }
    out[len] = '\0';
}

/* ",zh,en," or bits of words, as "language zh en". */
static void print_condition(bool *any, const char *name, const char *list, unsigned bits, const char *const *words)
{
    if (!list && !bits)
        return;
    printf("%s%s", *any ? "; " : "  for ", name);
    for (const char *p = list; p && p[1]; p += 1 + strcspn(p + 1, ","))
        printf("%s%.*s", p == list ? " " : ", ", (int)strcspn(p + 1, ","), p + 1);
    bool first = true;
    for (int i = 0; bits >> i; i++) {
        if (bits >> i & 1) {
            printf("%s%s", first ? " " : ", ", words[i]);
            first = false;
        }
    }
    *any = true;
}

static void print_more(const char *name, const char *text)
{
    if (!text)
        return;
    printf("  %s ", name);
    text_print(stdout, text, 0);
}

/* What has no room in the table: for whom groups are, and their mini programs. */
static void print_conditions(const struct campaign *c, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct group *g = &c->groups[i];
        bool any = false;
        if (when_is_empty(g->when) && !g->miniprogram)
            continue;
        printf("  %s", g->id);
        if (g->when) {
            print_condition(&any, "app", NULL, g->when->apps, visit_app_words);
            print_condition(&any, "os", NULL, g->when->systems, visit_os_words);
            print_condition(&any, "language", g->when->languages, 0, NULL);
            print_condition(&any, "channel", g->when->channels, 0, NULL);
            print_condition(&any, "country", g->when->countries, 0, NULL);
            print_condition(&any, "hours", g->when->hours, 0, NULL);
        }
        if (g->miniprogram) {
            print_more("appid", g->miniprogram->appid);
            print_more("path", g->miniprogram->path);
            print_more("query", g->miniprogram->query);
            if (g->miniprogram->version)
                print_more("env_version", miniprogram_versions[g->miniprogram->version]);
            print_more("url_link", g->miniprogram->url_link);
            print_more("code", g->miniprogram->code);
            print_more("fallback_url", g->miniprogram->fallback_url);
        }
        putchar('\n');
    }
}

/* Groups from..to-1. */
static bool print_groups(const struct campaign *c, const struct group_count *counts, int64_t now, size_t from,
                         size_t to)
{
    struct text_table *t = text_table_new(8);
    if (!t)
        return false;
    for (size_t i = from; i < to; i++) {
        const struct group *g = &c->groups[i];
        char bar[BAR + 1], seats[48], expires[32] = "", held[32] = "";
        bar_text(g, &counts[i], bar);
        campaign_seats_text(&(struct campaign_totals){counts[i].used, g->limit, NULL}, seats);
        if (g->expires_at)
            date_to_text(g->expires_at, expires);
        text_table_cell(t, "  %s", g->id);
        text_table_cell(t, "%s", g->name ? g->name : "");
        text_table_cell(t, "%s", bar);
        text_table_cell(t, "%s", seats);
        text_table_cell(t, "%s", state_words[group_state(g, &counts[i], now)]);
        if (counts[i].held)
            snprintf(held, sizeof held, "held %lld", (long long)counts[i].held);
        text_table_cell(t, "%s", held);
        text_table_cell(t, "%s%s", expires[0] ? "until " : "", expires);
        text_table_cell(t, "%s", g->url ? g->url : "no link yet");
    }
    bool good = text_table_print(t, 1 << 3, stdout);
    text_table_free(t);
    print_conditions(c, from, to);
    return good;
}

static bool print_json(const struct config *config, const struct held_campaign *h, const struct held_forecast *forecast)
{
    size_t len;
    char *text = campaign_to_api(h->campaign, h->counts, config->base_url, time(NULL), true, &len);
    if (text && forecast && forecast->json) /* one key more, behind all others */
        printf("%.*s,\"forecast\":%s}\n", (int)len - 1, text, forecast->json);
    else if (text)
        printf("%.*s\n", (int)len, text);
    free(text);
    return text != NULL;
}

static void print_aliases(const struct campaign *c)
{
    for (size_t i = 0; i < c->alias_count; i++)
        printf("%s %s\n", i == 0 ? "Old addresses:" : "              ", c->aliases[i]);
    if (c->alias_count > 0)
        putchar('\n');
}

static void print_settings(const struct campaign *c)
{
    static const char *const strategies[] = {
        [CAMPAIGN_FILL] = "in order", [CAMPAIGN_EVEN] = "by share", [CAMPAIGN_RANDOM] = "by weight"};
    char date[32];
    printf("Groups are filled %s", strategies[c->strategy]);
    if (c->confirm == CAMPAIGN_CONFIRM_TAP)
        printf(", a redirect's seat is taken by a tap");
    if (c->hold_seconds)
        printf(", seats are held %d s", c->hold_seconds);
    if (!c->per_address)
        fputs(", any number of seats for one address", stdout);
    else if (c->per_address != CAMPAIGN_PER_ADDRESS)
        printf(", %d seats a minute for one address", c->per_address);
    if (c->spread > 1 && c->strategy == CAMPAIGN_FILL)
        printf(", fast scans go over %d groups", c->spread);
    if (c->timezone)
        printf(", hours in %s", c->timezone);
    if (c->forward_query)
        printf(", the query goes along");
    if (c->follow_members)
        printf(", seats follow head counts");
    if (c->starts_at) {
        date_to_text(c->starts_at, date);
        printf(", from %s", date);
    }
    if (c->ends_at) {
        date_to_text(c->ends_at, date);
        printf(", until %s", date);
    }
    putchar('\n');
    const char *fallback[] = {c->fallback_url, c->fallback_text, c->fallback_contact};
    for (size_t i = 0; i < sizeof fallback / sizeof fallback[0]; i++) {
        if (fallback[i]) {
            printf("When all are full: ");
            text_print(stdout, fallback[i], 0);
            putchar('\n');
        }
    }
    if (c->waiting.ask != WAITING_CLOSED)
        printf("When all are full: people wait, with a %s (huoma campaign waiting %s)\n",
               c->waiting.ask == WAITING_NUMBER ? "number" : "nickname", c->slug);
    putchar('\n');
}

static bool print_text(const struct config *config, const struct held_campaign *h, const struct held_forecast *forecast)
{
    const struct campaign *c = h->campaign;
    int64_t now = time(NULL);
    struct campaign_totals t = campaign_totals_of(c, h->counts, now);
    char seats[48];
    campaign_seats_text(&t, seats);
    text_print(stdout, c->title && c->title[0] ? c->title : c->slug, 0);
    printf("\n%s/%s\n%s, seats %s\n", config->base_url, c->slug, t.state, seats);
    print_settings(c);
    print_aliases(c);
    if (!print_groups(c, h->counts, now, 0, c->group_count))
        return false;
    if (forecast && forecast->text)
        fputs(forecast->text, stdout);
    printf("\nNext: huoma qr %s/%s -o %s.svg\n", config->base_url, c->slug, c->slug);
    return true;
}

enum cli_exit campaign_print(const struct config *config, const struct held_campaign *h,
                             const struct held_forecast *forecast, bool json)
{
    if (json ? print_json(config, h, forecast) : print_text(config, h, forecast))
        return CLI_DONE;
    return cli_fail("campaign", "out of memory");
}

enum cli_exit campaign_print_group(const struct held_campaign *h, const char *id, bool json)
{
    int position = campaign_find_group(h->campaign, id);
    int64_t now = time(NULL);
    size_t at = (size_t)position, len;
    if (position < 0)
        return cli_fail("campaign show", "%s has no group %.20s", h->campaign->slug, id);
    if (!json)
        return print_groups(h->campaign, h->counts, now, at, at + 1) ? CLI_DONE : cli_fail("campaign", "out of memory");
    char *text = campaign_group_to_api(h->campaign, at, &h->counts[at], now, true, &len);
    if (!text)
        return cli_fail("campaign", "out of memory");
    printf("%.*s\n", (int)len, text);
    free(text);
    return CLI_DONE;
}
