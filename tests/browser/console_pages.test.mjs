// Every page of the console: at each size, in both languages, light and dark; with axe; and with names that are markup.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeAll, overflow, waitFor, wechatUrl } from './lib/huoma.mjs';
import { DESK_SIZE, PHONE_SIZE, checkAccess, console_, startConsole } from './lib/console.mjs';

// If any of this became markup, it would run or show.
const EVIL = '<img src=x onerror="window.evil=1">"\'><script>window.evil=1</script>{{7*7}}';
const PAGES = ['/', '/overview', '/new', '/c/evil', '/c/evil/settings', '/c/evil/preview', '/c/evil/stats',
    '/c/evil/waiting', '/users', '/tokens', '/alerts', '/audit', '/move', '/settings'];
let server, browser, cookie;

before(async () => {
    ({ server, browser, cookie } = await startConsole());
    await server.create('evil', { title: EVIL, fallback: { text: EVIL }, groups: [
        { name: EVIL, url: wechatUrl('evil'), limit: 10, expires_at: new Date(Date.now() + 86400000).toISOString() },
        { name: 'javascript:alert(1)', url: 'https://example.com/?q=%3Cscript%3E', limit: null,
            when: { app: ['wechat'], channel: ['shop-1'] } },
        { name: 'x'.repeat(100), url: wechatUrl('long'), limit: 1000000000 },
    ] });
    await server.api('POST', '/users',
        { name: EVIL.replaceAll(':', '').slice(0, 60), password: 'a long pass phrase of tests', role: 'viewer' });
    await server.api('POST', '/tokens', { name: EVIL.slice(0, 60), role: 'viewer' });
});
after(() => closeAll(browser, server));

// Nothing is being read any more.
const settled = (page) =>
    waitFor('the page',
        () => page.evaluate(() => document.querySelector('h1') !== null && !document.querySelector('.bone')));

for (const [size, view, lang, colorScheme] of [['phone', PHONE_SIZE, 'zh-CN', 'light'],
    ['small phone', { width: 320, height: 568 }, 'en-GB', 'dark'],
    ['desktop', DESK_SIZE, 'en-GB', 'light'], ['desktop', DESK_SIZE, 'zh-CN', 'dark']]) {
    test(`every page on a ${size}, ${lang}, ${colorScheme}: fits, is accessible, and shows names as text`, async () => {
        const page = await console_(browser, server, cookie, '/', { ...view, lang, colorScheme });
        for (const where of PAGES) {
            await page.goto(`${server.admin}/#${where}`);
            await settled(page);
            assert.equal(await overflow(page) <= 0, true, `${where} is wider than the screen`);
            await checkAccess(page, where);
            assert.doesNotMatch(await page.innerText('main'), /\{[a-z]+\}/, `${where}: a word's place is empty`);
            assert.equal(await page.evaluate(() => window.evil), undefined, where);
        }
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    });
}

test('names that are markup stand on the pages as they were typed, in sheets too', async () => {
    const page = await console_(browser, server, cookie, '/c/evil');
    await page.getByRole('heading', { name: EVIL }).waitFor();
    await page.locator('[data-group=g1]').getByRole('button', { name: /Edit/ }).click();
    assert.equal(await page.getByRole('dialog').getByLabel('Name').inputValue(), EVIL);
    await checkAccess(page, 'sheet');
    await page.getByRole('dialog').getByLabel('Name').fill(`${EVIL}!`);
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText(`${EVIL}! was changed`).waitFor();
    assert.equal(await page.evaluate(() => window.evil), undefined);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('the list: problems first, found by title, however many there are a stretch at a time', async () => {
    const many = Array.from({ length: 130 },
        (_, i) => ({ slug: `n-${String(i).padStart(3, '0')}`, title: i === 128 ? '周末徒步' : `Walk ${i}`,
        groups: [{ url: wechatUrl(`n${i}`), limit: 10 }] }));
    await server.api('POST', '/campaigns:batch', { campaigns: many });
    await server.create('z-full', { title: 'Sold out', groups: [{ url: wechatUrl('sold'), limit: 0 }] });
    await waitFor('the order',
        async () => (await server.api('GET', '/campaigns?sort=problems&limit=1')).data[0].slug === 'z-full');
    const page = await console_(browser, server, cookie, '/');
    const rows = page.locator('.campaigns > li');
    await waitFor('the first stretch', async () => await rows.count() === 60);
    assert.match(await rows.first().innerText(), /Sold out[^]*All groups are full/);
    await page.getByRole('button', { name: 'The next ones' }).click();
    await waitFor('the second stretch', async () => await rows.count() === 120);
    await page.getByRole('button', { name: 'The next ones' }).click();
    await waitFor('all of them', async () => await rows.count() === 132);
    assert.equal(await page.getByRole('button', { name: 'The next ones' }).count(), 0);
    await page.getByRole('searchbox').fill('徒步');
    await waitFor('the one that is meant', async () => await rows.count() === 1);
    assert.match(await rows.first().innerText(), /周末徒步[^]*\/n-128/);
    await page.getByRole('searchbox').fill('nothing like it');
    await page.getByText('Nothing found for "nothing like it"').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await waitFor('all again', async () => await rows.count() === 60);
    await page.context().close();
});

test('the whole way to a group\'s sheet and back works by keyboard', async () => {
    const page = await console_(browser, server, cookie, '/', DESK_SIZE);
    await page.getByRole('link', { name: /evil/ }).first().focus();
    await page.keyboard.press('Enter');
    const edit = page.locator('[data-group=g2]').getByRole('button', { name: /Edit/ });
    await edit.focus();
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('dialog');
    await sheet.waitFor();
    for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab');
        assert.equal(await page.evaluate(() => document.activeElement === document.body
            || document.activeElement.closest('dialog') !== null), true,
            'the focus stays in the sheet');
    }
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
    assert.equal(await edit.evaluate((button) => button === document.activeElement), true,
        'the focus is back where it was');
    await page.context().close();
});
