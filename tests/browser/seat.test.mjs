// The hold behind a page: confirmed by a person's eyes or fingers, never by a machine that only fetched; and the way
// on.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { PHONE, Server, closeAll, decode, hide, sleep, startBrowser, visitor, waitFor,
    wechatUrl } from './lib/huoma.mjs';

const KEPT = 'confirmed 1, held 0';
const HELD = 'confirmed 0, held 1';
let server, browser, outside;

before(async () => {
    server = await Server.start();
    browser = await startBrowser();
    // Where a group that redirects leads: another origin than ours.
    outside = http.createServer((request, answer) => {
        answer.setHeader('Content-Type', 'text/html');
        answer.end('<title>outside</title>');
    });
    await new Promise((done) => outside.listen(0, '127.0.0.1', done));
});
after(async () => {
    outside?.close();
    await closeAll(browser, server);
});

const outsideUrl = () => `http://127.0.0.1:${outside.address().port}/group`;
const kept = (slug) => waitFor('the hold is confirmed', async () => await server.seats(slug) === KEPT);

// The page's own time stands still until a test moves it.
async function stopClock(page) {
    await page.clock.install({ time: '2026-11-01T00:00:00Z' });
    await page.clock.pauseAt('2026-11-01T01:00:00Z');
}

function countPosts(page) {
    const posts = [];
    page.on('request', (r) => { if (r.method() === 'POST') posts.push(new URL(r.url()).pathname); });
    return posts;
}

test('visible for a second: confirmed, once', async () => {
    await server.createPage('second');
    const page = await visitor(browser);
    const posts = countPosts(page);
    await page.goto(`${server.public}/Second/shop-1`);
    assert.equal(await server.seats('second'), HELD);
    await kept('second');
    // Nothing that happens afterwards confirms again.
    await page.locator('h1').click();
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await page.goto('about:blank');
    assert.deepEqual(posts, ['/Second/seat']);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('not visible: not confirmed; seconds of being visible add up', async () => {
    await server.createPage('hidden');
    const page = await visitor(browser);
    const posts = countPosts(page);
    await hide(page);
    await stopClock(page);
    await page.goto(`${server.public}/hidden`);
    await page.clock.runFor(60000);
    await page.evaluate(() => huomaShow());
    await page.clock.runFor(700);
    await page.evaluate(() => huomaShow(false));
    await page.clock.runFor(60000);
    assert.deepEqual(posts, []);
    assert.equal(await server.seats('hidden'), HELD);
    await page.evaluate(() => huomaShow());
    await page.clock.runFor(500);
    await kept('hidden');
    await page.context().close();
});

for (const [what, act] of [
    ['a touch', (page) => page.locator('img').tap()],
    ['a click', (page) => page.locator('h1').click()],
    ['a key', (page) => page.keyboard.press('Tab')],
]) {
    test(`${what} confirms at once`, async () => {
        const slug = what.replace(' ', '-');
        await server.createPage(slug);
        const page = await visitor(browser);
        await hide(page); // so that time alone confirms nothing
        await page.goto(`${server.public}/${slug}`);
        assert.equal(await server.seats(slug), HELD);
        await act(page);
        await kept(slug);
        await page.context().close();
    });
}

test('leaving after a glance confirms', async () => {
    await server.createPage('glance');
    const page = await visitor(browser);
    await stopClock(page); // the second never passes by itself
    await page.goto(`${server.public}/glance`);
    assert.equal(await server.seats('glance'), HELD);
    await page.goto('about:blank');
    await kept('glance');
    await page.context().close();
});

test('leaving a page that was never seen confirms nothing', async () => {
    await server.createPage('unseen');
    const page = await visitor(browser);
    const posts = countPosts(page);
    await hide(page);
    await page.goto(`${server.public}/unseen`);
    await page.goto('about:blank');
    await page.context().close();
    assert.deepEqual(posts, []);
    assert.equal(await server.seats('unseen'), HELD);
});

test('a fetch without a browser confirms nothing', async () => {
    await server.createPage('fetch');
    const answer = await fetch(`${server.public}/fetch`, { headers: { 'User-Agent': PHONE } });
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /<img class="qr"/);
    assert.equal(await server.seats('fetch'), HELD);
});

test('a lost confirmation is sent again until it arrives', async () => {
    await server.createPage('lost');
    const page = await visitor(browser);
    let tries = 0;
    await page.route('**/seat', (route) => (++tries < 3 ? route.abort('internetdisconnected')
        : tries === 3 ? route.fulfill({ status: 503, body: 'busy' }) : route.continue()));
    await page.goto(`${server.public}/lost`);
    await waitFor('a failed try', () => tries === 1);
    await page.evaluate(() => window.dispatchEvent(new Event('online'))); // sooner than its own wait
    await kept('lost');
    assert.equal(tries, 4);
    await page.context().close();
});

test('back from the page cache: confirmed if it was not before', async () => {
    await server.createPage('back');
    const page = await visitor(browser);
    let online = false, tries = 0;
    await page.route('**/seat', (route) => { tries++; return online ? route.continue() : new Promise(() => {}); });
    await page.goto(`${server.public}/back`);
    await waitFor('a try that hangs', () => tries === 1);
    online = true;
    await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await kept('back');
    await page.context().close();
});

async function reloads(slug, prepare) {
    await server.createPage(slug);
    const page = await visitor(browser);
    let loads = 0, tries = 0;
    page.on('response', (r) => { if (new URL(r.url()).pathname === `/${slug}`) loads++; });
    await page.route('**/seat', (route) => {
        tries++;
        return route.fulfill({ status: 409, contentType: 'application/json', body: '{"reload":true}' });
    });
    if (prepare)
        await page.addInitScript(prepare);
    await page.goto(`${server.public}/${slug}`);
    await waitFor('a first refusal', () => tries === 1);
    if (!prepare)
        await waitFor('a second refusal, after a reload', () => tries === 2);
    await sleep(1500); // in which another reload would have come
    const seen = { loads, tries };
    await page.context().close();
    return seen;
}

test('a seat that was lost reloads the page, once a minute at most', async () => {
    assert.deepEqual(await reloads('reload'), { loads: 2, tries: 2 });
});

test('without storage nothing is reloaded, so nothing loops', async () => {
    const seen = await reloads('no-storage',
        () => Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('refused'); } }));
    assert.deepEqual(seen, { loads: 1, tries: 1 });
});

test('an old browser without fetch confirms too', async () => {
    await server.createPage('old');
    const page = await visitor(browser);
    await page.addInitScript(() => { delete window.fetch; window.fetch = undefined; delete window.Promise; });
    await page.goto(`${server.public}/old`);
    await kept('old');
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('without JavaScript: a button confirms, and the page stays', async () => {
    await server.createPage('no-js');
    const page = await visitor(browser, { javaScriptEnabled: false, lang: 'en' });
    await page.goto(`${server.public}/no-js`);
    assert.deepEqual(decode(await page.screenshot()), [wechatUrl('no-js')]);
    await page.getByRole('button', { name: 'I want to join' }).click();
    await kept('no-js');
    assert.deepEqual(decode(await page.screenshot()), [wechatUrl('no-js')]);
    await page.context().close();
});

test('"cannot get in" leads to another group, and does not keep the first one', async () => {
    await server.create('next',
        { groups: [1, 2].map((n) => ({ name: `Group ${n}`, url: wechatUrl(`next-${n}`), limit: 5 })) });
    const page = await visitor(browser, { lang: 'en' });
    const posts = countPosts(page);
    await hide(page);
    await page.goto(`${server.public}/next`);
    assert.deepEqual(decode(await page.screenshot()), [wechatUrl('next-1')]);
    await page.getByRole('button', { name: /Can't get in/ }).click();
    await page.getByText('Group 2').waitFor();
    assert.deepEqual(decode(await page.screenshot()), [wechatUrl('next-2')]);
    assert.equal(new URL(page.url()).pathname, '/next');
    assert.deepEqual(posts, ['/next/next']);
    const [first, second] = await server.groups('next');
    assert.deepEqual([first.used, first.reports, second.used], [0, 1, 1]);
    await page.context().close();
});

test('"cannot get in" may lead to a group on another host', async () => {
    await server.create('next-out',
        { groups: [{ url: wechatUrl('next-out'), limit: 5 }, { url: outsideUrl(), limit: 5 }] });
    const page = await visitor(browser, { lang: 'en' });
    await page.goto(`${server.public}/next-out`);
    await page.getByRole('button', { name: /Can't get in/ }).click();
    await page.waitForURL(outsideUrl());
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('a tap takes the seat and leads on, also to another host', async () => {
    await server.create('tap', { confirm: 'tap', forward_query: true, groups: [{ url: outsideUrl(), limit: 5 }] });
    for (const javaScriptEnabled of [true, false]) {
        const page = await visitor(browser, { lang: 'en', javaScriptEnabled });
        await page.goto(`${server.public}/tap/shop-1?from=poster`);
        const before = (await server.groups('tap'))[0].used;
        assert.equal(before, javaScriptEnabled ? 0 : 1, 'looking takes no seat');
        await page.getByRole('button', { name: 'I want to join' }).click();
        await page.waitForURL(`${outsideUrl()}?from=poster`);
        assert.equal((await server.groups('tap'))[0].confirmed, before + 1);
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    }
});
