/* Limits, results, and what every call of the store knows. Part of store.h, which has the rules. */
#ifndef STORAGE_STORE_BASE_H
#define STORAGE_STORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum {
    STORE_ERR_MAX = 256,
    STORE_DEADLINE_MS = 1500,                /* a visitor is told within 2 s */
    STORE_PREFIX_MAX = 32,                   /* bytes of key_prefix */
    STORE_DEFINITION_MAX = 32 * 1024 * 1024, /* bytes of a stored definition */
    STORE_PAGE_MAX = 200,                    /* rows of a list */
    STORE_FORMAT = 1,                        /* of the store: the newest that this program reads and writes */
    STORE_FORMAT_MAX = 9999,
    STORE_SECRET = 32,                        /* bytes of hm:secret */
    STORE_TOKEN_HASH = 65,                    /* hex of SHA-256, with NUL */
    STORE_TOKENS_MAX = 10000,                 /* API tokens in a store */
    STORE_USERS_MAX = 1000,                   /* users in a store */
    STORE_DESTINATIONS_MAX = 50,              /* where alerts are sent */
    STORE_ALERT_SETTINGS_MAX = 1000,          /* campaigns with settings of their own */
    STORE_ALERTS_MAX = 1000,                  /* alerts that are kept, and that are open at a time */
    STORE_OUTBOX_MAX = 5000,                  /* messages that wait to be sent */
    STORE_LINKS_MAX = 500,                    /* owner links of a campaign */
    STORE_LOGO_MAX = 768 << 10,               /* bytes of a logo as base64 */
    STORE_FUNNELS_MAX = 500,                  /* funnels in a store */
    STORE_ROW_MAX = 4096,                     /* bytes of a record of these */
    STORE_SESSION_IDLE_SECONDS = 12 * 3600,   /* a session that is not used ends */
    STORE_SESSION_TOUCH_SECONDS = 60,         /* a use is written so often at most */
    STORE_AUDIT_ID_MAX = 41,                  /* "milliseconds-number" */
    STORE_DAY = 11,                           /* bytes of "2026-11-25" */
    STORE_STATS_DAYS_MAX = 400,               /* days of statistics that are read at once */
    STORE_CHANNELS_MAX = 32,                  /* channels whose counts are read at once */
    STORE_FORECAST_SECONDS = 30,              /* how old the history may be that a forecast is made of */
    STORE_FORECASTS_KEPT = 32,                /* campaigns whose history is kept */
    STORE_PLACE_ID = 22,                      /* characters of base64url that name one who waits */
    STORE_MEMBERS_SOURCE_MAX = 64,            /* bytes that say who counted heads */
    STORE_MEMBERS_POINTS_MAX = 721,           /* of a group's head counts: one an hour, 30 days */
    STORE_PROBLEMS_MAX = 16,                  /* campaigns that are taken to be looked at, at once */
    STORE_BATCH_MAX = 1000,                   /* campaigns that are saved at once */
    STORE_BATCH_GROUPS_MAX = 20000,           /* their groups: bounds how long scans wait for a save */
    STORE_BATCH_BYTES_MAX = 32 * 1024 * 1024, /* definitions that are read at once */
};

enum store_result {
    STORE_OK,
    STORE_FULL, /* no group open */
    STORE_NOT_FOUND,
    STORE_CONFLICT,    /* exists already, or the version has moved on */
    STORE_ALIAS_TAKEN, /* another campaign has one of its aliases: nothing was changed */
    STORE_STALE,       /* the seat is no longer kept */
    STORE_UNAVAILABLE, /* no link to Redis: nothing was changed */
    STORE_TIMEOUT,     /* no answer in time: unknown */
    STORE_BAD_REPLY,   /* an answer that makes no sense: unknown */
    STORE_NO_SPACE,    /* Redis refuses writes (-MISCONF, -OOM), or there are too many: nothing was changed */
    STORE_TOO_LARGE,   /* more than is read at once; nothing was changed */
    STORE_LAST_OWNER,  /* without that user nobody could make users: nothing was changed */
    STORE_RESULT_COUNT
};
const char *store_result_name(enum store_result r);

enum store_log_level { STORE_LOG_INFO, STORE_LOG_WARN, STORE_LOG_ERROR };
typedef void (*store_log)(enum store_log_level level, const char *event, const char *detail);

typedef void (*store_done)(void *ctx, enum store_result r);

/* What the audit log is told of a change, atomically with it. Only read during the call. */
struct store_audit {
    const char *who;            /* a user's name, "token:NAME", "admin_token", "cli:UNIX-USER", "owner-link:ID" */
    const char *action;         /* "campaign.change" */
    const char *target;         /* "campaign:SLUG", "campaign:SLUG/GROUP", "user:NAME", "token:ID" */
    const char *from;           /* an address, or "" */
    const char *before, *after; /* JSON objects of what is different; NULL or "": nothing to say */
};

#endif
