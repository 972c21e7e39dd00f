// Every page of a visitor, on two phones, in two languages, light and dark. With HUOMA_SHOTS=FOLDER each is kept as a
// picture.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, Server, WECHAT, closeAll, startBrowser, wechatUrl } from './lib/huoma.mjs';
import { VIEWS, checkLook, onlooker } from './lib/look.mjs';

const DESKTOP =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
const CRAWLER = 'Mozilla/5.0 (compatible; Twitterbot/1.0)';
const CONTACT = 'https://u.wechat.com/EAbcdefghijk';
const CODE = 'https://example.com/mini-program-code';
const SCHEME = 'weixin://dl/business/?appid=wx0123456789abcdef&path=pages/join&env_version=release';
const TEXT =
    '周一上午十点放出新名额。\nNew seats on Monday at ten: please write to spring-run-organisers-of-the-whole-city@example.com';
const title = '春季跑步群';
const full = { url: wechatUrl('full'), limit: 0 };
const open = { name: '第 1 群', url: wechatUrl('open'), expires_at: '2099-11-29T14:00:00+08:00' };
const telegram = { name: '第 1 群', url: 'https://t.me/+AbCdEfGhIjKlMnOp' };
const program = { name: '报名小程序', miniprogram: { appid: 'wx0123456789abcdef', path: 'pages/join' } };
const programWithCode = { ...program, miniprogram: { ...program.miniprogram, code: CODE } };
const long = { name: 'A very long name of a group that runs on and on',
    url: `https://example.com/${'long/'.repeat(60)}?a=1&b=2` };
const many = Array.from({ length: 21 }, (_, i) => ({ name: `群 ${i}`, url: `https://t.me/+AbCdEfGh${i}` }));

// What: its name; slug, where it is not that; what is made; who comes; what they see. Statuses are 200 and nobody has a
// code to scan unless said.
const PAGES = [
    { what: 'group', groups: [open], codes: [open.url],
        has: { zh: '长按识别二维码进群', en: 'Press and hold the code to join' } },
    { what: 'group-outside', groups: [open], ua: PHONE, codes: [open.url],
        has: { zh: '保存图片，用微信扫一扫', en: 'Save the image' } },
    { what: 'group-wecom', groups: [{ url: 'https://work.weixin.qq.com/gm/0123456789abcdef' }], ua: PHONE,
        codes: ['https://work.weixin.qq.com/gm/0123456789abcdef'],
        has: { zh: '用企业微信或微信扫一扫', en: 'scan it in WeCom or WeChat' } },
    { what: 'group-shown-link', groups: [{ name: '官网', url: 'https://example.com/join', show: 'page' }], ua: PHONE,
        codes: ['https://example.com/join'], has: { zh: '打开链接', en: 'Open the link' } },
    { what: 'group-long', title: `Spring ${'<b>run</b> & '.repeat(12)}`.slice(0, 100),
        groups: [{ ...open, name: 'Unbreakable'.repeat(9) }],
        codes: [open.url], has: { zh: 'Unbreakable', en: 'Unbreakable' } },
    { what: 'tap', confirm: 'tap', groups: [{ url: 'https://example.com/join' }],
        has: { zh: '我要进群', en: 'I want to join' } },
    { what: 'leave', groups: [telegram], has: { zh: '在浏览器打开', en: 'open in your browser' } },
    { what: 'leave-seat', groups: [program], has: { zh: '在浏览器打开', en: 'open in your browser' } },
    { what: 'program-open', groups: [program], ua: PHONE, has: { zh: '打开小程序', en: 'Open the mini program' } },
    { what: 'program-press', groups: [programWithCode], codes: [CODE],
        has: { zh: '长按识别二维码，打开小程序', en: 'Press and hold the code' } },
    { what: 'program-scan', groups: [program], ua: DESKTOP, codes: [SCHEME],
        has: { zh: '用手机扫一扫', en: 'Scan it with your phone' } },
    { what: 'list', at: '+', groups: [open, long, ...many], fallback: { url: 'https://example.com/later' }, ua: PHONE,
        has: { zh: '只是看看，不占名额', en: 'Looking takes no seat' } },
    { what: 'list-short', at: '+', groups: [telegram], has: { zh: '只是看看，不占名额', en: 'Looking takes no seat' } },
    { what: 'preview', groups: [open], ua: CRAWLER, has: { zh: '用手机打开', en: 'Open it on your phone' } },
    { what: 'full', groups: [full], has: { zh: '这一批群都满了', en: 'All groups are full' } },
    { what: 'fallback-text', groups: [full], fallback: { text: TEXT },
        has: { zh: '周一上午十点', en: 'New seats on Monday' } },
    { what: 'fallback-contact', groups: [full], fallback: { contact: CONTACT }, codes: [CONTACT],
        has: { zh: '或添加管理员', en: 'Or add the organiser' } },
    { what: 'fallback-both', groups: [full], fallback: { text: TEXT, contact: CONTACT }, codes: [CONTACT],
        has: { zh: '或添加管理员', en: 'Or add the organiser' } },
    { what: 'unknown', status: 404, has: { zh: '没有找到这个码', en: 'This code was not found' } },
    { what: 'off', groups: [open], enabled: false, status: 410, has: { zh: '暂时停用了', en: 'Stopped for now' } },
    { what: 'soon', groups: [open], starts_at: '2099-11-29T16:00:00+08:00', status: 410,
        has: { zh: '11 月 29 日 16:00 开始', en: 'Begins 29 Nov, 16:00' } },
    { what: 'ended', groups: [open], ends_at: '2020-01-01T00:00:00Z', status: 410,
        has: { zh: '已经结束了', en: 'This has ended' } },
    { what: 'not-allowed', at: '/seat', status: 405, groups: [open],
        has: { zh: '请再扫一次二维码', en: 'scan the code once more' } },
];

let server, browser;

before(async () => {
    server = await Server.start('--abuse-contact', 'mailto:abuse@example.com');
    browser = await startBrowser();
    for (const { what, at, ua, codes, has, status, ...campaign } of PAGES) {
        if (campaign.groups)
            await server.create(what, { title, ...campaign });
    }
});
after(() => closeAll(browser, server));

// Opens it as each visitor would, and looks.
async function lookAll({ what, at = '', ua = WECHAT, codes, status = 200, has }) {
    for (const view of VIEWS) {
        const { lang, width, colorScheme } = view;
        const page = await onlooker(browser, server, { ...view, ua });
        const answer = await page.goto(`${server.public}/${what}${at}`);
        assert.equal(answer.status(), status);
        assert.equal(await page.locator('html').getAttribute('lang'), lang);
        const said = await page.locator('main').innerText();
        assert.ok(said.includes(lang === 'en' ? has.en : has.zh), said);
        await checkLook(page, answer, { codes, shot: `${what}-${lang}-${width}-${colorScheme}` });
        await page.context().close();
    }
}

for (const p of PAGES)
    test(`${p.what}: two phones, two languages, light and dark`, () => lookAll(p));

// Last, for it stops Redis.
test('busy: two phones, two languages, light and dark', async () => {
    const pid = server.redisPid();
    process.kill(pid, 'SIGSTOP');
    try {
        await lookAll({ what: 'busy-now', status: 503, has: { zh: '秒后自动再试', en: 'Trying again in' } });
    } finally {
        process.kill(pid, 'SIGCONT');
    }
});
