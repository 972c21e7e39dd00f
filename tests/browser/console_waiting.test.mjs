// The console's page of a waiting list: who waits, as a file, one deleted, all of them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { closeAll, overflow, waitFor, wechatUrl } from './lib/huoma.mjs';
import { DESK_SIZE, PASSWORD, PHONE_SIZE, checkAccess, console_, logIn, startConsole } from './lib/console.mjs';

const EVIL = '<img src=x onerror="window.evil=1">';
let server, browser, cookie;

async function makeList(slug, names) {
    await server.create(slug, { groups: [{ url: wechatUrl(slug), limit: 0 }], fallback: { waiting: {} } });
    for (const name of names) {
        const answer = await fetch(`${server.public}/${slug}`,
            { method: 'POST', redirect: 'manual', body: new URLSearchParams({ wait: 'join', name }) });
        assert.equal(answer.status, 303);
    }
}
const waiting = async (slug) => (await server.api('GET', `/campaigns/${slug}/waiting`)).data;

before(async () => { ({ server, browser, cookie } = await startConsole()); });
after(() => closeAll(browser, server));

for (const [size, view, lang, colorScheme, place] of [['phone', PHONE_SIZE, 'zh-CN', 'light', '第 2 位'],
    ['small phone', { width: 320, height: 568 }, 'en-GB', 'dark', 'place 2'],
    ['desktop', DESK_SIZE, 'en-GB', 'light', 'place 2']]) {
    test(`who waits stands there in order, on a ${size}`, async () => {
        const slug = `c-${size.replace(' ', '-')}`;
        await makeList(slug, ['小林', EVIL, 'A name that is as long as one may be, ok']);
        const page = await console_(browser, server, cookie, `/c/${slug}/waiting`, { ...view, lang, colorScheme });
        const rows = page.locator('ol li');
        await waitFor('three', async () => await rows.count() === 3);
        assert.deepEqual(await rows.locator('b').allInnerTexts(),
            ['小林', EVIL, 'A name that is as long as one may be, ok']);
        assert.ok((await rows.nth(1).innerText()).includes(place), await rows.nth(1).innerText());
        assert.equal(await overflow(page) <= 0, true);
        for (const button of await page.locator('ol button').all())
            assert.ok((await button.boundingBox()).height >= 36);
        await checkAccess(page, slug);
        if (process.env.HUOMA_SHOTS)
            await page.screenshot({ path: `${process.env.HUOMA_SHOTS}/console-waiting-${slug}.png` });
        assert.equal(await page.evaluate(() => window.evil), undefined);
        assert.deepEqual(page.wrong, []);
        await page.context().close();
    });
}

test('the list is exported as a file', async () => {
    await makeList('c-file', ['小林', '=1+1']);
    const page = await console_(browser, server, cookie, '/c/c-file/waiting');
    const [file] =
        await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export CSV' }).click()]);
    assert.equal(file.suggestedFilename(), 'c-file-waiting.csv');
    const lines = fs.readFileSync(await file.path(), 'utf8').replace('\ufeff', '').trim().split(/\r?\n/);
    assert.equal(lines[0], 'id,name,state,channel,joined_at,group');
    assert.match(lines[1], /,"小林",waiting,/);
    assert.match(lines[2], /,"'=1\+1",waiting,/, 'no formula');
    await page.context().close();
});

test('one is deleted, the others move up', async () => {
    await makeList('c-one', ['Anna', 'Ben', 'Carl']);
    const page = await console_(browser, server, cookie, '/c/c-one/waiting');
    await page.getByRole('button', { name: 'Delete Ben from the list' }).click();
    await page.getByText('Ben was deleted').waitFor();
    await waitFor('two', async () => await page.locator('ol li').count() === 2);
    assert.match(await page.locator('ol li').nth(1).innerText(), /Carl[\s\S]*place 2/);
    assert.deepEqual((await waiting('c-one')).map((w) => [w.name, w.place]), [['Anna', 1], ['Carl', 2]]);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('the list is cleared once the slug is typed', async () => {
    await makeList('c-clear', ['Anna', 'Ben']);
    const page = await console_(browser, server, cookie, '/c/c-clear/waiting');
    await page.getByRole('button', { name: 'Clear the list' }).click();
    const dialog = page.getByRole('dialog'), sure = dialog.getByRole('button', { name: 'Clear the list' });
    await dialog.getByRole('textbox').fill('c-clea');
    assert.equal(await sure.isDisabled(), true);
    assert.equal((await waiting('c-clear')).length, 2);
    await checkAccess(page, 'dialog');
    await dialog.getByRole('textbox').fill('c-clear');
    await sure.click();
    await page.getByText('The list was cleared').waitFor();
    await page.getByText('Nobody is waiting').waitFor();
    assert.deepEqual(await waiting('c-clear'), []);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('a viewer is told that names are not for them', async () => {
    await makeList('c-view', ['Anna']);
    await server.api('POST', '/users', { name: 'vera', password: PASSWORD, role: 'viewer' });
    const page = await console_(browser, server, await logIn(server, 'vera'), '/c/c-view/waiting');
    await page.getByText('Your role does not show this page').waitFor();
    assert.equal(await page.getByText('Anna').count(), 0);
    assert.equal(await page.getByRole('button', { name: /Delete|Clear/ }).count(), 0);
    await page.context().close();
});
