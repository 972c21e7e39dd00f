// The pictures of docs/guide*.md: node guide_pictures.mjs FOLDER. No test; see script/guide-pictures.
import path from 'node:path';
import { PHONE, Server, startBrowser, visitor, waitFor, wechatUrl } from './lib/huoma.mjs';
import { PASSWORD, console_, file, logIn, makeOwner, screenshot, setupLink } from './lib/console.mjs';
import { fillStats } from './lib/stats.mjs';

const folder = path.resolve(process.argv[2]);
const DAY = 86400000;
const SHORT = { width: 390, height: 700, deviceScaleFactor: 1.5 };

const words = {
    zh: { lang: 'zh-CN', group: (n) => `第 ${n} 群`, run: '春季跑步群', book: '读书会', talk: '周末讲座报名', shop: '社区团购',
        name: '秋天的徒步', funnel: '从跑步到团购', sub: '每周六早上七点，一起跑', far: '2 米' },
    en: { lang: 'en-GB', group: (n) => `Group ${n}`, run: 'Spring run', book: 'Book club', talk: 'Weekend talks',
        shop: 'Neighbours\' market', name: 'Autumn hike', funnel: 'From running to the market',
        sub: 'Saturdays at seven, all paces', far: '2 m' },
};

const at = (days) => new Date(Date.now() + days * DAY).toISOString();
const groups = (w, slug, days, limit = 200) =>
    days.map((d, i) => ({ name: w.group(i + 1), url: wechatUrl(`${slug}-${i}`), limit, expires_at: at(d) }));
const heads = (server, slug, id, confirmed) => server.api('PATCH', `/campaigns/${slug}/groups/${id}`, { confirmed });

async function fill(server, w) {
    await server.create('spring-run', { title: w.run, groups: groups(w, 'run', [5, 3, 6]) });
    await heads(server, 'spring-run', 'g1', 200);
    await heads(server, 'spring-run', 'g2', 134);
    for (let i = 0; i < 3; i++)
        await fetch(`${server.public}/spring-run`, { headers: { 'User-Agent': PHONE } });
    await server.create('book-club', { title: w.book, groups: groups(w, 'book', [0.6, 5]) });
    await heads(server, 'book-club', 'g1', 61);
    await server.create('talks', { title: w.talk, groups: groups(w, 'talk', [4], 100) });
    await heads(server, 'talks', 'g1', 100);
    await server.create('market', { title: w.shop, strategy: 'even', groups: groups(w, 'shop', [6, 6]) });
    await heads(server, 'market', 'g1', 88);
    await heads(server, 'market', 'g2', 87);
}

/** People who went on from step to step, each through its links. */
async function walk(server, w) {
    const funnel = await server.api('POST', '/funnels',
        { title: w.funnel, steps: ['spring-run', 'book-club', 'market'], channels: ['shop-1', 'shop-2'] });
    for (const [step, counts] of [[9, 28, 16], [4, 15, 6], [2, 6, 1]].entries())
        for (const [i, link] of funnel.steps[step].links.entries())
            for (let n = 0; n < counts[i]; n++)
                await fetch(server.public + new URL(link.url).pathname, { headers: { 'User-Agent': PHONE } });
    await waitFor('the workers to tell',
        async () => (await server.api('GET', `/funnels/${funnel.id}/stats`)).steps[2].views === 9);
    return funnel.id;
}

async function take(language) {
    const w = words[language];
    const server = await Server.start('--base-url', 'https://q.example.com');
    const browser = await startBrowser();
    const save = async (page, name) => {
        await page.waitForTimeout(400); // what slides in is there
        await page.screenshot({ path: path.join(folder, `${name}.${language}.png`) });
    };
    const open = (where, cookie) =>
        console_(browser, server, cookie, where, { ...SHORT, lang: w.lang, timezoneId: 'Asia/Shanghai' });
    try {
        const first = await open(`setup=${(await setupLink(server)).split('#setup=')[1]}`, null);
        await first.locator('input[autocomplete=username]').fill('lin');
        await first.locator('input[type=password]').fill(PASSWORD);
        await save(first, 'first');
        await makeOwner(server);
        const cookie = await logIn(server);
        await fill(server, w);

        const page = await open('/', cookie);
        await page.locator('[data-slug=market]').waitFor();
        await save(page, 'list');

        await page.goto(`${server.admin}/#/new`);
        await page.locator('input[data-test=album]')
            .setInputFiles([file('1.jpg', await screenshot(browser, wechatUrl('one'))),
            file('2.jpg', await screenshot(browser, wechatUrl('two'), { rotate: 3 }))]);
        await waitFor('two groups', async () => await page.locator('li.draft').count() === 2);
        await save(page, 'make');
        await page.locator('input[maxlength="200"]').fill(w.name);
        await page.locator('details summary').click();
        await page.locator('input[maxlength="64"]').fill('autumn-hike');
        await page.locator('.foot .button.main').click();
        await page.locator('.made img').waitFor();
        await save(page, 'made');

        await page.goto(`${server.admin}/#/c/spring-run`);
        const row = page.locator('[data-group=g2]');
        await row.waitFor();
        await page.locator('.live i').waitFor();
        await save(page, 'campaign');
        await row.locator('.acts button').nth(2).click();
        await page.locator('dialog input[data-test=album]')
            .setInputFiles(file('new.jpg', await screenshot(browser, wechatUrl('new'))));
        await page.locator('dialog .note.good').waitFor();
        await save(page, 'replace');
        await page.keyboard.press('Escape');
        await row.locator('.acts button').last().click();
        await page.locator('dialog').waitFor();
        await save(page, 'group');
        await page.keyboard.press('Escape');
        await page.goto(`${server.admin}/#/c/spring-run/preview`);
        await page.setViewportSize({ width: 390, height: 900 });
        await page.locator('.phone').waitFor();
        await save(page, 'preview');

        const drawn = (text) =>
            page.waitForFunction((x) => document.querySelector('.frame img') && !document.querySelector('.frame .bar')
            && document.querySelector('.verdict').textContent.includes(x), text);
        await page.goto(`${server.admin}/#/c/spring-run/print`);
        await drawn('%');
        await page.locator('.print-field input[maxlength="200"]').fill(w.sub);
        await page.waitForFunction(() => location.hash.includes('subtitle='));
        await drawn('%');
        await page.setViewportSize({ width: 390, height: 1060 });
        await page.evaluate(() => { document.activeElement.blur(); window.scrollTo(0, 0); });
        await save(page, 'print');
        await page.locator('[data-field=paper] select').selectOption('a4');
        await page.locator('[data-field=distance] input').fill(w.far);
        await page.locator('[data-field=distance] .button').waitFor();
        await page.locator('[data-field=distance]').evaluate((field) => field.scrollIntoView({ block: 'center' }));
        await save(page, 'far');

        const link = await server.api('POST', '/campaigns/spring-run/groups/g2/owner-links', { days: 30 });
        const owner = await visitor(browser, { ...SHORT, lang: w.lang, ua: undefined, timezoneId: 'Asia/Shanghai' });
        await owner.goto(link.url);
        await owner.locator('h2').waitFor();
        await save(owner, 'owner');

        const id = await walk(server, w);
        await page.setViewportSize({ width: 390, height: 900 });
        await page.goto(`${server.admin}/#/funnels/${id}`);
        await page.locator('[data-channel=shop-1]').waitFor();
        await save(page, 'funnel');

        fillStats(server, 'spring-run', 8, { untilNow: true, all: false });
        fillStats(server, 'market', 8, { untilNow: true, scale: 40 });
        await page.goto(`${server.admin}/#/overview`);
        await page.locator('[data-chart=seats] canvas').waitFor();
        await page.locator('.alerts .told').first().waitFor();
        await page.evaluate(() => window.scrollTo(0, 0));
        await save(page, 'overview');
        await page.goto(`${server.admin}/#/c/spring-run/stats`);
        await page.locator('[data-chart=visits] canvas').waitFor();
        await page.locator('.ranges button').nth(1).click();
        await page.waitForFunction(() => document.querySelector('.sums[aria-busy=false]'));
        await page.evaluate(() => window.scrollTo(0, 0));
        await save(page, 'stats');
    } finally {
        await browser.close();
        await server.stop();
    }
}

for (const language of Object.keys(words))
    await take(language);
