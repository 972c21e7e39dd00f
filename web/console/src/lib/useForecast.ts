// When a campaign and its groups will be full: asked now and then, as long as somebody looks.
import { computed, onScopeDispose, ref, watch, type ComputedRef, type Ref } from 'vue';
import { ApiError, get } from '../api/client';
import type { Campaign, Forecast, ForecastMoment } from '../api/types';

const ASK_MS = 60000;
const SOON_MS = 3000; // a change of the campaign comes seldom alone

/** `of` null is the campaign itself; undefined: not known (yet). */
export function useForecast(slug: string, campaign: Ref<Campaign | null>): ComputedRef<(of: string | null) => ForecastMoment | undefined> {
    const forecast = ref<Forecast | null>(null);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;

    async function ask(): Promise<void> {
        clearTimeout(timer);
        timer = setTimeout(() => void ask(), ASK_MS);
        if (document.visibilityState === 'hidden')
            return;
        try {
            const read = await get<Forecast>(`/campaigns/${slug}/forecast`);
            if (!over)
                forecast.value = read;
        } catch (e) {
            if (!(e instanceof ApiError))
                throw e;
            // what was foreseen a minute ago is still the best that is known
        }
    }

    function seen(): void {
        if (document.visibilityState === 'visible')
            void ask();
    }

    void ask();
    watch(() => campaign.value?.version, (_, was) => {
        if (was === undefined)
            return;
        clearTimeout(timer);
        timer = setTimeout(() => void ask(), SOON_MS);
    });
    document.addEventListener('visibilitychange', seen);
    onScopeDispose(() => {
        over = true;
        clearTimeout(timer);
        document.removeEventListener('visibilitychange', seen);
    });

    const groups = computed(() => new Map(forecast.value?.groups.map((g) => [g.id, g])));
    return computed(() => (of) => of === null ? forecast.value ?? undefined : groups.value.get(of));
}
