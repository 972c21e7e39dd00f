// A live code in a minute: pictures are read in the browser, what is no group is refused with the reason.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WAIT_MS, closeAll, decode, overflow, waitFor, wechatUrl } from './lib/huoma.mjs';
import { DESK_SIZE, checkAccess, console_, file, screenshot, startConsole } from './lib/console.mjs';

let server, browser, cookie;

before(async () => { ({ server, browser, cookie } = await startConsole()); });
after(() => closeAll(browser, server));

const pick = (page, ...files) => page.locator('input[data-test=album]').setInputFiles(files);
const drafts = (page) => page.locator('li.draft');

test('screenshots become a live code: read, named, ordered, made; its code scans', async () => {
    const page = await console_(browser, server, cookie, '/new');
    const hosts = new Set();
    page.on('request', (r) => { if (!/^(data|blob):/.test(r.url())) hosts.add(new URL(r.url()).origin); });
    await pick(page, file('1.jpg', await screenshot(browser, wechatUrl('one'))),
        file('2.jpg', await screenshot(browser, wechatUrl('two'), { rotate: 4, quality: 30 })),
        file('3.jpg', await screenshot(browser, wechatUrl('three'), { dark: true, quality: 45 })));
    await waitFor('three groups', async () => await drafts(page).count() === 3, WAIT_MS);
    assert.match(await drafts(page).nth(0).innerText(), /WeChat group\s+valid until \d+ \w+, \d\d:\d\d/);
    assert.equal(await drafts(page).nth(1).getByLabel('Limit').inputValue(), '200');
    await checkAccess(page, 'making');
    // By the handle, with the keyboard: the third becomes the first.
    const handle = drafts(page).nth(2).locator('[data-handle]');
    await handle.focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    // And with the finger or the mouse: the last one up by one.
    await drafts(page).nth(2).evaluate((box) => box.scrollIntoView({ block: 'center' }));
    const from = await drafts(page).nth(2).locator('[data-handle]').boundingBox();
    const to = await drafts(page).nth(1).boundingBox();
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(to.x + 10, to.y + 10, { steps: 5 });
    await page.mouse.up();
    await drafts(page).nth(0).getByLabel('Limit').fill('150');
    await page.getByLabel('Title').fill('Spring run');
    await page.getByRole('button', { name: 'Make the code' }).click();
    await page.getByRole('heading', { name: 'Your code is ready' }).waitFor();
    const image = page.locator('.sheet img');
    await waitFor('the code is drawn', () => image.evaluate((i) => i.complete && i.naturalWidth > 0));
    const [text] = decode(await page.screenshot());
    const made = (await server.api('GET', '/campaigns')).data[0];
    assert.equal(text, made.link);
    assert.deepEqual(made.groups.map((g) => g.url), ['three', 'two', 'one'].map(wechatUrl));
    assert.deepEqual(made.groups.map((g) => g.limit), [150, 200, 200]);
    const days = (Date.parse(made.groups[0].expires_at) - Date.now()) / 86400000;
    assert.ok(days > 6.9 && days < 7.1, `expires in ${days} days`);
    assert.deepEqual([...hosts], [server.admin], 'no other host was asked for anything');
    assert.equal(await overflow(page) <= 0, true);
    assert.deepEqual(page.wrong, []);
    await checkAccess(page, 'made');
    await page.context().close();
});

test('what is no way into a group is refused with the reason, a code that is there is pointed out', async () => {
    const page = await console_(browser, server, cookie, '/new');
    const same = await screenshot(browser, wechatUrl('same'));
    const plain = { avatar: false };
    await pick(page, file('pay.jpg', await screenshot(browser, 'wxp://f2f0AbCdEf', plain)),
        file('card.jpg', await screenshot(browser, 'https://u.wechat.com/AbCdEf', plain)),
        file('none.jpg', await screenshot(browser, null)),
        file('text.jpg', await screenshot(browser, 'hello there', plain)),
        { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') },
        file('a.jpg', same), file('b.jpg', same));
    for (const reason of ['This is a payment code', 'This is a personal card', 'There is no QR code in the picture',
        'The code holds no link',
        'The picture cannot be opened', 'The same code as Group 1'])
        await page.getByText(reason).waitFor();
    assert.equal(await drafts(page).count(), 2);
    await page.getByRole('button', { name: 'Make the code' }).click();
    await page.getByRole('heading', { name: 'Your code is ready' }).waitFor();
    const made = (await server.api('GET', '/campaigns')).data.find((c) => c.groups[0].url === wechatUrl('same'));
    assert.equal(made.groups.length, 1);
    await page.context().close();
});

test('a picture is pasted, a link typed; what the server refuses is told at its field', async () => {
    const page = await console_(browser, server, cookie, '/new', DESK_SIZE);
    const bytes = [...await screenshot(browser, wechatUrl('pasted'))];
    await page.evaluate((list) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(list)], 'image.jpg', { type: 'image/jpeg' }));
        document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    }, bytes);
    await waitFor('the pasted one', async () => await drafts(page).count() === 1);
    await page.getByRole('button', { name: 'Type a link' }).click();
    await page.getByLabel('Link of the group').fill('javascript:alert(1)');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('The code holds no link').waitFor();
    await page.getByLabel('Link of the group').fill('https://t.me/+abcdef');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await waitFor('the typed one', async () => await drafts(page).count() === 2);
    await drafts(page).nth(1).getByLabel('Limit').fill('-3');
    await page.getByText('Choose the end of the link').click();
    await page.getByLabel('End of the link').fill('Not Valid');
    await page.getByRole('button', { name: 'Make the code' }).click();
    await drafts(page).nth(1).getByRole('alert').waitFor();
    assert.match(await drafts(page).nth(1).getByRole('alert').innerText(), /from 0 to/);
    await page.getByText(/must be 1 to 64/).waitFor();
    await page.context().close();
});

for (const [preset, fill, check] of [
    ['Short link', (page) => page.getByLabel('Where it leads').fill('https://example.com/short'),
        (c) => assert.deepEqual([c.strategy, c.groups[0].url, c.groups[0].limit],
            ['fill', 'https://example.com/short', null])],
    ['Mini program', (page) => page.getByLabel('AppID').fill('wx0123456789abcdef'),
        (c) => assert.deepEqual([c.groups[0].platform, c.groups[0].miniprogram.appid],
            ['miniprogram', 'wx0123456789abcdef'])],
]) {
    test(`preset: ${preset}`, async () => {
        const slug = preset.toLowerCase().replace(' ', '-');
        const page = await console_(browser, server, cookie, '/new');
        await page.getByText(preset, { exact: true }).click();
        await fill(page);
        await page.getByText('Choose the end of the link').click();
        await page.getByLabel('End of the link').fill(slug);
        await page.getByRole('button', { name: 'Make the code' }).click();
        await page.getByRole('heading', { name: 'Your code is ready' }).waitFor();
        check(await server.api('GET', `/campaigns/${slug}`));
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    });
}

test('what was exported is imported again after a try that changes nothing', async () => {
    const page = await console_(browser, server, cookie, '/move');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export all campaigns' }).click();
    const exported = await (await download).createReadStream().then(async (stream) => {
        const parts = [];
        for await (const part of stream)
            parts.push(part);
        return Buffer.concat(parts).toString();
    });
    const { campaigns } = JSON.parse(exported);
    assert.equal(campaigns.length, (await server.api('GET', '/campaigns')).total);
    const choose = (text) => page.locator('input[type=file]')
        .setInputFiles({ name: 'a.json', mimeType: 'application/json', buffer: Buffer.from(text) });
    await choose('not json');
    await page.getByText('This file cannot be read').waitFor();
    await choose(exported);
    await page.getByText(`${campaigns[0].slug} exists already`).waitFor();
    await choose(
        JSON.stringify({ campaigns: [{ ...campaigns[0], slug: 'copy-1' }, { ...campaigns[0], slug: 'copy-2' }] }));
    await page.getByText('All 2 campaigns are fine').waitFor();
    assert.equal((await server.api('GET', '/campaigns')).total, campaigns.length);
    await page.getByRole('button', { name: 'Import 2 campaigns' }).click();
    await page.getByText('2 campaigns were imported').waitFor();
    assert.equal((await server.api('GET', '/campaigns/copy-2')).groups.length, campaigns[0].groups.length);
    await checkAccess(page, 'import');
    await page.context().close();
});
