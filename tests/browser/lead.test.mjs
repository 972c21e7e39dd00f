// The pages beside the group's own: where a code leads, the contact, "open in your browser", and a mini program's.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PHONE, Server, WECHAT, decode, overflow, startBrowser, visitor, waitFor, wechatUrl } from './lib/huoma.mjs';

const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 '
    + 'Mobile/15E148 Safari/604.1';
const DESKTOP = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
const CONTACT = 'https://u.wechat.com/EAbcdefghijk';
const CODE = 'https://example.com/mini-program-code';
const SCHEME = 'weixin://dl/business/?appid=wx0123456789abcdef&path=pages/join&env_version=release';

let server, browser;

before(async () => {
    server = await Server.start();
    browser = await startBrowser();
    const program = { name: '报名小程序', limit: 100, miniprogram: { appid: 'wx0123456789abcdef', path: 'pages/join' } };
    const title = '春季跑步群';
    await server.create('list', { title, fallback: { url: 'https://example.com/later' }, groups: [
        { name: '第 1 群', url: wechatUrl('list') },
        { name: 'A very long name of a group that runs on and on', url: `https://example.com/${'long/'.repeat(60)}?a=1&b=2` },
        ...Array.from({ length: 21 }, (_, i) => ({ name: `群 ${i}`, url: `https://t.me/+AbCdEfGh${i}` })),
    ] });
    await server.create('contact', { title, groups: [{ url: wechatUrl('full'), limit: 0 }], fallback: { text: '周一上午十点放出新名额。', contact: CONTACT } });
    await server.create('leave', { title, groups: [{ name: '第 1 群', url: 'https://t.me/+AbCdEfGhIjKlMnOp', limit: 100 }] });
    await server.create('mini', { title, groups: [program] });
    await server.create('mini-auto', { title, groups: [program] });
    await server.create('mini-code', { title, groups: [{ ...program, miniprogram: { ...program.miniprogram, code: CODE } }] });
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

const pages = [
    { what: 'list', at: 'list+', ua: PHONE, codes: [], has: { zh: '只是看看，不占名额', en: 'Looking takes no seat' } },
    { what: 'contact', at: 'contact', ua: WECHAT, codes: [CONTACT], has: { zh: '或添加管理员', en: 'Or add the organiser' } },
    { what: 'leave', at: 'leave', ua: WECHAT, codes: [], has: { zh: '在浏览器打开', en: 'open in your browser' } },
    { what: 'mini leave', at: 'mini', ua: WECHAT, codes: [], has: { zh: '在浏览器打开', en: 'open in your browser' } },
    { what: 'mini open', at: 'mini', ua: PHONE, codes: [], has: { zh: '打开小程序', en: 'Open the mini program' } },
    { what: 'mini press', at: 'mini-code', ua: WECHAT, codes: [CODE], has: { zh: '长按识别二维码，打开小程序', en: 'Press and hold the code' } },
    { what: 'mini scan', at: 'mini', ua: DESKTOP, codes: [SCHEME], has: { zh: '用手机扫一扫', en: 'Scan it with your phone' } },
];

for (const p of pages) {
    for (const lang of ['zh-CN', 'en']) {
        for (const [width, height] of [[320, 568], [390, 844]]) {
            test(`${p.what}: ${lang}, ${width} px`, async () => {
                const page = await visitor(browser, { lang, width, height, ua: p.ua });
                const answer = await page.goto(`${server.public}/${p.at}`);
                assert.equal(answer.status(), 200);
                assert.ok((await answer.body()).length < 12 * 1024);
                assert.equal(await page.locator('html').getAttribute('lang'), lang);
                assert.ok((await page.locator('main').innerText()).includes(lang === 'en' ? p.has.en : p.has.zh));
                assert.equal(await page.locator('img').count(), p.codes.length);
                const shot = await page.screenshot({ fullPage: true });
                assert.deepEqual(decode(shot), p.codes);
                assert.ok(await overflow(page) <= 0);
                for (const target of await page.locator('button:visible, a:visible').all())
                    assert.ok((await target.boundingBox()).height >= 44, await target.innerText());
                assert.deepEqual(page.wrong, []);
                if (process.env.HUOMA_SHOTS)
                    await page.screenshot({ fullPage: true, path: path.join(process.env.HUOMA_SHOTS, `${p.what}-${lang}-${width}.png`.replace(' ', '-')) });
                await page.context().close();
            });
        }
    }
}

// Chromium has no app for the scheme: that the page asks for one is seen at the button.
const watchButton = (page) => page.addInitScript(() => {
    window.presses = 0;
    document.addEventListener('click', (e) => {
        if (e.target.id === 'open') {
            window.presses++;
            e.preventDefault();
        }
    });
});

test('the button presses itself on iOS, once, and the seat is confirmed', async () => {
    const page = await visitor(browser, { ua: IPHONE });
    await watchButton(page);
    await page.goto(`${server.public}/mini-auto`);
    await waitFor('press', () => page.evaluate(() => window.presses));
    await page.waitForTimeout(1500);
    assert.equal(await page.evaluate(() => window.presses), 1);
    await waitFor('seat', async () => (await server.seats('mini-auto')) === 'confirmed 1, held 0');
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('elsewhere it waits for a tap', async () => {
    const page = await visitor(browser, { ua: PHONE });
    await watchButton(page);
    await page.goto(`${server.public}/mini-auto`);
    await page.waitForTimeout(1500);
    assert.equal(await page.evaluate(() => window.presses), 0);
    await page.locator('#open').tap();
    assert.equal(await page.evaluate(() => window.presses), 1);
    await page.context().close();
});
