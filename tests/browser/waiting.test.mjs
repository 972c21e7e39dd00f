// The waiting list as those see it who wait: leaving a name, the place in the line, and the seat that comes by itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { Server, WAIT_MS, closeAll, decode, startBrowser, visitor, waitFor, wechatUrl } from './lib/huoma.mjs';
import { VIEWS, checkLook, onlooker } from './lib/look.mjs';

const CONTACT = 'https://u.wechat.com/EAbcdefghijk';
const PROMISED_MS = 45000; // without JavaScript a page asks every 30 s
let server, browser;

before(async () => {
    server = await Server.start();
    browser = await startBrowser();
});
after(() => closeAll(browser, server));

const make = (slug, fallback = {}) => server.create(slug, {
    title: '春季跑步群', groups: [{ name: '第 1 群', url: wechatUrl(slug), limit: 0 }],
    fallback: { ...fallback, waiting: fallback.waiting ?? {} },
});
const setLimit = (slug, limit) => server.api('PATCH', `/campaigns/${slug}/groups/g1`, { limit });
const list = async (slug) => (await server.api('GET', `/campaigns/${slug}/waiting`)).data.map((w) => [w.name, w.state]);

async function join(page, slug, name, path = '') {
    await page.goto(`${server.public}/${slug}${path}`);
    await page.locator('#name').fill(name);
    await page.locator('.join button').tap();
    await page.locator('#place').waitFor();
}

async function waiter(slug, name, options) {
    const page = await visitor(browser, { lang: 'en', ...options });
    await join(page, slug, name);
    return page;
}

const place = (page, text) => waitFor(text, async () => await page.locator('#place').innerText() === text);
const inGroup = async (page, slug, timeout = WAIT_MS) => {
    await page.locator('img.qr').waitFor({ timeout });
    assert.deepEqual(decode(await page.screenshot()), [wechatUrl(slug)]);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
};

// All at once: most of them wait for a page that asks every few seconds.
describe('waiting', { concurrency: 8 }, () => {
    test('a name is left, the place is shown, channel and query stay', async () => {
        await make('w-join');
        const page = await visitor(browser, { lang: 'zh-CN' });
        await join(page, 'w-join', '小林', '/shop-1?from=poster');
        assert.equal(await page.locator('#place').innerText(), '第 1 位');
        assert.equal(await page.locator('#before').innerText(), '下一个就是你');
        assert.equal(page.url(), `${server.public}/w-join/shop-1?from=poster`);
        assert.deepEqual(await list('w-join'), [['小林', 'waiting']]);
        await page.reload();
        assert.equal(await page.locator('#place').innerText(), '第 1 位', 'who scans again stands where they stood');
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    });

    test('a name that is markup, or too long, does no harm', async () => {
        await make('w-evil');
        const page = await visitor(browser, { lang: 'en' });
        await page.goto(`${server.public}/w-evil`);
        const long = '"><i onfocus=alert(1)>'.padEnd(41, 'x');
        await page.evaluate(() => document.getElementById('name').removeAttribute('maxlength'));
        await page.locator('#name').fill(long);
        await page.locator('.join button').tap();
        assert.equal(await page.getByRole('alert').innerText(), 'Please write 1 to 40 characters.');
        assert.equal(await page.locator('#name').inputValue(), long, 'what was typed is there to be mended');
        await page.locator('#name').fill('<b onclick=alert(1)>&');
        await page.locator('.join button').tap();
        await place(page, 'Number 1');
        assert.deepEqual(await list('w-evil'), [['<b onclick=alert(1)>&', 'waiting']]);
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    });

    test('a seat that comes free opens the page by itself, and is confirmed', async () => {
        await make('w-free');
        const page = await waiter('w-free', 'Anna');
        await setLimit('w-free', 1);
        await waitFor('seat', async () => (await server.seats('w-free')) === 'confirmed 1, held 0');
        await inGroup(page, 'w-free');
        assert.deepEqual(await list('w-free'), [['Anna', 'in']]);
    });

    test('who leaves gives way: the page behind counts down by itself', async () => {
        await make('w-leave');
        const anna = await waiter('w-leave', 'Anna');
        const ben = await waiter('w-leave', 'Ben');
        assert.equal(await ben.locator('#place').innerText(), 'Number 2');
        assert.equal(await ben.locator('#before').innerText(), '1 before you');
        await anna.getByRole('button', { name: 'Leave the line' }).tap();
        await anna.locator('#name').waitFor();
        await place(ben, 'Number 1');
        assert.equal(await ben.locator('#before').innerText(), 'You are next');
        assert.deepEqual(await list('w-leave'), [['Ben', 'waiting']]);
        for (const page of [anna, ben]) {
            assert.deepEqual(page.wrong, []);
            await page.context().close();
        }
    });

    test('without JavaScript: the form, the place, and the seat by the page that loads itself again', async () => {
        await make('w-plain');
        const page = await waiter('w-plain', 'Anna', { javaScriptEnabled: false });
        assert.equal(await page.locator('#lost').isVisible(), false);
        await setLimit('w-plain', 1);
        await inGroup(page, 'w-plain', PROMISED_MS);
    });

    test('a connection that is lost is told, and the page goes on when it is back', async () => {
        await make('w-lost');
        const page = await waiter('w-lost', 'Anna');
        await page.context().setOffline(true);
        await page.getByText('No connection').waitFor({ timeout: 2 * WAIT_MS });
        assert.equal(await page.locator('#place').innerText(), 'Number 1', 'the page stays what it was');
        await page.context().setOffline(false);
        await page.getByText('No connection').waitFor({ state: 'hidden' });
        await setLimit('w-lost', 1);
        await inGroup(page, 'w-lost');
    });

    test('a page that was in the background asks at once when it is seen again', async () => {
        await make('w-back');
        const page = await visitor(browser, { lang: 'en' });
        await page.addInitScript(() => {
            let state = 'visible';
            Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
            window.huomaShow =
                (shown) => { state = shown ? 'visible'
                    : 'hidden'; document.dispatchEvent(new Event('visibilitychange')); };
        });
        await page.clock.install();
        await join(page, 'w-back', 'Anna');
        await page.evaluate(() => window.huomaShow(false));
        await setLimit('w-back', 1);
        await page.clock.setSystemTime(Date.now() + 60000);
        await page.evaluate(() => window.huomaShow(true));
        await inGroup(page, 'w-back');
    });

    // Each page at each view.
    async function lookAll(shot, slug, show, codes) {
        for (const view of VIEWS) {
            const page = await onlooker(browser, server, view);
            await page.goto(`${server.public}/${slug}`);
            await show(page, view.lang);
            await checkLook(page, null, { codes, shot: `${shot}-${view.lang}-${view.width}-${view.colorScheme}` });
            await page.context().close();
        }
    }
    const leave = async (page, name) => {
        await page.locator('#name').fill(name);
        await page.locator('.join button').tap();
    };

    test('looks: where a name is left', async () => {
        await make('l-join');
        await lookAll('wait-join', 'l-join', (page) => page.locator('#name').waitFor());
    });

    test('looks: what was typed is no number; the contact stands below', async () => {
        await make('l-number',
            { contact: CONTACT, waiting: { ask: 'number', privacy: '只有跑团的管理员看得到，跑完就删。Only the organisers see it.' } });
        await lookAll('wait-wrong', 'l-number', async (page) => {
            await leave(page, 'x');
            await page.getByRole('alert').waitFor();
            assert.equal(await page.locator('#name').inputValue(), 'x');
        }, [CONTACT]);
    });

    test('looks: the place in the line', async () => {
        await make('l-place', { text: '周一放出新名额。', contact: CONTACT });
        await lookAll('wait-place', 'l-place', async (page, lang) => {
            await leave(page, 'Anna');
            await page.getByText(lang === 'en' ? 'When it is your turn' : '轮到你时').waitFor();
        }, [CONTACT]);
    });

    test('looks: the line is lost, the seat was missed', async () => {
        await make('l-missed');
        // The promise is made to have ended: to wait for one would take more than a minute.
        const redis = (...words) =>
            execFileSync('redis-cli', ['-s', new URL(server.redis).pathname, ...words], { encoding: 'utf8' }).trim();
        await lookAll('wait-missed', 'l-missed', async (page) => {
            await leave(page, 'Anna');
            await page.locator('#place').waitFor();
            const id = (await page.context().cookies()).find((c) => c.name === 'hw').value;
            const [number, joined, , line, , , , ...more] = redis('HGET', 'hm:{l-missed}:waiting', id).split(' ');
            redis('HSET', 'hm:{l-missed}:waiting', id, [number, joined, 'p', line, 'g1', '1', '0', ...more].join(' '));
            await page.reload();
            await page.locator('.why:visible').waitFor();
            await page.evaluate(() => { document.getElementById('lost').hidden = false; });
        });
    });

    test('looks: the line is full', async () => {
        await make('l-full', { waiting: { limit: 1 } });
        await (await waiter('l-full', 'First')).context().close();
        await lookAll('wait-full', 'l-full', async (page, lang) => {
            await leave(page, 'Anna');
            await page.getByRole('heading', { name: lang === 'en' ? 'The line is full' : '排队的人太多了' }).waitFor();
        });
    });
});
