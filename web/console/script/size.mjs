// Fails when what a phone loads before it shows the first page is more than it may be: the page, and all scripts and
// styles that it names or that those name without being asked, as they go over the wire (gzip).
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const FIRST_LOAD_MAX = 120 * 1024; // bytes

const dist = new URL('../dist/', import.meta.url).pathname;
const seen = new Map();

function add(file) {
    if (seen.has(file))
        return;
    const bytes = fs.readFileSync(file);
    seen.set(file, gzipSync(bytes, { level: 9 }).length);
    const text = bytes.toString();
    const named = file.endsWith('.html') ? text.matchAll(/(?:src|href)="\/([^"]+)"/g)
        : file.endsWith('.js') ? text.matchAll(/(?:^|[;}])(?:import|export)(?:[^"'();]*?from)?["']\.\/([^"']+)["']/g)
            : [];
    for (const [, name] of named)
        add(path.join(file.endsWith('.html') ? dist : path.dirname(file), name));
}

add(path.join(dist, 'index.html'));
const total = [...seen.values()].reduce((a, b) => a + b, 0);
for (const [file, size] of seen)
    console.log(`${String(size).padStart(8)}  ${path.relative(dist, file)}`);
console.log(`${String(total).padStart(8)}  first load, gzip; at most ${FIRST_LOAD_MAX}`);
if (total > FIRST_LOAD_MAX) {
    console.error('The first load is too large.');
    process.exit(1);
}
