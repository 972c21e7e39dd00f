/* The settings of `huoma`, from defaults, then a JSON file, then the environment, then flags; a later one wins. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONFIG_ERR_MAX = 256,
    CONFIG_TEXT_MAX = 1024,
    CONFIG_CIDRS_MAX = 64,
    CONFIG_HOSTS_MAX = 64,
    CONFIG_HOST_MAX = 255,
    CONFIG_WORKERS_MAX = 256,
};

enum config_appendfsync { CONFIG_FSYNC_ALWAYS, CONFIG_FSYNC_EVERYSEC };
enum config_log_level { CONFIG_LOG_DEBUG, CONFIG_LOG_INFO, CONFIG_LOG_WARN, CONFIG_LOG_ERROR };

struct config_address {
    char host[64]; /* a numeric IPv4 or IPv6 address, without brackets */
    uint16_t port; /* 0: the system picks */
};

struct config_cidr {
    struct in6_addr net; /* IPv4 as v4-mapped */
    int bits;            /* 0 to 128, counted in the mapped form */
};

struct config_hosts {
    char list[CONFIG_HOSTS_MAX][CONFIG_HOST_MAX + 1]; /* in lower case: "a.example", "*.example", "[::1]", "tg:" */
    size_t count;
};

struct config_cidrs {
    struct config_cidr list[CONFIG_CIDRS_MAX];
    size_t count;
};

struct config {
    struct config_address listen, admin_listen;
    char base_url[CONFIG_TEXT_MAX]; /* http(s)://host[:port][/path], no slash at the end, no query */
    bool base_url_set;              /* by file, environment or flag */
    char data_dir[CONFIG_TEXT_MAX];
    char user[33];                   /* whom serve becomes when root starts it; empty: nobody else */
    char redis_url[CONFIG_TEXT_MAX]; /* empty: the embedded Redis */
    char key_prefix[33];
    enum config_appendfsync appendfsync;
    int wait_replicas;
    int workers;
    int hold_seconds;
    int visitor_days;
    int slug_length; /* characters of a slug that nobody chose */
    int audit_days;
    int stats_days;
    struct config_cidrs trusted_proxies;
    char admin_url[CONFIG_TEXT_MAX]; /* like base_url; empty: not known */
    struct config_cidrs alert_private_hosts;
    struct config_hosts allowed_hosts;      /* where links may lead; none: anywhere */
    char abuse_contact[257];                /* mailto: or https: link; empty: none */
    char admin_token[CONFIG_TEXT_MAX];      /* empty: none */
    char timezone[65];                      /* empty: the system's */
    char country_database[CONFIG_TEXT_MAX]; /* empty: none; not looked at here */
    enum config_log_level log_level;
    /* serve only */
    char ready_file[CONFIG_TEXT_MAX];
    bool demo;
    bool take_over; /* binds beside who has the ports */
};

/*
 * Fills *c. args: what stands behind the command word. Flags that are the configuration's (--config FILE, --listen A
 * ..., also --name=value) are taken out, all others are left in args in their order, *argc is lowered. Returns 0, or
 * -EINVAL with one line in err that names the key and the reason ("hold_seconds (HUOMA_HOLD_SECONDS): 5 is not from 10
 * to 86400").
 */
int config_load(struct config *c, int *argc, char **args, char err[CONFIG_ERR_MAX]);

/* For `huoma help serve`: a line for each key with flag, environment, default and meaning. malloc'd; NULL: out of
 * memory. */
char *config_describe(void);
/* For `huoma check`: a line for each key with its value; secrets are masked. malloc'd; NULL: out of memory. */
char *config_show(const struct config *c);
/* Whether the system has the time zone, by its IANA name. */
bool config_timezone_known(const char *name);
/* Whether X-Forwarded-For of a proxy at that address (IPv4 as v4-mapped) is believed; config: a struct config. */
bool config_trusts_proxy(const void *config, const struct in6_addr *a);
/* Whether the address (IPv4 as v4-mapped) is of the list. */
bool config_cidrs_hold(const struct config_cidrs *cidrs, const struct in6_addr *a);
/* How many bytes of a Redis URL stand before "?..." of sentinels, which logs in to them. */
size_t config_url_without_query(const char *url);
/* A Redis URL without users and passwords, for logs and errors. */
void config_mask_url(const char *url, char out[CONFIG_TEXT_MAX]);

#endif
