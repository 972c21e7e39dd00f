/* Where Redis is: redis://[user:pass@]host[:port][/db] or unix:///path. */
#ifndef STORAGE_REDIS_URL_H
#define STORAGE_REDIS_URL_H

#include <stdbool.h>

enum {
    REDIS_HOST_MAX = 254,
    REDIS_USER_MAX = 128,
    REDIS_PASSWORD_MAX = 512,
    REDIS_PATH_MAX = 107, /* bytes of a unix socket's path; sun_path with its NUL */
};

struct redis_url {
    bool is_unix;
    char path[REDIS_PATH_MAX + 1];
    char host[REDIS_HOST_MAX + 1];
    char address[64]; /* host, resolved */
    int port;
    char user[REDIS_USER_MAX + 1];
    char password[REDIS_PASSWORD_MAX + 1];
    int db;
};

/* NULL, or why not, in words that hold no password. Resolves the host's name: blocks, so only before serving. */
const char *redis_url_parse(const char *text, struct redis_url *url);

#endif
