/*
 * One connection to Redis on one event base: find the master (where there are sentinels), connect, log in, one deadline
 * for the oldest command, reconnect with backoff. The only file of ours that includes hiredis is redis_link.c and those
 * that read replies; nobody outside storage/ sees it.
 *
 *     struct redis_call *call = redis_script_begin(link, REDIS_TAKE_SEATS, 3);
 *     redis_call_key(call, slug, "");
 *     redis_call_int(call, n);
 *     redis_call_send(call, take_done, ctx);
 *
 * redis_call_send calls done exactly once, never from inside the call. The reply is valid during done only. An error
 * reply never reaches done: it is logged and becomes a result (-NOSCRIPT is answered by one EVAL; -LOADING, -READONLY,
 * -MASTERDOWN and the like STORE_UNAVAILABLE; -MISCONF and -OOM STORE_NO_SPACE; an error raised by a script of ours as
 * "HUOMA <NAME>" the result of that name; any other STORE_BAD_REPLY). A reply that does not come in STORE_DEADLINE_MS
 * drops the link, and all that wait get STORE_TIMEOUT.
 *
 * Replies are matched to calls by their order alone. Where one got lost on the way (by something between that is not
 * Redis) each call would have another's answer for ever: so while the link is used a PING of a number goes out every
 * REDIS_CHECK_MS, and an answer with another one drops the link.
 *
 * With wait_replicas, a call that gives a seat or changes something for people is answered when so many replicas have
 * it (WAIT): one WAIT for all that were sent meanwhile. If they do not have it in REDIS_WAIT_MS the result is
 * STORE_TIMEOUT, because it may get lost, and further such calls are STORE_UNAVAILABLE, and not sent, until replicas
 * are there again.
 *
 * Where Redis may forget what it had answered (a replica that becomes the master), whoever remembers it puts it back
 * first: after the link was lost, or a node of a cluster has become a master, it stays down for REDIS_FENCE_MS more,
 * in which nothing but redis_call_mend calls goes out; and if Redis refuses these (it has no replicas yet, or no
 * memory), REDIS_FENCE_MS from when it takes them.
 */
#ifndef STORAGE_REDIS_LINK_H
#define STORAGE_REDIS_LINK_H

#include <hiredis/hiredis.h>

#include "redis_wire.h"
#include "store.h"

enum {
    REDIS_PENDING_MAX =
        8192, /* commands in flight on one link; more are STORE_UNAVAILABLE. A batch sends six a campaign */
    REDIS_CALL_KEEP = 16 * 1024, /* bytes of a call's buffer that are kept for the next */
    REDIS_BACKOFF_MIN_MS = 1,
    REDIS_BACKOFF_MAX_MS = 500,
    REDIS_BACKOFF_SENTINEL_MS = 100,
    REDIS_WAIT_MS = 400,       /* for replicas to have what was written; twice that is still within STORE_DEADLINE_MS */
    REDIS_CHECK_MS = 1000,     /* how often it is looked whether answers belong to what was asked */
    REDIS_PROBE_MS = 500,      /* how often it is looked whether they are there again */
    REDIS_FENCE_MS = 600,      /* all servers have heard of the new master by then */
    REDIS_MEND_AGAIN_MS = 200, /* when Redis refuses for now what is put back */
    REDIS_ADMIN_DEADLINE_MS = 5000, /* for calls that no visitor waits for */
};

/* The scripts, in storage/scripts/<name>.lua; scripts.c has their texts and SHA-1s. */
enum redis_script {
    REDIS_TAKE_SEATS,
    REDIS_CONFIRM_SEAT,
    REDIS_NEXT_SEAT,
    REDIS_READ_CAMPAIGN,
    REDIS_SAVE_CAMPAIGNS,
    REDIS_DELETE_CAMPAIGN,
    REDIS_LIST_CAMPAIGNS,
    REDIS_CLAIM_ALIASES,
    REDIS_SETTLE_ALIASES,
    REDIS_CHANGE_ROW,
    REDIS_PUT_SESSION,
    REDIS_READ_SESSION,
    REDIS_ADD_AUDIT,
    REDIS_LIST_AUDIT,
    REDIS_DUMP_CAMPAIGN,
    REDIS_RESTORE_CAMPAIGN,
    REDIS_RESTORE_AUDIT,
    REDIS_WAIT,
    REDIS_LIST_WAITING,
    REDIS_DELETE_WAITING,
    REDIS_SET_MEMBERS,
    REDIS_LIST_MEMBERS,
    REDIS_LOOK_CAMPAIGN,
    REDIS_CHANGE_ALERT,
    REDIS_TAKE_DELIVERIES,
    REDIS_SETTLE_DELIVERY,
    REDIS_COUNT_VISITS,
    REDIS_READ_STATS,
    REDIS_READ_PRINTED,
    REDIS_READ_CHANNELS,
    REDIS_PUT_BACK_SEATS,
    REDIS_MOVE_AUDIT,
    REDIS_NOTE_PROBLEMS,
    REDIS_TAKE_PROBLEMS,
    REDIS_SETTLE_PROBLEMS,
    REDIS_SCRIPT_COUNT
};

struct redis_link;
struct redis_call;
struct forecast_history_kept;
typedef void (*redis_done)(void *ctx, enum store_result r, const struct redisReply *reply);

struct redis_link *redis_link_new(struct event_base *base, const char *url, const char *prefix, int wait_replicas,
                                  store_log log, char err[STORE_ERR_MAX]);
void redis_link_free(struct redis_link *l);
bool redis_link_is_up(const struct redis_link *l);
const struct redis_url *redis_link_url(const struct redis_link *l);
/* Where it is, or was last; NULL: not known yet. */
const struct redis_address *redis_link_address(const struct redis_link *l);
bool redis_link_is_cluster(const struct redis_link *l);
/* mend is called behind each loss, when the fence begins, and again while Redis refuses what it sends; for who calls
 * this there is one. Of one Redis, which keeps what it has answered, nothing is forgotten: then this does nothing, and
 * is false. */
bool redis_link_on_mend(struct redis_link *l, void (*mend)(void *ctx), void *ctx);
/* Whether something of the slug can be put back now: its Redis is there, and has refused nothing since mend was called.
 * If it cannot, mend will be called when it can. */
bool redis_link_mends(const struct redis_link *l, const char *slug);
void redis_link_on_change(struct redis_link *l, void (*changed)(void *ctx, bool up), void *ctx);

/* Begins a call; never NULL (out of memory shows when it is sent). The first argument of a plain command is its name.
 */
struct redis_call *redis_call_begin(struct redis_link *l);
struct redis_call *redis_script_begin(struct redis_link *l, enum redis_script script, int keys);
void redis_call_bytes(struct redis_call *c, const char *bytes, size_t len);
void redis_call_text(struct redis_call *c, const char *text);
void redis_call_int(struct redis_call *c, int64_t n);
/* "<prefix>{slug}<suffix>", or "<prefix><suffix>" when slug is NULL. */
void redis_call_key(struct redis_call *c, const char *slug, const char *suffix);
/*
 * In a cluster all keys of a call must be in one slot. Keys without a slug share the tag REDIS_COMMON_TAG there. A
 * script that changes keys of a tag (a campaign's slug; NULL: none) writes its entry of the audit log into that tag's
 * outbox; the call is answered when the entry has been moved to the log (audit_outbox.h).
 */
void redis_call_audit_key(struct redis_call *c, const char *tag);
/* The sender had no memory for an argument: when the call is sent, it fails as if its own had run out. */
void redis_call_spoil(struct redis_call *c);
/* A plain command that is awaited as scripts that change something are, see above. */
void redis_call_await(struct redis_call *c);
/* Goes out also while the link is fenced. */
void redis_call_mend(struct redis_call *c);
/* deadline_ms: 0 is STORE_DEADLINE_MS. Before redis_call_send. */
void redis_call_deadline(struct redis_call *c, int deadline_ms);
void redis_call_send(struct redis_call *c, redis_done done, void *ctx);
/* Instead of sending it. NULL is fine. */
void redis_call_drop(struct redis_call *c);
/* For a sender who wants no more than the result. */
void redis_call_send_plain(struct redis_call *c, store_done done, void *ctx);

/* An entry as scripts/audit.lua takes it. NULL: nothing to tell. */
void redis_call_audit(struct redis_call *c, const struct store *s, const struct store_audit *audit);

/* The last argument of every script that opens the ledger, see ledger.lua. */
void redis_call_hour(struct redis_call *c, struct store *s);

/* For reading replies. false: not of that form. */
bool redis_reply_int(const struct redisReply *r, int64_t *n); /* an integer, or a string that is one */

/* The hash tag of all keys of alerts: no slug can be it. */
#define ALERTS_TAG "~alerts"
/* In a cluster, of all keys that have none elsewhere. */
#define REDIS_COMMON_TAG "~"

/* What struct store holds, for the files of this folder. */
struct store {
    struct event_base *base;
    struct redis_link *link;
    char prefix[STORE_PREFIX_MAX + 1];
    char url[1024];
    int hold_seconds;
    int audit_days;
    int stats_days;
    struct allowed_hosts allowed_hosts;
    int64_t hour_minute;                     /* of the process's clock when these were made: */
    uint32_t hour;                           /* as store_hour tells it */
    char hour_text[32];                      /* "2026-11-25 14 400", as scripts are told it */
    size_t stats_reading;                    /* ranges of statistics that are being read */
    struct printed_read *printed;            /* campaigns that are being read to be printed */
    struct forecast_history_kept *forecasts; /* STORE_FORECASTS_KEPT; NULL: nobody has asked */
    store_log log;
};

/* Sets hour and hour_text to what the process's zone says of that moment; of the same minute, nothing. */
void store_hour_at(struct store *s, int64_t unix_now);

/* --- forecast.c --- */
void forecasts_free(struct store *s);

#endif
