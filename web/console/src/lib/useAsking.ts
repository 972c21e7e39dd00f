// Reads what a page shows. Of several questions the last one counts: one that was overtaken changes nothing.
import { ref, type Ref } from 'vue';
import { ApiError } from '../api/client';

export interface Asking {
    busy: Ref<boolean>;
    /** Why the last question has no answer. */
    error: Ref<ApiError | null>;
    /** `read` asks, and keeps what comes unless it was overtaken meanwhile. */
    ask: (read: (overtaken: () => boolean) => Promise<void>) => Promise<void>;
}

export function useAsking(): Asking {
    const busy = ref(false);
    const error = ref<ApiError | null>(null);
    let asked = 0;

    async function ask(read: (overtaken: () => boolean) => Promise<void>): Promise<void> {
        const mine = ++asked;
        const overtaken = (): boolean => mine !== asked;
        busy.value = true;
        try {
            await read(overtaken);
            if (!overtaken())
                error.value = null;
        } catch (e) {
            if (!(e instanceof ApiError))
                throw e;
            if (!overtaken())
                error.value = e;
        } finally {
            if (!overtaken())
                busy.value = false;
        }
    }
    return { busy, error, ask };
}
