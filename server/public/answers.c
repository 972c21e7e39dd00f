/* Pages are made when they are first wanted, hang where they belong, and stand in one list a worker, oldest last. */
#include "answers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct group_answers {
    char *redirect; /* whole header lines: those of every redirect, behind them the cookie's */
    size_t redirect_len, first_len;
    struct answer_page *page[LANDING_LANGUAGES][LANDING_APPS];
    struct answer_page **view; /* LANDING_VIEWS of each language, of the few groups that need them; or NULL */
};

struct answers {
    struct answer_shelf *shelf;
    const struct campaign *campaign;
    bool asks_tap;
    struct zone *zone; /* NULL: the process's, or nobody asks */
    struct answer_page *tap[LANDING_LANGUAGES];
    struct answer_page *leave[LANDING_LANGUAGES];
    struct answer_page *preview[LANDING_LANGUAGES];
    struct answer_page *join[LANDING_LANGUAGES];
    struct landing_contact contact;
    bool has_contact; /* drawn, or found that there is none */
    struct answer_page *message[LANDING_MESSAGES][LANDING_LANGUAGES];
    struct group_answers *groups; /* by position */
};

static void page_drop(struct answer_shelf *s, struct answer_page *p)
{
    *(p->newer ? &p->newer->older : &s->newest) = p->older;
    *(p->older ? &p->older->newer : &s->oldest) = p->newer;
    s->count--;
    *p->owner = NULL;
    free(p->page.html);
    free(p);
}

/* Hangs a page that was just made at its place; NULL if it could not be made. */
static const struct landing_page *page_keep(struct answer_shelf *s, struct answer_page **place, int failed,
                                            const struct landing_page *made)
{
    if (failed)
        return NULL;
    struct answer_page *p = calloc(1, sizeof *p);
    if (!p) {
        free(made->html);
        return NULL;
    }
    if (s->count >= ANSWERS_PAGES_MAX)
        page_drop(s, s->oldest);
    p->page = *made;
    p->owner = place;
    p->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = p;
    s->newest = p;
    s->count++;
    *place = p;
    return &p->page;
}

int answer_shelf_begin(struct answer_shelf *s)
{
    int error = 0;
    for (int l = 0; !error && l < LANDING_LANGUAGES; l++)
        error = landing_message(&s->busy[l], LANDING_BUSY, NULL, (enum landing_language)l);
    return error;
}

void answer_shelf_clear(struct answer_shelf *s)
{
    while (s->newest)
        page_drop(s, s->newest);
    for (int l = 0; l < LANDING_LANGUAGES; l++)
        free(s->busy[l].html);
}

struct answers *answers_new(struct answer_shelf *shelf, const struct campaign *c)
{
    struct answers *a = calloc(1, sizeof *a);
    if (!a || !(a->groups = calloc(c->group_count + 1, sizeof *a->groups))) {
        free(a);
        return NULL;
    }
    a->shelf = shelf;
    a->campaign = c;
    a->asks_tap = campaign_asks_tap(c);
    if (c->timezone && c->asks & VISIT_FACT_HOURS)
        a->zone = zone_new(c->timezone);
    return a;
}

static void drop_all(struct answer_shelf *s, struct answer_page **pages, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pages[i])
            page_drop(s, pages[i]);
}

void answers_free(void *answers)
{
    struct answers *a = answers;
    if (!a)
        return;
    drop_all(a->shelf, a->tap, LANDING_LANGUAGES);
    drop_all(a->shelf, a->leave, LANDING_LANGUAGES);
    drop_all(a->shelf, a->preview, LANDING_LANGUAGES);
    drop_all(a->shelf, a->join, LANDING_LANGUAGES);
    free(a->contact.png);
    drop_all(a->shelf, &a->message[0][0], LANDING_MESSAGES * LANDING_LANGUAGES);
    for (size_t i = 0; i < a->campaign->group_count; i++) {
        drop_all(a->shelf, &a->groups[i].page[0][0], LANDING_LANGUAGES * LANDING_APPS);
        if (a->groups[i].view)
            drop_all(a->shelf, a->groups[i].view, LANDING_LANGUAGES * LANDING_VIEWS);
        free(a->groups[i].view);
        free(a->groups[i].redirect);
    }
    zone_free(a->zone);
    free(a->groups);
    free(a);
}

struct span answers_redirect(struct answers *a, size_t group)
{
    struct group_answers *g = &a->groups[group];
    const struct group *to = &a->campaign->groups[group];
    if (!g->redirect) {
        int len =
            asprintf(&g->redirect, "Location: %s\r\nCache-Control: no-store\r\nHuoma-Group: %s\r\n", to->url, to->id);
        if (len < 0) {
            g->redirect = NULL;
            return (struct span){NULL, 0};
        }
        g->redirect_len = (size_t)len;
    }
    return (struct span){g->redirect, g->redirect_len};
}

struct span answers_first_redirect(struct answers *a, size_t group, const struct visitor_options *o)
{
    struct group_answers *g = &a->groups[group];
    if (!answers_redirect(a, group).at)
        return (struct span){NULL, 0};
    if (!g->first_len) {
        struct seat_token token = {.confirmed = true};
        memcpy(token.group, a->campaign->groups[group].id, sizeof token.group);
        char *lines = realloc(g->redirect, g->redirect_len + VISITOR_LINE_MAX);
        if (!lines)
            return (struct span){NULL, 0};
        g->redirect = lines;
        struct span path = {a->campaign->slug, strlen(a->campaign->slug)};
        g->first_len = g->redirect_len + visitor_line(o, &token, a->campaign, path, lines + g->redirect_len);
    }
    return (struct span){g->redirect, g->first_len};
}

const struct landing_page *answers_group(struct answers *a, size_t group, enum landing_language l, enum landing_app app)
{
    struct answer_page **place = &a->groups[group].page[l][app];
    struct landing_page page;
    if (*place)
        return &(*place)->page;
    int failed = landing_group(&page, a->campaign, group, l, app);
    return page_keep(a->shelf, place, failed, &page);
}

const struct landing_page *answers_view(struct answers *a, size_t group, const char *base_url, enum landing_language l,
                                        enum landing_view view)
{
    struct group_answers *g = &a->groups[group];
    struct landing_page page;
    if (!g->view && !(g->view = calloc(LANDING_LANGUAGES * LANDING_VIEWS, sizeof *g->view)))
        return NULL;
    struct answer_page **place = &g->view[(int)l * LANDING_VIEWS + (int)view];
    if (*place)
        return &(*place)->page;
    int failed = landing_view(&page, a->campaign, group, base_url, l, view);
    return page_keep(a->shelf, place, failed, &page);
}

const struct landing_page *answers_tap(struct answers *a, enum landing_language l)
{
    struct landing_page page;
    if (a->tap[l])
        return &a->tap[l]->page;
    int failed = landing_tap(&page, a->campaign, l);
    return page_keep(a->shelf, &a->tap[l], failed, &page);
}

const struct landing_page *answers_leave(struct answers *a, const char *base_url, enum landing_language l)
{
    struct landing_page page;
    if (a->leave[l])
        return &a->leave[l]->page;
    int failed = landing_leave(&page, a->campaign, base_url, l);
    return page_keep(a->shelf, &a->leave[l], failed, &page);
}

const struct landing_page *answers_preview(struct answers *a, const char *base_url, enum landing_language l)
{
    struct landing_page page;
    if (a->preview[l])
        return &a->preview[l]->page;
    int failed = landing_preview(&page, a->campaign, base_url, l);
    return page_keep(a->shelf, &a->preview[l], failed, &page);
}

const struct landing_page *answers_message(struct answers *a, enum landing_message m, enum landing_language l)
{
    struct landing_page page;
    if (a->message[m][l])
        return &a->message[m][l]->page;
    int failed = landing_message(&page, m, a->campaign, l);
    return page_keep(a->shelf, &a->message[m][l], failed, &page);
}

const struct landing_contact *answers_contact(struct answers *a)
{
    if (!a->has_contact && landing_contact_draw(&a->contact, a->campaign) != 0)
        return NULL;
    a->has_contact = true;
    return &a->contact;
}

const struct landing_page *answers_join(struct answers *a, enum landing_language l)
{
    const struct landing_contact *k = answers_contact(a);
    struct landing_page page;
    if (a->join[l])
        return &a->join[l]->page;
    int failed = k ? landing_join(&page, a->campaign, k, NULL, l) : -ENOMEM;
    return page_keep(a->shelf, &a->join[l], failed, &page);
}

const struct landing_page *answers_plain(struct answer_shelf *s, enum landing_message m, enum landing_language l)
{
    struct landing_page page;
    if (m == LANDING_BUSY)
        return &s->busy[l];
    if (s->plain[m][l])
        return &s->plain[m][l]->page;
    int failed = landing_message(&page, m, NULL, l);
    return page_keep(s, &s->plain[m][l], failed, &page);
}

bool answers_ask_tap(const struct answers *a)
{
    return a->asks_tap;
}

struct zone *answers_zone(const struct answers *a)
{
    return a->zone;
}
