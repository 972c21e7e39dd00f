// A list that comes from the server a stretch at a time.
import { ref, type Ref } from 'vue';
import { get, type ApiError, type Asked } from '../api/client';
import type { Page } from '../api/types';
import { useAsking } from './useAsking';

export interface Pages<T> {
    list: Ref<T[]>;
    next: Ref<string | null>;
    total: Ref<number>;
    error: Ref<ApiError | null>;
    /** Nothing has come yet. */
    first: Ref<boolean>;
    load: (more?: boolean) => Promise<void>;
}

export function usePages<T>(path: string, query: () => Asked['query'] = () => ({})): Pages<T> {
    const list = ref([]) as Ref<T[]>;
    const next = ref<string | null>(null);
    const total = ref(0);
    const first = ref(true);
    const { error, ask } = useAsking();

    const load = (more = false): Promise<void> => ask(async (overtaken) => {
        let page: Page<T>;
        let cursor = more ? next.value : null;
        do { // what a filter leaves of a stretch may be nothing
            page = await get<Page<T>>(path, { limit: 50, ...query(), cursor });
            if (overtaken())
                return; // a newer question is on its way
            cursor = page.next;
        } while (cursor && page.data.length === 0);
        list.value = more ? [...list.value, ...page.data] : page.data;
        next.value = cursor;
        total.value = page.total;
        first.value = false;
    });
    return { list, next, total, error, first, load };
}
