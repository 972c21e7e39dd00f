/* See trouble.h. */
#include "trouble.h"

const char *campaign_severity_name(enum campaign_severity s)
{
    static const char *const names[SEVERITY_COUNT] = {"stopped", "warning", "well", "idle"};
    return names[s];
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

struct campaign_seats campaign_seats_of(const struct campaign *c, const struct group_count *counts, int64_t now)
{
    struct campaign_seats s = {0};
    bool endless = false;
    for (size_t i = 0; i < c->group_count; i++) {
        const struct group *g = &c->groups[i];
        int64_t used = counts ? counts[i].used : 0;
        s.used = add(s.used, used);
        s.held = add(s.held, counts ? counts[i].held : 0);
        if (!group_admits(g, now))
            continue;
        if (g->limit < 0) {
            endless = true;
            continue;
        }
        s.limit = add(s.limit, g->limit);
        if (used < g->limit)
            s.free = add(s.free, g->limit - used);
    }
    if (endless)
        s.limit = s.free = -1;
    return s;
}

static void look_at_moment(struct campaign_trouble *t, int64_t moment, int64_t now)
{
    if (moment > now && (t->next == 0 || moment < t->next))
        t->next = moment;
}

/* Returns the states that were seen, as bits. */
static unsigned look_at_groups(struct campaign_trouble *t, const struct campaign *c, const struct group_count *counts,
                               int64_t now)
{
    unsigned seen = 0;
    for (size_t i = 0; i < c->group_count; i++) {
        const struct group *g = &c->groups[i];
        enum group_state state = group_state(g, counts ? &counts[i] : NULL, now);
        seen |= 1U << state;
        if (state == GROUP_SUSPECT)
            t->suspects++;
        if (state == GROUP_EXPIRED && (g->limit < 0 || (counts ? counts[i].used : 0) < g->limit) && t->expired++ == 0)
            t->first_expired = i;
        if (g->enabled && g->barred && t->barred++ == 0)
            t->first_barred = i;
        if (!g->enabled || g->expires_at == 0)
            continue;
        look_at_moment(t, g->expires_at, now);
        look_at_moment(t, g->expires_at - TROUBLE_SOON_SECONDS + 1, now);
        if ((state == GROUP_OPEN || state == GROUP_SUSPECT) && g->expires_at - now < TROUBLE_SOON_SECONDS &&
            (t->soonest < 0 || g->expires_at < c->groups[t->soonest].expires_at))
            t->soonest = (int)i;
    }
    return seen;
}

bool trouble_is_low(int64_t limit, int64_t free)
{
    return limit > 0 && free < limit / TROUBLE_LOW_SHARE + (limit % TROUBLE_LOW_SHARE != 0);
}

struct campaign_trouble campaign_trouble_of(const struct campaign *c, const struct group_count *counts, int64_t now)
{
    struct campaign_trouble t = {.severity = SEVERITY_IDLE, .soonest = -1};
    enum campaign_phase phase = campaign_phase(c, now);
    if (phase == CAMPAIGN_OFF || phase == CAMPAIGN_ENDED)
        return t;
    look_at_moment(&t, c->starts_at, now);
    look_at_moment(&t, c->ends_at, now);
    unsigned seen = look_at_groups(&t, c, counts, now);
    bool admits = seen & (1U << GROUP_OPEN | 1U << GROUP_SUSPECT);
    if (phase == CAMPAIGN_RUNNING && c->group_count == 0)
        t.stopped = TROUBLE_EMPTY;
    else if (phase == CAMPAIGN_RUNNING && !admits)
        t.stopped = seen & 1U << GROUP_FULL ? TROUBLE_FULL : TROUBLE_CLOSED;
    if (t.stopped == TROUBLE_CLOSED && t.barred > 0)
        t.stopped = TROUBLE_NONE; /* that says why */
    if (t.stopped == TROUBLE_CLOSED)
        t.expired = 0;
    t.fallback_barred = c->fallback_url_barred || c->fallback_contact_barred;
    if (phase == CAMPAIGN_RUNNING && admits) {
        struct campaign_seats seats = campaign_seats_of(c, counts, now);
        t.low = trouble_is_low(seats.limit, seats.free);
    }
    if (t.stopped || t.barred > 0)
        t.severity = SEVERITY_STOPPED;
    else if (t.fallback_barred || t.suspects > 0 || t.expired > 0 || t.soonest >= 0 || t.low)
        t.severity = SEVERITY_WARNING;
    else if (phase == CAMPAIGN_RUNNING)
        t.severity = SEVERITY_WELL;
    return t;
}
