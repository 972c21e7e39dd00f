// When a campaign and its groups will be full, on the campaign's page: in words, in both languages, without moving what
// is there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { closeAll, overflow, waitFor } from './lib/huoma.mjs';
import { DESK_SIZE, PHONE_SIZE, checkAccess, console_, startConsole } from './lib/console.mjs';

let server, browser, cookie;
const HOURS = 72;

// Sixty seats of each of the last hours, as the ledger counts them; the server's clock is Shanghai's.
function putHistory(slug) {
    const commands = [];
    for (let back = 0; back <= HOURS; back++) {
        const at = new Date(Date.now() - back * 3600e3);
        const local = new Date(at.getTime() + 8 * 3600e3).toISOString();
        const seats = back ? 60 : Math.round(at.getUTCMinutes() + at.getUTCSeconds() / 60);
        commands.push(`HSET hm:{${slug}}:stats:${local.slice(0, 10)} d${local.slice(11, 13)}:g1 ${seats}`);
    }
    execFileSync('redis-cli', ['-s', server.redis.replace('unix://', '')], { input: commands.join('\n') });
}

before(async () => {
    ({ server, browser, cookie } = await startConsole());
    const soon = new Date(Date.now() + 20 * 60e3).toISOString().replace(/\.\d+/, '');
    await server.create('foreseen', { groups: [{ url: 'https://example.com/a', limit: 40, name: 'First' },
        { url: 'https://example.com/b', limit: 500, name: 'Second', expires_at: soon },
        { url: 'https://example.com/c', limit: 300, name: 'Third' }] });
    putHistory('foreseen');
    await server.create('unknown', { groups: [{ url: 'https://example.com/a', limit: 40, name: 'First' }] });
});
after(() => closeAll(browser, server));

for (const [size, view, words] of [
    ['phone', { ...PHONE_SIZE, lang: 'zh-CN', colorScheme: 'light' }, [/^预计 .*名额用完/, /会在满之前过期$/, /^预计 .*满/]],
    ['desktop', { ...DESK_SIZE, lang: 'en-GB', colorScheme: 'dark' },
        [/^All seats gone by /, /^This code expires before it fills$/, /^Full by /]]]) {
    test(`what is foreseen stands on the page, on a ${size}`, async () => {
        const page = await console_(browser, server, cookie, '/c/foreseen', view);
        const lines = page.locator('.forecast');
        await waitFor('forecasts', async () => words[0].test((await lines.first().innerText()).trim()));
        const said = (await lines.allInnerTexts()).map((text) => text.trim());
        assert.equal(said.length, 4);
        assert.match(said[1], /(minutes|分钟)/);
        assert.match(said[2], words[1]);
        assert.match(said[3], words[2]);
        assert.doesNotMatch(await page.locator('main').innerText(), /[{}]/); // each word that is named has its value
        assert.equal(await overflow(page) <= 0, true);
        await checkAccess(page, size);
        if (process.env.HUOMA_SHOTS)
            await page.screenshot({ path: `${process.env.HUOMA_SHOTS}/console-forecast-${size}.png` });
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    });
}

for (const [size, view, words] of [['phone', { ...PHONE_SIZE, lang: 'zh-CN', colorScheme: 'light' }, /^预计 .*名额用完/],
    ['desktop', { ...DESK_SIZE, lang: 'en-GB', colorScheme: 'dark' }, /^All seats gone by /]]) {
    test(`lists and the overview tell it, too, on a ${size}`, async () => {
        await waitFor('a forecast', async () => (await server.api('GET', '/campaigns')).forecasts.length === 1, 30000);
        const page = await console_(browser, server, cookie, '/', view);
        for (const [path, line] of [['/', '[data-slug=foreseen] .forecast'],
            ['/overview', '[data-expiry="foreseen full"] .forecast']]) {
            await page.goto(`${server.admin}/#${path}`);
            await page.locator(line).waitFor();
            assert.match((await page.locator(line).innerText()).trim(), words);
            assert.equal(await overflow(page) <= 0, true);
            await checkAccess(page, size);
            if (process.env.HUOMA_SHOTS)
                await page.screenshot(
                    { path: `${process.env.HUOMA_SHOTS}/console-forecast${path.replace('/', '-')}-${size}.png`,
                        fullPage: true });
        }
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    });
}

test('a forecast that comes late moves nothing, and one that nobody can make says so', async () => {
    const page = await console_(browser, server, cookie, '/settings', { lang: 'en-GB' });
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    let answer;
    const held = new Promise((go) => { answer = go; });
    await page.route('**/forecast', async (route) => { await held; await route.continue(); });
    await page.goto(`${server.admin}/#/c/unknown`);
    await page.reload();
    const group = page.locator('[data-group]');
    await group.waitFor();
    const before_ = await group.boundingBox();
    answer();
    await waitFor('the forecast',
        async () => (await page.locator('.forecast').first().innerText()).startsWith('Too few came'));
    assert.deepEqual(await group.boundingBox(), before_);
    await page.context().close();
});
