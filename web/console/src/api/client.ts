// One way to ask the API. Every failure is an ApiError: with the status, the fields that are wrong, and when to try again.

export interface FieldError {
    field: string;
    reason: string;
}

export class ApiError extends Error {
    constructor(
        /** 0: no answer came. */
        readonly status: number,
        readonly detail: string,
        readonly fields: FieldError[] = [],
        /** Seconds until another try makes sense; 0: not said. */
        readonly retryAfter = 0,
        /** Whether the request would have changed something. */
        readonly changing = false,
    ) {
        super(`${status} ${detail}`);
    }
}

export interface Asked {
    body?: unknown;
    /** A body as it is, instead of JSON. */
    raw?: Blob;
    /** What is '' is left out, but for what a URLSearchParams has. */
    query?: Record<string, string | number | null | undefined> | URLSearchParams;
    /** The version that a change builds on; refused with 412 if there is a newer one. */
    version?: number;
    headers?: Record<string, string>;
    signal?: AbortSignal;
}

export interface Answer<T> {
    data: T;
    /** Of the campaign that was answered about; 0: none. */
    version: number;
}

const ANSWER_MS = 20000;
export const API = '/api/v1';

let onSignedOut: () => void = () => {};
/** What to do when the session is over. */
export function whenSignedOut(act: () => void): void {
    onSignedOut = act;
}

export function address(path: string, query: Asked['query'] = {}): string {
    if (query instanceof URLSearchParams)
        return `${API}${path}?${query}`;
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
    const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
    return API + path + (text ? `?${text}` : '');
}

function headersOf(method: string, asked: Asked): Record<string, string> {
    const headers: Record<string, string> = { Accept: 'application/json', ...asked.headers };
    if (asked.body !== undefined)
        headers['Content-Type'] = 'application/json';
    if (asked.version)
        headers['If-Match'] = `"${asked.version}"`;
    if (method !== 'GET')
        headers['X-Requested-With'] = 'huoma'; // no form and no foreign page can send it
    return headers;
}

async function failure(answer: Response, changing: boolean): Promise<ApiError> {
    const problem = await answer.json().catch(() => ({})) as { detail?: string; errors?: FieldError[] };
    return new ApiError(answer.status, problem.detail || answer.statusText, problem.errors || [],
        Number(answer.headers.get('Retry-After')) || 0, changing);
}

/** The answer, if it is one of success; else an ApiError. */
async function send(method: string, path: string, asked: Asked, signal: AbortSignal): Promise<Response> {
    const answer = await fetch(address(path, asked.query), {
        method,
        headers: headersOf(method, asked),
        body: asked.raw ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body)),
        credentials: 'same-origin',
        cache: 'no-store',
        signal,
    });
    if (answer.ok)
        return answer;
    const error = await failure(answer, method !== 'GET');
    if (error.status === 401 && path !== '/session' && !asked.headers?.Authorization)
        onSignedOut();
    throw error;
}

export async function ask<T>(method: string, path: string, asked: Asked = {}): Promise<Answer<T>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), ANSWER_MS);
    asked.signal?.addEventListener('abort', () => late.abort());
    let answer: Response;
    let text: string;
    try {
        answer = await send(method, path, asked, late.signal);
        text = await answer.text();
    } catch (e) {
        if (e instanceof ApiError)
            throw e;
        throw new ApiError(0, String(e), [], 0, method !== 'GET');
    } finally {
        clearTimeout(timer);
    }
    const etag = /^(?:W\/)?"(\d+)"$/.exec(answer.headers.get('ETag') || '');
    return { data: (text ? JSON.parse(text) : null) as T, version: etag ? Number(etag[1]) : 0 };
}

export interface FileAnswer {
    file: Blob;
    headers: Headers;
}

/**
 * A file, which may take long to be made or sent: the signal ends it, not the clock. `heard` is told how many bytes have come, 0 when the
 * answer begins. Changes nothing but with a method that is neither GET nor POST.
 */
export async function askFile(method: string, path: string, asked: Asked & { signal: AbortSignal },
    heard: (bytes: number) => void = () => {}): Promise<FileAnswer> {
    try {
        const answer = await send(method, path, asked, asked.signal);
        const parts: BlobPart[] = [];
        const reader = answer.body?.getReader();
        let bytes = 0;
        heard(0);
        for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
            parts.push(piece.value);
            heard(bytes += piece.value.length);
        }
        return { file: new Blob(parts, { type: answer.headers.get('Content-Type') || '' }), headers: answer.headers };
    } catch (e) {
        if (e instanceof ApiError)
            throw e;
        throw new ApiError(0, String(e), [], 0, !['GET', 'POST'].includes(method));
    }
}

export const get = async <T>(path: string, query?: Asked['query'], signal?: AbortSignal): Promise<T> =>
    (await ask<T>('GET', path, { query, signal })).data;
export const post = async <T>(path: string, body?: unknown, query?: Asked['query']): Promise<T> =>
    (await ask<T>('POST', path, { body, query })).data;
export const patch = async <T>(path: string, body: unknown): Promise<T> => (await ask<T>('PATCH', path, { body })).data;
export const put = async <T>(path: string, body: unknown): Promise<T> => (await ask<T>('PUT', path, { body })).data;
export const remove = async (path: string, version?: number): Promise<void> => {
    await ask('DELETE', path, { version });
};
