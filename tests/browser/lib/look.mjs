// What every page of a visitor must look like, whatever it says: whole, apart, within reach, readable, alone.
import assert from 'node:assert/strict';
import path from 'node:path';
import { decode, visitor } from './huoma.mjs';
import { axe } from './console.mjs';

const TOUCH_PX = 44;
const PAGE_BYTES = 12 * 1024;

// Each language at both widths and in both schemes.
export const VIEWS = [
    { lang: 'zh-CN', width: 320, height: 568, colorScheme: 'light' },
    { lang: 'en', width: 320, height: 568, colorScheme: 'dark' },
    { lang: 'zh-CN', width: 390, height: 844, colorScheme: 'dark' },
    { lang: 'en', width: 390, height: 844, colorScheme: 'light' },
];

// A visitor who notes what the page asks of other hosts.
export async function onlooker(browser, server, options) {
    const page = await visitor(browser, options);
    page.foreign = [];
    page.on('request',
        (r) => { if (!/^data:/.test(r.url()) && !r.url().startsWith(server.public)) page.foreign.push(r.url()); });
    return page;
}

// Runs in the page: what sticks out at the sides, and what lies on something else. Text counts by its lines, as far as
// they show.
function misplaced() {
    const clip = (r,
        by) => ({ left: Math.max(r.left, by.left), right: Math.min(r.right, by.right), top: Math.max(r.top, by.top),
            bottom: Math.min(r.bottom, by.bottom) });
    const boxes = [], wrong = [];
    const add = (e, rects, what) => [...rects].filter((r) => r.width && r.height).forEach((r) => {
        const is = `${e.tagName} ${what.slice(0, 20)}`;
        if (r.left < 0 || r.right > innerWidth)
            wrong.push(`out at the side: ${is}`);
        boxes.push({ e, is, r: getComputedStyle(e).overflow === 'hidden' ? clip(r, e.getBoundingClientRect()) : r });
    });
    for (const e of document.querySelectorAll('main *')) {
        if (!e.checkVisibility({ visibilityProperty: true }))
            continue;
        if (/^(IMG|BUTTON|INPUT|A)$/.test(e.tagName))
            add(e, [e.getBoundingClientRect()], e.id || e.className);
        else
            [...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE && n.data.trim()).forEach((n) => {
                const range = document.createRange();
                range.selectNodeContents(n);
                add(e, range.getClientRects(), n.data.trim());
            });
    }
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
        const across = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left);
        const down = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top);
        if (a.e !== b.e && across > 1 && down > 1)
            wrong.push(`one on the other: ${a.is} / ${b.is}`);
    }));
    if (document.documentElement.scrollWidth > innerWidth)
        wrong.push(`the page is ${document.documentElement.scrollWidth} px wide`);
    return wrong;
}

// Fails for what is not as it must be. codes: the texts of the QR codes, one at most. shot: the name of a picture,
// which is written to the folder HUOMA_SHOTS if that is set.
export async function checkLook(page, answer, { codes = [], shot }) {
    assert.ok(codes.length <= 1);
    if (answer)
        assert.ok((await answer.body()).length < PAGE_BYTES, 'a small page');
    const picture =
        await page.screenshot({ fullPage: true,
            path: process.env.HUOMA_SHOTS && path.join(process.env.HUOMA_SHOTS, `${shot}.png`) });
    assert.equal(await page.locator('img').count(), codes.length);
    assert.deepEqual(decode(picture), codes);
    assert.deepEqual(await page.evaluate(misplaced), []);
    for (const target of await page.locator('button:visible, a:visible, input:visible').all()) {
        const { width, height } = await target.boundingBox();
        assert.ok(height >= TOUCH_PX && width >= TOUCH_PX, `${await target.innerText()}: ${width} x ${height} px`);
    }
    await page.evaluate(axe);
    const found =
        await page.evaluate(() =>
            window.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] }));
    assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`), []);
    assert.deepEqual(page.foreign, [], 'nothing from elsewhere');
    assert.deepEqual(page.wrong, []);
}
