/* The one table of keys. See config_keys.h. */
#include "config_keys.h"

#include <stddef.h>

#include "config_checks.h"
#include "config_types.h"

static const char *const FSYNC_WORDS[] = {"always", "everysec", NULL};
static const char *const LEVEL_WORDS[] = {"debug", "info", "warn", "error", NULL};

#define AT(field) offsetof(struct config, field)
#define SIZE(field) (sizeof(((struct config *)0)->field) - 1)

/* clang-format off */
const struct config_key config_keys[CONFIG_KEY_COUNT] = {
    /* name, type, field, min, max, fallback, shown, value, meaning, from */
    {.name = "config", NULL, 0, 0, 0, NULL, NULL, "FILE", "JSON file with any of the keys below", FROM_FLAG},
    {.name = "listen", &config_type_address, AT(listen), 0, 0, "0.0.0.0:8080", NULL, "HOST:PORT",
     "visitors' door (port 0: the system picks)", FROM_ANY},
    {.name = "admin_listen", &config_type_address, AT(admin_listen), 0, 0, "127.0.0.1:8081", NULL, "HOST:PORT",
     "operators' door", FROM_ANY},
    {.name = "base_url", &config_type_text, AT(base_url), 1, SIZE(base_url), "http://localhost:8080", NULL, "URL",
     "what the printed codes say", FROM_ANY, .check = config_check_base_url},
    {.name = "data_dir", &config_type_text, AT(data_dir), 1, SIZE(data_dir), "./data", NULL, "DIR",
     "the embedded Redis's data", FROM_ANY},
    {.name = "user", &config_type_text, AT(user), 0, SIZE(user), "", "whoever starts it", "NAME",
     "who serves, when root starts it (serve only)", FROM_ANY},
    {.name = "redis_url", &config_type_text, AT(redis_url), 0, SIZE(redis_url), "", "embedded", "URL",
     "redis://[user:pass@]host:port[/db], redis+sentinel://... (for their own login "
     "?sentinel_user=U&sentinel_password=P), redis+cluster://... or unix:///path", FROM_ANY, .secret = true, .check = config_check_redis_url},
    {.name = "key_prefix", &config_type_text, AT(key_prefix), 1, SIZE(key_prefix), "hm:", NULL, "TEXT",
     "begins every Redis key", FROM_ANY, .check = config_check_key_prefix},
    {.name = "appendfsync", &config_type_word, AT(appendfsync), 0, 0, "always", NULL, "WHEN",
     "always or everysec (embedded Redis only)", FROM_ANY, .words = FSYNC_WORDS},
    {.name = "wait_replicas", &config_type_number, AT(wait_replicas), 0, 16, "0", NULL, "N",
     "how many replicas of Redis have a seat before it is answered", FROM_ANY},
    {.name = "workers", &config_type_number, AT(workers), 1, CONFIG_WORKERS_MAX, NULL, "processors", "N",
     "threads that serve visitors", FROM_ANY},
    {.name = "hold_seconds", &config_type_number, AT(hold_seconds), 10, 86400, "180", NULL, "N",
     "how long an unconfirmed seat is kept", FROM_ANY},
    {.name = "visitor_days", &config_type_number, AT(visitor_days), 1, 400, "30", NULL, "N",
     "how long a visitor is known", FROM_ANY},
    {.name = "trusted_proxies", &config_type_cidrs, AT(trusted_proxies), 0, 0, "", "none", "CIDR,...",
     "whose X-Forwarded-For is believed", FROM_ANY},
    {.name = "admin_token", &config_type_text, AT(admin_token), 0, SIZE(admin_token), "", "none", "TOKEN",
     "an owner's API token that always works", FROM_FILE | FROM_ENV, .secret = true, .check = config_check_admin_token},
    {.name = "timezone", &config_type_text, AT(timezone), 0, SIZE(timezone), "", "the system's", "NAME",
     "days of statistics and hours of groups, as Asia/Shanghai", FROM_ANY, .check = config_check_timezone},
    {.name = "country_database", &config_type_text, AT(country_database), 0, SIZE(country_database), "", "none", "FILE",
     "where visitors are, in MaxMind's format: for `country`", FROM_ANY},
    {.name = "admin_url", &config_type_text, AT(admin_url), 0, SIZE(admin_url), "", "not known", "URL",
     "the operators' door as people reach it, for links in alerts", FROM_ANY, .check = config_check_base_url},
    {.name = "slug_length", &config_type_number, AT(slug_length), 8, 12, "8", NULL, "N",
     "characters of a slug that nobody chose, five random bits each", FROM_ANY},
    {.name = "allowed_hosts", &config_type_hosts, AT(allowed_hosts), 0, 0, "", "all", "HOST,...",
     "where groups and fallbacks may lead: example.com, *.example.com, tg:", FROM_ANY},
    {.name = "abuse_contact", &config_type_text, AT(abuse_contact), 0, SIZE(abuse_contact), "", "none", "URL",
     "mailto: or https: link on every visitor's page, to report abuse", FROM_ANY, .check = config_check_abuse_contact},
    {.name = "alert_private_hosts", &config_type_cidrs, AT(alert_private_hosts), 0, 0, "", "none", "CIDR,...",
     "private addresses that alerts may go to, also without TLS", FROM_ANY},
    {.name = "audit_days", &config_type_number, AT(audit_days), 1, 3650, "180", NULL, "N",
     "how long the audit log is kept", FROM_ANY},
    {.name = "stats_days", &config_type_number, AT(stats_days), 1, 3650, "400", NULL, "N",
     "how long statistics are kept", FROM_ANY},
    {.name = "log_level", &config_type_word, AT(log_level), 0, 0, "info", NULL, "LEVEL",
     "debug, info, warn or error", FROM_ANY, .words = LEVEL_WORDS},
    {.name = "ready_file", &config_type_text, AT(ready_file), 1, SIZE(ready_file), NULL, NULL, "FILE",
     "written once serving (serve only)", FROM_FLAG},
    {.name = "demo", &config_type_switch, AT(demo), 0, 0, NULL, NULL, NULL,
     "an empty store gets a campaign `demo` (serve only)", FROM_FLAG},
    {.name = "take_over", &config_type_switch, AT(take_over), 0, 0, NULL, NULL, NULL,
     "begin on ports that another huoma still serves, and end that one then (serve only)", FROM_FLAG},
};
/* clang-format on */
