/* What single keys ask of their text, beyond its type. */
#include "config_checks.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config_types.h"

/* As storage/redis_url.h has them. */
enum {
    UNIX_PATH_MAX = 107, /* sun_path without its NUL */
    REDIS_HOSTS_MAX = 16,
    REDIS_MASTER_MAX = 64,
};

bool config_check_base_url(char *text, char why[CONFIG_WHY_MAX])
{
    char copy[CONFIG_TEXT_MAX];
    size_t scheme = strncasecmp(text, "https://", 8) == 0 ? 8 : strncasecmp(text, "http://", 7) == 0 ? 7 : 0;
    if (scheme == 0)
        return config_refuse(why, "does not begin with http:// or https://");
    for (size_t i = 0; i < scheme; i++)
        text[i] = (char)tolower((unsigned char)text[i]);
    if (strpbrk(text, "?#"))
        return config_refuse(why, "has a query or a fragment");
    char *path = text + scheme + strcspn(text + scheme, "/");
    snprintf(copy, sizeof copy, "%.*s", (int)(path - (text + scheme)), text + scheme);
    if (strchr(copy, '@'))
        return config_refuse(why, "has user info");
    if (!config_check_host_port(copy, why))
        return false;
    for (const char *p = path; *p; p++) /* RFC 3986, 3.3 */
        if (!isalnum((unsigned char)*p) && !strchr("/-._~!$&'()*+,;=:@%", *p))
            return config_refuse(why, "the path has a character that a URL may not have");
    for (size_t len = strlen(text); text[len - 1] == '/'; len--)
        text[len - 1] = '\0';
    return true;
}

/* A link that stands on pages as it is. */
bool config_check_abuse_contact(char *text, char why[CONFIG_WHY_MAX])
{
    char copy[CONFIG_TEXT_MAX];
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}", *p))
            return config_refuse(why, "has a character that a URL may not have");
    if (strncasecmp(text, "mailto:", 7) == 0) {
        const char *at = strchr(text + 7, '@');
        size_t end = strcspn(text, "?");
        return (at && at > text + 7 && at + 1 < text + end) ||
               config_refuse(why, "is not mailto: and a mail address (mailto:abuse@example.com)");
    }
    if (strncasecmp(text, "https://", 8) != 0)
        return config_refuse(why, "does not begin with mailto: or https://");
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(text + 8, "/?#"), text + 8);
    if (strchr(copy, '@'))
        return config_refuse(why, "has user info");
    return config_check_host_port(copy, why);
}

static bool check_hosts(char *text, bool several, char why[CONFIG_WHY_MAX])
{
    int count = 0;
    for (char *next; text; text = next) {
        next = several ? strchr(text, ',') : NULL;
        if (next)
            *next++ = '\0';
        if (++count > REDIS_HOSTS_MAX)
            return config_refuse(why, "has more than %d hosts", REDIS_HOSTS_MAX);
        if (!config_check_host_port(text, why))
            return false;
    }
    return true;
}

/* Takes the master's name off the front of what stands behind the hosts. */
static bool check_master(char **rest, char why[CONFIG_WHY_MAX])
{
    size_t len = *rest ? strcspn(*rest, "/") : 0;
    if (len == 0)
        return config_refuse(why, "names no master (redis+sentinel://host:port,host:port/mymaster)");
    if (len > REDIS_MASTER_MAX)
        return config_refuse(why, "the master's name has more than %d bytes", REDIS_MASTER_MAX);
    *rest = (*rest)[len] ? *rest + len + 1 : NULL;
    return true;
}

/* Says nothing of the value: it may hold a password. */
bool config_check_redis_url(char *text, char why[CONFIG_WHY_MAX])
{
    char copy[CONFIG_TEXT_MAX];
    if (strncmp(text, "unix://", 7) == 0) {
        if (text[7] != '/')
            return config_refuse(why, "unix:// needs an absolute path (unix:///run/redis/redis.sock)");
        if (strlen(text + 7) > UNIX_PATH_MAX)
            return config_refuse(why, "the path of the socket has more than %d bytes", UNIX_PATH_MAX);
        return true;
    }
    bool cluster = strncmp(text, "redis+cluster://", 16) == 0;
    bool sentinel = strncmp(text, "redis+sentinel://", 17) == 0;
    if (!sentinel && !cluster && strncmp(text, "redis://", 8) != 0)
        return config_refuse(
            why, "is neither redis://[user:pass@]host:port[/db] nor redis+sentinel://host:port,.../name nor "
                 "redis+cluster://host:port,... nor "
                 "unix:///path");
    char *authority = strstr(text, "://") + 3, *end = text + config_url_without_query(text), *rest;
    char *at = memrchr(authority, '@', (size_t)(end - authority));
    long n;
    if (at)
        authority = at + 1;
    snprintf(copy, sizeof copy, "%.*s", (int)(end - authority), authority);
    rest = strchr(copy, '/');
    if (rest)
        *rest++ = '\0';
    if (sentinel && !check_master(&rest, why))
        return false;
    if (rest && *rest && cluster)
        return config_refuse(why, "a cluster has no databases");
    if (rest && *rest && (!config_whole_number(rest, &n) || n < 0 || n > 65535))
        return config_refuse(why, "the database is not a number");
    return check_hosts(copy, sentinel || cluster, why);
}

bool config_check_key_prefix(char *text, char why[CONFIG_WHY_MAX])
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~' || *p == '{' || *p == '}')
            return config_refuse(why, "only printable ASCII without blanks and braces is possible");
    return true;
}

bool config_check_admin_token(char *text, char why[CONFIG_WHY_MAX])
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~')
            return config_refuse(why, "only printable ASCII without blanks is possible");
    return true;
}

bool config_timezone_known(const char *name)
{
    char path[128], magic[4] = "";
    bool known = false;
    if (name[0] != '/' && !strstr(name, "..")) {
        snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
        FILE *f = fopen(path, "re");
        if (f) {
            known = fread(magic, 1, sizeof magic, f) == sizeof magic && memcmp(magic, "TZif", 4) == 0;
            fclose(f);
        }
    }
    return known;
}

bool config_check_timezone(char *text, char why[CONFIG_WHY_MAX])
{
    char seen[CONFIG_ECHO_MAX];
    return config_timezone_known(text) ||
           config_refuse(why, "%s is not a time zone of this system (Asia/Shanghai, UTC ...)",
                         config_echo(text, seen, sizeof seen));
}
