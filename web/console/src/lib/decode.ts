// Reads the codes in a picture, here in the browser: the picture never leaves it. The decoder (zxing-cpp, as WebAssembly)
// is loaded with the first picture, from our own origin.
import type { ReadResult } from 'zxing-wasm/reader';
import wasmUrl from 'zxing-wasm/reader/zxing_reader.wasm?url';
import type { Platform } from '../api/types';
import { readLink, type Refusal } from './link';

export type Found =
    | { ok: true; url: string; platform: Platform; thumbnail: string }
    | { ok: false; why: Refusal; thumbnail: string };

// Sizes to try, longest side in pixels: a screenshot is read at the first, a photo of a poster may need another.
const SIDES = [1400, 700, 2600];
const THUMBNAIL = 96;
const BYTES_MAX = 40 * 1024 * 1024;

type Reader = typeof import('zxing-wasm/reader');
let loading: Promise<Reader> | undefined;

export function loadDecoder(): Promise<Reader> {
    loading ??= import('zxing-wasm/reader').then(async (reader) => {
        await reader.prepareZXingModule({
            overrides: { locateFile: (file: string, prefix: string) => (file.endsWith('.wasm') ? wasmUrl : prefix + file) },
            fireImmediately: true,
        });
        return reader;
    }).catch((e) => {
        loading = undefined; // a lost connection is no reason never to try again
        throw e;
    });
    return loading;
}

function draw(image: ImageBitmap, side: number): { canvas: HTMLCanvasElement; pen: CanvasRenderingContext2D } {
    const scale = Math.min(1, side / Math.max(image.width, image.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    if (!pen)
        throw new Error('no canvas');
    pen.fillStyle = '#fff'; // under what is transparent
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return { canvas, pen };
}

/** Where a code is, in parts of the picture's width and height. */
interface Box {
    x: number;
    y: number;
    width: number;
    height: number;
}

interface Code {
    text: string;
    box: Box;
}

function boxOf(code: ReadResult, canvas: HTMLCanvasElement): Box {
    const corners = Object.values(code.position).filter((p) => typeof p === 'object') as { x: number; y: number }[];
    const xs = corners.map((p) => p.x / canvas.width);
    const ys = corners.map((p) => p.y / canvas.height);
    return { x: Math.min(...xs), y: Math.min(...ys), width: Math.max(...xs) - Math.min(...xs), height: Math.max(...ys) - Math.min(...ys) };
}

async function codesIn(reader: Reader, image: ImageBitmap): Promise<Code[]> {
    let last = 0;
    for (const side of SIDES) {
        const { canvas, pen } = draw(image, side);
        if (canvas.width === last)
            continue; // no larger than what was tried
        last = canvas.width;
        const found = await reader.readBarcodes(pen.getImageData(0, 0, canvas.width, canvas.height), {
            formats: ['QRCode'], tryHarder: true, tryRotate: true, tryInvert: true, tryDownscale: true, maxNumberOfSymbols: 8,
        });
        const read = new Map(found.filter((code) => code.isValid).map((code) => [code.text, boxOf(code, canvas)]));
        if (read.size > 0)
            return [...read].map(([text, box]) => ({ text, box }));
    }
    return [];
}

/** The code with what is around it; of a picture without one its middle. */
function thumbnailOf(image: ImageBitmap, box: Box = { x: 0.25, y: 0.25, width: 0.5, height: 0.5 }): string {
    const side = Math.max(box.width * image.width, box.height * image.height) * 1.2;
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = THUMBNAIL;
    const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, THUMBNAIL, THUMBNAIL);
    pen.drawImage(image, (box.x + box.width / 2) * image.width - side / 2, (box.y + box.height / 2) * image.height - side / 2, side, side,
        0, 0, THUMBNAIL, THUMBNAIL);
    return canvas.toDataURL('image/jpeg', 0.7);
}

/** Never throws for a bad picture; throws when the decoder could not be loaded. */
export async function decodePicture(file: Blob, own: string): Promise<Found> {
    const reader = await loadDecoder();
    let image: ImageBitmap;
    try {
        if (file.size > BYTES_MAX)
            throw new Error('too large');
        image = await createImageBitmap(file);
    } catch {
        return { ok: false, why: 'picture', thumbnail: '' };
    }
    try {
        const codes = await codesIn(reader, image);
        const thumbnail = thumbnailOf(image, codes[0]?.box);
        const read = codes.map((code) => readLink(code.text, own));
        const links = read.filter((r) => r.ok);
        if (links.length === 1 && links[0].ok)
            return { ok: true, url: links[0].url, platform: links[0].platform, thumbnail };
        if (links.length > 1)
            return { ok: false, why: 'several', thumbnail };
        return { ok: false, why: read[0] && !read[0].ok ? read[0].why : 'none', thumbnail };
    } finally {
        image.close();
    }
}
