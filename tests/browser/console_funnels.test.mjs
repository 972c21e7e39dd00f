// The console's funnels: made by picking campaigns, put in order by keyboard, counted through their links, at each
// size.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeAll, decode, overflow, waitFor } from './lib/huoma.mjs';
import { DESK_SIZE, PHONE_SIZE, checkAccess, console_, logIn, startConsole } from './lib/console.mjs';

const EVIL = '<img src=x onerror="window.evil=1">';
let server, browser, cookie;

before(async () => { ({ server, browser, cookie } = await startConsole()); });
after(() => closeAll(browser, server));

const shot = (page, name) => process.env.HUOMA_SHOTS
    && page.screenshot({ path: `${process.env.HUOMA_SHOTS}/console-funnels-${name}.png`, fullPage: true });
const WECHAT = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0';
const scan = (link, n) => Promise.all(Array.from({ length: n }, () => fetch(server.public + new URL(link).pathname, {
    redirect: 'manual', headers: { 'User-Agent': WECHAT } })));
const linkOf = (funnel, step, from) => funnel.steps[step].links.find((l) => l.from === from).url;

test('without campaigns and without funnels it says what to do first', async () => {
    const page = await console_(browser, server, cookie, '/funnels', { lang: 'zh-CN' });
    await page.getByText('还没有漏斗').waitFor();
    await checkAccess(page, 'none');
    await shot(page, 'none');
    await page.getByRole('link', { name: '新建漏斗' }).click();
    await page.getByText('没有别的活码了').waitFor();
    assert.equal(await page.getByRole('button', { name: '保存' }).isDisabled(), true);
    await page.context().close();
});

test('campaigns are found, put in order by the keyboard, and saved', async () => {
    for (const [slug, title] of [['hello', '迎新群'], ['event', '周末活动群'], ['shop', EVIL], ['other', 'Something else']])
        await server.create(slug, { title, groups: [{ url: `https://example.com/${slug}`, limit: 500 }] });
    const page = await console_(browser, server, cookie, '/funnels/new', { lang: 'zh-CN' });
    await page.getByLabel('名称').fill('拉新到下单');
    for (const slug of ['event', 'hello', 'shop']) {
        await page.getByLabel(slug === 'event' ? '第一步的活码' : '下一步的活码').fill(slug);
        await page.locator('[data-choose=other]').waitFor({ state: 'detached' });
        await page.locator(`[data-choose=${slug}]`).click();
    }
    const order = () => page.locator('[data-key]').evaluateAll((all) => all.map((e) => e.dataset.key));
    await page.locator('[data-key=hello] [data-handle]').press('ArrowUp');
    assert.deepEqual(await order(), ['hello', 'event', 'shop']);
    assert.equal(await page.evaluate(() => document.activeElement.closest('[data-key]').dataset.key), 'hello');
    await page.getByLabel('分开统计的渠道').fill('shop-1，f-mine');
    await page.getByRole('button', { name: '保存' }).click();
    await page.getByText('f- 开头的渠道留给漏斗用').waitFor();
    await page.getByLabel('分开统计的渠道').fill('Shop-1，shop-2');
    await checkAccess(page, 'edit');
    await shot(page, 'edit');
    await page.getByRole('button', { name: '保存' }).click();
    await page.getByText('这段时间还没有人进来').waitFor();
    await shot(page, 'empty');
    const { data: [funnel] } = await server.api('GET', '/funnels');
    assert.deepEqual(funnel.steps.map((s) => s.campaign), ['hello', 'event', 'shop']);
    assert.deepEqual(funnel.channels, ['shop-1', 'shop-2']);
    await page.context().close();
});

test('what came through the links stands in the chart, at each size', async () => {
    const { data: [funnel] } = await server.api('GET', '/funnels');
    for (const [step, one, two, rest] of [[0, 12, 7, 1], [1, 6, 3, 1], [2, 2, 0, 1]])
        await Promise.all([scan(linkOf(funnel, step, 'shop-1'), one), scan(linkOf(funnel, step, 'shop-2'), two),
            scan(linkOf(funnel, step, null), rest)]);
    await waitFor('the workers to tell',
        async () => (await server.api('GET', `/funnels/${funnel.id}/stats`)).steps.map((s) => s.views)
            .join() === '20,10,3');
    for (const [name, view] of [['phone', { ...PHONE_SIZE, lang: 'zh-CN' }],
        ['small', { width: 320, height: 568, lang: 'en-GB', colorScheme: 'dark' }],
        ['desktop', { ...DESK_SIZE, lang: 'en-GB' }],
        ['desktop-zh', { ...DESK_SIZE, lang: 'zh-CN', colorScheme: 'dark' }]]) {
        const zh = view.lang === 'zh-CN';
        const page = await console_(browser, server, cookie, `/funnels/${funnel.id}`, view);
        const chart = page.locator('.card')
            .filter({ has: page.getByRole('heading', { name: zh ? '整个漏斗' : 'The whole funnel' }) });
        await chart.locator('[data-step="3"]').waitFor();
        assert.match(await chart.locator('[data-step="2"]').innerText(),
            zh ? /50% 到了下一步[^]*10 个名额/ : /50% came on[^]*10 seats/);
        assert.match(await chart.locator('[data-step="3"]').innerText(), /30%/);
        assert.match(await page.locator('[data-channel=shop-1] [data-step="2"]').innerText(), /50%[^]*6 /);
        for (const table of await page.locator('details').all())
            await table.locator('summary').click();
        assert.equal(await overflow(page) <= 0, true, name);
        await checkAccess(page, name);
        await shot(page, name);
        assert.equal(await page.evaluate(() => window.evil), undefined);
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    }
});

test('one channel alone, its file, and the code of a link', async () => {
    const { data: [funnel] } = await server.api('GET', '/funnels');
    const page = await console_(browser, server, cookie, `/funnels/${funnel.id}`);
    await page.getByRole('combobox', { name: 'Channel' }).selectOption('shop-2');
    await page.getByRole('heading', { name: 'shop-2' }).waitFor();
    await page.locator('[data-step="2"]').getByText('43% came on').waitFor();
    const [file] =
        await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download CSV' }).click()]);
    const text = await (await fetch(server.admin + new URL(file.url()).pathname + new URL(file.url()).search,
        { headers: { Cookie: `${cookie.name}=${cookie.value}` } })).text();
    assert.match(text, /,2,"event",3,3,3,,,0\.4286\r\n/);
    await page.getByRole('button', { name: `Code of ${linkOf(funnel, 1, 'shop-1')}` }).click();
    const picture = page.getByRole('dialog').getByRole('img');
    const [png] =
        await Promise.all(
            [picture.evaluate(async (img) => [...new Uint8Array(await (await fetch(img.src)).arrayBuffer())])]);
    assert.deepEqual(decode(Buffer.from(png)), [linkOf(funnel, 1, 'shop-1')]);
    await checkAccess(page, 'code');
    await shot(page, 'code');
    await page.context().close();
});

test('a campaign that was deleted is told, and taken out', async () => {
    const { data: [funnel] } = await server.api('GET', '/funnels');
    await server.api('DELETE', '/campaigns/event');
    const page = await console_(browser, server, cookie, `/funnels/${funnel.id}`);
    await page.getByText('The campaign event was deleted').waitFor();
    await checkAccess(page, 'deleted');
    await shot(page, 'deleted');
    await page.goto(`${server.admin}/#/funnels/${funnel.id}/edit`);
    await page.getByRole('button', { name: 'Take out event' }).click();
    await server.api('PATCH', `/funnels/${funnel.id}`, { title: 'Changed by another' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Your change was not saved').waitFor();
    await page.getByRole('button', { name: 'See what it is now' }).click();
    await waitFor('the new title', async () => await page.getByLabel('Name').inputValue() === 'Changed by another');
    await page.getByRole('button', { name: 'Take out event' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('is saved').waitFor();
    assert.deepEqual((await server.api('GET', `/funnels/${funnel.id}`)).steps.map((s) => s.campaign),
        ['hello', 'shop']);
    await page.context().close();
});

test('a viewer sees funnels and changes none; an admin deletes one', async () => {
    const { data: [funnel] } = await server.api('GET', '/funnels');
    await server.api('POST', '/users', { name: 'mei', password: 'a long pass phrase of tests', role: 'viewer' });
    const seen = await console_(browser, server, await logIn(server, 'mei'), '/settings');
    await seen.getByRole('link', { name: 'Funnels' }).first().click();
    await seen.locator(`[data-funnel="${funnel.id}"]`).click();
    await seen.getByRole('heading', { name: 'Links to post' }).waitFor();
    assert.equal(await seen.getByRole('button', { name: 'More' }).count(), 0);
    await seen.context().close();
    const page = await console_(browser, server, cookie, `/funnels/${funnel.id}`);
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Delete funnel' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete funnel' }).click();
    await page.getByText('No funnels yet').waitFor();
    await page.context().close();
});
