/* The door for operators: its routes, and what is open to everyone. */
#include "admin.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "answer.h"
#include "auth.h"
#include "body.h"
#include "door.h"
#include "embed.h"
#include "events.h"
#include "fields.h"
#include "hasher.h"
#include "logo.h"
#include "lost_watch.h"
#include "owner_links.h"
#include "params.h"
#include "print_sheet.h"
#include "printer.h"
#include "problem.h"
#include "reply.h"
#include "route.h"
#include "routes.h"
#include "steady.h"
#include "throttle.h"
#include "trouble_watch.h"

static void show_health(struct conn *c);
static void show_description(struct conn *c);

#define API "/api/v1"

static const struct http_route routes[] = {
    {HTTP_M_GET, "/", console_index, 0},
    {HTTP_M_GET, "/assets/{}", console_asset, 0},
    {HTTP_M_GET, "/healthz", show_health, 0},
    {HTTP_M_GET, "/metrics", metrics_show, 0},
    {HTTP_M_GET, API "/openapi.json", show_description, 0},
    {HTTP_M_GET, API "/me", auth_me, 0},
    {HTTP_M_PATCH, API "/me", session_own_password, FIELDS_BODY_MAX},
    {HTTP_M_POST, API "/session", session_login, FIELDS_BODY_MAX},
    {HTTP_M_DELETE, API "/session", session_logout, 0},
    {HTTP_M_POST, API "/setup", session_setup, FIELDS_BODY_MAX},
    {HTTP_M_GET, API "/users", users_list, 0},
    {HTTP_M_POST, API "/users", users_create, FIELDS_BODY_MAX},
    {HTTP_M_GET, API "/users/{}", users_show, 0},
    {HTTP_M_PATCH, API "/users/{}", users_patch, FIELDS_BODY_MAX},
    {HTTP_M_DELETE, API "/users/{}", users_delete, 0},
    {HTTP_M_GET, API "/tokens", tokens_list, 0},
    {HTTP_M_POST, API "/tokens", tokens_create, FIELDS_BODY_MAX},
    {HTTP_M_GET, API "/tokens/{}", tokens_show, 0},
    {HTTP_M_DELETE, API "/tokens/{}", tokens_delete, 0},
    {HTTP_M_GET, API "/audit", audit_list, 0},
    {HTTP_M_GET, API "/events", events_stream, 0},
    {HTTP_M_GET, API "/alerts", alerts_list, 0},
    {HTTP_M_GET, API "/alerts/settings", alert_settings_show, 0},
    {HTTP_M_PATCH, API "/alerts/settings", alert_settings_change, FIELDS_BODY_MAX},
    {HTTP_M_GET, API "/alerts/settings/{}", alert_settings_show, 0},
    {HTTP_M_PATCH, API "/alerts/settings/{}", alert_settings_change, FIELDS_BODY_MAX},
    {HTTP_M_DELETE, API "/alerts/settings/{}", alert_settings_delete, 0},
    {HTTP_M_GET, API "/alerts/destinations", destinations_list, 0},
    {HTTP_M_POST, API "/alerts/destinations", destinations_create, FIELDS_BODY_MAX},
    {HTTP_M_GET, API "/alerts/destinations/{}", destinations_list, 0},
    {HTTP_M_PATCH, API "/alerts/destinations/{}", destinations_patch, FIELDS_BODY_MAX},
    {HTTP_M_DELETE, API "/alerts/destinations/{}", destinations_delete, 0},
    {HTTP_M_POST, API "/alerts/destinations/{}/test", destinations_test, 0},
    {HTTP_M_GET, API "/campaigns", campaigns_list, 0},
    {HTTP_M_POST, API "/campaigns", campaigns_create, HTTP_BODY_MAX},
    {HTTP_M_POST, API "/campaigns:batch", batches_create, HTTP_BODY_LARGE_MAX},
    {HTTP_M_GET, API "/campaigns/{}", campaigns_show, 0},
    {HTTP_M_PATCH, API "/campaigns/{}", campaigns_patch, HTTP_BODY_MAX},
    {HTTP_M_DELETE, API "/campaigns/{}", campaigns_delete, 0},
    {HTTP_M_PUT, API "/campaigns/{}/order", campaigns_order, HTTP_BODY_MAX},
    {HTTP_M_POST, API "/campaigns/{}/groups", groups_create, HTTP_BODY_MAX},
    {HTTP_M_GET, API "/campaigns/{}/groups/{}", groups_show, 0},
    {HTTP_M_PATCH, API "/campaigns/{}/groups/{}", groups_patch, HTTP_BODY_MAX},
    {HTTP_M_DELETE, API "/campaigns/{}/groups/{}", groups_delete, 0},
    {HTTP_M_GET, API "/funnels", funnels_list, 0},
    {HTTP_M_POST, API "/funnels", funnels_create, FIELDS_BODY_MAX},
    {HTTP_M_GET, API "/funnels/{}", funnels_show, 0},
    {HTTP_M_PATCH, API "/funnels/{}", funnels_patch, FIELDS_BODY_MAX},
    {HTTP_M_DELETE, API "/funnels/{}", funnels_delete, 0},
    {HTTP_M_GET, API "/funnels/{}/stats", funnels_stats, 0},
    {HTTP_M_GET, API "/campaigns/{}/groups/{}/members", members_show, 0},
    {HTTP_M_PUT, API "/campaigns/{}/groups/{}/members", members_put, FIELDS_BODY_MAX},
    {HTTP_M_GET, API "/campaigns/{}/groups/{}/owner-links", owner_links_list, 0},
    {HTTP_M_POST, API "/campaigns/{}/groups/{}/owner-links", owner_links_create, FIELDS_BODY_MAX},
    {HTTP_M_DELETE, API "/campaigns/{}/groups/{}/owner-links/{}", owner_links_delete, 0},
    {HTTP_M_GET, API "/owner", owner_show, 0},
    {HTTP_M_PATCH, API "/owner", owner_patch, FIELDS_BODY_MAX},
    {HTTP_M_GET, API "/campaigns/{}/waiting", waiting_list, 0},
    {HTTP_M_DELETE, API "/campaigns/{}/waiting", waiting_delete, 0},
    {HTTP_M_DELETE, API "/campaigns/{}/waiting/{}", waiting_delete, 0},
    {HTTP_M_GET, API "/stats", stats_all, 0},
    {HTTP_M_GET, API "/campaigns/{}/stats", stats_campaign, 0},
    {HTTP_M_GET, API "/campaigns/{}/forecast", forecasts_show, 0},
    {HTTP_M_GET, API "/campaigns/{}/qr.svg", prints_get, 0},
    {HTTP_M_GET, API "/campaigns/{}/qr.png", prints_get, 0},
    {HTTP_M_GET, API "/campaigns/{}/qr.pdf", prints_get, 0},
    {HTTP_M_GET, API "/campaigns/{}/qr.eps", prints_get, 0},
    {HTTP_M_GET, API "/campaigns/{}/poster.svg", prints_get, 0},
    {HTTP_M_GET, API "/campaigns/{}/poster.png", prints_get, 0},
    {HTTP_M_GET, API "/campaigns/{}/poster.pdf", prints_get, 0},
    {HTTP_M_GET, API "/campaigns/{}/logo", logos_get, 0},
    {HTTP_M_PUT, API "/campaigns/{}/logo", logos_put, QR_LOGO_BYTES_MAX},
    {HTTP_M_DELETE, API "/campaigns/{}/logo", logos_delete, 0},
    {HTTP_M_POST, API "/campaigns/{}/sheet.pdf", prints_sheet_pdf, PRINT_BODY_MAX},
    {HTTP_M_POST, API "/campaigns/{}/sheet.csv", prints_sheet_csv, PRINT_BODY_MAX},
};

/* --- the door --- */

static void keep_setup(struct admin *a, const char *token)
{
    if (!token)
        return;
    auth_hash(token, strlen(token), a->setup_hash);
    a->setup_until = steady_seconds() + ADMIN_SETUP_SECONDS;
}

struct admin *admin_new(struct event_base *base, const struct config *config, struct store *store,
                        const unsigned char secret[STORE_SECRET], const char *setup_token,
                        const struct metrics_worker *workers, char *err, size_t err_size)
{
    struct admin *a = calloc(1, sizeof *a);
    if (a) {
        a->store = store;
        a->throttle = throttle_new();
    }
    if (a && a->throttle)
        a->hasher = hasher_new(base);
    if (a && a->hasher)
        a->press = print_press_new();
    if (a && a->press)
        a->proofs = print_proofs_new();
    if (a && a->proofs)
        a->printer = printer_new(base);
    if (a && a->printer)
        a->events = events_new(base, a);
    if (a && a->events)
        a->troubles = trouble_watch_new(base, store);
    if (a && a->troubles)
        a->lost = lost_watch_new(base, store);
    if (!a || !a->lost) {
        snprintf(err, err_size, "out of memory or threads");
        admin_free(a);
        return NULL;
    }
    keep_setup(a, setup_token);
    owner_key(secret, a->owner_key);
    a->config = config;
    a->workers = workers;
    a->worker_count = config->workers;
    a->alerts = alerts_new(base, a);
    if (!a->alerts) {
        snprintf(err, err_size, "out of memory or threads");
        admin_free(a);
        return NULL;
    }
    a->has_token = config->admin_token[0] != '\0';
    if (a->has_token)
        auth_hash(config->admin_token, strlen(config->admin_token), a->token_hash);
    struct http_door_options o = {
        .routes = routes,
        .route_count = sizeof routes / sizeof *routes,
        .conn_data = sizeof(struct admin_request),
        .conns_max = ADMIN_CONNS_MAX,
        .chunked = true,
        .owner = a,
        .refuse = problem_refuse,
    };
    a->door = http_door_new(base, &o, config->admin_listen.host, config->admin_listen.port, err, err_size);
    if (!a->door) {
        admin_free(a);
        return NULL;
    }
    return a;
}

uint16_t admin_port(const struct admin *a)
{
    return http_door_port(a->door);
}

int admin_open(struct admin *a)
{
    return http_door_open(a->door);
}

void admin_drain(struct admin *a)
{
    http_door_drain(a->door);
}

size_t admin_conns(const struct admin *a)
{
    return http_door_conns(a->door);
}

void admin_free(struct admin *a)
{
    if (!a)
        return;
    hasher_free(a->hasher);
    alerts_free(a->alerts);
    printer_free(a->printer);
    print_press_free(a->press);
    print_proofs_free(a->proofs);
    http_door_free(a->door);
    events_free(a->events);
    trouble_watch_free(a->troubles);
    lost_watch_free(a->lost);
    throttle_free(a->throttle);
    free(a);
}

/* --- one request --- */

struct admin *admin_of(const struct conn *c)
{
    return conn_owner(c);
}

struct admin_request *request_of(struct conn *c)
{
    return conn_data(c);
}

bool request_read_slug(struct conn *c)
{
    char *slug = request_of(c)->slug;
    long len = span_decode(conn_segment(c, 0), false, slug, CAMPAIGN_SLUG_MAX + 1);
    for (long i = 0; i < len; i++)
        if (slug[i] >= 'A' && slug[i] <= 'Z')
            slug[i] = (char)(slug[i] - 'A' + 'a');
    if (len > 0 && campaign_slug_valid(slug, (size_t)len))
        return true;
    problem_reply_store(c, STORE_NOT_FOUND, PROBLEM_READING);
    return false;
}

bool request_read_group(struct conn *c)
{
    char *group = request_of(c)->group;
    long len = span_decode(conn_segment(c, 1), false, group, GROUP_ID_MAX + 1);
    return len > 0 && group_id_valid(group, (size_t)len);
}

void request_read_limit(struct conn *c, struct field_errors *errors)
{
    char text[8];
    long len = query_get(conn_request(c)->query, "limit", text, sizeof text);
    request_of(c)->limit = ADMIN_LIST_DEFAULT;
    if (len == -1 || (len >= 0 && (len == 0 || len > 3 || strspn(text, "0123456789") != (size_t)len ||
                                   strtol(text, NULL, 10) < 1 || strtol(text, NULL, 10) > STORE_PAGE_MAX)))
        field_errors_add(errors, "limit", "must be an integer from 1 to %d", (int)STORE_PAGE_MAX);
    else if (request_parameter_given(errors, "limit", len))
        request_of(c)->limit = (int)strtol(text, NULL, 10);
}

bool request_parameter_given(struct field_errors *errors, const char *name, long len)
{
    if (len == -1)
        field_errors_add(errors, name, "is malformed or too long");
    else if (len == -3)
        field_errors_add(errors, name, "is given twice");
    return len >= 0;
}

/* --- open to everyone --- */

static void show_health(struct conn *c)
{
    bool up = store_is_up(admin_of(c)->store);
    const char *text = up ? "ok\n" : "the store cannot be reached\n";
    struct reply r;
    answer_begin(&r, c, up ? 200 : 503, "text/plain; charset=utf-8");
    if (!up) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", ADMIN_RETRY_AFTER);
        reply_header_text(&r, "Retry-After", seconds);
    }
    reply_end(&r, text, strlen(text));
}

static void show_description(struct conn *c)
{
    struct reply r;
    answer_begin(&r, c, 200, "application/json");
    reply_end(&r, embed_openapi_json, embed_openapi_json_len);
}
