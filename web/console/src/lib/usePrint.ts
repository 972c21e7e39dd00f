// The print page's talk with the server: a picture of what is chosen, by the server's own drawing, and the files.
import { computed, onScopeDispose, ref, watch, type ComputedRef, type Ref } from 'vue';
import { ApiError, askFile, type FileAnswer } from '../api/client';
import { fileName, paperOf, params, previewDpi, PAPERS, type Paper, type PrintChoice } from './print';
import type { Place, Places } from './places';
import { saveBlob } from './copy';
import { problem } from '../words/reasons';
import { compactWords, proofWords, refusedWords, type Refused } from '../words/printed';

const REST_MS = 350; // after the last key

export interface Picture {
    url: string;
    width: number;
    height: number;
    proof: string | null;
    compact: string | null;
    /** What was drawn; null: a code alone. */
    paper: Paper | null;
    /** Millimetres a side, of a code alone; 0: pixels. */
    side: number;
}

export interface Trouble {
    refused: { field: string; reason: string }[];
    /** What belongs to no field. */
    error: ApiError | null;
}

export interface Sending {
    /** drawing: the answer has begun, after all codes have been proved. */
    stage: 'proving' | 'drawing';
    bytes: number;
    what: 'file' | 'list';
}

export interface Print {
    /** The last good one stays. */
    picture: Ref<Picture | null>;
    loading: Ref<boolean>;
    /** By field; a line of a list by "channels[3]". */
    refused: ComputedRef<Record<string, Refused>>;
    trouble: Ref<Trouble | null>;
    /** What belongs to no field, in words. */
    wrong: ComputedRef<string>;
    proof: ComputedRef<string>;
    compact: ComputedRef<string>;
    /** The paper that the last picture has, or the chosen one. */
    paper: ComputedRef<Paper>;
    sending: Ref<Sending | null>;
    again: () => void;
    /** null: refused, which is then told; or given up. */
    download: (what: 'file' | 'list') => Promise<{ name: string; proof: string | null } | null>;
    stop: () => void;
}

/** A sheet is asked for as JSON, a page or a code as a query. */
function sheetBody(p: PrintChoice, places: Place[]): Record<string, unknown> {
    const flags = ['logo', 'bleed', 'marks', 'compact'];
    return {
        ...Object.fromEntries(Object.entries(params(p)).map(([key, value]) => [key, flags.includes(key) ? value === '1' : value])),
        channels: places.map(({ channel, label }) => (label ? { channel, label } : channel)),
    };
}

/** One of a sheet, as a page by itself. */
function single(p: PrintChoice, place: Place | undefined): PrintChoice {
    return p.as === 'sheet' ? { ...p, as: 'poster', channel: place?.channel || '', label: place?.label || place?.channel || '' } : p;
}

async function loadPicture(answer: FileAnswer, p: PrintChoice, dpi: number | null): Promise<Picture> {
    const url = URL.createObjectURL(answer.file);
    const image = new Image();
    image.src = url;
    await image.decode();
    const mm = p.as === 'code' && p.form !== 'png' ? /<svg[^>]*\swidth="([\d.]+)mm"/.exec(await answer.file.slice(0, 1000).text()) : null;
    return {
        url, width: image.naturalWidth, height: image.naturalHeight,
        proof: answer.headers.get('Huoma-Proof'), compact: answer.headers.get('Huoma-Compact'),
        paper: p.as === 'code' ? null : dpi ? paperOf(p, { width: image.naturalWidth, height: image.naturalHeight }, dpi) : PAPERS[p.template][0],
        side: mm ? Number(mm[1]) : 0,
    };
}

const troubleOf = (e: ApiError): Trouble => ({ refused: e.fields, error: e.fields.length > 0 ? null : e });

/** `shown`: which place of a sheet is drawn. */
export function usePrint(slug: string, choice: PrintChoice, places: () => Places, shown: () => number): Print {
    const picture = ref<Picture | null>(null);
    const loading = ref(false);
    const trouble = ref<Trouble | null>(null);
    const sending = ref<Sending | null>(null);
    let drawing = new AbortController();
    let fetching = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;

    type Heard = (bytes: number) => void;
    const file = (p: PrintChoice, form: string, query: Record<string, string>, signal: AbortSignal, heard?: Heard): Promise<FileAnswer> =>
        askFile('GET', `/campaigns/${slug}/${p.as === 'code' ? 'qr' : 'poster'}.${form}`, { query: new URLSearchParams(query), signal }, heard);
    const sheet = (suffix: string, list: Place[], signal: AbortSignal, heard?: Heard): Promise<FileAnswer> =>
        askFile('POST', `/campaigns/${slug}/sheet.${suffix}`, { body: sheetBody(choice, list), signal }, heard);

    async function drawOne(signal: AbortSignal): Promise<Picture> {
        const place = places().list[shown()];
        const p = single({ ...choice }, place);
        if (p.as === 'code')
            return loadPicture(await file(p, p.form === 'png' ? 'png' : 'svg', params(p), signal), p, null);
        const dpi = previewDpi(p);
        const query = { ...params({ ...p, form: 'pdf' }), ...(dpi ? { dpi: String(dpi) } : {}) };
        const drawn = await loadPicture(await file(p, 'png', query, signal), p, dpi);
        // Only the sheet itself knows whether the grid has room for it.
        if (choice.as === 'sheet' && choice.grid && place)
            await sheet('pdf', [place], signal);
        return drawn;
    }

    async function draw(): Promise<void> {
        drawing.abort();
        const mine = drawing = new AbortController();
        loading.value = true;
        try {
            const drawn = await drawOne(mine.signal);
            if (mine.signal.aborted) {
                URL.revokeObjectURL(drawn.url);
                return;
            }
            if (picture.value)
                URL.revokeObjectURL(picture.value.url);
            picture.value = drawn;
            trouble.value = null;
        } catch (e) {
            if (mine.signal.aborted)
                return;
            trouble.value = troubleOf(e instanceof ApiError ? e : new ApiError(0, String(e)));
        }
        loading.value = false;
    }

    function soon(wait: number): void {
        clearTimeout(timer);
        loading.value = true;
        timer = setTimeout(() => void draw(), wait);
    }

    // What is drawn: of the list only the one that is shown.
    const wanted = computed(() => {
        const place = choice.as === 'sheet' ? places().list[shown()] : undefined;
        return JSON.stringify([choice.as, choice.form, params(choice), place?.channel, place?.label]);
    });
    watch(wanted, () => soon(REST_MS));
    soon(0);
    onScopeDispose(() => {
        clearTimeout(timer);
        drawing.abort();
        fetching.abort();
        if (picture.value)
            URL.revokeObjectURL(picture.value.url);
    });

    const paper = computed(() => picture.value?.paper || PAPERS[choice.template].find((x) => x.name === choice.paper) || PAPERS[choice.template][0]);

    async function download(what: 'file' | 'list'): ReturnType<Print['download']> {
        fetching.abort();
        const mine = fetching = new AbortController();
        sending.value = { stage: 'proving', bytes: 0, what };
        const heard = (bytes: number): void => { sending.value = { stage: 'drawing', bytes, what }; };
        try {
            const made = what === 'list' ? await sheet('csv', places().list, mine.signal, heard)
                : choice.as === 'sheet' ? await sheet('pdf', places().list, mine.signal, heard)
                    : await file(choice, choice.form, params(choice), mine.signal, heard);
            const name = what === 'list' ? `${slug}-channels.csv` : fileName(slug, choice, paper.value.name);
            saveBlob(name, made.file);
            return { name, proof: made.headers.get('Huoma-Proof') };
        } catch (e) {
            if (mine.signal.aborted)
                return null;
            if (!(e instanceof ApiError))
                throw e;
            trouble.value = troubleOf(e);
            return null;
        } finally {
            if (fetching === mine)
                sending.value = null;
        }
    }

    return {
        picture, loading, trouble, sending, paper, download,
        refused: computed(() => Object.fromEntries((trouble.value?.refused || [])
            .map(({ field, reason }) => [field, refusedWords(field, reason, choice)]))),
        wrong: computed(() => (trouble.value?.error ? problem(trouble.value.error) : '')),
        proof: computed(() => proofWords(picture.value?.proof || null, false)),
        compact: computed(() => (choice.compact ? compactWords(picture.value?.compact || null) : '')),
        again: () => soon(0),
        stop: () => fetching.abort(),
    };
}
