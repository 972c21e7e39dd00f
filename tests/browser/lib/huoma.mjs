// What the browser tests share: the real server with its embedded Redis, the admin API, Chromium, and a decoder.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const BINARY = path.resolve(process.env.HUOMA_BIN || path.join(ROOT, 'build/asan/huoma'));
const CHROMIUM = process.env.HUOMA_CHROMIUM || '/usr/bin/chromium-headless-shell';
const TOKEN = 'browser-owner-token-0123456789abcdef';

// Long enough for a sanitizer's build on a busy machine.
const START_MS = 30000;
const STOP_MS = 20000;
export const WAIT_MS = 15000;

export const WECHAT =
    'Mozilla/5.0 (Linux; Android 14; PJD110) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 '
    + 'Mobile Safari/537.36 MicroMessenger/8.0.50.2701(0x28003253) WeChat/arm64 NetType/4G Language/zh_CN';
export const PHONE =
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 '
    + 'Mobile Safari/537.36';

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Polls until the condition gives something true, and returns that.
export async function waitFor(what, condition, ms = WAIT_MS) {
    for (const end = Date.now() + ms; ;) {
        const value = await condition();
        if (value)
            return value;
        if (Date.now() > end)
            throw new Error(`${what}: not within ${ms} ms`);
        await sleep(20);
    }
}

export class Server {
    static async start(...flags) {
        const s = new Server();
        s.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'huoma-b-'));
        const ready = path.join(s.dir, 'ready.json');
        s.log = '';
        s.child = spawn(BINARY, ['serve', '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--workers', '1',
            '--data-dir', path.join(s.dir, 'data'), '--ready-file', ready, ...flags], {
            stdio: ['ignore', 'pipe', 'pipe'],
            env: { ...process.env, HUOMA_ADMIN_TOKEN: TOKEN, HUOMA_TIMEZONE: 'Asia/Shanghai' },
        });
        for (const stream of [s.child.stdout, s.child.stderr])
            stream.on('data', (bytes) => { s.log += bytes; });
        s.ended = new Promise((done) => {
            s.child.on('error', (e) => { s.log += `${BINARY}: ${e.message}\n`; done(-1); });
            s.child.on('close', (code) => done(code));
        });
        let over = false;
        s.ended.then(() => { over = true; });
        await waitFor('server ready', () => {
            if (over)
                throw new Error(`the server ended:\n${s.log}`);
            return fs.existsSync(ready);
        }, START_MS);
        Object.assign(s, JSON.parse(fs.readFileSync(ready, 'utf8')));
        return s;
    }

    // Ends it, and fails if it did not end well: a sanitizer's finding is a failure too.
    async stop() {
        this.child.kill('SIGTERM');
        const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
        const code = await this.ended;
        clearTimeout(timer);
        fs.rmSync(this.dir, { recursive: true, force: true });
        if (code !== 0)
            throw new Error(`the server ended with ${code}:\n${this.log}`);
    }

    async api(method, where, body) {
        const r = await fetch(`${this.admin}/api/v1${where}`, {
            method,
            headers: { Authorization: `Bearer ${TOKEN}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
            body: body && JSON.stringify(body),
        });
        const text = await r.text();
        if (!r.ok)
            throw new Error(`${method} ${where}: ${r.status} ${text}`);
        return text ? JSON.parse(text) : null;
    }

    create(slug, campaign) {
        return this.api('POST', '/campaigns', { slug, title: 'Spring run', ...campaign });
    }

    // A campaign with one WeChat group: the page that most visitors see.
    createPage(slug, campaign = {}, group = {}) {
        return this.create(slug,
            { groups: [{ name: 'Group 1', url: wechatUrl(slug), limit: 10, ...group }], ...campaign });
    }

    async groups(slug) {
        return (await this.api('GET', `/campaigns/${slug}`)).groups;
    }

    async seats(slug) {
        const [g] = await this.groups(slug);
        return `confirmed ${g.confirmed}, held ${g.held}`;
    }

    redisPid() {
        return Number(execFileSync('pgrep', ['-P', String(this.pid), 'redis-server|valkey-server'],
            { encoding: 'utf8' }).trim());
    }
}

export const wechatUrl = (name) => `https://weixin.qq.com/g/AwYAA-${name}`;

export function startBrowser() {
    return chromium.launch({
        executablePath: CHROMIUM,
        headless: true,
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--disable-sync'],
    });
}

// Also of what has not been started.
export async function closeAll(browser, server) {
    await browser?.close();
    await server?.stop();
}

// Opens a visitor: a context of its own, so no cookie of anyone else. Collects what must not be on any page.
export async function visitor(browser, { width = 390, height = 844, lang = 'zh-CN', ua = WECHAT, ...more } = {}) {
    const context = await browser.newContext({
        viewport: { width, height }, deviceScaleFactor: 2, hasTouch: true, locale: lang, userAgent: ua, ...more,
    });
    const page = await context.newPage();
    page.wrong = [];
    page.on('pageerror', (e) => page.wrong.push(e.message));
    page.on('console', (m) => {
        // A status of 4xx and 5xx is told on the console too; that is not the page's fault.
        if (m.type() === 'error' && !/Failed to load resource/.test(m.text()))
            page.wrong.push(m.text());
    });
    return page;
}

// All QR codes that a picture shows. zbarimg ends with 4 when there is none.
export function decode(png) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'huoma-qr-'));
    const file = path.join(dir, 'a.png');
    try {
        fs.writeFileSync(file, png);
        return execFileSync('zbarimg', ['-q', '--raw', '-Sdisable', '-Sqrcode.enable', file],
            { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
            .trim().split('\n');
    } catch (e) {
        if (e.status === 4)
            return [];
        throw e;
    } finally {
        fs.rmSync(dir, { recursive: true });
    }
}

export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

// Makes a page believe that nobody sees it until huomaShow() is called in it.
export function hide(page) {
    return page.addInitScript(() => {
        let state = 'hidden';
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
        window.huomaShow = (shown = true) => {
            state = shown ? 'visible' : 'hidden';
            document.dispatchEvent(new Event('visibilitychange'));
        };
    });
}
