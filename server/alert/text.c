/* See text.h. One table of phrases; {} is filled in by name. */
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* {title} {group} {seats} {time} {server} */
struct phrase {
    const char *says, *do_next;
};
struct phrases {
    struct phrase by_kind[ALERT_KINDS];
    struct phrase expired, over, test;
    const char *names[ALERT_KINDS]; /* what is over */
    const char *link, *owner_link, *group;
};

static const struct phrases chinese = {
    .by_kind =
        {
            [ALERT_NEARLY_FULL] = {"{title}：名额快满了，还剩 {seats} 个", "请添加新群，或调高人数上限。"},
            [ALERT_RUNS_OUT] = {"{title}：照现在的速度，名额大约 {time} 用完",
                                "还剩 {seats} 个。请准备下一个群，或调高人数上限。"},
            [ALERT_EXPIRING] = {"{title}：{group}的群码 {time} 过期", "请在过期前换上新码。"},
            [ALERT_SUSPECT] = {"{title}：有人反映进不去{group}", "这个群已排到最后。请检查群码，换码后自动恢复。"},
            [ALERT_BURST] = {"{title}：10 分钟里领走 {seats} 个名额，比平时快得多",
                             "如果不是你们在推广，可能有人在刷名额。请看看各渠道的人数和群里的新人。"},
            [ALERT_GIVEN_BACK] = {"{title}：10 分钟里有 {seats} 个名额领了没用，已经释放",
                                  "名额没有丢失。可能有程序在反复打开活码，请看看是哪个渠道。"},
            [ALERT_NO_GROUP] = {"{title}：没有可进的群了",
                                "现在扫码的人看到的是备用页。请添加新群、换码，或调高人数上限。"},
            [ALERT_BARRED] =
                {"{title}：有 {seats} 个群指向服务器不允许的域名",
                 "分到那里的人进不去。请换链接，或把群停用；域名没错的话，让管理服务器的人把它加进 allowed_hosts。"},
            [ALERT_STORE] = {"服务器 {server}：存储（Redis）从 {time} 起没有正常应答",
                             "新访客暂时领不到名额，已有名额的人不受影响。请检查 Redis 和磁盘。"},
        },
    .expired = {"{title}：{group}的群码已过期", "这个群不再进人。请换上新码。"},
    .over = {"已解除：{title}", ""},
    .test = {"这是一条测试消息", "收到它，说明提醒能发到这里。"},
    .names =
        {
            [ALERT_NEARLY_FULL] = "名额快满",
            [ALERT_RUNS_OUT] = "名额快用完",
            [ALERT_EXPIRING] = "{group}的群码快过期",
            [ALERT_SUSPECT] = "{group}进不去",
            [ALERT_BURST] = "名额领得太快",
            [ALERT_GIVEN_BACK] = "很多名额领了没用",
            [ALERT_NO_GROUP] = "没有可进的群",
            [ALERT_BARRED] = "群指向不允许的域名",
            [ALERT_STORE] = "存储没有应答",
        },
    .link = "查看：",
    .owner_link = "群主可以直接在这里换码：",
    .group = "群 ",
};

static const struct phrases english_phrases = {
    .by_kind =
        {
            [ALERT_NEARLY_FULL] = {"{title}: nearly full, {seats} seats left", "Add a group, or raise a limit."},
            [ALERT_RUNS_OUT] = {"{title}: at this pace all seats are gone by about {time}",
                                "{seats} left. Get the next group ready, or raise a limit."},
            [ALERT_EXPIRING] = {"{title}: the code of {group} expires {time}", "Renew it before then."},
            [ALERT_SUSPECT] = {"{title}: visitors can't get into {group}",
                               "It is offered last now. Check its code; a new one puts it back."},
            [ALERT_BURST] = {"{title}: {seats} seats taken in 10 minutes, far more than usual",
                             "If you are not promoting it right now, somebody may be draining it. Look at its channels "
                             "and at who is new in the groups."},
            [ALERT_GIVEN_BACK] = {"{title}: {seats} seats taken in 10 minutes were not used, and came back",
                                  "No seat is lost. A program may be opening the code over and over; look at which "
                                  "channel it comes by."},
            [ALERT_NO_GROUP] = {"{title}: no group is open",
                                "Who scans now sees the fallback. Add a group, renew a code, or raise a limit."},
            [ALERT_BARRED] = {"{title}: groups that lead to hosts this server does not allow: {seats}",
                              "Who gets a seat there is sent nowhere. Change the link, or switch the group off; if the "
                              "host is a good one, whoever runs the server adds it to allowed_hosts."},
            [ALERT_STORE] = {"Server {server}: the store (Redis) has not answered well since {time}",
                             "New visitors get no seat; who has one is not affected. Check Redis and the disk."},
        },
    .expired = {"{title}: the code of {group} has expired", "Nobody is sent there any more. Renew it."},
    .over = {"Over: {title}", ""},
    .test = {"This is a test message", "As it came here, alerts will too."},
    .names =
        {
            [ALERT_NEARLY_FULL] = "nearly full",
            [ALERT_RUNS_OUT] = "seats running out",
            [ALERT_EXPIRING] = "the code of {group} expires",
            [ALERT_SUSPECT] = "visitors can't get into {group}",
            [ALERT_BURST] = "seats taken unusually fast",
            [ALERT_GIVEN_BACK] = "many seats not used",
            [ALERT_NO_GROUP] = "no group open",
            [ALERT_BARRED] = "groups that lead to hosts not allowed",
            [ALERT_STORE] = "the store does not answer",
        },
    .link = "See: ",
    .owner_link = "Its owner can renew the code here: ",
    .group = "group ",
};

const char *alert_event_name(enum alert_event e)
{
    static const char *const names[] = {"raised", "worse", "over", "test"};
    return names[e];
}

struct writing {
    const struct alert_news *news;
    const struct phrases *phrases;
    bool english;
    struct zone *zone;
    char *at;
    size_t left, written; /* left: with the NUL */
};

/* As much as there is room for; a character is not cut. */
static void put_bytes(struct writing *w, const char *text, size_t len)
{
    size_t fits = len < w->left ? len : w->left - 1;
    while (fits > 0 && fits < len && ((unsigned char)text[fits] & 0xc0) == 0x80)
        fits--;
    memcpy(w->at, text, fits);
    w->at += fits;
    w->left -= fits;
    w->written += fits;
    *w->at = '\0';
}

static void put(struct writing *w, const char *text)
{
    put_bytes(w, text, strlen(text));
}

static void put_time(struct writing *w, int64_t at)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[48];
    time_t local = (time_t)(at + zone_offset(w->zone, at));
    struct tm tm;
    if (!gmtime_r(&local, &tm))
        return;
    if (w->english)
        snprintf(text, sizeof text, "%s %d, %02d:%02d", months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min);
    else
        snprintf(text, sizeof text, "%d 月 %d 日 %02d:%02d", tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min);
    put(w, text);
}

static bool is_latin(char c)
{
    return (unsigned char)c > ' ' && (unsigned char)c < 0x80;
}

/* In Chinese a blank stands between a Latin name and the words beside it, but not behind a full-width colon. */
static void put_group(struct writing *w)
{
    static const char colon[] = "：";
    const struct alert_news *n = w->news;
    const char *name = n->group_name[0] ? n->group_name : n->group;
    const char *before = w->written >= sizeof colon - 1 ? w->at - (sizeof colon - 1) : NULL;
    bool named = n->group_name[0] != '\0';
    if (!w->english && named && is_latin(name[0]) && before && memcmp(before, colon, sizeof colon - 1) != 0)
        put(w, " ");
    if (!named)
        put(w, w->phrases->group);
    put(w, name);
    if (!w->english && name[0] && is_latin(name[strlen(name) - 1]))
        put(w, " ");
}

static void put_named(struct writing *w, const char *name, size_t len)
{
    const struct alert_news *n = w->news;
    char number[24];
    if (strncmp(name, "title", len) == 0) {
        put(w, n->title[0] ? n->title : n->slug[0] ? n->slug : n->server);
    } else if (strncmp(name, "group", len) == 0) {
        put_group(w);
    } else if (strncmp(name, "seats", len) == 0) {
        snprintf(number, sizeof number, "%" PRId64, n->seats);
        put(w, number);
    } else if (strncmp(name, "time", len) == 0) {
        put_time(w, n->at);
    } else {
        put(w, n->server);
    }
}

static void put_phrase(struct writing *w, const char *phrase)
{
    const char *name = strchrnul(phrase, '{');
    put_bytes(w, phrase, (size_t)(name - phrase));
    while (*name) {
        const char *end = strchr(name, '}'), *next = strchrnul(end, '{');
        put_named(w, name + 1, (size_t)(end - name - 1));
        put_bytes(w, end + 1, (size_t)(next - end - 1));
        name = next;
    }
}

static void put_link(struct writing *w, const char *says, const char *link)
{
    if (!link[0] || w->left < strlen(says) + strlen(link) + 2)
        return;
    put(w, "\n");
    put(w, says);
    put(w, link);
}

static const struct phrase *phrase_of(const struct alert_news *n, const struct phrases *p)
{
    if (n->event == ALERT_TEST)
        return &p->test;
    if (n->event == ALERT_OVER)
        return &p->over;
    return n->expired ? &p->expired : &p->by_kind[n->kind];
}

void alert_text_write(const struct alert_news *n, bool english, struct zone *zone, struct alert_text *ret)
{
    const struct phrases *p = english ? &english_phrases : &chinese;
    const struct phrase *phrase = phrase_of(n, p);
    struct writing w = {n, p, english, zone, ret->subject, sizeof ret->subject, 0};
    ret->subject[0] = ret->body[0] = '\0';
    put_phrase(&w, phrase->says);
    if (n->event == ALERT_OVER) {
        put(&w, english ? ": " : "：");
        put_phrase(&w, p->names[n->kind]);
    }
    if (w.written > 0 && w.at[-1] == ' ')
        w.at[-1] = '\0'; /* it stood beside nothing */
    w.at = ret->body;
    w.left = sizeof ret->body;
    w.written = 0;
    put_phrase(&w, phrase->do_next);
    if (n->event != ALERT_OVER)
        put_link(&w, p->owner_link, n->owner_link);
    put_link(&w, p->link, n->link);
    if (ret->body[0] == '\n')
        memmove(ret->body, ret->body + 1, strlen(ret->body));
}
