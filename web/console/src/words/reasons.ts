// The API gives its reasons in English; here is what they are called in Chinese. What is not known is shown as it came.
import type { ApiError } from '../api/client';
import { isKey, language, t } from './index';

const chinese: [RegExp, string][] = [
    [/^is required$/, '要填写'],
    [/^must not be empty$/, '不能是空的'],
    [/^must be at most (\d+) characters$/, '最多 $1 个字'],
    [/^must be at least (\d+) characters$/, '至少 $1 个字符'],
    [/^must be at most (\d+) bytes$/, '最多 $1 字节'],
    [/^must be an integer from (\d+) to (\d+)$/, '要填 $1 到 $2 的整数'],
    [/^must be true or false$/, '只能选是或否'],
    [/^must be a string$/, '要填文字'],
    [/^must be an object$/, '格式不对'],
    [/^must be a list.*$/, '要填一个列表'],
    [/^must be a date.*$/, '日期不完整'],
    [/^must be one of (.+)$/, '只能是 $1'],
    [/^has a control character$/, '里面有看不见的控制字符'],
    [/^cannot be changed$/, '不能改'],
    [/^unknown field$/, '服务器不认识这一项'],
    [/^must be 1 to (\d+) of a-z, 0-9 and '-'.*reserved.*$/, '最多 $1 位，只用小写字母、数字和 -，以字母或数字开头，不能用保留的名字'],
    [/^must be 1 to (\d+) of a-z, 0-9 and '-'$/, '最多 $1 位，只用小写字母、数字和 -'],
    [/^must be channels.*$/, '渠道最多 32 位，只用小写字母、数字和 -'],
    [/^must be language tags.*$/, '语言写成 zh 或 zh-tw 这样'],
    [/^has user info$/, '链接里不能带用户名和密码'],
    [/^must be wx and 16 of 0-9 and a-f$/, 'AppID 是 wx 加 16 位数字或 a 到 f'],
    [/^must be a page's path alone.*$/, '只填页面路径，? 后面的写到参数里'],
    [/^must begin with https:\/\/wxaurl\.cn.*$/, '要以 https://wxaurl.cn/ 或 https://wxmpurl.cn/ 开头'],
    [/^must begin with https:\/\/ or http:\/\/$/, '要以 https:// 或 http:// 开头'],
    [/^is not offered by this server.*$/, '这台服务器没有配置这一项'],
    [/^not offered: .*$/, '这台服务器没有配置这一项'],
    [/^was used before.*$/, '这个编号以前用过，不能再用'],
    [/^is only for a group whose link opens a mini program$/, '只有跳转小程序的去向才能填'],
    [/^must be after.*$/, '要晚于开始时间'],
    [/^is wrong$/, '不对'],
    [/^is required \(but for a group that is off\)$/, '启用的群要有链接'],
    [/^is required .*$/, '要填写'],
    [/^must be (\d+) characters at least$/, '至少 $1 个字符'],
    [/^must be (\d+) bytes at most$/, '最多 $1 字节'],
    [/^must be 1 to (\d+) bytes.*$/, '要填 1 到 $1 字节，不能有控制字符'],
    [/^must not begin or end with a blank$/, '开头和结尾不能有空格'],
    [/^must not have a colon or control characters$/, '不能有冒号和控制字符'],
    [/^must be in the future$/, '要晚于现在'],
    [/^begins when it ends$/, '开始和结束不能是同一时间'],
    [/^must be owner, admin, editor or viewer$/, '请选一种权限'],
    [/^belongs to the campaign (\S+)$/, '已经是活码 $1 的老地址'],
    [/^is the campaign's own address$/, '这就是活码自己的地址'],
    [/^is the same address as another one of the list.*$/, '和名单里另一个是同一个地址'],
    [/^is reserved.*$/, '这个地址另有用处，不能用'],
    [/^must begin with "?\/.*$/, '要以 / 开头'],
    [/^must be at most (\d+) addresses$/, '最多 $1 个地址'],
    [/^must have at most (\d+) parameters$/, '? 后面最多 $1 个参数'],
    [/^has a fragment.*$/, '不能带 #，它后面的内容不会发给服务器'],
    [/^has a segment .*$|^has a dot segment$/, '不能有 . 或 .. 这样的段'],
    [/^has a % that two hex digits do not follow$/, '% 后面要跟两位十六进制数'],
    [/^has a backslash.*$/, '不能有反斜杠'],
    [/^has a character outside ASCII.*$/, '不能直接写中文，请写成 %HH 的形式'],
    [/^has a quote or angle bracket.*$/, '不能有引号和尖括号'],
    [/^has white space.*$/, '里面有空格'],
    [/^has no host$|^the host .*$|^host is not well-formed$/, '域名不对'],
    [/^(the )?port is not from 1 to 65535$/, '端口不对'],
    [/^leads to (\S+), which this server does not allow$/, '指向 $1，服务器不允许跳转到这个域名'],
    [/^has no scheme.*$/, '要以 https:// 开头'],
    [/^has nothing behind its scheme$/, '链接不完整'],
    [/^scheme not allowed.*$/, '这种链接不能用，请用 https 链接'],
    [/^is longer than (\d+) bytes$/, '太长了，最多 $1 字节'],
    [/^is malformed or too long$/, '格式不对，或者太长'],
    [/^cannot stand beside fallback\.url.*$/, '填了跳转链接就没人看得到排队，只能选一个'],
    [/^must be at most (\d+) windows$/, '最多 $1 个时段'],
    [/^must be at most (\d+) groups$/, '最多 $1 个群'],
    [/^must be left out.*$/, '不用填，会由 AppID 生成'],
    [/^makes a link that .*$/, '这样拼出来的链接不能用'],
    [/^must be a text$/, '要填文字'],
    [/^must begin with https:\/\/.*$/, '要以 https:// 开头'],
    [/^must be an integer from (\d+) to (\d+), or 0 for never$/, '要填 $1 到 $2 的整数，不填就是不提醒'],
    [/^must be an integer from (\d+) to (\d+), of mail$/, '要填 $1 到 $2 的整数'],
    [/^must be at most (\d+) days from (\d+) to 1, falling$/, '最多 $1 个天数，从大到小，最大 $2'],
    [/^must have (\d+) bytes at most$/, '最多 $1 字节'],
    [/^must not have control characters$/, '不能有控制字符'],
    [/^must have a host, and no user and no fragment$/, '要有域名，不能带用户名和 #'],
    [/^has a character that a URL may not have$/, '里面有网址不能用的字符'],
    [/^must be a mail address$/, '要填邮箱地址'],
    [/^must be mail addresses.*$/, '要填邮箱地址，多个用逗号隔开'],
    [/^must be whsec_ and the base64 of (\d+) to (\d+) bytes$/, '要填 whsec_ 加 $1 到 $2 字节的 base64，可以点“生成一个”'],
    [/^must end at another time than it begins$/, '开始和结束不能是同一时间'],
    [/^must be a name or an IPv4 address$/, '要填域名或 IPv4 地址'],
    [/^must not begin with f-: .*$/, 'f- 开头的渠道留给漏斗用'],
    [/^must be a channel: .*$/, '渠道最多 32 位，只用小写字母、数字和 -'],
    [/^must be a text of 1 to (\d+) characters in one line$/, '要填 1 到 $1 个字，不换行'],
    [/^there is no such campaign$/, '没有这个活码'],
    [/^is there already$/, '已经有了'],
    [/^were changed too often.*$/, '改的次数太多了，请新建一个漏斗'],
    [/^is not a field that this takes$/, '服务器不认识这一项'],
];

export function reason(text: string): string {
    if (language.value === 'en')
        return text;
    for (const [pattern, words] of chinese)
        if (pattern.test(text))
            return text.replace(pattern, words);
    return text;
}

/** One sentence for a failure: what happened and what to do next. */
export function problem(e: ApiError): string {
    if (e.status === 0)
        return t(e.changing ? 'problem.silent.changing' : 'problem.silent');
    if (e.status === 503 && e.changing && /may have been made/.test(e.detail))
        return t('problem.unknown');
    const key = `problem.${e.status}`;
    if (isKey(key))
        return t(key, { n: e.retryAfter });
    return t('problem.other', { status: e.status, detail: e.detail });
}
