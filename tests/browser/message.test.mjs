// The pages without a code: full, stopped, not begun, ended, unknown; and the busy page, which comes back by itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, closeAll, decode, overflow, startBrowser, visitor, wechatUrl } from './lib/huoma.mjs';

let server, browser;

before(async () => {
    server = await Server.start();
    browser = await startBrowser();
});
after(() => closeAll(browser, server));

const full = { groups: [{ url: wechatUrl('full'), limit: 0 }] };
const open = { groups: [{ url: wechatUrl('open'), limit: 5 }] };
const text = 'Write to <b>us</b> & "them"\n加管理员微信 abc';
const pages = [
    { slug: 'full', campaign: full, status: 200, zh: '这一批群都满了', en: 'All groups are full' },
    { slug: 'full-text', campaign: { ...full, fallback: { text } }, status: 200, zh: '这一批群都满了',
        en: 'All groups are full', say: text },
    { slug: 'off', campaign: { ...open, enabled: false }, status: 410, zh: '暂时停用了', en: 'Stopped for now' },
    { slug: 'soon', campaign: { ...open, starts_at: '2099-11-29T16:00:00+08:00' }, status: 410, zh: '还没有开始',
        en: 'Not open yet',
        when: { zh: '11 月 29 日 16:00 开始', en: 'Begins 29 Nov, 16:00' } },
    { slug: 'ended', campaign: { ...open, ends_at: '2020-01-01T00:00:00Z' }, status: 410, zh: '已经结束了',
        en: 'This has ended' },
    { slug: 'unknown', status: 404, zh: '没有找到这个码', en: 'This code was not found' },
];

for (const p of pages) {
    test(`message page: ${p.slug}`, async () => {
        if (p.campaign)
            await server.create(p.slug, { title: '春季 <i>跑步</i> 群', ...p.campaign });
        for (const lang of ['zh-CN', 'en']) {
            for (const colorScheme of ['light', 'dark']) {
                const page = await visitor(browser, { lang, colorScheme, width: 320, height: 568 });
                const answer = await page.goto(`${server.public}/${p.slug}`);
                assert.equal(answer.status(), p.status);
                assert.equal(await page.locator('html').getAttribute('lang'), lang);
                assert.equal(await page.locator('h1').innerText(), lang === 'en' ? p.en : p.zh);
                if (p.campaign)
                    assert.equal(await page.locator('.name').textContent(), '春季 <i>跑步</i> 群');
                if (p.say)
                    assert.equal(await page.locator('.say').textContent(), p.say);
                if (p.when)
                    assert.equal(await page.locator('.until').innerText(), p.when[lang === 'en' ? 'en' : 'zh']);
                assert.equal(await page.locator('img').count(), 0);
                assert.ok(await overflow(page) <= 0);
                assert.deepEqual(page.wrong, []);
                await page.context().close();
            }
        }
    });
}

test('a full page lets in again when there is room', async () => {
    await server.create('room', full);
    const page = await visitor(browser, { lang: 'en' });
    await page.goto(`${server.public}/room`);
    const [group] = await server.groups('room');
    await server.api('PATCH', `/campaigns/room/groups/${group.id}`, { limit: 5 });
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.locator('img.qr').waitFor();
    await page.context().close();
});

test('the busy page counts down, tries again and recovers, with JavaScript and without', async () => {
    await server.createPage('busy');
    const pid = server.redisPid();
    const pages = [await visitor(browser, { lang: 'en' }),
        await visitor(browser, { lang: 'en', javaScriptEnabled: false })];
    let asked = 0;
    pages[0].on('request', (r) => { if (new URL(r.url()).pathname === '/healthz') asked++; });
    process.kill(pid, 'SIGSTOP');
    try {
        const answers = await Promise.all(pages.map((page) => page.goto(`${server.public}/busy/shop`)));
        for (const answer of answers) {
            assert.equal(answer.status(), 503);
            assert.ok(answer.headers()['retry-after']);
        }
        for (const page of pages)
            assert.equal(await page.locator('h1').innerText(), 'One moment');
        assert.match(await pages[0].locator('#wait').innerText(), /^Trying again in \d+ s$/);
        assert.equal(await pages[1].locator('#wait').isVisible(), false);
        // A failed attempt leaves the page as it is, and is followed by another one.
        for (let n = 0; n < 2; n++)
            await pages[0].waitForRequest('**/healthz', { timeout: 20000 });
        assert.equal(await pages[0].locator('h1').innerText(), 'One moment');
    } finally {
        process.kill(pid, 'SIGCONT');
    }
    for (const page of pages) {
        await page.locator('img.qr').waitFor({ timeout: 40000 });
        assert.equal(new URL(page.url()).pathname, '/busy/shop');
        assert.deepEqual(decode(await page.screenshot()), [wechatUrl('busy')]);
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    }
    assert.ok(asked >= 2);
});
