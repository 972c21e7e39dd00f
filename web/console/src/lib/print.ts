// What is to be printed: all choices, how they stand in the page's address, and how the API is asked for them. The address has everything
// that is not the API's own default, so that the same link makes the same bytes again.
import type { LocationQuery } from 'vue-router';

export type As = 'poster' | 'code' | 'sheet';
export type Template = 'poster' | 'flyer' | 'card' | 'sticker' | 'banner' | 'moments';
export type Form = 'pdf' | 'png' | 'svg' | 'eps';

export interface Paper {
    name: string;
    /** Millimetres. */
    width: number;
    height: number;
}

const round = (mm: number): Paper => ({ name: `${mm}mm`, width: mm, height: mm });
const roll = (width: number, height: number): Paper => ({ name: `${width}x${height}`, width, height });
const sheets: Record<string, Paper> = {
    a2: { name: 'a2', width: 420, height: 594 },
    a3: { name: 'a3', width: 297, height: 420 },
    a4: { name: 'a4', width: 210, height: 297 },
    a5: { name: 'a5', width: 148, height: 210 },
    a6: { name: 'a6', width: 105, height: 148 },
    letter: { name: 'letter', width: 215.9, height: 279.4 },
};

/** The papers of each template, its own one first (docs/print.md). */
export const PAPERS: Record<Template, Paper[]> = {
    poster: [sheets.a4, sheets.a5, sheets.letter, sheets.a3, sheets.a2],
    flyer: [sheets.a5, sheets.a6, sheets.a4],
    card: [sheets.a6, sheets.a5],
    sticker: [60, 40, 50, 80, 100].map(round),
    banner: [roll(800, 2000), roll(600, 1600), roll(850, 2000), roll(1000, 2000), roll(1200, 2000)],
    moments: [{ name: '1080x1920', width: 108, height: 192 }],
};
export const TEMPLATES = Object.keys(PAPERS) as Template[];
export const FORMS: Record<As, Form[]> = { poster: ['pdf', 'png', 'svg'], code: ['svg', 'png', 'pdf', 'eps'], sheet: ['pdf'] };
export const GRID_PAPERS = ['a4', 'a3', 'letter'];
export const LEVELS = ['L', 'M', 'Q', 'H'] as const;
const MM_PER_INCH = 25.4;
const BLEED_MM = 3;
const MARKS_MM = 10;

export interface PrintChoice {
    as: As;
    form: Form;
    template: Template;
    /** '': the template's own, or what the distance needs. */
    paper: string;
    title: string;
    subtitle: string;
    steps: 'usual' | 'own' | 'none';
    /** One a line. */
    ownSteps: string;
    language: 'zh' | 'en';
    colour: string;
    /** On a page; in a code it is chosen by itself. */
    logo: boolean;
    codeLogo: boolean;
    channel: string;
    label: string;
    distance: string;
    bleed: boolean;
    marks: boolean;
    ecc: typeof LEVELS[number];
    rounded: boolean;
    compact: boolean;
    dpi: string;
    size: string;
    dark: string;
    light: string;
    caption: string;
    grid: boolean;
    gridPaper: string;
    /** The list as it was pasted. */
    channels: string;
}

export function usualChoice(title: string, language: 'zh' | 'en'): PrintChoice {
    return {
        as: 'poster', form: 'pdf', template: 'poster', paper: '', title, subtitle: '', steps: 'usual', ownSteps: '', language,
        colour: '067a44', logo: true, codeLogo: false, channel: '', label: '', distance: '', bleed: false, marks: false, ecc: 'M',
        rounded: false, compact: false, dpi: '', size: '', dark: '000000', light: 'ffffff', caption: '', grid: false, gridPaper: 'a4',
        channels: '',
    };
}

/** As people write it ("3 米", "80", "1.5m") -> as the API does ("3m"); what it is not, stays. */
export function distanceText(typed: string): string {
    const text = typed.normalize('NFKC').replace(/\s+/g, '').toLowerCase();
    const found = /^(\d+(?:\.\d+)?)(m|米|公尺|cm|厘米|公分|mm|毫米)?$/.exec(text);
    if (!found)
        return typed.trim();
    const [, value, unit] = found;
    const units: Record<string, string> = { 米: 'm', 公尺: 'm', 厘米: 'cm', 公分: 'cm', 毫米: 'mm' };
    // Nobody stands 30 m away from a code, or 3 cm.
    return value + (unit ? units[unit] || unit : Number(value) <= 20 ? 'm' : 'cm');
}

const hex = (colour: string): string => colour.trim().replace(/^#/, '').toLowerCase();

/** What a template has: a disc has one line of title and no more, an image for a phone no press. */
export const has = (template: Template) => ({
    subtitle: template !== 'sticker',
    press: template !== 'moments',
});

type Params = Record<string, string>;
const flag = (on: boolean, name: string): Params => (on ? { [name]: '1' } : {});
const given = (name: string, value: string): Params => (value === '' ? {} : { [name]: value });

function stepsOf(p: PrintChoice): Params {
    const own = p.ownSteps.split('\n').map((line) => line.trim()).filter(Boolean);
    return p.steps === 'none' ? { steps: '' } : p.steps === 'own' && own.length > 0 ? { steps: own.join('|') } : {};
}

function codeParams(p: PrintChoice): Params {
    return {
        ...given('channel', p.channel.trim()), ...given('size', p.size.trim()), ...given('caption', p.caption.trim()),
        ...(p.form === 'png' ? {} : given('distance', distanceText(p.distance))),
        dark: hex(p.dark), light: hex(p.light), ...flag(p.codeLogo, 'logo'),
    };
}

function pageParams(p: PrintChoice): Params {
    const { subtitle, press } = has(p.template);
    return {
        template: p.template, language: p.language, title: p.title, colour: hex(p.colour), ...stepsOf(p),
        ...(subtitle ? given('subtitle', p.subtitle) : {}),
        ...(press ? {
            ...given('paper', p.paper), ...given('distance', distanceText(p.distance)), ...flag(p.bleed, 'bleed'), ...flag(p.marks, 'marks'),
        } : {}),
        ...(p.logo ? {} : { logo: '0' }),
    };
}

/** What the API takes, of the kind that is chosen; of a sheet without its channels. */
export function params(p: PrintChoice): Params {
    return {
        ...(p.as === 'code' ? codeParams(p) : pageParams(p)),
        ...(p.as === 'poster' ? { ...given('channel', p.channel.trim()), ...given('label', p.label) } : {}),
        ...(p.as === 'poster' && p.form === 'png' ? given('dpi', p.dpi.trim()) : {}),
        ...(p.as === 'sheet' ? { layout: p.grid ? 'grid' : 'pages', ...(p.grid ? { sheet_paper: p.gridPaper } : {}) } : {}),
        ...(p.ecc === 'M' ? {} : { ecc: p.ecc }), ...(p.rounded ? { shape: 'rounded' } : {}), ...flag(p.compact, 'compact'),
    };
}

/* --- in the page's address --- */

/** Longer lists stay out of the address: links of that length get cut on their way. */
export const LIST_IN_ADDRESS = 4000;

export function toQuery(p: PrintChoice): Params {
    return {
        as: p.as, form: p.form, ...params(p),
        ...(p.as === 'sheet' && p.channels.length <= LIST_IN_ADDRESS ? given('channels', p.channels) : {}),
    };
}

const oneOf = <T extends string>(text: string | undefined, words: readonly T[], usual: T): T => words.find((word) => word === text) ?? usual;

const TEXTS = ['title', 'subtitle', 'colour', 'channel', 'label', 'distance', 'dpi', 'size', 'dark', 'light', 'caption', 'channels'];

export function fromQuery(query: LocationQuery, usual: PrintChoice): PrintChoice {
    const q = (name: string): string | undefined => {
        const value = query[name];
        return (Array.isArray(value) ? value[0] : value) ?? undefined;
    };
    const as = oneOf(q('as'), ['poster', 'code', 'sheet'] as const, usual.as);
    const template = oneOf(q('template'), TEMPLATES, usual.template);
    const steps = q('steps');
    const text = (name: string): Params => (q(name) === undefined ? {} : { [name]: q(name) as string });
    return {
        ...usual, as, template,
        form: oneOf(q('form'), FORMS[as], template === 'moments' && as === 'poster' ? 'png' : FORMS[as][0]),
        paper: oneOf(q('paper'), PAPERS[template].map((paper) => paper.name), ''),
        steps: steps === undefined ? 'usual' : steps === '' ? 'none' : 'own',
        ownSteps: steps ? steps.split('|').join('\n') : '',
        language: oneOf(q('language'), ['zh', 'en'] as const, usual.language),
        logo: q('logo') !== '0',
        codeLogo: as === 'code' && q('logo') === '1',
        bleed: q('bleed') === '1', marks: q('marks') === '1', compact: q('compact') === '1',
        ecc: oneOf(q('ecc'), LEVELS, 'M'),
        rounded: q('shape') === 'rounded',
        grid: q('layout') === 'grid',
        gridPaper: oneOf(q('sheet_paper'), GRID_PAPERS, 'a4'),
        ...Object.assign({}, ...TEXTS.map(text)) as Partial<PrintChoice>,
    };
}

/* --- the picture on the page --- */

const PREVIEW_PX = 800;
const PREVIEW_DPI_MIN = 36; // of the API

/** Sharp enough for the page, and no more to draw than that. */
export function previewDpi(p: PrintChoice): number | null {
    if (!has(p.template).press)
        return null; // whole pixels of its own
    const paper = PAPERS[p.template].find((x) => x.name === p.paper) || PAPERS[p.template][0];
    return Math.max(PREVIEW_DPI_MIN, Math.round(PREVIEW_PX / paper.width * MM_PER_INCH));
}

/** The paper of a picture so many pixels wide; null: it is none of the template's. */
export function paperOf(p: PrintChoice, pixels: { width: number; height: number }, dpi: number): Paper | null {
    const around = 2 * (p.marks ? MARKS_MM : p.bleed ? BLEED_MM : 0);
    const mm = (px: number): number => px / dpi * MM_PER_INCH - around;
    const off = (paper: Paper): number => Math.abs(paper.width - mm(pixels.width)) + Math.abs(paper.height - mm(pixels.height));
    const [near] = [...PAPERS[p.template]].sort((a, b) => off(a) - off(b));
    return off(near) < 4 * MM_PER_INCH / dpi + 1 ? near : null;
}

/** slug-channel-template-paper.pdf */
export function fileName(slug: string, p: PrintChoice, paper: string): string {
    const parts = p.as === 'code' ? [slug, p.channel.trim()] : p.as === 'poster' ? [slug, p.channel.trim(), p.template, paper]
        : [slug, p.template, p.grid ? `grid-${p.gridPaper}` : paper, 'sheet'];
    return `${parts.map((part) => part.toLowerCase().replace(/[^a-z0-9-]+/g, '')).filter(Boolean).join('-')}.${p.form}`;
}
