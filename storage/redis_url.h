/*
 * Where Redis is:
 *
 *     redis://[user:pass@]host[:port][/db]
 *     unix:///path
 *     redis+sentinel://[user:pass@]host[:port],.../master-name[/db][?sentinel_user=...&sentinel_password=...]
 *     redis+cluster://[user:pass@]host[:port],...
 *
 * Hosts of sentinel are sentinels; user and pass log in to Redis, sentinel_user and sentinel_password to them. Hosts of
 * cluster are some of its nodes.
 */
#ifndef STORAGE_REDIS_URL_H
#define STORAGE_REDIS_URL_H

#include <stdbool.h>
#include <stddef.h>

enum {
    REDIS_HOST_MAX = 254,
    REDIS_HOSTS_MAX = 16, /* in one URL */
    REDIS_USER_MAX = 128,
    REDIS_PASSWORD_MAX = 512,
    REDIS_MASTER_MAX = 64, /* bytes of a master's name */
    REDIS_PATH_MAX = 107,  /* bytes of a unix socket's path; sun_path with its NUL */
    REDIS_PORT = 6379,     /* where none is given */
    REDIS_SENTINEL_PORT = 26379,
};

enum redis_kind { REDIS_ONE, REDIS_SENTINEL, REDIS_CLUSTER };

/* A name or an address, and a port. */
struct redis_host {
    char name[REDIS_HOST_MAX + 1];
    int port;
};

struct redis_url {
    enum redis_kind kind;
    bool is_unix;
    char path[REDIS_PATH_MAX + 1];
    struct redis_host hosts[REDIS_HOSTS_MAX];
    size_t host_count; /* 0 for a unix socket */
    char user[REDIS_USER_MAX + 1];
    char password[REDIS_PASSWORD_MAX + 1];
    char sentinel_user[REDIS_USER_MAX + 1];         /* empty: only a password */
    char sentinel_password[REDIS_PASSWORD_MAX + 1]; /* empty: sentinels want no login */
    char master[REDIS_MASTER_MAX + 1];              /* what sentinels call it */
    int db;
};

/* NULL, or why not, in words that hold no password. Names are not resolved here, see redis_lookup.h. */
const char *redis_url_parse(const char *text, struct redis_url *url);

#endif
