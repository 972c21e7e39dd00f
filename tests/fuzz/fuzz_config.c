/* A configuration's file: settings within their bounds, or one line that says what is wrong. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "fuzz.h"

static void check_settings(const struct config *c)
{
    char *text = config_show(c), url[CONFIG_TEXT_MAX];
    CHECK(text && *text);
    free(text);
    CHECK(c->hold_seconds >= 10 && c->hold_seconds <= 86400 && c->workers >= 0 && c->workers <= CONFIG_WORKERS_MAX);
    CHECK(c->trusted_proxies.count <= CONFIG_CIDRS_MAX && c->allowed_hosts.count <= CONFIG_HOSTS_MAX);
    for (size_t i = 0; i < c->trusted_proxies.count; i++)
        CHECK(c->trusted_proxies.list[i].bits >= 0 && c->trusted_proxies.list[i].bits <= 128);
    config_mask_url(c->redis_url, url);
    CHECK(strlen(url) < sizeof url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], flag[] = "--config", err[CONFIG_ERR_MAX] = "";
    char *args[] = {flag, path, NULL};
    struct config c;
    int argc = 2, fd = memfd_create("huoma.json", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (config_load(&c, &argc, args, err) == 0) {
        CHECK(argc == 0);
        check_settings(&c);
    } else {
        CHECK(err[0] && strlen(err) < sizeof err);
    }
    close(fd);
    return 0;
}
