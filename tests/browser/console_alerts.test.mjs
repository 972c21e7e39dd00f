// The console's page of alerts: what is open, where it is sent, a test that shows the other side's answer, and the
// rules.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { closeAll, overflow, waitFor, wechatUrl } from './lib/huoma.mjs';
import { DESK_SIZE, PHONE_SIZE, checkAccess, console_, logIn, startConsole } from './lib/console.mjs';

const EVIL = '<img src=x onerror="window.evil=1">';
let server, browser, cookie, stub, url, said = [200, '{"errcode":0,"errmsg":"ok"}'];
const got = [];

before(async () => {
    stub = http.createServer((request, answer) => {
        let body = '';
        request.on('data', (bytes) => { body += bytes; });
        request.on('end', () => {
            got.push(JSON.parse(body));
            answer.writeHead(said[0]).end(said[1]);
        });
    });
    await new Promise((done) => { stub.listen(0, '127.0.0.1', done); });
    url = `http://127.0.0.1:${stub.address().port}/send?key=SECRET`;
    ({ server, browser, cookie } = await startConsole('--alert-private-hosts', '127.0.0.0/8'));
    await server.create('expiring', { title: EVIL, groups: [{ name: '第 1 群', url: wechatUrl('e'), limit: 9,
        expires_at: new Date(Date.now() + 86400000 / 2).toISOString() }] }); // it is looked at within ten seconds
});
after(async () => {
    await closeAll(browser, server);
    stub.close();
});

const shot = (page, name) => process.env.HUOMA_SHOTS
    && page.screenshot({ path: `${process.env.HUOMA_SHOTS}/console-alerts-${name}.png`, fullPage: true });

test('a robot is added by its address, tried out, and its address never shown again', async () => {
    const page = await console_(browser, server, cookie, '/alerts', { lang: 'zh-CN' });
    await page.getByText('还没有添加').waitFor();
    await page.getByRole('button', { name: '添加' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByText('在企业微信的内部群里').waitFor();
    await checkAccess(page, 'sheet');
    await sheet.getByLabel('名称').fill('值班群');
    await sheet.getByRole('button', { name: '保存' }).click();
    await sheet.getByText('要填写').waitFor();
    await sheet.getByLabel('Webhook 地址').fill(url);
    await sheet.getByLabel('晚上安静些').check();
    await shot(page, 'sheet');
    await sheet.getByRole('button', { name: '保存' }).click();
    const row = page.locator('[data-destination="值班群"]');
    await row.getByRole('button', { name: '发一条试试' }).click();
    await row.getByText('发出去了，对方的回答：').waitFor();
    assert.match(await row.innerText(), /200 \{"errcode":0/);
    assert.ok(got.some((message) => message.text.content.startsWith('这是一条测试消息\n')));
    said = [200, '{"errcode":93000,"errmsg":"<b>invalid webhook url</b>"}'];
    await row.getByRole('button', { name: '发一条试试' }).click();
    await row.getByText('没有发出去：').waitFor();
    assert.match(await row.innerText(), /<b>invalid webhook url<\/b>/);
    await row.getByRole('button', { name: '修改' }).click();
    assert.equal(await sheet.getByLabel('Webhook 地址').inputValue(), '');
    await sheet.getByLabel('名称').fill(EVIL);
    await sheet.getByRole('button', { name: '保存' }).click();
    await page.locator('b').and(page.getByText(EVIL, { exact: true })).waitFor();
    assert.equal((await page.content()).includes('SECRET'), false);
    assert.equal(await page.evaluate(() => window.evil), undefined);
    await checkAccess(page, 'alerts');
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('a webhook gets a key that is made here', async () => {
    const page = await console_(browser, server, cookie, '/alerts');
    await page.getByRole('button', { name: 'Add' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByLabel('Service').selectOption('webhook');
    await sheet.getByLabel('Name').fill('Program');
    await sheet.getByLabel('Address (https)').fill(url);
    await sheet.getByRole('button', { name: 'Make one' }).click();
    assert.match(await sheet.getByLabel('Signing key').inputValue(), /^whsec_[A-Za-z0-9+/]{43}=$/);
    await sheet.getByRole('button', { name: 'Save' }).click();
    await page.locator('[data-destination=Program]').waitFor();
    await page.locator('[data-destination=Program]').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await waitFor('it is gone', async () => await page.locator('[data-destination=Program]').count() === 0);
    await page.context().close();
});

test('the rules are changed, and what is wrong is told at its field', async () => {
    const page = await console_(browser, server, cookie, '/alerts');
    await page.getByLabel('Nearly full at (%)').fill('101');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('must be an integer from 1 to 100').waitFor();
    await page.getByLabel('Nearly full at (%)').fill('80');
    await page.getByLabel('Days before a code expires').fill('7, 3, 1');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    const settings = await server.api('GET', '/alerts/settings');
    assert.equal(settings.full_percent, 80);
    assert.deepEqual(settings.expiry_days, [7, 3, 1]);
    await page.context().close();
});

test('what is open stands first, at each size, and leads to its campaign', async () => {
    await waitFor('the alert', async () => (await server.api('GET', '/alerts')).total > 0, 30000);
    for (const [name, view] of [['phone', { ...PHONE_SIZE, lang: 'zh-CN' }],
        ['small', { width: 320, height: 568, lang: 'en-GB', colorScheme: 'dark' }],
        ['desktop', { ...DESK_SIZE, lang: 'en-GB' }]]) {
        const page = await console_(browser, server, cookie, '/alerts', view);
        await page.locator('[data-alert=expiring]').waitFor();
        await page.getByText(name === 'phone' ? '提醒什么' : 'What is told').waitFor();
        assert.equal(await overflow(page) <= 0, true, name);
        await checkAccess(page, name);
        await shot(page, name);
        assert.equal(await page.evaluate(() => window.evil), undefined);
        assert.deepEqual(page.wrong, []);
        assert.equal(await page.locator('.count:visible').innerText(), '1');
        if (name === 'desktop') {
            await page.locator('[data-alert=expiring]').getByRole('link').click();
            await page.getByRole('heading', { name: EVIL }).waitFor();
        }
        await page.context().close();
    }
});

test('a campaign may have rules of its own, and those of all again', async () => {
    const page = await console_(browser, server, cookie, '/c/expiring/settings');
    await page.getByText('What is told of this campaign').click();
    await page.getByLabel('Nearly full at (%)').fill('50');
    const rules = page.locator('details.rules');
    await checkAccess(page, 'rules of a campaign');
    await shot(page, 'rules');
    await rules.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    assert.deepEqual((await server.api('GET', '/alerts/settings/expiring')).own, ['full_percent']);
    await rules.getByRole('button', { name: 'As for all campaigns' }).click();
    await waitFor('the rules of all',
        async () => (await server.api('GET', '/alerts/settings/expiring')).own.length === 0);
    await page.context().close();
});

test('a viewer sees alerts, and not where they go', async () => {
    await server.api('POST', '/users', { name: 'mei', password: 'a long pass phrase of tests', role: 'viewer' });
    const page = await console_(browser, server, await logIn(server, 'mei'), '/alerts');
    await page.locator('[data-alert=expiring]').waitFor();
    assert.equal(await page.getByText('Where it is sent').count(), 0);
    await checkAccess(page, 'viewer');
    await page.context().close();
});
