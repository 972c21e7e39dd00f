// What the API says of a print, in words of the page, and what a press of a button would change about it.
import type { PrintChoice, Template } from '../lib/print';
import { LEVELS, TEMPLATES } from '../lib/print';
import { reason } from './reasons';
import { isKey, language, number, t, type Key } from './index';

export interface Refused {
    field: string;
    text: string;
    /** A change that would do, and what the button for it says. */
    fix?: { say: string; change: Partial<PrintChoice> };
}

export function templateName(template: string): string {
    return isKey(`print.template.${template}`) ? t(`print.template.${template}` as Key) : template;
}

/** In the middle of a sentence. */
const inside = (template: string): string => templateName(template).replace(/^[A-Z](?!oments)/, (letter) => letter.toLowerCase());

export function paperName(paper: string): string {
    const mm = /^(\d+)mm$/.exec(paper);
    const pair = /^(\d+)x(\d+)$/.exec(paper);
    if (mm)
        return t('print.paper.round', { n: Number(mm[1]) });
    if (pair)
        return t(paper === '1080x1920' ? 'print.paper.pixels' : 'print.paper.pair', { width: pair[1], height: pair[2] });
    return paper === 'letter' ? 'Letter' : paper.toUpperCase();
}

/** "1.2 m" as the language has it, in one line. */
const far = (text: string): string => text.replace(/ (c?)m$/, (_, c) => `\u00a0${language.value === 'en' ? `${c}m` : c ? '厘米' : '米'}`);

const isTemplate = (text: string): text is Template => TEMPLATES.includes(text as Template);

// How a code failed in the proof.
const failures: [RegExp, Key][] = [
    [/by a decoder/, 'print.failed.plain'], [/out of focus/, 'print.failed.blur'], [/15 degrees/, 'print.failed.turned'],
    [/faded/, 'print.failed.faded'], [/dirt/, 'print.failed.dirt'],
];
const failed = (text: string): string => t(failures.find(([pattern]) => pattern.test(text))?.[1] || 'print.failed.plain');

type Say = (found: RegExpExecArray, choice: PrintChoice) => Omit<Refused, 'field'>;

/** A larger paper would do, another template, or nothing. */
const tooFar: Say = ([, template, paper, good, what]) => {
    const is = { template: inside(template), paper: paperName(paper), good: far(good) };
    const [, , other, larger] = /^(template=(\w+), )?paper=(\S+) would do$/.exec(what) || [];
    const better = larger && paperName(larger);
    if (other && isTemplate(other)) {
        const say = t('print.fix.template', { template: inside(other), paper: better });
        return { text: t('print.far.template', { ...is, other: inside(other), better }), fix: { say, change: { template: other, paper: larger } } };
    }
    if (larger)
        return { text: t('print.far.paper', { ...is, better }), fix: { say: t('print.fix.paper', { paper: better }), change: { paper: larger } } };
    return { text: t('print.far.none', { ...is, most: far(what.replace(/^no template scans from farther than /, '')) }) };
};

const sayings: [RegExp, Say][] = [
    [/^too far for a (\w+) on (\S+), which is good for ([^:]+): (.+)$/, tooFar],
    [/^needs a code of (\d+) mm for (.+), and (\d+) mm are the most$/, ([, needed, distance, most]) => ({
        text: t('print.far.code', { needed: Number(needed), distance: far(distance), most: Number(most) }),
    })],
    [/^is too small for (.+): at least (\d+) mm would do$/, ([, distance, needed]) => ({
        text: t('print.small', { distance: far(distance), needed: Number(needed) }),
        fix: { say: t('print.fix.size', { n: Number(needed) }), change: { size: needed } },
    })],
    [/^must be at least (\d+): a pixel for each module/, ([, n]) => ({
        text: t('print.small.px', { needed: Number(n) }), fix: { say: t('print.fix.px', { n: Number(n) }), change: { size: n } },
    })],
    [/^(\S+) is too small for so long a link: its modules would be under ([\d.]+) mm$/, ([, paper, mm]) => ({
        text: t('print.long', { paper: paperName(paper), mm }), fix: { say: t('print.fix.compact'), change: { compact: true } },
    })],
    [/^must be a length like/, () => ({ text: t('print.distance.like') })],
    [/^dark must be darker than light/, () => ({ text: t('print.inverted'), fix: black() })],
    [/^contrast between dark and light is below (\d+):1$/, ([, n]) => ({ text: t('print.contrast', { contrast: `${n}:1` }), fix: black() })],
    [/^must be a colour like/, () => ({ text: t('print.colour.like') })],
    [/^the code (.+): leave the logo out/, ([, how], choice) => ({
        text: t('print.unread.logo', { failed: failed(how) }),
        fix: { say: t('print.fix.logo'), change: choice.as === 'code' ? { codeLogo: false } : { logo: false } },
    })],
    [/^the code (.+): (a higher level would|another level may) do$/, ([, how], choice) => ({
        text: t('print.unread.level', { failed: failed(how) }), fix: higher(choice),
    })],
    [/^the code (.+): more contrast/, ([, how]) => ({ text: t('print.unread.contrast', { failed: failed(how) }), fix: black() })],
    [/^the code (.+): square modules would do$/, ([, how]) => ({
        text: t('print.unread.shape', { failed: failed(how) }), fix: { say: t('print.fix.shape'), change: { rounded: false } },
    })],
    [/^must be H with a logo in the code/, () => ({ text: t('print.logo.level'), fix: level('H') })],
    [/^the link is too long for/, () => ({ text: t('print.long.level'), fix: level('L') })],
    [/^the campaign has none/, (_, choice) => ({
        text: t('print.logo.none'), fix: { say: t('print.fix.logo'), change: choice.as === 'code' ? { codeLogo: false } : { logo: false } },
    })],
    [/^makes an image of (\d+) million pixels: at most (\d+) would do$/, ([, , dpi]) => ({
        text: t('print.pixels', { n: Number(dpi) }), fix: { say: t('print.fix.dpi', { n: Number(dpi) }), change: { dpi } },
    })],
    [/^not one (\w+) on (\S+) fits on a sheet of (\S+):/, ([, template, paper, sheet]) => ({
        text: t('print.grid.none', { template: inside(template), paper: paperName(paper), sheet: paperName(sheet) }),
        fix: { say: t('print.layout.pages'), change: { grid: false } },
    })],
    [/^at most (\d+) characters$/, ([, n]) => ({ text: t('print.chars', { n: Number(n) }) })],
    [/^too long for this template and paper: at most about (\d+) characters$/, ([, n]) => ({ text: t('print.chars.about', { n: Number(n) }) })],
    [/^too long for this template and paper$/, () => ({ text: t('print.chars.none') })],
    [/^has an invisible character, (U\+\w+)$/, ([, code]) => ({ text: t('print.invisible', { code }) })],
    [/^the character (.+) \((U\+\w+)\) can't be printed/, ([, char]) => ({ text: t('print.glyph', { char }) })],
    [/^has characters that the font/, () => ({ text: t('print.glyphs') })],
    [/^at most (\d+)$/, ([, n]) => ({ text: t('print.steps.most', { n: Number(n) }) })],
    [/^each must have 1 to (\d+) characters$/, ([, n]) => ({ text: t('print.steps.chars', { n: Number(n) }) })],
    [/^must be a( whole)? number from (\d+) to (\d+)$/, ([, whole, low, high]) => ({
        text: t(whole ? 'print.number.whole' : 'print.number', { low: number(Number(low)), high: number(Number(high)) }),
    })],
    [/^must be 1 to 32 of a-z/, () => ({ text: t('print.channel.rule') })],
    [/^is larger than 512 KB or 2048 pixels/, () => ({ text: t('print.logo.large') })],
    [/^is smaller than (\d+) pixels/, ([, n]) => ({ text: t('print.logo.small', { n: Number(n) }) })],
    [/^is damaged$/, () => ({ text: t('print.logo.damaged') })],
    [/^is (neither|no) .*(PNG|JPEG)/, () => ({ text: t('print.logo.type') })],
];

const black = (): Refused['fix'] => ({ say: t('print.fix.black'), change: { dark: '000000', light: 'ffffff' } });

const level = (ecc: PrintChoice['ecc']): Refused['fix'] => ({ say: t('print.fix.level', { level: ecc }), change: { ecc } });

function higher(choice: PrintChoice): Refused['fix'] {
    const next = LEVELS[LEVELS.indexOf(choice.ecc) + 1];
    return next && level(next);
}

export function refusedWords(field: string, why: string, choice: PrintChoice): Refused {
    for (const [pattern, say] of sayings) {
        const found = pattern.exec(why);
        if (found)
            return { field, ...say(found, choice) };
    }
    return { field, text: reason(why) };
}

/** Huoma-Proof: "ok; margin=15%". '' if it says something else. */
export function proofWords(header: string | null, many: boolean): string {
    const found = /^ok; margin=(\d+)%$/.exec(header || '');
    return found ? t(many ? 'print.proof.all' : 'print.proof', { n: Number(found[1]) }) : '';
}

/** Huoma-Compact: "25 of 29 modules", or why the link was left as it is. */
export function compactWords(header: string | null): string {
    const found = /^(\d+) of (\d+) modules$/.exec(header || '');
    if (!found)
        return header ? t(/smaller/.test(header) ? 'print.compact.same' : 'print.compact.not') : '';
    const [now, before] = [Number(found[1]), Number(found[2])];
    return t('print.compact.smaller', { percent: Math.round(100 - now / before * 100), now, before });
}
