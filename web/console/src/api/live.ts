// Server-sent events of some campaigns, read with fetch: unlike EventSource it sees the server's heartbeat, so a line that
// went dead without a word (a phone that changed networks) is noticed and said. Reconnects by itself; rests while nobody
// sees the page.
import { onScopeDispose, ref, watch, type Ref } from 'vue';
import { address } from './client';

/** crowded: this account, or all, follow in as many places as may be; what is shown is read anew now and then. */
export type LiveState = 'connecting' | 'live' | 'lost' | 'crowded';

export interface LiveEvent {
    type: string;
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    data: any;
}

const SILENCE_MS = 40000; // the server says something every 15 s
const AGAIN_MS = [1000, 2000, 5000, 10000];

/** Reads events out of a stream of text: what an event is, stands at https://html.spec.whatwg.org/#parsing-an-event-stream */
export function eventReader(onEvent: (e: LiveEvent) => void): (text: string) => void {
    let rest = '';
    let type = '';
    let data: string[] = [];
    return (text) => {
        rest += text;
        const lines = rest.split(/\r\n|\n|\r/);
        rest = lines.pop() || '';
        for (const line of lines) {
            if (line === '') {
                if (data.length > 0)
                    onEvent({ type: type || 'message', data: JSON.parse(data.join('\n')) });
                type = '';
                data = [];
            } else if (line.startsWith('event:')) {
                type = line.slice(6).trim();
            } else if (line.startsWith('data:')) {
                data.push(line.slice(5).replace(/^ /, ''));
            }
        }
    };
}

/** Follows the campaigns as long as the calling component lives. `onBack` is called when a line is there again. */
export function useLive(slugs: () => string[], onEvent: (e: LiveEvent) => void, onBack: () => void): Ref<LiveState> {
    const state = ref<LiveState>('connecting');
    let stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let tries = 0;
    let wasLost = false;
    let crowded = false;

    /** true: the server ended it in order, as it does from time to time. */
    async function follow(control: AbortController): Promise<boolean> {
        crowded = false;
        let silence: ReturnType<typeof setTimeout> | undefined;
        const heard = () => {
            clearTimeout(silence);
            silence = setTimeout(() => control.abort(), SILENCE_MS);
        };
        try {
            heard();
            const answer = await fetch(address('/events', { campaigns: slugs().join(',') }), {
                headers: { Accept: 'text/event-stream' }, credentials: 'same-origin', cache: 'no-store', signal: control.signal,
            });
            crowded = answer.status === 429;
            if (!answer.ok || !answer.body)
                return false;
            state.value = 'live';
            tries = 0;
            if (wasLost)
                onBack();
            wasLost = false;
            const read = eventReader(onEvent);
            const decoder = new TextDecoder();
            const reader = answer.body.getReader();
            for (;;) {
                const { done, value } = await reader.read();
                if (done)
                    return true;
                heard();
                read(decoder.decode(value, { stream: true }));
            }
        } catch {
            return false;
        } finally {
            clearTimeout(silence);
        }
    }

    async function run(): Promise<void> {
        clearTimeout(timer);
        stop.abort();
        const control = stop = new AbortController();
        if (slugs().length === 0 || document.hidden)
            return;
        const began = Date.now();
        const ended = await follow(control);
        if (stop !== control)
            return; // another one follows
        if (ended && Date.now() - began > SILENCE_MS) {
            void run();
            return;
        }
        state.value = crowded ? 'crowded' : 'lost';
        wasLost = true;
        if (crowded) {
            tries = AGAIN_MS.length;
            onBack();
        }
        timer = setTimeout(run, AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)]);
    }

    function seen(): void {
        if (document.hidden) {
            clearTimeout(timer);
            stop.abort();
            stop = new AbortController();
            wasLost = true; // what happened meanwhile was not heard
        } else {
            tries = 0;
            void run();
        }
    }
    function offline(): void {
        stop.abort();
    }

    document.addEventListener('visibilitychange', seen);
    window.addEventListener('online', seen);
    window.addEventListener('offline', offline);
    watch(() => slugs().join(','), () => void run(), { immediate: true });
    onScopeDispose(() => {
        document.removeEventListener('visibilitychange', seen);
        window.removeEventListener('online', seen);
        window.removeEventListener('offline', offline);
        clearTimeout(timer);
        const control = stop;
        stop = new AbortController();
        control.abort();
    });
    return state;
}
