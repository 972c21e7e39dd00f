// Short messages at the foot of the page: what was done, with a way back; what failed.
import { ref } from 'vue';
import { ApiError } from '../api/client';
import { reason, problem } from '../words/reasons';

export interface Toast {
    id: number;
    text: string;
    tone: 'done' | 'failed';
    undo?: () => Promise<void>;
}

const DONE_MS = 8000;
const FAILED_MS = 12000;

export const toasts = ref<Toast[]>([]);
let last = 0;

export function dismiss(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

function show(toast: Omit<Toast, 'id'>): void {
    const id = ++last;
    toasts.value = [...toasts.value.slice(-1), { id, ...toast }]; // two at most
    setTimeout(() => dismiss(id), toast.tone === 'done' ? DONE_MS : FAILED_MS);
}

export function done(text: string, undo?: () => Promise<void>): void {
    show({ text, tone: 'done', undo });
}

/** For failures that belong to no field on the page. */
export function failed(e: unknown): void {
    if (!(e instanceof ApiError)) {
        show({ text: String(e), tone: 'failed' });
        return;
    }
    const first = e.fields[0];
    show({ text: first ? `${first.field}: ${reason(first.reason)}` : problem(e), tone: 'failed' });
}
