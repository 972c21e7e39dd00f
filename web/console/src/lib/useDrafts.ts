// Groups in the making: from pictures that were picked, dropped or pasted, and from typed links.
import { computed, ref, type ComputedRef, type Ref } from 'vue';
import type { Platform } from '../api/types';
import { t } from '../words';
import { decodePicture } from './decode';
import { readLink, WECHAT_DAYS, WECHAT_LIMIT, type Refusal } from './link';
import { daysFrom, toInput } from './time';

const DAY_MS = 86400000;

export interface Draft {
    key: string;
    url: string;
    platform: Platform;
    thumbnail: string;
    name: string;
    /** As typed; "" is none. */
    limit: string;
    /** For datetime-local; "" is never. */
    expires: string;
    weight: string;
    /** Days since the picture was made, when that makes its code doubtful; else 0. */
    oldDays: number;
    /** The name of the same code that is in the list already, or ''. */
    twin: string;
}

export interface Refused {
    key: string;
    file: string;
    thumbnail: string;
    why: Refusal | 'decoder' | 'link';
}

export interface Drafts {
    list: Ref<Draft[]>;
    refused: Ref<Refused[]>;
    /** Pictures that are being read. */
    reading: Ref<number>;
    addFiles: (files: Iterable<File>) => Promise<void>;
    addLink: (text: string) => Refusal | null;
    drop: (key: string) => void;
    usable: ComputedRef<Draft[]>;
}

/** `taken`: links that the campaign has already, with the names of their groups. `own`: where our own links begin. */
export function useDrafts(taken: () => Map<string, string>, own: () => string, firstNumber: () => number): Drafts {
    const list = ref<Draft[]>([]);
    const refused = ref<Refused[]>([]);
    const reading = ref(0);
    let last = 0;

    function add(url: string, platform: Platform, thumbnail: string, madeAt: number): void {
        const wechat = platform === 'wechat';
        const age = Math.floor((Date.now() - madeAt) / DAY_MS);
        const old = wechat && age >= WECHAT_DAYS;
        list.value.push({
            key: `draft-${++last}`, url, platform, thumbnail,
            name: t('draft.name', { n: firstNumber() + list.value.length }),
            limit: wechat || platform === 'wecom' ? String(WECHAT_LIMIT) : '',
            // A screenshot's code is as old as the screenshot at least.
            expires: wechat ? toInput(daysFrom(old ? Date.now() : madeAt, WECHAT_DAYS)) : '',
            weight: '1',
            oldDays: old ? age : 0,
            twin: list.value.find((d) => d.url === url)?.name || taken().get(url) || '',
        });
    }

    async function addFile(file: File): Promise<void> {
        try {
            const found = await decodePicture(file, own());
            if (found.ok)
                add(found.url, found.platform, found.thumbnail, Math.min(file.lastModified || Date.now(), Date.now()));
            else
                refused.value.push({ key: `refused-${++last}`, file: file.name, thumbnail: found.thumbnail, why: found.why });
        } catch {
            refused.value.push({ key: `refused-${++last}`, file: file.name, thumbnail: '', why: 'decoder' });
        }
    }

    // One after the other: in the order in which they were picked, and with one picture in memory.
    let queue = Promise.resolve();
    function addFiles(files: Iterable<File>): Promise<void> {
        const all = [...files];
        reading.value += all.length;
        for (const file of all)
            queue = queue.then(() => addFile(file)).finally(() => { reading.value--; });
        return queue;
    }

    function addLink(text: string): Refusal | null {
        const read = readLink(text, own());
        if (!read.ok)
            return read.why;
        add(read.url, read.platform, '', Date.now());
        return null;
    }

    function drop(key: string): void {
        list.value = list.value.filter((d) => d.key !== key);
        refused.value = refused.value.filter((r) => r.key !== key);
        for (const draft of list.value)
            if (draft.twin && !taken().has(draft.url) && list.value.find((d) => d.url === draft.url) === draft)
                draft.twin = '';
    }

    return { list, refused, reading, addFiles, addLink, drop, usable: computed(() => list.value.filter((d) => !d.twin)) };
}

/** What the API wants of a draft. */
export function draftBody(draft: Draft, weighted: boolean): Record<string, unknown> {
    return {
        name: draft.name.trim() || undefined,
        url: draft.url,
        limit: draft.limit === '' ? null : Number(draft.limit),
        expires_at: draft.expires ? new Date(draft.expires).toISOString() : null,
        ...(weighted ? { weight: Number(draft.weight) } : {}),
    };
}
