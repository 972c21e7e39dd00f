// The console's statistics: charts, the tables behind them and the files say what the API says, with nothing, one
// point, and a year.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { WECHAT, closeAll, overflow, waitFor, wechatUrl } from './lib/huoma.mjs';
import { DESK_SIZE, PHONE_SIZE, checkAccess, console_, startConsole } from './lib/console.mjs';
import { dayBefore, fillStats, loseSeats, today } from './lib/stats.mjs';

const EVIL = '<img src=x onerror="window.evil=1">';
let server, browser, cookie;

before(async () => {
    ({ server, browser, cookie } = await startConsole());
    const groups = (slug) => [1, 2, 3].map((n) => ({ name: `第 ${n} 群`, url: wechatUrl(`${slug}-${n}`), limit: 20000 }));
    await server.create('year', { title: '春季跑步群', groups: groups('year') });
    fillStats(server, 'year', 400, { channels: ['shop-1', EVIL, 'shop-2', ''] });
    await server.api('PATCH', '/campaigns/year/groups/g1', { confirmed: 9000 });
    await server.api('PATCH', '/campaigns/year/groups/g2', { confirmed: 12000 });
    await server.api('PUT', '/campaigns/year/groups/g1/members', { members: 8950 });
    await server.create('one', { title: 'One scan', groups: [{ name: EVIL, url: wechatUrl('one'), limit: 10 }] });
    await server.create('none', { title: 'Nobody yet', groups: groups('none') });
    await fetch(`${server.public}/one/shop-1`, { headers: { 'User-Agent': WECHAT } });
    await waitFor('the scan is counted',
        async () => (await server.api('GET', '/campaigns/one/stats')).totals.views === 1);
});
after(() => closeAll(browser, server));

const shot = (page, name) => process.env.HUOMA_SHOTS
    && page.screenshot({ path: `${process.env.HUOMA_SHOTS}/console-stats-${name}.png`, fullPage: true });
const stats = (slug, query) => server.api('GET', `/campaigns/${slug}/stats?${query}`);
const whole = (text) => Number(text.replace(/,/g, ''));

// The pixels of a chart that are not empty.
const inked = (page, chart) => page.locator(`[data-chart=${chart}] canvas`).evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let n = 0;
    for (let i = 3; i < data.length; i += 4)
        n += data[i] > 0;
    return n;
});

async function checkSums(page, slug, query) {
    const { totals } = await stats(slug, query);
    for (const [kind, n] of Object.entries(totals).filter(([kind]) => !['views', 'held', 'lost'].includes(kind)))
        await waitFor(`${kind}: ${n}`,
            async () => whole(await page.locator(`[data-sum=${kind}] dd`).innerText()) === n);
}

for (const [name, view] of [['phone', { ...PHONE_SIZE, lang: 'zh-CN' }],
    ['desktop', { ...DESK_SIZE, lang: 'en-GB', colorScheme: 'dark' }]]) {
    test(`a year on a ${name}: numbers are the API's, charts are drawn, each has its table and its file`, async () => {
        const page = await console_(browser, server, cookie, '/c/year/stats', view);
        await page.locator('[data-chart=drift] canvas').waitFor();
        await checkSums(page, 'year', `from=${dayBefore(today(), 27)}`);
        await shot(page, `${name}-28`);
        await page.getByRole('button', { name: /^400/ }).click();
        await checkSums(page, 'year', `from=${dayBefore(today(), 399)}`);
        for (const chart of ['visits', 'fill', 'hours', 'trouble', 'drift'])
            await waitFor(`${chart} is drawn`, async () => await inked(page, chart) > 300);
        assert.equal(await overflow(page) <= 0, true);
        await checkAccess(page, name);
        await shot(page, `${name}-400`);

        const days = await stats('year', `from=${dayBefore(today(), 399)}`);
        const visits = page.locator('[data-chart=visits]');
        await visits.locator('button').first().click();
        const table = () => visits.locator('tbody tr')
            .evaluateAll((rows) => rows.map((r) => [...r.querySelectorAll('td')].map((c) => c.innerText)));
        const cells = (row) => ['people', 'returning', 'machines'].map((kind) => row[kind].toLocaleString('en-US'));
        const weeks = [];
        days.rows.forEach((r, i) => {
            if (i === 0 || new Date(`${r.key}T12:00:00Z`).getUTCDay() === 1)
                weeks.push({ people: 0, returning: 0, machines: 0 });
            for (const kind of ['people', 'returning', 'machines'])
                weeks.at(-1)[kind] += r[kind];
        });
        assert.deepEqual(await table(), weeks.map(cells));
        await page.getByRole('button', { name: /^(By day|按天画)$/ }).click();
        assert.deepEqual(await table(), days.rows.map(cells));
        const channels = (await stats('year', `from=${dayBefore(today(), 399)}&by=channel`))
            .rows.sort((a, b) => b.views - a.views);
        assert.deepEqual(await page.locator('[data-chart=channel] tbody td:nth-child(2)').allInnerTexts(),
            channels.map((r) => r.views.toLocaleString('en-US')));
        assert.ok((await page.locator('[data-chart=channel] tbody th').allInnerTexts()).includes(EVIL));

        const [file] =
            await Promise.all([page.waitForEvent('download'),
                page.locator('[data-chart=channel] a[download]').click()]);
        assert.match(file.suggestedFilename(), /^year-.*-channel\.csv$/);
        assert.equal(fs.readFileSync(await file.path(), 'utf8').trim().split('\r\n').length, channels.length + 1);
        assert.equal(await page.evaluate(() => window.evil), undefined);
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    });
}

test('other ranges: a day by its hours, and days of one\'s own; one that is none is refused', async () => {
    const page = await console_(browser, server, cookie, '/c/year/stats');
    await page.getByRole('button', { name: 'Today' }).click();
    await checkSums(page, 'year', `from=${today()}`);
    await page.getByRole('heading', { name: 'Who came, by hour' }).waitFor();
    await waitFor('hours are drawn', async () => await inked(page, 'visits') > 50);
    await page.getByRole('button', { name: 'Other' }).click();
    await page.getByLabel('To').fill(dayBefore(today(), 10));
    await page.getByText('The first day comes before the last').waitFor();
    await page.getByLabel('From').fill(dayBefore(today(), 19));
    await checkSums(page, 'year', `from=${dayBefore(today(), 19)}&to=${dayBefore(today(), 10)}`);
    const fill = page.locator('[data-chart=fill]');
    await fill.locator('button').click();
    await waitFor('ten days', async () => await fill.locator('tbody tr').count() === 10);
    const later = await stats('year', `from=${dayBefore(today(), 9)}&group=g2`);
    assert.equal(whole(await fill.locator('tbody tr:last-child td:last-child').innerText()),
        12000 - later.totals.seats);
    await checkAccess(page, 'own range');
    await page.context().close();
});

test('seats of which no worker told are said, and only where there are some', async () => {
    await server.create('killed', { groups: [{ url: wechatUrl('k'), limit: 500 }] });
    fillStats(server, 'killed', 3, { all: false });
    loseSeats(server, 'killed', 57);
    const page = await console_(browser, server, cookie, '/c/killed/stats');
    await page.locator('[data-note=lost]', { hasText: '57 seats' }).waitFor();
    await checkAccess(page, 'lost');
    await shot(page, 'lost');
    await page.goto(`${server.admin}/#/c/year/stats`);
    await page.locator('[data-chart=visits]').waitFor();
    assert.equal(await page.locator('[data-note=lost]').count(), 0);
    await page.context().close();
});

test('arrow keys walk through a chart, and each point is told', async () => {
    const page = await console_(browser, server, cookie, '/c/year/stats');
    const visits = page.locator('[data-chart=visits]');
    await visits.locator('canvas').waitFor();
    assert.match(await visits.locator('.plot').getAttribute('aria-label'),
        /New people: [\d,]+ in all, at most [\d,]+ \(\d+ \w+\)/);
    await visits.locator('.plot').focus();
    await page.keyboard.press('ArrowLeft');
    const { rows } = await stats('year', `from=${dayBefore(today(), 27)}`);
    assert.match(await visits.locator('.point').innerText(), new RegExp(`New people ${rows.at(-1).people} `));
    await page.keyboard.press('ArrowLeft');
    assert.match(await visits.locator('.point').innerText(), new RegExp(`New people ${rows.at(-2).people} `));
    await page.context().close();
});

test('one scan is a point, none is said in words, and names are not markup', async () => {
    const page = await console_(browser, server, cookie, '/c/one/stats', { lang: 'zh-CN', colorScheme: 'dark' });
    await page.locator('[data-chart=fill] canvas').waitFor();
    await checkSums(page, 'one', `from=${dayBefore(today(), 27)}`);
    await page.getByRole('button', { name: '今天' }).click();
    await waitFor('a point is drawn',
        async () => await page.locator('[data-chart=visits] canvas').count() === 1 && await inked(page, 'visits') > 50);
    await page.locator('[data-chart=fill] bdi', { hasText: EVIL }).first().waitFor();
    await shot(page, 'one');
    await checkAccess(page, 'one');
    await page.goto(`${server.admin}/#/c/none/stats`);
    await page.getByText('这段时间还没有人扫码').waitFor();
    assert.equal(await page.locator('canvas').count(), 0);
    await shot(page, 'none');
    await checkAccess(page, 'none');
    assert.equal(await page.evaluate(() => window.evil), undefined);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});
