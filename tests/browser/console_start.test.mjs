// The console from its first minute: the set-up link, logging in, roles, languages, and what it says when something is
// wrong.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, closeAll, overflow, startBrowser, waitFor } from './lib/huoma.mjs';
import { DESK_SIZE, PASSWORD, asConsole, checkAccess, console_, logIn, setupLink } from './lib/console.mjs';

let server, browser, cookie;

before(async () => {
    server = await Server.start();
    browser = await startBrowser();
});
after(() => closeAll(browser, server));

test('the link in the log makes the first owner, who then sees what to do first', async () => {
    const link = await setupLink(server);
    const page = await console_(browser, server, null, `setup=${link.split('#setup=')[1]}`);
    await page.getByLabel('User name').fill('lin');
    assert.doesNotMatch(page.url(), /setup=/, 'the secret does not stay in the address');
    await page.getByLabel('Password', { exact: true }).fill('too short');
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByRole('alert').waitFor();
    await checkAccess(page, 'set-up');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByText('No campaigns yet').waitFor();
    await page.getByRole('main').getByRole('link', { name: 'New campaign' }).first().click();
    await page.getByRole('heading', { name: 'New campaign' }).waitFor();
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('the link makes one owner only', async () => {
    const link = await setupLink(server);
    const page = await console_(browser, server, null, `setup=${link.split('#setup=')[1]}`);
    await page.getByLabel('User name').fill('eve');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByText('This link is no longer valid').waitFor();
    await page.context().close();
});

test('who is not logged in is asked to, and comes where they wanted to go', async () => {
    const page = await console_(browser, server, null, '/settings');
    await page.getByLabel('User name').fill('lin');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await checkAccess(page, 'login');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await page.context().close();
});

test('a wrong password is told, and after several the next try has to wait', async () => {
    const page = await console_(browser, server, null, '/login');
    await page.getByLabel('User name').fill('nobody');
    const button = page.getByRole('button', { name: 'Log in' });
    await page.getByLabel('Password', { exact: true }).fill('wrong wrong wrong');
    await button.click();
    await page.getByText('The name or the password is wrong.').waitFor();
    await waitFor('a throttled try', async () => {
        if (await button.isEnabled())
            await button.click().catch(() => {});
        return page.getByText(/Too many tries\. Try again in \d+ second/).isVisible();
    }, 60000);
    assert.equal(await button.isDisabled(), true);
    await page.context().close();
});

test('languages: as the browser likes it, switched in the settings, kept', async () => {
    cookie = await waitFor('a session after the throttle', () => logIn(server).catch(() => null), 60000);
    const page = await console_(browser, server, cookie, '/settings', { lang: 'zh-CN' });
    await page.getByRole('heading', { name: '设置', exact: true }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
    await page.getByText('English', { exact: true }).click();
    await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
    await page.getByText('Dark', { exact: true }).click();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    await page.context().close();
});

test('a viewer sees no way to change anything, an editor what editors may; the doors are shut for both', async () => {
    await server.createPage('roles');
    for (const role of ['viewer', 'editor'])
        await server.api('POST', '/users', { name: role, password: PASSWORD, role });
    const forbidden = [['POST', '/campaigns', { url: 'https://example.com/' }],
        ['PATCH', '/campaigns/roles', { title: 'x' }], ['DELETE', '/campaigns/roles'],
        ['POST', '/campaigns/roles/groups', { url: 'https://example.com/' }], ['PUT', '/campaigns/roles/order', ['g1']],
        ['GET', '/users'], ['GET', '/tokens']];
    for (const role of ['viewer', 'editor']) {
        const theirs = await logIn(server, role);
        const page = await console_(browser, server, theirs, '/c/roles', DESK_SIZE);
        await page.getByText('Group 1').first().waitFor();
        assert.equal(await page.getByRole('button', { name: 'Add groups' }).count(), 0);
        assert.equal(await page.getByRole('button', { name: /^Edit/ }).count(), role === 'editor' ? 1 : 0);
        assert.equal(await page.getByRole('link', { name: 'Users' }).count(), 0);
        for (const [method, where, body] of forbidden) {
            const answer = await asConsole(server, method, where, body, { Cookie: `${theirs.name}=${theirs.value}` });
            assert.equal(answer.status, 403, `${role} ${method} ${where}`);
        }
        await page.goto(`${server.admin}/#/users`);
        await page.getByText('Your role does not show this page').waitFor();
        await page.context().close();
    }
});

test('a session that has ended leads to the login', async () => {
    const theirs = await logIn(server, 'viewer');
    const page = await console_(browser, server, theirs, '/');
    await page.getByRole('link', { name: /roles/ }).waitFor();
    await server.api('PATCH', '/users/viewer', { disabled: true });
    await page.getByRole('link', { name: /roles/ }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    await page.context().close();
});

test('users, tokens and the audit log: made, shown once, told of', async () => {
    const page = await console_(browser, server, cookie, '/users', DESK_SIZE);
    await page.getByRole('button', { name: 'Add a user' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('User name').fill('mei');
    await dialog.getByLabel('Password', { exact: true }).fill('short');
    await dialog.getByRole('button', { name: 'Add a user' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Add a user' }).click();
    await page.locator('[data-user=mei]').waitFor();

    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByRole('button', { name: 'New token' }).click();
    await dialog.getByLabel('What for').fill('report');
    await dialog.getByRole('button', { name: 'New token' }).click();
    await page.getByText('The token is shown only now').waitFor();
    const secret = await page.locator('.fresh .code').innerText();
    const asked = await fetch(`${server.admin}/api/v1/me`, { headers: { Authorization: `Bearer ${secret}` } });
    assert.equal((await asked.json()).role, 'viewer');
    await page.reload();
    await page.locator('[data-token=report]').waitFor();
    assert.equal(await page.getByText(secret).count(), 0);

    await page.getByRole('link', { name: 'Audit log' }).click();
    await page.getByText('made the token').first().waitFor();
    await page.getByLabel('Who').fill('nobody at all');
    await page.getByText('Nothing matches').waitFor();
    assert.equal(await overflow(page) <= 0, true);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('what the server refuses is said in the language of the page', async () => {
    const page = await console_(browser, server, cookie, '/users', { ...DESK_SIZE, lang: 'zh-CN' });
    await page.getByRole('button', { name: '添加成员' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('用户名').fill('new:user');
    await dialog.getByLabel('密码', { exact: true }).fill('short');
    await dialog.getByRole('button', { name: '添加成员' }).click();
    await dialog.getByText('不能有冒号和控制字符').waitFor();
    await dialog.getByText('至少 12 个字符', { exact: true }).waitFor();
    await page.context().close();
});
