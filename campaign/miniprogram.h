/*
 * What a group that opens a WeChat mini program may say beyond its link: which program and page, and where to send
 * those whose app or device does not open the link. (developers.weixin.qq.com, open-ability/url-scheme and url-link)
 */
#ifndef CAMPAIGN_MINIPROGRAM_H
#define CAMPAIGN_MINIPROGRAM_H

#include <stdbool.h>
#include <stddef.h>

enum {
    MINIPROGRAM_APPID_LEN = 18,  /* bytes; wx and 16 hex digits in lower case */
    MINIPROGRAM_PATH_MAX = 1024, /* characters */
    MINIPROGRAM_QUERY_MAX = 512, /* characters */
    /* bytes that any built link fits: a character has four bytes at most, an escaped byte three characters */
    MINIPROGRAM_URL_ROOM = (MINIPROGRAM_PATH_MAX + MINIPROGRAM_QUERY_MAX) * 12 + 128,
};

enum miniprogram_version { MINIPROGRAM_RELEASE, MINIPROGRAM_TRIAL, MINIPROGRAM_DEVELOP };
extern const char *const miniprogram_versions[MINIPROGRAM_DEVELOP + 1];

/* Strings are NULL where nothing was said, and owned. */
struct miniprogram {
    char *appid, *path, *query;
    enum miniprogram_version version;
    char *url_link;     /* opens it inside WeChat */
    char *code;         /* the text of a code to be long-pressed inside WeChat */
    char *fallback_url; /* for desktops */
};

struct miniprogram *miniprogram_new(void);
/* Deep; NULL when out of memory. */
struct miniprogram *miniprogram_copy(const struct miniprogram *m);
void miniprogram_free(struct miniprogram *m);

bool miniprogram_appid_valid(const char *appid, size_t len);

/* A link that WeChat opens as it stands: https://wxaurl.cn/ or https://wxmpurl.cn/. */
bool miniprogram_is_url_link(const char *url);
/* A link of its own scheme: weixin:. */
bool miniprogram_is_scheme(const char *url);

/* The plain scheme of an appid, its parts percent-encoded (RFC 3986, 2.1), ended by a NUL. m->appid must be there. */
void miniprogram_build_url(const struct miniprogram *m, char out[MINIPROGRAM_URL_ROOM]);

#endif
