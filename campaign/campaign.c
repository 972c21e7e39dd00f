/*
 * Campaigns and groups as structs: made, copied, looked up, and what they are at a moment. The rules of their values
 * that need no JSON are here too.
 */
#include "campaign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const reserved_slugs[] = {"healthz", "api", "static", "metrics", "robots.txt"};
static const char *const reserved_channels[] = {"seat", "next"};

void group_init(struct group *g)
{
    memset(g, 0, sizeof(*g));
    g->limit = -1;
    g->weight = 1;
    g->enabled = true;
}

void group_clear(struct group *g)
{
    free(g->name);
    free(g->url);
    miniprogram_free(g->miniprogram);
    when_free(g->when);
    memset(g, 0, sizeof(*g));
}

struct campaign *campaign_new(void)
{
    struct campaign *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->enabled = true;
    c->spread = 1;
    c->per_address = CAMPAIGN_PER_ADDRESS;
    c->next_group = 1;
    return c;
}

void campaign_clear_aliases(struct campaign *c)
{
    for (size_t i = 0; i < c->alias_count; i++)
        free(c->aliases[i]);
    free(c->aliases);
    c->aliases = NULL;
    c->alias_count = 0;
}

int campaign_find_alias(const struct campaign *c, const char *alias, size_t len)
{
    for (size_t i = 0; i < c->alias_count; i++) {
        if (strlen(c->aliases[i]) == len && memcmp(c->aliases[i], alias, len) == 0)
            return (int)i;
    }
    return -1;
}

void campaign_free(struct campaign *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->group_count; i++)
        group_clear(&c->groups[i]);
    free(c->groups);
    free(c->by_id);
    campaign_clear_aliases(c);
    free(c->title);
    free(c->timezone);
    free(c->fallback_url);
    free(c->fallback_text);
    free(c->fallback_contact);
    free(c->waiting.privacy);
    free(c);
}

/* false: out of memory. A NULL stays NULL. */
static bool copy_text(char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return *to || !from;
}

static bool copy_group(struct group *to, const struct group *from)
{
    *to = *from;
    to->name = NULL;
    to->url = NULL;
    to->miniprogram = NULL;
    to->when = NULL;
    if (from->miniprogram && !(to->miniprogram = miniprogram_copy(from->miniprogram)))
        return false;
    if (from->when && !(to->when = when_copy(from->when)))
        return false;
    return copy_text(&to->name, from->name) && copy_text(&to->url, from->url);
}

static bool copy_groups(struct campaign *to, const struct campaign *from)
{
    if (from->group_count == 0)
        return true;
    to->groups = calloc(from->group_count, sizeof(*to->groups));
    if (!to->groups)
        return false;
    for (size_t i = 0; i < from->group_count; i++) {
        to->group_count = i + 1;
        if (!copy_group(&to->groups[i], &from->groups[i]))
            return false;
    }
    return campaign_index_groups(to) == 0;
}

static bool copy_aliases(struct campaign *to, const struct campaign *from)
{
    if (from->alias_count == 0)
        return true;
    to->aliases = calloc(from->alias_count, sizeof(*to->aliases));
    if (!to->aliases)
        return false;
    for (size_t i = 0; i < from->alias_count; i++) {
        to->alias_count = i + 1;
        if (!copy_text(&to->aliases[i], from->aliases[i]))
            return false;
    }
    return true;
}

struct campaign *campaign_copy(const struct campaign *c)
{
    struct campaign *copy = malloc(sizeof(*copy));

    if (!copy)
        return NULL;
    *copy = *c;
    copy->title = copy->timezone = copy->fallback_url = copy->fallback_text = copy->fallback_contact = NULL;
    copy->waiting.privacy = NULL;
    copy->groups = NULL;
    copy->group_count = 0;
    copy->aliases = NULL;
    copy->alias_count = 0;
    copy->by_id = NULL;
    if (!copy_text(&copy->title, c->title) || !copy_text(&copy->timezone, c->timezone) ||
        !copy_text(&copy->fallback_url, c->fallback_url) || !copy_text(&copy->fallback_text, c->fallback_text) ||
        !copy_text(&copy->fallback_contact, c->fallback_contact) ||
        !copy_text(&copy->waiting.privacy, c->waiting.privacy) || !copy_aliases(copy, c) || !copy_groups(copy, c)) {
        campaign_free(copy);
        return NULL;
    }
    return copy;
}

/* The lane of a group, a new one if its conditions are; -1: too many. */
static int lane_of(struct campaign *c, size_t position)
{
    if (when_is_empty(c->groups[position].when))
        return 0;
    for (int lane = 1; lane < c->lane_count; lane++) {
        if (when_equal(c->groups[c->lane_group[lane]].when, c->groups[position].when))
            return lane;
    }
    if (c->lane_count == CAMPAIGN_LANES_MAX)
        return -1;
    c->lane_group[c->lane_count] = position;
    return c->lane_count++;
}

/* Likewise of a group that leaves WeChat, behind the first `others` lanes. Without a free lane it stays among others:
 * then WeChat's visitors get a seat, and the page that says where to open it. */
static void part_leaving(struct campaign *c, size_t position, int others)
{
    struct group *g = &c->groups[position];

    for (int lane = others; lane < c->lane_count; lane++) {
        if (when_equal(c->groups[c->lane_group[lane]].when, g->when)) {
            g->lane = lane;
            return;
        }
    }
    if (c->lane_count == CAMPAIGN_LANES_MAX)
        return;
    c->lane_group[c->lane_count] = position;
    c->leaving_lanes |= UINT32_C(1) << c->lane_count;
    g->lane = c->lane_count++;
}

/* Groups take lanes in their order, so that everyone who reads a definition numbers them alike. */
static bool number_lanes(struct campaign *c)
{
    c->lane_count = 1;
    c->leaving_lanes = 0;
    c->asks = 0;
    for (size_t i = 0; i < c->group_count; i++) {
        c->groups[i].lane = lane_of(c, i);
        if (c->groups[i].lane < 0)
            return false;
        c->asks |= when_asks(c->groups[i].when);
    }
    c->only_leaving = c->group_count > 0;
    int others = c->lane_count;
    for (size_t i = 0; i < c->group_count; i++) {
        if (group_leaves_wechat(&c->groups[i]))
            part_leaving(c, i, others);
        c->only_leaving = c->only_leaving && (c->leaving_lanes >> c->groups[i].lane & 1);
    }
    if (c->leaving_lanes)
        c->asks |= VISIT_FACT_APP;
    return true;
}

uint32_t campaign_lanes(const struct campaign *c, const struct visit *v)
{
    uint32_t lanes = 1;

    for (int lane = 1; lane < c->lane_count; lane++) {
        bool leaves = c->leaving_lanes >> lane & 1 && v->app == VISIT_WECHAT;

        if (!leaves && when_fits(c->groups[c->lane_group[lane]].when, v))
            lanes |= UINT32_C(1) << lane;
    }
    return lanes;
}

bool campaign_is_elsewhere(const struct campaign *c, const struct visit *v, int64_t now)
{
    if (!c->leaving_lanes || v->app != VISIT_WECHAT)
        return false;
    for (size_t i = 0; i < c->group_count; i++) {
        const struct group *g = &c->groups[i];

        if (c->leaving_lanes >> g->lane & 1 && g->limit != 0 && group_admits(g, now) && when_fits(g->when, v))
            return true;
    }
    return false;
}

static int compare_ids(const void *a, const void *b, void *groups)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    const struct group *g = groups;
    int order = strcmp(g[left].id, g[right].id);

    return order ? order : (left > right) - (left < right);
}

int campaign_index_groups(struct campaign *c)
{
    uint32_t *by_id = malloc((c->group_count ? c->group_count : 1) * sizeof(*by_id));

    if (!by_id)
        return -ENOMEM;
    for (size_t i = 0; i < c->group_count; i++)
        by_id[i] = (uint32_t)i;
    if (c->group_count)
        qsort_r(by_id, c->group_count, sizeof(*by_id), compare_ids, c->groups);
    free(c->by_id);
    c->by_id = by_id;
    return number_lanes(c) ? 0 : -E2BIG;
}

int campaign_find_group(const struct campaign *c, const char *id)
{
    size_t low = 0, high = c->by_id ? c->group_count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(id, c->groups[c->by_id[middle]].id);

        if (order == 0)
            return (int)c->by_id[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

enum campaign_phase campaign_phase(const struct campaign *c, int64_t now)
{
    if (!c->enabled)
        return CAMPAIGN_OFF;
    if (c->ends_at && now >= c->ends_at)
        return CAMPAIGN_ENDED;
    if (c->starts_at && now < c->starts_at)
        return CAMPAIGN_NOT_BEGUN;
    return CAMPAIGN_RUNNING;
}

bool group_admits(const struct group *g, int64_t now)
{
    return g->enabled && !g->barred && (!g->expires_at || now < g->expires_at);
}

const char *campaign_fallback_url(const struct campaign *c)
{
    return c->fallback_url_barred ? NULL : c->fallback_url;
}

const char *campaign_fallback_contact(const struct campaign *c)
{
    return c->fallback_contact_barred ? NULL : c->fallback_contact;
}

enum group_state group_state(const struct group *g, const struct group_count *count, int64_t now)
{
    if (!g->enabled || g->barred)
        return GROUP_OFF;
    if (!group_admits(g, now))
        return GROUP_EXPIRED;
    if (g->limit >= 0 && (count ? count->used : 0) >= g->limit)
        return GROUP_FULL;
    return count && count->suspect ? GROUP_SUSPECT : GROUP_OPEN;
}

bool group_shows_page(const struct group *g)
{
    if (g->show != GROUP_SHOW_AUTO)
        return g->show == GROUP_SHOW_PAGE;
    return platform_wants_page(g->platform) ||
           (g->platform == PLATFORM_MINIPROGRAM && g->url && miniprogram_is_scheme(g->url));
}

/* Whether WeChat refuses to open the link. */
static bool wechat_refuses(const struct group *g)
{
    switch (g->platform) {
    case PLATFORM_TELEGRAM:
    case PLATFORM_WHATSAPP:
    case PLATFORM_DISCORD:
        return true;
    case PLATFORM_QQ:
        return strncasecmp(g->url, "http", 4) != 0;
    default:
        return false;
    }
}

bool group_leaves_wechat(const struct group *g)
{
    if (!g->url)
        return false;
    if (g->platform == PLATFORM_MINIPROGRAM)
        return miniprogram_is_scheme(g->url) && !(g->miniprogram && (g->miniprogram->url_link || g->miniprogram->code));
    return !group_shows_page(g) && wechat_refuses(g);
}

bool campaign_asks_tap(const struct campaign *c)
{
    if (c->confirm != CAMPAIGN_CONFIRM_TAP)
        return false;
    for (size_t i = 0; i < c->group_count; i++) {
        if (!group_shows_page(&c->groups[i]))
            return true;
    }
    return false;
}

static bool is_id_char(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-';
}

static bool is_id(const char *text, size_t len, size_t max)
{
    if (len == 0 || len > max)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_id_char(text[i]))
            return false;
    }
    return true;
}

static bool is_one_of(const char *text, size_t len, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0)
            return true;
    }
    return false;
}

bool campaign_slug_valid(const char *slug, size_t len)
{
    return is_id(slug, len, CAMPAIGN_SLUG_MAX) && slug[0] != '-' &&
           !is_one_of(slug, len, reserved_slugs, sizeof(reserved_slugs) / sizeof(reserved_slugs[0]));
}

bool campaign_channel_valid(const char *channel, size_t len)
{
    return is_id(channel, len, CAMPAIGN_CHANNEL_MAX) && channel[0] != '-' &&
           !is_one_of(channel, len, reserved_channels, sizeof(reserved_channels) / sizeof(reserved_channels[0]));
}

bool campaign_channel_is_funnels(const char *channel)
{
    return strncmp(channel, CAMPAIGN_FUNNEL_CHANNEL, sizeof CAMPAIGN_FUNNEL_CHANNEL - 1) == 0;
}

bool campaign_timezone_valid(const char *name, size_t len)
{
    char before = '/';

    for (size_t i = 0; i < len && len <= CAMPAIGN_ZONE_MAX; i++) {
        char c = name[i];
        bool word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (!word && (before == '/' || !((c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' || c == '/')))
            return false;
        before = c;
    }
    return len > 0 && len <= CAMPAIGN_ZONE_MAX && before != '/';
}

bool group_id_valid(const char *id, size_t len)
{
    return is_id(id, len, GROUP_ID_MAX);
}

void campaign_slug_from_bits(uint64_t bits, size_t len, char slug[CAMPAIGN_DRAWN_MAX + 1])
{
    for (size_t i = 0; i < len; i++) {
        slug[i] = "0123456789abcdefghjkmnpqrstvwxyz"[bits & 31];
        bits >>= 5;
    }
    slug[len] = '\0';
}
