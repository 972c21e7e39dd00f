/* A mini program's details: made, copied, and the link that follows from them. */
#include "miniprogram.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "platform.h"

const char *const miniprogram_versions[] = {"release", "trial", "develop"};

struct miniprogram *miniprogram_new(void)
{
    return calloc(1, sizeof(struct miniprogram));
}

void miniprogram_free(struct miniprogram *m)
{
    if (!m)
        return;
    free(m->appid);
    free(m->path);
    free(m->query);
    free(m->url_link);
    free(m->code);
    free(m->fallback_url);
    free(m);
}

/* false: out of memory. A NULL stays NULL. */
static bool copy_text(char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return *to || !from;
}

struct miniprogram *miniprogram_copy(const struct miniprogram *m)
{
    struct miniprogram *copy = miniprogram_new();

    if (!copy)
        return NULL;
    copy->version = m->version;
    if (!copy_text(&copy->appid, m->appid) || !copy_text(&copy->path, m->path) || !copy_text(&copy->query, m->query) ||
        !copy_text(&copy->url_link, m->url_link) || !copy_text(&copy->code, m->code) ||
        !copy_text(&copy->fallback_url, m->fallback_url)) {
        miniprogram_free(copy);
        return NULL;
    }
    return copy;
}

bool miniprogram_appid_valid(const char *appid, size_t len)
{
    return len == MINIPROGRAM_APPID_LEN && memcmp(appid, "wx", 2) == 0 && strlen(appid) == len &&
           strspn(appid + 2, "0123456789abcdef") == len - 2;
}

bool miniprogram_is_url_link(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 && platform_of_url(url) == PLATFORM_MINIPROGRAM;
}

bool miniprogram_is_scheme(const char *url)
{
    return strncasecmp(url, "weixin:", 7) == 0;
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c));
}

static char *put_text(char *p, const char *text)
{
    return mempcpy(p, text, strlen(text));
}

/* Percent-encoded at p, but for what stands in `keep` too; the end. */
static char *put_escaped(char *p, const char *text, char keep)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (is_unreserved(c) || (keep && *text == keep)) {
            *p++ = *text;
            continue;
        }
        *p++ = '%';
        *p++ = digits[c >> 4];
        *p++ = digits[c & 15];
    }
    return p;
}

void miniprogram_build_url(const struct miniprogram *m, char out[MINIPROGRAM_URL_ROOM])
{
    char *p = put_text(out, "weixin://dl/business/?appid=");

    p = put_escaped(p, m->appid, 0);
    if (m->path)
        p = put_escaped(put_text(p, "&path="), m->path, '/');
    if (m->query)
        p = put_escaped(put_text(p, "&query="), m->query, 0);
    p = put_text(p, "&env_version=");
    p = put_text(p, miniprogram_versions[m->version]);
    *p = '\0';
}
