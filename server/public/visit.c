/*
 * Apps and systems by user agent. An app's browser names the system's browser too, and HarmonyOS Android, so the first
 * row that fits counts.
 */
#include "visit.h"

#include <string.h>

#include "landing_language.h"

struct word {
    const char *in_agent;
    int is;
};

static const struct word apps[] = {
    {"wxwork", VISIT_WECOM},    {"MicroMessenger", VISIT_WECHAT},
    {" QQ/", VISIT_QQ},         {"AlipayClient/", VISIT_ALIPAY},
    {"aweme", VISIT_DOUYIN},    {"Weibo", VISIT_WEIBO},
    {"__weibo__", VISIT_WEIBO}, {"", VISIT_BROWSER},
};

static const struct word systems[] = {
    {"HarmonyOS", VISIT_HARMONY}, {"OpenHarmony", VISIT_HARMONY}, {"iPhone", VISIT_IOS}, {"iPad", VISIT_IOS},
    {"iPod", VISIT_IOS},          {"Android", VISIT_ANDROID},     {"", VISIT_DESKTOP},
};

static int first_of(const struct word *words, struct span agent)
{
    while (words->in_agent[0] &&
           !(agent.at && memmem(agent.at, agent.len, words->in_agent, strlen(words->in_agent)) != NULL))
        words++;
    return words->is;
}

enum visit_app visit_app_of(const struct request *r)
{
    return (enum visit_app)first_of(apps, r->header[HTTP_H_USER_AGENT]);
}

struct visit visit_of(const struct request *r, const char *channel, int64_t now, struct zone *zone, unsigned asks)
{
    struct span accept = r->header[HTTP_H_ACCEPT_LANGUAGE];
    struct visit v = {.channel = channel};

    if (asks & (VISIT_FACT_APP | VISIT_FACT_LANGUAGE))
        v.app = visit_app_of(r);
    if (asks & VISIT_FACT_OS)
        v.os = (enum visit_os)first_of(systems, r->header[HTTP_H_USER_AGENT]);
    if (asks & VISIT_FACT_LANGUAGE && !language_best(accept.at, accept.len, v.language) && v.app != VISIT_BROWSER)
        memcpy(v.language, "zh", 3); /* these apps are used in Chinese, and not all of them say so */
    if (asks & VISIT_FACT_HOURS)
        v.week_minute = zone_week_minute(zone, now);
    return v;
}
