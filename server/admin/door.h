/* What the files of this folder share: the door, and what it keeps of one request until its answer. */
#ifndef SERVER_ADMIN_DOOR_H
#define SERVER_ADMIN_DOOR_H

#include <netinet/in.h>
#include <stdbool.h>

#include "admin.h"
#include "campaign_json.h"
#include "conn.h"
#include "store.h"

enum {
    ADMIN_CONNS_MAX = 512,             /* connections; each may send a body of HTTP_BODY_MAX, some larger ones */
    ADMIN_CHANGE_TRIES = 8,            /* how often a change is made anew because another one came between */
    ADMIN_SLUG_TRIES = 5,              /* how often a slug is drawn for a campaign that names none */
    ADMIN_LIST_DEFAULT = 50,           /* rows of a page */
    ADMIN_QUERY_MAX = 200,             /* bytes of ?q= */
    ADMIN_RETRY_AFTER = 2,             /* seconds, of a 503 */
    AUTH_NAME_MAX = 128,               /* bytes of a token's name */
    AUTH_HASH = 32,                    /* bytes of SHA-256 */
    AUTH_WHO_MAX = AUTH_NAME_MAX + 16, /* with "token:" before it */
    ADMIN_TOKEN_USES = 256,            /* tokens whose last use is remembered, so that it is not written each time */
    ADMIN_TOKEN_USE_SECONDS = 60,      /* how often it is */
};

/* In order: each may what those before it may. */
enum auth_role { AUTH_NOBODY, AUTH_VIEWER, AUTH_EDITOR, AUTH_ADMIN, AUTH_OWNER };

#define AUTH_COOKIE "hms"

struct alerts;
struct events;
struct events_client;
struct hasher;
struct lost_watch;
struct print_press;
struct print_proofs;
struct printer;
struct metrics_worker;
struct throttle;

struct token_use {
    char hash[STORE_TOKEN_HASH];
    int64_t written_s;
};

struct admin {
    const struct config *config;
    struct store *store;
    struct http_door *door;
    struct admin_request *changing; /* changes under way and those that wait for their turn, in order of arrival */
    const struct metrics_worker *workers; /* what they show of themselves */
    int worker_count;
    bool has_token;                      /* whether the configuration sets admin_token */
    unsigned char token_hash[AUTH_HASH]; /* of it */
    struct token_use token_uses[ADMIN_TOKEN_USES];
    unsigned char owner_key[AUTH_HASH]; /* of owner links' tokens */
    struct hasher *hasher;
    struct printer *printer;
    struct print_press *press;   /* the print thread's */
    struct print_proofs *proofs; /* of codes, as the print thread told them: for what is drawn without it */
    struct throttle *throttle;
    struct events *events;
    struct trouble_watch *troubles;
    struct lost_watch *lost;
    struct alerts *alerts;
    int64_t failed_minute; /* of failed logins in the audit log: which minute, and how many in it */
    int failed_count;
    unsigned char setup_hash[AUTH_HASH]; /* of the set-up link's token */
    int64_t setup_until;                 /* steady_seconds(); 0: there is none */
};

struct account;
struct batch_plan;
struct change;
struct print_task;
struct json_t;
struct admin_request;

/* The door's data in each connection: zeroed when a request begins, gone when it is answered. */
struct admin_request {
    enum auth_role role, needed;
    char by[AUTH_NAME_MAX + 1]; /* the user's or the token's name */
    char who[AUTH_WHO_MAX + 1]; /* likewise, as the audit log says it */
    char from[INET6_ADDRSTRLEN];
    char token[STORE_TOKEN_HASH];   /* the hash of the token; "" none, or the configuration's */
    char session[STORE_TOKEN_HASH]; /* likewise of the session's */
    char epoch[17];                 /* of the session */
    char link[17];                  /* an owner link's id */
    int64_t link_until;             /* unix seconds */
    struct events_client *listener; /* of GET /events */
    struct json_t *uses;            /* of tokens, or how sending went, while records are read; owned */
    struct account *account;        /* what a request about an account keeps, owned (account.h) */
    void (*then)(struct conn *c);
    char slug[CAMPAIGN_SLUG_MAX + 1]; /* of the path or, at a creation, of the campaign */
    char group[GROUP_ID_MAX + 1];     /* of the path or, at a creation, of the group */
    const struct change *change;
    struct batch_plan *batch; /* of campaigns:batch; owned by batch.c, gone before the answer */
    /* what change_turn_begin keeps */
    struct admin_request *next_change; /* in admin.changing */
    void (*turn)(struct conn *c);
    bool alone, running;
    int tries;
    int limit;                /* rows of a page */
    struct print_task *print; /* of what is printed; owned by prints.c, gone before the answer */
};

struct admin *admin_of(const struct conn *c);
struct admin_request *request_of(struct conn *c);
/* The campaign's slug out of the path's first {} in lower case; false: no campaign can have it, and 404 is answered. */
bool request_read_slug(struct conn *c);
/* The group's id out of the path's second {}; false: no group can have it. */
bool request_read_group(struct conn *c);
/* ?limit= of a list into request_of(c)->limit; an error if it is none. */
void request_read_limit(struct conn *c, struct field_errors *errors);
/* query_get's result as a field error; false: the parameter is not there, or not to be used. */
bool request_parameter_given(struct field_errors *errors, const char *name, long len);

#endif
