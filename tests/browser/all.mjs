// All files, some at a time: they wait for pages more than they compute. The longest comes first.
import { readdirSync } from 'node:fs';
import { run } from 'node:test';
import { spec as Spec } from 'node:test/reporters';

const AT_ONCE = 3;
const LONGEST = 'looks.test.mjs';

const files = readdirSync('.').filter((name) => name.endsWith('.test.mjs'))
    .sort((a, b) => (b === LONGEST) - (a === LONGEST));
const tests = run({ files, concurrency: AT_ONCE });
tests.on('test:fail', () => { process.exitCode = 1; });
tests.compose(new Spec()).pipe(process.stdout);
