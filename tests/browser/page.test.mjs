// The page with the code, as a visitor sees it: in two languages, in WeChat and elsewhere, small and larger, light and
// dark.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { PHONE, Server, WECHAT, closeAll, decode, overflow, startBrowser, visitor, wechatUrl } from './lib/huoma.mjs';

let server, browser;

before(async () => {
    server = await Server.start();
    browser = await startBrowser();
});
after(() => closeAll(browser, server));

const views = [];
for (const lang of ['zh-CN', 'en'])
    for (const app of ['wechat', 'elsewhere'])
        for (const width of [320, 390])
            views.push({ lang, app, width });

const todo = {
    'zh-CN': { wechat: '长按识别二维码进群', elsewhere: '保存图片，用微信扫一扫' },
    en: { wechat: 'Press and hold the code to join', elsewhere: 'Save the image, scan it in WeChat' },
};

for (const { lang, app, width } of views) {
    test(`group page: ${lang}, ${app}, ${width} px`, async () => {
        const slug = `page-${lang.toLowerCase()}-${app}-${width}`;
        await server.createPage(slug, { title: '春季跑步群' }, { name: '第 2 群', expires_at: '2099-11-29T14:00:00+08:00' });
        const page = await visitor(browser,
            { lang, width, height: width === 320 ? 568 : 844, ua: app === 'wechat' ? WECHAT : PHONE });
        const foreign = [];
        page.on('request',
            (r) => { if (!/^data:/.test(r.url()) && !r.url().startsWith(server.public)) foreign.push(r.url()); });
        const answer = await page.goto(`${server.public}/${slug}`);
        assert.equal(answer.status(), 200);
        assert.ok((await answer.body()).length < 12 * 1024);

        assert.equal(await page.locator('html').getAttribute('lang'), lang);
        assert.equal(await page.title(), '春季跑步群');
        assert.equal(await page.locator('h1').innerText(), '春季跑步群');
        assert.equal(await page.locator('.name').innerText(), '第 2 群');
        assert.equal(await page.locator('.do').innerText(), todo[lang][app]);
        assert.equal(await page.locator('.until').innerText(), lang === 'en' ? 'Valid until 29 Nov' : '有效期至 11 月 29 日');
        assert.equal(await page.locator('#save').isVisible(), app === 'elsewhere');

        assert.equal(await page.locator('img').count(), 1);
        const box = await page.locator('img').boundingBox();
        assert.ok(box.width >= 240 && box.width <= 280 && box.width === box.height, JSON.stringify(box));
        assert.deepEqual(decode(await page.screenshot()), [wechatUrl(slug)], 'one code, whole, without scrolling');
        assert.ok(await overflow(page) <= 0);
        for (const target of await page.locator('button:visible, a:visible').all()) {
            const { height } = await target.boundingBox();
            assert.ok(height >= 44, `${await target.innerText()}: ${height} px high`);
        }
        assert.deepEqual(foreign, []);
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    });
}

test('the code stands on white in dark mode too', async () => {
    await server.createPage('dark');
    const page = await visitor(browser, { colorScheme: 'dark' });
    await page.goto(`${server.public}/dark`);
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor),
        'rgb(246, 247, 248)');
    const shot = await page.screenshot();
    assert.deepEqual(decode(shot), [wechatUrl('dark')]);

    // The quiet zone, four modules wide, measured in what was drawn.
    const { x, y, width } = await page.locator('img').boundingBox();
    const colours = await page.evaluate(async ({ src, x, y, width }) => {
        const image = new Image();
        image.src = src;
        await image.decode();
        const canvas = document.createElement('canvas');
        canvas.width = image.width;
        canvas.height = image.height;
        const draw = canvas.getContext('2d');
        draw.drawImage(image, 0, 0);
        const at = (dx, dy) => draw.getImageData((x + dx) * 2, (y + dy) * 2, 1, 1).data.slice(0, 3).join();
        const module = width / 37; // version 3: 29 modules, and 4 on each side
        return { zone: [at(width / 2, 2), at(2, width / 2), at(width / 2, module * 3.5), at(width - 2, width / 2)],
            ground: at(width / 2, -6) };
    }, { src: `data:image/png;base64,${shot.toString('base64')}`, x, y, width });
    assert.deepEqual(new Set(colours.zone), new Set(['255,255,255']));
    assert.notEqual(colours.ground, '255,255,255');
    await page.context().close();
});

test('the save button saves a picture that reads', async () => {
    await server.createPage('save');
    const page = await visitor(browser, { ua: PHONE });
    await page.goto(`${server.public}/save`);
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#save').click()]);
    assert.equal(download.suggestedFilename(), 'qr.png');
    assert.deepEqual(decode(fs.readFileSync(await download.path())), [wechatUrl('save')]);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('another platform: a button that leads to the group', async () => {
    await server.create('whatsapp', { groups: [{ url: 'https://chat.whatsapp.com/AbC?a=1&b=2', show: 'page' }] });
    const page = await visitor(browser, { ua: PHONE, lang: 'en' });
    await page.goto(`${server.public}/whatsapp`);
    assert.equal(await page.locator('a.button:visible').getAttribute('href'), 'https://chat.whatsapp.com/AbC?a=1&b=2');
    assert.deepEqual(decode(await page.screenshot()), ['https://chat.whatsapp.com/AbC?a=1&b=2']);
    await page.context().close();
    const inWechat = await visitor(browser, { lang: 'en' });
    await inWechat.goto(`${server.public}/whatsapp`);
    assert.match(await inWechat.locator('.do').innerText(), /open in your browser/);
    assert.equal(await inWechat.locator('a.button:visible').count(), 0);
    assert.equal(await inWechat.locator('.copy').innerText(), 'https://chat.whatsapp.com/AbC?a=1&b=2');
    await inWechat.context().close();
});

test('markup in a title and a name is shown as text', async () => {
    const title = '</title><script>window.bad = 1</script>"\'&amp;<img src=x onerror=window.bad=1>';
    const name = '<b onclick="x">n</b>\u202e{{title}}';
    await server.createPage('markup', { title }, { name });
    const page = await visitor(browser);
    await page.goto(`${server.public}/markup`);
    assert.equal(await page.locator('h1').textContent(), title);
    assert.equal(await page.locator('.name').textContent(), name);
    assert.equal(await page.title(), title);
    assert.equal(await page.locator('img').count(), 1);
    assert.equal(await page.evaluate(() => window.bad), undefined);
    assert.deepEqual(decode(await page.screenshot()), [wechatUrl('markup')]);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

for (const [what, title] of [['no blanks', 'W'.repeat(200)], ['no blanks, Chinese', '春季跑步群'.repeat(40)],
    ['right to left', 'مجموعة الربيع للجري '.repeat(10)]]) {
    test(`a long title stays within 320 px: ${what}`, async () => {
        const slug = `long-${what.replace(/\W+/g, '-').toLowerCase()}`;
        await server.createPage(slug, { title }, { name: title.slice(0, 100) });
        const page = await visitor(browser, { width: 320, height: 568 });
        await page.goto(`${server.public}/${slug}`);
        assert.ok(await overflow(page) <= 0);
        for (const line of ['h1', '.name'])
            assert.ok(await page.locator(line).evaluate((e) => e.scrollWidth <= e.clientWidth), `${line} wraps`);
        assert.deepEqual(decode(await page.screenshot()), [wechatUrl(slug)], 'the code stays on the first screen');
        await page.context().close();
    });
}

test('a link of the greatest length reads from the screen', async () => {
    const url = `https://weixin.qq.com/g/${'AbCdEfGh012-'.repeat(200)}`.slice(0, 2048);
    await server.createPage('dense', {}, { url });
    const page = await visitor(browser);
    const answer = await page.goto(`${server.public}/dense`);
    assert.ok((await answer.body()).length < 12 * 1024);
    assert.deepEqual(decode(await page.screenshot()), [url]);
    await page.context().close();
});

test('what a browser fetched ahead leads on to the real page', async () => {
    await server.createPage('ahead');
    const page = await visitor(browser, { lang: 'en', extraHTTPHeaders: { 'Sec-Purpose': 'prefetch' } });
    const answer = await page.goto(`${server.public}/ahead`);
    assert.equal(answer.headers()['huoma-preview'], '1');
    assert.equal(await page.locator('img').count(), 0);
    assert.equal(await page.locator('meta[property="og:title"]').getAttribute('content'), 'Spring run');
    await page.context().setExtraHTTPHeaders({});
    await page.locator('a.button').click();
    await page.locator('img.qr').waitFor();
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});
