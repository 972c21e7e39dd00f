/*
 * Only names that fetchers give themselves, spelled out: a rule like "contains bot" takes a phone by Cubot for a
 * machine, and public lists take the Sogou browser and the Baidu app for crawlers. WeChat's link checker cannot be told
 * by its user agent; for it there are hold and confirm.
 */
#include "crawler.h"

#include <string.h>
#include <strings.h>

/* All in lower case. Each contains one of the stems that may_be_crawler looks for. */
static const char *const crawler_names[] = {
    "facebookexternalhit",
    "facebot",
    "meta-externalagent",
    "meta-externalfetcher",
    "twitterbot",
    "slackbot",
    "telegrambot",
    "discordbot",
    "linkedinbot",
    "mpcrawler",
    "googlebot",
    "adsbot-google",
    "bingbot",
    "bingpreview",
    "baiduspider",
    "bytespider",
    "sogou web spider",
    "sogou inst spider",
    "sogou pic spider",
    "360spider",
    "haosouspider",
    "yisouspider",
    "yandexbot",
    "yandexmobilebot",
    "ahrefsbot",
    "applebot",
    "duckduckbot",
    "petalbot",
    "semrushbot",
    "mj12bot",
    "dotbot",
    "gptbot",
    "oai-searchbot",
    "claudebot",
    "ccbot",
    "amazonbot",
    "pinterestbot",
    "redditbot",
    "skypeuripreview",
    "mastodonbot",
    "coccocbot",
    "seznambot",
};

/* One pass for the stems "bot", "spider", "crawler", "external", "preview": no person's request goes through the list.
 */
static bool may_be_crawler(struct span ua)
{
    static const char *const stems[] = {"bot", "spider", "crawler", "external", "preview"};
    for (size_t i = 0; i + 3 <= ua.len; i++) {
        for (size_t s = 0; s < sizeof stems / sizeof *stems; s++) {
            size_t len = strlen(stems[s]);
            if ((ua.at[i] | 0x20) == stems[s][0] && ua.len - i >= len && strncasecmp(ua.at + i, stems[s], len) == 0)
                return true;
        }
    }
    return false;
}

static bool contains_nocase(struct span text, const char *lower)
{
    size_t len = strlen(lower);
    for (size_t i = 0; i + len <= text.len; i++)
        if ((text.at[i] | 0x20) == (lower[0] | 0x20) && strncasecmp(text.at + i, lower, len) == 0)
            return true;
    return false;
}

static bool is_prefetch(const struct request *r)
{
    const struct span *h = r->header;
    return (h[HTTP_H_SEC_PURPOSE].at && contains_nocase(h[HTTP_H_SEC_PURPOSE], "prefetch")) ||
           (h[HTTP_H_PURPOSE].at &&
            (contains_nocase(h[HTTP_H_PURPOSE], "prefetch") || contains_nocase(h[HTTP_H_PURPOSE], "preview"))) ||
           (h[HTTP_H_X_MOZ].at && contains_nocase(h[HTTP_H_X_MOZ], "prefetch")) ||
           (h[HTTP_H_X_PURPOSE].at && contains_nocase(h[HTTP_H_X_PURPOSE], "preview"));
}

bool crawler_is(const struct request *r)
{
    struct span ua = r->header[HTTP_H_USER_AGENT];
    if (is_prefetch(r))
        return true;
    if (!ua.at)
        return false;
    /* WhatsApp and Signal fetch previews as "WhatsApp/2…"; a person's browser does not begin so. */
    if (ua.len > 9 && memcmp(ua.at, "WhatsApp/", 9) == 0)
        return true;
    if (!may_be_crawler(ua))
        return false;
    for (size_t i = 0; i < sizeof crawler_names / sizeof *crawler_names; i++)
        if (contains_nocase(ua, crawler_names[i]))
            return true;
    return false;
}
