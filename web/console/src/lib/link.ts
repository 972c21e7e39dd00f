// What the text of a code, or a typed link, is: the platforms of campaign/platform.c, and what must not become a group.
import type { Platform } from '../api/types';

export type Refusal = 'payment' | 'personal' | 'account' | 'text' | 'own' | 'none' | 'several' | 'picture';

export type Read = { ok: true; url: string; platform: Platform } | { ok: false; why: Refusal };

export const WECHAT_LIMIT = 200; // above this many members scanning no longer joins
export const WECHAT_DAYS = 7; // for which a WeChat group's code is valid

// Patterns over the whole text, whose scheme and host may be in capitals (codes in alphanumeric mode).
const refused: [RegExp, Refusal][] = [
    [/^(wxp|wechatpay):\/\//i, 'payment'],
    [/^weixin:\/\/wxpay/i, 'payment'],
    [/^https?:\/\/([\w-]+\.)*(qr\.alipay\.com|ulink\.alipay\.com|mobilecodec\.alipay\.com)\b/i, 'payment'],
    [/^https?:\/\/([\w-]+\.)*(tenpay\.com|qr\.95516\.com|payapp\.weixin\.qq\.com|i\.qianbao\.qq\.com)\b/i, 'payment'],
    [/^https?:\/\/u\.wechat\.com\//i, 'personal'],
    [/^https?:\/\/weixin\.qq\.com\/r\//i, 'account'],
];

const platforms: [RegExp, Platform][] = [
    [/^https?:\/\/weixin\.qq\.com\/g\//i, 'wechat'],
    [/^https?:\/\/work\.weixin\.qq\.com\//i, 'wecom'],
    [/^(https?:\/\/qm\.qq\.com\/|mqqapi:)/i, 'qq'],
    [/^(https?:\/\/(t|telegram)\.me\/|tg:)/i, 'telegram'],
    [/^https?:\/\/chat\.whatsapp\.com\//i, 'whatsapp'],
    [/^https?:\/\/(discord\.gg\/|discord\.com\/invite\/)/i, 'discord'],
    [/^(weixin:\/\/dl\/business\/|https?:\/\/(wxaurl|wxmpurl)\.cn\/)/i, 'miniprogram'],
    [/^https?:\/\/[^\s/]+/i, 'web'],
];

export function platformOf(url: string): Platform | null {
    return platforms.find(([pattern]) => pattern.test(url))?.[1] || null;
}

/** `own`: links of this server's campaigns, which would lead in a circle. */
export function readLink(text: string, own = ''): Read {
    const url = text.trim();
    for (const [pattern, why] of refused)
        if (pattern.test(url))
            return { ok: false, why };
    const platform = platformOf(url);
    if (!platform || /\s/.test(url))
        return { ok: false, why: 'text' };
    if (own && url.toLowerCase().startsWith(`${own.toLowerCase()}/`))
        return { ok: false, why: 'own' };
    return { ok: true, url, platform };
}
