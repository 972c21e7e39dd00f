/* What is told when the server is ready: where it is, in the log and in a file, and how the first owner comes in. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "demo.h"
#include "log.h"
#include "server_private.h"

enum { SETUP_LINK_MAX = SERVER_URL_MAX + 64 };

void server_show_redis(const struct server *s, char *out, size_t size)
{
    size_t len = config_url_without_query(s->redis_url);
    const char *end = s->redis_url + len;
    const char *at = memrchr(s->redis_url, '@', len), *slashes = strstr(s->redis_url, "://");
    if (at && slashes && at > slashes)
        snprintf(out, size, "%.*s%.*s", (int)(slashes + 3 - s->redis_url), s->redis_url, (int)(end - at - 1), at + 1);
    else
        snprintf(out, size, "%.*s", (int)len, s->redis_url);
}

/* Written beside and renamed: whoever waits for the file never reads half of it. */
static int write_ready_file(const struct server *s, const char *redis)
{
    char temporary[CONFIG_TEXT_MAX + 8];
    snprintf(temporary, sizeof temporary, "%s.new", s->config.ready_file);
    FILE *f = fopen(temporary, "we");
    if (!f)
        return -errno;
    fprintf(f, "{\"public\":\"%s\",\"admin\":\"%s\",\"pid\":%d,\"redis\":\"", s->public_url, s->admin_url,
            (int)getpid());
    for (const char *p = redis; *p; p++)
        fprintf(f, (unsigned char)*p < 0x20 || *p == '"' || *p == '\\' ? "\\u%04x" : "%c", (unsigned char)*p);
    fputs("\"}\n", f);
    if (fclose(f) != 0 || rename(temporary, s->config.ready_file) != 0)
        return -errno;
    return 0;
}

/* Nobody can log in yet: whoever reads the log may make the first owner. */
static void tell_setup(struct server *s, char link[SETUP_LINK_MAX])
{
    link[0] = '\0';
    if (!s->setup_token[0])
        return;
    snprintf(link, SETUP_LINK_MAX, "%s/#setup=%s", s->admin_url, s->setup_token);
    log_event(LOG_INFO, "setup", "link", link, "detail", "makes the first owner, once, within 15 minutes", NULL);
    sodium_memzero(s->setup_token, sizeof s->setup_token);
}

void server_tell_ready(struct server *s)
{
    char redis[CONFIG_TEXT_MAX], pid[16], workers[16];
    server_show_redis(s, redis, sizeof redis);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    snprintf(workers, sizeof workers, "%d", s->config.workers);
    if (s->config.ready_file[0]) {
        int error = write_ready_file(s, redis);
        if (error) {
            server_fail(s, s->config.ready_file, strerror(-error));
            return;
        }
    }
    log_event(LOG_INFO, "ready", "public", s->public_url, "admin", s->admin_url, "base_url", s->config.base_url,
              "redis", redis, "workers", workers, "pid", pid, NULL);
    char link[SETUP_LINK_MAX];
    tell_setup(s, link);
    if (s->config.demo)
        demo_print(&s->config, s->admin_url, s->demo_token[0] ? s->demo_token : NULL, link[0] ? link : NULL);
}
