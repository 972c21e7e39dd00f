/* Which links may be a group's, and what platform they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "campaign.h"
#include "platform.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
    const char *url;
    enum platform platform;
} accepted[] = {
    {"https://weixin.qq.com/g/AwYAAAbc", PLATFORM_WECHAT},
    {"http://weixin.qq.com/g/AwYAAAbc", PLATFORM_WECHAT},
    {"HTTPS://WeiXin.QQ.com/g/AwYAAAbc", PLATFORM_WECHAT},
    {"https://weixin.qq.com:443/g/A", PLATFORM_WECHAT},
    {"https://weixin.qq.com:8443/g/A", PLATFORM_WEB},
    {"http://weixin.qq.com:443/g/A", PLATFORM_WEB},
    {"https://weixin.qq.com/G/A", PLATFORM_WEB},
    {"https://weixin.qq.com/r/A", PLATFORM_WEB},
    {"https://weixin.qq.com?/g/A", PLATFORM_WEB},
    {"https://weixin.qq.com.evil.com/g/A", PLATFORM_WEB},
    {"https://evil-weixin.qq.com/g/A", PLATFORM_WEB},
    {"https://evil.com/https://weixin.qq.com/g/A", PLATFORM_WEB},
    {"https://evil.com#weixin.qq.com/g/A", PLATFORM_WEB},
    {"https://evil.com?weixin.qq.com/g/A", PLATFORM_WEB},
    {"https://work.weixin.qq.com/gm/0123456789abcdef", PLATFORM_WECOM},
    {"https://qm.qq.com/q/abcDEF", PLATFORM_QQ},
    {"https://qm.qq.com/cgi-bin/qm/qr?k=abc&x=%E4%BD%A0", PLATFORM_QQ},
    {"mqqapi://card/show_pslcard?src_type=internal&version=1&uin=1&card_type=group", PLATFORM_QQ},
    {"https://t.me/+AbCdEf", PLATFORM_TELEGRAM},
    {"https://telegram.me/joinchat/AbC", PLATFORM_TELEGRAM},
    {"tg://join?invite=AbC", PLATFORM_TELEGRAM},
    {"TG:join?invite=AbC", PLATFORM_TELEGRAM},
    {"https://chat.whatsapp.com/AbC", PLATFORM_WHATSAPP},
    {"https://discord.gg/AbC", PLATFORM_DISCORD},
    {"https://discord.com/invite/AbC", PLATFORM_DISCORD},
    {"https://discord.com/channels/1", PLATFORM_WEB},
    {"weixin://dl/business/?t=TICKET", PLATFORM_MINIPROGRAM},
    {"weixin://dl/business/?appid=wx1&path=pages/a.html&query=a%3Db", PLATFORM_MINIPROGRAM},
    {"https://wxaurl.cn/TICKET", PLATFORM_MINIPROGRAM},
    {"https://wxmpurl.cn/TICKET", PLATFORM_MINIPROGRAM},
    {"https://example.com", PLATFORM_WEB},
    {"https://example.com./", PLATFORM_WEB},
    {"http://localhost:8080/x", PLATFORM_WEB},
    {"http://127.0.0.1:65535/x", PLATFORM_WEB},
    {"http://[2001:db8::1]/x", PLATFORM_WEB},
    {"http://[::1]:8080/x", PLATFORM_WEB},
    {"https://xn--fsqu00a.xn--0zwm56d/", PLATFORM_WEB},
    {"https://medium.com/@someone/post", PLATFORM_WEB},
    {"https://example.com/?q=a|b{c}#@", PLATFORM_WEB},
    {"https://a_b.example.com/", PLATFORM_WEB},
};

static const struct {
    const char *url;
    const char *reason; /* part of it */
} refused[] = {
    {"", "empty"},
    {"example.com", "no scheme"},
    {"://example.com", "scheme not allowed"},
    {"javascript:alert(1)", "scheme not allowed"},
    {"data:text/html,x", "scheme not allowed"},
    {"file:///etc/passwd", "scheme not allowed"},
    {"ftp://example.com/", "scheme not allowed"},
    {"httpss://example.com/", "scheme not allowed"},
    {"http", "no scheme"},
    {"weixin://scan", "but for weixin://dl/business/"},
    {"weixin://dl/businessx/?t=A", "but for weixin://dl/business/"},
    {"weixin:dl/business/?t=A", "but for weixin://dl/business/"},
    {"weixin://dl/business/../scan", "dot segment"},
    {"weixin://dl/business/%2e%2e/scan", "dot segment"},
    {"weixin://a@dl/business/?t=A", "user info"},
    {"mqqapi:", "nothing behind"},
    {"tg:", "nothing behind"},
    {"tg://user:pass@join", "user info"},
    {"https://user@example.com/", "user info"},
    {"https://weixin.qq.com@evil.com/g/A", "user info"},
    {"https://a:b@example.com/", "user info"},
    {"https://@example.com/", "user info"},
    {"https:example.com", "no host"},
    {"https:/example.com", "no host"},
    {"https://", "no host"},
    {"https:///path", "no host"},
    {"https://?q", "no host"},
    {"https://:80/", "no host"},
    {"https://.", "not well-formed"},
    {"https://a..b/", "not well-formed"},
    {"https://.example.com/", "not well-formed"},
    {"https://-a.com/", "not well-formed"},
    {"https://a-.com/", "not well-formed"},
    {"https://weixin.qq.com%2eevil.com/g/A", "not well-formed"},
    {"https://weixin.qq.com%00.evil.com/g/A", "escaped NUL"},
    {"https://example.com/%00", "escaped NUL"},
    {"https://example.com/%zz", "two hex digits"},
    {"https://example.com/%2", "two hex digits"},
    {"https://example.com/%", "two hex digits"},
    {"https://weixin.qq.com\\@evil.com/", "backslash"},
    {"https://example.com\\g", "backslash"},
    {"https://example.com/\"><script>", "quote or angle"},
    {"https://a,b.com/", "not well-formed"},
    {"http://1.2.3/", "not well-formed"},
    {"http://2130706433/", "not well-formed"},
    {"http://0x7f.1/", "not well-formed"},
    {"http://0x7f000001/", "not well-formed"},
    {"http://256.1.1.1/", "not well-formed"},
    {"http://example.1/", "not well-formed"},
    {"http://[::1/", "not well-formed"},
    {"http://[]/", "not well-formed"},
    {"http://[:::1]/", "not well-formed"},
    {"http://[fe80::1%25eth0]/", "not well-formed"},
    {"http://[v1.a]/", "not well-formed"},
    {"http://[::1]x/", "not well-formed"},
    {"http://::1/", "port"},
    {"https://example.com:/", "port"},
    {"https://example.com:0/", "port"},
    {"https://example.com:65536/", "port"},
    {"https://example.com:80a/", "port"},
    {"https://example.com:-1/", "port"},
    {"https://example.com:000080/", "port"},
    {" https://example.com/", "white space"},
    {"https://example.com/ ", "white space"},
    {"https://example.com/\t", "white space"},
    {"https://example.com/\r\nSet-Cookie: a", "white space"},
    {"https://example.com/\x01", "control character"},
    {"https://example.com/\x7f", "control character"},
    {"https://例子.cn/", "outside ASCII"},
    {"https://example.com/\xff", "outside ASCII"},
};

static void accepts_and_names_links(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(accepted); i++) {
        const char *reason = platform_check_url(accepted[i].url, strlen(accepted[i].url));

        if (reason)
            fail_msg("%s: refused: %s", accepted[i].url, reason);
        if (platform_of_url(accepted[i].url) != accepted[i].platform)
            fail_msg("%s: is %s", accepted[i].url, platform_name(platform_of_url(accepted[i].url)));
    }
}

static void refuses_links(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        const char *reason = platform_check_url(refused[i].url, strlen(refused[i].url));

        if (!reason || !strstr(reason, refused[i].reason))
            fail_msg("\"%s\": %s", refused[i].url, reason ? reason : "accepted");
    }
}

static void refuses_nul_and_reads_no_further_than_len(void **state)
{
    char *exact = malloc(8);

    (void)state;
    assert_non_null(platform_check_url("https://example.com/\0x", 22));
    memcpy(exact, "https://", 8); /* no NUL behind it: ASan sees a read too far */
    assert_non_null(platform_check_url(exact, 8));
    memcpy(exact, "https:/%", 8);
    assert_non_null(platform_check_url(exact, 8));
    free(exact);
}

static void bounds_the_length(void **state)
{
    char url[GROUP_URL_MAX + 2] = "https://example.com/";
    char host[300] = "https://";

    (void)state;
    memset(url + strlen(url), 'a', sizeof(url) - strlen(url) - 1);
    assert_non_null(strstr(platform_check_url(url, GROUP_URL_MAX + 1), "2048"));
    assert_null(platform_check_url(url, GROUP_URL_MAX));
    memset(host + 8, 'a', 64);
    assert_non_null(platform_check_url(host, 8 + 64));
    assert_null(platform_check_url(host, 8 + 63));
    for (size_t i = 8; i < 8 + 254; i++)
        host[i] = (i - 8) % 2 ? '.' : 'a';
    host[8 + 253] = 'a';
    assert_null(platform_check_url(host, 8 + 253));
    host[8 + 252] = 'a';
    assert_non_null(platform_check_url(host, 8 + 254));
}

static void names_and_pages(void **state)
{
    static const char *const names[] = {"web",      "wechat",   "wecom",   "qq",
                                        "telegram", "whatsapp", "discord", "miniprogram"};

    (void)state;
    for (int p = 0; p < PLATFORM_COUNT; p++) {
        assert_string_equal(platform_name((enum platform)p), names[p]);
        assert_int_equal(platform_wants_page((enum platform)p), p == PLATFORM_WECHAT || p == PLATFORM_WECOM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_names_links),
        cmocka_unit_test(refuses_links),
        cmocka_unit_test(refuses_nul_and_reads_no_further_than_len),
        cmocka_unit_test(bounds_the_length),
        cmocka_unit_test(names_and_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
