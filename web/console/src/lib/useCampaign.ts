// One campaign on the page: read, followed live, changed.
import { computed, onScopeDispose, ref, type ComputedRef, type Ref } from 'vue';
import { ApiError } from '../api/client';
import { useLive, type LiveState } from '../api/live';
import type { Campaign, Group } from '../api/types';
import { t } from '../words';
import { applySeats } from './campaign';
import { Conflict, patchCampaign, patchGroup, putOrder, readCampaign } from './change';
import { done, failed } from './toasts';
import { now } from './time';

const READ_AGAIN_MS = 5000;

export interface CampaignOnPage {
    campaign: Ref<Campaign | null>;
    /** Why there is none. */
    error: Ref<ApiError | null>;
    live: Ref<LiveState>;
    /** Moment of the last news, ms. */
    heard: Ref<number>;
    conflict: Ref<(Conflict & { again: () => void }) | null>;
    admitting: ComputedRef<Group[]>;
    load: () => Promise<void>;
    /**
     * Throws ApiError; a Conflict is put on the page instead, and false returned. `seen`: the campaign on whose ground the
     * person decided, if that was some time ago (a form that was filled in); else what stands on the page.
     */
    changeGroup: (id: string, wanted: Partial<Group>, said: string, seen?: Campaign) => Promise<boolean>;
    changeCampaign: (wanted: Partial<Campaign>, said: string, seen?: Campaign) => Promise<boolean>;
    reorder: (order: string[]) => Promise<void>;
}

export function useCampaign(slug: string): CampaignOnPage {
    const campaign = ref<Campaign | null>(null);
    const error = ref<ApiError | null>(null);
    const heard = ref(Date.now());
    const conflict: CampaignOnPage['conflict'] = ref(null);
    let reading: Promise<void> | null = null;
    let again = false;
    let over = false;
    onScopeDispose(() => { over = true; });

    // News that come while it is being read make it read once more, not once for each.
    async function load(): Promise<void> {
        if (reading) {
            again = true;
            return reading;
        }
        reading = (async () => {
            do {
                again = false;
                try {
                    const read = await readCampaign(slug);
                    if (over)
                        return;
                    campaign.value = read;
                    error.value = null;
                    heard.value = now.value = Date.now();
                } catch (e) {
                    if (!(e instanceof ApiError))
                        throw e;
                    if (!campaign.value || e.status === 404)
                        error.value = e;
                }
            } while (again);
        })().finally(() => { reading = null; });
        return reading;
    }

    // Of a campaign of very many groups only the sums are told.
    let soon: ReturnType<typeof setTimeout> | undefined;
    function readSoon(): void {
        soon ??= setTimeout(() => {
            soon = undefined;
            void load();
        }, READ_AGAIN_MS);
    }
    onScopeDispose(() => clearTimeout(soon));

    const live = useLive(() => [slug], (event) => {
        heard.value = Date.now();
        const about = event.data as { slug?: string | null; version?: number; groups?: Partial<Group>[]; seats?: Campaign['seats'] };
        if (event.type === 'campaign' && about.slug === null)
            void load(); // so many changed that they are not named
        if (about.slug !== slug || !campaign.value)
            return;
        if (event.type === 'seats') {
            applySeats(campaign.value, about);
            if (about.groups?.length === 0 && campaign.value.groups.length > 0)
                readSoon();
        }
        if (event.type === 'campaign' || (about.version ?? 0) > campaign.value.version)
            void load();
    }, () => void load());

    async function attempt(act: () => Promise<void>, repeat: () => void): Promise<boolean> {
        try {
            await act();
            conflict.value = null;
            return true;
        } catch (e) {
            if (!(e instanceof Conflict))
                throw e;
            campaign.value = e.now;
            conflict.value = Object.assign(e, { again: repeat });
            return false;
        } finally {
            void load();
        }
    }

    async function changeGroup(id: string, wanted: Partial<Group>, said: string, ground?: Campaign): Promise<boolean> {
        const seen = ground || campaign.value as Campaign;
        const was = seen.groups.find((g) => g.id === id) as Group;
        const back = pick(was, wanted);
        const made = await attempt(() => patchGroup(seen, id, wanted),
            () => void changeGroup(id, wanted, said).catch(failed));
        if (made)
            done(said, () => changeGroup(id, back, t('undone')).then(() => undefined));
        return made;
    }

    async function changeCampaign(wanted: Partial<Campaign>, said: string, ground?: Campaign): Promise<boolean> {
        const seen = ground || campaign.value as Campaign;
        const back = pick(seen, wanted);
        const made = await attempt(() => patchCampaign(seen, wanted),
            () => void changeCampaign(wanted, said).catch(failed));
        if (made)
            done(said, () => changeCampaign(back, t('undone')).then(() => undefined));
        return made;
    }

    async function reorder(order: string[]): Promise<void> {
        const seen = campaign.value as Campaign;
        const back = seen.groups.map((g) => g.id);
        const groups = order.map((id) => seen.groups.find((g) => g.id === id) as Group);
        try {
            const sent = attempt(() => putOrder(seen, order), () => void reorder(order));
            campaign.value = { ...seen, groups };
            if (await sent)
                done(t('order.done'), () => reorder(back));
        } catch (e) {
            failed(e);
        }
    }

    void load();
    return { campaign, error, live, heard, conflict, load, changeGroup, changeCampaign, reorder,
        admitting: computed(() => campaign.value?.groups.filter((g) => g.state === 'open' || g.state === 'suspect') || []) };
}

/** The same keys, with the values as they are. */
function pick<T extends object>(from: T, keys: Partial<T>): Partial<T> {
    return Object.fromEntries(Object.keys(keys).map((key) => [key, from[key as keyof T]])) as Partial<T>;
}
