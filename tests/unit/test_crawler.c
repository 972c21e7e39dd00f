/* server/public/crawler.c: self-declared machines get a preview; a person is never taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "crawler.h"

static const char *const machines[] = {
    "WhatsApp/2.23.20.0",
    "WhatsApp/2.2587.9 W",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
    "Safari/601.2.4 "
    "facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "mpcrawler",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    ("Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; "
     "Bytespider)"),
    "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0); 360Spider",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
};

static const char *const people[] = {
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "MicroMessenger/8.0.42(0x18002a2e) NetType/WIFI Language/zh_CN",
    "Mozilla/5.0 (Linux; Android 13; M2102J2SC) AppleWebKit/537.36 Chrome/111.0 Mobile Safari/537.36 wxwork/4.1.10",
    "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/109.0 MQQBrowser/6.2 Mobile Safari/537.36 V1_AND_SQ "
    "QQ/8.9.78",
    "Mozilla/5.0 (Linux; Android 10) AppleWebKit/537.36 Chrome/83.0 Mobile Safari/537.36 "
    "SogouMSE,SogouMobileBrowser/5.34.3",
    "Mozilla/5.0 (Linux; Android 11) AppleWebKit/537.36 Mobile Safari/537.36 baiduboxapp/13.40.0.10 (Baidu; P1 11)",
    "Mozilla/5.0 (Linux; U; Android 12; zh-CN) AppleWebKit/537.36 Chrome/100.0 UCBrowser/15.5.6.1228 Mobile "
    "Safari/537.36",
    "Mozilla/5.0 (Linux; U; Android 12) AppleWebKit/537.36 Quark/6.8.2.416 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; U; Android 13; zh-cn) AppleWebKit/537.36 XiaoMi/MiuiBrowser/18.1 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; HUAWEI) AppleWebKit/537.36 HuaweiBrowser/14.0.2.311 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 Chrome/110.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36",
    "curl/7.88.1",
    "",
};

static bool is_crawler(const char *ua)
{
    struct request r = {.header[HTTP_H_USER_AGENT] = {ua, strlen(ua)}};
    return crawler_is(&r);
}

static void machines_say_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (!is_crawler(machines[i]))
            fail_msg("%s", machines[i]);
}

static void people_are_people(void **state)
{
    const struct request nothing = {.method = HTTP_M_GET};
    (void)state;
    assert_false(crawler_is(&nothing));
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        if (is_crawler(people[i]))
            fail_msg("%s", people[i]);
}

static void prefetch_is_not_a_visit(void **state)
{
    static const struct {
        enum http_header header;
        const char *value;
        bool machine;
    } table[] = {
        {HTTP_H_SEC_PURPOSE, "prefetch", true},
        {HTTP_H_SEC_PURPOSE, "prefetch;prerender", true},
        {HTTP_H_PURPOSE, "prefetch", true},
        {HTTP_H_PURPOSE, "preview", true},
        {HTTP_H_X_MOZ, "prefetch", true},
        {HTTP_H_X_PURPOSE, "preview", true},
        {HTTP_H_PURPOSE, "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct request r = {.method = HTTP_M_GET};
        r.header[table[i].header] = (struct span){table[i].value, strlen(table[i].value)};
        assert_int_equal(crawler_is(&r), table[i].machine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_say_so),
        cmocka_unit_test(people_are_people),
        cmocka_unit_test(prefetch_is_not_a_visit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
