// The console's overview: numbers are the API's, the worst campaign and the next expiry come first, and nothing is said
// in words.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeAll, overflow, waitFor, wechatUrl } from './lib/huoma.mjs';
import { DESK_SIZE, PASSWORD, PHONE_SIZE, checkAccess, console_, startConsole } from './lib/console.mjs';
import { dayBefore, dropVisits, fillStats, today } from './lib/stats.mjs';

const EVIL = '<img src=x onerror="window.evil=1">';
const KINDS = ['seats', 'people', 'returning', 'reports', 'full', 'machines'];
const VIEWS = [['phone-zh-light', { ...PHONE_SIZE, lang: 'zh-CN' }],
    ['phone-en-dark', { ...PHONE_SIZE, lang: 'en-GB', colorScheme: 'dark' }],
    ['desk-en-light', { ...DESK_SIZE, lang: 'en-GB' }],
    ['desk-zh-dark', { ...DESK_SIZE, lang: 'zh-CN', colorScheme: 'dark' }]];
const seen = process.env.HUOMA_SHOTS ? VIEWS : [VIEWS[1], VIEWS[3]];
let server, browser, cookie;

before(async () => { ({ server, browser, cookie } = await startConsole()); });
after(() => closeAll(browser, server));

const open = (view) => console_(browser, server, cookie, '/overview', view);
const shot = (page, name) => process.env.HUOMA_SHOTS
    && page.screenshot({ path: `${process.env.HUOMA_SHOTS}/console-overview-${name}.png`, fullPage: true });
const inDays = (days) => new Date(Date.now() + days * 86400000).toISOString();
const read = () => server.api('GET', `/stats?by=hour&from=${dayBefore(today(), 7)}`);

async function start() {
    const page = await console_(browser, server, null, '/login', { lang: 'en-GB' });
    await page.getByLabel('User name').fill('lin');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    return page;
}

// What is said of one kind: today's number, and that of a week ago until the same minute.
function said({ now, rows }, kind) {
    const [hour, minute] = [now.slice(11, 13), now.slice(14, 16)].map(Number);
    const of = (day) => rows.filter((r) => r.key.startsWith(day)).map((r) => r[kind]);
    const before = of(dayBefore(now.slice(0, 10), 7));
    return { now: of(now.slice(0, 10)).reduce((a, b) => a + b, 0),
        was: Math.round(before.slice(0, hour).reduce((a, b) => a + b, 0) + before[hour] * minute / 60) };
}

test('without a campaign one starts at the list, and the overview says how to begin', async () => {
    const page = await start();
    await page.getByRole('heading', { name: /^Campaigns/ }).waitFor();
    await page.getByText('No campaigns yet').waitFor();
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText('No campaigns yet').waitFor();
    await checkAccess(page, 'no campaign');
    await page.context().close();
});

test('where all is well and nobody came, words say so and no chart is drawn', async () => {
    await server.create('well', { title: 'Book club', groups: [{ url: wechatUrl('well'), limit: 10 }] });
    for (const [name, view] of seen) {
        const page = await open(view);
        await page.getByText(name.includes('zh') ? '所有活码都正常。' : 'All campaigns are well.').waitFor();
        await page.getByText(name.includes('zh') ? /今天和上周.都没有人扫码/ : /Nobody scanned today or last \w+day/).waitFor();
        await page.getByText(name.includes('zh') ? '能进的群都没有过期时间，也还看不出哪个会满。'
            : 'No open group has an expiry date, and none is foreseen to fill up.').waitFor();
        assert.equal(await page.locator('canvas').count(), 0);
        await shot(page, `none-${name}`);
        await checkAccess(page, name);
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    }
});

test('numbers are the API\'s; problems and expiries stand in order', async () => {
    fillStats(server, 'well', 9, { scale: 8, untilNow: true });
    await server.create('full', { title: EVIL, groups: [{ url: wechatUrl('full'), limit: 0 }] });
    await server.create('soon',
        { title: '春季跑步群', groups: [{ name: '第 1 群', url: wechatUrl('s1'), limit: 200, expires_at: inDays(0.4) },
        { name: '第 2 群', url: wechatUrl('s2'), limit: 200, expires_at: inDays(6) }] });
    await server.create('later',
        { title: 'Weekend talks', groups: [{ name: EVIL, url: wechatUrl('l1'), limit: 100, expires_at: inDays(4) }] });
    await server.create('off',
        { enabled: false, groups: [{ url: wechatUrl('off'), limit: 9, expires_at: inDays(0.1) }] });
    const bad = await waitFor('problems', async () => {
        const { data } = await server.api('GET', '/campaigns?sort=problems');
        return data[0].slug === 'full'
            && data.filter((c) => ['stopped', 'warning'].includes(c.severity)).map((c) => c.slug);
    });
    if (process.env.HUOMA_SHOTS)
        await waitFor('an alert', async () => (await server.api('GET', '/alerts?state=open')).total > 0, 30000);
    for (const [name, view] of seen) {
        const earlier = await read();
        const page = await open(view);
        await page.locator('[data-chart=seats] canvas').waitFor();
        await page.locator('.alerts h2').waitFor();
        await page.locator('.problems .line').first().waitFor();
        const later = await read();
        for (const kind of KINDS) {
            const text = (await page.locator(`[data-sum=${kind}]`).innerText()).replace(/\s+/g, ' ');
            const fits = ({ now, was }) => {
                const [n, more] = [Math.abs(now - was), now > was];
                return text.endsWith(name.includes('zh')
                    ? `${now} 上周${n ? ` ${was}，${more ? '多' : '少'} ${n}` : `也是 ${was}`}`
                    : `${now} ${was} last week${n ? `, ${n} ${more ? 'more' : 'fewer'}` : ' too'}`);
            };
            assert.ok([earlier, later].some((stats) => fits(said(stats, kind))), `${kind}: ${text}`);
        }
        assert.deepEqual(await page.locator('.problems li[data-slug]')
            .evaluateAll((rows) => rows.map((r) => r.dataset.slug)), bad);
        assert.deepEqual(await page.locator('[data-expiry]').evaluateAll((rows) => rows.map((r) => r.dataset.expiry))
            .then((all) => all.filter((x) => !x.endsWith(' full'))), ['soon g1', 'later g1', 'soon g2']);
        assert.equal(await overflow(page) <= 0, true);
        await checkAccess(page, name);
        await shot(page, name);
        assert.equal(await page.evaluate(() => window.evil), undefined);
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    }
});

test('the table behind the line has every hour of a week ago, and of today those that have begun', async () => {
    const page = await open(DESK_SIZE);
    const chart = page.locator('[data-chart=seats]');
    await chart.locator('canvas').waitFor();
    await chart.locator('button').first().click();
    const { now, rows } = await read();
    const cells = await chart.locator('tbody tr')
        .evaluateAll((trs) => trs.map((r) => [...r.querySelectorAll('td')].map((c) => c.innerText)));
    assert.deepEqual(cells.map((c) => c[1]), rows.slice(0, 24).map((r) => r.seats.toLocaleString('en-US')));
    assert.equal(cells.filter((c) => c[0] !== '–').length, Number(now.slice(11, 13)) + 1);
    assert.match(await chart.locator('.plot').getAttribute('aria-label'),
        /Today: [\d,]+ in all.*whole day: [\d,]+ in all/);
    await page.context().close();
});

test('what could not be counted is said; one starts here, goes on by keyboard, and finds the alerts', async () => {
    dropVisits(server, 12);
    const page = await start();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.locator('[data-note=dropped]', { hasText: '12 visits' }).waitFor();
    await page.locator('.problems li[data-slug=full] a').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/c\/full$/);
    // looked for every ten seconds
    await waitFor('an alert', async () => (await server.api('GET', '/alerts?state=open')).total > 0, 30000);
    await page.goto(server.admin);
    await page.locator('.alerts .told', { hasText: '春季跑步群' }).waitFor();
    await page.getByRole('link', { name: 'All alerts' }).click();
    await page.waitForURL(/#\/alerts$/);
    await page.context().close();
});
