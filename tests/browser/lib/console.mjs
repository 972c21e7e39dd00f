// What the tests of the console share: people who are logged in, screenshots as WeChat makes them, and axe.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { BINARY, Server, closeAll, startBrowser, visitor, waitFor } from './huoma.mjs';

export const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const PASSWORD = 'a long pass phrase of tests';

export const PHONE_SIZE = { width: 390, height: 844 };
export const DESK_SIZE = { width: 1280, height: 860, hasTouch: false, deviceScaleFactor: 1 };

export function setupLink(server) {
    return waitFor('a set-up link in the log', () => server.log.match(/http:\/\/\S*#setup=[\w-]+/)?.[0]);
}

// A request as the console makes it, without the console: for the cookie, and for what it would not send.
export function asConsole(server, method, where, body, headers = {}) {
    return fetch(`${server.admin}/api/v1${where}`, {
        method,
        headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'huoma', Origin: server.admin, ...headers },
        body: body && JSON.stringify(body),
    });
}

// The first owner, once for a server.
export async function makeOwner(server) {
    const token = (await setupLink(server)).split('#setup=')[1];
    const answer = await asConsole(server, 'POST', '/setup', { token, name: 'lin', password: PASSWORD });
    assert.equal(answer.status < 300, true, await answer.text());
}

export async function logIn(server, name = 'lin', password = PASSWORD) {
    const answer = await asConsole(server, 'POST', '/session', { name, password });
    assert.equal(answer.status < 300, true, await answer.text());
    const [pair] = answer.headers.get('set-cookie').split(';');
    const at = pair.indexOf('=');
    return { name: pair.slice(0, at), value: pair.slice(at + 1) };
}

// A server with its owner, who is logged in by the cookie, and a browser.
export async function startConsole(...flags) {
    const server = await Server.start(...flags);
    let browser;
    try {
        browser = await startBrowser();
        await makeOwner(server);
        return { server, browser, cookie: await logIn(server) };
    } catch (e) {
        await closeAll(browser, server);
        throw e;
    }
}

// A page of the console, logged in with the cookie (null: nobody).
export async function console_(browser, server, cookie, where, more = {}) {
    const page = await visitor(browser, { ...PHONE_SIZE, lang: 'en-GB', ua: undefined, ...more });
    if (cookie)
        await page.context().addCookies([{ ...cookie, url: server.admin }]);
    await page.goto(`${server.admin}/#${where}`);
    return page;
}

// What is shown while it is renewed is dimmed, and neither that nor a colour on its way to another is what people read.
function settled() {
    return !document.querySelector('[aria-busy=true]')
        && document.getAnimations()
            .every((a) => a.playState !== 'running' || a.effect.getComputedTiming().endTime === Infinity);
}

// Fails for what axe calls serious or critical.
export async function checkAccess(page, what) {
    await page.waitForFunction(settled);
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    const bad = found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
        .map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
    assert.deepEqual(bad, [], what);
}

function codeFile(text, dir) {
    const file = path.join(dir, 'code.png');
    execFileSync(BINARY, ['qr', text, '-o', file, '--ecc', 'H', '--size', '600']);
    return fs.readFileSync(file).toString('base64');
}

// A picture as people send it: a card with the code and an avatar in its middle, a phone's screen around it.
export async function screenshot(browser, text, { rotate = 0, dark = false, quality = 60, avatar = true } = {}) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'huoma-shot-'));
    try {
        const code = text === null ? '' : `<img class="qr" src="data:image/png;base64,${codeFile(text, dir)}">`;
        const page = await browser.newPage({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 });
        await page.setContent(`<style>
            body { margin: 0; background: ${dark ? '#111' : '#ededed'}; font: 17px sans-serif; }
            .card { margin: 120px 30px; padding: 24px; border-radius: 8px; background: ${dark ? '#2c2c2c' : '#fff'};
                color: ${dark ? '#ccc' : '#222'}; transform: rotate(${rotate}deg); position: relative;
                text-align: center; }
            .qr { width: 280px; border-radius: 4px; display: block; margin: 16px auto; }
            .face { position: absolute; left: 50%; top: 50%; width: 46px; height: 46px; margin: -23px;
                border: 4px solid #fff; border-radius: 6px; background: linear-gradient(135deg, #c43, #36c); }
            .frame { position: relative; }
        </style><div class="card"><b>春季跑步 1 群</b>
            <div class="frame">${code}${code && avatar ? '<i class="face"></i>' : ''}</div>
            <small>该二维码 7 天内有效，重新进入将更新</small></div>`);
        const bytes = await page.screenshot({ type: 'jpeg', quality });
        await page.close();
        return bytes;
    } finally {
        fs.rmSync(dir, { recursive: true });
    }
}

export const file = (name, bytes) => ({ name, mimeType: 'image/jpeg', buffer: bytes });
