/*
 * Everything that knows Redis, as the rest of the program sees it. The only header of storage/ that others include: it
 * has the store itself, and a part for each kind of thing that is kept in it (store_*.h).
 *
 * One struct store per thread, on that thread's event base; nothing here is shared between threads. Every call calls
 * back exactly once, never from inside the call, and always within STORE_DEADLINE_MS. A result of STORE_UNAVAILABLE
 * means that nothing was changed; STORE_TIMEOUT and STORE_BAD_REPLY mean *unknown*: the change may have been made.
 */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "hosts.h"
#include "store_accounts.h"
#include "store_alerts.h"
#include "store_audit.h"
#include "store_base.h"
#include "store_campaigns.h"
#include "store_members.h"
#include "store_seats.h"
#include "store_stats.h"

struct event_base;

struct store_options {
    const char *redis_url;              /* see redis_url.h */
    const char *key_prefix;             /* "hm:" */
    int hold_seconds;                   /* for campaigns that set none */
    int audit_days;                     /* how long an entry of the audit log is kept */
    int stats_days;                     /* how long statistics are */
    struct allowed_hosts allowed_hosts; /* definitions come with what leads elsewhere marked (hosts.h) */
    int wait_replicas;                  /* how many of Redis's replicas have a seat before it is answered */
    store_log log;
};

/* Starts to connect, and connects again, with backoff, whenever the link is lost. NULL: bad URL or out of memory, why
 * in err. */
struct store *store_new(struct event_base *base, const struct store_options *options, char err[STORE_ERR_MAX]);
/* Every pending call is called back with STORE_UNAVAILABLE or STORE_TIMEOUT first. NULL is fine. */
void store_free(struct store *s);

/* Whether the link is up: connected, authenticated, answered a PING. */
bool store_is_up(const struct store *s);
/* Called (if not NULL) when that changes. */
void store_on_change(struct store *s, void (*changed)(void *ctx, bool up), void *ctx);

/* Whether Redis answers and takes writes, now. */
void store_ping(struct store *s, store_done done, void *ctx);

/* --- the secret of cookies: made by whoever asks first, the same on every server --- */
typedef void (*store_secret_done)(void *ctx, enum store_result r, const unsigned char secret[STORE_SECRET]);
void store_secret(struct store *s, store_secret_done done, void *ctx);

/*
 * --- the format of what is kept (format.c) ---
 *
 * A program writes what the store's format says, whatever newer ones it knows, until an operator raises it, when no
 * older program serves any more. One that does not know the store's format must not touch it.
 */
int store_format_known(void); /* STORE_FORMAT */
/* r: OK, or BAD_REPLY where no number stands; else Redis did not answer, or there was no memory to ask it. */
typedef void (*store_format_done)(void *ctx, enum store_result r, int format);
void store_format(struct store *s, store_format_done done, void *ctx);
/* To the newest that this program knows. Only from an older one: who calls has looked. */
void store_raise_format(struct store *s, store_done done, void *ctx);
/* Why a store of that format is refused, as one line. */
void store_format_refusal(int format, char out[STORE_ERR_MAX]);

/* --- changes.c: what others change --- */
struct changes;
/* What is listened to. */
enum changes_of {
    CHANGES_SAVED,      /* saves and deletions */
    CHANGES_AND_GROUPS, /* and that a group has filled up, is open again, or suspect */
};
/* changed: a campaign's slug (not terminated), or NULL: some may have been missed (the link was down). NULL: out of
 * memory or a bad URL. */
struct changes *changes_new(struct store *s, enum changes_of of,
                            void (*changed)(void *ctx, const char *slug, size_t len), void *ctx,
                            char err[STORE_ERR_MAX]);
void changes_free(struct changes *c);

/* --- what Redis promises (redis_link.c): for the start's warning and `huoma check` --- */
struct store_facts {
    char version[32];
    /* "" unknown: CONFIG is not allowed, or there was no memory to ask or to hear. */
    char aof[8];       /* appendonly: "yes", "no" */
    char fsync[16];    /* appendfsync: "always", "everysec", "no" */
    char eviction[32]; /* maxmemory-policy */
    int64_t campaigns;
};
typedef void (*store_facts_done)(void *ctx, enum store_result r, const struct store_facts *f);
void store_facts(struct store *s, store_facts_done done, void *ctx);

#endif
