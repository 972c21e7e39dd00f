// A campaign's page while people scan it: bars move, limits change, two people at once, a line that breaks; and the
// link for a group's owner.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, closeAll, visitor, waitFor, wechatUrl } from './lib/huoma.mjs';
import { DESK_SIZE, asConsole, checkAccess, console_, file, screenshot, startConsole } from './lib/console.mjs';

let server, browser, cookie;

before(async () => { ({ server, browser, cookie } = await startConsole()); });
after(() => closeAll(browser, server));

const row = (page, id) => page.locator(`[data-group=${id}]`);
const scan = (slug) => fetch(`${server.public}/${slug}`, { headers: { 'User-Agent': PHONE }, redirect: 'manual' });
const limitOf = async (slug, n = 0) => (await server.groups(slug))[n].limit;
const three = (slug) =>
    server.create(slug,
        { groups: [1, 2, 3].map((n) => ({ name: `Group ${n}`, url: wechatUrl(`${slug}-${n}`), limit: 10 })) });

test('bars fill while people scan, and the page says what happens next', async () => {
    await three('live');
    const page = await console_(browser, server, cookie, '/c/live');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('Group 2 opens when Group 1 is full.').waitFor();
    assert.match(await row(page, 'g2').innerText(), /Standby/);
    const width = () => row(page, 'g1').locator('.bar i')
        .evaluateAll((parts) => parts.reduce((w, i) => w + i.getBoundingClientRect().width, 0));
    const before = await width();
    for (let i = 0; i < 4; i++)
        await scan('live');
    await row(page, 'g1').getByText('4 / 10 seats').waitFor();
    await row(page, 'g1').getByText('4 held').waitFor();
    await waitFor('a longer bar', async () => await width() > before + 50);
    for (let i = 0; i < 6; i++)
        await scan('live');
    await row(page, 'g1').getByText('Full').waitFor();
    await page.getByText('Group 3 opens when Group 2 is full.').waitFor();
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('where too many pages are open a further one says so, and is renewed all the same', async () => {
    await three('crowded');
    const others = new AbortController();
    const listen = (signal) =>
        fetch(`${server.admin}/api/v1/events?campaigns=crowded`,
            { headers: { Cookie: `${cookie.name}=${cookie.value}` }, signal });
    const listening = await Promise.all(Array.from({ length: 64 }, () => listen(others.signal)));
    assert.ok(listening.every((answer) => answer.status === 200));
    const page = await console_(browser, server, cookie, '/c/crowded');
    const askNow = () => page.evaluate(() => window.dispatchEvent(new Event('online')));
    await page.getByText('Too many pages are open').waitFor();
    await scan('crowded');
    await askNow();
    await row(page, 'g1').getByText('1 / 10 seats').waitFor();
    others.abort();
    await waitFor('a free place', async () => {
        const one = new AbortController();
        const { status } = await listen(one.signal);
        one.abort();
        return status === 200;
    });
    await askNow();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.context().close();
});

test('limits go up and down while scans run; what was done can be undone', async () => {
    await three('limits');
    const page = await console_(browser, server, cookie, '/c/limits');
    await page.getByText('Live', { exact: true }).waitFor();
    let over = false;
    const crowd = (async () => { while (!over) await scan('limits'); })();
    await row(page, 'g3').getByRole('button', { name: 'Group 3 limit up by 10' }).click();
    await row(page, 'g3').getByText('/ 20 seats').waitFor();
    await row(page, 'g3').getByRole('button', { name: 'Group 3 limit up by 10' }).click();
    await row(page, 'g3').getByText('/ 30 seats').waitFor();
    await row(page, 'g3').getByText('Full').waitFor();
    over = true;
    await crowd;
    assert.equal(await limitOf('limits', 2), 30);
    for (const g of await server.groups('limits'))
        assert.ok(g.used <= g.limit, `${g.name}: ${g.used} of ${g.limit}`);
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await waitFor('the limit as it was', async () => await limitOf('limits', 2) === 20);
    // Exactly, in the sheet, which says what will happen.
    await row(page, 'g3').getByRole('button', { name: 'Edit' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByLabel('Limit', { exact: true }).fill('12');
    await sheet.getByText('Group 3 down to 12: it has 30, so nobody new gets in.').waitFor();
    await checkAccess(page, 'group sheet');
    await sheet.getByRole('button', { name: 'Save' }).click();
    await waitFor('the exact limit', async () => await limitOf('limits', 2) === 12);
    await page.context().close();
});

test('name, head count, expiry, switch and conditions in one sheet; what is refused is told at its field', async () => {
    await three('sheet');
    const page = await console_(browser, server, cookie, '/c/sheet');
    const sheet = page.getByRole('dialog');
    await row(page, 'g1').getByRole('button', { name: 'Edit' }).click();
    await sheet.getByLabel('Name').fill('First');
    await sheet.getByLabel('Head count').fill('7');
    await sheet.getByRole('button', { name: 'In 7 days' }).click();
    await sheet.getByText('Only for some visitors').click();
    await sheet.getByText('WeChat', { exact: true }).click();
    await sheet.getByRole('button', { name: 'Add hours' }).click();
    await sheet.getByLabel('Channel').fill('Not a channel!');
    await sheet.getByLabel('Link of the group').fill('ftp://example.com/');
    await sheet.getByRole('button', { name: 'Save' }).click();
    await waitFor('errors at two fields', async () => await sheet.getByRole('alert').count() === 2);
    await sheet.getByLabel('Channel').fill('shop-1');
    await sheet.getByLabel('Link of the group').fill(wechatUrl('sheet-9'));
    await sheet.getByRole('button', { name: 'Save' }).click();
    await row(page, 'g1').getByText('Only: WeChat · channel shop-1 · Mon to Fri 09:00–18:00').waitFor();
    const [g] = await server.groups('sheet');
    assert.deepEqual([g.name, g.confirmed, g.url, g.when.app, g.when.channel, g.when.hours],
        ['First', 7, wechatUrl('sheet-9'), ['wechat'], ['shop-1'], ['mon-fri 09:00-18:00']]);
    assert.ok(Date.parse(g.expires_at) > Date.now() + 6.9 * 86400000);
    // A second time: nothing that was not touched is sent.
    await row(page, 'g1').getByRole('button', { name: 'Edit' }).click();
    await sheet.getByRole('checkbox', { name: /^On/ }).uncheck();
    await sheet.getByRole('button', { name: 'Save' }).click();
    await row(page, 'g1').getByText('Off', { exact: true }).waitFor();
    assert.deepEqual((await server.groups('sheet'))[0].when, g.when);
    await page.context().close();
});

test('a group gets a new code out of a picture in a few presses', async () => {
    await server.createPage('renew', {}, { expires_at: new Date(Date.now() - 3600000).toISOString() });
    const page = await console_(browser, server, cookie, '/c/renew');
    await page.getByText('Nobody gets in right now.').waitFor();
    await row(page, 'g1').getByRole('button', { name: /New code/ }).click();
    const sheet = page.getByRole('dialog');
    await sheet.locator('input[data-test=album]')
        .setInputFiles(file('pay.jpg', await screenshot(browser, 'wxp://f2f0', { avatar: false })));
    await sheet.getByText('This is a payment code').waitFor();
    assert.equal(await sheet.getByRole('button', { name: 'Replace' }).isDisabled(), true);
    await sheet.locator('input[data-test=album]')
        .setInputFiles(file('new.jpg', await screenshot(browser, wechatUrl('fresh'))));
    await sheet.getByText('WeChat group').waitFor();
    await sheet.getByRole('button', { name: 'Replace' }).click();
    await row(page, 'g1').getByText('Open', { exact: true }).waitFor();
    const [g] = await server.groups('renew');
    assert.equal(g.url, wechatUrl('fresh'));
    assert.ok(Date.parse(g.expires_at) > Date.now() + 6.9 * 86400000);
    await page.context().close();
});

test('groups are added, reordered and removed', async () => {
    await three('order');
    const page = await console_(browser, server, cookie, '/c/order', DESK_SIZE);
    await page.getByRole('button', { name: 'Add groups' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.locator('input[data-test=album]')
        .setInputFiles([file('a.jpg', await screenshot(browser, wechatUrl('order-4'))),
        file('b.jpg', await screenshot(browser, wechatUrl('order-1')))]);
    await sheet.getByText('The same code as Group 1').waitFor();
    await sheet.getByRole('button', { name: 'Add 1 group' }).click();
    await row(page, 'g4').waitFor();
    await row(page, 'g4').locator('[data-handle]').focus();
    await page.keyboard.press('ArrowUp');
    await waitFor('the fourth is third',
        async () => (await server.groups('order')).map((g) => g.id).join() === 'g1,g2,g4,g3');
    assert.equal(await page.evaluate(() => document.activeElement.closest('[data-group]')?.dataset.group), 'g4',
        'the focus goes along');
    await row(page, 'g2').getByRole('button', { name: 'Edit' }).click();
    await sheet.getByText('How it is shown, and removing it').click();
    await sheet.getByRole('button', { name: 'Remove this group' }).click();
    await sheet.getByRole('button', { name: 'Remove it' }).click();
    await waitFor('one group less', async () => (await server.groups('order')).map((g) => g.id).join() === 'g1,g4,g3');
    await page.context().close();
});

test('a finger drags a group to another place', async () => {
    await three('touch');
    const page = await console_(browser, server, cookie, '/c/touch', { isMobile: true });
    await row(page, 'g3').evaluate((box) => box.scrollIntoView({ block: 'center' }));
    const handle = await row(page, 'g3').locator('[data-handle]').boundingBox();
    const to = await row(page, 'g1').boundingBox();
    const x = handle.x + handle.width / 2;
    const from = handle.y + handle.height / 2;
    const touch = await page.context().newCDPSession(page);
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y: from }] });
    for (let i = 1; i <= 10; i++)
        await touch.send('Input.dispatchTouchEvent',
            { type: 'touchMove', touchPoints: [{ x, y: from + (to.y + 5 - from) * i / 10 }] });
    await waitFor('the third is shown first',
        () => page.locator('[data-group]').evaluateAll((all) => all[0].dataset.group === 'g3'));
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await waitFor('the third is first',
        async () => (await server.groups('touch')).map((g) => g.id).join() === 'g3,g1,g2');
    await page.context().close();
});

test('a group that came without a link gets one, and lets people in', async () => {
    await server.createPage('lack', {}, { url: null, enabled: false });
    const page = await console_(browser, server, cookie, '/c/lack');
    await row(page, 'g1').getByText('no link yet').waitFor();
    await row(page, 'g1').getByRole('button', { name: /New link/ }).click();
    await page.getByRole('dialog').locator('input[data-test=album]')
        .setInputFiles(file('new.jpg', await screenshot(browser, wechatUrl('lack'))));
    await page.getByRole('dialog').getByRole('button', { name: 'Replace' }).click();
    await row(page, 'g1').getByText('Open', { exact: true }).waitFor();
    assert.equal((await server.groups('lack'))[0].url, wechatUrl('lack'));
    await page.context().close();
});

test('two people change the same limit: the second is told, and nothing is overwritten', async () => {
    await three('two');
    const page = await console_(browser, server, cookie, '/c/two');
    await page.getByText('Live', { exact: true }).waitFor();
    await row(page, 'g1').getByRole('button', { name: 'Edit' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByLabel('Limit', { exact: true }).fill('50');
    // While the sheet is open; the page behind it hears of it.
    await server.api('PATCH', '/campaigns/two/groups/g1', { limit: 33 });
    await server.api('PATCH', '/campaigns/two/groups/g2', { name: 'Second' });
    await row(page, 'g1').getByText('/ 33 seats').waitFor();
    await row(page, 'g2').getByText('Second').first().waitFor();
    await sheet.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Someone else has just changed this').waitFor();
    await page.getByText('Limit: was 10, they made it 33, you want 50').waitFor();
    assert.equal(await limitOf('two'), 33);
    await checkAccess(page, 'conflict');
    await page.getByRole('button', { name: 'Use mine' }).click();
    await waitFor('the second decision', async () => await limitOf('two') === 50);
    // Somebody's change of something else stands in nobody's way.
    await row(page, 'g1').getByRole('button', { name: 'Edit' }).click();
    await sheet.getByLabel('Name').fill('First');
    await server.api('PATCH', '/campaigns/two/groups/g2', { name: 'Zweite' });
    await sheet.getByRole('button', { name: 'Save' }).click();
    await waitFor('both names',
        async () => (await server.groups('two')).map((g) => g.name).join() === 'First,Zweite,Group 3');
    await page.context().close();
});

test('two people change the same setting, one of them on a page that hears of nothing', async () => {
    await three('deaf');
    const page = await console_(browser, server, cookie, '/c/deaf/settings');
    await page.getByLabel('Title').fill('Mine');
    await page.route('**/api/v1/events*', (route) => route.abort());
    await server.api('PATCH', '/campaigns/deaf', { title: 'Theirs', strategy: 'even' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Title: was Spring run, they made it Theirs, you want Mine').waitFor();
    assert.equal((await server.api('GET', '/campaigns/deaf')).title, 'Theirs');
    await page.getByRole('button', { name: 'Keep theirs' }).click();
    await waitFor('theirs in the form', async () => await page.getByLabel('Title').inputValue() === 'Theirs');
    assert.equal(await page.getByLabel('Who goes where').inputValue(), 'even');
    await page.context().close();
});

test('a broken line is said, and mended by itself', async () => {
    await three('line');
    const page = await console_(browser, server, cookie, '/c/line');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.context().setOffline(true);
    await page.getByText(/Connection lost\. Numbers are as of \d\d:\d\d\./).waitFor();
    await scan('line');
    await page.context().setOffline(false);
    await page.getByText('Live', { exact: true }).waitFor();
    await row(page, 'g1').getByText('1 / 10 seats').waitFor();
    await page.context().close();
});

test('one press stops a campaign, asked once, on its page and in the list; it can be undone', async () => {
    await three('stop');
    const status = async () => (await scan('stop')).status;
    for (const where of ['/c/stop', '/']) {
        const page = await console_(browser, server, cookie, where, where === '/' ? {} : DESK_SIZE);
        const about = where === '/' ? page.locator('[data-slug=stop]') : page;
        await about.getByRole('button', { name: 'Stop Spring run' }).click();
        const sheet = page.getByRole('dialog');
        await sheet.getByText('at once and on every server').waitFor();
        await checkAccess(page, 'stop sheet');
        await sheet.getByRole('button', { name: 'Cancel' }).click();
        assert.equal(await status(), 200);
        await about.getByRole('button', { name: 'Stop Spring run' }).click();
        await sheet.getByRole('button', { name: 'Stop', exact: true }).click();
        await waitFor('the stop', async () => await status() === 410);
        await page.getByRole('button', { name: 'Undo' }).click();
        await waitFor('the start', async () => await status() === 200);
        await about.getByRole('button', { name: 'Stop Spring run' }).click();
        await sheet.getByRole('button', { name: 'Stop', exact: true }).click();
        await about.getByRole('button', { name: 'Start Spring run' }).click();
        await waitFor('the start', async () => await status() === 200);
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    }
});

test('settings: said once, kept; a deleted campaign wants its name typed', async () => {
    await three('settings');
    const page = await console_(browser, server, cookie, '/c/settings/settings');
    await page.getByLabel('Title').fill('Autumn run');
    await page.getByLabel('Groups for fast scans').fill('3');
    await page.getByLabel('Who goes where').selectOption('even');
    await page.getByLabel('A text').fill('Come back on Friday.');
    await page.getByLabel('Hold a seat for').fill('5');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('must be an integer from 10 to 86400').waitFor();
    await page.getByLabel('Hold a seat for').fill('60');
    await page.getByLabel('Old addresses').fill('/s/abc\n/qun/1');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Settings saved').waitFor();
    const c = await server.api('GET', '/campaigns/settings');
    assert.deepEqual([c.title, c.strategy, c.fallback.text, c.hold_seconds, c.spread, c.aliases],
        ['Autumn run', 'even', 'Come back on Friday.', 60, 3, ['/s/abc', '/qun/1']]);
    await page.goto(`${server.admin}/#/c/settings`);
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete the campaign' }).click();
    const sheet = page.getByRole('dialog');
    assert.equal(await sheet.getByRole('button', { name: 'Delete the campaign' }).isDisabled(), true);
    await sheet.getByLabel('Type settings to confirm').fill('settings');
    await sheet.getByRole('button', { name: 'Delete the campaign' }).click();
    await page.getByText('Autumn run was deleted').waitFor();
    assert.equal((await server.api('GET', '/campaigns?q=settings')).data.length, 0);
    await page.context().close();
});

test('the preview shows the page in WeChat, in a browser and when all is full, and takes no seat', async () => {
    await server.createPage('look', { fallback: { text: 'Back on Friday.' } });
    const page = await console_(browser, server, cookie, '/c/look/preview');
    const phone = page.locator('.phone');
    await phone.getByText('Press and hold the code to join').waitFor();
    await page.getByText('A browser', { exact: true }).click();
    await phone.getByText('Save the image, scan it in WeChat').waitFor();
    await page.getByText('All full', { exact: true }).click();
    await phone.getByText('Back on Friday.').waitFor();
    assert.equal((await server.groups('look'))[0].used, 0);
    // A group that WeChat does not open is for nobody there.
    await server.create('mixed',
        { groups: [{ name: 'Far', url: 'https://t.me/+abc' }, { name: 'Near', url: wechatUrl('near') }] });
    await page.goto(`${server.admin}/#/c/mixed/preview`);
    await phone.getByText('Near', { exact: true }).waitFor();
    await page.getByText('A browser', { exact: true }).click();
    await page.getByText('https://t.me/+abc').waitFor();
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('an owner link renews one group\'s code without an account, opens nothing else, and can be revoked', async () => {
    await three('owner');
    const page = await console_(browser, server, cookie, '/c/owner');
    await row(page, 'g2').getByRole('button', { name: 'Edit' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByText('Links to renew the code').click();
    await sheet.getByRole('button', { name: 'Make a link' }).click();
    const link = await sheet.locator('.fresh .code').innerText();
    const theirs = await visitor(browser, { lang: 'en-GB' });
    await theirs.goto(link);
    await theirs.getByRole('heading', { name: 'Group 2' }).waitFor();
    await checkAccess(theirs, 'owner page');
    await theirs.getByRole('button', { name: 'New code' }).click();
    await theirs.getByRole('dialog').locator('input[data-test=album]')
        .setInputFiles(file('n.jpg', await screenshot(browser, wechatUrl('owner-new'))));
    await theirs.getByRole('dialog').getByRole('button', { name: 'Replace' }).click();
    await theirs.getByText('Group 2 has its new code').waitFor();
    assert.equal((await server.groups('owner'))[1].url, wechatUrl('owner-new'));
    const token = new URL(link).hash.slice('#owner='.length);
    for (const [method, where, body] of [['GET', '/campaigns'], ['PATCH', '/owner', { limit: 999 }],
        ['PATCH', '/campaigns/owner/groups/g2', { limit: 1 }], ['GET', '/me']])
        assert.ok([401, 403, 422].includes(
            (await asConsole(server, method, where, body, { Authorization: `Owner ${token}` })).status,
        ), `${method} ${where}`);
    await sheet.getByRole('button', { name: 'Revoke' }).click();
    await waitFor('the link is gone',
        async () => (await asConsole(server, 'GET', '/owner', undefined, { Authorization: `Owner ${token}` }))
            .status !== 200);
    await theirs.reload();
    await theirs.getByText('This link is no longer valid').waitFor();
    assert.deepEqual(theirs.wrong, []);
    await theirs.context().close();
    await page.context().close();
});
