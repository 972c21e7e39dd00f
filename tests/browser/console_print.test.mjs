// The print page: what is chosen is seen as the server draws it, what would not scan is refused at its field, and the
// files are what they say.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { closeAll, decode, overflow, waitFor } from './lib/huoma.mjs';
import { DESK_SIZE, PASSWORD, checkAccess, console_, logIn, startConsole } from './lib/console.mjs';

const LINK = 'https://q.example.com/run';
const EVIL = '<img src=x onerror=alert(1)>';
let server, browser, cookie;

before(async () => {
    ({ server, browser, cookie } = await startConsole('--base-url', 'https://q.example.com'));
    await server.createPage('run');
});
after(() => closeAll(browser, server));

const open = (query = '', more = {}, who = cookie) =>
    console_(browser, server, who, `/c/run/print${query && `?${query}`}`, more);
const picture = (page) => page.locator('.frame img').getAttribute('src', { timeout: 15000 });
// The next picture after what is done: another one than before, and nothing on its way.
async function redrawn(page, act) {
    const was = await picture(page);
    await act();
    await waitFor('another picture',
        async () => await picture(page) !== was && await page.locator('.frame .bar').count() === 0);
}

async function downloaded(page, act) {
    const [download] = await Promise.all([page.waitForEvent('download'), act()]);
    const to = path.join(server.dir, download.suggestedFilename());
    await download.saveAs(to);
    return { name: download.suggestedFilename(), to, bytes: fs.readFileSync(to) };
}
const press = (page, name) => () => page.getByRole('button', { name }).click();

function codesOf(pdf) {
    const base = path.join(server.dir, 'page');
    execFileSync('pdftoppm', ['-r', '100', '-gray', '-png', pdf, base]);
    const pages = fs.readdirSync(server.dir).filter((name) => /^page-\d+\.png$/.test(name)).sort();
    return pages.map((name) => {
        const file = path.join(server.dir, name);
        const found = decode(fs.readFileSync(file));
        fs.rmSync(file);
        return found.sort();
    });
}
const wordsOf = (pdf) => execFileSync('pdftotext', ['-layout', pdf, '-'], { encoding: 'utf8' });

test('from the code to a table card on a phone: chosen, seen, downloaded, and made again by its link', async () => {
    const page = await console_(browser, server, cookie, '/c/run');
    await page.getByRole('button', { name: 'Code', exact: true }).click();
    await page.getByRole('link', { name: 'Posters, stickers' }).click();
    assert.equal(await page.getByLabel('Title', { exact: true }).inputValue(), 'Spring run');
    await page.getByText('Checked: this code reads even blurred').waitFor();
    await page.getByText('A4 · 210 × 297 mm').waitFor();
    await redrawn(page, () => page.getByText('Table card').click());
    await page.getByText('A6 · 105 × 148 mm').waitFor();
    await redrawn(page, () => page.getByLabel('Title', { exact: true }).fill(EVIL));
    await redrawn(page, () => page.getByLabel('Channel', { exact: true }).fill('shop-1'));
    await redrawn(page, () => page.getByLabel('Label', { exact: true }).fill('<b>South</b>'));
    assert.deepEqual(decode(await page.locator('.frame').screenshot()), [`${LINK}/shop-1`]);
    assert.equal(await overflow(page) <= 0, true);
    await checkAccess(page, 'a card');
    const first = await downloaded(page, press(page, 'Download PDF'));
    assert.equal(first.name, 'run-shop-1-card-a6.pdf');
    assert.equal(first.bytes.subarray(0, 5).toString(), '%PDF-');
    assert.deepEqual(codesOf(first.to), [[`${LINK}/shop-1`]]);
    const words = wordsOf(first.to).replace(/\s+/g, ' ');
    for (const text of ['onerror=alert(1)', '<b>South</b>', 'Scan with WeChat'])
        assert.ok(words.includes(text), `${text}: ${words}`);

    const again = await console_(browser, server, cookie, new URL(page.url()).hash.slice(1),
        { lang: 'zh-CN', ...DESK_SIZE });
    await again.getByText('检验过').first().waitFor();
    const second = await downloaded(again, press(again, '下载 PDF'));
    assert.deepEqual(second.bytes, first.bytes, 'the same link, the same bytes');
    assert.deepEqual([...page.wrong, ...again.wrong], []);
    await page.context().close();
    await again.context().close();
});

test('colours that do not scan are refused at their field, in its language, and one press mends them', async () => {
    const page = await open('as=code&form=svg&channel=shop-1&dark=9a9a9a&light=ffffff', DESK_SIZE);
    const dark = page.locator('[data-field=dark]');
    const typed = dark.locator('input:not([type=color])');
    assert.match(await dark.getByRole('alert').innerText(), /too close: a contrast of 4:1/);
    assert.equal(await typed.getAttribute('aria-invalid'), 'true');
    assert.equal(await page.locator('[data-test=download]').isDisabled(), true);
    await typed.fill('#ffffff');
    await page.getByLabel('Colour behind it', { exact: true }).fill('#000000');
    await dark.getByText('The code must be darker').waitFor();
    await dark.getByRole('button', { name: 'Black on white' }).click();
    await page.getByText('Checked:').waitFor();
    await redrawn(page, () => page.getByLabel('To be scanned from').fill('2 m'));
    await page.getByText(/For this distance the code is \d+ mm wide/).waitFor();
    await page.getByText('For the print shop').click();
    await redrawn(page, () => page.getByLabel('Compact').check());
    await page.locator('.verdict').getByText('14% smaller: 25 modules a side instead of 29').waitFor();
    await checkAccess(page, 'a code');
    const svg = await downloaded(page, press(page, 'Download SVG'));
    assert.equal(svg.name, 'run-shop-1.svg');
    assert.match(svg.bytes.toString(), /^(<\?xml[^>]*>\s*)?<svg/);
    const zh = await open('as=code&form=png&dark=9a9a9a&light=ffffff', { lang: 'zh-CN', colorScheme: 'dark' });
    assert.match(await zh.locator('[data-field=dark]').getByRole('alert').innerText(), /两种颜色太接近/);
    await checkAccess(zh, 'refused colours, dark');
    await page.context().close();
    await zh.context().close();
});

test('too far for the paper: said at the field with what would do, and taken by one press', async () => {
    const page = await open('as=poster&template=poster&paper=a4&language=en&title=Run&distance=2m');
    const field = page.locator('[data-field=distance]');
    assert.match(await field.getByRole('alert').innerText(),
        /Too far for a poster on A4, which scans from 1\.\d\sm\. A2 would do/);
    await field.getByRole('button', { name: 'Take A2' }).click();
    await page.getByText('A2 · 420 × 594 mm').waitFor();
    assert.equal(await field.getByRole('alert').count(), 0);
    // As people write it; without a paper the server chooses.
    await redrawn(page, () => page.getByLabel('Paper', { exact: true }).selectOption(''));
    await redrawn(page,
        async () => { await field.getByRole('textbox').fill('1.5 米'); await page.keyboard.press('Tab'); });
    assert.equal(await field.getByRole('textbox').inputValue(), '1.5m');
    assert.equal(await page.getByLabel('Paper', { exact: true }).locator('option').first().innerText(),
        'Automatic (A3)');
    await page.getByRole('combobox', { name: 'What to do' }).selectOption('none');
    await waitFor('no steps in the address', () => /[?&]steps=(&|$)/.test(page.url()));
    await page.context().close();
});

test('a logo: refused with the reason if it is none, made smaller if too large, removed, brought back', async () => {
    const page = await open();
    const field = page.locator('.logo');
    const send = (name, type, buffer) => field.locator('input[data-test=logo]')
        .setInputFiles({ name, mimeType: type, buffer });
    await send('a.png', 'image/png', Buffer.from('no picture at all'));
    await field.getByText('It is neither PNG nor JPEG').waitFor();
    const wide = await browser.newPage({ viewport: { width: 2100, height: 40 } });
    await wide.setContent('<body style="background:#1a4d8f">');
    await send('wide.png', 'image/png', await wide.screenshot());
    await wide.close();
    await field.getByText('It is larger than 512 KB or 2048 pixels a side').waitFor();
    await redrawn(page, press(page, 'Make it smaller and use it'));
    await field.getByAltText('The present logo').waitFor();
    assert.equal(await page.getByLabel('With the logo').isChecked(), true);
    await redrawn(page, press(page, 'Remove'));
    assert.equal(await field.getByRole('img').count(), 0);
    await redrawn(page, press(page, 'Undo'));
    await field.getByAltText('The present logo').waitFor();
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('a pasted list: what is wrong is told by its line, names become labels, each gets its own code', async () => {
    const page = await open('as=sheet&template=sticker&language=en&title=Run');
    const list = page.getByLabel('Channels', { exact: true });
    assert.match(await page.locator('.strip').innerText(), /First paste the list/);
    await list.fill(`shop-1,South gate\nshop-2\t"North"\n${EVIL}\nSHOP-1\n南门店\n`);
    await page.getByText('3 lines are wrong').first().waitFor();
    assert.deepEqual(await page.locator('.list-wrong li').allInnerTexts()
        .then((all) => all.map((text) => text.replace(/\s+/g, ' '))),
        [`Line 3 “${EVIL}” cannot be a channel name`, 'Line 4 shop-1 stands in line 1 already',
            'Line 5 “南门店” cannot be a channel name']);
    await page.getByRole('button', { name: 'Line 4' }).click();
    assert.equal(await list.evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd)), 'SHOP-1');
    await page.keyboard.press('Delete');
    await list.fill((await list.inputValue()).replace(`${EVIL}\n`, ''));
    await press(page, 'Number them')();
    await page.getByText('3 channels', { exact: true }).waitFor();
    assert.match(await list.inputValue(), /\np1,南门店/);
    await redrawn(page, press(page, 'Next'));
    await page.getByText('shop-2 · 2 / 3').waitFor();
    await page.getByText('A grid, to be cut').click();
    await page.locator('.tile').getByText('Poster', { exact: true }).click();
    await page.locator('[data-field=layout]').getByText('Not one poster of A4 fits on A4').waitFor();
    await redrawn(page, () => page.locator('.tile').getByText('Round sticker').click());
    await checkAccess(page, 'a list');
    const pdf = await downloaded(page, press(page, 'Download PDF'));
    assert.equal(pdf.name, 'run-sticker-grid-a4-sheet.pdf');
    assert.deepEqual(codesOf(pdf.to), [['p1', 'shop-1', 'shop-2'].map((name) => `${LINK}/${name}`)]);
    assert.match(wordsOf(pdf.to), /South gate/);
    await page.getByText('run-sticker-grid-a4-sheet.pdf is downloaded. All checked').waitFor();
    const csv = await downloaded(page, press(page, 'Download the links'));
    assert.match(csv.bytes.toString(), /"shop-2","https:\/\/q\.example\.com\/run\/shop-2"\r\n/);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('a viewer sees and downloads, and is offered no change of the logo', async () => {
    await server.api('POST', '/users', { name: 'vera', password: PASSWORD, role: 'viewer' });
    const page = await open('as=poster&form=png&template=moments&language=zh&title=跑', { lang: 'zh-CN', ...DESK_SIZE },
        await logIn(server, 'vera'));
    await page.getByText('检验过').first().waitFor();
    await page.getByText('换标志要管理员权限').waitFor();
    assert.equal(await page.locator('input[type=file]').count(), 0);
    const png = await downloaded(page, press(page, '下载 PNG'));
    assert.equal(png.name, 'run-moments-1080x1920.png');
    assert.deepEqual(decode(png.bytes), [LINK]);
    assert.equal(await overflow(page) <= 0, true);
    await checkAccess(page, 'a viewer');
    await page.context().close();
});
