// The page that asks for a proof, where many scan from one address: with JavaScript, without, and how it looks.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { Server, overflow, startBrowser, visitor, waitFor, wechatUrl } from './lib/huoma.mjs';
import { checkAccess } from './lib/console.mjs';

const FROM = { 'X-Forwarded-For': '8.8.4.4' };
let server, browser;

// Takes what the address may have: one seat of each worker.
async function useUp(slug, groups, more = {}) {
    await server.create(slug, { title: '春季 <i>跑步</i> 群', groups, per_address: 1, ...more });
    await waitFor('the page', async () => {
        for (let n = 0; n < 6; n++)
            if (!(await (await fetch(`${server.public}/${slug}`, { headers: FROM, redirect: 'manual' })).text())
                .includes('id="prove"'))
                return false;
        return true;
    });
}

const come = async (slug, more = {}) => {
    const page = await visitor(browser, more);
    await page.context().setExtraHTTPHeaders(FROM);
    await page.goto(`${server.public}/${slug}`);
    return page;
};

before(async () => {
    server = await Server.start('--trusted-proxies', '127.0.0.1/32');
    browser = await startBrowser();
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

test('a press leads to the group\'s page, and the seat is confirmed', async () => {
    await useUp('crowd', [{ url: wechatUrl('crowd'), limit: 100 }]);
    const page = await come('crowd', { lang: 'en' });
    assert.equal(await page.locator('h1').textContent(), '春季 <i>跑步</i> 群');
    await page.getByRole('button', { name: 'I want to join' }).tap();
    await page.locator('img.qr').waitFor();
    assert.equal(new URL(page.url()).pathname, '/crowd');
    await waitFor('the seat', async () => (await server.seats('crowd')).startsWith('confirmed 1'));
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('pressed before the work is done, the button says so and goes on by itself', async () => {
    await useUp('busy', [{ url: wechatUrl('busy'), limit: 100 }]);
    const page = await visitor(browser, { lang: 'zh-CN' });
    await page.context().setExtraHTTPHeaders(FROM);
    // The work finds nothing in its first moment, and rests until it is let go on.
    await page.addInitScript(() => {
        const { setTimeout } = window, { pow } = Math;
        const rest = [];
        Math.pow = (base, n) => base === 2 && n > 1 ? 0 : pow(base, n);
        window.setTimeout = (run) => rest.push(run);
        window.goOn = () => {
            Object.assign(Math, { pow });
            Object.assign(window, { setTimeout });
            rest.forEach((run) => run());
        };
    });
    await page.goto(`${server.public}/busy`);
    await page.getByRole('button', { name: '我要进群' }).tap();
    await page.getByRole('button', { name: '正在进群…' }).waitFor();
    await page.evaluate(() => window.goOn());
    await page.locator('img.qr').waitFor();
    await page.context().close();
});

test('without JavaScript it says how long to wait, and what was too early', async () => {
    await useUp('plain', [{ url: wechatUrl('plain'), limit: 100 }]);
    const page = await come('plain', { lang: 'en', javaScriptEnabled: false });
    assert.equal(await page.locator('noscript p').textContent(), 'Wait 10 seconds, then tap the button.');
    await page.getByRole('button', { name: 'I want to join' }).tap();
    await page.getByRole('alert').waitFor();
    assert.equal(await page.getByRole('alert').innerText(), 'Almost: tap the button 10 seconds after the page opened.');
    await page.context().close();
});

test('looks: it fits a small phone, in both languages, light and dark', async () => {
    await useUp('looks', [{ url: wechatUrl('looks'), limit: 100 }]);
    for (const lang of ['zh-CN', 'en']) {
        for (const colorScheme of ['light', 'dark']) {
            const page = await come('looks', { lang, colorScheme, width: 320, height: 568 });
            assert.ok(await overflow(page) <= 0);
            if (process.env.HUOMA_SHOTS)
                fs.writeFileSync(`${process.env.HUOMA_SHOTS}/prove-${lang}-${colorScheme}.png`,
                    await page.screenshot());
            await checkAccess(page, lang);
            await page.context().close();
        }
    }
});
