/*
 * Each worker keeps its own accounts and lets an address have its part of the budget, so that all of them together let
 * it have no more than the campaign says. Over it, a seat costs work, more the further over it the address is; a
 * browser without JavaScript may wait instead, and of those who did an address gets a second budget, since a script
 * could wait with thousands of challenges at once.
 */
#include "guard.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "address.h"
#include "client.h"
#include "params.h"
#include "scan_private.h"

bool guard_init(struct guard *g, const unsigned char secret[STORE_SECRET])
{
    challenge_key(secret, STORE_SECRET, g->key);
    g->budget = budget_new();
    return g->budget != NULL;
}

void guard_clear(struct guard *g)
{
    budget_free(g->budget);
}

/* false: there is no budget, or none for that address. */
static bool find_client(struct scan *s, struct in6_addr *ret)
{
    struct conn *c = conn_of(s);
    if (!campaign_of(s)->per_address)
        return false;
    client_find(conn_peer_address(c), conn_request(c)->header[HTTP_H_X_FORWARDED_FOR], config_trusts_proxy,
                context_of(s)->config, ret);
    return address_counts(context_of(s)->config, ret);
}

static struct budget_account *account_of(struct scan *s, const struct in6_addr *client)
{
    return budget_account(context_of(s)->guard.budget, campaign_of(s)->uid, client, scan_now_ns() / 1000000);
}

/* A worker's part of the budget, one seat at least. */
static float share_of(const struct scan *s, const struct scan_context *x)
{
    return fmaxf(1, (float)campaign_of(s)->per_address / (float)x->config->workers);
}

/* --- the page --- */

/* old: a challenge that stays, because it is waited for; else NULL. */
static void send_challenge(struct scan *s, const struct challenge_for *f, const char *old, float taken,
                           const char *joins)
{
    struct landing_page page = {0};
    struct landing_challenge told = {.early = old != NULL, .joins = joins};
    struct reply r;
    char text[CHALLENGE_TEXT];
    if (!old)
        challenge_make(f, challenge_bits_for(taken), text);
    told.text = old ? old : text;
    told.bits = challenge_bits(told.text);
    told.wait = CHALLENGE_WAIT;
    context_of(s)->guard.asked++;
    count_visit(s, NULL, view_kinds(s));
    int failed = landing_challenge(&page, campaign_of(s), &told, language_of(conn_of(s)));
    begin_page(&r, conn_of(s), failed ? 503 : 200);
    end_page(&r, failed ? NULL : &page, s->path);
    free(page.html);
}

/* --- the question --- */

/* The challenge of the form that was pressed; empty: none. */
static void read_form(struct scan *s, char ret_text[CHALLENGE_TEXT], char ret_answer[CHALLENGE_ANSWER_MAX + 1])
{
    ret_text[0] = ret_answer[0] = '\0';
    if (!s->pressed)
        return;
    struct span body = conn_body(conn_of(s));
    if (query_get(body, "challenge", ret_text, CHALLENGE_TEXT) < 0)
        ret_text[0] = '\0';
    if (query_get(body, "answer", ret_answer, CHALLENGE_ANSWER_MAX + 1) < 0)
        snprintf(ret_answer, CHALLENGE_ANSWER_MAX + 1, "-"); /* no answer, and not one that waits */
}

bool guard_pressed(struct scan *s)
{
    char text[CHALLENGE_TEXT], answer[CHALLENGE_ANSWER_MAX + 1];
    read_form(s, text, answer);
    return text[0] != '\0';
}

/* Takes one more of what there is `share` of. */
static bool take(float *taken, float share)
{
    if (*taken + 1 > share)
        return false;
    *taken += 1;
    return true;
}

bool guard_admits(struct scan *s, const char *joins)
{
    struct scan_context *x = context_of(s);
    struct in6_addr client;
    char text[CHALLENGE_TEXT], answer[CHALLENGE_ANSWER_MAX + 1];
    if (!find_client(s, &client))
        return true;
    struct budget_account *a = account_of(s, &client);
    const float share = share_of(s, x);
    if (take(&a->seats, share))
        return true;

    struct challenge_for f = {x->guard.key, campaign_of(s)->uid, &client, conn_now(conn_of(s))};
    read_form(s, text, answer);
    enum challenge_answer got = text[0] ? challenge_check(&f, text, answer) : CHALLENGE_VOID;
    bool pays = got == CHALLENGE_SOLVED || (got == CHALLENGE_WAITED && a->waited + 1 <= share);
    if (pays && challenge_spend(text, scan_now_ns())) {
        a->seats += 1;
        a->waited += got == CHALLENGE_WAITED ? 1 : 0;
        x->guard.proven++;
        return true;
    }
    bool stays = got == CHALLENGE_OPEN || (got == CHALLENGE_WAITED && !pays);
    send_challenge(s, &f, stays ? text : NULL, a->seats / share, joins);
    return false;
}

void guard_give_back(struct scan *s)
{
    struct in6_addr client;
    if (!find_client(s, &client))
        return;
    struct budget_account *a = account_of(s, &client);
    a->seats = fmaxf(0, a->seats - 1);
}
