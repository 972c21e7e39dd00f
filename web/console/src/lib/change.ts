// Changes on the ground that the person saw. If someone else changed the same thing meanwhile, nothing is overwritten:
// a Conflict says what it was, what it is now and what was wanted. Changes of other things do not stand in the way.
import { ApiError, ask } from '../api/client';
import type { Campaign, Group } from '../api/types';

export interface Clash {
    key: string;
    was: unknown;
    is: unknown;
    wanted: unknown;
}

export class Conflict extends Error {
    constructor(readonly clashes: Clash[], readonly now: Campaign) {
        super('changed meanwhile');
    }
}

type Values = Record<string, unknown>;

const TRIES = 4;
// A head count is of the moment at which it is sent; scans change the number it replaces all the time.
const MOMENTARY = ['confirmed'];

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

export async function readCampaign(slug: string): Promise<Campaign> {
    return (await ask<Campaign>('GET', `/campaigns/${slug}`)).data;
}

function clashes(seen: Values, now: Values, wanted: Values): Clash[] {
    return Object.keys(wanted)
        .filter((key) => !MOMENTARY.includes(key) && !same(seen[key], now[key]) && !same(now[key], wanted[key]))
        .map((key) => ({ key, was: seen[key], is: now[key], wanted: wanted[key] }));
}

/** `part`: what of the campaign the change is about; undefined: it is no longer there. */
async function send(seen: Campaign, path: string, method: string, body: unknown, version: number, part: (c: Campaign) => Values | undefined,
    wanted: Values): Promise<void> {
    for (let tries = 1; ; tries++) {
        try {
            await ask(method, path, { body, version });
            return;
        } catch (e) {
            if (!(e instanceof ApiError) || e.status !== 412 || tries === TRIES)
                throw e;
        }
        const now = await readCampaign(seen.slug);
        const before = part(seen);
        const after = part(now);
        if (!before || !after)
            throw new ApiError(404, '', [], 0, true);
        const found = clashes(before, after, wanted);
        if (found.length > 0)
            throw new Conflict(found, now);
        version = now.version;
    }
}

export function patchGroup(seen: Campaign, id: string, wanted: Partial<Group>): Promise<void> {
    const part = (c: Campaign) => c.groups.find((g) => g.id === id) as Values | undefined;
    return send(seen, `/campaigns/${seen.slug}/groups/${id}`, 'PATCH', wanted, seen.version, part, wanted as Values);
}

export function patchCampaign(seen: Campaign, wanted: Partial<Campaign>): Promise<void> {
    return send(seen, `/campaigns/${seen.slug}`, 'PATCH', wanted, seen.version, (c) => c as unknown as Values, wanted as Values);
}

export function putOrder(seen: Campaign, order: string[]): Promise<void> {
    const part = (c: Campaign) => ({ order: c.groups.map((g) => g.id) });
    return send(seen, `/campaigns/${seen.slug}/order`, 'PUT', order, seen.version, part, { order });
}

/** Only what differs: a form sends nothing that the person did not touch. */
export function difference<T extends object>(was: T, is: Partial<T>): Partial<T> {
    return Object.fromEntries(Object.entries(is).filter(([key, value]) => !same((was as Values)[key], value))) as Partial<T>;
}
