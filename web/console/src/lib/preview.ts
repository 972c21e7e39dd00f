// The page that a visitor would get, drawn with the visitors' own style sheets and words, without asking for a seat.
import { encode } from 'uqr';
import codeCss from '../../../landing/code.css?raw';
import groupCss from '../../../landing/group.css?raw';
import noteCss from '../../../landing/note.css?raw';
import pageCss from '../../../landing/page.css?raw';
import type { Campaign, Group, Platform } from '../api/types';
import { language } from '../words';
import { day } from './time';

export type Eyes = 'wechat' | 'browser' | 'full';

const SIDE = 260;
const QUIET = 4;
const inApp: Platform[] = ['telegram', 'whatsapp', 'discord']; // what WeChat does not open

/** The groups that such a visitor may get; in WeChat those that it opens, if there is one. */
export function groupsFor(all: Group[], eyes: Eyes): Group[] {
    const opened = all.filter((g) => !inApp.includes(g.platform));
    return eyes === 'wechat' && opened.length > 0 ? opened : all;
}

// As server/public/landing_words.c says it.
const words = {
    zh: { press: '长按识别二维码进群', save: '保存图片，用微信扫一扫', saveWecom: '保存图片，用企业微信或微信扫一扫', open: '扫码，或点按钮打开',
        leave: '点右上角 ···，在浏览器打开', tapMini: '点一下按钮，会在微信里打开', until: '有效期至 ', next: '进不去？换一个群', button: '保存图片',
        mini: '打开小程序', link: '打开链接', full: '这一批群都满了', fullSay: '有了名额，再扫一次就能进。', contact: '或添加管理员', join: '我要进群',
        tap: '点一下按钮，为你留一个名额。' },
    en: { press: 'Press and hold the code to join', save: 'Save the image, scan it in WeChat', saveWecom: 'Save the image, scan it in WeCom or WeChat',
        open: 'Scan the code, or tap the button', leave: 'Tap ··· above, then open in your browser', tapMini: 'Tap the button: it opens in WeChat',
        until: 'Valid until ', next: "Can't get in? Try another group", button: 'Save image', mini: 'Open the mini program', link: 'Open the link',
        full: 'All groups are full', fullSay: 'Scan again later: when a seat is free, you get in.', contact: 'Or add the organiser', join: 'I want to join',
        tap: 'Tap the button and we keep a seat for you.' },
};

function element(tag: string, cls: string, text = ''): HTMLElement {
    const e = document.createElement(tag);
    if (cls)
        e.className = cls;
    e.textContent = text;
    return e;
}

function codeImage(text: string): HTMLImageElement {
    const { data, size } = encode(text, { ecc: 'M', border: QUIET });
    const canvas = document.createElement('canvas');
    const scale = 8;
    canvas.width = canvas.height = size * scale;
    const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.fillStyle = '#000';
    data.forEach((line, y) => line.forEach((dark, x) => dark && pen.fillRect(x * scale, y * scale, scale, scale)));
    const img = new Image(SIDE, SIDE);
    img.className = 'qr';
    img.alt = text;
    img.src = canvas.toDataURL();
    return img;
}

function groupPage(main: HTMLElement, c: Campaign, g: Group, eyes: Eyes): void {
    const w = words[language.value];
    const wechat = eyes === 'wechat';
    const left = wechat && inApp.includes(g.platform);
    const pressed = g.platform === 'wechat' || g.platform === 'wecom';
    main.append(element('h1', '', c.title || c.slug), element('p', 'name', g.name));
    if (g.platform === 'miniprogram') {
        main.append(element('p', 'do', w.tapMini), element('span', 'button', w.mini));
    } else {
        main.append(codeImage(left ? c.link : g.url || c.link));
        main.append(element('p', 'do', left ? w.leave : !pressed ? w.open : wechat ? w.press : g.platform === 'wecom' ? w.saveWecom : w.save));
        if (g.expires_at)
            main.append(element('p', 'until', w.until + day(new Date(g.expires_at))));
        if (pressed && !wechat)
            main.append(element('span', 'button', w.button));
        else if (!pressed && !left)
            main.append(element('span', 'button', w.link));
    }
    main.append(element('span', 'quiet', w.next));
}

function fullPage(main: HTMLElement, c: Campaign): void {
    const w = words[language.value];
    main.append(element('i', 'mark soon'), element('p', 'name', c.title || ''), element('h1', '', w.full),
        element('p', 'say', c.fallback.text || w.fullSay));
    if (c.fallback.contact)
        main.append(element('p', 'or', w.contact), codeImage(c.fallback.contact));
}

/** Where the visitor is sent without a page; null: a page is drawn. */
export function previewRedirect(c: Campaign, g: Group | null, eyes: Eyes): string | null {
    if (eyes === 'full' || !g)
        return c.fallback.url;
    return g.show === 'redirect' && c.confirm !== 'tap' && !(eyes === 'wechat' && inApp.includes(g.platform)) ? g.url : null;
}

/** Puts the page into the box's own shadow, so that neither style reaches the other. */
export function drawPreview(box: HTMLElement, c: Campaign, g: Group | null, eyes: Eyes, dark: boolean): void {
    const root = box.shadowRoot || box.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    // In a shadow there is no html or body, and the phone's theme is chosen here.
    const css = [pageCss, groupCss, codeCss, noteCss].join('\n')
        .replace(/:root/g, ':host').replace(/^(\s*)(html|body|main)\b/gm, '$1.$2')
        .replace(/@media \(prefers-color-scheme: dark\)/g, dark ? '@media all' : '@media not all')
        .replace(/100d?vh/g, '100%').replace(/@media \(min-width: 600px\)/g, '@media not all');
    sheet.replaceSync(`:host { display: block; } ${css} .html, .body { min-height: 100%; } .button { pointer-events: none; }`);
    root.adoptedStyleSheets = [sheet];
    const main = element('div', 'main');
    if (eyes === 'full' || !g) {
        fullPage(main, c);
    } else if (c.confirm === 'tap' && g.show === 'redirect') {
        const w = words[language.value];
        main.append(element('h1', '', c.title || c.slug), element('p', 'do', w.tap), element('span', 'button', w.join));
    } else {
        groupPage(main, c, g, eyes);
    }
    const html = element('div', 'html');
    const body = element('div', 'body');
    body.append(main);
    html.append(body);
    root.replaceChildren(html);
}
