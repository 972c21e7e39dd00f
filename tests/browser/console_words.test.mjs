// The console's words: both languages have the same, with the same places for values.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

const source = (name) => fs.readFileSync(new URL(`../../web/console/src/words/${name}.ts`, import.meta.url), 'utf8');

function words(name) {
    const found = new Map();
    for (const [, key, , text] of source(name).matchAll(/^ {4}'([\w.-]+)': (['"])(.*)\2,$/gm)) {
        assert.equal(found.has(key), false, `${name}: ${key} twice`);
        found.set(key, text);
    }
    return found;
}

const zh = words('zh');
const en = words('en');

test('both languages have the same keys', () => {
    assert.ok(zh.size > 300);
    assert.deepEqual([...en.keys()].sort(), [...zh.keys()].sort());
});

test('a value that one language shows is shown by the other; of two forms by the last', () => {
    const values = (text) => [...new Set((text.split('|').pop().match(/\{\w+\}/g) || []))].sort();
    for (const [key, text] of zh)
        assert.deepEqual(values(en.get(key)), values(text), key);
});

test('nobody shouts, and Chinese has its own punctuation', () => {
    for (const [key, text] of [...zh, ...en])
        assert.doesNotMatch(text, /[!！]|操作失败|项目|子码|阈值/, key);
    for (const [key, text] of zh)
        assert.doesNotMatch(text, /[\u4e00-\u9fff][,;:?]|[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]/, key);
});
