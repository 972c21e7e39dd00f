/* What the pages of a visitor say, in Chinese and English. */
#include "landing_words.h"

#include <stdio.h>
#include <time.h>

const struct landing_words landing_words[LANDING_LANGUAGES] = {
    [LANDING_ZH] = {.alt = "进群二维码",
                    .next = "进不去？换一个群",
                    .save = "保存图片",
                    .join = "我要进群",
                    .join_why = "点一下，为你留住名额。",
                    .tap_say = "点一下按钮，为你留一个名额。",
                    .prove_say = "和你用同一个网络扫码的人很多。点一下按钮，就能进群。",
                    .prove_busy = "正在进群…",
                    .prove_wait = "请等 %d 秒再点按钮。",
                    .prove_early = "还差一点：从打开页面起等 %d 秒，再点按钮。",
                    .preview_say = "用手机打开，找到有名额的群。",
                    .again = "再试一次",
                    .wait_before = "",
                    .wait_after = "秒后自动再试",
                    .until = "有效期至 %s",
                    .begins = "%s 开始",
                    .contact = "或添加管理员",
                    .contact_alt = "管理员二维码",
                    .list_say = "扫这个码会去到这里。只是看看，不占名额。",
                    .list_none = "现在没有可进的群。",
                    .list_more = "还有 %zu 个群",
                    .list_fallback = "备用链接",
                    .list_fallback_name = "群满以后",
                    .report = "举报",
                    .report_subject = "%E4%B8%BE%E6%8A%A5%EF%BC%9A"},
    [LANDING_EN] = {.alt = "QR code of the group",
                    .next = "Can't get in? Try another group",
                    .save = "Save image",
                    .join = "I want to join",
                    .join_why = "One tap keeps your seat.",
                    .tap_say = "Tap the button and we keep a seat for you.",
                    .prove_say =
                        "Many people are scanning from the same network as you. Tap the button and you are in.",
                    .prove_busy = "Getting you in …",
                    .prove_wait = "Wait %d seconds, then tap the button.",
                    .prove_early = "Almost: tap the button %d seconds after the page opened.",
                    .preview_say = "Open it on your phone to find a group that has room.",
                    .again = "Try again",
                    .wait_before = "Trying again in",
                    .wait_after = "s",
                    .until = "Valid until %s",
                    .begins = "Begins %s",
                    .contact = "Or add the organiser",
                    .contact_alt = "QR code of the organiser",
                    .list_say = "This is where the code leads. Looking takes no seat.",
                    .list_none = "No group is open right now.",
                    .list_more = "and %zu more",
                    .list_fallback = "Fallback link",
                    .list_fallback_name = "When all are full",
                    .report = "Report abuse",
                    .report_subject = "Report%3A%20"},
};

const struct landing_wait_words landing_wait_words[LANDING_LANGUAGES] = {
    [LANDING_ZH] = {.label = {"称呼", "手机号或微信号"},
                    .wrong = {"请写 1 到 40 个字。", "请写手机号或微信号，5 到 32 位。"},
                    .say = {"留个称呼排队，有了名额按顺序进。", "留个号码排队，有了名额按顺序进。"},
                    .queue = "排队",
                    .privacy = "只用来排队，最多保存 %d 天。",
                    .place = "第 # 位",
                    .before = "前面还有 # 人",
                    .next = "下一个就是你",
                    .how = "轮到你时，这个页面会自动带你进群，名额为你留 %s。关掉也没关系，再扫一次码就回到这里。",
                    .minutes = "%d 分钟",
                    .hours = "%d 小时",
                    .missed = "刚才留给你的名额过时了。你还排在前面。",
                    .lost = "网络断了，连上以后自动更新。",
                    .leave = "不排了"},
    [LANDING_EN] = {.label = {"Your name", "Phone number or WeChat ID"},
                    .wrong = {"Please write 1 to 40 characters.", "Please write a phone number or WeChat ID of 5 to 32 "
                                                                  "characters."},
                    .say = {"Leave a name to wait. Seats that come free are given in order.",
                            "Leave a number to wait. Seats that come free are given in order."},
                    .queue = "Join the line",
                    .privacy = "Used for this line only, and kept for %d days at most.",
                    .place = "Number #",
                    .before = "# before you",
                    .next = "You are next",
                    .how = "When it is your turn, this page takes you in by itself; the seat is kept for %s. You may "
                           "close it: scan the code again to come back here.",
                    .minutes = "%d min",
                    .hours = "%d h",
                    .missed = "The seat that was kept for you has lapsed. You still stand at the front.",
                    .lost = "No connection. This page goes on by itself when it is back.",
                    .leave = "Leave the line"},
};

const struct landing_message_text landing_messages[LANDING_MESSAGES] = {
    [LANDING_NOT_FOUND] = {{{"没有找到这个码", "可能没扫完整，或者地址抄错了。请再扫一次。"},
                            {"This code was not found",
                             "It may be scanned in part, or copied with a mistake. Please scan it "
                             "again."}},
                           "stop",
                           false},
    [LANDING_OFF] = {{{"暂时停用了", "这个码现在不能进群。请联系给你码的人。"},
                      {"Stopped for now", "This code leads to no group at the moment. Please ask who gave it to you."}},
                     "stop",
                     true},
    [LANDING_NOT_BEGUN] = {{{"还没有开始", "到时间再扫一次，就能进群。"},
                            {"Not open yet", "Scan it again once it has begun."}},
                           "soon",
                           true},
    [LANDING_ENDED] = {{{"已经结束了", "进群的时间过了。想知道下一次，请联系给你码的人。"},
                        {"This has ended",
                         "The time to join is over. To hear of the next one, ask who gave you the code."}},
                       "stop",
                       false},
    [LANDING_FULL] = {{{"这一批群都满了", "有了名额，再扫一次就能进。"},
                       {"All groups are full", "Scan again later: when a seat is free, you get in."}},
                      "soon",
                      true},
    [LANDING_WAITING_FULL] = {{{"排队的人太多了", "过一会儿再扫一次。"},
                               {"The line is full", "Please scan the code again later."}},
                              "soon",
                              true},
    [LANDING_BUSY] = {{{"稍等，马上就好", "人有点多，页面会自动再试。"},
                       {"One moment", "It is busy right now. This page tries again by itself."}},
                      "",
                      true},
    [LANDING_BAD_REQUEST] = {{{"这次没有扫成", "请再扫一次二维码。"},
                              {"That did not work", "Please scan the code once more."}},
                             "stop",
                             false},
};

const struct landing_platform landing_platforms[PLATFORM_COUNT] = {
    [PLATFORM_WEB] = {{LANDING_WAY_OPEN, LANDING_WAY_OPEN}, {"打开链接", "Open the link"}},
    [PLATFORM_WECHAT] = {{LANDING_WAY_PRESS, LANDING_WAY_SAVE}, {NULL, NULL}},
    [PLATFORM_WECOM] = {{LANDING_WAY_PRESS, LANDING_WAY_SAVE}, {NULL, NULL}},
    [PLATFORM_QQ] = {{LANDING_WAY_OPEN, LANDING_WAY_OPEN}, {"打开 QQ 进群", "Open in QQ"}},
    [PLATFORM_TELEGRAM] = {{LANDING_WAY_LEAVE_APP, LANDING_WAY_OPEN}, {"打开 Telegram 进群", "Open in Telegram"}},
    [PLATFORM_WHATSAPP] = {{LANDING_WAY_LEAVE_APP, LANDING_WAY_OPEN}, {"打开 WhatsApp 进群", "Open in WhatsApp"}},
    [PLATFORM_DISCORD] = {{LANDING_WAY_LEAVE_APP, LANDING_WAY_OPEN}, {"打开 Discord 进群", "Open in Discord"}},
    [PLATFORM_MINIPROGRAM] = {{LANDING_WAY_OPEN, LANDING_WAY_OPEN}, {"打开小程序", "Open the mini program"}},
};

const char *const landing_platform_names[PLATFORM_COUNT][LANDING_LANGUAGES] = {
    [PLATFORM_WEB] = {"网页", "Web page"},
    [PLATFORM_WECHAT] = {"微信群", "WeChat group"},
    [PLATFORM_WECOM] = {"企业微信群", "WeCom group"},
    [PLATFORM_QQ] = {"QQ 群", "QQ group"},
    [PLATFORM_TELEGRAM] = {"Telegram", "Telegram"},
    [PLATFORM_WHATSAPP] = {"WhatsApp", "WhatsApp"},
    [PLATFORM_DISCORD] = {"Discord", "Discord"},
    [PLATFORM_MINIPROGRAM] = {"微信小程序", "WeChat mini program"},
};

const char *landing_way_text(enum landing_way way, enum platform p, enum landing_language lang)
{
    static const char *const text[][LANDING_LANGUAGES] = {
        [LANDING_WAY_PRESS] = {"长按识别二维码进群", "Press and hold the code to join"},
        [LANDING_WAY_SAVE] = {"保存图片，用微信扫一扫", "Save the image, scan it in WeChat"},
        [LANDING_WAY_OPEN] = {"扫码，或点按钮打开", "Scan the code, or tap the button"},
        [LANDING_WAY_LEAVE_APP] = {"点右上角 ···，在浏览器打开", "Tap ··· above, then open in your browser"},
        [LANDING_WAY_TAP] = {"点一下按钮，会在微信里打开", "Tap the button: it opens in WeChat"},
        [LANDING_WAY_PHONE] = {"用手机扫一扫，打开小程序", "Scan it with your phone to open the mini program"},
    };
    static const char *const wecom[] = {"保存图片，用企业微信或微信扫一扫",
                                        "Save the image, scan it in WeCom or WeChat"};

    static const char *const program[] = {"长按识别二维码，打开小程序",
                                          "Press and hold the code to open the mini program"};

    if (way == LANDING_WAY_PRESS && p == PLATFORM_MINIPROGRAM)
        return program[lang];
    return way == LANDING_WAY_SAVE && p == PLATFORM_WECOM ? wecom[lang] : text[way][lang];
}

void landing_date_write(char *out, size_t size, int64_t seconds, bool clock, enum landing_language lang)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t at = (time_t)seconds;
    struct tm tm;
    char time[16] = "";

    out[0] = '\0';
    if (!localtime_r(&at, &tm) || tm.tm_mon < 0 || tm.tm_mon > 11)
        return;
    if (clock)
        snprintf(time, sizeof time, lang == LANDING_ZH ? " %02d:%02d" : ", %02d:%02d", tm.tm_hour, tm.tm_min);
    if (lang == LANDING_ZH)
        snprintf(out, size, "%d 月 %d 日%s", tm.tm_mon + 1, tm.tm_mday, time);
    else
        snprintf(out, size, "%d %s%s", tm.tm_mday, months[tm.tm_mon], time);
}
