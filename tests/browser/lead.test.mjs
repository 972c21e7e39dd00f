// The page that opens a mini program: where its button presses itself. How it looks: looks.test.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, Server, closeAll, startBrowser, visitor, waitFor } from './lib/huoma.mjs';

const IPHONE =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 '
    + 'Mobile/15E148 Safari/604.1';

let server, browser;

before(async () => {
    server = await Server.start();
    browser = await startBrowser();
    await server.create('mini', { groups: [
        { name: '报名小程序', limit: 100, miniprogram: { appid: 'wx0123456789abcdef', path: 'pages/join' } },
    ] });
});
after(() => closeAll(browser, server));

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
    await page.goto(`${server.public}/mini`);
    await waitFor('press', () => page.evaluate(() => window.presses));
    await page.waitForTimeout(1500);
    assert.equal(await page.evaluate(() => window.presses), 1);
    await waitFor('seat', async () => (await server.seats('mini')) === 'confirmed 1, held 0');
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('elsewhere it waits for a tap', async () => {
    const page = await visitor(browser, { ua: PHONE });
    await watchButton(page);
    await page.goto(`${server.public}/mini`);
    await page.waitForTimeout(1500);
    assert.equal(await page.evaluate(() => window.presses), 0);
    await page.locator('#open').tap();
    assert.equal(await page.evaluate(() => window.presses), 1);
    await page.context().close();
});
