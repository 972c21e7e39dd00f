/* What goes out of an alert: to which addresses, in which form, in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <jansson.h>

#include "address.h"
#include "letter.h"

/* --- addresses --- */

static bool private_v4(const char *text)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, text, &a.sin_addr), 1);
    return address_is_private((struct sockaddr *)&a);
}

static bool private_v6(const char *text)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6};
    assert_int_equal(inet_pton(AF_INET6, text, &a.sin6_addr), 1);
    return address_is_private((struct sockaddr *)&a);
}

static void test_private_addresses_are_known_in_all_their_forms(void **state)
{
    static const char *const v4[] = {"0.0.0.0",        "10.0.0.1",     "100.64.0.1",      "100.100.100.200",
                                     "127.0.0.1",      "127.255.0.1",  "169.254.169.254", "172.16.0.1",
                                     "172.31.255.255", "192.0.0.8",    "192.168.1.1",     "198.18.0.1",
                                     "224.0.0.1",      "240.0.0.1",    "255.255.255.255", "192.88.99.1",
                                     "203.0.113.9",    "198.51.100.3", "192.0.2.1"};
    static const char *const v6[] = {
        "::",      "::1",         "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",  "fe80::1",
        "fc00::1", "fd12::1",     "ff02::1",          "64:ff9b::a00:1",  "64:ff9b:1::1", "2002:7f00:1::",
        "2001::1", "2001:db8::1", "fec0::1",          "100::1",          "3fff::1"};
    static const char *const open_v4[] = {"1.1.1.1",    "8.8.8.8",     "100.63.0.1",      "100.128.0.1", "172.15.0.1",
                                          "172.32.0.1", "192.169.0.1", "223.255.255.255", "11.0.0.1"};
    static const char *const open_v6[] = {"2606:4700::1111", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"};
    struct sockaddr unix_address = {.sa_family = AF_UNIX};
    (void)state;
    for (size_t i = 0; i < sizeof v4 / sizeof *v4; i++)
        if (!private_v4(v4[i]))
            fail_msg("%s", v4[i]);
    for (size_t i = 0; i < sizeof v6 / sizeof *v6; i++)
        if (!private_v6(v6[i]))
            fail_msg("%s", v6[i]);
    for (size_t i = 0; i < sizeof open_v4 / sizeof *open_v4; i++)
        if (private_v4(open_v4[i]))
            fail_msg("%s", open_v4[i]);
    for (size_t i = 0; i < sizeof open_v6 / sizeof *open_v6; i++)
        if (private_v6(open_v6[i]))
            fail_msg("%s", open_v6[i]);
    assert_true(address_is_private(&unix_address));
}

static bool counts(const struct config *c, const char *text)
{
    struct in6_addr a;
    assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
    return address_counts(c, &a);
}

static void test_strangers_are_counted_and_who_has_others_behind_it_is_not(void **state)
{
    static const char *const strangers[] = {"::ffff:8.8.8.8", "2400:3200::1", "2002:808:808::1", "2001::1"};
    static const char *const others[] = {"::ffff:127.0.0.1",  "::ffff:10.0.0.1", "::ffff:100.64.0.1",
                                         "::ffff:172.31.0.1", "::ffff:11.0.0.1", "::1",
                                         "fd12::1",           "fe80::1",         "64:ff9b::808:808"};
    struct config c = {.trusted_proxies.count = 1};
    (void)state;
    inet_pton(AF_INET6, "::ffff:11.0.0.0", &c.trusted_proxies.list[0].net);
    c.trusted_proxies.list[0].bits = 104;
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        if (!counts(&c, strangers[i]))
            fail_msg("%s", strangers[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (counts(&c, others[i]))
            fail_msg("%s", others[i]);
}

static void test_what_is_allowed_is_reached_and_nothing_else(void **state)
{
    struct config_cidrs none = {.count = 0}, loopback = {.count = 1};
    struct sockaddr_in own = {.sin_family = AF_INET}, open = {.sin_family = AF_INET};
    (void)state;
    inet_pton(AF_INET6, "::ffff:127.0.0.0", &loopback.list[0].net);
    loopback.list[0].bits = 104;
    inet_pton(AF_INET, "127.0.0.1", &own.sin_addr);
    inet_pton(AF_INET, "1.1.1.1", &open.sin_addr);
    assert_false(address_may_be_reached((struct sockaddr *)&own, false, &none));
    assert_true(address_may_be_reached((struct sockaddr *)&own, false, &loopback));
    assert_true(address_may_be_reached((struct sockaddr *)&own, true, &loopback));
    assert_true(address_may_be_reached((struct sockaddr *)&open, false, &none));
    assert_false(address_may_be_reached((struct sockaddr *)&open, true, &loopback)); /* never without TLS */
}

/* --- letters --- */

static struct alert_news news = {.event = ALERT_RAISED,
                                 .kind = ALERT_NEARLY_FULL,
                                 .slug = "run",
                                 .title = "春季跑步群 <!channel> & co",
                                 .group = "",
                                 .group_name = "",
                                 .server = "",
                                 .seats = 20,
                                 .link = "https://a.example/#/c/run",
                                 .owner_link = ""};

static struct letter *letter_to(enum destination_kind kind, const char *secret, json_t **ret_body)
{
    struct destination d = {.kind = kind, .url = "https://robot.example.com/send?key=K", .chat = "-100"};
    memcpy(d.secret, secret, strlen(secret) + 1);
    struct letter *l = letter_new(&d, &news, "7-9-ab", "{\"kind\":\"nearly_full\"}", NULL, 1700000000);
    assert_non_null(l);
    *ret_body = json_loadb(l->body, l->len, 0, NULL);
    assert_non_null(*ret_body);
    return l;
}

/* The expected values were made by openssl: printf '1700000000000\nSECabc' | openssl dgst -sha256 -hmac SECabc -binary
 * | base64 */
static void test_signatures_are_as_each_service_wants_them(void **state)
{
    json_t *body;
    (void)state;
    struct letter *l = letter_to(DESTINATION_DINGTALK, "SECabc", &body);
    assert_non_null(
        strstr(l->url, "?key=K&timestamp=1700000000000&sign=jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM%3D"));
    json_decref(body);
    letter_free(l);
    l = letter_to(DESTINATION_FEISHU, "SECabc", &body);
    assert_string_equal(json_string_value(json_object_get(body, "timestamp")), "1700000000");
    assert_string_equal(json_string_value(json_object_get(body, "sign")),
                        "XprR1de+0SSBnwWyU/4k6x2TL+Q2SJlM5NNEdAv7MWg=");
    json_decref(body);
    letter_free(l);
    l = letter_to(DESTINATION_DINGTALK, "", &body);
    assert_null(strstr(l->url, "sign="));
    json_decref(body);
    letter_free(l);
}

static void test_markup_in_titles_is_none(void **state)
{
    json_t *body;
    (void)state;
    struct letter *l = letter_to(DESTINATION_SLACK, "", &body);
    const char *text = json_string_value(json_object_get(body, "text"));
    assert_non_null(strstr(text, "&lt;!channel&gt; &amp; co"));
    json_decref(body);
    letter_free(l);
    l = letter_to(DESTINATION_DISCORD, "", &body);
    assert_int_equal(json_array_size(json_object_get(json_object_get(body, "allowed_mentions"), "parse")), 0);
    assert_true(json_is_array(json_object_get(json_object_get(body, "allowed_mentions"), "parse")));
    json_decref(body);
    letter_free(l);
}

static void test_answers_are_understood(void **state)
{
    static const struct {
        enum destination_kind kind;
        int status;
        const char *text;
        bool delivered, permanent;
        int later;
    } rows[] = {
        {DESTINATION_WECOM, 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", true, false, 0},
        {DESTINATION_WECOM, 200, "{\"errcode\":93000,\"errmsg\":\"invalid webhook url\"}", false, true, 0},
        {DESTINATION_WECOM, 200, "{\"errcode\":45009}", false, false, 0},
        {DESTINATION_WECOM, 200, "<html>", false, false, 0},
        {DESTINATION_DINGTALK, 200, "{\"errcode\":310000,\"errmsg\":\"sign not match\"}", false, true, 0},
        {DESTINATION_FEISHU, 200, "{\"code\":0}", true, false, 0},
        {DESTINATION_FEISHU, 200, "{\"StatusCode\":0,\"StatusMessage\":\"success\"}", true, false, 0},
        {DESTINATION_FEISHU, 200, "{\"code\":19021}", false, true, 0},
        {DESTINATION_FEISHU, 200, "{\"code\":11232}", false, false, 0},
        {DESTINATION_SLACK, 200, "ok", true, false, 0},
        {DESTINATION_SLACK, 404, "no_service", false, true, 0},
        {DESTINATION_DISCORD, 204, "", true, false, 0},
        {DESTINATION_DISCORD, 429, "{\"retry_after\":1.5}", false, false, 2},
        {DESTINATION_TELEGRAM, 429, "{\"ok\":false,\"parameters\":{\"retry_after\":30}}", false, false, 31},
        {DESTINATION_TELEGRAM, 403, "{\"ok\":false}", false, true, 0},
        {DESTINATION_WEBHOOK, 500, "", false, false, 0},
        {DESTINATION_WEBHOOK, 302, "", false, true, 0},
        {DESTINATION_WEBHOOK, 410, "", false, true, 0},
        {DESTINATION_WEBHOOK, 202, "", true, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct letter_answer a = {.status = rows[i].status};
        letter_keep_text(&a, rows[i].text, strlen(rows[i].text));
        letter_judge(rows[i].kind, &a);
        if (a.delivered != rows[i].delivered || a.permanent != rows[i].permanent || a.retry_after != rows[i].later)
            fail_msg("row %zu: %d %d %d", i, a.delivered, a.permanent, a.retry_after);
    }
}

static void test_a_strangers_answer_is_harmless(void **state)
{
    struct letter_answer a = {.status = 500};
    char much[LETTER_ANSWER_MAX * 2];
    (void)state;
    letter_keep_text(&a,
                     "a\x1b[2J\n\xff"
                     "\xe6\x98\xa5"
                     "\xe6\x98",
                     12);
    assert_string_equal(a.text, "a?[2J ?春??");
    memset(much, 'x', sizeof much);
    letter_keep_text(&a, much, sizeof much);
    assert_int_equal(strlen(a.text), LETTER_ANSWER_MAX);
}

/* --- words --- */

static void assert_says(bool english, const char *subject, const char *body_part)
{
    struct alert_text text;
    alert_text_write(&news, english, NULL, &text);
    assert_string_equal(text.subject, subject);
    assert_non_null(strstr(text.body, body_part));
    assert_null(strchr(text.subject, '{'));
    assert_null(strchr(text.body, '{'));
}

static void test_words(void **state)
{
    (void)state;
    news.title = "春季跑步群";
    assert_says(false, "春季跑步群：名额快满了，还剩 20 个", "查看：https://a.example/#/c/run");
    assert_says(true, "春季跑步群: nearly full, 20 seats left", "See: https://a.example/#/c/run");
    news.event = ALERT_OVER;
    assert_says(false, "已解除：春季跑步群：名额快满", "查看：");
    news.title = "";
    assert_says(true, "Over: run: nearly full", "");
    news.event = ALERT_RAISED;
    news.group = "g2";
    news.kind = ALERT_EXPIRING;
    news.at = 1700000000;
    news.owner_link = "https://a.example/#owner=T";
    assert_says(true, "run: the code of group g2 expires Nov 14, 22:13", "here: https://a.example/#owner=T");
    assert_says(false, "run：群 g2 的群码 11 月 14 日 22:13 过期", "换码：https://a.example/#owner=T");
    news.group_name = "第2群"; /* a blank stands beside Latin letters only */
    assert_says(false, "run：第2群的群码 11 月 14 日 22:13 过期", "");
    news.kind = ALERT_SUSPECT;
    assert_says(false, "run：有人反映进不去第2群", "");
    news.group_name = "VIP";
    assert_says(false, "run：有人反映进不去 VIP", "");
    for (int k = 0; k < ALERT_KINDS; k++) {
        news.kind = (enum alert_kind)k;
        struct alert_text text;
        for (int e = ALERT_RAISED; e <= ALERT_TEST; e++) {
            news.event = (enum alert_event)e;
            for (int english = 0; english < 2; english++) {
                alert_text_write(&news, english, NULL, &text);
                assert_true(text.subject[0] && !strchr(text.subject, '{') && !strchr(text.body, '{'));
            }
        }
    }
}

/* Names as long as they may be leave no room for the sentence: what is cut off is never half a character. */
static void test_the_longest_names_leave_whole_characters(void **state)
{
    enum { TITLE = 200, NAME = 100 };
    static const char smile[] = "\xf0\x9f\x98\x80";
    char title[TITLE * 4 + 1], name[NAME * 4 + 1];
    struct alert_text text;

    (void)state;
    for (size_t i = 0; i <= sizeof title - sizeof smile; i += 4)
        memcpy(title + i, smile, sizeof smile);
    news = (struct alert_news){.kind = ALERT_EXPIRING,
                               .slug = "run",
                               .title = title,
                               .group = "g2",
                               .link = "",
                               .owner_link = "",
                               .server = "a",
                               .group_name = name};
    for (size_t len = 1; len <= NAME; len++) {
        memcpy(name + 4 * (len - 1), smile, sizeof smile);
        for (int english = 0; english < 2; english++) {
            alert_text_write(&news, english, NULL, &text);
            json_t *said = json_string(text.subject); /* refuses bad UTF-8 */
            assert_non_null(said);
            json_decref(said);
        }
    }
}

/* --- destinations --- */

static void test_destinations_are_read_strictly_and_their_secrets_kept(void **state)
{
    static const struct {
        const char *json, *field;
    } wrong[] = {
        {"{\"kind\":\"pager\"}", "kind"},
        {"{\"kind\":\"slack\",\"name\":\"n\"}", "url"},
        {"{\"kind\":\"slack\",\"name\":\"n\",\"url\":\"http://hooks.slack.com/x\"}", "url"},
        {"{\"kind\":\"slack\",\"name\":\"n\",\"url\":\"https://u:p@hooks.slack.com/x\"}", "url"},
        {"{\"kind\":\"slack\",\"name\":\"n\",\"url\":\"https:///x\"}", "url"},
        {"{\"kind\":\"slack\",\"name\":\"n\",\"url\":\"https://h/ x\"}", "url"},
        {"{\"kind\":\"slack\",\"name\":\"n\",\"url\":\"https://h/x\",\"secret\":\"s\"}", "secret"},
        {"{\"kind\":\"slack\",\"name\":\"a\\nb\",\"url\":\"https://h/x\"}", "name"},
        {"{\"kind\":\"webhook\",\"name\":\"n\",\"url\":\"https://h/x\",\"secret\":\"abc\"}", "secret"},
        {"{\"kind\":\"webhook\",\"name\":\"n\",\"url\":\"https://h/x\"}", "secret"},
        {"{\"kind\":\"slack\",\"name\":\"n\",\"url\":\"https://h/x\",\"quiet\":{\"from\":\"22:00\"}}", "quiet"},
        {"{\"kind\":\"slack\",\"name\":\"n\",\"url\":\"https://h/x\",\"quiet\":{\"from\":\"24:00\",\"to\":\"08:00\"}}",
         "quiet"},
        {"{\"kind\":\"slack\",\"name\":\"n\",\"url\":\"https://h/x\",\"timezone\":\"Mars/Base\"}", "timezone"},
        {"{\"kind\":\"mail\",\"name\":\"n\",\"host\":\"h\",\"from\":\"a@b\",\"to\":\"c@d>\\u0020RCPT\"}", "to"},
        {"{\"kind\":\"mail\",\"name\":\"n\",\"host\":\"h\",\"from\":\"a@b\",\"to\":\"c@d\",\"security\":\"none\"}",
         "security"},
        {"{\"kind\":\"mail\",\"name\":\"n\",\"host\":\"h\",\"from\":\"a@b\",\"to\":\"c@d\",\"user\":\"u\"}", "secret"},
    };
    struct destination d, again;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct field_errors errors = {.count = 0};
        json_t *body = json_loads(wrong[i].json, 0, NULL);
        assert_non_null(body);
        destination_patch(&d, body, true, false, &errors);
        json_decref(body);
        if (errors.count == 0 || strcmp(errors.list[0].field, wrong[i].field) != 0)
            fail_msg("%s: %s", wrong[i].json, errors.count ? errors.list[0].field : "let through");
    }
    struct field_errors errors = {.count = 0};
    json_t *body = json_loads(
        "{\"kind\":\"dingtalk\",\"name\":\"值班\",\"url\":\"https://oapi.dingtalk.com/robot/send?access_token=T\","
        "\"secret\":\"SEC1\",\"quiet\":{\"from\":\"22:00\",\"to\":\"08:00\"},\"language\":\"en\"}",
        0, NULL);
    destination_patch(&d, body, true, false, &errors);
    json_decref(body);
    assert_int_equal(errors.count, 0);
    memcpy(d.id, "0123abcd", DESTINATION_ID);
    char *record = destination_to_record(&d);
    assert_true(destination_from_record(record, strlen(record), &again));
    free(record);
    assert_memory_equal(&d, &again, sizeof d);
    json_t *shown = destination_to_api(&d);
    char *text = json_dumps(shown, 0);
    assert_null(strstr(text, "SEC1"));
    assert_null(strstr(text, "access_token"));
    assert_non_null(strstr(text, "https://oapi.dingtalk.com/***"));
    free(text);
    json_decref(shown);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private_addresses_are_known_in_all_their_forms),
        cmocka_unit_test(test_strangers_are_counted_and_who_has_others_behind_it_is_not),
        cmocka_unit_test(test_what_is_allowed_is_reached_and_nothing_else),
        cmocka_unit_test(test_signatures_are_as_each_service_wants_them),
        cmocka_unit_test(test_markup_in_titles_is_none),
        cmocka_unit_test(test_answers_are_understood),
        cmocka_unit_test(test_a_strangers_answer_is_harmless),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_the_longest_names_leave_whole_characters),
        cmocka_unit_test(test_destinations_are_read_strictly_and_their_secrets_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
