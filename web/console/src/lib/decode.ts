// Reads the codes in a picture, here in the browser: the picture never leaves it. The decoder (zxing-cpp, as WebAssembly)
// is loaded with the first picture, from our own origin.
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

async function texts(reader: Reader, image: ImageBitmap): Promise<string[]> {
    let last = 0;
    for (const side of SIDES) {
        const { canvas, pen } = draw(image, side);
        if (canvas.width === last)
            continue; // no larger than what was tried
        last = canvas.width;
        const found = await reader.readBarcodes(pen.getImageData(0, 0, canvas.width, canvas.height), {
            formats: ['QRCode'], tryHarder: true, tryRotate: true, tryInvert: true, tryDownscale: true, maxNumberOfSymbols: 8,
        });
        const read = [...new Set(found.filter((code) => code.isValid).map((code) => code.text))];
        if (read.length > 0)
            return read;
    }
    return [];
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
        const thumbnail = draw(image, THUMBNAIL).canvas.toDataURL('image/jpeg', 0.7);
        const read = (await texts(reader, image)).map((text) => readLink(text, own));
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
