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
    [/^scheme not allowed$/, '这种链接不能用，请用 https 链接'],
    [/^has user info$/, '链接里不能带用户名和密码'],
    [/^has white space$/, '链接里有空格'],
    [/^is too long$/, '太长了'],
    [/^must be wx and 16 of 0-9 and a-f$/, 'AppID 是 wx 加 16 位数字或 a 到 f'],
    [/^must be a page's path alone.*$/, '只填页面路径，? 后面的写到参数里'],
    [/^must begin with https:\/\/wxaurl\.cn.*$/, '要以 https://wxaurl.cn/ 或 https://wxmpurl.cn/ 开头'],
    [/^must begin with https:\/\/ or http:\/\/$/, '要以 https:// 或 http:// 开头'],
    [/^is not offered by this server.*$/, '这台服务器没有配置这一项'],
    [/^not offered: .*$/, '这台服务器没有配置这一项'],
    [/^was used before.*$/, '这个编号以前用过，不能再用'],
    [/^is only for a group whose link opens a mini program$/, '只有跳转小程序的去向才能填'],
    [/^must be after.*$/, '要晚于开始时间'],
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
